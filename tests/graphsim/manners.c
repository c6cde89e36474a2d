/* SPDX-License-Identifier: MIT */
/* graphsim/manners.c: how a tenant behaves, and when its next state begins. */
#include "base/cleanup.h"
#include "graphsim/sim.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

static bool endpoint_known(const char *word)
{
    return endpoint_index(word) < N_ENDPOINTS;
}

int scenario_words(const struct json *object, const char *key, const struct json **ret,
                   bool (*known)(const char *word), struct failure *ret_failure)
{
    const struct json *array = NULL;
    int r = read_array(object, key, &array, ret_failure);
    if (r < 0 || !array)
        return r;
    for (const struct json *word = json_first(array); word; word = json_next(word))
        if (!json_text(word) || (known && !known(json_text(word))))
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"%s\": \"%s\" is not known",
                               key, json_text(word) ? json_text(word) : "?");
    *ret = array;
    return 0;
}

static unsigned refusal(const char *word)
{
    return strcmp(word, "$select") == 0   ? REFUSE_SELECT
           : strcmp(word, "$top") == 0    ? REFUSE_TOP
           : strcmp(word, "$expand") == 0 ? REFUSE_EXPAND
           : strcmp(word, "$filter") == 0 ? REFUSE_FILTER
                                          : 0;
}

static bool is_refusal(const char *word)
{
    return refusal(word) != 0;
}

static int read_inline(const struct json *object, struct manners *m, struct failure *ret_failure)
{
    const char *mode = NULL;
    int r = read_string(object, "inline", &mode, ret_failure);
    if (r < 0 || !mode)
        return r;
    if (strcmp(mode, "link") == 0)
        m->inline_mode = INLINE_LINK;
    else if (strcmp(mode, "truncate") == 0)
        m->inline_mode = INLINE_TRUNCATE;
    else if (strcmp(mode, "omit") == 0)
        m->inline_mode = INLINE_OMIT;
    else
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "\"inline\": link, truncate or omit expected");
    return 0;
}

int manners_read(const struct json *object, struct manners *m, struct failure *ret_failure)
{
    struct {
        const char *key;
        int64_t min, max, *to;
    } ints[] = {{"sign_in", 0, INT32_MAX, &m->sign_in},
                {"token_life_s", 1, 86400, &m->token_life_s},
                {"page_size", 1, 100000, &m->page_size},
                {"page_max", 1, 100000, &m->page_max},
                {"inline_limit", 0, 1000000, &m->inline_limit},
                {"absent", 0, 599, &m->absent}};
    const struct json *refuse = NULL;
    if (json_get(object, "page_size") && !json_get(object, "page_max"))
        m->page_max = 0;
    int r = read_string(object, "client_secret", &m->client_secret, ret_failure);
    for (size_t i = 0; i < N_ELEMENTS(ints) && r >= 0; i++)
        r = read_int(object, ints[i].key, ints[i].min, ints[i].max, ints[i].to, ret_failure);
    if (m->page_max == 0)
        m->page_max = m->page_size;
    if (r >= 0 && m->sign_in && !entra_knows(m->sign_in))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"sign_in\": AADSTS%lld is not known",
                        (long long)m->sign_in);
    if (r >= 0)
        r = scenario_words(object, "certificates", &m->certificates, NULL, ret_failure);
    if (r >= 0)
        r = read_array(object, "federated", &m->federated, ret_failure);
    if (r >= 0 && m->federated)
        r = federated_check(m->federated, ret_failure);
    if (r >= 0)
        r = read_inline(object, m, ret_failure);
    if (r >= 0)
        r = scenario_words(object, "deny", &m->deny, endpoint_known, ret_failure);
    if (r >= 0)
        r = scenario_words(object, "refuse", &refuse, is_refusal, ret_failure);
    if (r < 0 || !refuse)
        return r;
    m->refuse = 0;
    for (const struct json *word = json_first(refuse); word; word = json_next(word))
        m->refuse |= refusal(json_text(word));
    return 0;
}

int when_read(const struct json *object, struct state *state, struct failure *ret_failure)
{
    static const char *const WHEN[] = {"poll", "after_s", "after_requests", "signal", NULL};
    static const char *const REQUESTS[] = {"path", "n", NULL};
    const struct json *when = NULL, *requests = NULL;
    bool signal = false;
    int r = read_object(object, "when", &when, ret_failure);
    if (r < 0 || !when)
        return r;
    r = read_members(when, "when", WHEN, ret_failure);
    if (r >= 0 && (!json_first(when) || json_next(json_first(when))))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"when\": one member expected");
    if (r >= 0)
        r = read_int(when, "poll", 1, INT32_MAX, &state->when_n, ret_failure);
    if (r >= 0)
        r = read_seconds(when, "after_s", &state->when_after, ret_failure);
    if (r >= 0)
        r = read_bool(when, "signal", &signal, ret_failure);
    if (r >= 0)
        r = read_object(when, "after_requests", &requests, ret_failure);
    if (r >= 0 && requests) {
        r = read_members(requests, "after_requests", REQUESTS, ret_failure);
        if (r >= 0)
            r = read_string(requests, "path", &state->when_path, ret_failure);
        if (r >= 0)
            r = read_int(requests, "n", 1, INT32_MAX, &state->when_n, ret_failure);
        if (r >= 0 && (!state->when_path || !endpoint_known(state->when_path) || !state->when_n))
            r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                            "\"after_requests\": path (an endpoint) and n expected");
    }
    state->when = requests                    ? WHEN_AFTER_REQUESTS
                  : json_get(when, "poll")    ? WHEN_POLL
                  : json_get(when, "after_s") ? WHEN_AFTER_S
                                              : WHEN_SIGNAL;
    return r;
}
