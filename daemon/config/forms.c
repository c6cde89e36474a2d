/* SPDX-License-Identifier: MIT */
/* config/forms.c: checks the form of single values. A message quotes a value only if it cannot be a
 * secret in the wrong key. */
#include "config/forms.h"

#include "base/listen.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"
#include "http/url.h"
#include "rules/rule.h"
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#define LINE_MAX_BYTES 1000
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"

static int wrong(struct failure *f, const char *what)
{
    return failure_set(f, FAILURE_CONFIG, EINVAL, "%s", what);
}

static bool made_of(const char *text, const char *characters)
{
    return text[strspn(text, characters)] == 0;
}

bool form_is_glob(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

int form_line(const char *text, struct failure *ret_failure)
{
    size_t len = strlen(text);
    if (len == 0)
        return wrong(ret_failure, "this is empty; write something, or leave the key out");
    if (len > LINE_MAX_BYTES)
        return wrong(ret_failure, "this is longer than 1000 bytes; make it shorter");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return wrong(ret_failure, "there is a control character in it; remove it");
    return 0;
}

int form_name(const char *text, struct failure *ret_failure)
{
    int r = form_line(text, ret_failure);
    if (r < 0)
        return r;
    if (strlen(text) > 100)
        return wrong(ret_failure, "this name is longer than 100 bytes; make it shorter");
    if (form_is_glob(text))
        return wrong(ret_failure,
                     "'*' and '?' have a meaning in matches; choose a name without them");
    return 0;
}

/* ---- ids ---- */

static bool is_guid(const char *text)
{
    static const char SHAPE[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (SHAPE[i] && text[i] && (SHAPE[i] == 'x' ? strchr(HEX, text[i]) != NULL : text[i] == '-'))
        i++;
    return i == sizeof SHAPE - 1 && !text[i];
}

/* The documentation's placeholder of zeros. */
static int check_placeholder(const char *text, struct failure *f)
{
    return is_guid(text) && made_of(text, "0-")
               ? wrong(f, "this is a placeholder, nothing but zeros; write the id that the portal shows")
               : 0;
}

/* 1: not meant to be an id. */
static int check_guid(const char *text, struct failure *f)
{
    size_t digits = 0;
    if (is_guid(text))
        return check_placeholder(text, f);
    for (const char *c = text; *c; c++)
        digits += strchr(HEX, *c) != NULL;
    if (digits < 24 || digits > 40 || !made_of(text, HEX "-{}"))
        return 1;
    if (digits == 32)
        return wrong(f, "this id lacks its usual form, 8-4-4-4-12 digits with hyphens between; copy it as the "
                        "portal shows it");
    return failure_set(f, FAILURE_CONFIG, EINVAL,
                       "this id has %zu hexadecimal digits and not 32; copy it anew", digits);
}

/* Says what is wrong with it, not what a good one looks like. */
static int check_word(const char *text, const char *never, struct failure *f)
{
    int r = form_line(text, f);
    if (r < 0)
        return r;
    if (strlen(text) > 320)
        return wrong(f, "this is longer than 320 bytes; make it shorter");
    if (*text == ' ' || text[strlen(text) - 1] == ' ')
        return wrong(f, "there is a blank at its begin or end; remove it");
    const char *bad = strpbrk(text, never);
    if (bad && *bad == ' ')
        return wrong(f, "there is a blank in it, which such a name never has; remove it");
    return bad ? failure_set(f, FAILURE_CONFIG, EINVAL,
                             "there is a '%c' in it, which such a name never has; correct it", *bad)
               : 0;
}

/* What Entra accepts is more than letters: guests have '#', and apostrophes and names beyond ASCII
 * are as they are. */
int form_principal(const char *text, struct failure *ret_failure)
{
    int r = check_word(text, " /\\?*<>\"", ret_failure);
    if (r >= 0 && strchr(text, '%'))
        return wrong(ret_failure,
                     "there is a '%' in it; write the name as the portal shows it, not as in an address");
    return r >= 0 ? check_placeholder(text, ret_failure) : r;
}

int form_sku(const char *text, struct failure *ret_failure)
{
    if (form_is_glob(text))
        return wrong(ret_failure,
                     "there is a '*' or '?' in it, and one SKU must be named; make an entry for each");
    int r = check_word(text, "/\\<>\"", ret_failure);
    return r >= 0 ? check_placeholder(text, ret_failure) : r;
}

int form_receiver(const char *text, struct failure *ret_failure)
{
    if (*text && strlen(text) <= 63 && made_of(text, LETTERS DIGITS "._-"))
        return 0;
    return wrong(
        ret_failure,
        "not a receiver's name; use 1 to 63 letters, digits, dots, hyphens and underscores");
}

/* A domain has a dot, and its last label is not a number. */
static bool is_domain(const char *text)
{
    const char *last = strrchr(text, '.');
    return strlen(text) <= 253 && made_of(text, LETTERS DIGITS ".-_") && !strstr(text, "..") &&
           text[0] != '.' && last && strlen(last) > 2 && !made_of(last + 1, DIGITS);
}

int form_tenant_id(const char *text, struct failure *ret_failure)
{
    static const char *const SHARED[] = {"common", "organizations", "consumers"};
    for (size_t i = 0; i < N_ELEMENTS(SHARED); i++)
        if (text_equal_nocase(text, SHARED[i]))
            return wrong(ret_failure,
                         "an application can sign in to one tenant only; write the tenant's id");
    if (is_domain(text))
        return 0;
    int r = check_guid(text, ret_failure);
    return r <= 0 ? r
                  : wrong(ret_failure, "neither an id (a GUID) nor a domain such as contoso.onmicrosoft.com; "
                                       "copy the tenant id that the portal shows");
}

int form_client_id(const char *text, struct failure *ret_failure)
{
    int r = check_guid(text, ret_failure);
    return r <= 0 ? r
                  : wrong(ret_failure, "not an id (a GUID); copy the \"Application (client) ID\" that the "
                                       "portal shows");
}

int form_identity(const char *text, struct failure *ret_failure)
{
    if (strlen(text) <= 1000 && made_of(text, LETTERS DIGITS "/.-_()"))
        return 0;
    return wrong(ret_failure, "not an id; copy what the portal shows");
}

int form_version(const char *text, struct failure *ret_failure)
{
    if (*text && strlen(text) <= 16 && made_of(text, LETTERS DIGITS ".") && *text != '.')
        return 0;
    return wrong(ret_failure, "not an API version; write \"beta\" or \"v1.0\"");
}

int form_secret_end(const char *text, struct failure *ret_failure)
{
    int32_t day;
    if (!*text || strcmp(text, "auto") == 0 || (strlen(text) == 10 && date_parse(text, &day) >= 0))
        return 0;
    return wrong(ret_failure, "not a date; write the day that the portal shows as \"2027-03-01\", or "
                              "\"auto\" to ask Graph for it");
}

int form_zone(const char *text, struct failure *ret_failure)
{
    struct zone zone;
    if (clock_zone(text, 0, &zone) >= 0)
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "this machine knows no time zone \"%s\"; write a name such as "
                       "\"Europe/Berlin\" (package tzdata)",
                       text);
}

/* Only scheme, host and port: what comes after the host, and also that it does not. */
static int check_root(const char *text, bool allow_http, struct failure *f)
{
    struct origin origin;
    if (!*text)
        return 0;
    struct failure why;
    int r = origin_parse(text, allow_http, &origin, &why);
    if (r < 0)
        return failure_set(f, FAILURE_CONFIG, EINVAL, "%s%s", why.text,
                           strstr(why.text, "; ") ? ""
                                                  : "; write scheme://host or scheme://host:port");
    const char *host = strstr(text, "://") + 3;
    const char *rest = host + strcspn(host, "/?");
    if (*rest && strcmp(rest, "/") != 0)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "there is a path after the host; write %s alone", origin.text);
    return 0;
}

