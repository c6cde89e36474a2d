/* SPDX-License-Identifier: MIT */
/* base/date.c: parses and prints durations and dates, without libc's time zones and locales. */
#include "base/date.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define YEAR_FIRST 1970
#define YEAR_LAST 9999

/* ---- durations ---- */

#define DURATION_LIMIT (36525 * USEC_PER_DAY) /* 100 years */

/* In descending order: printing uses the first that divides. */
static const struct {
    char letter;
    usec_t size;
} UNITS[] = {
    {'w', 7 * USEC_PER_DAY}, {'d', USEC_PER_DAY}, {'h', USEC_PER_HOUR},
    {'m', USEC_PER_MINUTE},  {'s', USEC_PER_SEC},
};

static usec_t unit_size(char letter)
{
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++)
        if (UNITS[i].letter == letter)
            return UNITS[i].size;
    return 0;
}

int duration_parse(const char *text, usec_t *ret, struct failure *ret_failure)
{
    const char *start = text ? text : "", *p = start;
    uint64_t n = 0;
    bool huge = false;
    for (; ascii_is_digit(*p); p++)
        if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
            __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            huge = true;
    usec_t unit = unit_size(*p);
    if (p == start || unit == 0 || p[1])
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "\"%s\" is not a duration; write a whole number and one of s m h d w, "
                           "for example \"15m\"",
                           start);
    if (huge || __builtin_mul_overflow(n, unit, &n) || n > DURATION_LIMIT)
        return failure_set(ret_failure, FAILURE_CONFIG, ERANGE, "\"%s\" is longer than 100 years",
                           start);
    *ret = n;
    return 0;
}

const char *duration_print(usec_t duration, char buf[static DURATION_MAX])
{
    usec_t whole = duration - duration % USEC_PER_SEC;
    size_t i = 0;
    while (i + 1 < N_ELEMENTS(UNITS) && (whole == 0 || whole % UNITS[i].size != 0))
        i++;
    (void)snprintf(buf, DURATION_MAX, "%" PRIu64 "%c", whole / UNITS[i].size, UNITS[i].letter);
    return buf;
}

const char *duration_human(usec_t duration, char buf[static DURATION_MAX])
{
    static const struct {
        const char *name;
        usec_t size;
    } STEPS[] = {
        {"d", USEC_PER_DAY}, {"h", USEC_PER_HOUR}, {"min", USEC_PER_MINUTE}, {"s", USEC_PER_SEC}};
    size_t i = 0;
    while (i + 1 < N_ELEMENTS(STEPS) && duration < STEPS[i].size)
        i++;
    uint64_t high = duration / STEPS[i].size;
    uint8_t low = 0; /* hours, minutes or seconds: below 60 */
    if (i + 1 < N_ELEMENTS(STEPS))
        low = (uint8_t)(duration % STEPS[i].size / STEPS[i + 1].size);
    if (low)
        (void)snprintf(buf, DURATION_MAX, "%" PRIu64 " %s %d %s", high, STEPS[i].name, low,
                       STEPS[i + 1].name);
    else
        (void)snprintf(buf, DURATION_MAX, "%" PRIu64 " %s", high, STEPS[i].name);
    return buf;
}

/* ---- calendar: proleptic Gregorian; years start on 1 March, so that the leap day is last ---- */

struct civil {
    int64_t year;
    int month, day; /* 1 .. 12, 1 .. 31 */
};

static int days_in_month(int64_t year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && leap);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t day_of(struct civil c)
{
    int64_t year = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = floor_div(year, 400), in_era = year - era * 400;
    int64_t in_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct civil civil_of(int64_t day)
{
    int64_t shifted = day + 719468, era = floor_div(shifted, 146097);
    int64_t in_era = shifted - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;
    struct civil c = {.year = year + era * 400,
                      .month = (int)(month < 10 ? month + 3 : month - 9),
                      .day = (int)(in_year - (153 * month + 2) / 5 + 1)};
    c.year += c.month <= 2;
    return c;
}

/* ---- parsing: each function advances *p and returns whether it matched ---- */

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool take_number(const char **p, int digits, int min, int max, int *ret)
{
    int n = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (!ascii_is_digit(**p))
            return false;
        n = n * 10 + (**p - '0');
    }
    *ret = n;
    return n >= min && n <= max;
}

