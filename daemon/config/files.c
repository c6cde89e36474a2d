/* SPDX-License-Identifier: MIT */
/* config/files.c: resolves names of files and checks the files. An absolute name is used as it is.
 * Others are looked for in $CREDENTIALS_DIRECTORY, there with the prefix "secrets_" (which
 * LoadCredential=secrets:DIRECTORY adds), beside the main file, and in secrets/ beside it, where
 * tools find the service's files without systemd. */
#include "config/files.h"

#include "base/certificates.h"
#include "base/secret.h"
#include "config/walk_internal.h"
#include "graph/client_secret.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CA_MAX (4 * 1024 * 1024)
#define NAME_MAX_BYTES 1024
#define TEMPLATE_BYTES_MAX (64 * 1024) /* the receiver type allows less, and says so */

struct job { /* one key */
    struct walk *w;
    const struct file_places *places;
    const struct conf_key *key;
    struct conf_where where;
    const char *path; /* of the key */
    char **text;      /* FILE_TEMPLATE: where the text of the file belongs */
};

/* True if the value looks like a secret instead of its file's name. A message must not quote it, so
 * false positives are preferred. */
static bool looks_secret(const char *name)
{
    if (strstr(name, "://") || strncmp(name, "whsec_", 6) == 0)
        return true;
    return !strchr(name, '/') && (strchr(name, '~') || (strlen(name) >= 30 && !strchr(name, '.')));
}

/* ---- {LABEL} ---- */

static const char *label_of(const struct tenant_identity *t, const char *name, size_t len)
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
static char *expand(const struct job *j, const char *name, const struct tenant_identity *t)
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

/* ---- search ---- */

#define PLACES_MAX 4
struct places {
    char *path[PLACES_MAX];
    size_t n;
    char *closed; /* a folder that may not be searched; NULL */
};

static void places_free(struct places *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->path[i]);
    free(p->closed);
}
DEFINE_CLEANUP_IN_PLACE(struct places, places_free)

/* In the order in which they are looked at. */
static int list_places(const struct job *j, const char *name, struct places *ret)
{
    const struct file_places *p = j->places;
    const char *credentials = p->look && p->credentials && *p->credentials ? p->credentials : NULL;
    const struct {
        const char *directory, *before;
    } WHERE[PLACES_MAX] = {
        {credentials, ""}, {credentials, FILES_PREFIX}, {p->directory, ""}, {p->directory, "secrets/"}};
    if (*name == '/')
        ret->path[ret->n++] = strdup(name);
    for (size_t i = 0; *name != '/' && i < PLACES_MAX; i++)
        if (WHERE[i].directory)
            ret->path[ret->n++] = text_printf("%s/%s%s", WHERE[i].directory, WHERE[i].before, name);
    for (size_t i = 0; i < ret->n; i++)
        if (!ret->path[i])
            return -ENOMEM;
    return 0;
}

/* The first folder on the way that may not be searched. */
static char *closed_folder(const char *path)
{
    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        CLEANUP(free) char *folder = strndup(path, (size_t)(slash - path));
        if (folder && faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) < 0 && errno == EACCES)
            return TAKE(folder);
    }
    return NULL;
}

/* The index of the first that is there; -1: none. */
static int look(struct places *p)
{
    struct stat st;
    for (size_t i = 0; i < p->n; i++) {
        if (lstat(p->path[i], &st) == 0)
            return (int)i;
        if (errno == EACCES && !p->closed)
            p->closed = closed_folder(p->path[i]);
    }
    return -1;
}

/* ---- checks ---- */

