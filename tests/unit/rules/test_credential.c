/* SPDX-License-Identifier: MIT */
/* Expiry of client secrets and certificates, and which alert reports a refusal. */
#include "base/text.h"
#include "unit/rules/fixture.h"

#define NOON (12 * USEC_PER_HOUR)
#define IN_DAYS(n) ((usec_t)(DAY_0 + (n)) * USEC_PER_DAY)

struct engine_fixture {
    struct rules_fixture w;
    struct tenant_identity tenant[3];
    const struct tenant_identity *by[3];
    struct credential c;
    bool tried_before_its_end;
};

static void engine_init(struct engine_fixture *d)
{
    static struct label gold[] = {{"group", "gold"}, {"customer", "Contoso"}},
                        gold_too[] = {{"customer", "Fabrikam"}, {"group", "gold"}};
    *d = (struct engine_fixture){0};
    fixture_init(&d->w);
    d->tenant[0] = (struct tenant_identity){
        .name = "contoso", .tenant_id = "t-1", .label = gold, .n_labels = 2};
    d->tenant[1] = (struct tenant_identity){
        .name = "fabrikam", .tenant_id = "t-2", .label = gold_too, .n_labels = 2};
    d->tenant[2] = (struct tenant_identity){.name = "litware", .tenant_id = "t-3"};
    for (size_t i = 0; i < 3; i++)
        d->by[i] = &d->tenant[i];
    d->c = (struct credential){.client_id = "99999999-aaaa",
                               .name = "app.secret",
                               .file = "/etc/app.secret",
                               .tenant = d->by,
                               .n_tenants = 1,
                               .works = true};
}

static struct observation judge(struct engine_fixture *d)
{
    struct observation s;
    d->c.true_at = d->w.now.at;
    if (!d->tried_before_its_end)
        d->c.accepted_at = d->w.now.at;
    assert_int_equal(judge_credential(&d->w.options, &d->c, &d->w.now, &s, NULL), 0);
    assert_int_equal(s.kind, KIND_CREDENTIAL);
    assert_int_equal(s.n_findings, 1);
    return s;
}

static void assert_judged(struct engine_fixture *d, const char *why, const char *want,
                          int64_t value, const char *cause)
{
    struct observation s = judge(d);
    if (strcmp(verdict(&s.finding[0]), want) != 0 || s.finding[0].value != value ||
        !text_equal(cause_word(s.context->cause), cause))
        fail_msg("%s: %s %lld %s, want %s %lld %s", why, verdict(&s.finding[0]),
                 (long long)s.finding[0].value,
                 s.context->cause ? cause_word(s.context->cause) : "-", want, (long long)value,
                 cause ? cause : "-");
    observation_clear(&s);
}

static void days_count_down_to_the_end_and_are_told_for_what_they_are(void **state)
{
    static const struct {
        const char *why;
        usec_t ends_at;
        bool by_day;
        const char *want;
        int64_t value;
        const char *cause;
    } CASES[] = {
        {"nobody knows when", 0, false, "unknown", NUMBER_UNKNOWN, NULL},
        {"a year to go", IN_DAYS(365), true, "none", 365, NULL},
        {"the day before the limit", IN_DAYS(31), true, "none", 31, NULL},
        {"the limit counts", IN_DAYS(30), true, "warning", 30, NULL},
        {"between the limits", IN_DAYS(8), true, "warning", 8, NULL},
        {"the second limit counts", IN_DAYS(7), true, "critical", 7, NULL},
        {"tomorrow", IN_DAYS(1), true, "critical", 1, NULL},
        {"the last good day", IN_DAYS(0), true, "critical", 0, NULL},
        {"the day after", IN_DAYS(-1), true, "critical", -1, "ended"},
        {"years ago", IN_DAYS(-800), true, "critical", -800, "ended"},
        {"a moment 30 days from today", IN_DAYS(30) + 1, false, "warning", 30, NULL},
        {"a moment late on the 31st day", IN_DAYS(32) - 1, false, "none", 31, NULL},
        {"a moment today", IN_DAYS(0) + NOON + 1, false, "critical", 0, NULL},
        {"this very moment", IN_DAYS(0) + NOON, false, "critical", -1, "ended"},
        {"earlier today", IN_DAYS(0) + 1, false, "critical", -1, "ended"},
        {"a moment last week", IN_DAYS(-7), false, "critical", -7, "ended"},
    };
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        d.c.ends_at = CASES[i].ends_at;
        d.c.ends_by_day = CASES[i].by_day;
        assert_judged(&d, CASES[i].why, CASES[i].want, CASES[i].value, CASES[i].cause);
    }
}

