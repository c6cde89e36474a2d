/* SPDX-License-Identifier: MIT */
/* http/retry.c: waiting times before a retry: Retry-After, backoff with jitter, delivery delays. */
#include "http/retry.h"

#include "base/cleanup.h"
#include "base/date.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WAIT_LEAST USEC_PER_SEC
#define WAIT_MOST USEC_PER_HOUR

/* Seconds as RFC 9110 writes them: digits only. Capped at a day, far beyond the clamp. */
static bool seconds_parse(const char *s, usec_t *ret)
{
    usec_t seconds = 0;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        seconds = seconds * 10 + (usec_t)(*s - '0');
        if (seconds > USEC_PER_DAY / USEC_PER_SEC)
            seconds = USEC_PER_DAY / USEC_PER_SEC;
    }
    *ret = seconds * USEC_PER_SEC;
    return true;
}

int retry_after_parse(const char *value, usec_t now_at, usec_t *ret, bool *ret_clamped)
{
    char text[64];
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    if (len >= sizeof text) /* longer than any HTTP-date or sensible number */
        return -EINVAL;
    memcpy(text, value, len);
    text[len] = '\0';

    usec_t wait, until;
    if (!seconds_parse(text, &wait)) {
        if (http_date_parse(text, &until) < 0)
            return -EINVAL;
        wait = until > now_at ? until - now_at : 0;
    }
    usec_t clamped = wait < WAIT_LEAST ? WAIT_LEAST : wait > WAIT_MOST ? WAIT_MOST : wait;
    *ret = clamped;
    *ret_clamped = clamped != wait;
    return 0;
}

/* A share of the limit, 0.8 to 1.8 by the documentation; up to 10 is accepted. */
unsigned retry_load_parse(const char *value)
{
    unsigned percent = 0, unit = 100;
    const char *s = value;
    for (; *s >= '0' && *s <= '9' && percent <= 1000; s++)
        percent = percent * 10 + (unsigned)(*s - '0') * 100;
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++)
            percent += (unsigned)(*s - '0') * (unit /= 10);
    return *s || percent > 1000 ? 0 : percent;
}

/* `share` of 2^32 of `whole`, without overflow. */
static usec_t part(usec_t whole, uint32_t share)
{
    return (usec_t)(((unsigned __int128)whole * share) >> 32);
}

usec_t retry_backoff(unsigned n, usec_t base, usec_t cap, uint32_t dice)
{
    usec_t all = base < cap ? base : cap;
    for (; n > 0 && all > 0 && all < cap; n--)
        all = all > cap / 2 ? cap : all * 2;
    return all - part(all / 2, dice);
}

usec_t retry_delivery_delay(unsigned n, uint32_t dice)
{
    static const usec_t DELAYS[] = {
        0,
        5 * USEC_PER_SEC,
        30 * USEC_PER_SEC,
        2 * USEC_PER_MINUTE,
        5 * USEC_PER_MINUTE,
        15 * USEC_PER_MINUTE,
    };
    usec_t delay = DELAYS[n < N_ELEMENTS(DELAYS) ? n : N_ELEMENTS(DELAYS) - 1];
    return delay - delay / 5 + part(delay * 2 / 5, dice);
}
