/* SPDX-License-Identifier: MIT */
/* http/answer.c: turns a finished transfer into a struct http_answer, or into the failure that
 * explains why there is no answer. */
#include "http/internal.h"

#include "base/date.h"
#include "http/retry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Results of OpenSSL's certificate check (X509_verify_cert_error_string(3)); openssl's headers
 * belong to other libraries, and these numbers are part of its interface. */
static const char *certificate_words(long verify)
{
    switch (verify) {
    case 0:
    case 1:  /* not set yet: libcurl compares names before it asks OpenSSL for this result */
    case 62: /* host name */
    case 64: /* IP address */
        return "its certificate is for another name";
    case 9:
        return "its certificate is not valid yet (or this machine's clock is wrong)";
    case 10:
        return "its certificate has expired (or this machine's clock is wrong)";
    case 18: /* self-signed */
    case 19: /* self-signed in the chain */
    case 2:
    case 20: /* no issuer found */
    case 21:
        return "its certificate is from an unknown issuer (see network.ca_file)";
    case 23:
        return "its certificate is revoked";
    default:
        return "its certificate does not pass verification";
    }
}

static void timeout_failure(const struct http_request *r, const char *to, bool connected,
                            struct failure *ret)
{
    if (strstr(r->slot->errbuf, "too slow")) /* libcurl has no separate code for this */
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: transfer below minimum speed", to);
    else if (connected)
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no %sanswer within %llu s",
                    to, r->slot->heads.bytes > 0 ? "complete " : "",
                    (unsigned long long)((r->timeout + USEC_PER_SEC - 1) / USEC_PER_SEC));
    else if (r->timeout < r->connect_timeout) /* the rest of a longer deadline */
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no connection", to);
    else
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no connection within %llu s",
                    to, (unsigned long long)(r->connect_timeout / USEC_PER_SEC));
}

/* A proxy that is reached over TLS shows its certificate before the CONNECT. */
static void peer_failure(const struct http_request *r, const char *to, long connect_status,
                         struct failure *ret)
{
    const char *proxy = r->http->proxy_name;
    bool of_proxy = r->proxied && connect_status == 0 && strncmp(proxy, "https:", 6) == 0;
    long verify = 0;
    (void)curl_easy_getinfo(r->slot->easy,
                            of_proxy ? CURLINFO_PROXY_SSL_VERIFYRESULT : CURLINFO_SSL_VERIFYRESULT,
                            &verify);
    failure_set(ret, FAILURE_SECURITY, EPERM, "%s%s: %s", of_proxy ? "the proxy " : "",
                of_proxy ? proxy : to, certificate_words(verify));
}

void transfer_failure(struct http_request *r, CURLcode code, struct failure *ret)
{
    const struct slot *slot = r->slot;
    CURL *easy = slot->easy;
    long os = 0, connect_status = 0;
    curl_off_t connected = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    const char *proxy = r->http->proxy_name;
    char to[2 * ORIGIN_MAX + 32];
    (void)snprintf(to, sizeof to, "%s%s%s%s", slot->to.text,
                   r->proxied ? " (through the proxy " : "", r->proxied ? proxy : "",
                   r->proxied ? ")" : "");
    /* libcurl's message names hosts and OpenSSL's reasons, but often includes milliseconds or
     * bytes. The text of a repeated failure must not change, so it is used only where it is stable. */
    const char *sentence = slot->errbuf[0] ? slot->errbuf : curl_easy_strerror(code);
    const char *words = curl_easy_strerror(code);

    if (r->stop == STOP_BODY) {
        failure_set(ret, FAILURE_PROTOCOL, EMSGSIZE, "%s: the answer is larger than %zu bytes", to,
                    r->max_body);
        return;
    }
    if (r->stop == STOP_HEADERS) {
        failure_set(ret, FAILURE_PROTOCOL, EMSGSIZE, "%s: more than %zu bytes of headers", to,
                    HEADERS_MAX);
        return;
    }
    if (code == CURLE_OUT_OF_MEMORY && connected != 0 && r->stop == STOP_NOT) {
        /* libcurl's result also for a header line beyond its bound of 100 kB. */
        failure_set(ret, FAILURE_PROTOCOL, EMSGSIZE,
                    "%s: a header line is too long, or memory ran out", to);
        return;
    }
    if (r->stop == STOP_MEMORY || code == CURLE_OUT_OF_MEMORY) {
        (void)failure_oom(ret);
        return;
    }
    if (r->proxied && (connect_status == 407 || connect_status == 401)) { /* tinyproxy says 401 */
        failure_set(ret, FAILURE_CONFIG, EACCES,
                    "the proxy %s requires %scredentials (HTTP %ld); check "
                    "network.proxy_password_file",
                    proxy, r->http->proxy_password ? "different " : "", connect_status);
        return;
    }
    if (r->proxied && connect_status != 0 && connect_status / 100 != 2) {
        failure_set(ret, FAILURE_TRANSIENT, EIO,
                    "the proxy %s refused the connection to %s: HTTP %ld", proxy, slot->to.text,
                    connect_status);
        return;
    }
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "the proxy %s cannot be used: %s", proxy,
                    sentence);
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s: name resolution failed: %s", to, sentence);
        return;
    case CURLE_COULDNT_CONNECT:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s%s: no connection: %s",
                    r->proxied ? "the proxy " : "", r->proxied ? proxy : to,
                    os ? strerror((int)os) : words);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        timeout_failure(r, to, connected != 0, ret);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
        peer_failure(r, to, connect_status, ret);
        return;
    case CURLE_SSL_CACERT_BADFILE:
        failure_set(ret, FAILURE_CONFIG, EINVAL, "the CA file %s cannot be used",
                    slot->ca_file ? slot->ca_file : "of the system");
        return;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the answer: the URL's was checked */
    case CURLE_WEIRD_SERVER_REPLY:
        failure_set(ret, FAILURE_TRANSIENT, EBADMSG, "%s: the answer is not %s", to,
                    strncmp(slot->to.scheme, "smtp", 4) == 0 ? "SMTP" : "HTTP");
        return;
    case CURLE_LOGIN_DENIED: /* SMTP */
        failure_set(ret, FAILURE_AUTH, EACCES,
                    "%s: the server refuses the sign-in, or offers none that we have", to);
        return;
    case CURLE_USE_SSL_FAILED:
        failure_set(ret, FAILURE_SECURITY, EPERM,
                    "%s: the server offers no STARTTLS, so nothing was sent", to);
        return;
    case CURLE_URL_MALFORMAT: /* libcurl's message could quote the URL */
        failure_set(ret, FAILURE_SECURITY, EPERM, "%s: libcurl refuses this URL", to);
        return;
    case CURLE_SSL_CONNECT_ERROR:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s: the TLS handshake failed: %s", to, sentence);
        return;
    case CURLE_WRITE_ERROR: /* our own stops are handled above; the rest comes from decompression */
    case CURLE_BAD_CONTENT_ENCODING:
        failure_set(ret, FAILURE_TRANSIENT, EBADMSG, "%s: the answer's compression is broken", to);
        return;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s: the connection broke: %s", to, words);
        return;
    default:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s: %s", to, words);
        return;
    }
}

