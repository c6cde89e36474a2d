/* SPDX-License-Identifier: MIT */
/* graph/roots.c: the hosts of each national cloud (page "deployments" of Graph's reference).
 * Refuses a configuration that mixes two clouds. */
#include "graph/internal.h"
#include "graph/sign_in.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name; /* in the configuration */
    const char *graph, *login, *other_login;
} CLOUDS[] = {
    [CLOUD_GLOBAL] = {"global", "https://graph.microsoft.com", "https://login.microsoftonline.com",
                      NULL},
    [CLOUD_USGOV_L4] = {"usgov_l4", "https://graph.microsoft.us",
                        "https://login.microsoftonline.us", NULL},
    [CLOUD_USGOV_L5] = {"usgov_l5", "https://dod-graph.microsoft.us",
                        "https://login.microsoftonline.us", NULL},
    [CLOUD_CHINA] = {"china", "https://microsoftgraph.chinacloudapi.cn",
                     "https://login.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"},
};
#define ALL_CLOUDS ((1U << N_ELEMENTS(CLOUDS)) - 1)

const char *cloud_graph_root(enum cloud cloud)
{
    return CLOUDS[cloud].graph;
}

/* A root is scheme://host[:port] and at most one slash; version and path are added here. */
static int root(const char *key, const char *given, const char *usual, struct origin *ret,
                struct failure *ret_failure)
{
    bool said = given && *given;
    const char *url = said ? given : usual;
    /* Built-in addresses may be plain http, as that of a managed identity's service is. */
    int r = origin_parse(url, !said, ret, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", key);
    const char *rest = strstr(url, "://") + 3;
    rest += strcspn(rest, "/?");
    if (*rest && strcmp(rest, "/") != 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s: write scheme and host only, without a path or a version", key);
    return 0;
}

static bool is_at(const char *url, const char *root)
{
    size_t len = root ? strlen(root) : 0;
    return len > 0 && strncasecmp(url, root, len) == 0 && (url[len] == '/' || !url[len]);
}

/* The set of clouds that have this host; an unknown host may belong to any. */
static unsigned clouds_of(const char *url)
{
    unsigned set = 0;
    for (size_t i = 0; i < N_ELEMENTS(CLOUDS); i++)
        if (is_at(url, CLOUDS[i].graph) || is_at(url, CLOUDS[i].login) ||
            is_at(url, CLOUDS[i].other_login))
            set |= 1U << i;
    return set ? set : ALL_CLOUDS;
}

/* A token of one cloud is useless in another, and a secret must not be sent there. */
static int check_clouds(const char *graph, const char *login, const char *resource,
                        struct failure *ret_failure)
{
    const struct {
        const char *what, *url;
    } party[] = {{"Graph", graph}, {"the sign-in", login}, {"the token's resource", resource}};
    for (size_t i = 0; i < N_ELEMENTS(party); i++) {
        for (size_t k = i + 1; k < N_ELEMENTS(party); k++) {
            unsigned set = clouds_of(party[i].url);
            if (set & clouds_of(party[k].url))
                continue;
            return failure_set(
                ret_failure, FAILURE_CONFIG, EINVAL,
                "%s is %s, but %s is %s, of another cloud; write cloud = \"%s\" and leave "
                "graph_url, login_url and resource out, or take all of them from one cloud",
                party[i].what, party[i].url, party[k].what, party[k].url,
                CLOUDS[__builtin_ctz(set)].name);
        }
    }
    return 0;
}

int graph_roots(const struct graph_options *o, struct origin *ret_graph, struct origin *ret_login,
                struct failure *ret_failure)
{
    struct origin graph, login;
    int r = root("graph_url", o->graph_url, CLOUDS[o->cloud].graph, &graph, ret_failure);
    const char *usual = o->auth == AUTH_MANAGED_IDENTITY ? sign_in_identity_root(o->identity_host)
                                                         : CLOUDS[o->cloud].login;
    if (r >= 0)
        r = root("login_url", o->login_url, usual, &login, ret_failure);
    if (r >= 0)
        r = check_clouds(graph.text, login.text,
                         o->resource && *o->resource ? o->resource : CLOUDS[o->cloud].graph,
                         ret_failure);
    if (r < 0)
        return r;
    *ret_graph = graph;
    *ret_login = login;
    return 0;
}
