/* SPDX-License-Identifier: MIT */
/* deliver/alertmanager.h: alerts in the form of Alertmanager's API v2, for the receiver type and
 * for the loop that repeats them (resend.h). Pure. */
#pragma once
#include "deliver/http_post.h"
#include "json/json.h"

#define ALERTMANAGER_BATCH 64            /* alerts in one request */
#define ALERTMANAGER_BODY_MAX (4u << 20) /* bytes */
struct alertmanager_options {
    char **url; /* of all members of the cluster, without /api/v2/alerts */
    size_t n_urls;
    usec_t resend; /* shortest time between two repetitions of an alert */
    char *headers_file;
    struct http_post_options http;
};

/* One alert. Alertmanager knows it by its labels alone: another label is another alert. */
struct alertmanager_alert {
    char *labels;               /* a JSON object */
    char *about;                /* its annotations, a JSON object; NULL: none */
    char *url;                  /* page of the alert; NULL: none */
    usec_t started_at, ends_at; /* 0: it fires */
    usec_t lasts;               /* from the request on, if it fires; 0: while polls confirm it */
};
void alertmanager_alert_clear(struct alertmanager_alert *a);
DEFINE_CLEANUP_IN_PLACE(struct alertmanager_alert, alertmanager_alert_clear)
/* The labels of an alert that fires at this level by this rule. Nothing in them depends on the host
 * or on a number, so that two daemons that watch the same tenants name an alert alike. -ENOMEM */
int alertmanager_labels(const struct alert_context *f, const char *alert_id, enum rule rule,
                        enum level level, char **ret);
/* The same of a message that is about no alert; NULL and "" are left out. */
int alertmanager_labels_of(const char *rule, const char *severity, const char *alert_id,
                           const struct alert_context *f, char **ret);
/* Sets everything but labels and times. `a` is cleared by the caller, also on failure. -ENOMEM */
int alertmanager_describe(const struct receiver_options *o, const struct message *m,
                          struct alertmanager_alert *a);
/* For a body that the receiver type completes: the time of the request is not in it. */
void alertmanager_put(struct json_writer *w, const struct alertmanager_alert *a);
