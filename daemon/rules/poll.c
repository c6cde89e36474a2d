/* SPDX-License-Identifier: MIT */
/* rules/poll.c: is the tenant being read, and if not, why not and what would help? */
#include "base/text.h"
#include "rules/room.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* ---- keeping count ---- */

static void section_update(struct section_health *h, bool complete, const struct instant *taken)
{
    if (complete) {
        h->last_complete = *taken;
        h->incomplete_polls = 0;
    } else if (h->incomplete_polls < UINT32_MAX) {
        h->incomplete_polls++;
    }
}

static bool waiting_complete(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_allotments; i++)
        if (s->allotment[i].waiting.section == SECTION_UNKNOWN)
            return false;
    return s->allotments == SECTION_COMPLETE;
}

void health_update(struct tenant_health *h, const struct snapshot *snapshot,
                   const struct tenant_memory *after, const struct failure *f)
{
    assert(snapshot && after);
    const struct instant *taken = &snapshot->taken;
    bool believed = !snapshot->schema_changed && !after->emptied;
    if (h->first_poll.boot == 0)
        h->first_poll = *taken;
    h->failing = f != NULL;
    h->kind = f ? f->kind : FAILURE_LOCAL;
    (void)text_clean(h->text, sizeof h->text, f ? f->text : "", f ? strlen(f->text) : 0);
    h->schema_changed = snapshot->schema_changed;
    h->emptied = after->emptied;
    h->mass_absence = after->mass_absence;
    h->broken_config = false; /* it was polled, so the configuration is whole */
    if (snapshot->source != SOURCE_NONE)
        h->source = snapshot->source;
    section_update(&h->section[HEALTH_ALLOTMENTS],
                   believed && snapshot->allotments == SECTION_COMPLETE, taken);
    section_update(&h->section[HEALTH_WAITING], believed && waiting_complete(snapshot), taken);
    section_update(&h->section[HEALTH_ERRORS],
                   !after->emptied && snapshot->errors != SECTION_UNKNOWN, taken);
}

void health_update_rights(struct tenant_health *h, const struct instant *now,
                          const struct failure *f)
{
    struct section_health *s = &h->section[HEALTH_RIGHTS];
    if (s->last_complete.boot == 0)
        s->last_complete = *now; /* nobody knows more: "for so long" starts here */
    section_update(s, !f, now);
    h->rights_kind = f ? f->kind : FAILURE_LOCAL;
    (void)text_clean(h->rights_text, sizeof h->rights_text, f ? f->text : "",
                     f ? strlen(f->text) : 0);
}

/* ---- how long has a section been missing? ---- */

static const char *const SECTION_NAMES[HEALTH_SECTIONS_] = {
    [HEALTH_ALLOTMENTS] = NULL, /* everything rests on it */
    [HEALTH_WAITING] = "waiting_members",
    [HEALTH_ERRORS] = "assignment_errors",
    [HEALTH_RIGHTS] = "usage_rights",
};

static bool is_offered(const struct tenant_health *h, int section)
{
    return section == HEALTH_ALLOTMENTS || h->source == SOURCE_CLOUD_LICENSING;
}

static usec_t section_age(const struct tenant_health *h, int section, const struct instant *now)
{
    const struct instant *last = &h->section[section].last_complete;
    return instant_since(last->boot ? last : &h->first_poll, now);
}

/* A limit in time is met by age, once enough polls have failed in a row: after a night of suspend
 * the age alone is no news, and the first poll may be a moment too early for the network. Where a
 * single interval is as long as the limit, one failed poll is enough. */
static bool limit_is_met(const struct limit *l, const struct threshold *t, usec_t interval,
                         const struct section_health *s, usec_t age)
{
    if (!l->on || s->incomplete_polls == 0)
        return false;
    if (l->polls)
        return s->incomplete_polls >= l->value;
    if (age / USEC_PER_SEC < (usec_t)l->value)
        return false;
    bool rare = interval / USEC_PER_SEC >= (usec_t)l->value;
    return rare || s->incomplete_polls >= t->min_samples;
}

