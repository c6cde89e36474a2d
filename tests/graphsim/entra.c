/* SPDX-License-Identifier: MIT */
/* graphsim/entra.c: the ways in which Entra refuses a token. */
#include "base/clock.h"
#include "base/date.h"
#include "graphsim/sim.h"
#include <string.h>
#include <time.h>

/* Numbers and classes: the reference of AADSTS error codes; statuses as clients have seen them. */
static const struct refused {
    int64_t code;
    unsigned status;
    const char *error, *text;
} REFUSED[] = {
    {50000, 500, "server_error", "There was an error issuing a token."},
    {28002, 400, "invalid_scope", "The scope parameter is not valid for this resource."},
    {50012, 401, "invalid_client", "Authentication failed."},
    {50013, 401, "invalid_client", "The assertion is not valid."},
    {500011, 400, "invalid_resource", "The resource principal was not found in the tenant."},
    {500133, 401, "invalid_grant", "The assertion is not within its valid time range."},
    {53003, 400, "invalid_grant", "Access has been blocked by Conditional Access policies."},
    {530032, 400, "invalid_grant", "Blocked by security policy."},
    {530035, 400, "invalid_grant", "Access has been blocked by security defaults."},
    {65001, 400, "invalid_grant",
     "The user or administrator has not consented to the application."},
    {70001, 400, "unauthorized_client", "The application is disabled."},
    {70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type."},
    {70011, 400, "invalid_scope",
     "The provided value for the input parameter 'scope' is not valid."},
    {70021, 400, "invalid_request", "No matching federated identity record was found."},
    {90002, 400, "invalid_request",
     "Tenant not found. Check that the tenant ID is right and that the right cloud is asked."},
    {90006, 500, "server_error", "The external service did not answer. Retry."},
    {90012, 503, "temporarily_unavailable", "The request has timed out."},
    {90024, 503, "temporarily_unavailable", "Request budget exceeded: a transient error."},
    {90033, 503, "temporarily_unavailable", "A transient error has occurred. Try again."},
    {90038, 400, "invalid_request", "The tenant belongs to another national cloud."},
    {90055, 429, "temporarily_unavailable", "Too many requests: throttled."},
    {90090, 503, "temporarily_unavailable", "A resource limit was reached for a moment."},
    {90094, 400, "invalid_grant", "An administrator has to consent to the application."},
    {700016, 400, "unauthorized_client",
     "The application was not found in the directory. It was not installed by the administrator."},
    {700022, 400, "invalid_request", "The scope names more than one resource."},
    {700023, 400, "invalid_request", "The scope names no resource."},
    {700024, 401, "invalid_client", "The client assertion is not within its valid time range."},
    {700027, 401, "invalid_client", "The client assertion failed signature validation."},
    {700213, 401, "invalid_client",
     "No matching federated identity record was found for the presented assertion."},
    {900144, 400, "invalid_request", "The request body must contain a parameter that is missing."},
    {900382, 400, "invalid_request", "The request has to go to another national cloud."},
    {900432, 400, "invalid_request", "The tenant is confidential to another cloud."},
    {900561, 405, "invalid_request", "The endpoint only accepts POST requests."},
    {1002012, 400, "invalid_scope", "The scope must end in '/.default' for client credentials."},
    {7000215, 401, "invalid_client",
     "Invalid client secret provided. Send the secret's value, not its ID."},
    {7000218, 401, "invalid_client",
     "The request body must contain 'client_assertion' or 'client_secret'."},
    {7000222, 401, "invalid_client", "The provided client secret keys are expired."},
    {7000229, 401, "invalid_client", "The application has no service principal in the tenant."},
    {9000411, 400, "invalid_request", "A request parameter is given more than once."},
    {9002313, 400, "invalid_request", "The request is malformed or invalid."},
    {9001023, 400, "invalid_request",
     "The grant type is not supported over /common or /consumers."},
};

static const struct refused *find(int64_t code)
{
    for (size_t i = 0; i < N_ELEMENTS(REFUSED); i++)
        if (REFUSED[i].code == code)
            return &REFUSED[i];
    return NULL;
}

bool entra_knows(int64_t code)
{
    return find(code) != NULL;
}

void entra_refuse(struct call *c, int64_t code, const char *detail)
{
    static const struct refused UNNAMED = {0, 400, "invalid_request", "The request is malformed."};
    const struct refused *what = find(code);
    char stamp[32], trace[UUID_TEXT];
    time_t now = (time_t)(c->request->at / USEC_PER_SEC);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%SZ", &utc);
    if (uuid_v4(trace) < 0)
        abort();
    const char *correlation = request_header(c->request, "client-request-id");
    if (!correlation)
        correlation = c->request_id;
    what = what ? what : &UNNAMED;
    CLEANUP(text_free) struct text text = TEXT_INIT(65536);
    text_addf(&text, "AADSTS%lld: %s%s%s Trace ID: %s Correlation ID: %s Timestamp: %s",
              (long long)code, what->text, detail ? " " : "", detail ? detail : "", trace,
              correlation, stamp);
    CLEANUP(free)
    char *uri = text_printf("https://login.microsoftonline.com/error?code=%lld", (long long)code);
    struct json_writer *w = json_writer_new(1 << 20);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "error", what->error);
    json_put_string(w, "error_description", text.data);
    json_open_array(w, "error_codes");
    json_put_int(w, NULL, code);
    json_close_array(w);
    json_put_string(w, "timestamp", stamp);
    json_put_string(w, "trace_id", trace);
    json_put_string(w, "correlation_id", correlation);
    json_put_string(w, "error_uri", uri);
    json_close_object(w);
    answer_json(c->answer, w);
    c->answer->status = what->status;
    json_put_int(c->answer->line, "aadsts", code);
}
