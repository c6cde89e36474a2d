/* SPDX-License-Identifier: MIT */
/* runtime/setup.c: loads the options, and derives those of the HTTP client. */
#include "runtime/setup.h"

#include <errno.h>

#include "base/log.h"

#define OUT_OF_MEMORY "out of memory while the configuration was read; give the daemon more memory"
#define USER_AGENT "NONISV|seatwatchd|seatwatchd/" SEATWATCH_VERSION /* the form that Microsoft asks for */

static void say_problem(const struct cli *cli, const struct problem *p)
{
    if (cli->mode == CLI_DAEMON)
        log_say(p->fatal ? LOG_ERR : LOG_WARNING, "%s", p->text);
    else
        fprintf(stderr, "%s%s\n", p->warning ? "warning: " : "", p->text);
}

static void add_problem(struct text *t, const char *problem)
{
    text_addf(t, "%s%s", t->len ? "\n" : "", problem);
}

int setup_options(const struct cli *cli, struct options **ret, struct text *ret_problems)
{
    struct problems problems = {0};
    struct zone unused = {0};
    (void)clock_zone("", 0, &unused); /* calls tzset(3) while there is one thread */
    int r = options_load(cli->config, ret, &problems);
    for (size_t i = 0; i < problems.n; i++) {
        say_problem(cli, &problems.problem[i]);
        if (ret_problems && problems.problem[i].fatal)
            add_problem(ret_problems, problems.problem[i].text);
    }
    problems_free(&problems);
    if (r == -ENOMEM)
        log_say(LOG_ERR, OUT_OF_MEMORY);
    if (r == -ENOMEM && ret_problems)
        add_problem(ret_problems, OUT_OF_MEMORY);
    return r == -ENOMEM || r == -EAGAIN ? EXIT_INTERNAL : r < 0 ? EXIT_CONFIGURATION : EXIT_OK;
}

static int proxy_password(const struct options *o, struct secret **ret, struct failure *why)
{
    return o->proxy_password_file && *o->proxy_password_file ? secret_read(o->proxy_password_file, NULL, ret, why) : 0;
}

int setup_http(const struct options *o, struct secret **ret_proxy_password, struct http_options *ret,
               struct failure *why)
{
    struct secret *password = NULL;
    int r = proxy_password(o, &password, why);
    if (r < 0)
        return r;
    *ret_proxy_password = password;
    *ret = (struct http_options){.ca_file = o->ca_file,
                                 .proxy = o->proxy,
                                 .proxy_password = password,
                                 .user_agent = USER_AGENT};
    return 0;
}
