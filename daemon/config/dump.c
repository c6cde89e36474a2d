/* SPDX-License-Identifier: MIT */
/* config/dump.c: prints options as a configuration, from the table that reads them. */
#include "config/value.h"

#include <errno.h>
#include <string.h>

#define DUMP_MAX (64 * 1024 * 1024)

struct dump {
    struct text out;
    unsigned depth;
};

static void line_begin(struct dump *d, const char *name)
{
    text_addf(&d->out, "%*s%s = ", (int)(2 * d->depth), "", name);
}

static void dump_group(struct dump *d, const struct conf_section *s, const void *base);

static void open_group(struct dump *d, const char *name)
{
    line_begin(d, name);
    text_add(&d->out, "{\n");
    d->depth++;
}

static void close_group(struct dump *d, const char *end)
{
    d->depth--;
    text_addf(&d->out, "%*s%s", (int)(2 * d->depth), "", end);
}

static void dump_names(struct dump *d, char *const *name, size_t n)
{
    text_add(&d->out, "[");
    for (size_t i = 0; i < n; i++) {
        text_add(&d->out, i ? ", " : " ");
        value_print_string(name[i], &d->out);
    }
    text_add(&d->out, " ];\n");
}

static void dump_labels(struct dump *d, const struct label *label, size_t n)
{
    text_add(&d->out, "{ ");
    for (size_t i = 0; i < n; i++) {
        text_addf(&d->out, "%s = ", label[i].key);
        value_print_string(label[i].value, &d->out);
        text_add(&d->out, "; ");
    }
    text_add(&d->out, "};\n");
}

static void dump_pool_names(struct dump *d, const struct label *label, size_t n)
{
    text_add(&d->out, "(");
    for (size_t i = 0; i < n; i++) {
        text_add(&d->out, i ? ",\n    { allotment = " : "\n    { allotment = ");
        value_print_string(label[i].key, &d->out);
        text_add(&d->out, "; name = ");
        value_print_string(label[i].value, &d->out);
        text_add(&d->out, "; }");
    }
    text_add(&d->out, " );\n");
}

/* Of an override only keys that are set; of thresholds all (`all`). */
static void dump_rule(struct dump *d, const struct conf_key *k, const struct threshold *t, bool all)
{
    if (!all && !t->set)
        return;
    if (t->off) {
        line_begin(d, k->name);
        text_add(&d->out, "\"off\";\n");
        return;
    }
    open_group(d, k->name);
    for (size_t i = 0; i < k->section->n; i++) {
        const struct conf_key *part = &k->section->key[i];
        if (part->type == CONF_REFUSED || (!all && !(t->set & part->set)))
            continue;
        line_begin(d, part->name);
        value_print(part, (const char *)t + part->at, &d->out);
        text_add(&d->out, ";\n");
    }
    close_group(d, "};\n");
}

/* Omits tenants without a name: the broken file reports them. Tenants of tenants.d are printed as
 * comments. */
static bool excluded(const struct conf_section *s, const void *element)
{
    const struct tenant_options *t = element;
    return s == &conf_tenant && (t->nameless || t->file);
}

static void dump_remark(struct dump *d, const struct tenant_options *t)
{
    struct dump own = {.out = TEXT_INIT(DUMP_MAX), .depth = 1};
    dump_group(&own, &conf_tenant, t);
    CLEANUP(free) char *text = text_take(&own.out);
    if (!text)
        d->out.error = -ENOMEM;
    text_addf(&d->out, "# of %s:\n#  {\n", t->file);
    for (char *line = text, *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        text_add(&d->out, "#  ");
        text_add_bytes(&d->out, line, (size_t)(next - line));
    }
    text_add(&d->out, "#  }\n");
}

static void dump_list(struct dump *d, const struct conf_key *k, const void *at, size_t n,
                      size_t element)
{
    const char *list;
    bool first = true;
    memcpy(&list, at, sizeof list);
    line_begin(d, k->name);
    text_add(&d->out, "(");
    d->depth++;
    for (size_t i = 0; i < n; i++) {
        if (excluded(k->section, list + i * element))
            continue;
        text_addf(&d->out, "%s\n%*s{\n", first ? "" : ",", (int)(2 * d->depth), "");
        first = false;
        d->depth++;
        const void *at_i = list + i * element;
        const struct receiver_options *receiver = k->type == CONF_RECEIVERS ? at_i : NULL;
        dump_group(d, k->section, at_i);
        if (receiver)
            dump_group(d, &receiver->class->options, receiver->own);
        close_group(d, "}");
    }
    d->depth--;
    text_add(&d->out, " );\n");
}

/* Omits unset strings (a match key), hours and instants. */
static bool is_there(const struct conf_key *k, const void *base)
{
    const void *at = (const char *)base + k->at;
    if (k->type == CONF_TEXT || k->type == CONF_FILE)
        return *(char *const *)at != NULL;
    if (k->type == CONF_HOURS)
        return ((const struct hours *)at)->n_ranges > 0;
    if (k->type == CONF_INSTANT)
        return *(const usec_t *)at != 0;
    return true;
}

static bool is_foreign(const struct conf_section *s, const struct conf_key *k, const void *base)
{
    return s == &conf_tenant && k->auth &&
           !(k->auth & 1U << ((const struct tenant_options *)base)->graph.auth);
}

static bool is_override(const struct conf_section *s)
{
    return conf_key_find(s, "ignore") != NULL;
}

static void dump_key(struct dump *d, const struct conf_section *s, const struct conf_key *k,
                     const void *base)
{
    const void *at = (const char *)base + k->at;
    const size_t *n = (const void *)((const char *)base + k->n_at);
    switch (k->type) {
    case CONF_GROUP:
        open_group(d, k->name);
        dump_group(d, k->section, at);
        close_group(d, "};\n");
        return;
    case CONF_RULE:
        dump_rule(d, k, at, !is_override(s));
        return;
    case CONF_TENANTS:
        if (k->element)
            dump_list(d, k, at, *n, k->element);
        return;
    case CONF_LIST:
    case CONF_RECEIVERS:
        dump_list(d, k, at, *n, k->element);
        return;
    case CONF_REFUSED:
        return;
    default:
        break;
    }
    line_begin(d, k->name);
    if (k->type == CONF_NAMES)
        dump_names(d, *(char **const *)at, *n);
    else if (k->type == CONF_LABELS)
        dump_labels(d, *(struct label *const *)at, *n);
    else if (k->type == CONF_POOL_NAMES)
        dump_pool_names(d, *(struct label *const *)at, *n);
    else {
        value_print(k, at, &d->out);
        text_add(&d->out, ";\n");
    }
}

static void dump_group(struct dump *d, const struct conf_section *s, const void *base)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        bool silent =
            is_override(s) && k->type == CONF_WORD && !((const struct override *)base)->set_ignore;
        if (is_there(k, base) && !is_foreign(s, k, base) && !silent)
            dump_key(d, s, k, base);
    }
}

int options_dump(const struct options *o, char **ret)
{
    struct dump d = {.out = TEXT_INIT(DUMP_MAX)};
    dump_group(&d, &conf_root, o);
    for (size_t i = 0; i < o->n_tenants; i++)
        if (o->tenant[i].file && !o->tenant[i].nameless)
            dump_remark(&d, &o->tenant[i]);
    char *text = text_take(&d.out);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}
