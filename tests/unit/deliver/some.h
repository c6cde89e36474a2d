/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/some.h: a notification with every field, and variations of it. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs those above */

#include "alerts/notification.h"
#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SOME_EVENT "019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
#define SOME_DIGEST "019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d9eff"
#define SOME_TENANT_ID "11111111-2222-3333-4444-555555555555"
#define SOME_AT "2026-11-22T01:02:03Z"

static inline char *some_text(const char *s)
{
    char *copy = NULL;
    assert_int_equal(text_copy(s, &copy), 0);
    return copy;
}

static inline usec_t some_time(const char *rfc3339)
{
    usec_t at;
    assert_int_equal(rfc3339_parse(rfc3339, &at), 0);
    return at;
}

static inline void some_replace(char **member, const char *s)
{
    free(*member);
    *member = s ? some_text(s) : NULL;
}

static inline struct alert_context *some_context(void)
{
    struct alert_context *f = NULL;
    assert_int_equal(context_new(&f), 0);
    f->tenant_name = some_text("contoso");
    f->tenant_id = some_text(SOME_TENANT_ID);
    f->label = alloc_zero(1, sizeof *f->label);
    f->label[0] = (struct label){some_text("group"), some_text("gold")};
    f->n_labels = 1;
    f->utc_offset = 3600;
    f->zone = some_text("CET");
    f->allotment_id = some_text("551f1755-0184-9e51-0bc7-f32bae5a1afb");
    f->allotment_name = some_text("CSP pool");
    f->allotted = f->consumed = 1000;
    f->waiting = 26;
    f->oldest_at = some_time("2026-11-22T01:00:00Z");
    f->sku_id = some_text("06ebc4ee-1bb5-47dd-8120-11324bc54e06");
    f->sku_part_number = some_text("SPE_E5");
    f->sku_name = some_text("Microsoft 365 E5");
    f->subscription = alloc_zero(1, sizeof *f->subscription);
    f->subscription[0] =
        (struct context_subscription){some_text("d1d1d1d1-0000-4000-8000-000000000001"),
                                      some_text("active"), some_text("none"), 20454, 20819};
    f->n_subscriptions = 1;
    f->units_to_unblock = 26;
    f->units_to_buy = 166;
    f->observed_at = some_time("2026-11-22T01:02:00Z");
    return f;
}

static inline struct notification *some_notification(void)
{
    struct notification *n = alloc_zero(1, sizeof *n);
    assert_non_null(n);
    n->type = EVENT_FIRING;
    memcpy(n->event_id, SOME_EVENT, sizeof SOME_EVENT);
    memcpy(n->alert_id, "5f0c2a9e41d7b836", ALERT_ID_TEXT);
    n->kind = KIND_CAPACITY;
    n->episode = 7;
    n->seq = 41;
    n->state = ALERT_FIRING;
    n->level = LEVEL_CRITICAL;
    n->rule = n->notified_rule = RULE_WAITING;
    n->value = 26;
    n->threshold = 25;
    n->unit = UNIT_MEMBERS;
    n->finding[RULE_WAITING] = n->finding[RULE_REMAINING] = n->finding[RULE_USAGE] = true;
    n->started_at = some_time("2026-11-22T00:31:00Z");
    n->observed_at = some_time("2026-11-22T01:02:00Z");
    n->at = some_time(SOME_AT) + 456789;
    n->context = some_context();
    n->title = some_text("contoso: Microsoft 365 E5 (CSP pool) is full, 26 waiting since 02:00: "
                         "26 units needed");
    n->summary = some_text("1000 of 1000 units are used, 26 members wait.");
    n->description = some_text("All 1000 units are used.\n26 members wait, the first since 02:00.");
    n->next_step = some_text("Order 26 units now; 166 end this alert.");
    return n;
}

/* An event of severity info: a pool has 100 units more. */
static inline struct notification *some_info(void)
{
    struct notification *n = some_notification();
    n->type = EVENT_INFO;
    n->alert_id[0] = '\0';
    n->kind = KIND_INVENTORY;
    n->episode = 0;
    n->seq = 0;
    n->state = ALERT_OK;
    n->level = LEVEL_NONE;
    n->rule = n->notified_rule = RULE_INVENTORY;
    n->value = 100;
    n->threshold = NUMBER_UNKNOWN;
    n->unit = UNIT_UNITS;
    memset(n->finding, 0, sizeof n->finding);
    n->started_at = 0;
    n->context->cause = CAUSE_CAPACITY_ROSE;
    n->context->consumed = 870;
    n->context->reference = 900;
    n->context->waiting = n->context->units_to_unblock = n->context->units_to_buy = NUMBER_UNKNOWN;
    n->context->oldest_at = 0;
    some_replace(&n->title, "contoso: Microsoft 365 E5 (CSP pool): capacity rose by 100 units, from 900 to 1000");
    some_replace(&n->summary, "contoso: Microsoft 365 E5 (CSP pool): capacity rose by 100 units, from 900 to 1000");
    some_replace(&n->description, "870 of 1000 units are in use.\nRule inventory: 100 units.");
    some_replace(&n->next_step, "If nobody ordered this, find out who did.");
    return n;
}

static inline struct digest *some_digest(size_t n_notifications)
{
    struct digest *d = alloc_zero(1, sizeof *d);
    assert_non_null(d);
    memcpy(d->event_id, SOME_EVENT, sizeof SOME_EVENT);
    memcpy(d->digest_id, SOME_DIGEST, sizeof SOME_DIGEST);
    d->part = 1;
    d->parts = 2;
    d->reason = "first_run";
    d->worst = LEVEL_CRITICAL;
    d->at = some_time(SOME_AT);
    d->title = some_text("contoso: 20 alerts at the first poll");
    d->summary = some_text("What was already so when contoso was read for the first time.");
    d->tenant_name = some_text("contoso");
    d->tenant_id = some_text(SOME_TENANT_ID);
    d->count = alloc_zero(1, sizeof *d->count);
    d->count[0].rule = RULE_WAITING;
    d->count[0].level = LEVEL_CRITICAL;
    d->count[0].count = (uint32_t)n_notifications;
    d->n_counts = 1;
    d->notification = alloc_zero(n_notifications, sizeof *d->notification);
    for (; d->n_notifications < n_notifications; d->n_notifications++) {
        struct notification *n = d->notification[d->n_notifications] = some_notification();
        n->seq = d->n_notifications;
        n->alert_id[0] = (char)('0' + d->n_notifications % 10);
        n->alert_id[1] = (char)('0' + d->n_notifications / 10);
    }
    return d;
}

/* `n` times the bytes of `unit`. */
static inline char *some_flood(const char *unit, size_t n)
{
    size_t len = strlen(unit);
    char *s = alloc_get(len * n + 1);
    assert_non_null(s);
    for (size_t i = 0; i < n; i++)
        memcpy(s + i * len, unit, len);
    s[len * n] = '\0';
    return s;
}

static inline char *some_file(const char *path)
{
    struct text t = TEXT_INIT(1 << 20);
    char buf[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s", path, strerror(errno));
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0;)
        text_add_bytes(&t, buf, (size_t)n);
    assert_int_equal(close(fd), 0);
    return text_take(&t);
}

static inline void some_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}
