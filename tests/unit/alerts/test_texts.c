/* SPDX-License-Identifier: MIT */
/* All texts of notifications, compared with notifications.txt. After an intended change, review
 * BUILD/notifications.txt and copy it over. */
#include "alerts/texts.h"
#include "fixtures/observations.h"

#include "base/alloc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN SOURCE_ROOT "/tests/unit/alerts/notifications.txt"
#define FRESH BINARY_ROOT "/notifications.txt"

struct told { /* a case: an observation, and what the engine would decide of it */
    const char *why;
    struct observation observation;
    enum rule rule;
    enum level level;
};

static char *dup_or_null(const char *s)
{
    return s ? strdup(s) : NULL;
}

static struct observation with_sibling(struct observation s)
{
    s.context->sibling_name = strdup("pool 1 of 2");
    s.context->sibling_free = 40;
    return s;
}

static struct observation first_seen(struct observation s, usec_t at)
{
    s.context->errors_since_at = at;
    return s;
}

static struct observation with_zone(struct observation s, int32_t offset, const char *name)
{
    s.context->utc_offset = offset;
    s.context->zone = dup_or_null(name);
    return s;
}

/* Its context were taken when it is told. */
static struct observation seen(struct observation s)
{
    s.context->observed_at = T0;
    return s;
}

/* Of a row of the older source: pool and subscription share an id of ours. */
static struct observation older(struct observation s)
{
    s.context->allotment_id = dup_or_null(s.context->subscription[0].id);
    s.context->allotment_name = strdup("Microsoft 365 E5");
    s.context->allotted = 1100;
    s.context->consumed = 600;
    return s;
}

static struct observation at_pool(struct observation s, const char *pool)
{
    s.context->host = strdup(pool);
    return s;
}

static struct observation with_pools(struct observation s, const char *pools)
{
    s.context->allotment_name = dup_or_null(pools);
    s.context->allotted = 100;
    s.context->consumed = 96;
    return s;
}

static struct observation aged(struct observation s)
{
    s.finding[0].value =
        (int64_t)((T0 + HOURS(1) + MINUTES(30) - s.context->oldest_at) / USEC_PER_SEC);
    s.finding[0].raise = LEVEL_CRITICAL;
    return s;
}

static struct observation nameless(struct observation s)
{
    free(s.context->sku_name);
    s.context->sku_name = NULL;
    return s;
}

static struct notification *a_notification(const struct told *t, enum event_type type)
{
    struct notification *n = calloc(1, sizeof *n);
    assert_non_null(n);
    memcpy(n->alert_id, "5f0c2a9e41d7b836", sizeof n->alert_id);
    n->type = type;
    n->kind = t->observation.kind;
    n->rule = t->rule;
    n->level = t->level;
    n->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->value = n->threshold = NUMBER_UNKNOWN;
    for (size_t i = 0; i < t->observation.n_findings; i++) {
        const struct finding *f = &t->observation.finding[i];
        n->finding[f->rule] = type != EVENT_RESOLVED && f->raise > LEVEL_NONE;
        if (f->rule != t->rule)
            continue;
        n->value = f->value;
        n->threshold = f->threshold[t->level];
        n->unit = f->unit;
    }
    n->at = T0 + HOURS(1) + MINUTES(30);
    n->started_at = type == EVENT_FIRING ? n->at : T0 - MINUTES(40);
    assert_int_equal(context_copy(t->observation.context, &n->context), 0);
    assert_int_equal(notification_write_texts(n), 0);
    if (type == EVENT_RESOLVED && n->kind == KIND_POLL)
        n->value = 0;
    return n;
}

static void put(FILE *out, const char *head, const struct notification *n)
{
    (void)fprintf(out, "== %s\n%s\n-- %s\n%s\n-> %s\n\n", head, n->title, n->summary,
                  n->description, n->next_step);
}

#define GUID "3f1c2d4e-aaaa-4bbb-8ccc-111122223333"

