/* SPDX-License-Identifier: MIT */
/* rules/cause.c: the table of causes, and conversions of causes and sections to and from words. */
#include "rules/cause.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/text.h"
#include <assert.h>
#include <string.h>

static const char *const SECTIONS[HEALTH_SECTIONS_] = {
    [HEALTH_WAITING] = "waiting_members",
    [HEALTH_ERRORS] = "assignment_errors",
    [HEALTH_UNITS] = "units",
    [HEALTH_RIGHTS] = "usage_rights",
};

const char *section_word(enum health_section s)
{
    assert((unsigned)s < N_ELEMENTS(SECTIONS));
    return SECTIONS[s];
}

enum health_section section_parse(const char *word)
{
    for (int s = 0; s < HEALTH_SECTIONS_; s++)
        if (text_equal(word, SECTIONS[s]))
            return (enum health_section)s;
    return HEALTH_ALLOTMENTS;
}

/* systemd loads the secrets of a service (LoadCredential=) when it starts, and not at a reload. */
#define CHECK_AND_RELOAD                                                                       \
    "run seatwatchd --check-config, then reload; a secret file that systemd loads takes effect " \
    "after systemctl restart seatwatchd"
/* The text of the failure names the call and the permission to grant. */
#define PERMISSIONS "run seatwatchd --check-access to list all refused calls"
#define SHOW_CALL "run seatwatchd --check-access to see which call"
#define ONE_CALL "Graph does not answer this call"
#define DISCARDS(section) (1U << (section))
#define PASSES .failure_group = CAUSE_NETWORK, .passes = true

