/* SPDX-License-Identifier: MIT */
/* graph/roots.c: which hosts a tenant's cloud means (the page "deployments" of Graph's reference).
 */
#include "graph/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *graph, *login;
} CLOUDS[] = {
    [CLOUD_GLOBAL] = {"https://graph.microsoft.com", "https://login.microsoftonline.com"},
    [CLOUD_USGOV_L4] = {"https://graph.microsoft.us", "https://login.microsoftonline.us"},
    [CLOUD_USGOV_L5] = {"https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
    [CLOUD_CHINA] = {"https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
};

const char *cloud_graph_root(enum cloud cloud)
{
    return CLOUDS[cloud].graph;
}

/* A root is scheme://host[:port] and at most one slash behind it: versions and paths are ours. */
static int root(const char *key, const char *given, const char *usual, struct origin *ret,
                struct failure *ret_failure)
{
    bool said = given && *given;
    const char *url = said ? given : usual;
    /* Our own addresses may be plain http: a managed identity's service is. */
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

int graph_roots(const struct graph_options *o, struct origin *ret_graph, struct origin *ret_login,
                struct failure *ret_failure)
{
    struct origin graph, login;
    int r = root("graph_url", o->graph_url, CLOUDS[o->cloud].graph, &graph, ret_failure);
    const char *usual = o->auth == AUTH_MANAGED_IDENTITY ? sign_in_identity_root(o->identity_host)
                                                         : CLOUDS[o->cloud].login;
    if (r >= 0)
        r = root("login_url", o->login_url, usual, &login, ret_failure);
    if (r < 0)
        return r;
    *ret_graph = graph;
    *ret_login = login;
    return 0;
}
