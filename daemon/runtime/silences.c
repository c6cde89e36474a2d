/* SPDX-License-Identifier: MIT */
/* runtime/silences.c: adds, ends and expires silences and acknowledgements. */
#include "runtime/silences.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/text.h"
#include "config/forms.h"
#include "config/match_names.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/silence_list.h"

static int wrong(struct failure *f, const char *what)
{
    return failure_set(f, FAILURE_CONFIG, EINVAL, "%s", what);
}

static struct silence *find(const struct app *app, const char *id)
{
    for (size_t i = 0; i < app->n_silences; i++)
        if (text_equal(app->silence[i].id, id))
            return &app->silence[i];
    return NULL;
}

static struct silence *find_acknowledgement(const struct app *app, const char *alert_id)
{
    for (size_t i = 0; i < app->n_silences; i++)
        if (text_equal(app->silence[i].alert_id, alert_id))
            return &app->silence[i];
    return NULL;
}

static void drop(struct app *app, struct silence *s)
{
    size_t at = (size_t)(s - app->silence);
    silence_clear(s);
    memmove(s, s + 1, (app->n_silences - at - 1) * sizeof *s);
    app->n_silences--;
}

/* ---- one transaction ---- */

/* Takes *add over if it is stored. `old` (NULL: none) is removed. `changes` (NULL: none) are applied. */
static int change(struct app *app, struct silence *add, struct silence *old, struct changes *changes,
                  struct failure *why)
{
    const struct commit c = {.silence = add,
                             .unsilence = old ? old->id : NULL,
                             .changes = changes,
                             .routes = &app->options->routes,
                             .now = clock_now()};
    size_t at = old ? (size_t)(old - app->silence) : 0;
    if (add && array_room(&app->silence, app->n_silences, sizeof *app->silence) < 0) {
        changes_free(changes);
        return failure_oom(why);
    }
    int r = changes ? commit_all(app, &c, 1, changes, why) : store_commit(app->store, &c, 1, why);
    if (r < 0)
        return r;
    if (old)
        drop(app, &app->silence[at]);
    if (add) {
        app->silence[app->n_silences++] = *add;
        *add = (struct silence){0};
        silences_follow_zones(app, 0);
    }
    return 0;
}

/* ---- adding ---- */

static int check_match(const struct match *m, struct failure *why)
{
    const struct {
        const char *text;
        int (*check)(const char *text, struct failure *f);
    } KEYS[] = {{m->tenant, form_glob},
                {m->sku, form_glob},
                {m->allotment, form_glob},
                {m->rule, form_rule_glob},
                {m->severity, form_severity_glob}};
    bool any = m->n_labels > 0;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(KEYS); i++) {
        any |= KEYS[i].text != NULL;
        r = KEYS[i].text ? KEYS[i].check(KEYS[i].text, why) : 0;
    }
    for (size_t i = 0; r >= 0 && i < m->n_labels; i++)
        r = form_line(m->label[i].value, why);
    return r < 0 || any ? r
                        : wrong(why, "a silence needs at least one of tenant, sku, allotment, rule, severity "
                                     "and labels");
}

static int check_words(const char *author, const char *comment, struct failure *why)
{
    int r = author ? form_line(author, why) : wrong(why, "there is no name; give an author");
    if (r < 0)
        return failure_prefix(why, r, "author");
    r = comment ? form_line(comment, why) : wrong(why, "there is no text; give the reason");
    return r < 0 ? failure_prefix(why, r, "comment") : r;
}

static int check_times(const struct silence *s, struct failure *why)
{
    usec_t begin_at = silence_begin_at(s, &s->created);
    if (silence_is_over(s, &s->created))
        return wrong(why, "the end has passed already");
    if (s->end_at <= begin_at)
        return wrong(why, "the end is not after the start");
    if (s->end_at - begin_at > SILENCE_LONGEST)
        return wrong(why, "a silence lasts at most a year");
    return 0;
}

static int set_times(const struct silence_request *r, struct silence *s, struct failure *why)
{
    if ((r->lasts > 0) + (r->weekly || r->end_at > 0) != 1 || (r->lasts && r->start_at))
        return wrong(why, "there is no time, or more than one; give a duration, or an end, or weekly hours");
    if (r->lasts > SILENCE_LONGEST)
        return wrong(why, "a silence lasts at most a year");
    s->lasts = r->lasts > 0;
    s->start_at = r->start_at;
    s->end_at = r->lasts    ? s->created.at + r->lasts
                : r->end_at ? r->end_at
                            : silence_begin_at(s, &s->created) + SILENCE_LONGEST;
    if (r->weekly) {
        int e = hours_parse(r->weekly, &s->weekly, why);
        if (e >= 0)
            e = form_zone(r->zone ? r->zone : "", why);
        if (e < 0)
            return e;
        if (text_copy(r->zone ? r->zone : "", &s->zone) < 0)
            return failure_oom(why);
    }
    return check_times(s, why);
}

/* Apart: an alert can be acknowledged however many silences there are. */
static int check_room(const struct app *app, bool acknowledgement, struct failure *why)
{
    size_t n = 0;
    for (size_t i = 0; i < app->n_silences; i++)
        n += (app->silence[i].alert_id != NULL) == acknowledgement;
    if (n < SILENCES_MAX)
        return 0;
    return failure_set(why, FAILURE_CONFIG, ENOSPC, "there are %d %s already; end some", SILENCES_MAX,
                       acknowledgement ? "acknowledgements" : "silences");
}

