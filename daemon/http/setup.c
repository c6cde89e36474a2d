/* SPDX-License-Identifier: MIT */
/* http/setup.c: sets all libcurl options of a request. */
#include "http/internal.h"

#include "base/alloc.h"
#include "base/certificates.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CA_FILE_MAX ((size_t)4 << 20)
#define TIMEOUT_DEFAULT (30 * USEC_PER_SEC)
#define CONNECT_TIMEOUT_DEFAULT (10 * USEC_PER_SEC)
#define UPLOAD_BYTES 16384L /* libcurl's least; it is allocated and wiped for each request */
#define METADATA_HOST "169.254.169.254"

/* Skips the option if an earlier one failed. */
#define SET(option, value)                                \
    do {                                                  \
        if (code == CURLE_OK)                             \
            code = curl_easy_setopt(easy, option, value); \
    } while (0)

static int ca_read(const char *path, struct text *ret, struct failure *ret_failure)
{
    char chunk[8192];
    ssize_t n;
    CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, errno, "the CA file %s cannot be read: %s",
                           path, strerror(errno));
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        text_add_bytes(ret, chunk, (size_t)n);
    if (n < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, errno, "the CA file %s cannot be read: %s",
                           path, strerror(errno));
    if (ret->error == -ENOMEM)
        return failure_oom(ret_failure);
    if (ret->error)
        return failure_set(ret_failure, FAILURE_CONFIG, EFBIG,
                           "the CA file %s is larger than %zu bytes", path, ret->max);
    return 0;
}

int setup_check_ca(const char *path, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text pem = TEXT_INIT(CA_FILE_MAX);
    int r = ca_read(path, &pem, ret_failure);
    if (r < 0)
        return r;
    return certificates_check(path, pem.data ? pem.data : "", pem.len, ret_failure);
}

int setup_proxy_name(const char *proxy, char ret[static ORIGIN_MAX], struct failure *ret_failure)
{
    char *host = NULL, *port = NULL, *user = NULL, *scheme = NULL;
    CURLU *parsed = curl_url();
    int r = 0;
    if (!parsed)
        return failure_oom(ret_failure);
    bool known = strncasecmp(proxy, "http://", 7) == 0 || strncasecmp(proxy, "https://", 8) == 0;
    if (!known || curl_url_set(parsed, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME) ||
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                        "the proxy is not of the form http://HOST:PORT");
    else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK || strchr(proxy, '@'))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                        "the proxy's URL carries credentials; put them into "
                        "network.proxy_password_file");
    else if (curl_url_get(parsed, CURLUPART_PORT, &port, 0) != CURLUE_OK)
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "the proxy's URL names no port");
    else
        (void)snprintf(ret, ORIGIN_MAX, "%s://%s:%s", scheme, host, port);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_free(scheme);
    curl_url_cleanup(parsed);
    return r;
}

/* CA options for the server, and for a proxy that is reached over TLS. */
static const struct ca_options {
    CURLoption file, directory, blob;
} CA_OF_SERVER = {CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_CAINFO_BLOB},
  CA_OF_PROXY = {CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO_BLOB};

/* Which CAs: the system's, and an extra file if there is one.
 *
 * Without an extra file only the system's bundle is named and the directory is not: libcurl keeps
 * the parsed bundle (144 certificates, 27 ms of CPU) with the multi handle, but only if it is the
 * one source. An extra file takes the bundle's place (libcurl has one slot), so the system's CAs
 * come from its hashed directory, where OpenSSL reads the one that it needs. Where libcurl knows no
 * such directory (Fedora and its kin) both files are handed over as one block. */
static int set_ca(CURL *easy, const struct ca_options *o, const char *ca_file, CURLcode *ret_code,
                  struct failure *ret_failure)
{
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    CURLcode code = CURLE_OK;
    if (!ca_file) {
        if (built->cainfo) {
            SET(o->file, built->cainfo);
            SET(o->directory, NULL);
        }
    } else if (built->capath || !built->cainfo) {
        SET(o->file, ca_file);
    } else {
        CLEANUP(text_free) struct text both = TEXT_INIT(2 * CA_FILE_MAX);
        int got = ca_read(built->cainfo, &both, ret_failure);
        text_add(&both, "\n");
        if (got >= 0)
            got = ca_read(ca_file, &both, ret_failure);
        if (got < 0)
            return got;
        struct curl_blob blob = {both.data, both.len, CURL_BLOB_COPY};
        SET(o->blob, &blob);
    }
    *ret_code = code;
    return 0;
}

