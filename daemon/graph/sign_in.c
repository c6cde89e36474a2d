/* SPDX-License-Identifier: MIT */
/* graph/sign_in.c: builds the request for a token, by kind of sign-in.
 *
 * Pages "OAuth 2.0 client credentials flow" (secret, certificate, federated token), "How to use
 * managed identities on a virtual machine" and "Authenticate against Azure resources with Arc".
 * Credentials are read from their files at every sign-in, about once an hour, so a rotated file
 * needs no reload. */
#include "graph/sign_in.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "graph/client_secret.h"
#include "graph/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORM_MAX ((size_t)64 * 1024)
#define ARC_KEY_MAX 4096 /* bytes, as in Microsoft's own library */
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

void sign_in_clear(struct sign_in *s)
{
    free(s->url);
    secret_free(s->form);
    secret_free(s->basic);
    *s = (struct sign_in){0};
}

/* ---- a form or a query ---- */

struct form { /* of a precomputed size, so that no copy is left behind; wiped when released */
    char *bytes;
    size_t len, size;
};

static void form_raw(struct form *f, const char *s)
{
    size_t n = strlen(s);
    assert(f->size - f->len > n);
    memcpy(f->bytes + f->len, s, n + 1);
    f->len += n;
}

struct form_field {
    const char *name, *value; /* value NULL: omitted */
};

/* application/x-www-form-urlencoded with %20 for a blank, which is valid in a query too. */
static void form_field(struct form *f, const struct form_field *field)
{
    static const char HEX[] = "0123456789ABCDEF";
    form_raw(f, f->len ? "&" : "");
    form_raw(f, field->name);
    form_raw(f, "=");
    for (const unsigned char *c = (const unsigned char *)field->value; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        char encoded[4] = {'%', HEX[*c >> 4], HEX[*c & 15], '\0'};
        form_raw(f, plain ? (char[]){(char)*c, '\0'} : encoded);
    }
}

/* *ret is for alloc_release, which wipes it. */
static int encode(const struct form_field *field, size_t n, char **ret, size_t *ret_len,
                  struct failure *ret_failure)
{
    struct form f = {.size = 1};
    for (size_t i = 0; i < n; i++)
        if (field[i].value)
            f.size += strlen(field[i].name) + 3 * strlen(field[i].value) + 2;
    if (f.size > FORM_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, E2BIG, "the sign-in form is too large");
    f.bytes = alloc_zero(1, f.size);
    if (!f.bytes)
        return failure_oom(ret_failure);
    for (size_t i = 0; i < n; i++)
        if (field[i].value)
            form_field(&f, &field[i]);
    *ret = f.bytes;
    *ret_len = f.len;
    return 0;
}

/* ---- Entra ---- */

static const char *given(const char *value)
{
    return value && *value ? value : NULL;
}

static int read_assertion(const struct graph *g, struct secret **ret, struct failure *ret_failure)
{
    const struct graph_options *o = &g->o;
    if (o->auth == AUTH_WORKLOAD_IDENTITY)
        return secret_read_public(o->federated_token_file, g->login.text, ret, ret_failure);
    const struct assertion_files files = {
        .certificate = o->certificate_file,
        .private_key = o->private_key_file,
        .password = given(o->private_key_password_file),
    };
    CLEANUP(assertion_key_free) struct assertion_key *key = NULL;
    char id[UUID_TEXT];
    int r = assertion_read(&files, &key, ret_failure);
    if (r < 0)
        return r;
    if (uuid_v4(id) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "no random bytes");
    const struct assertion_claims claims = {g->token_url, o->client_id, id, clock_now().at};
    return assertion_sign(key, o->assertion, &claims, g->login.text, ret, ret_failure);
}

static int make_form(const struct graph *g, const char *claims, struct sign_in *ret,
                     struct failure *ret_failure)
{
    bool by_secret = g->o.auth == AUTH_CLIENT_SECRET;
    CLEANUP(secret_free) struct secret *credential = NULL;
    char *bytes = NULL;
    size_t len = 0;
    int r = by_secret
                ? client_secret_read(g->o.client_secret_file, g->login.text, &credential, ret_failure)
                : read_assertion(g, &credential, ret_failure);
    if (r < 0)
        return r;
    const struct form_field fields[] = {
        {"client_id", g->o.client_id},
        {"scope", g->scope},
        {"grant_type", "client_credentials"},
        {"client_assertion_type", by_secret ? NULL : ASSERTION_TYPE},
        {"claims", claims},
        {by_secret ? "client_secret" : "client_assertion", secret_bytes(credential)},
    };
    r = encode(fields, N_ELEMENTS(fields), &bytes, &len, ret_failure);
    if (r >= 0)
        ret->secret_from = (size_t)(strrchr(bytes, '=') + 1 - bytes);
    if (r >= 0)
        r = secret_new(bytes, len, g->login.text, &ret->form, ret_failure);
    alloc_release(bytes);
    if (r < 0)
        return r;
    ret->url = text_printf("%s", g->token_url);
    return ret->url ? 0 : failure_oom(ret_failure);
}

