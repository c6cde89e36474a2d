/* SPDX-License-Identifier: MIT */
/* ctl/ask.c: sends a request to the daemon and prints what goes wrong. */
#include "ctl/ask.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/local.h"

#define TARGET_MAX 65536 /* the daemon refuses less */
#define ANSWER_WITHIN (60 * USEC_PER_SEC) /* a reload waits 5 s for deliveries in flight */

static int complain_unreachable(const struct failure *why)
{
    switch (why->kind) {
    case FAILURE_ABSENT:
        ctl_complain("%s\nthe daemon is not running, or has no such socket: systemctl status seatwatchd", why->text);
        return CTL_UNAVAILABLE;
    case FAILURE_PERMISSION:
        ctl_complain("%s\nrun this as root, or as a member of the group seatwatch-admin (to read: seatwatch-read)", why->text);
        return CTL_PERMISSION;
    case FAILURE_LOCAL:
        ctl_complain("%s", why->text);
        return CTL_INTERNAL;
    default:
        ctl_complain("%s\nsee what the daemon does: journalctl -u seatwatchd", why->text);
        return CTL_UNAVAILABLE;
    }
}

static int complain_refused(const struct json *root, unsigned status)
{
    const char *error = NULL, *hint = NULL;
    (void)json_get_string(root, "error", &error);
    (void)json_get_string(root, "hint", &hint);
    if (error && hint)
        ctl_complain("%s\n%s", error, hint);
    else
        ctl_complain("the daemon answers with status %u\ncompare the versions of seatwatchctl and seatwatchd", status);
    return CTL_REFUSED;
}

/* libmicrohttpd answers what is no HTTP by itself, in HTML. */
static int take_answer(const struct ctl *c, const struct local_answer *a, struct json **ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    struct failure why = {0};
    int r = json_parse(a->body, a->len, &root, &why);
    if (a->status / 100 != 2)
        return complain_refused(root, a->status);
    if (r < 0) {
        ctl_complain("the answer is not JSON: %s", why.text);
        return CTL_INTERNAL;
    }
    if (c->option[OPTION_JSON]) {
        puts(a->body);
        return CTL_OK;
    }
    *ret = TAKE(root);
    return CTL_OK;
}

static int reach(const struct ctl *c, const struct local_request *request, struct local_answer *ret)
{
    struct failure why = {0};
    int r = local_ask(request, ret, &why);
    bool other = (why.kind == FAILURE_ABSENT || why.kind == FAILURE_PERMISSION) && request->socket == c->read;
    if (r < 0 && other && strcmp(c->read, c->control) != 0) {
        struct local_request again = *request;
        again.socket = c->control;
        return reach(c, &again, ret);
    }
    return r < 0 ? complain_unreachable(&why) : CTL_OK;
}

static int ask(const struct ctl *c, const struct local_request *request, struct json **ret, unsigned *ret_status)
{
    struct local_answer answer = {0};
    *ret = NULL;
    int code = reach(c, request, &answer);
    if (ret_status)
        *ret_status = answer.status;
    if (code != CTL_OK)
        return code;
    code = take_answer(c, &answer, ret);
    free(answer.body);
    return code;
}

int ask_get_both(const struct ctl *c, const char *target, struct json **ret)
{
    const struct local_request request = {c->read, "GET", target, NULL, ANSWER_WITHIN};
    struct local_answer answer = {0};
    struct ctl quiet = *c;
    quiet.option[OPTION_JSON] = NULL;
    int code = reach(c, &request, &answer);
    if (code == CTL_OK)
        code = take_answer(&quiet, &answer, ret);
    if (code == CTL_OK && c->option[OPTION_JSON])
        puts(answer.body);
    free(answer.body);
    return code;
}

int ask_text(const struct ctl *c, const char *target)
{
    const struct local_request request = {c->read, "GET", target, NULL, ANSWER_WITHIN};
    struct local_answer answer = {0};
    CLEANUP(json_free) struct json *root = NULL;
    int code = reach(c, &request, &answer);
    if (code == CTL_OK && answer.status / 100 == 2) {
        fputs(answer.body, stdout);
    } else if (code == CTL_OK) {
        (void)json_parse(answer.body, answer.len, &root, NULL);
        code = complain_refused(root, answer.status);
    }
    free(answer.body);
    return code;
}

int ask_get(const struct ctl *c, const char *target, struct json **ret)
{
    const struct local_request request = {c->read, "GET", target, NULL, ANSWER_WITHIN};
    return ask(c, &request, ret, NULL);
}

int ask_change(const struct ctl *c, const char *method, const char *target, const char *body, struct json **ret,
               unsigned *ret_status)
{
    const struct local_request request = {c->control, method, target, body, ANSWER_WITHIN};
    return ask(c, &request, ret, ret_status);
}

char *ask_target(const char *path, const char *name, const char *value)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(TARGET_MAX);
    text_addf(&t, "%s?%s=", path, name);
    text_add_encoded(&t, value);
    return text_take(&t);
}

/* ---- one object ---- */

/* NULL: none, or several; *ret_n says how many. */
static const char *find_id(const struct json *root, const struct ask_list *where, const char *prefix, size_t *ret_n)
{
    const struct json *list = json_get(root, where->list);
    const char *found = NULL;
    *ret_n = 0;
    for (const struct json *o = list ? json_first(list) : NULL; o; o = json_next(o)) {
        const char *id = NULL;
        if (json_get_string(o, where->key, &id) != JSON_OK || strncasecmp(id, prefix, strlen(prefix)) != 0)
            continue;
        if (strlen(id) == strlen(prefix))
            return id;
        found = id;
        *ret_n += !where->whole;
    }
    return *ret_n == 1 ? found : NULL;
}

int ask_change_one(const struct ctl *c, const struct ask_list *where, const char *method, const char *body, const char *done)
{
    struct ctl quiet = *c;
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(json_free) struct json *answer = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    size_t n;
    quiet.option[OPTION_JSON] = NULL;
    int code = ask_get(&quiet, where->target, &root);
    if (code != CTL_OK)
        return code;
    const char *id = find_id(root, where, c->arg[0], &n);
    if (!id) {
        if (n > 0)
            ctl_complain("%zu ids begin with %s; write more of it", n, c->arg[0]);
        else
            ctl_complain("there is no id %s%s", where->whole ? "" : "that begins with ", c->arg[0]);
        return CTL_REFUSED;
    }
    text_add(&target, where->before);
    text_add_encoded(&target, id);
    text_add(&target, where->after);
    code = target.error ? CTL_INTERNAL : ask_change(c, method, target.data, body, &answer, NULL);
    if (code == CTL_OK && answer)
        printf("%s: %s\n", done, id);
    return code;
}