/* One case per rule for every type of event, and one per turn of phrase. */
static size_t cases(struct told *ret)
{
    const struct told ALL[] = {
        /* rule x event */
        {"waiting_age",
         aged(
             A_POOL(.allotted = 1000, .consumed = 1000, .waiting = 3, .oldest_at = T0 - HOURS(50))),
         RULE_WAITING_AGE, LEVEL_CRITICAL},
        {"waiting",
         A_POOL(.allotted = 1000, .consumed = 1000, .waiting = 26, .oldest_at = T0,
                .name = "CSP pool"),
         RULE_WAITING, LEVEL_CRITICAL},
        {"usage", A_POOL(.allotted = 100, .consumed = 96), RULE_USAGE, LEVEL_WARNING},
        {"remaining", A_POOL(.allotted = 20, .consumed = 20), RULE_REMAINING, LEVEL_WARNING},
        {"forecast",
         A_POOL(.allotted = 1000, .consumed = 850, .days = 12, .subscription = "sub-1", .renewal = 20880),
         RULE_FORECAST, LEVEL_WARNING},
        {"capacity_drop", A_POOL(.allotted = 80, .consumed = 60, .reference = 100),
         RULE_CAPACITY_DROP, LEVEL_WARNING},
        {"allotment_gone", A_POOL(.allotted = 50, .consumed = 48, .waiting = HIDDEN, .gone = true),
         RULE_ALLOTMENT_GONE, LEVEL_CRITICAL},
        {"subscription",
         with_pools(A_SUBSCRIPTION(.subject = GUID, .state = "warning", .value = 6,
                                   .level = LEVEL_CRITICAL, .next_date = 20785),
                    "CSP pool"),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"assignment_errors",
         SOME_ERRORS(.subject = "x", .code = "MissingDependency", .value = 12,
                     .level = LEVEL_WARNING),
         RULE_ASSIGNMENT_ERRORS, LEVEL_WARNING},
        {"poll",
         A_POLL(.value = 3900, .level = LEVEL_WARNING, .cause = CAUSE_NETWORK,
                .source = "cloud_licensing",
                .hint = "Graph or the network path to it is failing: check DNS, proxy and firewall"),
         RULE_POLL, LEVEL_WARNING},
        {"delivery",
         A_DELIVERY(.subject = "hook", .value = 12, .level = LEVEL_WARNING, .cause = CAUSE_PARKED),
         RULE_DELIVERY, LEVEL_WARNING},
        {"usage_right",
         A_RIGHT(.subject = "user/oncall@contoso.com/spe_e5", .value = 1, .level = LEVEL_CRITICAL,
                 .principal = "user 7c00a6e3c1b6", .cause = CAUSE_WAITING, .pool = "551f1755-0184",
                 .since_at = T0),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"service",
         A_SERVICE(.value = 300, .level = LEVEL_WARNING, .cause = CAUSE_NETWORK,
                   .since_at = T0 - HOURS(1),
                   .hint =
                       "Graph or the network path to it is failing (allotments: HTTP 503): check DNS, "
                       "proxy and firewall"),
         RULE_SERVICE, LEVEL_WARNING},
        {"credential",
         A_CREDENTIAL(.subject = "c/s", .value = 6, .level = LEVEL_CRITICAL, .by_day = true,
                      .expires_at = 20785 * USEC_PER_DAY),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        /* turns of phrase */
        {"half of the tenants, and not all have been asked yet",
         A_SERVICE(.value = 150, .level = LEVEL_WARNING, .cause = CAUSE_AUTH,
                   .since_at = T0 + HOURS(2), .read = 10,
                   .hint = "sign-in was refused (AADSTS90033): check the secret"),
         RULE_SERVICE, LEVEL_WARNING},
        {"one call, at all but one tenant",
         A_SERVICE(.value = 299, .level = LEVEL_WARNING, .cause = CAUSE_NETWORK, .since_at = T0,
                   .read = 1, .section = "assignment_errors", .hint = "look at the service health"),
         RULE_SERVICE, LEVEL_WARNING},
        {"lists that are empty all at once",
         A_SERVICE(.value = 160, .level = LEVEL_WARNING, .cause = CAUSE_EMPTIED, .since_at = T0,
                   .hint = "check"),
         RULE_SERVICE, LEVEL_WARNING},
        {"lists that have shrunk all at once",
         A_SERVICE(.value = 160, .level = LEVEL_WARNING, .cause = CAUSE_MASS_DISAPPEARANCE,
                   .hint = "check"),
         RULE_SERVICE, LEVEL_WARNING},
        {"from the older source",
         A_POLL(.value = 3900, .level = LEVEL_WARNING, .cause = CAUSE_THROTTLED,
                .source = "subscribed_skus", .hint = "poll less often"),
         RULE_POLL, LEVEL_WARNING},
        {"waits although units are free",
         A_POOL(.allotted = 100, .consumed = 90, .waiting = 4, .oldest_at = T0), RULE_WAITING,
         LEVEL_WARNING},
        {"some free, not enough", A_POOL(.allotted = 100, .consumed = 90, .waiting = 26),
         RULE_WAITING, LEVEL_CRITICAL},
        {"over, and one waits", A_POOL(.allotted = 50, .consumed = 57, .waiting = 1),
         RULE_REMAINING, LEVEL_CRITICAL},
        {"over", A_POOL(.allotted = 50, .consumed = 57), RULE_REMAINING, LEVEL_CRITICAL},
        {"no units, in use", A_POOL(.consumed = 3), RULE_REMAINING, LEVEL_CRITICAL},
        {"no units, waiting", A_POOL(.waiting = 3), RULE_WAITING, LEVEL_WARNING},
        {"dropped, and full",
         A_POOL(.allotted = 80, .consumed = 95, .reference = 100, .waiting = HIDDEN),
         RULE_REMAINING, LEVEL_CRITICAL},
        {"dropped, people wait",
         A_POOL(.allotted = 80, .consumed = 80, .reference = 100, .waiting = 3, .oldest_at = T0),
         RULE_WAITING, LEVEL_WARNING},
        {"units unknown", A_POOL(.allotted = HIDDEN, .waiting = 2), RULE_WAITING, LEVEL_WARNING},
        {"waiting unknown", A_POOL(.allotted = 100, .consumed = 99, .waiting = HIDDEN), RULE_USAGE,
         LEVEL_WARNING},
        {"room next door",
         with_sibling(A_POOL(.allotted = 50, .consumed = 50, .waiting = 2,
                             .name = "pool 2 of 2, 50 units, since 2026-01-01")),
         RULE_WAITING, LEVEL_WARNING},
        {"a fraction of a percent", A_POOL(.allotted = 367, .consumed = 357), RULE_USAGE,
         LEVEL_WARNING},
        {"another zone",
         with_zone(
             A_POOL(.allotted = 10, .consumed = 10, .waiting = 1, .oldest_at = T0 - HOURS(30)),
             -12600, NULL),
         RULE_WAITING, LEVEL_WARNING},
        {"part number only", nameless(A_POOL(.allotted = 10, .consumed = 10)), RULE_REMAINING,
         LEVEL_WARNING},
        {"renewed by hand",
         A_SUBSCRIPTION(.subject = GUID, .value = 1, .level = LEVEL_CRITICAL, .next_date = 20780),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"grace ends today",
         A_SUBSCRIPTION(.subject = GUID, .state = "warning", .level = LEVEL_CRITICAL),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"suspended",
         A_SUBSCRIPTION(.subject = GUID, .state = "suspended", .value = -3,
                        .level = LEVEL_CRITICAL),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"locked out",
         A_SUBSCRIPTION(.subject = GUID, .state = "lockedOut", .value = 4, .level = LEVEL_CRITICAL),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"by hand, its date passed two days ago",
         seen(A_SUBSCRIPTION(.subject = GUID, .value = 0, .level = LEVEL_WARNING,
                             .next_date = 20777)),
         RULE_SUBSCRIPTION, LEVEL_WARNING},
        {"by hand, its date passed four days ago",
         seen(A_SUBSCRIPTION(.subject = GUID, .value = 0, .level = LEVEL_WARNING,
                             .next_date = 20775)),
         RULE_SUBSCRIPTION, LEVEL_WARNING},
        {"still in grace after its date",
         seen(A_SUBSCRIPTION(.subject = GUID, .state = "warning", .value = 0,
                             .level = LEVEL_CRITICAL, .next_date = 20774)),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"units in grace, by the row of the older source",
         older(A_SUBSCRIPTION(.subject = "sku:" GUID, .state = "warning", .value = NUMBER_UNKNOWN,
                              .level = LEVEL_WARNING)),
         RULE_SUBSCRIPTION, LEVEL_WARNING},
        {"errors of a code nobody knows",
         first_seen(
             SOME_ERRORS(.subject = "x", .code = "NewCode", .value = 1, .level = LEVEL_WARNING),
             T0 - HOURS(3)),
         RULE_ASSIGNMENT_ERRORS, LEVEL_WARNING},
        {"sign-in refused",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_AUTH, .value = 10,
                .hint =
                    "sign-in was refused (AADSTS7000222: the secret has expired): make a new one"),
         RULE_POLL, LEVEL_WARNING},
        {"errors unreadable",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_PERMISSION, .value = 7200,
                .section = "assignment_errors", .hint = "grant Directory.Read.All"),
         RULE_POLL, LEVEL_WARNING},
        {"emptied",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_EMPTIED, .hint = "check the permission"),
         RULE_POLL, LEVEL_WARNING},
        {"a pool without usable numbers",
         at_pool(A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_UNUSABLE_NUMBERS, .value = 3600,
                        .section = "units", .hint = "look at that product"),
                 "pool-1 (SPE_E5): consumedUnits"),
         RULE_POLL, LEVEL_WARNING},
        {"half of the tenants have such pools",
         A_SERVICE(.level = LEVEL_WARNING, .cause = CAUSE_UNUSABLE_NUMBERS, .value = 160,
                   .read = 140, .section = "units", .hint = "look at that product", .since_at = T0),
         RULE_SERVICE, LEVEL_WARNING},
        {"no consumption anywhere",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_ZERO_CONSUMPTION, .hint = "compare"),
         RULE_POLL, LEVEL_WARNING},
        {"half of it vanished",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_MASS_DISAPPEARANCE, .hint = "check"),
         RULE_POLL, LEVEL_WARNING},
        {"a cause that nobody knows",
         A_POLL(.level = LEVEL_CRITICAL, .cause = CAUSE_NONE, .value = 90000), RULE_POLL,
         LEVEL_CRITICAL},
        {"receiver switched off",
         A_DELIVERY(.subject = "hook", .level = LEVEL_WARNING, .cause = CAUSE_DISABLED),
         RULE_DELIVERY, LEVEL_WARNING},
        {"plans switched off",
         A_RIGHT(.subject = "g", .value = 3, .level = LEVEL_CRITICAL, .principal = "group d8ee6ba1",
                 .cause = CAUSE_PLAN_DISABLED, .plans = "EXCHANGE_S_ENTERPRISE TEAMS1 MDE"),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"not assigned",
         A_RIGHT(.subject = "g", .value = 1, .level = LEVEL_CRITICAL, .principal = "user a@b.c",
                 .cause = CAUSE_NOT_ASSIGNED),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"assigned in vain",
         A_RIGHT(.subject = "g", .value = 1, .level = LEVEL_CRITICAL, .principal = "user a@b.c",
                 .cause = CAUSE_ASSIGNED),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"an assignment that fails",
         A_RIGHT(.subject = "g", .value = 1, .level = LEVEL_CRITICAL, .principal = "user a@b.c",
                 .cause = CAUSE_ASSIGNMENT_ERROR, .code = "MissingDependency"),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"nobody knows why",
         A_RIGHT(.subject = "g", .value = 1, .level = LEVEL_CRITICAL, .principal = "user a@b.c"),
         RULE_USAGE_RIGHT, LEVEL_CRITICAL},
        {"a certificate ends",
         A_CREDENTIAL(.subject = "c/s", .value = 14, .level = LEVEL_WARNING, .certificate = true,
                      .expires_at = T0 + HOURS(14 * 24)),
         RULE_CREDENTIAL, LEVEL_WARNING},
        {"a secret that many use, by the app registration",
         A_CREDENTIAL(.subject = "c/s", .value = 1, .level = LEVEL_CRITICAL, .used_by = 50,
                      .expires_at = T0 + HOURS(24)),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"it ends today",
         A_CREDENTIAL(.subject = "c/s", .level = LEVEL_CRITICAL, .expires_at = T0 + HOURS(9)),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"it has ended and still works",
         A_CREDENTIAL(.subject = "c/s", .value = -3, .level = LEVEL_CRITICAL, .by_day = true,
                      .cause = CAUSE_ENDED, .expires_at = 20776 * USEC_PER_DAY),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"it has ended and is refused",
         A_CREDENTIAL(.subject = "c/s", .value = -1, .level = LEVEL_CRITICAL, .certificate = true,
                      .cause = CAUSE_REFUSED, .expires_at = T0 - HOURS(1), .used_by = 2),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"receivers stop",
         A_CREDENTIAL(.subject = "c/s", .value = 6, .level = LEVEL_CRITICAL, .by_day = true,
                      .expires_at = 20785 * USEC_PER_DAY, .receivers = "exo\nteams"),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"a receiver has stopped",
         A_CREDENTIAL(.subject = "c/s", .value = -3, .level = LEVEL_CRITICAL, .certificate = true,
                      .expires_at = T0 - HOURS(70), .receivers = "exo"),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"tenants and a receiver",
         A_CREDENTIAL(.subject = "c/s", .value = 6, .level = LEVEL_CRITICAL, .by_day = true,
                      .expires_at = 20785 * USEC_PER_DAY, .used_by = 2, .receivers = "teams"),
         RULE_CREDENTIAL, LEVEL_CRITICAL},
        {"usage rights unreadable",
         A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_CONFIG, .value = 30,
                .section = "usage_rights",
                .hint = "HTTP 404: the tenant has no such user: correct its name or id"),
         RULE_POLL, LEVEL_WARNING},
    };
    memcpy(ret, ALL, sizeof ALL);
    return sizeof ALL / sizeof *ALL;
}
#define CASES_MAX 128

