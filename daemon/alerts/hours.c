/* SPDX-License-Identifier: MIT */
/* alerts/hours.c: parses, prints and checks the hours of a route. */
#include "alerts/hours.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WEEK 7
#define DAY_MINUTES 1440
#define DAY_SECONDS 86400
#define EPOCH_DAY 3 /* 1970-01-01 was a Thursday */

static const char DAYS[WEEK][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* ---- parsing ---- */

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool take_day(const char **p, int *ret)
{
    for (int i = 0; i < WEEK; i++)
        if (strncmp(*p, DAYS[i], 3) == 0) {
            *p += 3;
            *ret = i;
            return true;
        }
    return false;
}

static bool take_days(const char **p, uint8_t *ret)
{
    do {
        int first, last;
        if (!take_day(p, &first))
            return false;
        last = first;
        if (take_char(p, '-') && !take_day(p, &last))
            return false;
        for (int day = first;; day = (day + 1) % WEEK) {
            *ret |= (uint8_t)(1U << day);
            if (day == last)
                break;
        }
    } while (take_char(p, ','));
    return true;
}

static bool take_two_digits(const char **p, int *ret)
{
    const char *c = *p;
    if (c[0] < '0' || c[0] > '9' || c[1] < '0' || c[1] > '9')
        return false;
    *ret = (c[0] - '0') * 10 + (c[1] - '0');
    *p += 2;
    return true;
}

static bool take_clock(const char **p, int last, uint16_t *ret)
{
    int hour, minute;
    if (!take_two_digits(p, &hour) || !take_char(p, ':') || !take_two_digits(p, &minute) ||
        minute > 59 || hour * 60 + minute > last)
        return false;
    *ret = (uint16_t)(hour * 60 + minute);
    return true;
}

/* A range that ends where it begins is ambiguous (nothing or a whole day) and is refused. */
static bool take_times(const char **p, struct hours *h)
{
    do {
        uint16_t from, to;
        if (h->n_ranges == HOURS_RANGES_MAX || !take_clock(p, DAY_MINUTES - 1, &from) ||
            !take_char(p, '-') || !take_clock(p, DAY_MINUTES, &to) || from == to)
            return false;
        h->range[h->n_ranges].from = from;
        h->range[h->n_ranges++].to = to;
    } while (take_char(p, ','));
    return true;
}

int hours_parse(const char *text, struct hours *ret, struct failure *ret_failure)
{
    struct hours h = {0};
    char shown[64];
    const char *p = text;
    if (take_days(&p, &h.days) && take_char(&p, ' ') && take_times(&p, &h) && !*p) {
        *ret = h;
        return 0;
    }
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "\"%s\" is not days and times; write such as \"Mon-Fri 07:00-19:00\" or "
                       "\"Mon-Thu,Sat 08:00-12:00,13:00-24:00\"",
                       text_clean(shown, sizeof shown, text, strlen(text)));
}

/* ---- printing ---- */

static bool has_day(const struct hours *h, int day)
{
    return h->days >> day & 1;
}

const char *hours_print(const struct hours *h, char buf[static HOURS_TEXT])
{
    size_t len = 0;
    assert(h->n_ranges > 0);
    for (int day = 0, last; day < WEEK; day = last + 1) {
        last = day;
        if (!has_day(h, day))
            continue;
        while (last + 1 < WEEK && has_day(h, last + 1))
            last++;
        len += (size_t)snprintf(buf + len, HOURS_TEXT - len, "%s%s%s%s", len ? "," : "", DAYS[day],
                                last > day ? "-" : "", last > day ? DAYS[last] : "");
    }
    for (size_t i = 0; i < h->n_ranges; i++)
        len += (size_t)snprintf(buf + len, HOURS_TEXT - len, "%s%02u:%02u-%02u:%02u", i ? "," : " ",
                                h->range[i].from / 60U, h->range[i].from % 60U,
                                h->range[i].to / 60U, h->range[i].to % 60U);
    assert(len < HOURS_TEXT);
    return buf;
}

/* ---- checking ---- */

bool hours_open(const struct hours *h, usec_t at, int32_t utc_offset)
{
    /* One week is added so that a negative offset cannot give a time before 1970. */
    int64_t seconds = (int64_t)(at / USEC_PER_SEC) + utc_offset + WEEK * DAY_SECONDS;
    int day = (int)((seconds / DAY_SECONDS + EPOCH_DAY) % WEEK);
    int minute = (int)(seconds % DAY_SECONDS / 60);
    bool today = has_day(h, day), yesterday = has_day(h, (day + WEEK - 1) % WEEK);
    for (size_t i = 0; i < h->n_ranges; i++) {
        int from = h->range[i].from, to = h->range[i].to;
        if (from < to ? today && minute >= from && minute < to
                      : (today && minute >= from) || (yesterday && minute < to))
            return true;
    }
    return h->n_ranges == 0;
}

usec_t hours_opening(const struct hours *h, usec_t at, int32_t utc_offset)
{
    usec_t minute = at;
    for (int i = 0; i < WEEK * DAY_SECONDS / 60 && !hours_open(h, minute, utc_offset); i++)
        minute = minute / USEC_PER_MINUTE * USEC_PER_MINUTE + USEC_PER_MINUTE;
    return minute;
}