static bool take_date(const char **p, int64_t *ret_day)
{
    int year, month, day;
    if (!take_number(p, 4, YEAR_FIRST, YEAR_LAST, &year) || !take_char(p, '-') ||
        !take_number(p, 2, 1, 12, &month) || !take_char(p, '-') ||
        !take_number(p, 2, 1, days_in_month(year, month), &day))
        return false;
    *ret_day = day_of((struct civil){year, month, day});
    return true;
}

/* "hh:mm:ss" as seconds of the day. A leap second counts as the second before it. */
static bool take_clock(const char **p, int64_t *ret_seconds)
{
    int hour, minute, second;
    if (!take_number(p, 2, 0, 23, &hour) || !take_char(p, ':') ||
        !take_number(p, 2, 0, 59, &minute) || !take_char(p, ':') ||
        !take_number(p, 2, 0, 60, &second))
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    return true;
}

/* ".f" to ".fffffffff", cut to microseconds. */
static bool take_fraction(const char **p, usec_t *ret)
{
    usec_t usec = 0, weight = 100000;
    int digits = 0;
    for (; ascii_is_digit(**p); (*p)++, digits++, weight /= 10)
        usec += (usec_t)(**p - '0') * weight;
    *ret = usec;
    return digits >= 1 && digits <= 9;
}

static bool take_offset(const char **p, int64_t *ret_seconds)
{
    int hour, minute;
    *ret_seconds = 0;
    if (take_char(p, 'Z'))
        return true;
    bool west = **p == '-';
    if (!take_char(p, west ? '-' : '+') || !take_number(p, 2, 0, 23, &hour) || !take_char(p, ':') ||
        !take_number(p, 2, 0, 59, &minute))
        return false;
    *ret_seconds = (hour * 3600 + minute * 60) * (west ? -1 : 1);
    return true;
}

static int parse_instant(const char *text, usec_t *ret_at)
{
    const char *p = text;
    int64_t day, clock, offset;
    usec_t fraction = 0;
    if (!p || !take_date(&p, &day) || !take_char(&p, 'T') || !take_clock(&p, &clock) ||
        (take_char(&p, '.') && !take_fraction(&p, &fraction)) || !take_offset(&p, &offset) || *p)
        return -EINVAL;
    int64_t seconds = day * SECONDS_PER_DAY + clock - offset;
    if (seconds < 0 || seconds >= day_of((struct civil){YEAR_LAST + 1, 1, 1}) * SECONDS_PER_DAY)
        return -EINVAL; /* an offset can reach back into 1969, or on into the year 10000 */
    *ret_at = (usec_t)seconds * USEC_PER_SEC + fraction;
    return 0;
}

int rfc3339_parse(const char *text, usec_t *ret_at)
{
    usec_t at;
    int r = parse_instant(text, &at);
    if (r < 0 || at > INSTANT_LAST)
        return r < 0 ? r : -ERANGE;
    *ret_at = at;
    return 0;
}

int date_parse(const char *text, int32_t *ret_day)
{
    const char *p = text;
    int64_t day;
    usec_t at;
    if (parse_instant(text, &at) == 0)
        day = (int64_t)(at / USEC_PER_DAY);
    else if (!p || !take_date(&p, &day) || *p)
        return -EINVAL;
    *ret_day = (int32_t)day;
    return 0;
}

/* ---- printing ---- */

struct moment {
    struct civil date;
    int hour, minute, second;
};

static struct moment moment_of(int64_t seconds)
{
    int64_t day = floor_div(seconds, SECONDS_PER_DAY);
    int clock = (int)(seconds - day * SECONDS_PER_DAY);
    return (struct moment){civil_of(day), clock / 3600, clock / 60 % 60, clock % 60};
}

const char *rfc3339_print(usec_t at, char buf[static RFC3339_MAX])
{
    struct moment m = moment_of((int64_t)(at / USEC_PER_SEC));
    (void)snprintf(buf, RFC3339_MAX, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02dZ", m.date.year,
                   m.date.month, m.date.day, m.hour, m.minute, m.second);
    return buf;
}

const char *date_print(int32_t day, char buf[static RFC3339_MAX])
{
    struct civil c = civil_of(day);
    (void)snprintf(buf, RFC3339_MAX, "%04" PRId64 "-%02d-%02d", c.year, c.month, c.day);
    return buf;
}

