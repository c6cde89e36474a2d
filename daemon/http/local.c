/* SPDX-License-Identifier: MIT */
/* http/local.c: one request over a UNIX socket, with libcurl's easy interface. */
#include "http/local.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

static size_t on_body(char *bytes, size_t size, size_t n, void *userdata)
{
    struct text *body = userdata;
    text_add_bytes(body, bytes, size * n);
    return body->error ? 0 : size * n;
}

static int fail(CURL *easy, CURLcode code, const struct local_request *r, struct failure *f)
{
    long error = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    if (code == CURLE_COULDNT_CONNECT && (error == EACCES || error == EPERM))
        return failure_set(f, FAILURE_PERMISSION, EACCES, "this user may not use %s", r->socket);
    if (code == CURLE_COULDNT_CONNECT)
        return failure_set(f, FAILURE_ABSENT, ENOENT, "nobody listens on %s: %s", r->socket,
                           error ? strerror((int)error) : curl_easy_strerror(code));
    if (code == CURLE_WRITE_ERROR)
        return failure_set(f, FAILURE_PROTOCOL, E2BIG, "the answer is larger than %zu MiB", LOCAL_ANSWER_MAX >> 20);
    if (code == CURLE_OUT_OF_MEMORY)
        return failure_oom(f);
    return failure_set(f, FAILURE_TRANSIENT, EIO, "no answer from %s: %s", r->socket, curl_easy_strerror(code));
}

/* Proxies, .netrc and redirects are off by default or have no meaning here. */
static CURLcode perform(CURL *easy, const struct local_request *r, const char *url, struct curl_slist *headers,
                        struct text *body)
{
    CURLcode code = CURLE_OK;
#define SET(option, value) (code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code)
    SET(CURLOPT_UNIX_SOCKET_PATH, r->socket);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_CUSTOMREQUEST, r->method);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)(r->timeout / 1000));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, body);
    if (r->body)
        SET(CURLOPT_POSTFIELDS, r->body);
#undef SET
    return code == CURLE_OK ? curl_easy_perform(easy) : code;
}

int local_ask(const struct local_request *r, struct local_answer *ret, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text body = TEXT_INIT(LOCAL_ANSWER_MAX);
    CLEANUP(free) char *url = text_printf("http://localhost%s", r->target);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *easy = curl_easy_init();
    long status = 0;
    int result = 0;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (easy && url && headers)
        code = perform(easy, r, url, headers, &body);
    if (code != CURLE_OK)
        result = easy ? fail(easy, code, r, ret_failure) : failure_oom(ret_failure);
    else
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (result < 0)
        return result;
    size_t len = body.len;
    char *text = text_take(&body);
    if (!text)
        return failure_oom(ret_failure);
    *ret = (struct local_answer){(unsigned)status, text, len};
    return 0;
}
