/* SPDX-License-Identifier: MIT */
/* runtime/checks.c: checks before the service starts: the configuration, one receiver. */
#include "runtime/checks.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "runtime/setup.h"

/* What a start would refuse. A start accepts a damaged database: it makes a new one. */
static int check_state(const struct cli *cli)
{
    struct store_options o = {.directory = cli->state_dir, .outbox_max_rows = 1, .outbox_max_bytes = 1};
    struct store_report report = {0};
    CLEANUP(store_close) struct store *store = NULL;
    struct failure why = {0};
    int r = store_check_directory(cli->state_dir, &why);
    if (r >= 0)
        r = store_open(&o, &deliver_codec, STORE_READ_ONLY, clock_now(), &store, &report, &why);
    if (r >= 0 || r == -ENOENT || r == -EBADMSG || r == -EAGAIN)
        return EXIT_OK;
    fprintf(stderr, "%s\n", why.text);
    return EXIT_STATE;
}

int checks_config(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    struct problems problems = {0};
    int state = cli->state_dir_given ? check_state(cli) : EXIT_OK;
    int r = options_check(cli->config, &options, &problems);
    bool good = r >= 0;
    for (size_t i = 0; i < problems.n; i++) {
        const struct problem *p = &problems.problem[i];
        fprintf(stderr, "%s%s\n", p->warning ? "warning: " : "", p->text);
        good = good && p->warning;
    }
    problems_free(&problems);
    if (good && state == EXIT_OK)
        puts("configuration ok");
    if (r == -ENOMEM)
        fputs("out of memory while the configuration was read\n", stderr);
    return r == -ENOMEM || r == -EAGAIN ? EXIT_INTERNAL : good ? state : EXIT_CONFIGURATION;
}

int checks_dump(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    CLEANUP(free) char *text = NULL;
    int code = setup_options(cli, &options, NULL);
    if (code != EXIT_OK)
        return code;
    if (options_dump(options, &text) < 0) {
        log_say(LOG_ERR, "out of memory; nothing was printed");
        return EXIT_INTERNAL;
    }
    fputs(text, stdout);
    return EXIT_OK;
}

struct receiver_test {
    sd_event *event;
    const char *name;
    bool life, accepted;
};

static void on_tested(void *userdata, const struct tested *result)
{
    struct receiver_test *t = userdata;
    t->accepted = result->accepted;
    printf("%s: %s%s%s: %s\n", t->name, t->life ? result->event : "", t->life ? " " : "",
           result->accepted ? "accepted" : "NOT accepted", result->text);
    if (result->last)
        (void)sd_event_exit(t->event, 0);
}

static const struct receiver_options *find_receiver(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (text_equal(o->receiver[i].name, name))
            return &o->receiver[i];
    fprintf(stderr, "there is no receiver \"%s\"; configured are:", name);
    for (size_t i = 0; i < o->n_receivers; i++)
        fprintf(stderr, " %s", o->receiver[i].name);
    fputc('\n', stderr);
    return NULL;
}

int checks_receiver(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    CLEANUP(secret_free) struct secret *proxy_password = NULL;
    __attribute__((cleanup(sd_event_unrefp))) sd_event *event = NULL; /* outlives http */
    CLEANUP(http_free) struct http *http = NULL;
    struct failure why = {0};
    int code = setup_options(cli, &options, NULL);
    if (code != EXIT_OK)
        return code;
    const struct receiver_options *receiver = find_receiver(options, cli->receiver);
    if (!receiver)
        return EXIT_USAGE_ERROR;
    if (receiver->broken) {
        fprintf(stderr, "%s: NOT sent: %s\n", receiver->name, receiver->broken);
        return EXIT_CONFIGURATION;
    }
    struct receiver_test test = {.name = receiver->name, .life = cli->life};
    struct http_options o;
    int r = sd_event_new(&event);
    if (r >= 0)
        r = setup_http(options, &proxy_password, &o, &why);
    if (r >= 0)
        r = http_new(event, &o, &http, &why);
    test.event = event;
    if (r >= 0)
        r = deliver_test(receiver, cli->life, http, event, on_tested, &test, NULL, &why);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", receiver->name, why.text);
        return EXIT_INCOMPLETE;
    }
    r = sd_event_loop(event);
    return r < 0 ? EXIT_INTERNAL : test.accepted ? EXIT_OK : EXIT_INCOMPLETE;
}