/* What it looks like once it is over. */
static void get_well(struct observation *s)
{
    struct alert_context *f = s->context;
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].rule != RULE_POLL && s->finding[i].rule != RULE_SUBSCRIPTION)
            s->finding[i].value = 0;
    if (s->kind == KIND_CAPACITY) {
        f->allotted += 100;
        f->reference = NUMBER_UNKNOWN;
        f->waiting = f->units_to_unblock = f->units_to_buy = 0;
        s->finding[2].value = f->consumed * 10000 / f->allotted;
        s->finding[3].value = f->allotted - f->consumed;
    }
    if (s->kind == KIND_ERRORS)
        f->error_count = 0;
    if (s->kind == KIND_SERVICE)
        f->tenants_failing = 0;
    if (s->kind == KIND_CREDENTIAL) {
        f->expires_at += 365 * USEC_PER_DAY;
        s->finding[0].value = 371;
    }
    if (f->n_subscriptions) {
        free(f->subscription[0].state);
        f->subscription[0].state = strdup("active");
    }
}

static size_t count_alerting_rules(void)
{
    size_t n = 0;
    for (int r = 0; r < RULE_COUNT_; r++)
        n += !rule_row((enum rule)r)->informs;
    return n;
}

static void write_all(FILE *out)
{
    static struct told told[CASES_MAX];
    size_t n = cases(told), rules = count_alerting_rules();
    for (size_t i = 0; i < n; i++) {
        /* all events of a rule; of a turn of phrase only the first */
        int last = i < rules ? EVENT_RESOLVED : EVENT_FIRING;
        for (int type = EVENT_FIRING; type <= last; type++) {
            char head[128];
            if (type == EVENT_RESOLVED)
                get_well(&told[i].observation);
            if (type == EVENT_DEESCALATED && told[i].level == LEVEL_CRITICAL)
                continue; /* from critical it can only go down to warning */
            CLEANUP(notification_free)
            struct notification *notification = a_notification(&told[i], (enum event_type)type);
            (void)snprintf(head, sizeof head, "%s, %s", told[i].why,
                           event_type_name((enum event_type)type));
            put(out, head, notification);
        }
        observation_clear(&told[i].observation);
    }
}

