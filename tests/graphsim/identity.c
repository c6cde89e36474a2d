/* SPDX-License-Identifier: MIT */
/* graphsim/identity.c: the service that gives a machine its tokens: Azure's metadata service, or the
 * Arc agent, which first asks for the content of a file that only its own machine can read. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include "peers/program.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES 48

static const char *const MEMBERS[] = {"client_id", "object_id", "resource_id", "system",
                                      "keys",      "keys_as",   "key_bytes",   NULL};

int identity_read(const struct json *object, struct identity *ret, struct failure *ret_failure)
{
    int r = read_members(object, "identity", MEMBERS, ret_failure);
    ret->system = true;
    ret->key_bytes = KEY_BYTES;
    ret->here = true;
    if (r >= 0)
        r = read_string(object, "client_id", &ret->client_id, ret_failure);
    if (r >= 0)
        r = read_string(object, "object_id", &ret->object_id, ret_failure);
    if (r >= 0)
        r = read_string(object, "resource_id", &ret->resource_id, ret_failure);
    if (r >= 0)
        r = read_bool(object, "system", &ret->system, ret_failure);
    if (r >= 0)
        r = read_string(object, "keys", &ret->keys, ret_failure);
    if (r >= 0)
        r = read_string(object, "keys_as", &ret->keys_as, ret_failure);
    if (r >= 0)
        r = read_int(object, "key_bytes", 1, 65536, &ret->key_bytes, ret_failure);
    return r;
}

/* One of the machine's identities; *ret_why is said when there is none. */
static struct tenant *choose(const struct call *c, const char **ret_why)
{
    const char *id[] = {odata_get(&c->query, "client_id"), odata_get(&c->query, "object_id"),
                        odata_get(&c->query, "msi_res_id")};
    int n_given = !!id[0] + !!id[1] + !!id[2], n_found = 0;
    struct tenant *found = NULL;
    for (size_t i = 0; i < c->sim->scenario->n_tenants; i++) {
        struct tenant *t = &c->sim->scenario->tenants[i];
        const struct identity *own = &t->identity;
        bool is = own->here && (n_given == 0
                                    ? own->system
                                    : (!id[0] || text_equal_nocase(id[0], own->client_id)) &&
                                          (!id[1] || text_equal_nocase(id[1], own->object_id)) &&
                                          (!id[2] || text_equal_nocase(id[2], own->resource_id)));
        found = is ? t : found;
        n_found += is;
    }
    *ret_why = n_given > 1   ? "Only one of client_id, object_id and msi_res_id may be given."
               : n_found > 1 ? "Multiple user assigned identities exist, please specify one."
                             : "Identity not found";
    return n_given > 1 || n_found != 1 ? NULL : found;
}

struct tenant *identity_tenant(const struct call *c)
{
    const char *why;
    return choose(c, &why);
}

static void refuse(struct call *c, unsigned status, const char *error, const char *text)
{
    struct json_writer *w = json_writer_new(65536);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "error", error);
    json_put_string(w, "error_description", text);
    json_close_object(w);
    answer_json(c->answer, w);
    c->answer->status = status;
    json_put_string(c->answer->line, "refused", text);
}

void identity_status(struct call *c, unsigned status)
{
    refuse(c, status, status >= 500 ? "unknown" : "invalid_request",
           status == 404   ? "Not found: the endpoint is being updated."
           : status == 410 ? "Gone: the service is being updated."
           : status == 429 ? "Too many requests."
                           : "The request cannot be served.");
}

/* A proxy on the way gives itself away by these, or by asking for a whole URL. */
static bool came_by_proxy(const struct request *r)
{
    static const char *const HEADERS[] = {"Via", "X-Forwarded-For", "Forwarded",
                                          "Proxy-Connection", "Proxy-Authorization"};
    for (size_t i = 0; i < N_ELEMENTS(HEADERS); i++)
        if (request_header(r, HEADERS[i]))
            return true;
    return r->path[0] != '/';
}