int sign_in_consent_url(const struct graph *g, char **ret)
{
    const struct form_field client = {"client_id", given(g->o.client_id)};
    char *query = NULL;
    size_t len = 0;
    if (encode(&client, 1, &query, &len, NULL) < 0)
        return -ENOMEM;
    *ret = text_printf("%s/%s/adminconsent?%s", g->login.text, g->o.tenant_id, query);
    alloc_release(query);
    return *ret ? 0 : -ENOMEM;
}

/* ---- managed identity ---- */

static const struct {
    const char *root, *version;
} IDENTITY[] = {
    [IDENTITY_VM] = {"http://169.254.169.254", "2018-02-01"},
    [IDENTITY_ARC] = {"http://127.0.0.1:40342", "2019-11-01"},
};

const char *sign_in_identity_root(enum identity_host host)
{
    return IDENTITY[host].root;
}

/* Takes a resource, not a scope, so "/.default" is cut. There is no parameter for claims. */
static int make_query(const struct graph *g, struct sign_in *ret, struct failure *ret_failure)
{
    CLEANUP(free) char *resource = text_printf("%.*s", (int)(strlen(g->scope) - 9), g->scope);
    const struct form_field fields[] = {
        {"api-version", IDENTITY[g->o.identity_host].version},
        {"resource", resource},
        {"client_id", given(g->o.client_id)},
        {"object_id", given(g->o.identity_object_id)},
        {"msi_res_id", given(g->o.identity_resource_id)},
    };
    char *query = NULL;
    size_t len = 0;
    if (!resource)
        return failure_oom(ret_failure);
    int r = encode(fields, N_ELEMENTS(fields), &query, &len, ret_failure);
    if (r < 0)
        return r;
    ret->url = text_printf("%s/metadata/identity/oauth2/token?%s", g->login.text, query);
    alloc_release(query);
    return ret->url ? 0 : failure_oom(ret_failure);
}

int sign_in_make(const struct graph *g, const char *claims, struct sign_in *ret,
                 struct failure *ret_failure)
{
    struct sign_in s = {0};
    int r = g->o.auth == AUTH_MANAGED_IDENTITY ? make_query(g, &s, ret_failure)
                                               : make_form(g, claims, &s, ret_failure);
    if (r < 0)
        sign_in_clear(&s);
    else
        *ret = s;
    return r;
}

int sign_in_arc_key(const struct graph *g, const char *www_authenticate, struct secret **ret,
                    struct failure *ret_failure)
{
    static const char REALM[] = "Basic realm=";
    const char *path = strstr(www_authenticate, REALM);
    size_t dir = strlen(g->arc_directory), len = 0;
    if (path) {
        path += sizeof REALM - 1;
        path += *path == '"';
        len = strcspn(path, "\", ");
    }
    const char *name = len > dir ? path + dir : "";
    size_t name_len = len > dir ? len - dir : 0;
    /* With two challenges, whoever can add one could choose the file. */
    bool twice = path && strstr(path, REALM);
    if (twice || name_len <= 4 || strncmp(path, g->arc_directory, dir) != 0 || *name == '.' ||
        memchr(name, '/', name_len) || memcmp(name + name_len - 4, ".key", 4) != 0)
        return failure_set(
            ret_failure, FAILURE_SECURITY, EPERM,
            "the Arc agent does not name one key file of its directory %s, and nothing else "
            "is read for it",
            g->arc_directory);
    CLEANUP(free) char *file = text_printf("%.*s", (int)len, path);
    CLEANUP(secret_free) struct secret *key = NULL;
    if (!file)
        return failure_oom(ret_failure);
    struct failure why = {0};
    int r = secret_read_handed(file, g->login.text, &key, &why);
    if (r == -EACCES)
        return failure_set(
            ret_failure, FAILURE_CONFIG, EACCES,
            "cannot read the Arc agent's key file %s; add SupplementaryGroups=himds to "
            "the unit",
            file);
    if (r < 0) /* the agent writes only regular files there */
        return failure_set(ret_failure, why.kind == FAILURE_LOCAL ? why.kind : FAILURE_SECURITY, -r,
                           "%s", why.text);
    if (secret_len(key) > ARC_KEY_MAX)
        return failure_set(ret_failure, FAILURE_SECURITY, EFBIG,
                           "the key file %s is longer than %d bytes", file, ARC_KEY_MAX);
    *ret = TAKE(key);
    return 0;
}