static char *slurp(const char *path)
{
    CLEANUP(fclose) FILE *f = fopen(path, "re");
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 20);
    char buf[4096];
    size_t n;
    while (f && (n = fread(buf, 1, sizeof buf, f)) > 0)
        text_add_bytes(&t, buf, n);
    return text_take(&t);
}

static void texts_match_the_expected_ones(void **state)
{
    (void)state;
    FILE *out = fopen(FRESH, "we");
    assert_non_null(out);
    write_all(out);
    assert_int_equal(fclose(out), 0);
    CLEANUP(free) char *want = slurp(GOLDEN), *got = slurp(FRESH);
    size_t line = 1;
    for (size_t i = 0; got[i] || want[i]; i++) {
        if (got[i] != want[i])
            fail_msg("line %zu differs: diff " GOLDEN " " FRESH, line);
        line += got[i] == '\n';
    }
}

static void a_title_fits_a_phone_and_is_one_line(void **state)
{
    static struct told told[CASES_MAX];
    (void)state;
    size_t n = cases(told);
    for (size_t i = 0; i < n; i++) {
        struct alert_context *f = told[i].observation.context;
        free(f->tenant_name);
        free(f->sku_name);
        f->tenant_name = strdup(
            "A tenant with a name that never ends \xC3\xA4\xC3\xB6\xC3\xBC and goes on and on");
        f->sku_name = strdup("Microsoft 365 E5 with everything, without Teams, for the public "
                             "sector \xE2\x80\x93 unattended");
        for (int type = EVENT_FIRING; type <= EVENT_RESOLVED; type++) {
            CLEANUP(notification_free)
            struct notification *notification = a_notification(&told[i], (enum event_type)type);
            if (strlen(notification->title) > TITLE_MAX || strpbrk(notification->title, "\r\n") ||
                !text_is_utf8(notification->title, strlen(notification->title)))
                fail_msg("%s: %s", told[i].why, notification->title);
            assert_null(strchr(notification->summary, '\n'));
        }
        observation_clear(&told[i].observation);
    }
}