/* What is wrong with the request as such. */
static bool refused(struct call *c, const struct tenant *t)
{
    const char *metadata = request_header(c->request, "Metadata");
    const char *version = odata_get(&c->query, "api-version");
    const char *resource = odata_get(&c->query, "resource");
    bool arc = t && t->identity.keys;
    if (came_by_proxy(c->request)) {
        refuse(c, 403, "access_denied", "Requests by a proxy are not served.");
    } else if (strcmp(c->request->method, "GET") != 0) {
        identity_status(c, 405);
    } else if (!metadata || strcmp(metadata, "true") != 0) {
        refuse(c, 400, "bad_request_102", "Required metadata header not specified");
    } else if (c->query_error) {
        refuse(c, 400, "invalid_request", c->query_error);
    } else if (!version || (arc ? strcmp(version, "2019-11-01") != 0 &&
                                      strcmp(version, "2020-06-01") != 0
                                : strcmp(version, "2018-02-01") != 0)) {
        refuse(c, 400, "invalid_request", "Invalid api-version");
    } else if (t && resource && strstr(resource, "/.default")) {
        refuse(c, 400, "invalid_resource", "A resource, not a scope, is expected.");
    } else if (t && (!resource || strncmp(resource, t->scope, strlen(resource)) != 0 ||
                     strcmp(t->scope + strlen(resource), "/.default") != 0)) {
        refuse(c, 400, "invalid_resource", "The resource was not found.");
    } else {
        return false;
    }
    return true;
}

/* ---- Arc ---- */

/* A new key file each time, under the name by which the client sees it. */
static void challenge(struct call *c, const struct identity *own)
{
    struct sim *sim = c->sim;
    char name[UUID_TEXT];
    struct failure why;
    CLEANUP(free) uint8_t *bytes = malloc((size_t)own->key_bytes);
    if (!bytes || uuid_v4(name) < 0 || random_bytes(bytes, (size_t)own->key_bytes) < 0)
        abort();
    if (sim->arc_file)
        (void)unlink(sim->arc_file);
    free(sim->arc_file);
    free(sim->arc_key);
    sim->arc_file = text_printf("%s/%s.key", own->keys, name);
    sim->arc_key = url64(bytes, (size_t)own->key_bytes);
    if (!sim->arc_file || program_write(sim->arc_file, sim->arc_key, &why) < 0)
        abort();
    sim_issued(sim, sim->arc_key);
    refuse(c, 401, "unauthorized_client", "Show that you can read the file.");
    answer_header(c->answer, "WWW-Authenticate", "Basic realm=%s/%s.key",
                  own->keys_as ? own->keys_as : own->keys, name);
}

static bool has_key(const struct call *c)
{
    static const char SCHEME[] = "Basic ";
    const char *header = request_header(c->request, "Authorization");
    return header && c->sim->arc_key && strncmp(header, SCHEME, sizeof SCHEME - 1) == 0 &&
           strcmp(header + sizeof SCHEME - 1, c->sim->arc_key) == 0;
}

/* ---- the answer ---- */

static void note(struct call *c)
{
    struct json_writer *line = c->answer->line;
    const char *authorization = request_header(c->request, "Authorization");
    json_open_object(line, "identity");
    json_put_string(line, "metadata", request_header(c->request, "Metadata"));
    json_put_string(line, "key", !authorization ? "missing" : has_key(c) ? "right" : "wrong");
    json_close_object(line);
}

static void put_number(struct json_writer *w, const char *key, int64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    json_put_string(w, key, text);
}

void identity_answer(struct call *c)
{
    const char *why;
    struct tenant *t = choose(c, &why);
    note(c);
    if (refused(c, t))
        return;
    if (!t) {
        refuse(c, 400, "invalid_request", why);
        return;
    }
    if (t->identity.keys && !has_key(c)) {
        challenge(c, &t->identity);
        return;
    }
    free(TAKE(c->sim->arc_key)); /* good for one request */
    int64_t life_s = c->state->manners.token_life_s;
    int64_t now = (int64_t)(c->request->at / USEC_PER_SEC);
    CLEANUP(free) char *token = token_make(c->sim, t, life_s);
    struct json_writer *w = json_writer_new(1 << 20);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "access_token", token);
    json_put_string(w, "refresh_token", "");
    put_number(w, "expires_in", life_s);
    put_number(w, "expires_on", now + life_s);
    put_number(w, "not_before", now);
    json_put_string(w, "resource", odata_get(&c->query, "resource"));
    json_put_string(w, "token_type", "Bearer");
    json_close_object(w);
    answer_json(c->answer, w);
}
