/* SPDX-License-Identifier: MIT */
#include "month/seeded.h"

#include "month/check.h"
#include "month/receivers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum bug seeded_bug;

/* ---- what the store is given ---- */

/* The changes, with room for one more event. */
static void copy_events(const struct commit *c, struct seeded_commit *own)
{
    own->commit = *c;
    own->changes = *c->changes;
    own->event = calloc(own->changes.n_events + 1, sizeof *own->event);
    assert_non_null(own->event);
    memcpy(own->event, c->changes->event, own->changes.n_events * sizeof *own->event);
    own->changes.event = own->event;
    own->commit.changes = &own->changes;
}

static void double_firing(struct seeded_commit *own)
{
    for (size_t i = 0; i < own->changes.n_events; i++) {
        const struct notification *n = own->event[i].notification;
        if (!n || n->type != EVENT_FIRING)
            continue;
        assert_true(notification_copy(n, &own->twin) >= 0);
        assert_true(uuid_v7(n->at, own->twin->event_id) >= 0);
        own->event[own->changes.n_events] = own->event[i];
        own->event[own->changes.n_events++].notification = own->twin;
        return;
    }
}

static void drop_resolved(struct seeded_commit *own)
{
    size_t kept = 0;
    for (size_t i = 0; i < own->changes.n_events; i++)
        if (!own->event[i].notification || own->event[i].notification->type != EVENT_RESOLVED)
            own->event[kept++] = own->event[i];
    own->changes.n_events = kept;
}

const struct commit *seeded_commit(const struct commit *c, size_t n, struct seeded_commit *own)
{
    bool mine = seeded_bug == BUG_TWO_EVENTS || seeded_bug == BUG_NO_RESOLVED;
    if (!mine || n != 1 || !c->changes || c->changes->n_events == 0)
        return c;
    copy_events(c, own);
    if (seeded_bug == BUG_TWO_EVENTS)
        double_firing(own);
    else
        drop_resolved(own);
    return &own->commit;
}

void seeded_commit_free(struct seeded_commit *own)
{
    notification_free(own->twin);
    free(own->event);
}

int __real_store_load_registry(struct store *s, struct alert_registry **ret, struct failure *f);
int __wrap_store_load_registry(struct store *s, struct alert_registry **ret, struct failure *f);
int __wrap_store_load_registry(struct store *s, struct alert_registry **ret, struct failure *f)
{
    return seeded_bug == BUG_FORGETS ? registry_new(ret) : __real_store_load_registry(s, ret, f);
}

/* ---- what Graph shows ---- */

int __real_snapshot_add_allotment(struct snapshot_builder *b, struct allotment *a);
int __wrap_snapshot_add_allotment(struct snapshot_builder *b, struct allotment *a);
int __wrap_snapshot_add_allotment(struct snapshot_builder *b, struct allotment *a)
{
    bool none = (seeded_bug == BUG_UNKNOWN_IS_EMPTY && a->waiting.section == SECTION_UNKNOWN) ||
                (seeded_bug == BUG_FREE_IS_FINE && a->consumed < a->allotted);
    if (none)
        a->waiting = (struct waiting){.section = SECTION_COMPLETE};
    return __real_snapshot_add_allotment(b, a);
}

void __real_snapshot_set_errors(struct snapshot_builder *b, enum section section);
void __wrap_snapshot_set_errors(struct snapshot_builder *b, enum section section);
void __wrap_snapshot_set_errors(struct snapshot_builder *b, enum section section)
{
    __real_snapshot_set_errors(b, seeded_bug == BUG_UNKNOWN_IS_EMPTY ? SECTION_COMPLETE : section);
}

/* ---- what the receivers get ---- */

static void insert_secret(char **body, size_t *len)
{
    static const char BEFORE[] = "\"next_step\":\"";
    char *at = memmem(*body, *len, BEFORE, sizeof BEFORE - 1), *longer;
    if (!at)
        return;
    int head = (int)(at - *body) + (int)sizeof BEFORE - 1;
    longer = text_printf("%.*s%s%.*s", head, *body, SECRET, (int)*len - head, *body + head);
    assert_non_null(longer);
    free(*body);
    *body = longer;
    *len = strlen(longer);
}

int __real_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len);
int __wrap_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len);
int __wrap_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len)
{
    struct message shown = *m;
    struct digest shorter;
    if (m->digest && m->digest->n_notifications > 1 && seeded_bug == BUG_SHORT_DIGEST) {
        shorter = *m->digest;
        shorter.n_notifications--;
        shown.digest = &shorter;
    }
    int r = __real_receiver_render(o, &shown, ret, ret_len);
    if (r >= 0 && seeded_bug == BUG_SECRET)
        insert_secret(ret, ret_len);
    return r;
}

static struct {
    char id[UUID_TEXT], alert_id[ALERT_ID_TEXT];
    char *body;
    size_t len;
} held;

void seeded_reset(void)
{
    free(held.body);
    held.body = NULL;
}

static bool hold(const struct payload *p)
{
    static const char ID[] = "\"alert_id\":\"";
    const char *at = memmem(p->body, p->len, ID, sizeof ID - 1);
    if (held.body || !at || !memmem(p->body, p->len, "alert.firing", 12))
        return false;
    (void)snprintf(held.alert_id, sizeof held.alert_id, "%s", at + sizeof ID - 1);
    (void)snprintf(held.id, sizeof held.id, "%s", p->event_id);
    held.body = malloc(p->len);
    assert_non_null(held.body);
    memcpy(held.body, p->body, p->len);
    held.len = p->len;
    return true;
}

long seeded_heard(unsigned receiver, const struct payload *p)
{
    bool mine = seeded_bug == BUG_OUT_OF_ORDER && receiver == RECEIVER_WITNESS;
    if (mine && hold(p))
        return -1;
    long n = check_heard(receiver, p->event_id, p->body, p->len);
    if (mine && held.body && memmem(p->body, p->len, held.alert_id, strlen(held.alert_id))) {
        (void)check_heard(receiver, held.id, held.body, held.len);
        seeded_reset();
    }
    return n;
}
