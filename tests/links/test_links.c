/* SPDX-License-Identifier: MIT */
/* Breaks each link between Graph and a person, alone and together with each other link. Within 15 minutes
 * a receiver that works notifies a person, or the service that expects the heartbeat misses it.
 *
 * A receiver is known to be broken from the first message that it does not accept, and a clock to be
 * wrong from the first answer of Graph. A receiver that accepts messages and shows them to nobody
 * cannot be noticed: alerts need a second receiver. */
#include "links/backlog.h"
#include "links/daemon.h"
#include "links/readers.h"
#include "links/seeded.h"

#include "base/digest.h"
#include "base/log.h"
#include "faults/disk.h"
#include "http/http.h"
#include "json/json.h"
#include "month/timers.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <syslog.h>

#include <cmocka.h>

#define START_AT (UINT64_C(1793001600) * USEC_PER_SEC) /* Monday, 2026-10-26 08:00 UTC */
#define WITHIN (15 * USEC_PER_MINUTE)
#define LIVES (40 * USEC_PER_MINUTE)
#define NONE (-1)

/* ---- the links ---- */

static void break_graph(struct daemon *d)
{
    d->trouble = TROUBLE_GRAPH;
}

static void break_secret(struct daemon *d)
{
    d->trouble = TROUBLE_SECRET;
}

static void break_consent(struct daemon *d)
{
    d->trouble = TROUBLE_CONSENT;
}

static void break_pager(struct daemon *d)
{
    (void)d;
    readers_break(PAGER, FAULT_REFUSES);
}

static void remove_pager(struct daemon *d)
{
    (void)d;
    readers_break(PAGER, FAULT_GONE);
}

static void break_chat(struct daemon *d)
{
    (void)d;
    readers_break(CHAT, FAULT_REFUSES);
}

static void chat_drops(struct daemon *d)
{
    (void)d;
    readers_break(CHAT, FAULT_DROPS);
}

static void break_mail(struct daemon *d)
{
    (void)d;
    readers_break(MAIL, FAULT_REFUSES);
}

static void break_journal(struct daemon *d)
{
    (void)d;
    readers_break(JOURNAL, FAULT_REFUSES);
}

static void fill_disk(struct daemon *d)
{
    (void)d;
    disk_fail_at(DISK_WRITE | DISK_TRUNCATE, 1, true, SQLITE_FULL);
}

static void stop_process(struct daemon *d)
{
    d->stopped = true;
}

static void set_wrong_clock(struct daemon *d)
{
    d->clock_ahead = 3600;
    timers_jump((int64_t)USEC_PER_HOUR);
}

enum heartbeat { SENT, MISSING };
static const struct link {
    const char *name;
    void (*sever)(struct daemon *d);
    enum rule rule;           /* of the message that tells; RULE_COUNT_: none */
    int about;                /* a reader; NONE */
    enum heartbeat heartbeat; /* when this link alone is broken */
    bool from_start;          /* no poll was ever complete */
} LINKS[] = {
    {"Graph does not answer", break_graph, RULE_POLL, NONE, SENT, false},
    {"no poll was ever complete", break_graph, RULE_POLL, NONE, SENT, true},
    {"the secret has expired", break_secret, RULE_POLL, NONE, SENT, false},
    {"consent was withdrawn", break_consent, RULE_POLL, NONE, SENT, false},
    {"the pager refuses", break_pager, RULE_DELIVERY, PAGER, MISSING, false},
    {"the pager's address is gone", remove_pager, RULE_DELIVERY, PAGER, MISSING, false},
    {"the chat refuses", break_chat, RULE_DELIVERY, CHAT, MISSING, false},
    {"the chat drops what it accepts", chat_drops, RULE_COUNT_, NONE, SENT, false},
    {"mail is refused", break_mail, RULE_DELIVERY, MAIL, MISSING, false},
    {"journald is gone", break_journal, RULE_DELIVERY, JOURNAL, MISSING, false},
    {"the disk is full", fill_disk, RULE_COUNT_, NONE, MISSING, false},
    {"the process is stopped", stop_process, RULE_COUNT_, NONE, MISSING, false},
    {"the clock is wrong", set_wrong_clock, RULE_COUNT_, NONE, MISSING, false},
};

/* ---- 40 minutes with one or two of them ---- */

static usec_t broken_mono, skew_mono;

