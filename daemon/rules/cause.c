/* SPDX-License-Identifier: MIT */
/* rules/cause.c: the table of causes. */
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

/* systemd hands secret files over at the start of a service, and not again at a reload. */
#define MEND                                                                                   \
    "check it with seatwatchd --check-config, then reload; for a secret file a reload is not " \
    "enough where systemd runs the daemon: systemctl restart seatwatchd"
/* The failure itself names the call and says which permission to grant. */
#define PERMISSIONS "seatwatchd --check-access shows every call that is refused"
#define ONE_CALL "Graph does not answer this call"
#define BLINDS(section) (1U << (section))
#define PASSES .failure_group = CAUSE_NETWORK, .passes = true

static const struct cause_row CAUSES[CAUSE_COUNT_] = {
    [CAUSE_NETWORK] =
        {"network", PASSES,
         .because = {"Graph cannot be reached", ONE_CALL, ONE_CALL, NULL, ONE_CALL},
         .hint = {"Graph or the way to it is not working",
                  "check DNS, proxy and firewall, and the Microsoft 365 service health"},
         /* The list of pools keeps coming: neither the network nor the proxy is at fault. */
         .other = {"Graph answers other calls, but not this one",
                   "everything else is read and told as usual; if it lasts, look at the Microsoft "
                   "365 service health"}},
    [CAUSE_UNAVAILABLE] =
        {"unavailable", PASSES,
         .because = {"Graph answers with errors of its own", ONE_CALL, ONE_CALL, NULL, ONE_CALL},
         .hint = {"Microsoft's service answers with errors of its own",
                  "see the Microsoft 365 service health; nothing has to be changed here"}},
    [CAUSE_THROTTLED] =
        {"throttled", PASSES, .because = {"Graph keeps telling us to wait"},
         .hint = {"Graph asks to wait longer than a poll may last",
                  "poll less often, or find out which other application is using up the tenant's "
                  "limit"}},
    [CAUSE_PROTOCOL] = {"protocol", PASSES, .because = {"the answers are not from Graph"},
                        .hint = {"an answer is not what it claims to be",
                                 "check for a proxy or a login page in between"}},
    [CAUSE_STALE] = {"stale", PASSES, .because = {"no complete reading came in"},
                     .hint = {"no complete reading came in",
                              "look at the daemon's log for what its last polls said"},
                     /* The last poll was cancelled. */
                     .other = {"polls are being cut short",
                               "raise poll.timeout, or look for what is slow"}},
    [CAUSE_LOCAL] = {"local", PASSES, .because = {"this machine has a problem"},
                     .hint = {"this machine could not do its part",
                              "check memory, disk and open files of the daemon"}},
    [CAUSE_AUTH] =
        {"auth", .failure_group = CAUSE_AUTH, .at_once = true, .because = {"sign-in was refused"},
         /* The failure itself says what to do, or quotes Entra where nobody here knows. */
         .hint = {"sign-in was refused", "seatwatchd --check-access tries it again"}},
    [CAUSE_PERMISSION] = {"permission", .failure_group = CAUSE_PERMISSION, .at_once = true,
                          .because = {"a permission is missing"},
                          .hint = {"signed in, but a call is refused", PERMISSIONS}},
    [CAUSE_CONFIG] =
        {"config", .failure_group = CAUSE_CONFIG, .at_once = true,
         .because = {"its configuration does not work", [HEALTH_RIGHTS] =
                                                            "an entry cannot be right"},
         .hint = {"the tenant cannot be read as it is configured", "mend what is named, " MEND},
         /* Its file is broken. */
         .other = {"the tenant's configuration is broken, it is not read at all",
                   "mend the file that is named, " MEND}},
    [CAUSE_SCHEMA_CHANGED] =
        {"schema_changed", .failure_group = CAUSE_SCHEMA_CHANGED, .at_once = true,
         .blinds = BLINDS(HEALTH_ALLOTMENTS) | BLINDS(HEALTH_WAITING),
         .because = {"the answers have changed their shape"},
         .hint = {"Graph answers, but a member that we need is missing in every row",
                  "the API is beta and may have changed: look for a newer seatwatchd; nothing is "
                  "judged until then"}},
    [CAUSE_EMPTIED] =
        {"emptied", .failure_group = CAUSE_EMPTIED, .at_once = true,
         .blinds = BLINDS(HEALTH_ALLOTMENTS) | BLINDS(HEALTH_WAITING) | BLINDS(HEALTH_ERRORS),
         .tenant_says = "Graph suddenly lists no licences at all",
         .tenants_say = " suddenly list no licences at all",
         .hint = {"Graph lists no licences where there were some; nothing is resolved by that",
                  "check that the application still has Directory.Read.All or "
                  "CloudLicensing.Read.All; if the tenant is really empty now, take it out of the "
                  "configuration and reload"}},
    [CAUSE_ZERO_CONSUMPTION] =
        {"zero_consumption", .failure_group = CAUSE_ZERO_CONSUMPTION, .at_once = true,
         .blinds = BLINDS(HEALTH_ALLOTMENTS) | BLINDS(HEALTH_WAITING),
         .tenant_says = "Graph suddenly shows no consumed units in any pool",
         .tenants_say = " suddenly show no consumed units in any pool",
         .hint =
             {"Graph shows no consumed units in any pool, where several had some; nothing is "
              "resolved by that",
              "compare with Billing > Licenses in the Microsoft 365 admin center; this ends when "
              "any pool shows consumed units, and after 24 hours the numbers are believed"}},
    [CAUSE_ABSENT] =
        {"absent", .failure_group = CAUSE_ABSENT, .because = {"Graph does not offer this API"},
         .hint = {"Graph does not offer this API to the tenant",
                  "check the cloud and api_version, or set source = \"subscribed_skus\""}},
    [CAUSE_REQUEST] =
        {"request", .failure_group = CAUSE_REQUEST, .because = {"Graph refuses the request"},
         .hint = {"Graph refuses the request as such",
                  "seatwatchd --check-access shows which call; look for a newer seatwatchd"}},
    [CAUSE_PERMANENT] = {"permanent", .failure_group = CAUSE_PERMANENT,
                         .because = {"Graph refuses for good"},
                         .hint = {"the answer will not change by waiting",
                                  "seatwatchd --check-access shows which call"}},
    [CAUSE_SECURITY] =
        {"security", .failure_group = CAUSE_SECURITY,
         .because = {"an answer was not safe to trust"},
         .hint = {"an answer was refused for safety",
                  "check certificates (network.ca_file) and graph_url; somebody may be in "
                  "between"}},
    [CAUSE_MASS_DISAPPEARANCE] =
        {"mass_disappearance", .failure_group = CAUSE_MASS_DISAPPEARANCE, .at_once = true,
         .tenant_says = "more than half of the licence pools vanished at once",
         .tenants_say = " have lost more than half of their licence pools at once",
         .hint = {"more than half of the known pools are missing from the list",
                  "check the application's permissions and the tenant's subscriptions; what stays "
                  "away is reported pool by pool"}},
    [CAUSE_UNUSABLE_NUMBERS] =
        {"unusable_numbers", .failure_group = CAUSE_UNUSABLE_NUMBERS,
         .tenant_says = "the numbers of a pool cannot be used",
         .tenants_say = " have pools whose numbers cannot be used",
         .hint = {"Graph sends numbers of a pool that cannot be used",
                  "look at that product in the admin center (Billing > Licenses); if it lasts, "
                  "report the pool and the member that is named to Microsoft"}},

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
