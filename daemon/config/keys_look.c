/* SPDX-License-Identifier: MIT */
/* config/keys_look.c: finding rows of the key table, and saying what they are. */
#include "config/keys.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

#define NAMES_MAX 64

const struct conf_key *conf_key_find(const struct conf_section *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->key[i].name, name) == 0)
            return &s->key[i];
    return NULL;
}

const char *conf_key_nearest(const struct conf_section *s, const char *name)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < NAMES_MAX; i++)
        names[n++] = s->key[i].name;
    return text_nearest(name, names, n);
}

const char *conf_key_home(const char *name)
{
    for (size_t i = 0; i < conf_root.n; i++)
        if (conf_root.key[i].section && conf_key_find(conf_root.key[i].section, name))
            return conf_root.key[i].name;
    return NULL;
}

const struct conf_key *conf_rule_key(enum rule rule)
{
    const struct conf_section *thresholds = conf_key_find(&conf_root, "thresholds")->section;
    const struct conf_key *k = conf_key_find(thresholds, rule_name(rule));
    return k && k->type == CONF_RULE ? k : NULL;
}

/* ---- context ---- */

static const char *const TYPE_WORDS[CONF_TYPE_COUNT_] = {
    [CONF_GROUP] = "group",
    [CONF_LIST] = "list of groups",
    [CONF_TENANTS] = "list of groups",
    [CONF_RULE] = "group",
    [CONF_NAMES] = "array of names",
    [CONF_LABELS] = "group of strings",
    [CONF_POOL_NAMES] = "list of groups, or a group of strings",
    [CONF_LATER] = "a key of a later version",
    [CONF_BOOL] = "true or false",
    [CONF_COUNT] = "integer",
    [CONF_DURATION] = "duration",
    [CONF_SHARE] = "share",
    [CONF_CLOCK] = "time of day",
    [CONF_HOURS] = "days and times",
    [CONF_TEXT] = "text",
    [CONF_FILE] = "name of a file",
};
static const char *const LIMIT_WORDS[] = {
    [LIMIT_SHARE] = "share",  [LIMIT_UNITS] = "integer", [LIMIT_COUNT] = "integer",
    [LIMIT_AGE] = "duration", [LIMIT_DAYS] = "duration", [LIMIT_POLLS] = "duration or \"N polls\"",
};

/* Integers and booleans stand in a file without quotes. */
static bool is_bare(const struct conf_key *k, const char *value)
{
    if (k->type == CONF_BOOL || k->type == CONF_COUNT)
        return true;
    return k->type == CONF_LIMIT && (k->limit == LIMIT_UNITS || k->limit == LIMIT_COUNT) &&
           strcmp(value, "off") != 0;
}

static void add_value(struct text *t, const struct conf_key *k, const char *value)
{
    text_addf(t, is_bare(k, value) ? "%s" : "\"%s\"", value);
}

static void add_type(struct text *t, const struct conf_key *k)
{
    if (k->words) {
        for (size_t i = 0; k->words[i]; i++)
            text_addf(t, "%s\"%s\"", i == 0 ? "" : k->words[i + 1] ? ", " : " or ", k->words[i]);
        return;
    }
    text_add(t, k->type == CONF_LIMIT                     ? LIMIT_WORDS[k->limit]
                : k->type == CONF_TEXT && k->what         ? k->what
                : strcmp(k->name, "tenant_defaults") == 0 ? "group"
                                                          : TYPE_WORDS[k->type]);
    if (k->off_ok)
        text_add(t, " or \"off\"");
}

/* "; required with auth certificate, workload_identity", or nothing about it if it is all of them.
 */
static void add_auths(struct text *t, const char *what, unsigned bits)
{
    text_add(t, what);
    for (unsigned auth = 0, n = 0; bits != (1U << AUTH_COUNT_) - 1 && auth < AUTH_COUNT_; auth++)
        if (bits & 1U << auth)
            text_addf(t, "%s%s", n++ ? ", " : " with auth ", conf_auth_name((enum auth)auth));
}

int conf_key_context(const struct conf_key *k, char **ret)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(1024);
    add_type(&t, k);
    if (k->min) {
        text_add(&t, ", ");
        add_value(&t, k, k->min);
        text_add(&t, " to ");
        add_value(&t, k, k->max);
    }
    if (k->needed) {
        add_auths(&t, "; required", k->needed);
    } else if (k->required || (k->shown_def && strcmp(k->shown_def, "required") == 0)) {
        text_add(&t, "; required");
    } else if (k->shown_def) {
        text_addf(&t, "; default: %s", k->shown_def);
    } else if (k->def) {
        text_add(&t, "; default ");
        add_value(&t, k, k->def);
    }
    if (k->auth && k->auth != k->needed)
        add_auths(&t, "; only", k->auth);
    for (unsigned type = 0, n = 0; k->only && type < RECEIVER_TYPE_COUNT_; type++)
        if (k->only & 1U << type)
            text_addf(&t, "%s%s", n++ ? ", " : "; type ",
                      receiver_type_name((enum receiver_type)type));
    char *identity = text_take(&t);
    if (!identity)
        return -ENOMEM;
    *ret = identity;
    return 0;
}

/* ---- all of them ---- */

static void visit_section(const struct conf_section *s, const char *prefix, conf_key_visit *visit,
                          void *userdata)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        char path[128];
        if (k->type == CONF_LATER && k->what) /* no key at all, only an answer to it */
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", k->name);
        visit(userdata, path, k);
        bool reported_elsewhere = strcmp(path, "tenant_defaults") == 0 ||
                                  (k->type == CONF_RULE && strncmp(path, "thresholds", 10) != 0);
        if (k->section && !reported_elsewhere)
            visit_section(k->section, path, visit, userdata);
    }
}

void conf_keys_each(conf_key_visit *visit, void *userdata)
{
    visit_section(&conf_root, "", visit, userdata);
}
