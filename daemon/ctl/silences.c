/* SPDX-License-Identifier: MIT */
/* ctl/silences.c: commands that silence and acknowledge. */
#include "ctl/silences.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ctl/ask.h"

#define BODY_MAX 65536 /* what the daemon accepts */
#define LABEL "labels."

/* mktime() would make 1 December of 31 November. */
static bool is_date(const char *text)
{
    char date[sizeof "2026-12-24"];
    int32_t day;
    (void)snprintf(date, sizeof date, "%s", text);
    return date_parse(date, &day) >= 0;
}

int silence_time(const char *text, char ret[static RFC3339_MAX])
{
    usec_t at = 0;
    struct tm tm = {.tm_isdst = -1};
    const char *rest;
    if (rfc3339_parse(text, &at) >= 0) {
        (void)rfc3339_print(at, ret);
        return 0;
    }
    rest = is_date(text) ? strptime(text, "%Y-%m-%d", &tm) : NULL;
    if (rest && *rest)
        rest = strptime(rest, " %H:%M", &tm);
    time_t seconds = rest && !*rest ? mktime(&tm) : -1;
    if (seconds < 0)
        return -EINVAL;
    (void)rfc3339_print((usec_t)seconds * USEC_PER_SEC, ret);
    return 0;
}

/* sudo(8) keeps who it was. */
static const char *author(const struct ctl *c)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (c->option[OPTION_AUTHOR])
        return c->option[OPTION_AUTHOR];
    const struct passwd *me = sudo ? NULL : getpwuid(getuid());
    return sudo ? sudo : me ? me->pw_name : "unknown";
}

static bool put_time(struct json_writer *w, const char *key, const char *text)
{
    char at[RFC3339_MAX];
    if (!text)
        return true;
    if (silence_time(text, at) < 0) {
        ctl_complain("\"%s\" is not a time; write 2026-12-24T18:00:00Z, or \"2026-12-24 19:00\" in local time", text);
        return false;
    }
    json_put_string(w, key, at);
    return true;
}

/* What a silence and an acknowledgement have in common. */
static bool put_common(struct json_writer *w, const struct ctl *c)
{
    if (!c->option[OPTION_COMMENT]) {
        ctl_complain("there is no --comment; say why, such as --comment \"migration, ticket 4711\"");
        return false;
    }
    json_put_string(w, "author", author(c));
    json_put_string(w, "comment", c->option[OPTION_COMMENT]);
    json_put_bool(w, "hold", c->option[OPTION_HOLD] != NULL);
    return put_time(w, "until", c->option[OPTION_UNTIL]);
}

/* ---- match ---- */

/* The daemon would find the key twice in the JSON of the request. */
static bool is_given_once(const struct ctl *c, size_t at)
{
    size_t len = strcspn(c->arg[at], "=");
    for (size_t i = 0; i < at; i++)
        if (strncmp(c->arg[i], c->arg[at], len) == 0 && c->arg[i][len] == '=') {
            ctl_complain("%.*s is given twice; write one glob that covers both, or add two silences", (int)len, c->arg[at]);
            return false;
        }
    return true;
}

/* "tenant=contoso"; the daemon knows the keys. */
static bool put_part(struct json_writer *w, const char *word, size_t skip)
{
    char key[64];
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : 0;
    if (len <= skip || len - skip >= sizeof key || !equals[1]) {
        ctl_complain("\"%s\" is not KEY=GLOB; keys are tenant, sku, allotment, rule, severity and labels.NAME", word);
        return false;
    }
    (void)snprintf(key, sizeof key, "%.*s", (int)(len - skip), word + skip);
    json_put_string(w, key, equals + 1);
    return true;
}

static bool put_match(struct json_writer *w, const struct ctl *c)
{
    bool ok = true, labels = false;
    json_open_object(w, "match");
    for (size_t i = 0; i < c->n_args && ok; i++) {
        bool label = strncmp(c->arg[i], LABEL, strlen(LABEL)) == 0;
        labels |= label;
        ok = is_given_once(c, i) && (label || put_part(w, c->arg[i], 0));
    }
    if (labels)
        json_open_object(w, "labels");
    for (size_t i = 0; i < c->n_args && ok; i++)
        if (strncmp(c->arg[i], LABEL, strlen(LABEL)) == 0)
            ok = put_part(w, c->arg[i], strlen(LABEL));
    if (labels)
        json_close_object(w);
    json_close_object(w);
    return ok;
}

/* ---- bodies ---- */

static char *finish(struct json_writer *w, bool ok)
{
    char *json = NULL;
    size_t len;
    json_close_object(w);
    if (ok && json_write_take(w, &json, &len) < 0)
        ctl_complain("the request is larger than %d KiB", BODY_MAX >> 10);
    return ok ? json : NULL;
}

char *silence_json(const struct ctl *c)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    if (!w)
        return NULL;
    json_open_object(w, NULL);
    bool ok = put_match(w, c) && put_common(w, c) && put_time(w, "from", c->option[OPTION_FROM]);
    const struct {
        const char *key, *value;
    } TEXTS[] = {{"for", c->option[OPTION_FOR]}, {"weekly", c->option[OPTION_WEEKLY]}, {"timezone", c->option[OPTION_TIMEZONE]}};
    for (size_t i = 0; i < N_ELEMENTS(TEXTS); i++)
        if (TEXTS[i].value)
            json_put_string(w, TEXTS[i].key, TEXTS[i].value);
    return finish(w, ok);
}

static char *acknowledgement_json(const struct ctl *c)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    if (!w)
        return NULL;
    json_open_object(w, NULL);
    return finish(w, put_common(w, c));
}

/* ---- commands ---- */

int run_silence_add(const struct ctl *c)
{
    CLEANUP(free) char *body = silence_json(c);
    CLEANUP(json_free) struct json *root = NULL;
    const char *id = NULL, *warning = NULL;
    if (!body)
        return CTL_USAGE;
    int code = ask_change(c, "POST", "/v1/silences", body, &root, NULL);
    if (code == CTL_OK && root && json_get_string(root, "id", &id) == JSON_OK)
        printf("silence added; to end it: seatwatchctl silence end %s\n", id);
    if (code == CTL_OK && root && json_get_string(root, "warning", &warning) == JSON_OK)
        ctl_complain("warning: %s; the silence covers nothing until one does", warning);
    return code;
}

static const struct ask_list SILENCES = {"/v1/silences", "silences", "id", "/v1/silences/", "", false},
                             ALERTS = {"/v1/alerts?all", "alerts", "alert_id", "/v1/alerts/", "/acknowledgement", false};

int run_silence_end(const struct ctl *c)
{
    return ask_change_one(c, &SILENCES, "DELETE", NULL, "silence ended");
}

int run_ack(const struct ctl *c)
{
    CLEANUP(free) char *body = acknowledgement_json(c);
    return body ? ask_change_one(c, &ALERTS, "POST", body, "alert acknowledged") : CTL_USAGE;
}

int run_unack(const struct ctl *c)
{
    return ask_change_one(c, &ALERTS, "DELETE", NULL, "acknowledgement taken back");
}