static enum level section_level(const struct threshold *t, usec_t interval,
                                const struct section_health *s, usec_t age)
{
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        if (limit_is_met(&t->limit[l], t, interval, s, age))
            return (enum level)l;
    return LEVEL_NONE;
}

/* ---- why ---- */

struct cause {
    const char *word;
    const char *what; /* happened */
    const char *hint; /* what to do about it */
    bool at_once;     /* told without waiting for poll.warning */
};
/* systemd hands secret files over at the start of a service, and not again at a reload. */
#define MEND                                                                                    \
    "check it with seatwatchd --check-config, then reload; for a secret file a reload is not "  \
    "enough where systemd runs the daemon: systemctl restart seatwatchd"
#define PERMISSIONS                                                                               \
    "grant the application permission Directory.Read.All (or CloudLicensing.Read.All where your " \
    "tenant offers it) with admin consent; seatwatchd --check-access shows which call is refused"

static const struct cause BROKEN = {
    "config", "the tenant's configuration is broken, it is not read at all",
    "mend the file that is named, " MEND, true};
static const struct cause SCHEMA = {
    "schema_changed", "Graph answers, but a member that we need is missing in every row",
    "the API is beta and may have changed: look for a newer seatwatchd; nothing is judged until "
    "then",
    true};
static const struct cause EMPTIED = {
    "emptied", "Graph lists no licences where there were some; nothing is resolved by that",
    "check that the application still has Directory.Read.All or CloudLicensing.Read.All; if the "
    "tenant is really empty now, take it out of the configuration and reload",
    true};
static const struct cause MASS = {
    "mass_disappearance", "more than half of the known pools are missing from the list",
    "check the application's permissions and the tenant's subscriptions; what stays away is "
    "reported pool by pool",
    true};
static const struct cause STALE = {"stale", "no complete reading came in",
                                   "look at the daemon's log for what its last polls said", false};
/* Some calls fail while the list of pools keeps coming: neither the network nor the proxy is at fault. */
static const struct cause PARTLY = {"network", "Graph answers other calls, but not this one",
                                    "everything else is read and told as usual; if it lasts, look at the "
                                    "Microsoft 365 service health",
                                    false};
/* The failure itself says which permission is missing, or who is not there. */
static const char RIGHTS[] =
    "licence pools are read as usual; nothing is told about usage rights until this works";
static const struct cause BY_KIND[FAILURE_KIND_COUNT_] = {
    [FAILURE_LOCAL] = {"local", "this machine could not do its part",
                       "check memory, disk and open files of the daemon", false},
    [FAILURE_CONFIG] = {"config", "the tenant cannot be read as it is configured",
                        "mend what is named, " MEND, true},
    [FAILURE_AUTH] = {"auth", "sign-in was refused",
                      "check secret or certificate, client_id, tenant_id and the consent; "
                      "seatwatchd --check-access tries it",
                      true},
    [FAILURE_PERMISSION] = {"permission", "signed in, but reading the licences is refused",
                            PERMISSIONS, true},
    [FAILURE_ABSENT] = {"absent", "Graph does not offer this API to the tenant",
                        "check the cloud and api_version, or set source = \"subscribed_skus\"",
                        false},
    [FAILURE_REQUEST] = {"request", "Graph refuses the request as such",
                         "seatwatchd --check-access shows which call; look for a newer seatwatchd",
                         false},
    [FAILURE_THROTTLED] = {"throttled", "Graph asks to wait longer than a poll may last",
                           "poll less often, or find out which other application is using up the "
                           "tenant's limit",
                           false},
    [FAILURE_TRANSIENT] = {"network", "Graph or the way to it is not working",
                           "check DNS, proxy and firewall, and the Microsoft 365 service health",
                           false},
    [FAILURE_PERMANENT] = {"permanent", "the answer will not change by waiting",
                           "seatwatchd --check-access shows which call", false},
    [FAILURE_PROTOCOL] = {"protocol", "an answer is not what it claims to be",
                          "check for a proxy or a login page in between", false},
    [FAILURE_SECURITY] = {"security", "an answer was refused for safety",
                          "check certificates (network.ca_file) and graph_url; somebody may be in "
                          "between",
                          false},
    [FAILURE_CANCELLED] = {"stale", "polls are being cut short",
                           "raise poll.timeout, or look for what is slow", false},
};