/* A message of each receiver becomes due, and in the same moment the links break. */
static void break_links(struct daemon *d, const struct link *a, const struct link *b)
{
    struct pool *p = &d->world.company[0].pool[0];
    bool from_start = a->from_start || (b && b->from_start);
    if (!from_start) {
        daemon_poll(d);
        daemon_live(d, 11 * USEC_PER_MINUTE);
        p->consumed = p->allotted + 1;
        daemon_live(d, 4 * USEC_PER_MINUTE);
        daemon_poll(d);
    }
    a->sever(d);
    if (b)
        b->sever(d);
    broken_mono = timers_now().mono;
    daemon_live(d, LIVES);
}

static bool in_time(usec_t from_mono, usec_t told_mono)
{
    return told_mono != 0 && told_mono <= from_mono + WITHIN;
}

/* From when this link can be known to be broken. USEC_INFINITY: it cannot, and nothing was lost so far. */
static usec_t known_from(const struct link *l)
{
    usec_t known_mono = l->rule == RULE_DELIVERY        ? reader_refused_mono((enum reader)l->about)
                        : l->sever == set_wrong_clock ? skew_mono
                                                      : broken_mono;
    return known_mono ? known_mono : USEC_INFINITY;
}

static bool is_told(const struct link *l)
{
    return l->rule != RULE_COUNT_ && in_time(known_from(l), readers_told_mono(l->rule, l->about));
}

static bool is_missed(const struct link *l)
{
    bool withheld = readers_last_beat_mono() + 2 * BEAT < broken_mono + LIVES;
    return withheld && in_time(known_from(l), readers_last_beat_mono() + 2 * BEAT);
}

static void try_links(const struct link *a, const struct link *b)
{
    struct daemon d;
    timers_reset(START_AT);
    readers_begin();
    daemon_start(&d);
    break_links(&d, a, b);
    skew_mono = d.skew_mono;
    disk_works();
    daemon_end(&d);
}

/* Both ways, where a link has two. */
static bool alone_is_noticed(const struct link *l)
{
    try_links(l, NULL);
    if (known_from(l) == USEC_INFINITY)
        return false;
    return (l->rule == RULE_COUNT_ || is_told(l)) && is_missed(l) == (l->heartbeat == MISSING);
}

static bool cannot_be_seen(const struct link *l)
{
    return l->rule == RULE_COUNT_ && l->heartbeat == SENT;
}

static bool in_pair_is_noticed(const struct link *l)
{
    return cannot_be_seen(l) || known_from(l) == USEC_INFINITY || is_told(l) || is_missed(l);
}

static void somebody_learns_of_each_broken_link(void **state)
{
    size_t missed = 0;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++)
        if (!alone_is_noticed(&LINKS[i])) {
            print_error("%s: nobody learns of it in time\n", LINKS[i].name);
            missed++;
        }
    assert_int_equal(missed, 0);
}

static void the_table_finds_each_seeded_mistake(void **state)
{
    (void)state;
    for (int m = MISTAKE_NONE + 1; m < MISTAKE_COUNT_; m++) {
        bool found = false;
        seeded_mistake = (enum mistake)m;
        for (size_t i = 0; i < N_ELEMENTS(LINKS) && !found; i++)
            found = !alone_is_noticed(&LINKS[i]);
        seeded_mistake = MISTAKE_NONE;
        if (!found)
            fail_msg("mistake %d was not found", m);
    }
}

static void somebody_learns_of_both_links_of_a_pair(void **state)
{
    size_t missed = 0;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++)
        for (size_t j = i + 1; j < N_ELEMENTS(LINKS); j++) {
            const struct link *pair[] = {&LINKS[i], &LINKS[j]};
            try_links(pair[0], pair[1]);
            for (size_t k = 0; k < 2; k++)
                if (!in_pair_is_noticed(pair[k])) {
                    print_error("%s, and %s: nobody learns that %s\n", pair[0]->name,
                                pair[1]->name, pair[k]->name);
                    missed++;
                }
        }
    assert_int_equal(missed, 0);
}

static void a_backlog_arrives_once_newest_first_and_without_a_storm(void **state)
{
    (void)state;
    backlog_try();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_learns_of_each_broken_link),
        cmocka_unit_test(somebody_learns_of_both_links_of_a_pair),
        cmocka_unit_test(the_table_finds_each_seeded_mistake),
        cmocka_unit_test(a_backlog_arrives_once_newest_first_and_without_a_storm),
    };
    digest_init();
    json_init();
    if (http_global_init(NULL) < 0)
        return 1;
    store_global_init();
    disk_install();
    log_level(LOG_CRIT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