static void names_give_way_before_numbers_do(void **state)
{
    struct told t = {"", A_POOL(.allotted = 1000, .consumed = 1000, .waiting = 26, .oldest_at = T0),
                     RULE_WAITING, LEVEL_CRITICAL};
    (void)state;
    free(t.observation.context->sku_name);
    t.observation.context->sku_name = strdup(
        "A product with a very long name that says everything about it and then something more");
    CLEANUP(notification_free) struct notification *n = a_notification(&t, EVENT_FIRING);
    assert_non_null(strstr(n->title, "... is full, 26 waiting since 02:00 UTC: 26 units needed"));
    assert_memory_equal(n->title, "contoso: A product with", 23);
    observation_clear(&t.observation);
}

static void between_its_limit_and_its_end_an_alert_says_where_it_ends(void **state)
{
    static const struct {
        int64_t allotted, consumed;
        enum rule rule;
        const char *want; /* NULL: nothing */
    } CASES[] = {
        {1000, 890, RULE_USAGE, "usage: 89 % in use, ends below 88 % in use"},
        {1000, 880, RULE_USAGE, "usage: 88 % in use, ends below 88 % in use"},
        {1000, 900, RULE_USAGE, NULL},
        {8, 7, RULE_REMAINING, "remaining: 1 unit left, ends with 1 more free"},
        {8, 8, RULE_REMAINING, NULL},
    };
    static const enum event_type TYPES[] = {EVENT_REMINDER, EVENT_UPDATED, EVENT_DEESCALATED};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct told t = {"", A_POOL(.allotted = CASES[i].allotted, .consumed = CASES[i].consumed),
                         CASES[i].rule, LEVEL_WARNING};
        for (size_t k = 0; k < N_ELEMENTS(TYPES); k++) {
            CLEANUP(notification_free) struct notification *n = a_notification(&t, TYPES[k]);
            bool notified = strstr(n->summary, CASES[i].want ? CASES[i].want : "ends ");
            if (notified != (CASES[i].want != NULL) ||
                !strstr(n->description, CASES[i].want ? CASES[i].want : "limit"))
                fail_msg("%s", n->summary);
        }
        CLEANUP(notification_free) struct notification *end = a_notification(&t, EVENT_RESOLVED);
        assert_null(strstr(end->summary, "ends "));
        observation_clear(&t.observation);
    }
}

