/* SPDX-License-Identifier: MIT */
/* graph/graph.c: one tenant: its options, its life, and what a reload inherits. */
#include "graph/internal.h"

#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BACKOFF_BASE USEC_PER_SEC
#define ARC_DIRECTORY "/var/opt/azcmagent/tokens/" /* of the Arc agent, which only it may fill */

/* ---- options ---- */

static bool is_word(const char *s)
{
    return *s &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               strlen(s) &&
           strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

#define TEXT(member) offsetof(struct graph_options, member)
static const size_t TEXTS[] = {
    TEXT(name),
    TEXT(tenant_id),
    TEXT(client_id),
    TEXT(client_secret_file),
    TEXT(certificate_file),
    TEXT(private_key_file),
    TEXT(private_key_password_file),
    TEXT(federated_token_file),
    TEXT(identity_object_id),
    TEXT(identity_resource_id),
    TEXT(graph_url),
    TEXT(login_url),
    TEXT(resource),
    TEXT(api_version),
};

static char **text_at(const struct graph_options *o, size_t i)
{
    return (char **)((char *)(uintptr_t)o + TEXTS[i]);
}

static int copy_options(struct graph *g, const struct graph_options *o)
{
    int r = 0;
    g->o = *o;
    for (size_t i = 0; i < N_ELEMENTS(TEXTS); i++)
        *text_at(&g->o, i) = NULL;
    for (size_t i = 0; i < N_ELEMENTS(TEXTS) && r >= 0; i++)
        r = text_copy(*text_at(o, i), text_at(&g->o, i));
    return r;
}

static bool options_equal(const struct graph_options *a, const struct graph_options *b)
{
    for (size_t i = 0; i < N_ELEMENTS(TEXTS); i++)
        if (!text_equal(*text_at(a, i), *text_at(b, i)))
            return false;
    return a->auth == b->auth && a->assertion == b->assertion &&
           a->identity_host == b->identity_host && a->cloud == b->cloud && a->source == b->source &&
           a->requests == b->requests && a->timeout == b->timeout;
}

static int set_addresses(struct graph *g, struct failure *ret_failure)
{
    int r = graph_roots(&g->o, &g->api, &g->login, ret_failure);
    if (r < 0)
        return r;
    if (!g->o.tenant_id || !is_word(g->o.tenant_id))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "tenant_id is neither a GUID nor a domain name");
    if (!g->o.api_version || !is_word(g->o.api_version) ||
        strlen(g->o.api_version) + 3 > sizeof g->api.prefix)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "api_version is not a version name");
    g->fallback = g->api;
    (void)snprintf(g->api.prefix, sizeof g->api.prefix, "/%s/", g->o.api_version);
    (void)snprintf(g->fallback.prefix, sizeof g->fallback.prefix, "/v1.0/");
    g->token_url = text_printf("%s/%s/oauth2/v2.0/token", g->login.text, g->o.tenant_id);

    /* The scope names the cloud's Graph even if graph_url is set: a private proxy does not change
     * the audience of the token. */
    const char *resource =
        g->o.resource && *g->o.resource ? g->o.resource : cloud_graph_root(g->o.cloud);
    size_t len = strlen(resource);
    while (len > 0 && resource[len - 1] == '/')
        len--;
    bool whole = len > 9 && strncmp(resource + len - 9, "/.default", 9) == 0;
    g->scope = text_printf("%.*s%s", (int)len, resource, whole ? "" : "/.default");
    return g->token_url && g->scope ? 0 : failure_oom(ret_failure);
}

int graph_new(const struct graph_options *o, struct http *http, sd_event *event, struct graph **ret,
              struct failure *ret_failure)
{
    CLEANUP(graph_free) struct graph *g = calloc(1, sizeof *g);
    if (!g || copy_options(g, o) < 0)
        return failure_oom(ret_failure);
    assert(o->requests > 0 && o->timeout > 0);
    int r = set_addresses(g, ret_failure);
    if (r < 0)
        return r;
    g->http = http;
    g->event = sd_event_ref(event);
    g->arc_directory = ARC_DIRECTORY;
    g->backoff = BACKOFF_BASE;
    g->pages_max = LIST_PAGES_MAX;
    pace_init(&g->pace, o->requests);
    g->bytes_max = POLL_BYTES_MAX;
    *ret = TAKE(g);
    return 0;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    graph_cancel(g);
    lookup_free(TAKE(g->lookup));
    graph_inquiry_free(TAKE(g->inquiry));
    app_entry_free(TAKE(g->entry));
    access_free(TAKE(g->access));
    token_cancel(g);
    token_forget(g);
    poll_order_clear(&g->order);
    sd_event_unref(g->event);
    for (size_t i = 0; i < N_ELEMENTS(TEXTS); i++)
        free(*text_at(&g->o, i));
    free(g->scope);
    free(g->token_url);
    free(g);
}

const char *graph_host(const struct graph *g, bool sign_in)
{
    return sign_in ? g->login.host : g->api.host;
}

void graph_backoff_until(struct graph *g, usec_t until_mono)
{
    pace_throttled(&g->pace, until_mono);
}

bool graph_inherit(struct graph *g, struct graph *from, bool token)
{
    assert(!g->poll && !g->token.bearer);
    if (!options_equal(&g->o, &from->o))
        return false;
    graph_cancel(from);
    g->service = from->service;
    g->source = from->source;
    g->pace = from->pace;
    poll_order_clear(&g->order);
    g->order = from->order;
    from->order = (struct poll_order){0};
    if (token) {
        g->token.bearer = TAKE(from->token.bearer);
        g->token.renew_mono = from->token.renew_mono;
        g->token.expires_mono = from->token.expires_mono;
        g->token.generation = from->token.generation;
        g->token.signed_in_mono = from->token.signed_in_mono;
    }
    return true;
}

void graph_sign_in_again(struct graph *g)
{
    token_keep_for(g, 0, clock_now().mono);
}

usec_t graph_signed_in_mono(const struct graph *g)
{
    return g->token.signed_in_mono;
}

enum source graph_source(const struct graph *g)
{
    return g->source;
}

void graph_set_refusals(struct graph *g, uint32_t refusals)
{
    g->service.refusals = refusals;
}

void graph_set_answered(struct graph *g, enum source known)
{
    g->source = known;
    g->service.answered = known == SOURCE_CLOUD_LICENSING;
    if (known == SOURCE_SUBSCRIBED_SKUS)
        g->service.fallback = true; /* the first poll tries the API again */
}