static int add_header(struct http_request *r, const char *line, struct failure *ret_failure)
{
    struct curl_slist *more = curl_slist_append(r->headers, line);
    if (!more)
        return failure_oom(ret_failure);
    r->headers = more;
    return 0;
}

/* `sent` points into libcurl's list, which lives as long as the request. */
static void remember_authorization(struct http_request *r)
{
    const struct curl_slist *last = r->headers;
    while (last->next)
        last = last->next;
    const char *value = strchr(last->data + strlen("Authorization: "), ' ') + 1;
    redact_add(&r->sent, value, strlen(value));
}

static bool one_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return false;
    return true;
}

static int add_authorization(struct http_request *r, const char *scheme,
                             const struct secret *secret, struct failure *ret_failure)
{
    /* Wiped on release, as libcurl's copy is. No printf(): a token is long, and goes each time. */
    char *line = alloc_get(strlen(scheme) + secret_len(secret) + sizeof "Authorization:  ");
    if (!line)
        return failure_oom(ret_failure);
    char *end = stpcpy(stpcpy(stpcpy(line, "Authorization: "), scheme), " ");
    (void)stpcpy(end, secret_bytes(secret));
    int got = one_line(line) ? add_header(r, line, ret_failure)
                             : failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                                           "a token with a control character is not sent");
    alloc_release(line);
    if (got >= 0)
        remember_authorization(r);
    return got;
}

static int set_headers(struct http_request *r, const struct http_call *call,
                       struct failure *ret_failure)
{
    int got = 0;
    for (size_t i = 0; i < call->n_headers && got >= 0; i++) {
        const struct http_header *h = &call->headers[i];
        if (!one_line(h->name) || !one_line(h->value))
            return failure_set(ret_failure, FAILURE_LOCAL, EINVAL,
                               "a header with a control character is not sent");
        /* libcurl takes "Name:" as "leave this header out"; "Name;" is an empty value. */
        CLEANUP(free)
        char *line =
            *h->value ? text_printf("%s: %s", h->name, h->value) : text_printf("%s;", h->name);
        got = line ? add_header(r, line, ret_failure) : failure_oom(ret_failure);
    }
    if (got >= 0 && strcmp(call->method, "GET") != 0)
        got = add_header(r,
                         "Expect:", ret_failure); /* no round trip to ask whether a body may come */
    if (got >= 0 && call->bearer)
        got = add_authorization(r, "Bearer", call->bearer, ret_failure);
    if (got >= 0 && call->basic)
        got = add_authorization(r, "Basic", call->basic, ret_failure);
    return got;
}

static CURLcode set_body(struct http_request *r, const struct http_call *call)
{
    CURL *easy = r->slot->easy;
    CURLcode code = CURLE_OK;
    bool put = strcmp(call->method, "PUT") == 0;
    SET(CURLOPT_CUSTOMREQUEST, put ? call->method : NULL); /* the handle is reused */
    if (strcmp(call->method, "GET") == 0) {
        SET(CURLOPT_HTTPGET, 1L);
        return code;
    }
    assert(put || strcmp(call->method, "POST") == 0);
    const char *bytes = r->secret_body ? secret_bytes(r->secret_body) : r->body ? r->body : "";
    size_t len = r->secret_body ? secret_len(r->secret_body) : r->body ? call->body_len : 0;
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    SET(CURLOPT_POSTFIELDS, bytes); /* not copied: the request owns it */
    return code;
}

static long milliseconds(usec_t t)
{
    usec_t ms = t / 1000;
    return ms < 1 ? 1 : ms > 86400000 ? 86400000 : (long)ms;
}

/* Path and query as they stand in the URL. libcurl 7.88 would take them from its own parser's copy,
 * and when memory runs out there the query is silently missing: the first page instead of the
 * second. Only a plain http proxy needs the whole URL, which libcurl puts together itself. */