/* In the order in which a person would want to hear of them. */
static const struct cause *find_cause(const struct tenant_health *h)
{
    if (h->broken_config)
        return &BROKEN;
    if (h->failing && BY_KIND[h->kind].at_once)
        return &BY_KIND[h->kind];
    if (h->schema_changed)
        return &SCHEMA;
    if (h->emptied)
        return &EMPTIED;
    if (h->mass_absence)
        return &MASS;
    if (h->failing && h->kind == FAILURE_TRANSIENT &&
        h->section[HEALTH_ALLOTMENTS].incomplete_polls == 0)
        return &PARTLY;
    return h->failing ? &BY_KIND[h->kind] : &STALE;
}

static int set_cause(struct facts *f, const struct cause *c, const struct tenant_health *h)
{
    bool ours = c == &SCHEMA || c == &EMPTIED || c == &MASS || c == &STALE;
    const char *text = ours ? "" : h->text;
    int r = text_copy(c->word, &f->cause);
    if (r < 0)
        return r;
    if (strncmp(text, c->what, strlen(c->what)) == 0) /* a failure that begins with the same words */
        f->hint = text_printf("%s; %s", text, c->hint);
    else
        f->hint = text[0] ? text_printf("%s (%s): %s", c->what, text, c->hint)
                          : text_printf("%s: %s", c->what, c->hint);
    return f->hint ? 0 : -ENOMEM;
}

/* Causes that come and go by themselves and ask nobody for anything else than the one before. */
static const char *const PASSING[] = {"network", "throttled", "protocol", "stale", "local"};

bool cause_is_passing(const char *cause)
{
    for (size_t i = 0; i < N_ELEMENTS(PASSING); i++)
        if (text_equal(cause, PASSING[i]))
            return true;
    return false;
}

/* ---- how bad ---- */

struct trouble {
    enum level level;
    int section; /* the one that decides */
    usec_t age;  /* since it was last read completely */
    const struct cause *cause;
};

static struct trouble find_trouble(const struct tenant_health *h, const struct threshold *poll,
                                   usec_t interval, const struct instant *now)
{
    struct trouble t = {.section = HEALTH_ALLOTMENTS, .cause = find_cause(h)};
    for (int i = 0; i < HEALTH_STORED_; i++) {
        if (!is_offered(h, i))
            continue;
        usec_t age = section_age(h, i, now);
        enum level level = section_level(poll, interval, &h->section[i], age);
        bool missing = h->section[i].incomplete_polls > 0;
        if (level > t.level || (level == t.level && missing && age > t.age))
            t = (struct trouble){level, i, age, t.cause};
    }
    if (t.age == 0)
        t.age = section_age(h, t.section, now);
    if (t.cause->at_once && t.level < LEVEL_WARNING)
        t.level = level_enabled(poll, LEVEL_WARNING);
    return t;
}

/* ---- the sample ---- */

static int64_t limit_seconds(const struct limit *l, usec_t interval)
{
    int64_t seconds = l->value;
    if (!l->on)
        return FACT_UNKNOWN;
    if (l->polls && __builtin_mul_overflow(l->value, (int64_t)(interval / USEC_PER_SEC), &seconds))
        return INT64_MAX;
    return seconds;
}

static const char *source_word(enum source source)
{
    return source == SOURCE_CLOUD_LICENSING   ? "cloud_licensing"
           : source == SOURCE_SUBSCRIBED_SKUS ? "subscribed_skus"
                                              : NULL;
}

/* The tenant itself is read. What a person has to mend is told once a second look-up agrees: a new
 * user is not everywhere at once. */
