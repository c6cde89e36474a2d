/* SPDX-License-Identifier: MIT */
/* The health of the polls of a tenant: age, level and cause. */
#include "base/text.h"
#include "unit/rules/fixture.h"

struct read_ { /* one poll as health sees it */
    enum section allotments, waiting, errors;
    bool emptied, mass_absence, schema_changed;
    const struct failure *failure;
    bool zero_consumption;
};
static const struct read_ WHOLE = {
    SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, false, false, false, NULL, false};

/* `unusable`: a pool whose numbers cannot be used; "": none. */
static void read_odd(struct rules_fixture *w, struct tenant_health *h, struct read_ r,
                     const char *unusable)
{
    struct allotment a = {.id = "a", .waiting = {.section = r.waiting}};
    bool has_rows = r.allotments == SECTION_COMPLETE && !r.emptied;
    const struct snapshot s = {.source = w->source,
                               .taken = w->now,
                               .allotments = r.allotments,
                               .errors = r.errors,
                               .allotment = &a,
                               .n_allotments = has_rows,
                               .schema_changed = r.schema_changed};
    struct tenant_memory m = {.emptied = r.emptied, .mass_absence = r.mass_absence,
                              .zero_since = {.boot = r.zero_consumption}};
    (void)snprintf(m.unusable, sizeof m.unusable, "%s", unusable);
    health_update(h, &s, &m, r.failure);
}

static void read_once(struct rules_fixture *w, struct tenant_health *h, struct read_ r)
{
    read_odd(w, h, r, "");
}

static void judge(struct rules_fixture *w, const struct tenant_health *h, struct observation *ret)
{
    struct failure f;
    assert_int_equal(judge_poll(&w->ctx, h, &w->now, ret, &f), 0);
    assert_int_equal(ret->kind, KIND_POLL);
    assert_string_equal(ret->subject, "");
    assert_int_equal(ret->n_findings, 1);
}

static struct failure failure(enum failure_kind kind, const char *text)
{
    struct failure f = {.kind = kind};
    (void)text_clean(f.text, sizeof f.text, text, strlen(text));
    return f;
}

static void unread_section_raises_at_its_limit(void **state)
{
    static const struct {
        const char *why;
        struct read_ read;
        const char *section;
    } CASES[] = {
        {"the list, and all that rests on it",
         {SECTION_UNKNOWN, SECTION_UNKNOWN, SECTION_UNKNOWN, 0, 0, 0, NULL, false},
         NULL},
        {"the waiting members",
         {SECTION_COMPLETE, SECTION_UNKNOWN, SECTION_COMPLETE, 0, 0, 0, NULL, false},
         "waiting_members"},
        {"the errors",
         {SECTION_COMPLETE, SECTION_COMPLETE, SECTION_UNKNOWN, 0, 0, 0, NULL, false},
         "assignment_errors"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct rules_fixture w;
        struct tenant_health h = {0};
        fixture_init(&w);
        read_once(&w, &h, WHOLE);
        for (int minute = 5; minute <= 400; minute += 5) {
            CLEANUP(observation_clear) struct observation s;
            pass(&w, 5 * USEC_PER_MINUTE);
            read_once(&w, &h, CASES[i].read);
            judge(&w, &h, &s);
            const char *want = minute < 60 ? "none" : minute < 360 ? "warning" : "critical";
            if (strcmp(verdict(&s.finding[0]), want) != 0)
                fail_msg("%s, %d minutes: %s", CASES[i].why, minute, verdict(&s.finding[0]));
            assert_int_equal(s.finding[0].value, minute * 60);
            assert_int_equal(s.finding[0].hold_for, 0);
            if (minute < 60)
                continue;
            assert_true(text_equal(s.context->section, CASES[i].section));
            assert_int_equal(s.context->cause, CAUSE_STALE);
        }
        CLEANUP(observation_clear) struct observation s;
        read_once(&w, &h, WHOLE);
        judge(&w, &h, &s);
        assert_verdict(&s.finding[0], "none");
        assert_int_equal(s.finding[0].value, 0);
    }
}

static void a_source_without_a_section_does_not_miss_it(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    for (int i = 0; i < 100; i++) {
        pass(&w, 5 * USEC_PER_MINUTE);
        read_once(&w, &h,
                  (struct read_){SECTION_COMPLETE, SECTION_NOT_OFFERED, SECTION_NOT_OFFERED, 0, 0,
                                 0, NULL, false});
    }
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "none");
    assert_int_equal(s.finding[0].value, 0);
}