static void a_day_begins_when_somebody_is_there(void **state)
{
    static const struct {
        const char *why;
        usec_t hour;
        int32_t utc_offset;
        int64_t value;
    } CASES[] = {
        {"before dates_at it is still yesterday", 9 * USEC_PER_HOUR - 1, 0, 8},
        {"dates_at itself counts", 9 * USEC_PER_HOUR, 0, 7},
        {"by the clock of the tenant", 9 * USEC_PER_HOUR, -3600, 8},
        {"which may be ahead", 8 * USEC_PER_HOUR, 3600, 7},
    };
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.c.ends_at = IN_DAYS(7);
    d.c.ends_by_day = true;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        d.w.now.at = IN_DAYS(0) + CASES[i].hour;
        d.c.zone.offset = CASES[i].utc_offset;
        assert_judged(&d, CASES[i].why, CASES[i].value > 7 ? "warning" : "critical", CASES[i].value,
                      NULL);
        struct observation s = judge(&d);
        if (s.finding[0].waits != (CASES[i].value > 7))
            fail_msg("%s: it is told at the wrong hour", CASES[i].why);
        observation_clear(&s);
    }
}

static void an_expired_credential_does_not_wait_for_the_hour(void **state)
{
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.w.now.at = IN_DAYS(0) + 3 * USEC_PER_HOUR;
    d.c.ends_at = IN_DAYS(0) + USEC_PER_HOUR;
    struct observation s = judge(&d);
    assert_verdict(&s.finding[0], "critical");
    assert_false(s.finding[0].waits);
    observation_clear(&s);
}

/* Two alarms for one cause would be one too many; none would be worse. */
static void a_refusal_is_told_by_one_alert_only(void **state)
{
    enum { FAR = 20, OVER = -2 };
    static const struct {
        const char *why;
        int ends;
        bool works, refused, open, blamed;
        const char *want, *cause;
    } CASES[] = {
        {"it works", FAR, true, false, false, false, "warning", NULL},
        {"not tried yet", FAR, false, false, false, false, "unknown", NULL},
        {"refused for another reason", FAR, false, true, false, false, "unknown", NULL},
        {"also while its own alert is open", FAR, false, true, true, false, "unknown", NULL},
        {"refused by one customer only", FAR, true, true, false, true, "warning", NULL},
        {"ended and refused, as this alert had said it would", OVER, false, true, true, false,
         "critical", "refused"},
        {"even if a token that is left serves one tenant", OVER, true, true, true, false,
         "critical", "refused"},
        {"ended and refused, and the other alert spoke first", OVER, false, true, false, true,
         "unknown", NULL},
        {"ended and refused, before anybody has spoken", OVER, false, true, false, false, "unknown",
         NULL},
        {"both are open already", OVER, false, true, true, true, "unknown", NULL},
        {"ended, and still works", OVER, true, false, true, false, "critical", "ended"},
        {"ended, and not tried yet", OVER, false, false, true, false, "unknown", NULL},
    };
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        bool unknown = strcmp(CASES[i].want, "unknown") == 0;
        d.c.ends_at = IN_DAYS(CASES[i].ends);
        d.c.works = CASES[i].works;
        d.c.refused = CASES[i].refused;
        d.c.open = CASES[i].open;
        d.c.blamed = CASES[i].blamed;
        assert_judged(&d, CASES[i].why, CASES[i].want, unknown ? NUMBER_UNKNOWN : CASES[i].ends,
                      CASES[i].cause);
    }
}

