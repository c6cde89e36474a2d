/* SPDX-License-Identifier: MIT */
/* config/files.c: absolute, or in $CREDENTIALS_DIRECTORY, there with "secrets_" before it (what
 * LoadCredential=secrets:DIRECTORY makes of the files of a directory), or beside the main file. */
#include "config/files.h"

#include "base/certificates.h"
#include "base/secret.h"
#include "config/walk_inside.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CA_MAX (4 * 1024 * 1024)
#define NAME_MAX_BYTES 1024

struct job { /* one key */
    struct walk *w;
    const struct file_places *places;
    const struct conf_key *key;
    struct conf_where where;
    const char *path; /* of the key */
};

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* Somebody wrote the secret where its file should be named. Repeating it in a message would put it
 * into the log, so it is recognised first, rather once too often than once too rarely. */
static bool looks_secret(const char *name)
{
    if (strstr(name, "://") || strncmp(name, "whsec_", 6) == 0)
        return true;
    return !strchr(name, '/') && (strchr(name, '~') || (strlen(name) >= 30 && !strchr(name, '.')));
}

/* ---- {LABEL} ---- */

static const char *label_of(const struct tenant_facts *t, const char *name, size_t len)
{
    if (len == 4 && memcmp(name, "name", len) == 0)
        return t->name;
    if (len == 9 && memcmp(name, "tenant_id", len) == 0)
        return t->tenant_id;
    for (size_t i = 0; i < t->n_labels; i++)
        if (strlen(t->label[i].key) == len && memcmp(t->label[i].key, name, len) == 0)
            return t->label[i].value;
    return NULL;
}

/* NULL and a problem if a label is missing or would lead somewhere else. */
static char *expand(const struct job *j, const char *name, const struct tenant_facts *t)
{
    struct text out = TEXT_INIT(NAME_MAX_BYTES);
    while (*name) {
        size_t plain = strcspn(name, "{"), len = strcspn(name + plain, "}");
        text_add_bytes(&out, name, plain);
        name += plain;
        if (!*name)
            break;
        const char *value = name[len] ? label_of(t, name + 1, len - 1) : NULL;
        if (!value || strpbrk(value, "/{") || *value == '.') {
            walk_problem(
                j->w, j->where, "%s: %.*s %s", j->path, (int)(name[len] ? len + 1 : len), name,
                value
                    ? "stands for a text with '/', '{' or a leading '.'; choose another label"
                    : "is no label of this tenant; name one of its labels, {name} or {tenant_id}");
            text_free(&out);
            return NULL;
        }
        text_add(&out, value);
        name += len + 1;
    }
    char *done = text_take(&out);
    if (!done && out.error == -ENOMEM)
        j->w->oom = true;
    else if (!done)
        walk_problem(j->w, j->where, "%s: this name of a file is too long; shorten it", j->path);
    return done;
}

/* ---- where it is ---- */

static char *find(const struct job *j, const char *name, bool *ret_found)
{
    const struct file_places *p = j->places;
    *ret_found = true;
    if (*name == '/')
        return strdup(name);
    for (int i = 0; p->look && p->credentials && *p->credentials && i < 2; i++) {
        char *path = text_printf("%s/%s%s", p->credentials, i == 0 ? "" : "secrets_", name);
        if (!path || exists(path))
            return path;
        free(path);
    }
    char *path = text_printf("%s/%s", p->directory, name);
    *ret_found = path && (!p->look || exists(path));
    return path;
}

/* ---- what must hold ---- */

static void check_secret(const struct job *j, const char *path)
{
    struct failure why;
    struct secret *secret;
    int r = j->key->file == FILE_PUBLIC ? secret_read_public(path, NULL, &secret, &why)
                                        : secret_read(path, NULL, &secret, &why);
    if (r < 0)
        walk_problem(j->w, j->where, "%s: %s%s", j->path, why.text,
                     walk_advice(j->w, &why, "; check the path"));
    else
        secret_free(secret);
}

static void check_ca(const struct job *j, const char *path)
{
    struct failure why;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    if (source_read_file(path, CA_MAX, &bytes, &len, &why) < 0)
        walk_problem(j->w, j->where, "%s: %s %s", j->path, path, why.text);
    else if (certificates_check(path, bytes, len, &why) < 0)
        walk_problem(j->w, j->where, "%s: %s%s", j->path, why.text, walk_advice(j->w, &why, ""));
}

static bool is_public(enum conf_file file)
{
    return file == FILE_CA || file == FILE_NAMES || file == FILE_PUBLIC;
}

static void say_missing(const struct job *j, const char *name, const char *path)
{
    if (*name == '/' || !j->places->credentials || !*j->places->credentials)
        walk_problem(j->w, j->where, "%s: there is no file %s; create it%s", j->path, path,
                     is_public(j->key->file) ? "" : " with mode 0600");
    else
        walk_problem(
            j->w, j->where,
            "%s: there is no file %s, neither so nor with secrets_ before it in %s, nor in %s; "
            "put it with mode 0600 where LoadCredential= of the unit reads it, and restart the service: "
            "systemd hands secrets over at a start only",
            j->path, name, j->places->credentials, j->places->directory);
}

/* A file that is not there is marked wrong, so that nobody complains a second time. */
static void resolve(const struct job *j, char **value, const struct tenant_facts *tenant)
{
    CLEANUP(free) char *name = tenant ? expand(j, *value, tenant) : strdup(*value);
    if (!name) {
        j->w->oom = j->w->oom || !tenant;
        return;
    }
    bool found;
    char *path = find(j, name, &found);
    if (!path) {
        j->w->oom = true;
        return;
    }
    found = found && (!j->places->look || exists(path));
    if (!found)
        walk_mark_wrong(j->w, value);
    bool secret =
        !found && !is_public(j->key->file) && looks_secret(name);
    free(*value);
    *value = path;
    if (secret) {
        /* Not even --dump-config may show it. */
        explicit_bzero(path, strlen(path));
        walk_problem(j->w, j->where,
                     "%s: this looks like the secret itself; write it into a file of mode 0600, "
                     "name the file here, and take the secret for known to whoever could read this",
                     j->path);
    } else if (!j->places->look) {
        return;
    } else if (!found) {
        say_missing(j, name, path);
    } else if (j->key->file == FILE_SECRET || j->key->file == FILE_PUBLIC) {
        check_secret(j, path);
    } else if (j->key->file == FILE_CA) {
        check_ca(j, path);
    }
}

void files_resolve(struct walk *w, const struct file_places *places, const struct conf_section *s,
                   void *base, const struct tenant_facts *tenant, struct conf_where otherwise,
                   const char *path)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        void *at = (char *)base + k->at;
        char buf[160];
        (void)snprintf(buf, sizeof buf, "%s%s%s", path, *path ? "." : "", k->name);
        if (k->type == CONF_GROUP)
            files_resolve(w, places, k->section, at, tenant, otherwise, buf);
        if (k->type != CONF_FILE || !*(char **)at || !**(char **)at)
            continue;
        struct job j = {w, places, k, walk_where(w, MARK_VALUE, at, otherwise), buf};
        resolve(&j, at, tenant);
    }
}