/* What silences and acknowledgements have in common. */
static int begin(const char *author, const char *comment, struct silence *ret,
                 struct failure *why)
{
    char id[UUID_TEXT];
    ret->created = clock_now();
    int r = check_words(author, comment, why);
    if (r < 0)
        return r;
    r = uuid_v7(ret->created.at, id);
    if (r < 0)
        return failure_set(why, FAILURE_LOCAL, -r, "no random numbers for an id");
    if (text_copy(id, &ret->id) < 0 || text_copy(author, &ret->author) < 0 ||
        text_copy(comment, &ret->comment) < 0)
        return failure_oom(why);
    return 0;
}

int app_silence_add(struct app *app, const struct silence_request *r, char ret_id[static UUID_TEXT],
                    struct failure *why)
{
    CLEANUP(silence_clear) struct silence s = {.hold = r->hold};
    char id[UUID_TEXT];
    int e = check_match(&r->match, why);
    if (e >= 0)
        e = match_check_silence(app->options, &r->match, why);
    if (e >= 0)
        e = check_room(app, false, why);
    if (e >= 0)
        e = begin(r->author, r->comment, &s, why);
    if (e >= 0)
        e = set_times(r, &s, why);
    if (e >= 0 && match_copy(&r->match, &s.match) < 0)
        e = failure_oom(why);
    if (e < 0)
        return e;
    (void)snprintf(id, sizeof id, "%s", s.id);
    e = change(app, &s, NULL, NULL, why);
    if (e < 0)
        return e;
    memcpy(ret_id, id, sizeof id);
    log_say(LOG_NOTICE, "silence %s added by %s: %s", id, r->author, r->comment);
    return 0;
}

/* ---- ending ---- */

int app_silence_end(struct app *app, const char *id, struct failure *why)
{
    struct silence *s = find(app, id);
    for (size_t i = 0; !s && i < app->options->n_maintenance; i++)
        if (text_equal(app->options->maintenance[i].id, id))
            return failure_set(why, FAILURE_CONFIG, EPERM,
                               "\"%s\" is a maintenance window of the configuration; remove it there and reload", id);
    if (!s)
        return failure_set(why, FAILURE_CONFIG, ENOENT, "there is no silence with the id %s", id);
    int r = change(app, NULL, s, NULL, why);
    if (r < 0)
        return r;
    log_say(LOG_NOTICE, "silence %s ended", id);
    silences_notify(app, clock_now());
    return 0;
}

void silences_expire(struct app *app, struct instant now)
{
    struct failure why = {0};
    for (size_t i = app->n_silences; i-- > 0;) {
        struct silence *s = &app->silence[i];
        const struct alert *a = s->alert_id ? registry_by_id(app->registry, s->alert_id) : NULL;
        if (!silence_is_past(s, &now) && !silence_is_spent(s, a, &now))
            continue;
        if (change(app, NULL, s, NULL, &why) < 0 && !app->store_failing)
            log_failure(LOG_ERR, &why, "a silence that is over", "removed in a minute");
    }
}

/* ---- acknowledgements ---- */

int app_acknowledge(struct app *app, const char *alert_id, const char *author, const char *comment,
                    usec_t until, bool hold, struct failure *why)
{
    CLEANUP(silence_clear) struct silence s = {.hold = hold, .end_at = until};
    struct changes *changes = NULL;
    const struct alert *a = registry_by_id(app->registry, alert_id);
    if (!a)
        return failure_set(why, FAILURE_CONFIG, ENOENT, "there is no alert with the id %s", alert_id);
    if (!alert_state_is_up(a->state) || !a->context)
        return failure_set(why, FAILURE_CONFIG, EINVAL, "alert %s is not firing", alert_id);
    int r = find_acknowledgement(app, alert_id) ? 0 : check_room(app, true, why);
    if (r >= 0)
        r = begin(author, comment, &s, why);
    s.episode = a->episode;
    if (r >= 0 && until)
        r = check_times(&s, why);
    if (r >= 0 && text_copy(alert_id, &s.alert_id) < 0)
        r = failure_oom(why);
    if (r < 0)
        return r;
    struct plan_context ctx = commit_context(app, NULL, s.created);
    r = alerts_plan_acknowledged(&ctx, app->registry, a, &s, &changes, why);
    if (r >= 0)
        r = change(app, &s, find_acknowledgement(app, alert_id), changes, why);
    if (r >= 0)
        log_say(LOG_NOTICE, "alert %s acknowledged by %s: %s", alert_id, author, comment);
    return r;
}

int app_unacknowledge(struct app *app, const char *alert_id, struct failure *why)
{
    struct silence *s = find_acknowledgement(app, alert_id);
    if (!s)
        return failure_set(why, FAILURE_CONFIG, ENOENT, "alert %s is not acknowledged", alert_id);
    int r = change(app, NULL, s, NULL, why);
    if (r < 0)
        return r;
    log_say(LOG_NOTICE, "alert %s is no longer acknowledged", alert_id);
    silences_notify(app, clock_now());
    return 0;
}

void silences_notify(struct app *app, struct instant now)
{
    struct plan_context ctx = commit_context(app, NULL, now);
    struct changes *changes = NULL;
    struct failure why = {0};
    int r = alerts_plan_unsilenced(&ctx, app->registry, &changes, &why);
    if (r >= 0)
        r = commit_changes(app, &ctx, changes, &why);
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "alerts that are no longer silenced", "retried in a minute");
}