static void unusable_numbers_raise_after_a_while(void **state)
{
    static const char POOL[] = "pool-1 (SPE_E5): consumedUnits";
    struct rules_fixture w;
    struct tenant_health h = {0};
    (void)state;
    fixture_init(&w);
    pass(&w, 10 * USEC_PER_DAY);
    read_once(&w, &h, WHOLE);
    for (int minute = 5; minute <= 400; minute += 5) {
        CLEANUP(observation_clear) struct observation s;
        pass(&w, 5 * USEC_PER_MINUTE);
        read_odd(&w, &h, WHOLE, POOL);
        judge(&w, &h, &s);
        const char *want = minute < 60 ? "none" : minute < 360 ? "warning" : "critical";
        if (strcmp(verdict(&s.finding[0]), want) != 0)
            fail_msg("%d minutes: %s", minute, verdict(&s.finding[0]));
        if (minute < 60)
            continue;
        assert_int_equal(s.context->cause, CAUSE_UNUSABLE_NUMBERS);
        assert_string_equal(s.context->section, "units");
        assert_string_equal(s.context->host, POOL);
        assert_non_null(strstr(s.context->hint, POOL));
    }
    CLEANUP(observation_clear) struct observation unknown;
    read_once(&w, &h, (struct read_){0}); /* nobody knows what the numbers are like now */
    judge(&w, &h, &unknown);
    assert_verdict(&unknown.finding[0], "critical");
    assert_int_equal(unknown.context->cause, CAUSE_UNUSABLE_NUMBERS);
    CLEANUP(observation_clear) struct observation mended;
    read_once(&w, &h, WHOLE);
    judge(&w, &h, &mended);
    assert_verdict(&mended.finding[0], "none");
    assert_int_equal(mended.finding[0].keep, LEVEL_NONE);
}

static void a_pool_without_usable_numbers_hides_no_worse_trouble(void **state)
{
    const struct failure refused = failure(FAILURE_PERMISSION, "403");
    const struct failure slow = failure(FAILURE_TRANSIENT, "time-out");
    static const struct {
        const char *why;
        enum section allotments, waiting, errors;
        int failure; /* 0: none, 1: refused, 2: passes by itself */
        enum cause want;
    } CASES[] = {
        {"it alone", SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, 0, CAUSE_UNUSABLE_NUMBERS},
        {"errors are refused", SECTION_COMPLETE, SECTION_COMPLETE, SECTION_UNKNOWN, 1, CAUSE_PERMISSION},
        {"waiting rooms", SECTION_COMPLETE, SECTION_UNKNOWN, SECTION_COMPLETE, 2, CAUSE_NETWORK},
        {"everything", SECTION_UNKNOWN, SECTION_UNKNOWN, SECTION_UNKNOWN, 2, CAUSE_NETWORK},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct rules_fixture w;
        struct tenant_health h = {0};
        CLEANUP(observation_clear) struct observation s;
        fixture_init(&w);
        read_once(&w, &h, WHOLE);
        for (int minute = 5; minute <= 120; minute += 5) {
            pass(&w, 5 * USEC_PER_MINUTE);
            read_odd(&w, &h,
                     (struct read_){CASES[i].allotments, CASES[i].waiting, CASES[i].errors, 0, 0, 0,
                                    CASES[i].failure == 1   ? &refused
                                    : CASES[i].failure == 2 ? &slow
                                                            : NULL,
                                    false},
                     "pool-1 (SPE_E5): consumedUnits");
        }
        judge(&w, &h, &s);
        if (s.context->cause != CASES[i].want)
            fail_msg("%s: %s", CASES[i].why, cause_word(s.context->cause));
    }
}

static void judging_names_the_pool_and_the_member(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "a", .sku = E3, .part = "SPE_E3", .allotted = 10},
         {.id = "b", .sku = E5, .part = "SPE_E5", .allotted = UNKNOWN});
    assert_string_equal(w.memory->unusable, "b (SPE_E5): consumedUnits");
    POLL(&w, {.id = "a", .sku = E3, .allotted = UNKNOWN}, {.id = "b", .sku = E5, .allotted = UNKNOWN},
         {.id = "c", .sku = E5, .allotted = UNKNOWN});
    assert_string_equal(w.memory->unusable, "a (" E3 "): consumedUnits; and 2 more pools");
    POLL(&w, {.id = "sku:b", .sku = E5, .part = "SPE_E5", .allotted = UNKNOWN});
    assert_string_equal(w.memory->unusable, "SPE_E5: consumedUnits");
    POLL(&w, {.id = "a", .sku = E3, .allotted = 10});
    assert_string_equal(w.memory->unusable, "");
}