/* The token that is left says nothing about the secret that it was given for. */
static void still_accepted_requires_a_later_sign_in(void **state)
{
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.tried_before_its_end = true;
    d.c.ends_at = IN_DAYS(0) + NOON - USEC_PER_MINUTE;
    d.c.accepted_at = d.c.ends_at - 1;
    assert_judged(&d, "not tried since", "unknown", NUMBER_UNKNOWN, NULL);
    d.c.accepted_at = d.c.ends_at;
    assert_judged(&d, "tried since", "critical", -1, "ended");
    d.c.ends_at = IN_DAYS(-1);
    d.c.ends_by_day = true;
    d.c.accepted_at = IN_DAYS(0) - 1; /* late on its last day */
    assert_judged(&d, "a day is good until it is over", "unknown", NUMBER_UNKNOWN, NULL);
    d.c.accepted_at = IN_DAYS(0);
    assert_judged(&d, "tried on the next one", "critical", -1, "ended");
}

static void an_end_that_has_come_explains_a_refusal(void **state)
{
    static const struct {
        const char *why;
        usec_t ends_at;
        bool by_day, want;
    } CASES[] = {
        {"not known", 0, false, false},
        {"long ago", IN_DAYS(-90), false, true},
        {"now", IN_DAYS(0) + NOON, false, true},
        {"in four minutes, by a clock that may be slow", IN_DAYS(0) + NOON + 4 * USEC_PER_MINUTE,
         false, true},
        {"in an hour", IN_DAYS(0) + NOON + USEC_PER_HOUR, false, false},
        {"some time today", IN_DAYS(0), true, true},
        {"tomorrow, which somebody may have written down in the east", IN_DAYS(1), true, true},
        {"the day after tomorrow", IN_DAYS(2), true, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct credential c = {.ends_at = CASES[i].ends_at,
                                     .ends_by_day = CASES[i].by_day,
                                     .true_at = IN_DAYS(0) + NOON};
        if (credential_is_over(&c) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

static void a_limit_without_a_level_below_it_still_tells_a_refusal(void **state)
{
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.w.options.threshold[RULE_CREDENTIAL].limit[LEVEL_CRITICAL].on = false;
    d.c.ends_at = IN_DAYS(-2);
    assert_judged(&d, "ended", "warning", -2, "ended");
    d.c.refused = d.c.open = true;
    assert_judged(&d, "refused", "warning", -2, "refused");
}

static void it_can_be_switched_off(void **state)
{
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.c.ends_at = IN_DAYS(3);
    d.w.options.threshold[RULE_CREDENTIAL].off = true;
    assert_judged(&d, "off", "n/a", NUMBER_UNKNOWN, NULL);
    d.c.refused = d.c.open = true;
    d.c.ends_at = IN_DAYS(-3);
    assert_judged(&d, "off, and refused", "n/a", NUMBER_UNKNOWN, NULL);
}

static void one_observation_covers_all_tenants_of_a_credential(void **state)
{
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.c.ends_at = IN_DAYS(3);
    struct observation s = judge(&d);
    assert_string_equal(s.subject, "99999999-aaaa/app.secret");
    assert_string_equal(s.context->tenant_name, "contoso");
    assert_string_equal(s.context->tenant_id, "t-1");
    assert_int_equal(s.context->n_labels, 2);
    assert_string_equal(s.context->used_by, "contoso");
    assert_string_equal(s.context->credential, "client_secret");
    observation_clear(&s);

    d.c.n_tenants = 2;
    d.c.certificate = true;
    s = judge(&d);
    assert_string_equal(s.subject, "99999999-aaaa/app.secret"); /* the same alert */
    assert_null(s.context->tenant_name);
    assert_null(s.context->tenant_id);
    assert_int_equal(s.context->n_labels, 1); /* the label that both have */
    assert_string_equal(s.context->label[0].value, "gold");
    assert_string_equal(s.context->used_by, "contoso\nfabrikam");
    assert_int_equal(s.context->n_used_by, 2);
    assert_string_equal(s.context->credential, "certificate");
    assert_true(s.context->expires_at == IN_DAYS(3) && !s.context->expires_by_day);
    observation_clear(&s);

    d.c.n_tenants = 3; /* one without labels */
    s = judge(&d);
    assert_int_equal(s.context->n_labels, 0);
    observation_clear(&s);
}

static void fifty_tenants_are_counted_and_twenty_are_named(void **state)
{
    const struct tenant_identity *by[50];
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    for (size_t i = 0; i < N_ELEMENTS(by); i++)
        by[i] = &d.tenant[i % 3];
    d.c.tenant = by;
    d.c.n_tenants = N_ELEMENTS(by);
    struct observation s = judge(&d);
    size_t lines = 1;
    for (const char *p = s.context->used_by; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, CONTEXT_TENANTS_MAX);
    assert_int_equal(s.context->n_used_by, 50);
    observation_clear(&s);
}

/* An override for one tenant must not take the warning from the others. */
static void strictest_threshold_of_the_tenants_applies(void **state)
{
    struct override over[2] = {{.match = {.tenant = (char *)"contoso"}},
                               {.match = {.tenant = (char *)"fabrikam"}}};
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.w.options.override = over;
    d.w.options.n_overrides = 2;
    d.c.n_tenants = 2;
    d.c.ends_at = IN_DAYS(40);
    over[0].threshold[RULE_CREDENTIAL] = (struct threshold){.off = true, .set = SET_OFF};
    assert_judged(&d, "off for one, the usual for the other", "none", 40, NULL);
    over[1].threshold[RULE_CREDENTIAL] =
        (struct threshold){.limit = {[LEVEL_WARNING] = at(60)}, .set = SET_WARNING};
    assert_judged(&d, "off for one, early for the other", "warning", 40, NULL);
    over[0].threshold[RULE_CREDENTIAL] =
        (struct threshold){.limit = {[LEVEL_CRITICAL] = at(45)}, .set = SET_CRITICAL};
    assert_judged(&d, "each of them has its wish", "critical", 40, NULL);
    over[0].threshold[RULE_CREDENTIAL] = over[1].threshold[RULE_CREDENTIAL] =
        (struct threshold){.off = true, .set = SET_OFF};
    assert_judged(&d, "off for both", "n/a", NUMBER_UNKNOWN, NULL);
}

static void of_what_only_receivers_use_the_date_decides_alone(void **state)
{
    static const char *const NAMES[] = {"exo", "teams"};
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.c.n_tenants = 0;
    d.c.receiver = NAMES;
    d.c.n_receivers = 2;
    d.c.ends_at = IN_DAYS(20);
    assert_judged(&d, "by the limits of all tenants", "warning", 20, NULL);
    d.tried_before_its_end = true; /* nobody signs in between two messages */
    d.c.ends_at = IN_DAYS(-2);
    assert_judged(&d, "expired", "critical", -2, NULL);
    struct observation s = judge(&d);
    assert_string_equal(s.subject, "99999999-aaaa/app.secret");
    assert_string_equal(s.context->receivers, "exo\nteams");
    assert_null(s.context->used_by);
    assert_int_equal(s.context->n_used_by, 0);
    assert_null(s.context->tenant_id);
    observation_clear(&s);
    d.c.works = false;
    assert_judged(&d, "the time is unknown", "unknown", NUMBER_UNKNOWN, NULL);
}

static void a_receiver_beside_tenants_follows_their_sign_in(void **state)
{
    static const char *const NAMES[] = {"teams"};
    struct engine_fixture d;
    (void)state;
    engine_init(&d);
    d.c.receiver = NAMES;
    d.c.n_receivers = 1;
    d.c.ends_at = IN_DAYS(20);
    assert_judged(&d, "accepted", "warning", 20, NULL);
    d.c.works = false;
    assert_judged(&d, "not tried yet", "unknown", NUMBER_UNKNOWN, NULL);
    struct observation s = judge(&d);
    assert_string_equal(s.context->tenant_name, "contoso");
    assert_string_equal(s.context->receivers, "teams");
    observation_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_count_down_to_the_end_and_are_told_for_what_they_are),
        cmocka_unit_test(a_day_begins_when_somebody_is_there),
        cmocka_unit_test(an_expired_credential_does_not_wait_for_the_hour),
        cmocka_unit_test(a_refusal_is_told_by_one_alert_only),
        cmocka_unit_test(still_accepted_requires_a_later_sign_in),
        cmocka_unit_test(an_end_that_has_come_explains_a_refusal),
        cmocka_unit_test(a_limit_without_a_level_below_it_still_tells_a_refusal),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(one_observation_covers_all_tenants_of_a_credential),
        cmocka_unit_test(of_what_only_receivers_use_the_date_decides_alone),
        cmocka_unit_test(a_receiver_beside_tenants_follows_their_sign_in),
        cmocka_unit_test(fifty_tenants_are_counted_and_twenty_are_named),
        cmocka_unit_test(strictest_threshold_of_the_tenants_applies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