static void foreign_names_cannot_forge_a_line(void **state)
{
    struct told t = {
        "",
        A_POOL(.allotted = 10, .consumed = 10, .name = "x\n\x1B[2Jroot: all is well\xE2\x80\xAE"),
        RULE_REMAINING, LEVEL_WARNING};
    (void)state;
    CLEANUP(notification_free) struct notification *n = a_notification(&t, EVENT_FIRING);
    const char *all[] = {n->title, n->summary, n->description, n->next_step};
    for (size_t i = 0; i < 4; i++) {
        assert_null(strchr(all[i], 0x1B));
        assert_null(strstr(all[i], "\xE2\x80\xAE"));
        assert_null(strstr(all[i], "\nroot"));
    }
    assert_non_null(strstr(n->title, "\\u{a}"));
    observation_clear(&t.observation);
}

static void resolved_by_configuration_does_not_claim_recovery(void **state)
{
    struct told t = {"", A_POOL(.allotted = 10, .consumed = 10), RULE_REMAINING, LEVEL_WARNING};
    (void)state;
    CLEANUP(notification_free) struct notification *n = a_notification(&t, EVENT_RESOLVED);
    n->reason = "rule_removed";
    assert_int_equal(notification_write_texts(n), 0);
    assert_string_equal(n->title,
                        "contoso: no longer monitored: Microsoft 365 E5: 10 of 10 units in use");
    assert_non_null(strstr(n->description, "not because the problem was fixed"));
    observation_clear(&t.observation);
}