static void causes_that_need_a_person_raise_at_once(void **state)
{
    const struct failure auth = failure(FAILURE_AUTH, "AADSTS7000222: the secret has expired"),
                         permission = failure(FAILURE_PERMISSION,
                                            "allotments: HTTP 403: grant the application permission "
                                            "Directory.Read.All with admin consent"),
                         config = failure(FAILURE_CONFIG, "contoso.secret is missing");
    const struct {
        struct read_ read;
        const char *cause, *hint, *hint2;
    } CASES[] = {
        {{.failure = &auth}, "auth", "sign-in was refused", "AADSTS7000222"},
        {{.failure = &permission}, "permission", "Directory.Read.All with admin consent): run seatwatchd --check-access", "403"},
        {{.failure = &config}, "config", "contoso.secret is missing", "--check-config"},
        {{SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, false, false, true, NULL, false},
         "schema_changed",
         "beta",
         "newer"},
        {{SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, true, false, false, NULL, false},
         "emptied",
         "Directory.Read.All",
         "remove it from the configuration"},
        {{SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, .zero_consumption = true},
         "zero_consumption",
         "no consumed units in any pool",
         "24 hours"},
        {{SECTION_COMPLETE, SECTION_COMPLETE, SECTION_COMPLETE, false, true, false, NULL, false},
         "mass_disappearance",
         "half",
         "permissions"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct rules_fixture w;
        struct tenant_health h = {0};
        CLEANUP(observation_clear) struct observation s;
        CLEANUP(observation_clear) struct observation later;
        fixture_init(&w);
        read_once(&w, &h, WHOLE);
        pass(&w, 5 * USEC_PER_MINUTE);
        read_once(&w, &h, CASES[i].read);
        judge(&w, &h, &s);
        assert_verdict(&s.finding[0], "warning");
        assert_int_equal(s.finding[0].min_samples, 1);
        assert_string_equal(cause_word(s.context->cause), CASES[i].cause);
        if (!strstr(s.context->hint, CASES[i].hint) || !strstr(s.context->hint, CASES[i].hint2))
            fail_msg("%s: %s", CASES[i].cause, s.context->hint);
        const char *grant = strstr(s.context->hint, "grant");
        assert_true(!grant || !strstr(grant + 1, "grant")); /* nothing is advised twice */
        read_once(&w, &h, WHOLE);
        judge(&w, &h, &later);
        assert_verdict(&later.finding[0], "none");
        assert_int_equal(later.context->cause, CAUSE_NONE);
    }
}

static void the_worst_section_that_is_unreadable_is_named(void **state)
{
    const struct failure refused = failure(FAILURE_PERMISSION, "assignmentErrors: HTTP 403"),
                         down = failure(FAILURE_TRANSIENT, "allotments: HTTP 500");
    const struct read_ errors = {SECTION_COMPLETE, SECTION_COMPLETE, SECTION_UNKNOWN, .failure = &refused},
                       waiting = {SECTION_COMPLETE, SECTION_UNKNOWN, SECTION_UNKNOWN, .failure = &refused},
                       all = {.failure = &refused}, all_down = {.failure = &down};
    const struct {
        const char *why, *verdict, *section;
        struct read_ read;
        int polls;
    } STEPS[] = {
        {"at once", "warning", "assignment_errors", errors, 1},
        {"for long", "warning", "assignment_errors", errors, 40},
        {"more rests on the waiting members", "critical", "waiting_members", waiting, 40},
        {"and most on the list", "critical", NULL, all, 1},
        {"a passing fault is not over what was told", "critical", NULL, all_down, 40},
    };
    struct rules_fixture w;
    struct tenant_health h = {0};
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    for (size_t i = 0; i < N_ELEMENTS(STEPS); i++) {
        CLEANUP(observation_clear) struct observation s;
        for (int k = 0; k < STEPS[i].polls; k++) {
            pass(&w, 5 * USEC_PER_MINUTE);
            read_once(&w, &h, STEPS[i].read);
        }
        judge(&w, &h, &s);
        if (strcmp(verdict(&s.finding[0]), STEPS[i].verdict) != 0 ||
            !text_equal(s.context->section, STEPS[i].section))
            fail_msg("%s: %s, %s", STEPS[i].why, verdict(&s.finding[0]), s.context->section);
    }
}

static void changing_failures_do_not_resolve_the_alert(void **state)
{
    const struct failure refused = failure(FAILURE_PERMISSION, "assignmentErrors: HTTP 403"),
                         down = failure(FAILURE_TRANSIENT, "allotments: HTTP 500");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s, whole;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    pass(&w, 5 * USEC_PER_MINUTE);
    read_once(&w, &h, (struct read_){SECTION_COMPLETE, SECTION_COMPLETE, SECTION_UNKNOWN, .failure = &refused});
    pass(&w, 5 * USEC_PER_MINUTE);
    read_once(&w, &h, (struct read_){.failure = &down});
    judge(&w, &h, &s);
    assert_int_equal(s.finding[0].raise, LEVEL_NONE); /* not for an hour yet */
    assert_int_equal(s.finding[0].keep, LEVEL_WARNING);
    read_once(&w, &h, WHOLE);
    judge(&w, &h, &whole);
    assert_int_equal(whole.finding[0].keep, LEVEL_NONE);
}

static void where_only_one_call_fails_nobody_is_sent_to_look_at_the_proxy(void **state)
{
    const struct failure f = failure(FAILURE_TRANSIENT, "assignmentErrors: HTTP 504");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation partly;
    CLEANUP(observation_clear) struct observation wholly;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, (struct read_){SECTION_COMPLETE, SECTION_COMPLETE, .failure = &f});
    judge(&w, &h, &partly);
    assert_non_null(strstr(partly.context->hint, "everything else is still monitored"));
    assert_null(strstr(partly.context->hint, "proxy"));
    read_once(&w, &h, (struct read_){.failure = &f});
    judge(&w, &h, &wholly);
    assert_non_null(strstr(wholly.context->hint, "proxy"));
}

