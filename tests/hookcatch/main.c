/* SPDX-License-Identifier: MIT */
/* hookcatch/main.c: a receiver of webhooks that writes down what arrives and answers as a test
 * says.
 *
 * DIR/answers.json is looked at with each request; a file that was replaced begins to count anew.
 */
#include "base/clock.h"
#include "hookcatch/signature.h"
#include "peers/program.h"
#include "peers/read.h"
#include "peers/script.h"
#include "peers/tls.h"
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

static const char USAGE[] = "usage: hookcatch [--dir DIR] [--https] [--certificate "
                            "sound|expired|wrong-name|unknown-issuer]\n"
                            "                 [--address ADDRESS] [--names NAME,NAME]\n"
                            "                 [--key-file FILE] [--answer JSON] [--until-eof]\n"
                            "  --answer is the \"do\" of a rule for every request that "
                            "DIR/answers.json says nothing about\n";

static const char *const NO_OWN_MEMBERS[] = {NULL};

struct rules {
    struct json *root;
    struct script *script;
};

struct catcher {
    pthread_mutex_t mutex;
    const char *key_file; /* NULL: signatures are not looked at */
    char *answers_path;
    struct stat answers_seen;
    struct rules answers, usual;
};

struct options {
    const char *dir, *answer;
    struct server_place place;
    bool https, until_eof;
    enum tls_flaw flaw;
};

static void rules_free(struct rules *r)
{
    script_free(r->script);
    json_free(r->root);
    *r = (struct rules){0};
}

static int rules_take(struct json *root, struct rules *ret, struct failure *ret_failure)
{
    struct rules rules = {.root = root};
    int r = json_is_array(root)
                ? script_read(root, NO_OWN_MEMBERS, &rules.script, ret_failure)
                : failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "a list of rules is expected");
    if (r < 0) {
        rules_free(&rules);
        return r;
    }
    rules_free(ret);
    *ret = rules;
    return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Takes the file of answers if it is another one than last time; without one there are no rules. */
static int refresh(struct catcher *c, struct failure *ret_failure)
{
    struct stat now = {0};
    struct json *root = NULL;
    if (stat(c->answers_path, &now) < 0) {
        rules_free(&c->answers);
        c->answers_seen = (struct stat){0};
        return 0;
    }
    if (same_file(&now, &c->answers_seen))
        return 0;
    int r = read_file(c->answers_path, &root, ret_failure);
    if (r >= 0)
        r = rules_take(root, &c->answers, ret_failure);
    if (r >= 0)
        c->answers_seen = now;
    return r;
}

static void put_header(void *userdata, const char *name, const char *value)
{
    struct json_writer *line = userdata;
    char lower[256];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof lower; n++)
        lower[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] | 32) : name[n];
    lower[n] = '\0';
    json_put_string(line, lower, value);
}

static void write_line(const struct catcher *c, const struct request *r, struct json_writer *line)
{
    CLEANUP(free) char *body = strndup(r->body.data ? r->body.data : "", r->body.len);
    json_open_object(line, "headers");
    request_each_header(r, put_header, line);
    json_close_object(line);
    json_put_string(line, "body", body);
    if (c->key_file)
        json_put_string(line, "signature", signature_verdict(c->key_file, r));
}

static void on_answer(void *userdata, const struct request *r, struct answer *ret)
{
    struct catcher *c = userdata;
    struct failure why = {0};
    const struct script_context context = {.request = r};
    write_line(c, r, ret->line);
    (void)pthread_mutex_lock(&c->mutex);
    int read = refresh(c, &why);
    const struct script_rule *rule = NULL;
    if (read >= 0 && c->answers.script)
        rule = script_pick(c->answers.script, &context);
    if (read >= 0 && !rule && c->usual.script)
        rule = script_pick(c->usual.script, &context);
    if (rule)
        script_apply(rule, ret, r->at);
    if (read < 0) { /* the test is wrong, and is told so */
        ret->status = 500;
        ret->fault = strdup(why.text);
    }
    (void)pthread_mutex_unlock(&c->mutex);
}

