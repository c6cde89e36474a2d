/* SPDX-License-Identifier: MIT */
/* config/keys_look.c: describes the rows of the key table, one or all of them. */
#include "config/keys.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

static const char *const TYPE_WORDS[CONF_TYPE_COUNT_] = {
    [CONF_GROUP] = "group",
    [CONF_LIST] = "list of groups",
    [CONF_RECEIVERS] = "list of groups",
    [CONF_TENANTS] = "list of groups",
    [CONF_RULE] = "group",
    [CONF_NAMES] = "array of names",
    [CONF_LABELS] = "group of strings",
    [CONF_POOL_NAMES] = "list of groups, or a group of strings",
    [CONF_REFUSED] = "no key",
    [CONF_BOOL] = "true or false",
    [CONF_COUNT] = "integer",
    [CONF_DURATION] = "duration",
    [CONF_SHARE] = "share",
    [CONF_CLOCK] = "time of day",
    [CONF_INSTANT] = "date and time",
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
    const char *buf[RECEIVER_TYPES_MAX];
    const char *const *words = conf_key_words(k, buf);
    if (words) {
        for (size_t i = 0; words[i]; i++)
            text_addf(t, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
        return;
    }
    text_add(t, k->type == CONF_LIMIT                     ? LIMIT_WORDS[k->limit]
                : k->type == CONF_TEXT && k->what         ? k->what
                : strcmp(k->name, "tenant_defaults") == 0 ? "group"
                                                          : TYPE_WORDS[k->type]);
    if (k->off_ok)
        text_add(t, " or \"off\"");
}

/* "; required with auth certificate, workload_identity"; without names if it is all of them. */
static void add_auths(struct text *t, const char *what, unsigned bits)
{
    text_add(t, what);
    for (unsigned auth = 0, n = 0; bits != (1U << AUTH_COUNT_) - 1 && auth < AUTH_COUNT_; auth++)
        if (bits & 1U << auth)
            text_addf(t, "%s%s", n++ ? ", " : " with auth ", conf_auth_name((enum auth)auth));
}

/* "; type journal, syslog": the receiver types that have this key, with this meaning. */
static void add_receiver_types(struct text *t, const struct conf_key *k)
{
    for (size_t i = 0, n = 0; k->help && receiver_types[i]; i++) {
        const struct conf_key *same = conf_key_find(&receiver_types[i]->options, k->name);
        if (same && text_equal(same->help, k->help))
            text_addf(t, "%s%s", n++ ? ", " : "; type ", receiver_types[i]->name);
    }
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
    add_receiver_types(&t, k);
    char *identity = text_take(&t);
    if (!identity)
        return -ENOMEM;
    *ret = identity;
    return 0;
}

/* ---- all of them ---- */

static void visit_section(const struct conf_section *s, const char *prefix, conf_key_visit *visit,
                          void *userdata);

/* A key that means something else in another type has a path with that type. */
static void visit_receivers(const char *path, conf_key_visit *visit, void *userdata)
{
    struct conf_key keys[CONF_RECEIVER_KEYS_MAX];
    const struct conf_section all = conf_receiver_keys(keys);
    visit_section(&all, path, visit, userdata);
    for (size_t i = 0; receiver_types[i]; i++) {
        const struct conf_section *s = &receiver_types[i]->options;
        for (size_t j = 0; j < s->n; j++) {
            char own[128];
            if (text_equal(conf_key_find(&all, s->key[j].name)->help, s->key[j].help))
                continue;
            (void)snprintf(own, sizeof own, "%s.%s.%s", path, receiver_types[i]->name,
                           s->key[j].name);
            visit(userdata, own, &s->key[j]);
        }
    }
}

static void visit_section(const struct conf_section *s, const char *prefix, conf_key_visit *visit,
                          void *userdata)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        char path[128];
        if (k->type == CONF_REFUSED)
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", k->name);
        visit(userdata, path, k);
        if (k->type == CONF_RECEIVERS) {
            visit_receivers(path, visit, userdata);
            continue;
        }
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