static void a_hint_does_not_say_the_same_twice(void **state)
{
    const struct failure f = failure(FAILURE_AUTH, "sign-in was refused: invalid_client");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, (struct read_){.failure = &f});
    judge(&w, &h, &s);
    assert_memory_equal(s.context->hint, "sign-in was refused: invalid_client; run seatwatchd", 51);
}

static void temporary_failures_raise_at_their_limit_with_the_cause(void **state)
{
    static const struct {
        enum failure_kind kind;
        const char *cause;
    } CASES[] = {{FAILURE_TRANSIENT, "network"}, {FAILURE_THROTTLED, "throttled"},
                 {FAILURE_PROTOCOL, "protocol"}, {FAILURE_SECURITY, "security"},
                 {FAILURE_ABSENT, "absent"},     {FAILURE_LOCAL, "local"},
                 {FAILURE_REQUEST, "request"},   {FAILURE_PERMANENT, "permanent"},
                 {FAILURE_CANCELLED, "stale"},   {FAILURE_UNAVAILABLE, "unavailable"}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct failure f = failure(CASES[i].kind, "what exactly");
        struct rules_fixture w;
        struct tenant_health h = {0};
        CLEANUP(observation_clear) struct observation early;
        CLEANUP(observation_clear) struct observation late;
        fixture_init(&w);
        read_once(&w, &h, WHOLE);
        for (int k = 0; k < 2; k++) {
            pass(&w, 5 * USEC_PER_MINUTE);
            read_once(&w, &h, (struct read_){.failure = &f});
        }
        judge(&w, &h, &early);
        assert_verdict(&early.finding[0], "none");
        pass(&w, USEC_PER_HOUR);
        judge(&w, &h, &late);
        assert_verdict(&late.finding[0], "warning");
        assert_string_equal(cause_word(late.context->cause), CASES[i].cause);
        assert_non_null(strstr(late.context->hint, "what exactly"));
    }
}

