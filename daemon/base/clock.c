/* SPDX-License-Identifier: MIT */
/* base/clock.c: reads the kernel's clocks and boot id, and computes time zone offsets. */
#include "base/clock.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define GAP_MAX (30 * USEC_PER_DAY)
#define SLEEP_LEAST (5 * USEC_PER_SEC) /* requests survive a shorter suspend */
#define JUMP_LEAST (5 * USEC_PER_SEC)
#define WRITTEN_AT (1767225600 * USEC_PER_SEC) /* 2026-01-01 */

static usec_t clock_read(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) < 0 || t.tv_sec < 0)
        return 0; /* all supported kernels have these clocks; a date before 1970 counts as 1970 */
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

/* The first 16 hexadecimal digits, dashes skipped; 0 if there are fewer. */
static uint64_t boot_parse(const char *text)
{
    uint64_t id = 0;
    int digits = 0;
    for (; *text && digits < 16; text++) {
        int value = *text >= '0' && *text <= '9'   ? *text - '0'
                    : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10
                                                   : -1;
        if (value >= 0) {
            id = id << 4 | (unsigned)value;
            digits++;
        } else if (*text != '-') {
            break;
        }
    }
    return digits == 16 ? id : 0;
}

/* ProcSubset=pid hides the kernel's file from a sandboxed service; the unit then passes the boot id
 * itself (specifier %b). With neither, every start counts as a new boot: gaps are then measured on the
 * wall clock, as after a real boot. */
static uint64_t boot_find(void)
{
    char buf[64] = "";
    CLEANUP(close) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, buf, sizeof buf - 1);
        buf[n > 0 ? n : 0] = '\0';
    }
    uint64_t boot = boot_parse(buf);
    const char *given = getenv("SEATWATCH_BOOT_ID");
    if (boot == 0 && given)
        boot = boot_parse(given);
    if (boot == 0 && getrandom(&boot, sizeof boot, GRND_NONBLOCK) != sizeof boot)
        boot = clock_read(CLOCK_REALTIME);
    return boot ? boot : 1;
}

struct instant clock_now(void)
{
    static uint64_t boot;
    if (boot == 0)
        boot = boot_find();
    return (struct instant){clock_read(CLOCK_REALTIME), clock_read(CLOCK_BOOTTIME), boot};
}

/* The order of the two reads matters by microseconds only. */
usec_t clock_asleep(void)
{
    usec_t awake = clock_read(CLOCK_MONOTONIC), all = clock_read(CLOCK_BOOTTIME);
    return all > awake ? all - awake : 0;
}

bool clock_slept(usec_t asleep_then)
{
    return clock_asleep() > asleep_then + SLEEP_LEAST;
}

bool clock_is_set(usec_t at)
{
    return at >= WRITTEN_AT;
}

usec_t instant_since(const struct instant *then, const struct instant *now)
{
    if (then->boot == 0 || now->boot == 0)
        return 0;
    if (then->boot == now->boot)
        return now->mono > then->mono ? now->mono - then->mono : 0;
    usec_t gap = now->at > then->at ? now->at - then->at : 0;
    return gap < GAP_MAX ? gap : GAP_MAX;
}

int64_t clock_jump(const struct instant *then, const struct instant *now)
{
    if (then->boot == 0 || then->boot != now->boot)
        return 0;
    int64_t jump = (int64_t)(now->at - then->at) - (int64_t)(now->mono - then->mono);
    return jump > (int64_t)JUMP_LEAST || jump < -(int64_t)JUMP_LEAST ? jump : 0;
}

/* ---- zones ----
 *
 * glibc computes offsets only for the zone in the environment's TZ. libcurl's resolver threads may
 * call getenv() at any time, and setenv() would move or free what they are reading. So TZ enters
 * the environment once, as this array, and another zone is written into the array in place: a
 * reader that looks for another name compares "TZ=" at most and never sees freed memory.
 * Nothing else in the process uses local time. */
#define ZONE_DIR "/usr/share/zoneinfo/"
#define ZONE_MAX 64
#define MACHINE_MAX 255 /* a longer TZ is ignored */
static char tz[sizeof "TZ=" + MACHINE_MAX] = "TZ=";
#define TZ_VALUE (tz + sizeof "TZ=" - 1)

static bool zone_name_ok(const char *zone)
{
    size_t len = strlen(zone);
    return len > 0 && len <= ZONE_MAX && zone[0] != '/' && !strstr(zone, "..") &&
           strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               len;
}

/* The directory also contains files that are not zones; glibc treats them as UTC. */
static bool zone_file_ok(const char *path)
{
    char magic[4];
    struct stat st;
    CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           read(fd, magic, sizeof magic) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
}

/* The value of TZ for the zone of this machine. */
static const char *machine_zone(void)
{
    static char machine[MACHINE_MAX + 1];
    if (!machine[0]) {
        const char *given = getenv("TZ");
        bool usable = given && strlen(given) <= MACHINE_MAX;
        /* glibc treats an empty TZ as UTC */
        (void)snprintf(machine, sizeof machine, "%s", !usable ? ":/etc/localtime" : *given ? given : "UTC0");
    }
    return machine;
}

/* "CEST"; zones without an abbreviation have "+03", which is not used. */
static void take_zone_name(const char *name, char ret[static ZONE_NAME_MAX])
{
    bool usable = name && name[0] >= 'A' && strlen(name) < ZONE_NAME_MAX;
    (void)snprintf(ret, ZONE_NAME_MAX, "%s", usable ? name : "");
}

int clock_zone(const char *zone, usec_t at, struct zone *ret)
{
    static bool in_environment;
    char value[sizeof ":" ZONE_DIR + ZONE_MAX];
    const char *wanted = machine_zone(); /* read before we set TZ */
    if (!zone || strcmp(zone, "UTC") == 0) {
        *ret = (struct zone){0, "UTC"};
        return 0;
    }
    if (*zone) {
        if (!zone_name_ok(zone))
            return -ENOENT;
        (void)snprintf(value, sizeof value, ":" ZONE_DIR "%s", zone);
        if (strcmp(TZ_VALUE, value) != 0 && !zone_file_ok(value + 1))
            return -ENOENT;
        wanted = value;
    }
    if (strcmp(TZ_VALUE, wanted) != 0)
        memcpy(TZ_VALUE, wanted, strlen(wanted) + 1);
    if (!in_environment && putenv(tz) != 0)
        return -ENOMEM;
    in_environment = true;
    tzset();
    time_t seconds = (time_t)(at / USEC_PER_SEC);
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return -ERANGE;
    ret->offset = (int32_t)local.tm_gmtoff;
    take_zone_name(local.tm_zone, ret->name);
    return 0;
}