const char *clock_human(usec_t at, usec_t now, const struct zone *zone,
                        char buf[static CLOCK_HUMAN_MAX])
{
    int64_t local = (int64_t)(at / USEC_PER_SEC) + zone->offset;
    int64_t today = floor_div((int64_t)(now / USEC_PER_SEC) + zone->offset, SECONDS_PER_DAY);
    struct moment m = moment_of(local);
    int minutes = abs(zone->offset) / 60;
    char date[24] = "", name[ZONE_NAME_MAX + 4] = "UTC";
    if (zone->name[0])
        (void)snprintf(name, sizeof name, "%s", zone->name);
    else if (zone->offset != 0)
        (void)snprintf(name, sizeof name, "UTC%c%02d:%02d", zone->offset < 0 ? '-' : '+',
                       minutes / 60 % 24, minutes % 60);
    if (floor_div(local, SECONDS_PER_DAY) != today)
        (void)snprintf(date, sizeof date, "%04" PRId64 "-%02d-%02d ", m.date.year, m.date.month,
                       m.date.day);
    (void)snprintf(buf, CLOCK_HUMAN_MAX, "%s%02d:%02d %s", date, m.hour, m.minute, name);
    return buf;
}

/* ---- HTTP-date ---- */

static bool take_word(const char **p, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*p, word, n) != 0)
        return false;
    *p += n;
    return true;
}

static bool take_month(const char **p, int *ret)
{
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int i = 0; i < 12; i++)
        if (take_word(p, MONTHS[i])) {
            *ret = i + 1;
            return true;
        }
    return false;
}

/* The day name is redundant; it is not checked against the date. */
static bool take_weekday(const char **p, bool *ret_long)
{
    static const char *const DAYS[][2] = {{"Mon", "day"},   {"Tue", "sday"}, {"Wed", "nesday"},
                                          {"Thu", "rsday"}, {"Fri", "day"},  {"Sat", "urday"},
                                          {"Sun", "day"}};
    for (size_t i = 0; i < N_ELEMENTS(DAYS); i++)
        if (take_word(p, DAYS[i][0])) {
            *ret_long = take_word(p, DAYS[i][1]);
            return true;
        }
    return false;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" and, obsolete, "Sunday, 06-Nov-94 08:49:37 GMT"; p is after the
 * comma. RFC 9110 interprets a two-digit year relative to now; without a clock, 70 to 99 are 1970 to
 * 1999. */
static bool take_http_date(const char **p, bool obsolete, struct civil *ret, int64_t *ret_clock)
{
    int day, month, year;
    char separator = obsolete ? '-' : ' ';
    if (!take_char(p, ' ') || !take_number(p, 2, 1, 31, &day) || !take_char(p, separator) ||
        !take_month(p, &month) || !take_char(p, separator) ||
        !take_number(p, obsolete ? 2 : 4, 0, YEAR_LAST, &year) || !take_char(p, ' ') ||
        !take_clock(p, ret_clock) || !take_word(p, " GMT"))
        return false;
    if (obsolete)
        year += year >= 70 ? 1900 : 2000;
    *ret = (struct civil){year, month, day};
    return true;
}

/* asctime's "Sun Nov  6 08:49:37 1994"; p is after the day name. */
static bool take_asctime(const char **p, struct civil *ret, int64_t *ret_clock)
{
    int day, month, year;
    if (!take_char(p, ' ') || !take_month(p, &month) || !take_char(p, ' ') ||
        !take_number(p, take_char(p, ' ') ? 1 : 2, 1, 31, &day) || !take_char(p, ' ') ||
        !take_clock(p, ret_clock) || !take_char(p, ' ') || !take_number(p, 4, 0, YEAR_LAST, &year))
        return false;
    *ret = (struct civil){year, month, day};
    return true;
}

int http_date_parse(const char *text, usec_t *ret_at)
{
    const char *p = text;
    struct civil date;
    int64_t clock;
    bool obsolete;
    if (!p || !take_weekday(&p, &obsolete))
        return -EINVAL;
    bool found = take_char(&p, ',') ? take_http_date(&p, obsolete, &date, &clock)
                                    : !obsolete && take_asctime(&p, &date, &clock);
    if (!found || *p || date.year < YEAR_FIRST || date.day > days_in_month(date.year, date.month))
        return -EINVAL;
    usec_t at = (usec_t)(day_of(date) * SECONDS_PER_DAY + clock) * USEC_PER_SEC;
    usec_t last = INSTANT_LAST - INSTANT_LAST % USEC_PER_SEC; /* an HTTP-date has whole seconds */
    *ret_at = at < last ? at : last;
    return 0;
}