int form_root(const char *text, struct failure *ret_failure)
{
    return check_root(text, false, ret_failure);
}

/* A proxy is asked to CONNECT; what passes through it is TLS, so its own http is no exception. */
int form_proxy(const char *text, struct failure *ret_failure)
{
    int r = check_root(text, true, ret_failure);
    if (r < 0 || !*text)
        return r;
    const char *host = strstr(text, "://") + 3;
    if (!strchr(*host == '[' ? strchr(host, ']') : host, ':'))
        return wrong(ret_failure, "its port is missing; proxies have no usual one, write "
                                  "http://host:port");
    return 0;
}

int form_resource(const char *text, struct failure *ret_failure)
{
    if (!*text)
        return 0;
    int r = form_line(text, ret_failure);
    if (r < 0)
        return r;
    size_t len = strlen(text);
    if (strpbrk(text, " \"<>"))
        return wrong(ret_failure,
                     "not a resource; write an identifier such as \"https://graph.microsoft.com\"");
    if (len >= 9 && strcmp(text + len - 9, "/.default") == 0)
        return wrong(ret_failure, "\"/.default\" is added by itself; write the resource alone");
    return 0;
}

int form_socket(const char *text, struct failure *ret_failure)
{
    int r = form_line(text, ret_failure);
    if (r < 0 || strcmp(text, "off") == 0)
        return r;
    if (*text != '/')
        return wrong(ret_failure, "not a socket; write an absolute path such as \"/run/seatwatchd/control.sock\", or \"off\"");
    if (strlen(text) >= sizeof ((struct sockaddr_un *)0)->sun_path)
        return wrong(ret_failure, "too long for a socket; write a path of at most 107 bytes");
    return 0;
}

int form_own_socket(const char *text, struct failure *ret_failure)
{
    if (strcmp(text, "off") == 0)
        return wrong(ret_failure, "not a socket; write an absolute path such as \"/run/seatwatchd/status.sock\", or leave the key out");
    return *text ? form_socket(text, ret_failure) : 0;
}

int form_listen(const char *text, struct failure *ret_failure)
{
    struct listen_address address;
    return *text ? listen_parse(text, &address, ret_failure) : 0;
}

int form_host(const char *text, struct failure *ret_failure)
{
    int r = form_line(text, ret_failure);
    if (r < 0)
        return r;
    if (strpbrk(text, ":/*? "))
        return wrong(ret_failure, "not a host name; write it without scheme and port, such as \"status.example\"");
    return 0;
}

int form_glob(const char *text, struct failure *ret_failure)
{
    int r = form_line(text, ret_failure);
    return r >= 0 ? check_placeholder(text, ret_failure) : r;
}

int form_rule_glob(const char *text, struct failure *ret_failure)
{
    const char *names[RULE_COUNT_];
    for (size_t i = 0; i < RULE_COUNT_; i++) {
        names[i] = rule_name(rule_by_tie(i));
        if (text_glob(text, names[i]))
            return 0;
    }
    const char *near = text_nearest(text, names, RULE_COUNT_);
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "there is no rule \"%s\"; %s%s%s", text,
                       near ? "did you mean \""
                            : "rules are those of thresholds, allotment_gone and delivery",
                       near ? near : "", near ? "\"?" : "");
}

int form_severity_glob(const char *text, struct failure *ret_failure)
{
    for (int level = LEVEL_NONE; level < LEVEL_COUNT_; level++)
        if (text_glob(text, severity_name((enum level)level)))
            return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "there is no severity \"%s\"; write \"critical\", \"warning\" or \"info\"", text);
}
