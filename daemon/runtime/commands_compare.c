/* SPDX-License-Identifier: MIT */
/* runtime/commands_compare.c: where the Cloud Licensing API and subscribedSkus disagree, by SKU.
 *
 * No page says that they agree: the allotments of a SKU together should have the units that are enabled or in grace, and
 * the consumed units. */
#include "runtime/commands_compare.h"

#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "graph/rows.h"
#include "model/product.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/commands_graph.h"
#include "runtime/inquiry.h"
#include "runtime/tenant.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define ROWS_MAX ((size_t)2 * INQUIRY_ROWS_MAX)

/* One row of either source; after merging, one SKU. */
struct sku_units {
    const char *key;                /* SKU id, or the part number where there is none; borrowed */
    const char *sku_id, *part_number;
    const char *applies_to;         /* of subscribedSkus */
    size_t allotments, skus;        /* rows of each */
    bool unknown;                   /* a number of a row is missing or malformed */
    int64_t allotted, consumed;     /* of the allotments */
    int64_t enabled, warning, assigned; /* of subscribedSkus */
};

static int64_t units(const struct json *row, const char *key, bool *unknown)
{
    int64_t n = 0;
    if (json_get_int(row, key, 0, INT32_MAX, &n) != JSON_OK)
        *unknown = true;
    return n;
}

static void read_names(const struct json *row, struct sku_units *ret)
{
    ret->sku_id = row_id(row, "skuId");
    ret->part_number = row_id(row, "skuPartNumber");
    ret->key = ret->sku_id ? ret->sku_id : ret->part_number ? ret->part_number : "";
}

static void read_allotment(const struct json *row, struct sku_units *ret)
{
    read_names(row, ret);
    ret->allotments = 1;
    ret->allotted = units(row, "allottedUnits", &ret->unknown);
    ret->consumed = units(row, "consumedUnits", &ret->unknown);
}

static void read_sku(const struct json *row, struct sku_units *ret)
{
    const struct json *prepaid = json_get(row, "prepaidUnits");
    read_names(row, ret);
    ret->skus = 1;
    ret->applies_to = row_id(row, "appliesTo");
    ret->enabled = units(prepaid, "enabled", &ret->unknown);
    ret->warning = units(prepaid, "warning", &ret->unknown);
    ret->assigned = units(row, "consumedUnits", &ret->unknown);
}

static size_t read_rows(const struct inquiry_part *p, void (*read)(const struct json *row, struct sku_units *ret),
                        struct sku_units *into, size_t n)
{
    for (size_t i = 0; i < p->answer.n_pages; i++) {
        const struct json *rows = json_get(p->answer.page[i], "value");
        for (const struct json *row = rows ? json_first(rows) : NULL; row; row = json_next(row))
            if (json_is_object(row))
                read(row, &into[n++]);
    }
    return n;
}

static int by_key(const void *left, const void *right)
{
    const struct sku_units *a = left, *b = right;
    return strcasecmp(a->key, b->key);
}

/* Adds up the rows of each SKU; returns how many SKUs there are. */
static size_t merge(struct sku_units *u, size_t n)
{
    size_t kept = 0;
    qsort(u, n, sizeof *u, by_key);
    for (size_t i = 0; i < n; i++) {
        struct sku_units *to = &u[kept ? kept - 1 : 0];
        if (kept == 0 || strcasecmp(to->key, u[i].key) != 0) {
            u[kept++] = u[i];
            continue;
        }
        to->part_number = to->part_number ? to->part_number : u[i].part_number;
        to->applies_to = to->applies_to ? to->applies_to : u[i].applies_to;
        to->allotments += u[i].allotments;
        to->skus += u[i].skus;
        to->unknown = to->unknown || u[i].unknown;
        to->allotted += u[i].allotted;
        to->consumed += u[i].consumed;
        to->enabled += u[i].enabled;
        to->warning += u[i].warning;
        to->assigned += u[i].assigned;
    }
    return kept;
}

/* A SKU of the company alone cannot be assigned, and has no allotment. */
static bool is_different(const struct sku_units *u)
{
    bool company = u->applies_to && !text_equal_nocase(u->applies_to, "User");
    if (!u->allotments || !u->skus)
        return u->allotments || !company;
    return u->allotted != u->enabled + u->warning || u->consumed != u->assigned;
}

static void put_sku(struct json_writer *w, const struct sku_units *u, const struct products *products)
{
    json_open_object(w, NULL);
    json_put_string(w, "sku_id", u->sku_id);
    json_put_string(w, "sku_part_number", u->part_number);
    json_put_string(w, "sku_name", product_name(products, u->sku_id, u->part_number));
    json_put_string(w, "state", u->unknown ? "unknown" : is_different(u) ? "different" : "equal");
    if (u->allotments && !u->unknown) {
        json_open_object(w, "cloud_licensing");
        json_put_int(w, "allotments", (int64_t)u->allotments);
        json_put_int(w, "allotted_units", u->allotted);
        json_put_int(w, "consumed_units", u->consumed);
        json_close_object(w);
    } else {
        json_put_null(w, "cloud_licensing");
    }
    if (u->skus && !u->unknown) {
        json_open_object(w, "subscribed_skus");
        json_put_string(w, "applies_to", u->applies_to);
        json_put_int(w, "enabled", u->enabled);
        json_put_int(w, "warning", u->warning);
        json_put_int(w, "consumed_units", u->assigned);
        json_close_object(w);
    } else {
        json_put_null(w, "subscribed_skus");
    }
    json_close_object(w);
}

/* What differs comes first. */
static void answer(struct command_inquiry *q, const struct sku_units *u, size_t n)
{
    const struct products *products = q->tenant->app->options->rules.products;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_put_string(w, "tenant", q->tenant->options->identity.name);
        json_open_array(w, "skus");
        for (int equal = 0; equal < 2; equal++)
            for (size_t i = 0; i < n; i++)
                if ((!u[i].unknown && !is_different(&u[i])) == equal)
                    put_sku(w, &u[i], products);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(q->call, 200, w);
}

static void answer_comparison(struct command_inquiry *q)
{
    CLEANUP(free) struct sku_units *u = calloc(ROWS_MAX, sizeof *u);
    size_t rows = 0;
    for (size_t i = 0; i < q->n_parts; i++) {
        const struct inquiry_answer *a = &q->part[i].answer;
        if (a->failure.text[0]) {
            inquiry_refuse(q->call, a);
            return;
        }
        rows += a->n_rows;
        if (a->more || rows > ROWS_MAX) {
            control_error(q->call, 409, "compare single SKUs with: seatwatchctl get", "%s has more than %d allotments",
                          q->tenant->options->identity.name, INQUIRY_ROWS_MAX);
            return;
        }
    }
    if (!u) {
        control_answer(q->call, 500, NULL);
        return;
    }
    size_t n = read_rows(inquiry_find(q, DETAIL_POOLS), read_allotment, u, 0);
    n = read_rows(inquiry_find(q, DETAIL_SKUS), read_sku, u, n);
    answer(q, u, merge(u, n));
}

void command_get_comparison(void *userdata, struct control_call *call)
{
    static const struct inquiry_steps STEPS = {NULL, answer_comparison};
    static const enum detail PARTS[] = {DETAIL_POOLS, DETAIL_SKUS};
    struct tenant *t = command_tenant(userdata, call);
    const struct detail_subject about = {.id = NULL};
    struct command_inquiry *q = t ? inquiry_new(t, call, &STEPS, &about) : NULL;
    if (q)
        command_begin(q, PARTS, N_ELEMENTS(PARTS));
}
