/* SPDX-License-Identifier: MIT */
/* http/answer.c: what came back: bytes under a ceiling, the few headers we read, and in words why
 * there is no answer. */
#include "http/internal.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include "http/retry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Counted here and not by libcurl's size option: that one looks at Content-Length only and lets a
 * compressed bomb pass (security rule 3). These are decoded bytes. */
size_t want_body(char *bytes, size_t one, size_t len, void *userdata)
{
    struct slot *slot = userdata;
    struct http_request *r = slot->request;
    (void)one; /* 1, says CURLOPT_WRITEFUNCTION(3) */
    size_t given = len, room = r->max_body - slot->len;
    if (len > room) {
        r->stop = STOP_BODY;
        if (!r->status_only)
            return 0;
        len = room;
    }
    if (slot->size - slot->len < len + 1) {
        size_t size = slot->size ? slot->size : BODY_FIRST;
        while (size - slot->len < len + 1)
            size *= 2; /* ends below 2 * max_body */
        char *more = alloc_resize(slot->bytes, size);
        if (!more) {
            r->stop = STOP_MEMORY;
            return 0;
        }
        slot->bytes = more;
        slot->size = size;
    }
    memcpy(slot->bytes + slot->len, bytes, len);
    slot->len += len;
    slot->bytes[slot->len] = '\0';
    return len == given ? len : 0; /* less than given ends the transfer */
}

/* Puts the value behind "NAME:" into dst, without the blanks around it; cut if it does not fit. */
static bool header_is(const char *line, size_t len, const char *name, const char **ret,
                      size_t *ret_len)
{
    size_t n = strlen(name);
    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return false;
    const char *value = line + n + 1;
    const char *end = line + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *ret = value;
    *ret_len = (size_t)(end - value);
    return true;
}

static void keep(char *dst, size_t size, const char *value, size_t len)
{
    if (len >= size)
        len = size - 1;
    memcpy(dst, value, len);
    dst[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (dst[i] == '\0')
            dst[i] = ' '; /* what follows a NUL must not vanish behind it */
}

void heads_clear(struct heads *h)
{
    h->retry_after[0] = h->load[0] = h->date[0] = h->content_type[0] = h->request_id[0] = '\0';
    h->www_authenticate[0] = h->redirect[0] = '\0';
    h->status = 0;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static int status_of(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len);
    if (!blank || len - (size_t)(blank - line) < 4)
        return 0;
    int status = 0;
    for (int i = 1; i <= 3; i++)
        if (blank[i] >= '0' && blank[i] <= '9')
            status = status * 10 + (blank[i] - '0');
        else
            return 0;
    return status;
}

/* Only where it leads to: the rest of a Location may hold anything. */
static void keep_redirect(struct slot *slot, const char *value, size_t len)
{
    struct heads *h = &slot->heads;
    struct origin to;
    bool same_scheme = len >= 2 && value[0] == '/' && value[1] == '/'; /* RFC 3986, 4.2 */
    if (h->status < 300 || h->status > 399)
        return;
    CLEANUP(free)
    char *url = text_printf("%s%s%.*s", same_scheme ? slot->to.scheme : "", same_scheme ? ":" : "",
                            len < URL_MAX ? (int)len : URL_MAX, value);
    if (!same_scheme && len > 0 && value[0] == '/')
        memcpy(h->redirect, slot->to.text, sizeof slot->to.text);
    else if (url && origin_parse(url, true, &to, NULL) >= 0)
        memcpy(h->redirect, to.text, sizeof to.text);
}

size_t want_header(char *line, size_t one, size_t len, void *userdata)
{
    struct slot *slot = userdata;
    struct heads *h = &slot->heads;
    const char *value;
    size_t n;
    (void)one;
    if (len > HEADERS_MAX - h->bytes) {
        slot->request->stop = STOP_HEADERS;
        return 0;
    }
    h->bytes += len;
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
        heads_clear(h); /* a 1xx came before; only the last answer counts */
        h->status = status_of(line, len);
        setup_crawl_guard(slot->request);
    } else if (header_is(line, len, "Location", &value, &n)) {
        keep_redirect(slot, value, n);
    } else if (header_is(line, len, "Retry-After", &value, &n)) {
        keep(h->retry_after, sizeof h->retry_after, value, n);
    } else if (header_is(line, len, "x-ms-throttle-limit-percentage", &value, &n)) {
        keep(h->load, sizeof h->load, value, n);
    } else if (header_is(line, len, "Date", &value, &n)) {
        keep(h->date, sizeof h->date, value, n);
    } else if (header_is(line, len, "Content-Type", &value, &n)) {
        const char *parameters = memchr(value, ';', n);
        if (parameters)
            n = (size_t)(parameters - value);
        while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
            n--;
        (void)redact_clean(h->content_type, sizeof h->content_type, value, n, &slot->request->sent);
        for (char *c = h->content_type; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c - 'A' + 'a');
    } else if (header_is(line, len, "request-id", &value, &n)) {
        (void)redact_word(h->request_id, sizeof h->request_id, value, n, &slot->request->sent);
    } else if (header_is(line, len, "WWW-Authenticate", &value, &n)) {
        size_t used = strlen(h->www_authenticate);
        if (used > 0 && used + 2 < sizeof h->www_authenticate) {
            memcpy(h->www_authenticate + used, ", ", 3);
            used += 2;
        }
        keep(h->www_authenticate + used, sizeof h->www_authenticate - used, value, n);
    }
    return len;
}

