/* SPDX-License-Identifier: MIT */
/* base/log.c: writes log lines to journald or stderr. */
#include "base/log.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/journal.h"
#include "base/stdfds.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_SIZE 1024 /* of a cleaned line; longer than any of ours */
#define FACILITY_DAEMON 3

/* Global, because there is one stderr. */
static struct {
    int level;
    struct journal *journal; /* NULL: stderr */
    unsigned long lost;      /* since the start */
    unsigned long unreported; /* of these, not yet logged */
} logger = {.level = LOG_INFO};

static const char *const LEVELS[] = {
    [LOG_EMERG] = "error",     [LOG_ALERT] = "error",   [LOG_CRIT] = "error", [LOG_ERR] = "error",
    [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info",  [LOG_DEBUG] = "debug",
};

int log_level_parse(const char *name)
{
    for (int level = LOG_ERR; level <= LOG_DEBUG; level++)
        if (text_equal(name, LEVELS[level]))
            return level;
    return -EINVAL;
}

void log_level(int level)
{
    logger.level = level;
}
unsigned long log_lost(void)
{
    return logger.lost;
}

/* systemd.exec(5): JOURNAL_STREAM contains device and inode of the stream connected to stderr. It may be
 * inherited by a process with another stderr. */
static bool stderr_is_the_journal(void)
{
    struct stat st;
    char stream[64];
    const char *claimed = getenv("JOURNAL_STREAM");
    if (!claimed || fstat(STDERR_FILENO, &st) < 0)
        return false;
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return text_equal(stream, claimed);
}

void log_open(void)
{
    log_close();
    stdfds_stderr_open();
    if (stderr_is_the_journal())
        (void)journal_new(JOURNAL_SOCKET, &logger.journal); /* out of memory: stderr is used */
}

bool log_in_journal(void)
{
    return logger.journal;
}

void log_close(void)
{
    journal_free(logger.journal);
    logger.journal = NULL;
    stdfds_stderr_close();
}

static bool write_stderr(const char *prefix, const char *line)
{
    char buf[LINE_SIZE + 32];
    int len = snprintf(buf, sizeof buf, "%s%s\n", prefix, line);
    return stdfds_write(buf, (size_t)len);
}

static bool send_journal(int level, const char *message_id, const char *tenant, const char *line)
{
    CLEANUP(text_free) struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    journal_add(&entry, "MESSAGE", line, strlen(line));
    journal_addf(&entry, "PRIORITY", "%d", level);
    journal_addf(&entry, "SYSLOG_FACILITY", "%d", FACILITY_DAEMON);
    journal_addf(&entry, "SYSLOG_IDENTIFIER", "seatwatchd");
    if (message_id)
        journal_add(&entry, "MESSAGE_ID", message_id, strlen(message_id));
    if (tenant) {
        char clean[TEXT_CLEAN_MAX];
        text_clean(clean, sizeof clean, tenant, strlen(tenant));
        journal_add(&entry, "SEATWATCH_TENANT", clean, strlen(clean));
    }
    int r = journal_send(logger.journal, &entry);
    if (r != -ENOENT && r != -ECONNREFUSED)
        return r >= 0;
    /* No listener: stderr may still be connected (sd-daemon(3) prefixes). */
    char prefix[8];
    (void)snprintf(prefix, sizeof prefix, "<%d>", level);
    return write_stderr(prefix, line);
}

static bool send_line(int level, const char *message_id, const char *tenant, const char *line)
{
    if (logger.journal)
        return send_journal(level, message_id, tenant, line);
    char prefix[16];
    (void)snprintf(prefix, sizeof prefix, "%s: ", LEVELS[level & LOG_PRIMASK]);
    return write_stderr(prefix, line);
}

static void send_counted(int level, const char *message_id, const char *tenant, const char *line)
{
    if (logger.unreported > 0) {
        char summary[128];
        (void)snprintf(summary, sizeof summary,
                       "%lu log lines lost: %s did not accept them", logger.unreported,
                       logger.journal ? "journald" : "standard error");
        if (send_line(LOG_WARNING, NULL, NULL, summary))
            logger.unreported = 0;
    }
    if (logger.unreported == 0 && send_line(level, message_id, tenant, line))
        return;
    logger.lost++;
    logger.unreported++;
}

static void log_line(int level, const char *message_id, const char *tenant, const char *raw)
{
    char line[LINE_SIZE];
    text_clean(line, sizeof line, raw, strlen(raw));
    send_counted(level, message_id, tenant, line);
}

__attribute__((format(printf, 4, 0))) static void
log_formatted(int level, const char *message_id, const char *tenant, const char *fmt, va_list ap)
{
    char raw[2 * LINE_SIZE];
    if (level <= logger.level && vsnprintf(raw, sizeof raw, fmt, ap) >= 0)
        log_line(level, message_id, tenant, raw);
}

void log_event(int level, const char *message_id, const char *tenant, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_formatted(level, message_id, tenant, fmt, ap);
    va_end(ap);
}

void log_say(int level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_formatted(level, NULL, NULL, fmt, ap);
    va_end(ap);
}

void log_failure(int level, const struct failure *f, const char *what, const char *next)
{
    if (next)
        log_say(level, "%s: %s; %s", what, f->text, next);
    else
        log_say(level, "%s: %s", what, f->text);
}