static int parse(int argc, char **argv, struct options *o, struct catcher *c)
{
    enum { DIR_ = 256, HTTPS, CERTIFICATE, ADDRESS, NAMES, KEY_FILE, ANSWER, UNTIL_EOF };
    static const struct option LONG[] = {{"dir", required_argument, NULL, DIR_},
                                         {"https", no_argument, NULL, HTTPS},
                                         {"certificate", required_argument, NULL, CERTIFICATE},
                                         {"address", required_argument, NULL, ADDRESS},
                                         {"names", required_argument, NULL, NAMES},
                                         {"key-file", required_argument, NULL, KEY_FILE},
                                         {"answer", required_argument, NULL, ANSWER},
                                         {"until-eof", no_argument, NULL, UNTIL_EOF},
                                         {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (option) {
        case DIR_:
            o->dir = optarg;
            break;
        case HTTPS:
            o->https = true;
            break;
        case CERTIFICATE:
            if (tls_flaw_parse(optarg, &o->flaw) < 0)
                return -EINVAL;
            break;
        case ADDRESS:
            o->place.address = optarg;
            break;
        case NAMES:
            o->place.names = optarg;
            break;
        case KEY_FILE:
            c->key_file = optarg;
            break;
        case ANSWER:
            o->answer = optarg;
            break;
        case UNTIL_EOF:
            o->until_eof = true;
            break;
        default:
            return -EINVAL;
        }
    }
    return optind == argc ? 0 : -EINVAL;
}

static int read_usual(struct catcher *c, const char *answer, struct failure *ret_failure)
{
    struct json *root = NULL;
    CLEANUP(free) char *rules = text_printf("[{\"name\":\"--answer\",\"do\":%s}]", answer);
    if (!rules)
        return failure_oom(ret_failure);
    int r = json_parse(rules, strlen(rules), &root, ret_failure);
    if (r >= 0)
        r = rules_take(root, &c->usual, ret_failure);
    return r < 0 ? failure_prefix(ret_failure, r, "--answer") : 0;
}

static int listen_one(struct server *server, const struct options *o, const char *ca_path,
                      uint16_t *ret_port, struct failure *ret_failure)
{
    struct tls_files tls = {0};
    if (!o->https)
        return server_listen(server, NULL, NULL, ret_port, ret_failure);
    int r = tls_make(o->flaw, o->place.names, &tls, ret_failure);
    if (r >= 0)
        r = program_write(ca_path, tls.ca, ret_failure);
    if (r >= 0)
        r = server_listen(server, tls.certificate, tls.key, ret_port, ret_failure);
    tls_free(&tls);
    return r;
}

static void say_ready(const struct options *o, uint16_t port, const char *ca_path, const char *log)
{
    char url[SERVER_URL_MAX];
    struct json_writer *w = json_writer_new(65536);
    if (!w)
        abort();
    server_place_url(&o->place, o->https ? "https" : "http", port, url);
    json_open_object(w, NULL);
    json_put_string(w, "url", url);
    json_put_string(w, "ca_file", o->https ? ca_path : NULL);
    json_put_string(w, "log", log);
    json_put_int(w, "pid", getpid());
    json_close_object(w);
    program_ready(w);
}

static void on_signal(void *userdata, int signal)
{
    (void)userdata;
    (void)signal; /* nothing here needs one: the answers are looked at with each request */
}

static int run(struct catcher *c, const struct options *o, struct failure *ret_failure)
{
    CLEANUP(free) char *dir = NULL;
    int r = program_dir(o->dir, &dir, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(free) char *ca_path = program_path(dir, "ca.pem");
    CLEANUP(free) char *log_path = program_path(dir, "hooks.jsonl");
    CLEANUP(ledger_close) struct ledger *log = NULL;
    CLEANUP(server_free) struct server *server = NULL;
    uint16_t port;
    c->answers_path = program_path(dir, "answers.json");
    if (o->answer)
        r = read_usual(c, o->answer, ret_failure);
    if (r >= 0)
        r = ledger_open(log_path, &log, ret_failure);
    if (r >= 0 && server_new(log, &o->place, on_answer, c, &server) < 0)
        r = failure_oom(ret_failure);
    if (r >= 0)
        r = listen_one(server, o, ca_path, &port, ret_failure);
    if (r < 0)
        return r;
    say_ready(o, port, ca_path, log_path);
    program_run(o->until_eof, on_signal, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    struct catcher catcher = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct options options = {.place = SERVER_PLACE_LOOPBACK};
    struct failure why = {0};
    program_signals();
    json_init();
    if (parse(argc, argv, &options, &catcher) < 0) {
        (void)fputs(USAGE, stderr);
        return 64;
    }
    int r = run(&catcher, &options, &why);
    rules_free(&catcher.answers);
    rules_free(&catcher.usual);
    free(catcher.answers_path);
    return r < 0 ? program_fail("hookcatch", &why) : 0;
}