/* Results of OpenSSL's certificate check (X509_verify_cert_error_string(3)); openssl's headers
 * belong to other rooms, and these numbers are part of its interface. */
static const char *certificate_words(long verify)
{
    switch (verify) {
    case 0:
    case 1:  /* not set yet: libcurl compares names before it asks OpenSSL for this result */
    case 62: /* host name */
    case 64: /* IP address */
        return "its certificate is for another name";
    case 9:
        return "its certificate is not valid yet (is our clock right?)";
    case 10:
        return "its certificate has expired (or our clock is wrong)";
    case 18: /* self-signed */
    case 19: /* self-signed in the chain */
    case 2:
    case 20: /* no issuer found */
    case 21:
        return "its certificate comes from an issuer that we do not know (see network.ca_file)";
    case 23:
        return "its certificate is revoked";
    default:
        return "its certificate does not pass verification";
    }
}

static void timeout_failure(const struct http_request *r, const char *to, bool connected,
                            struct failure *ret)
{
    if (strstr(r->slot->errbuf, "too slow")) /* libcurl has no code of its own for that */
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: the answer crawls: it is too slow", to);
    else if (connected)
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no %sanswer within %llu s",
                    to, r->slot->heads.bytes > 0 ? "complete " : "",
                    (unsigned long long)((r->timeout + USEC_PER_SEC - 1) / USEC_PER_SEC));
    else if (r->timeout < r->connect_timeout) /* what was left of something longer */
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no connection", to);
    else
        failure_set(ret, FAILURE_TRANSIENT, ETIMEDOUT, "%s: time-out: no connection within %llu s",
                    to, (unsigned long long)(r->connect_timeout / USEC_PER_SEC));
}

/* A proxy that is reached over TLS shows a certificate too, before it is asked for anything. */
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

static void transfer_failure(struct http_request *r, CURLcode code, struct failure *ret)
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
    /* libcurl's own sentence names hosts and OpenSSL's reasons, but often counts milliseconds and
     * bytes too: a failure that goes on must read alike each time, so it is used where it does. */
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
        /* What libcurl says when one header line passes its own bound of 100 kB, too. */
        failure_set(ret, FAILURE_PROTOCOL, EMSGSIZE,
                    "%s: a header line without end (or our memory has)", to);
        return;
    }
    if (r->stop == STOP_MEMORY || code == CURLE_OUT_OF_MEMORY) {
        (void)failure_oom(ret);
        return;
    }
    if (r->proxied && (connect_status == 407 || connect_status == 401)) { /* tinyproxy says 401 */
        failure_set(ret, FAILURE_CONFIG, EACCES,
                    "the proxy %s wants %scredentials (HTTP %ld); check "
                    "network.proxy_password_file",
                    proxy, r->http->proxy_password ? "other " : "", connect_status);
        return;
    }
    if (r->proxied && connect_status != 0 && connect_status / 100 != 2) {
        failure_set(ret, FAILURE_TRANSIENT, EIO,
                    "the proxy %s does not let us through to %s: HTTP %ld", proxy, slot->to.text,
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
        failure_set(ret, FAILURE_TRANSIENT, EBADMSG, "%s: the answer is not HTTP", to);
        return;
    case CURLE_URL_MALFORMAT: /* these words could hold the URL */
        failure_set(ret, FAILURE_SECURITY, EPERM, "%s: libcurl refuses this URL", to);
        return;
    case CURLE_SSL_CONNECT_ERROR:
        failure_set(ret, FAILURE_TRANSIENT, EIO, "%s: the TLS handshake failed: %s", to, sentence);
        return;
    case CURLE_WRITE_ERROR: /* our own stops have been told above; what is left is the inflater */
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
    /* The sender's own Date is what its HTTP-date was computed from; our clock may be off. */
    usec_t now_at = ret->date_at ? ret->date_at : clock_now().at;
    if (retry_after_parse(h->retry_after, now_at, &ret->retry_after, &ret->retry_after_clamped) < 0)
        ret->retry_after = 0;
}

/* 1xx announces an answer and is none. */
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

/* RFC 9110 section 15 and graph-independent common sense: what the caller should do about it. */
static const struct {
    int from, to;
    enum failure_kind kind;
    const char *words;
} STATUSES[] = {
    {300, 399, FAILURE_SECURITY, "a redirect, which is never followed"},
    {401, 401, FAILURE_AUTH, "unauthorized"},
    {402, 403, FAILURE_PERMISSION, "forbidden"},
    {404, 404, FAILURE_ABSENT, "not found"},
    {407, 407, FAILURE_CONFIG, "the proxy wants credentials"},
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
    {200, 299, FAILURE_PROTOCOL, "not the answer that was asked for"},
    {600, 999, FAILURE_PROTOCOL, "not a status of HTTP"},
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
