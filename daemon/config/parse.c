/* SPDX-License-Identifier: MIT */
/* config/parse.c: parses the text of one configuration file and reports what is wrong with it. */
#include "config/source.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

static void report_wide(const struct conf_source *s, enum conf_gravity gravity,
                        struct report *report)
{
    for (size_t i = 0; i < s->scan.n_wide; i++) {
        const struct scan_wide *w = &s->scan.wide[i];
        report_add(report, gravity, (struct conf_where){s, w->line},
                   "%s%s%s is too large for a count; write a number up to 2147483647", w->key,
                   *w->key ? ": " : "", w->number);
    }
}

int source_parse(struct conf_source *s, const char *text, size_t len, enum conf_gravity gravity,
                 struct report *report)
{
    struct failure why = {0};
    int line = 1;
    if (scan_text(text, len, &s->scan, &line, &why) < 0) {
        report_add(report, gravity, (struct conf_where){s, line}, "%s", why.text);
        return -EINVAL;
    }
    /* config_read_string wants a NUL, and libconfig 1.5 a line feed behind a remark at the end. */
    size_t bom = text_bom(text, len);
    CLEANUP(free) char *copy = text_printf("%.*s\n", (int)(len - bom), text + bom);
    if (!copy) {
        report->oom = true;
        return -ENOMEM;
    }
    if (config_read_string(&s->config, copy) != CONFIG_TRUE) {
        const char *error = config_error_text(&s->config);
        bool twice = error && strstr(error, "duplicate");
        report_add(
            report, gravity, (struct conf_where){s, config_error_line(&s->config)}, "%s; %s",
            twice   ? "this key is there already in the same group"
            : error ? error
                    : "syntax error",
            twice ? "put the contents of both into one"
                  : "look at this line and the one before it for a missing '=', '\"', ',' or ';'");
        return -EINVAL;
    }
    report_wide(s, gravity, report);
    return 0;
}