static int fill_rights(const struct judge_context *ctx, const struct tenant_health *h,
                       const struct threshold *poll, const struct instant *now, struct sample *s)
{
    const struct section_health *section = &h->section[HEALTH_RIGHTS];
    const struct cause *cause = &BY_KIND[h->rights_kind];
    if (section->incomplete_polls == 0)
        return 0;
    usec_t age = section_age(h, HEALTH_RIGHTS, now);
    enum level level = section_level(poll, ctx->tenant->interval, section, age);
    if (cause->at_once && level < LEVEL_WARNING && section->incomplete_polls >= 2)
        level = level_enabled(poll, LEVEL_WARNING);
    finding_set(&s->finding[0], (int64_t)(age / USEC_PER_SEC), level, level);
    if (s->finding[0].state != FINDING_KNOWN)
        return 0;
    s->facts->cause = strdup(cause->word);
    s->facts->section = strdup(SECTION_NAMES[HEALTH_RIGHTS]);
    s->facts->hint = text_printf("%s; %s", h->rights_text, RIGHTS);
    return s->facts->cause && s->facts->section && s->facts->hint ? 0 : -ENOMEM;
}

static int fill_sample(const struct judge_context *ctx, const struct tenant_health *h,
                       const struct instant *now, struct sample *s)
{
    struct threshold t[RULE_COUNT_];
    (void)rules_for(ctx->options, ctx->tenant, NULL, NULL, NULL, t);
    const struct threshold *poll = &t[RULE_POLL];
    struct finding *f = &s->finding[0];
    s->n_findings = 1;
    finding_init(f, RULE_POLL, UNIT_SECONDS, poll);
    /* The age is the hold; what is told at once is told at once. */
    f->hold_for = 0;
    f->min_samples = 1;
    for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
        f->threshold[l] = limit_seconds(&poll->limit[l], ctx->tenant->interval);
    int r = facts_begin(ctx, now->at, &s->facts);
    if (r < 0)
        return r;
    r = text_copy(source_word(h->source), &s->facts->source);
    if (r < 0)
        return r;
    if (h->first_poll.boot == 0 && !h->broken_config)
        return 0; /* not polled yet: nothing is known */

    struct trouble trouble = find_trouble(h, poll, ctx->tenant->interval, now);
    finding_set(f, (int64_t)(trouble.age / USEC_PER_SEC), trouble.level, trouble.level);
    if (trouble.level == LEVEL_NONE && !h->failing)
        return fill_rights(ctx, h, poll, now, s);
    if (f->state != FINDING_KNOWN)
        return 0;
    r = text_copy(SECTION_NAMES[trouble.section], &s->facts->section);
    return r < 0 ? r : set_cause(s->facts, trouble.cause, h);
}

void poll_state_of(const struct judge_context *ctx, const struct tenant_health *h,
                const struct instant *now, struct poll_state *ret)
{
    struct threshold t[RULE_COUNT_];
    *ret = (struct poll_state){0};
    if (h->first_poll.boot == 0 || h->broken_config)
        return;
    (void)rules_for(ctx->options, ctx->tenant, NULL, NULL, NULL, t);
    struct trouble trouble = find_trouble(h, &t[RULE_POLL], ctx->tenant->interval, now);
    if (trouble.level == LEVEL_NONE && !h->failing)
        return;
    ret->cause = trouble.cause->word;
    ret->likeness = cause_likeness(ret->cause);
    ret->section = SECTION_NAMES[trouble.section];
    ret->level = t[RULE_POLL].off ? LEVEL_NONE : trouble.level;
    ret->age = trouble.age;
}

int poll_facts(const struct poll_state *p, const struct tenant_health *h, struct facts *f)
{
    int r = text_copy(p->section, &f->section);
    return r < 0 ? r : set_cause(f, find_cause(h), h);
}

int judge_poll(const struct judge_context *ctx, const struct tenant_health *h,
               const struct instant *now, struct sample *ret, struct failure *ret_failure)
{
    struct sample s = {.kind = KIND_POLL, .subject = strdup("")};
    int r = s.subject ? fill_sample(ctx, h, now, &s) : -ENOMEM;
    if (r < 0) {
        sample_clear(&s);
        return failure_oom(ret_failure);
    }
    *ret = s;
    return 0;
}