static CURLcode set_target(const struct http_request *r, const char *url)
{
    CURL *easy = r->slot->easy;
    CURLcode code = CURLE_OK;
    const char *target = strstr(url, "://") + 3; /* http_start has parsed it */
    target += strcspn(target, "/?");
    if (r->proxied && strcmp(r->slot->to.scheme, "http") == 0)
        return code;
    CLEANUP(free) char *whole = text_printf("%s%s", *target == '/' ? "" : "/", target);
    if (!whole)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_REQUEST_TARGET, whole);
    return code;
}

/* Options that are the same for all requests to this origin. */
static CURLcode set_place(struct http_request *r)
{
    struct slot *slot = r->slot;
    CURL *easy = slot->easy;
    struct http *h = r->http;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, slot->to.scheme);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION,
        0L); /* on a 307 libcurl would send the body to the new host */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* "" and not NULL: NULL means the proxy variables of the environment. */
    SET(CURLOPT_PROXY, r->proxied ? h->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    if (r->proxied && h->proxy_password)
        SET(CURLOPT_PROXYUSERPWD, secret_bytes(h->proxy_password));
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* our headers are not the proxy's */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
    if (strcmp(slot->to.scheme, "https") == 0) /* plain http is 1.1: nothing to wait for */
        SET(CURLOPT_PIPEWAIT, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a hung resolver must not hold the loop when a handle goes */
#endif
    SET(CURLOPT_USERAGENT, h->user_agent);
    SET(CURLOPT_WRITEFUNCTION, want_body);
    SET(CURLOPT_WRITEDATA, slot);
    SET(CURLOPT_HEADERFUNCTION, want_header);
    SET(CURLOPT_HEADERDATA, slot);
    SET(CURLOPT_ERRORBUFFER, slot->errbuf);
    SET(CURLOPT_PRIVATE, slot);
    if (code == CURLE_OK) /* fails without HTTP/2 support; then 1.1 is used */
        (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    return code;
}

/* Options of a single request. */
static CURLcode set_call(struct http_request *r, const struct http_call *call)
{
    CURL *easy = r->slot->easy;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, call->url);
    if (code == CURLE_OK)
        code = set_target(r, call->url);
    SET(CURLOPT_TIMEOUT_MS, milliseconds(r->timeout));
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(r->connect_timeout));
    SET(CURLOPT_LOW_SPEED_LIMIT, 0L); /* see limit_speed() in receive.c */
    SET(CURLOPT_LOW_SPEED_TIME, 0L);
    SET(CURLOPT_ACCEPT_ENCODING, r->status_only ? NULL : "gzip"); /* NULL: bodies stay as they are */
    SET(CURLOPT_FRESH_CONNECT, call->fresh_connection ? 1L : 0L);
    SET(CURLOPT_HTTPHEADER, r->headers);
    if (code == CURLE_OK)
        code = set_body(r, call);
    return code;
}

static bool is_proxied(const struct http *h, const struct origin *to)
{
    return h->proxy && !origin_is_loopback(to) && strcmp(to->host, METADATA_HOST) != 0;
}

static int setup_failure(CURLcode code, struct failure *ret_failure)
{
    if (code == CURLE_OK)
        return 0;
    if (code == CURLE_OUT_OF_MEMORY)
        return failure_oom(ret_failure);
    return failure_set(ret_failure, FAILURE_LOCAL, EIO, "libcurl refuses an option: %s",
                       curl_easy_strerror(code));
}

/* A handle without a request yet. */
static int open_handle(struct http_request *r, CURLcode *ret_code, struct failure *ret_failure)
{
    struct slot *slot = r->slot;
    slot->easy = curl_easy_init();
    if (!slot->easy)
        return failure_oom(ret_failure);
    int got = set_ca(slot->easy, &CA_OF_SERVER, slot->ca_file, ret_code, ret_failure);
    if (got >= 0 && *ret_code == CURLE_OK)
        *ret_code = set_place(r);
    return got;
}