/* Every rule and turn of phrase with its numbers as they were when it fired, ended for any reason. */
static void resolved_text_describes_no_harm(void **state)
{
    static const char *const REASONS[] = {NULL, "rule_removed", "new_normal"};
    static const char *const NEXT[] = {
        "No action is needed.", "No action is needed now: the numbers are within the limits.",
        "No action is needed now: the remaining errors are below the limit."};
    static const char *const HARM[] = {
        " over:", " over,", "needed", "is full:", "is suspended",
        "is locked out", "is deleted", "grace", " lacks ", "cannot be read", "have not been read",
        "disabled", "does not accept", "expired on", "expires ", "ends ", "refused", "fell from",
        "reprocess", "no longer listed", "unknown", "although", "failed", "% full"};
    static struct told told[CASES_MAX];
    size_t n_cases = cases(told);
    (void)state;
    for (size_t i = 0; i < n_cases; i++) {
        for (size_t k = 0; k < N_ELEMENTS(REASONS); k++) {
            CLEANUP(notification_free)
            struct notification *n = a_notification(&told[i], EVENT_RESOLVED);
            n->reason = REASONS[k];
            assert_int_equal(notification_write_texts(n), 0);
            bool good = false;
            for (size_t w = 0; w < N_ELEMENTS(NEXT); w++)
                good |= strcmp(n->next_step, NEXT[w]) == 0;
            if (!good)
                fail_msg("%s, %s: %s", told[i].why, REASONS[k] ? REASONS[k] : "-", n->next_step);
            for (size_t w = 0; w < N_ELEMENTS(HARM); w++)
                if (strstr(n->title, HARM[w]))
                    fail_msg("%s, %s: \"%s\" in: %s", told[i].why, REASONS[k] ? REASONS[k] : "-",
                             HARM[w], n->title);
        }
        observation_clear(&told[i].observation);
    }
}