static void read_times(const struct heads *h, struct http_answer *ret)
{
    if (http_date_parse(h->date, &ret->date_at) < 0)
        ret->date_at = 0;
    if (!h->retry_after[0])
        return;
    /* The sender computed its HTTP-date from its own Date; our clock may be wrong. */
    usec_t now_at = ret->date_at ? ret->date_at : clock_now().at;
    if (retry_after_parse(h->retry_after, now_at, &ret->retry_after, &ret->retry_after_clamped) < 0)
        ret->retry_after = 0;
}

/* 1xx precedes the answer. */
static bool is_final(int status)
{
    return status >= 200 && status <= 999;
}

void http_answer_read(struct http_request *r, CURLcode code, struct http_answer *ret)
{
    const struct slot *slot = r->slot;
    CURL *easy = slot->easy;
    long status = 0;
    curl_off_t received = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    *ret = (struct http_answer){
        .body = slot->bytes ? slot->bytes : "",
        .body_len = slot->len,
        .wire_bytes = slot->heads.bytes + (size_t)(received > 0 ? received : 0),
        .content_type = slot->heads.content_type,
        .request_id = slot->heads.request_id,
        .www_authenticate = slot->heads.www_authenticate,
        .redirect = slot->heads.redirect,
    };
    read_times(&slot->heads, ret);
    ret->load_percent = retry_load_parse(slot->heads.load);
    if (r->status_only && is_final(slot->heads.status))
        ret->status = slot->heads.status;
    else if (code == CURLE_OK && status >= 100 && status <= 999)
        ret->status = (int)status;
    else
        transfer_failure(r, code, &ret->failure);
}

/* RFC 9110 section 15: the failure kind of each status. The first matching row counts. */
static const struct {
    int from, to;
    enum failure_kind kind;
    const char *words;
} STATUSES[] = {
    {300, 399, FAILURE_SECURITY, "a redirect, which is never followed"},
    {401, 401, FAILURE_AUTH, "unauthorized"},
    {402, 403, FAILURE_PERMISSION, "forbidden"},
    {404, 404, FAILURE_ABSENT, "not found"},
    {407, 407, FAILURE_CONFIG, "proxy authentication required"},
    {408, 408, FAILURE_TRANSIENT, "request time-out"},
    {410, 410, FAILURE_ABSENT, "gone"},
    {425, 425, FAILURE_TRANSIENT, "too early"},
    {429, 429, FAILURE_THROTTLED, "too many requests"},
    {400, 499, FAILURE_REQUEST, "the request was refused"},
    {501, 501, FAILURE_ABSENT, "not implemented"},
    {503, 503, FAILURE_UNAVAILABLE, "service unavailable"},
    {504, 504, FAILURE_UNAVAILABLE, "gateway time-out"},
    {509, 509, FAILURE_THROTTLED, "bandwidth limit exceeded"},
    {500, 599, FAILURE_UNAVAILABLE, "server error"},
    {100, 199, FAILURE_PROTOCOL, "not a final answer"},
    {200, 299, FAILURE_PROTOCOL, "not the expected success status"},
    {600, 999, FAILURE_PROTOCOL, "not an HTTP status"},
};

void http_status_failure(const struct http_answer *a, struct failure *ret)
{
    if (a->status == 0) {
        *ret = a->failure;
        return;
    }
    for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++) {
        if (a->status < STATUSES[i].from || a->status > STATUSES[i].to)
            continue;
        bool names = STATUSES[i].kind == FAILURE_SECURITY && a->redirect && a->redirect[0];
        (void)failure_set(ret, STATUSES[i].kind, EIO, "HTTP %d (%s%s%s)", a->status,
                          STATUSES[i].words, names ? "; it leads to " : "",
                          names ? a->redirect : "");
        if (STATUSES[i].kind == FAILURE_THROTTLED || STATUSES[i].kind == FAILURE_UNAVAILABLE)
            ret->retry_after = a->retry_after;
        return;
    }
    (void)failure_set(ret, FAILURE_PROTOCOL, EIO, "HTTP %d", a->status);
}