static void an_outage_of_the_service_itself_says_since_when_and_asks_for_nothing(void **state)
{
    const struct failure f = failure(FAILURE_UNAVAILABLE, "GET /x: HTTP 503 (service unavailable)");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    usec_t minutes = h.section[HEALTH_ALLOTMENTS].last_complete.at / USEC_PER_MINUTE % (24 * 60);
    pass(&w, USEC_PER_HOUR);
    read_once(&w, &h, (struct read_){.failure = &f});
    judge(&w, &h, &s);
    char since[32];
    (void)snprintf(since, sizeof since, "since %02d:%02d UTC (", (int)minutes / 60,
                   (int)minutes % 60);
    assert_non_null(strstr(s.context->hint, since));
    assert_non_null(strstr(s.context->hint, "HTTP 503"));
    assert_non_null(strstr(s.context->hint, "service health"));
    assert_null(strstr(s.context->hint, "less often"));
}

static void a_refused_sign_in_becomes_critical_like_any_outage(void **state)
{
    const struct failure auth = failure(FAILURE_AUTH, "no");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    for (int i = 0; i < 80; i++) { /* there never was a complete poll: counted from the first */
        read_once(&w, &h, (struct read_){.failure = &auth});
        pass(&w, 5 * USEC_PER_MINUTE);
    }
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "critical");
    assert_int_equal(s.context->cause, CAUSE_AUTH);
    assert_int_equal(s.finding[0].value, 400 * 60);
}

static void an_emptied_list_is_no_complete_reading(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    for (int i = 0; i < 80; i++) {
        struct read_ empty = WHOLE;
        pass(&w, 5 * USEC_PER_MINUTE);
        empty.emptied = true;
        read_once(&w, &h, empty);
    }
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "critical");
    assert_int_equal(s.context->cause, CAUSE_EMPTIED);
    assert_null(s.context->section);
    assert_int_equal(h.section[HEALTH_ALLOTMENTS].incomplete_polls, 80);
    assert_int_equal(h.section[HEALTH_WAITING].incomplete_polls, 80);
    assert_int_equal(h.section[HEALTH_ERRORS].incomplete_polls, 80);
}

static void one_failed_poll_after_a_suspend_raises_nothing(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation before;
    CLEANUP(observation_clear) struct observation first;
    CLEANUP(observation_clear) struct observation second;
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    pass(&w, 10 * USEC_PER_HOUR);
    judge(&w, &h, &before); /* nothing failed: the age alone is no news */
    assert_verdict(&before.finding[0], "none");
    read_once(&w, &h, (struct read_){0});
    judge(&w, &h, &first);
    assert_verdict(&first.finding[0], "none");
    pass(&w, 5 * USEC_PER_MINUTE);
    read_once(&w, &h, (struct read_){0});
    judge(&w, &h, &second);
    assert_verdict(&second.finding[0], "critical");
}

static void where_polls_are_rarer_than_the_limit_one_failure_is_enough(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    w.tenant.interval = 2 * USEC_PER_HOUR;
    read_once(&w, &h, WHOLE);
    pass(&w, 2 * USEC_PER_HOUR);
    read_once(&w, &h, (struct read_){0});
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "warning");
}

static void limits_may_be_counted_in_polls(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_POLL].limit[LEVEL_WARNING] =
        (struct limit){.on = true, .polls = true, .value = 3};
    w.options.threshold[RULE_POLL].limit[LEVEL_CRITICAL].on = false;
    read_once(&w, &h, WHOLE);
    for (int i = 1; i <= 4; i++) {
        CLEANUP(observation_clear) struct observation s;
        pass(&w, USEC_PER_SEC);
        read_once(&w, &h, (struct read_){0});
        judge(&w, &h, &s);
        assert_verdict(&s.finding[0], i < 3 ? "none" : "warning");
        assert_int_equal(s.finding[0].threshold[LEVEL_WARNING], 900);
        assert_int_equal(s.finding[0].threshold[LEVEL_CRITICAL], NUMBER_UNKNOWN);
    }
}

static void look_up_rights(struct rules_fixture *w, struct tenant_health *h,
                           const struct failure *f)
{
    pass(w, 5 * USEC_PER_MINUTE);
    read_once(w, h, WHOLE);
    health_update_rights(h, &w->now, f);
}

static void expect_rights(struct rules_fixture *w, const struct tenant_health *h, enum level level)
{
    CLEANUP(observation_clear) struct observation s;
    judge(w, h, &s);
    assert_int_equal(s.finding[0].state, FINDING_KNOWN);
    assert_int_equal(s.finding[0].raise, level);
    if (level > LEVEL_NONE) {
        assert_string_equal(s.context->section, "usage_rights");
        assert_non_null(strstr(s.context->hint, h->rights_text));
    }
}

