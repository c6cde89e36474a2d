/* SPDX-License-Identifier: MIT */
/* runtime/run.c: prepares the process and runs the mode that the command line selects. */
#include "runtime/run.h"

#include <signal.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/secret.h"
#include "json/json.h"
#include "runtime/app.h"
#include "runtime/checks.h"
#include "runtime/once.h"
#include "runtime/service.h"

/* Before the first secret is read and before any library allocates. */
static int prepare(const struct cli *cli, struct failure *why)
{
    umask(0077);
    (void)signal(SIGPIPE, SIG_IGN); /* a write to a closed pipe or connection fails instead */
    digest_init();
    json_init();
    int r = http_global_init(why);
    store_global_init();
    log_open();
    if (cli->log_level >= 0)
        log_level(cli->log_level);
    return r < 0 ? r : secret_protect_process(why);
}

static int run_app(const struct cli *cli, int (*body)(struct app *app))
{
    struct app app;
    int code = app_open(cli, &app);
    if (code == EXIT_OK)
        code = body(&app);
    app_close(&app);
    return code;
}

static int run_mode(const struct cli *cli)
{
    switch (cli->mode) {
    case CLI_CHECK_CONFIG: return checks_config(cli);
    case CLI_DUMP_CONFIG: return checks_dump(cli);
    case CLI_CHECK_ACCESS: return checks_access(cli);
    case CLI_TEST_RECEIVER: return checks_receiver(cli);
    case CLI_ONCE: return run_app(cli, once_run);
    case CLI_DAEMON: return run_app(cli, service_run);
    }
    return EXIT_INTERNAL;
}

int run(const struct cli *cli)
{
    struct failure why;
    int code = EXIT_INTERNAL;
    if (prepare(cli, &why) < 0)
        log_failure(LOG_ERR, &why, "cannot prepare this process", "not started");
    else
        code = run_mode(cli);
    log_close();
    return code;
}
