/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_config.c: any text is either options that keep their promises and dump to a text
 * that means the same, or a list of problems that a person can read. */
#include "base/text.h"
#include "config/load.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig forgets the buffer of a string that it was reading at a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check_problems(const struct problems *p, bool refused)
{
    bool fatal = false;
    for (size_t i = 0; i < p->n; i++) {
        const char *text = p->problem[i].text;
        require(strncmp(text, "fuzz.conf:", 10) == 0 && text[10] >= '0' && text[10] <= '9');
        require(!strchr(text, '\n') && text_is_utf8(text, strlen(text)));
        require(!p->problem[i].fatal || !p->problem[i].warning);
        fatal = fatal || p->problem[i].fatal;
    }
    require(fatal == refused);
}

static void check_levels(const struct threshold *t, bool smaller_is_worse)
{
    const struct limit *w = &t->limit[LEVEL_WARNING], *c = &t->limit[LEVEL_CRITICAL];
    if (!t->off && w->on && c->on && w->polls == c->polls)
        require(smaller_is_worse ? c->value <= w->value : c->value >= w->value);
    require(t->min_samples >= 1 && t->min_samples <= 100);
}

static bool check_options(const struct options *o)
{
    bool whole = true;
    require(o->n_tenants > 0 && o->n_receivers > 0 && o->n_receivers <= RECEIVERS_MAX);
    require(o->routes.n_receivers == o->n_receivers && o->routes.n_fallback > 0);
    require(o->poll_interval >= USEC_PER_SEC && o->poll_concurrency >= 1 && o->poll_requests >= 1);
    for (size_t i = 0; i < o->n_tenants; i++) {
        const struct tenant_options *t = &o->tenant[i];
        require(t->identity.name && t->identity.tenant_id && t->identity.interval >= USEC_PER_SEC);
        require(text_equal(t->identity.name, t->graph.name));
        require(t->broken ||
                (t->graph.client_id && t->graph.client_secret_file && t->graph.graph_url));
        require(!t->nameless || (t->broken && o->tenants_incomplete));
        whole = whole && !t->broken;
    }
    for (int r = 0; r < RULE_COUNT_; r++)
        check_levels(&o->rules.threshold[r], r == RULE_REMAINING || r == RULE_SUBSCRIPTION ||
                                                  r == RULE_CREDENTIAL);
    for (size_t i = 0; i < o->routes.n_routes; i++)
        for (size_t k = 0; k < o->routes.route[i].n_to; k++)
            require(receiver_index(&o->routes, o->routes.route[i].to[k]) >= 0);
    return whole;
}

/* Options whose tenants are all right, as a text, and through it once more. */
static void check_dump(const struct options *o)
{
    CLEANUP(free) char *first = NULL;
    CLEANUP(free) char *second = NULL;
    CLEANUP(options_free) struct options *again = NULL;
    struct problems p = {0};
    require(options_dump(o, &first) == 0);
    require(options_load_text("fuzz.conf", first, strlen(first), NULL, &again, &p) == 0);
    problems_free(&p);
    require(options_dump(again, &second) == 0);
    require(strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(options_free) struct options *o = NULL;
    struct problems p = {0};
    int r = options_load_text("fuzz.conf", (const char *)data, size, NULL, &o, &p);
    require(r == 0 || r == -EINVAL);
    require((r == 0) == (o != NULL));
    check_problems(&p, r < 0);
    problems_free(&p);
    if (o && check_options(o))
        check_dump(o);
    return 0;
}