static void look_ups_that_fail_are_a_section_of_their_own(void **state)
{
    const struct failure refused = failure(FAILURE_PERMISSION, "grant User-UsageRight.Read.All"),
                         passing = failure(FAILURE_TRANSIENT, "HTTP 500"),
                         sign_in = failure(FAILURE_AUTH, "AADSTS7000222");
    struct rules_fixture w;
    struct tenant_health h = {0};
    (void)state;
    fixture_init(&w);
    read_once(&w, &h, WHOLE);
    expect_rights(&w, &h, LEVEL_NONE);
    look_up_rights(&w, &h, &refused);
    expect_rights(&w, &h, LEVEL_NONE); /* once is no rule */
    look_up_rights(&w, &h, &refused);
    expect_rights(&w, &h, LEVEL_WARNING);
    look_up_rights(&w, &h, NULL);
    expect_rights(&w, &h, LEVEL_NONE);
    for (int minute = 5; minute < 60; minute += 5) {
        look_up_rights(&w, &h, &passing);
        expect_rights(&w, &h, LEVEL_NONE);
    }
    look_up_rights(&w, &h, &passing);
    expect_rights(&w, &h, LEVEL_WARNING);
    read_once(&w, &h, (struct read_){.failure = &sign_in}); /* the tenant's own trouble comes first */
    CLEANUP(observation_clear) struct observation s;
    judge(&w, &h, &s);
    assert_int_equal(s.context->cause, CAUSE_AUTH);
    assert_null(s.context->section);
}

static void broken_tenant_raises_before_its_first_poll(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {.broken_config = true};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    (void)strcpy(h.text, "tenants.d/a.conf:3: unknown key");
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "warning");
    assert_int_equal(s.context->cause, CAUSE_CONFIG);
    assert_non_null(strstr(s.context->hint, "tenants.d/a.conf:3"));
}

static void before_the_first_poll_nothing_is_known(void **state)
{
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "unknown");
    assert_string_equal(s.context->tenant_name, "contoso");
}

static void a_poll_rule_that_is_off_does_not_apply(void **state)
{
    const struct failure auth = failure(FAILURE_AUTH, "no");
    struct rules_fixture w;
    struct tenant_health h = {0};
    CLEANUP(observation_clear) struct observation s;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_POLL].off = true;
    read_once(&w, &h, (struct read_){.failure = &auth});
    judge(&w, &h, &s);
    assert_verdict(&s.finding[0], "n/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unread_section_raises_at_its_limit),
        cmocka_unit_test(a_source_without_a_section_does_not_miss_it),
        cmocka_unit_test(unusable_numbers_raise_after_a_while),
        cmocka_unit_test(a_pool_without_usable_numbers_hides_no_worse_trouble),
        cmocka_unit_test(judging_names_the_pool_and_the_member),
        cmocka_unit_test(causes_that_need_a_person_raise_at_once),
        cmocka_unit_test(the_worst_section_that_is_unreadable_is_named),
        cmocka_unit_test(changing_failures_do_not_resolve_the_alert),
        cmocka_unit_test(where_only_one_call_fails_nobody_is_sent_to_look_at_the_proxy),
        cmocka_unit_test(a_hint_does_not_say_the_same_twice),
        cmocka_unit_test(temporary_failures_raise_at_their_limit_with_the_cause),
        cmocka_unit_test(an_outage_of_the_service_itself_says_since_when_and_asks_for_nothing),
        cmocka_unit_test(a_refused_sign_in_becomes_critical_like_any_outage),
        cmocka_unit_test(an_emptied_list_is_no_complete_reading),
        cmocka_unit_test(one_failed_poll_after_a_suspend_raises_nothing),
        cmocka_unit_test(where_polls_are_rarer_than_the_limit_one_failure_is_enough),
        cmocka_unit_test(limits_may_be_counted_in_polls),
        cmocka_unit_test(look_ups_that_fail_are_a_section_of_their_own),
        cmocka_unit_test(broken_tenant_raises_before_its_first_poll),
        cmocka_unit_test(before_the_first_poll_nothing_is_known),
        cmocka_unit_test(a_poll_rule_that_is_off_does_not_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