static const struct cause_row CAUSES[CAUSE_COUNT_] = {
    [CAUSE_NETWORK] =
        {"network", PASSES,
         .because = {"Graph cannot be reached", ONE_CALL, ONE_CALL, NULL, ONE_CALL},
         .hint = {"Graph or the network path to it is failing",
                  "check DNS, proxy and firewall, and the Microsoft 365 service health"},
         /* The list of pools is still read: the network and the proxy work. */
         .other = {"Graph answers other calls, but not this one",
                   "everything else is still monitored; if this persists, check the Microsoft 365 "
                   "service health"}},
    [CAUSE_UNAVAILABLE] =
        {"unavailable", PASSES,
         .because = {"Graph returns server errors", ONE_CALL, ONE_CALL, NULL, ONE_CALL},
         .hint = {"Graph or the sign-in service returns server errors",
                  "check the Microsoft 365 service health; no change is needed here"}},
    [CAUSE_THROTTLED] =
        {"throttled", PASSES, .because = {"Graph throttles the requests"},
         .hint = {"Graph throttles the requests for longer than a poll may take",
                  "poll less often, or find the application that uses up the tenant's request "
                  "limit"}},
    [CAUSE_PROTOCOL] = {"protocol", PASSES, .because = {"responses have the wrong format"},
                        .hint = {"a response has the wrong format",
                                 "see the daemon's log for the call and what is wrong with it; check "
                                 "for a proxy or login page between this host and Graph"}},
    [CAUSE_STALE] = {"stale", PASSES, .because = {"no poll was completed"},
                     .hint = {"no poll was completed",
                              "see the daemon's log for the result of its last polls"},
                     /* The last poll was cancelled. */
                     .other = {"polls are cut short",
                               "raise poll.timeout, or find out what makes them slow"}},
    [CAUSE_LOCAL] = {"local", PASSES, .because = {"local error on this machine"},
                     .hint = {"local error on this machine",
                              "check memory, disk space and open files of the daemon"}},
    [CAUSE_AUTH] =
        {"auth", .failure_group = CAUSE_AUTH, .at_once = true, .because = {"sign-in was refused"},
         /* The text of the failure has the advice for known errors, and quotes Entra for others. */
         .hint = {"sign-in was refused", "run seatwatchd --check-access to test it"}},
    [CAUSE_PERMISSION] = {"permission", .failure_group = CAUSE_PERMISSION, .at_once = true,
                          .because = {"a permission is missing"},
                          .hint = {"sign-in succeeded, but a call was refused", PERMISSIONS}},
    [CAUSE_CONFIG] =
        {"config", .failure_group = CAUSE_CONFIG, .at_once = true,
         .because = {"the configuration is invalid", [HEALTH_RIGHTS] = "an entry is invalid"},
         .hint = {"the tenant cannot be read as configured",
                  "fix this error, " CHECK_AND_RELOAD},
         /* Its file is broken. */
         .other = {"the tenant is not polled because its configuration is broken",
                   "fix that file, " CHECK_AND_RELOAD}},
    [CAUSE_SCHEMA_CHANGED] =
        {"schema_changed", .failure_group = CAUSE_SCHEMA_CHANGED, .at_once = true,
         .discards = DISCARDS(HEALTH_ALLOTMENTS) | DISCARDS(HEALTH_WAITING),
         .because = {"the format of the responses has changed"},
         .hint = {"Graph answers, but a required member is missing in every row",
                  "the beta API may have changed: look for a newer seatwatchd; until then, no pool "
                  "of the tenant is evaluated"}},
    [CAUSE_EMPTIED] =
        {"emptied", .failure_group = CAUSE_EMPTIED, .at_once = true,
         .discards = DISCARDS(HEALTH_ALLOTMENTS) | DISCARDS(HEALTH_WAITING) | DISCARDS(HEALTH_ERRORS),
         .tenant_says = "Graph suddenly lists no licences",
         .tenants_say = " suddenly list no licences",
         .hint = {"Graph lists no licences, but listed some before; open alerts stay open",
                  "check that the application still has Directory.Read.All or "
                  "CloudLicensing.Read.All; if the tenant is really empty, remove it from the "
                  "configuration and reload"}},
    [CAUSE_ZERO_CONSUMPTION] =
        {"zero_consumption", .failure_group = CAUSE_ZERO_CONSUMPTION, .at_once = true,
         .discards = DISCARDS(HEALTH_ALLOTMENTS) | DISCARDS(HEALTH_WAITING),
         .tenant_says = "Graph suddenly shows no consumed units in any pool",
         .tenants_say = " suddenly show no consumed units in any pool",
         .hint = {"Graph shows no consumed units in any pool, but showed some in several pools "
                  "before; open alerts stay open",
                  "compare with Billing > Licenses in the Microsoft 365 admin center; this ends "
                  "when a pool shows consumed units; after 24 hours the numbers are accepted"}},
    [CAUSE_ABSENT] =
        {"absent", .failure_group = CAUSE_ABSENT, .because = {"Graph does not offer this API"},
         .hint = {"Graph does not offer this API to the tenant",
                  "check cloud and api_version, or set source = \"subscribed_skus\""}},
    [CAUSE_REQUEST] =
        {"request", .failure_group = CAUSE_REQUEST, .because = {"Graph rejects the request"},
         .hint = {"Graph rejects the request as invalid",
                  SHOW_CALL "; look for a newer seatwatchd"}},
    [CAUSE_PERMANENT] = {"permanent", .failure_group = CAUSE_PERMANENT,
                         .because = {"Graph rejects the request permanently"},
                         .hint = {"Graph rejects the request, and a retry would not help",
                                  SHOW_CALL}},
    [CAUSE_SECURITY] =
        {"security", .failure_group = CAUSE_SECURITY,
         .because = {"a security check failed"},
         .hint = {"a security check of the connection or the response failed",
                  "check certificates (network.ca_file) and graph_url; the connection may be "
                  "intercepted"}},
    [CAUSE_MASS_DISAPPEARANCE] =
        {"mass_disappearance", .failure_group = CAUSE_MASS_DISAPPEARANCE, .at_once = true,
         .tenant_says = "more than half of the licence pools disappeared at once",
         .tenants_say = " lost more than half of their licence pools at once",
         .hint = {"more than half of the known pools are missing from the list",
                  "check the application's permissions and the tenant's subscriptions; pools that "
                  "stay missing are reported one by one"}},
    [CAUSE_UNUSABLE_NUMBERS] =
        {"unusable_numbers", .failure_group = CAUSE_UNUSABLE_NUMBERS,
         .tenant_says = "the numbers of a pool cannot be used",
         .tenants_say = " have pools whose numbers cannot be used",
         .hint = {"Graph returns numbers of a pool that cannot be used",
                  "check that product in the admin center (Billing > Licenses); if this persists, "
                  "report the named pool and member to Microsoft"}},

    [CAUSE_ALLOTMENT_GONE] = {.word = "allotment_gone"},
    [CAUSE_CAPACITY_DROP] = {.word = "capacity_drop"},
    [CAUSE_WAITING] = {.word = "waiting"},
    [CAUSE_ASSIGNMENT_ERROR] = {.word = "assignment_error"},
    [CAUSE_NOT_ASSIGNED] = {.word = "not_assigned"},
    [CAUSE_PLAN_DISABLED] = {.word = "plan_disabled"},
    [CAUSE_ASSIGNED] = {.word = "assigned"},
    [CAUSE_ENDED] = {.word = "ended"},
    [CAUSE_REFUSED] = {.word = "refused"},
    [CAUSE_DISABLED] = {.word = "disabled"},
    [CAUSE_PARKED] = {.word = "parked"},
    [CAUSE_FAILING] = {.word = "failing"},
    [CAUSE_SKU_NEW] = {.word = "sku_new"},
    [CAUSE_POOL_NEW] = {.word = "pool_new"},
    [CAUSE_TRIAL_BEGAN] = {.word = "trial_began"},
    [CAUSE_CAPACITY_ROSE] = {.word = "capacity_rose"},
};

const struct cause_row *cause_row(enum cause c)
{
    assert((unsigned)c < N_ELEMENTS(CAUSES));
    return &CAUSES[c];
}

const char *cause_word(enum cause c)
{
    return cause_row(c)->word;
}

enum cause cause_parse(const char *word)
{
    for (int c = 0; word && c < CAUSE_COUNT_; c++)
        if (text_equal(word, CAUSES[c].word))
            return (enum cause)c;
    return CAUSE_NONE;
}

uint64_t cause_hash(enum cause c)
{
    const char *word = cause_word(c);
    return word ? fnv1a(word, strlen(word), FNV1A_SEED) : 0;
}

enum cause cause_from_hash(uint64_t hash)
{
    for (int c = 0; hash && c < CAUSE_COUNT_; c++)
        if (hash == cause_hash((enum cause)c))
            return (enum cause)c;
    return CAUSE_NONE;
}
