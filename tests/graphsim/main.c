/* SPDX-License-Identifier: MIT */
/* graphsim/main.c: a strict Microsoft Graph and Entra on loopback, for tests. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include "peers/program.h"
#include "peers/tls.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>

static const char USAGE[] =
    "usage: graphsim --scenario FILE [--dir DIR] [--fixtures DIR] [--http | --https | --both]\n"
    "                [--certificate sound|expired|wrong-name|unknown-issuer] [--origin URL]\n"
    "                [--address ADDRESS] [--names NAME,NAME]\n"
    "                [--issued FILE] [--until-eof]\n";

struct options {
    const char *dir;
    bool http, https, until_eof;
    enum tls_flaw flaw;
};

static int parse(int argc, char **argv, struct options *o, struct sim *sim)
{
    enum { SCENARIO = 256, DIR_, FIXTURES_, HTTP, HTTPS, BOTH, CERTIFICATE, ORIGIN, ADDRESS, NAMES,
           ISSUED, UNTIL_EOF };
    static const struct option LONG[] = {{"scenario", required_argument, NULL, SCENARIO},
                                         {"dir", required_argument, NULL, DIR_},
                                         {"fixtures", required_argument, NULL, FIXTURES_},
                                         {"http", no_argument, NULL, HTTP},
                                         {"https", no_argument, NULL, HTTPS},
                                         {"both", no_argument, NULL, BOTH},
                                         {"certificate", required_argument, NULL, CERTIFICATE},
                                         {"origin", required_argument, NULL, ORIGIN},
                                         {"address", required_argument, NULL, ADDRESS},
                                         {"names", required_argument, NULL, NAMES},
                                         {"issued", required_argument, NULL, ISSUED},
                                         {"until-eof", no_argument, NULL, UNTIL_EOF},
                                         {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case SCENARIO:
            sim->scenario_path = optarg;
            break;
        case DIR_:
            o->dir = optarg;
            break;
        case FIXTURES_:
            sim->fixtures = optarg;
            break;
        case HTTP:
            o->http = true;
            break;
        case HTTPS:
            o->https = true;
            break;
        case BOTH:
            o->http = o->https = true;
            break;
        case CERTIFICATE:
            if (tls_flaw_parse(optarg, &o->flaw) < 0)
                return -EINVAL;
            break;
        case ORIGIN:
            sim->origin = optarg;
            break;
        case ADDRESS:
            sim->place.address = optarg;
            break;
        case NAMES:
            sim->place.names = optarg;
            break;
        case ISSUED:
            sim->issued = optarg;
            break;
        case UNTIL_EOF:
            o->until_eof = true;
            break;
        default:
            return -EINVAL;
        }
    }
    if (!o->http && !o->https)
        o->http = o->https = true;
    return sim->scenario_path && optind == argc ? 0 : -EINVAL;
}

static void on_signal(void *userdata, int signal)
{
    struct sim *sim = userdata;
    struct failure why = {0};
    if (signal == SIGUSR1) {
        (void)pthread_mutex_lock(&sim->mutex);
        sim_advance(sim);
        (void)pthread_mutex_unlock(&sim->mutex);
        return;
    }
    int r = sim_reload(sim, &why);
    struct json_writer *line = ledger_line("reload");
    json_put_bool(line, "ok", r >= 0);
    json_put_string(line, "error", r >= 0 ? NULL : why.text);
    ledger_append(sim->events, line);
}

static int listen_all(struct sim *sim, struct server *server, const struct options *o,
                      const char *ca_path, struct failure *ret_failure)
{
    struct tls_files tls = {0};
    int r = 0;
    if (o->http)
        r = server_listen(server, NULL, NULL, &sim->http_port, ret_failure);
    if (r >= 0 && o->https)
        r = tls_make(o->flaw, sim->place.names, &tls, ret_failure);
    if (r >= 0 && o->https)
        r = program_write(ca_path, tls.ca, ret_failure);
    if (r >= 0 && o->https)
        r = server_listen(server, tls.certificate, tls.key, &sim->https_port, ret_failure);
    tls_free(&tls); /* libmicrohttpd has its own copy */
    return r;
}

static void put_url(struct json_writer *w, const struct server_place *place, const char *key,
                    uint16_t port)
{
    char url[SERVER_URL_MAX];
    server_place_url(place, key, port, url);
    json_put_string(w, key, port ? url : NULL);
}

static void say_ready(const struct sim *sim, const char *ca_path, const char *ledger_path,
                      const char *events_path)
{
    struct json_writer *w = json_writer_new(65536);
    if (!w)
        abort();
    json_open_object(w, NULL);
    put_url(w, &sim->place, "http", sim->http_port);
    put_url(w, &sim->place, "https", sim->https_port);
    json_put_string(w, "ca_file", sim->https_port ? ca_path : NULL);
    json_put_string(w, "ledger", ledger_path);
    json_put_string(w, "events", events_path);
    json_put_int(w, "pid", getpid());
    json_close_object(w);
    program_ready(w);
}

static int run(struct sim *sim, const struct options *o, struct failure *ret_failure)
{
    CLEANUP(free) char *dir = NULL;
    int r = program_dir(o->dir, &dir, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(free) char *ca_path = program_path(dir, "ca.pem");
    CLEANUP(free) char *ledger_path = program_path(dir, "ledger.jsonl");
    CLEANUP(free) char *events_path = program_path(dir, "events.jsonl");
    CLEANUP(ledger_close) struct ledger *ledger = NULL, *events = NULL;
    CLEANUP(server_free) struct server *server = NULL;
    r = ledger_open(ledger_path, &ledger, ret_failure);
    if (r >= 0)
        r = ledger_open(events_path, &events, ret_failure);
    if (r < 0)
        return r;
    sim->events = events;
    if (random_bytes(sim->key, sizeof sim->key) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "no random bytes");
    r = sim_reload(sim, ret_failure);
    if (r >= 0 && server_new(ledger, &sim->place, sim_answer, sim, &server) < 0)
        r = failure_oom(ret_failure);
    if (r < 0)
        return r;
    (void)pthread_mutex_lock(&sim->mutex); /* no answer before both ports are known */
    r = listen_all(sim, server, o, ca_path, ret_failure);
    (void)pthread_mutex_unlock(&sim->mutex);
    if (r < 0)
        return r;
    say_ready(sim, ca_path, ledger_path, events_path);
    program_run(o->until_eof, on_signal, sim);
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct sim sim = {.mutex = PTHREAD_MUTEX_INITIALIZER, .place = SERVER_PLACE_LOOPBACK};
    struct failure why = {0};
    program_signals();
    json_init();
    if (parse(argc, argv, &options, &sim) < 0) {
        (void)fputs(USAGE, stderr);
        return 64;
    }
    int r = run(&sim, &options, &why);
    scenario_free(sim.scenario);
    free(sim.jtis);
    free(sim.arc_file);
    free(sim.arc_key);
    return r < 0 ? program_fail("graphsim", &why) : 0;
}