int setup_stream(struct http_request *r, const struct http_stream_call *call,
                 struct failure *ret_failure)
{
    const struct origin *to = &r->slot->to;
    CURLcode code = CURLE_OK;
    CLEANUP(free) char *url = text_printf("%s://%s:%u/", to->scheme, to->host, to->port);
    r->timeout = r->connect_timeout = call->timeout;
    int got = url ? open_handle(r, &code, ret_failure) : failure_oom(ret_failure);
    if (got < 0)
        return got;
    CURL *easy = r->slot->easy;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(call->timeout));
    if (call->certificate_file && *call->certificate_file) {
        SET(CURLOPT_SSLCERT, call->certificate_file);
        SET(CURLOPT_SSLKEY, call->private_key_file);
    }
    return setup_failure(code, ret_failure);
}

int setup_mail(struct http_request *r, const struct http_mail_call *call,
               size_t (*want_reply)(char *line, size_t one, size_t len, void *userdata),
               struct failure *ret_failure)
{
    const struct origin *to = &r->slot->to;
    CURLcode code = CURLE_OK;
    CLEANUP(free) char *url = text_printf("%s://%s:%u/", to->scheme, to->host, to->port);
    r->timeout = r->connect_timeout = call->timeout ? call->timeout : TIMEOUT_DEFAULT;
    int got = url ? open_handle(r, &code, ret_failure) : failure_oom(ret_failure);
    if (got < 0)
        return got;
    CURL *easy = r->slot->easy;
    SET(CURLOPT_URL, url); /* without a path the server is greeted with the name of this machine */
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_USE_SSL, call->security == MAIL_STARTTLS ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(r->timeout)); /* the sign-in included */
    if (call->user && *call->user && call->password) {
        SET(CURLOPT_LOGIN_OPTIONS, call->xoauth2 ? "AUTH=XOAUTH2" : "AUTH=PLAIN;AUTH=LOGIN");
        SET(CURLOPT_USERNAME, call->user);
        SET(call->xoauth2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, secret_bytes(call->password));
    }
    SET(CURLOPT_HEADERFUNCTION, want_reply);
    SET(CURLOPT_HEADERDATA, r->userdata);
    return setup_failure(code, ret_failure);
}

int setup_request(struct http_request *r, const struct http_call *call, struct failure *ret_failure)
{
    struct slot *slot = r->slot;
    CURLcode code = CURLE_OK;
    int got = 0;
    r->timeout = call->timeout ? call->timeout : TIMEOUT_DEFAULT;
    r->connect_timeout = call->connect_timeout ? call->connect_timeout : CONNECT_TIMEOUT_DEFAULT;
    r->crawl = call->crawl ? call->crawl : r->timeout / 2;
    r->proxied = is_proxied(r->http, &slot->to);
    r->max_body = call->max_body;
    r->status_only = call->status_only;
    if (call->secret_body) {
        got = secret_new(secret_bytes(call->secret_body), secret_len(call->secret_body),
                         secret_audience(call->secret_body), &r->secret_body, ret_failure);
        if (got < 0)
            return got;
        assert(call->secret_from <= secret_len(r->secret_body));
        const char *from = secret_bytes(r->secret_body) + call->secret_from;
        redact_add(&r->sent, from, strcspn(from, "&"));
    } else if (call->body && call->body_len > 0) {
        r->body = alloc_get(call->body_len);
        if (!r->body)
            return failure_oom(ret_failure);
        memcpy(r->body, call->body, call->body_len);
    }
    got = set_headers(r, call, ret_failure);
    if (got < 0)
        return got;

    if (!slot->easy) {
        slot->easy = curl_easy_init();
        if (!slot->easy)
            return failure_oom(ret_failure);
        got = set_ca(slot->easy, &CA_OF_SERVER, slot->ca_file, &code, ret_failure);
        if (got >= 0 && code == CURLE_OK && r->proxied)
            got = set_ca(slot->easy, &CA_OF_PROXY, r->http->ca_file, &code, ret_failure);
        if (got < 0)
            return got;
        if (code == CURLE_OK)
            code = set_place(r);
    }
    if (code == CURLE_OK)
        code = set_call(r, call);
    return setup_failure(code, ret_failure);
}