static void check_secret(const struct job *j, const char *path)
{
    struct failure why;
    struct secret *secret;
    int r = j->key->file == FILE_PUBLIC          ? secret_read_public(path, NULL, &secret, &why)
            : j->key->file == FILE_CLIENT_SECRET ? client_secret_read(path, NULL, &secret, &why)
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

static void read_template(const struct job *j, const char *path)
{
    struct failure why;
    char *text = NULL;
    size_t len;
    if (source_read_file(path, TEMPLATE_BYTES_MAX, &text, &len, &why) < 0)
        walk_problem(j->w, j->where, "%s: %s %s", j->path, path, why.text);
    else if (strlen(text) != len)
        walk_problem(j->w, j->where, "%s: %s has a NUL byte; write plain text", j->path, path);
    else {
        free(*j->text);
        *j->text = TAKE(text);
    }
    free(text);
}

static bool is_public(enum conf_file file)
{
    return file == FILE_CA || file == FILE_NAMES || file == FILE_PUBLIC || file == FILE_TEMPLATE;
}

/* "max (uid 1000)". From /etc/passwd: the name service may hang. */
static char *user_now(void)
{
    FILE *f = fopen("/etc/passwd", "re");
    struct passwd *p;
    uid_t uid = geteuid();
    char *user = NULL;
    while (f && !user && (p = fgetpwent(f)))
        if (p->pw_uid == uid)
            user = text_printf("%s (uid %u)", p->pw_name, (unsigned)uid);
    if (f)
        (void)fclose(f);
    return user ? user : text_printf("with uid %u", (unsigned)uid);
}

static void say_closed(const struct job *j, const char *name, const char *folder)
{
    CLEANUP(free) char *user = user_now();
    if (!user)
        j->w->oom = true;
    else
        walk_problem(j->w, j->where,
                     "%s: %s cannot be looked for: user %s may not search the folder %s; run this as root (the "
                     "service itself runs as another user, to whom systemd hands the files of "
                     "LoadCredential=), or open the folder to that user",
                     j->path, name, user, folder);
}

static void say_missing(const struct job *j, const char *name, const struct places *p)
{
    CLEANUP(text_free) struct text looked = TEXT_INIT(4 * NAME_MAX_BYTES);
    bool handed = j->places->credentials && *j->places->credentials && *name != '/';
    for (size_t i = 0; *name != '/' && i < p->n; i++)
        text_addf(&looked, "%s%s", i ? ", " : "; looked at: ", p->path[i]);
    CLEANUP(free) char *list = *name == '/' ? strdup("") : text_take(&looked);
    if (!list)
        j->w->oom = true;
    else
        walk_problem(j->w, j->where, "%s: there is no file %s; create it%s%s%s", j->path, name,
                     is_public(j->key->file) ? "" : " with mode 0600",
                     handed ? " where LoadCredential= of the unit reads it, and restart the service: systemd "
                              "hands secrets over at a start only"
                            : "",
                     list);
}

/* Warns of a file that only root can read: the service runs as a dynamic user. */
static void warn_service(const struct job *j, const char *name, const char *path)
{
    struct stat st;
    if (!j->places->for_service || geteuid() != 0 || *name != '/' || is_public(j->key->file) ||
        stat(path, &st) < 0 || st.st_uid != 0 || (st.st_mode & 0077) != 0)
        return;
    report_add(j->w->report, CONF_WARNING, j->where,
               "%s: only root can read %s, and the service runs as a user of its own (DynamicUser=); move it to "
               "%s/secrets and name it without its folder, so that systemd hands it over",
               j->path, path, j->places->directory);
}

/* A missing file is marked wrong, so that it is reported once. */
static void resolve(const struct job *j, char **value, const struct tenant_identity *tenant)
{
    CLEANUP(free) char *name = tenant ? expand(j, *value, tenant) : strdup(*value);
    CLEANUP(places_free) struct places places = {0};
    if (!name || list_places(j, name, &places) < 0) {
        j->w->oom = j->w->oom || name || !tenant;
        return;
    }
    int found = j->places->look ? look(&places) : -1;
    /* Where it belongs if it is nowhere. */
    size_t chosen = found >= 0 ? (size_t)found : *name == '/' ? 0 : places.n - 2;
    bool missing = j->places->look && found < 0;
    bool secret = missing && !is_public(j->key->file) && looks_secret(*value); /* as it is written */
    if (missing)
        walk_mark_wrong(j->w, value);
    if (secret)
        explicit_bzero(*value, strlen(*value));
    free(*value);
    *value = secret ? strdup("") : strdup(places.path[chosen]); /* not even --dump-config may show it */
    if (!*value) {
        j->w->oom = true;
    } else if (secret) {
        walk_problem(j->w, j->where,
                     "%s: this looks like the secret itself; write it into a file of mode 0600, "
                     "name the file here, and replace the secret: anyone who could read this file knows it",
                     j->path);
    } else if (!j->places->look) {
        return;
    } else if (found < 0) {
        if (places.closed)
            say_closed(j, name, places.closed);
        else
            say_missing(j, name, &places);
    } else {
        if (j->key->file == FILE_SECRET || j->key->file == FILE_CLIENT_SECRET || j->key->file == FILE_PUBLIC)
            check_secret(j, *value);
        else if (j->key->file == FILE_CA)
            check_ca(j, *value);
        else if (j->key->file == FILE_TEMPLATE)
            read_template(j, *value);
        warn_service(j, name, *value);
    }
}

void files_resolve(struct walk *w, const struct file_places *places, const struct conf_section *s,
                   void *base, const struct tenant_identity *tenant, struct conf_where otherwise,
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
        struct job j = {w, places, k, walk_where(w, MARK_VALUE, at, otherwise), buf, NULL};
        if (k->file == FILE_TEMPLATE)
            j.text = (char **)(void *)((char *)base + k->n_at);
        resolve(&j, at, tenant);
    }
}