static void a_pool_that_its_siblings_keep_quiet_ends_with_their_room(void **state)
{
    static const struct {
        int64_t consumed, free;
        const char *want;
    } CASES[] = {
        {100, 40, "is full, but 40 units of its SKU are free in other pools"},
        {100, 1, "is full, but 1 unit of its SKU is free in other pools"},
        {95, 40, "has 5 of 100 units free, and 40 in other pools of its SKU"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct told t = {"", A_POOL(.allotted = 100, .consumed = CASES[i].consumed),
                         RULE_REMAINING, LEVEL_WARNING};
        t.observation.context->siblings_free = CASES[i].free;
        CLEANUP(notification_free) struct notification *n = a_notification(&t, EVENT_RESOLVED);
        if (!strstr(n->title, CASES[i].want))
            fail_msg("%s", n->title);
        assert_string_equal(n->next_step, "No action is needed.");
        observation_clear(&t.observation);
    }
}

static void a_test_message_says_that_it_is_one(void **state)
{
    CLEANUP(notification_free) struct notification *n = calloc(1, sizeof *n);
    (void)state;
    n->type = EVENT_TEST;
    assert_int_equal(notification_write_texts(n), 0);
    assert_string_equal(n->title, "seatwatchd: test message");
}

static void measures_read_well(void **state)
{
    static const struct {
        int64_t value;
        enum unit unit;
        const char *want;
    } CASES[] = {
        {10000, UNIT_PERCENT, "100 %"},     {9640, UNIT_PERCENT, "96.4 %"},
        {9604, UNIT_PERCENT, "96.04 %"},    {9999, UNIT_PERCENT, "99.99 %"},
        {1, UNIT_UNITS, "1 unit"},          {-2, UNIT_UNITS, "-2 units"},
        {7800, UNIT_SECONDS, "2 h 10 min"}, {-5, UNIT_SECONDS, "0 s"},
        {1, UNIT_ENTRIES, "1 entry"},       {0, UNIT_DAYS, "0 days"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CLEANUP(text_free) struct text t = TEXT_INIT(100);
        message_measure(&t, CASES[i].value, CASES[i].unit);
        assert_string_equal(t.data, CASES[i].want);
    }
}

static void without_memory_there_are_no_half_texts(void **state)
{
    struct told t = {"", A_POOL(.allotted = 10, .consumed = 10, .waiting = 2), RULE_WAITING,
                     LEVEL_WARNING};
    CLEANUP(notification_free) struct notification *n = a_notification(&t, EVENT_FIRING);
    CLEANUP(free) char *before = strdup(n->title);
    int r = -1;
    (void)state;
    for (size_t i = 1; r < 0 && i < 1000; i++) {
        (void)alloc_fail_at(i, false);
        r = notification_write_texts(n);
        (void)alloc_fail_at(0, false);
        assert_string_equal(n->title, before);
    }
    assert_int_equal(r, 0);
    observation_clear(&t.observation);
}

/* The summary and the description of an observation, as firing and as updated. */
static bool says(const struct told *t, const char *words)
{
    bool found = false;
    for (int type = EVENT_FIRING; type <= EVENT_UPDATED; type++) {
        CLEANUP(notification_free)
        struct notification *n = a_notification(t, (enum event_type)type);
        found |= strstr(n->summary, words) || strstr(n->description, words);
    }
    return found;
}

static void a_limit_is_named_only_where_it_is_met(void **state)
{
    struct told cases[] = {
        {"suspended, its data goes later",
         A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .value = 80, .state = "suspended"),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"suspended, its date has passed",
         A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .value = -3, .state = "suspended"),
         RULE_SUBSCRIPTION, LEVEL_CRITICAL},
        {"in grace for long",
         A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_WARNING, .value = 80, .state = "warning"),
         RULE_SUBSCRIPTION, LEVEL_WARNING},
        {"nothing is parked",
         A_DELIVERY(.subject = "hook", .level = LEVEL_WARNING, .value = 0, .cause = CAUSE_DISABLED),
         RULE_DELIVERY, LEVEL_WARNING},
        {"in the band of usage", A_POOL(.allotted = 100, .consumed = 89), RULE_USAGE, LEVEL_WARNING},
        {"in the band of remaining", A_POOL(.allotted = 100, .consumed = 80), RULE_REMAINING,
         LEVEL_WARNING},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        if (says(&cases[i], "limit") || says(&cases[i], "-3 days") || says(&cases[i], "0 entries"))
            fail_msg("%s", cases[i].why);
        observation_clear(&cases[i].observation);
    }
}

static void waiting_members_of_a_gone_pool_are_unknown(void **state)
{
    struct told t = {"gone", A_POOL(.allotted = 50, .consumed = 48, .gone = true),
                     RULE_ALLOTMENT_GONE, LEVEL_CRITICAL};
    (void)state;
    assert_false(says(&t, "No members are waiting"));
    assert_true(says(&t, "The number of members waiting for a licence is unknown.\n"));
    t.observation.context->waiting = 3;
    assert_true(says(&t, "unknown; it was 3 when the pool was last listed"));
    observation_clear(&t.observation);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(texts_match_the_expected_ones),
        cmocka_unit_test(a_limit_is_named_only_where_it_is_met),
        cmocka_unit_test(waiting_members_of_a_gone_pool_are_unknown),
        cmocka_unit_test(a_title_fits_a_phone_and_is_one_line),
        cmocka_unit_test(names_give_way_before_numbers_do),
        cmocka_unit_test(between_its_limit_and_its_end_an_alert_says_where_it_ends),
        cmocka_unit_test(foreign_names_cannot_forge_a_line),
        cmocka_unit_test(resolved_by_configuration_does_not_claim_recovery),
        cmocka_unit_test(resolved_text_describes_no_harm),
        cmocka_unit_test(a_pool_that_its_siblings_keep_quiet_ends_with_their_room),
        cmocka_unit_test(a_test_message_says_that_it_is_one),
        cmocka_unit_test(measures_read_well),
        cmocka_unit_test(without_memory_there_are_no_half_texts),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
