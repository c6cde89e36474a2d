/* SPDX-License-Identifier: MIT */
/* alerts/message.c: formats names, counts, shares and times for the texts of all kinds. */
#include "alerts/texts.h"

#include "base/date.h"
#include <inttypes.h>
#include <string.h>

void message_add(struct text *t, const char *s)
{
    char clean[TEXT_CLEAN_MAX];
    text_add(t, s && *s ? text_clean(clean, sizeof clean, s, strlen(s)) : "-");
}

void message_count(struct text *t, int64_t n, const char *one, const char *many)
{
    text_addf(t, "%" PRId64 " %s", n, n == 1 ? one : many);
}

void message_percent(struct text *t, int64_t bp)
{
    int64_t rest = llabs(bp % 100);
    text_addf(t, "%" PRId64, bp / 100);
    if (rest % 10)
        text_addf(t, ".%02" PRId64, rest);
    else if (rest)
        text_addf(t, ".%" PRId64, rest / 10);
    text_add(t, " %");
}

void message_measure(struct text *t, int64_t value, enum unit unit)
{
    static const struct {
        const char *one, *many;
    } NAMES[] = {
        [UNIT_UNITS] = {"unit", "units"},      [UNIT_MEMBERS] = {"member", "members"},
        [UNIT_ERRORS] = {"error", "errors"},   [UNIT_DAYS] = {"day", "days"},
        [UNIT_ENTRIES] = {"entry", "entries"}, [UNIT_TENANTS] = {"tenant", "tenants"},
    };
    char buf[DURATION_MAX];
    if (unit == UNIT_PERCENT)
        message_percent(t, value);
    else if (unit == UNIT_SECONDS)
        text_add(t, duration_human((usec_t)(value > 0 ? value : 0) * USEC_PER_SEC, buf));
    else
        message_count(t, value, NAMES[unit].one, NAMES[unit].many);
}

void message_clock(struct text *t, const struct notification *n, usec_t at)
{
    char buf[CLOCK_HUMAN_MAX];
    const struct zone zone = context_zone(n->context);
    text_add(t, clock_human(at, n->at, &zone, buf));
}

void message_sku(struct text *t, const struct alert_context *f)
{
    const char *name = f->sku_name ? f->sku_name : f->sku_part_number;
    if (!name)
        name = f->sku_id;
    if (name)
        message_add(t, name);
    else
        text_add(t, "an unnamed product");
}

/* Generated names ("pool 2 of 3, 50 units, since 2026-01-01") are cut at the comma. */
static size_t short_name(const char *name)
{
    int of, all, end = 0;
    if (sscanf(name, "pool %d of %d%n", &of, &all, &end) == 2 && name[end] == ',')
        return (size_t)end;
    return strlen(name);
}

void message_pool(struct text *t, const struct alert_context *f)
{
    char name[TEXT_CLEAN_MAX];
    message_sku(t, f);
    if (f->allotment_name)
        text_addf(t, " (%s)",
                  text_clean(name, sizeof name, f->allotment_name, short_name(f->allotment_name)));
}

bool message_id_is_ours(const char *id)
{
    return id && strncmp(id, "sku:", 4) == 0;
}

bool message_is_normal(const struct notification *n)
{
    return (n->type == EVENT_RESOLVED || n->type == EVENT_UPDATED) &&
           (text_equal(n->reason, "new_normal") || text_equal(n->reason, "acknowledged"));
}

void message_fallback(struct text *t, const struct alert_context *f)
{
    if (message_id_is_ours(f->allotment_id))
        text_add(t, "Source: subscribedSkus fallback (no pools, no waiting members).\n");
}
