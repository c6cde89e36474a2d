/* SPDX-License-Identifier: MIT */
/* deliver/receiver.h: what a receiver type consists of. A type is one file with a struct
 * receiver_class, and a row in types.c; nothing else knows it by name.
 *
 * config/ reads its keys through `options`; the dispatcher renders with `render` and sends through
 * `transport`, which calls the functions below that belong to it. */
#pragma once
#include "base/conf_key.h"
#include "base/text.h"
#include "deliver/answer.h"
#include "deliver/deliver.h"

/* What a message says. Either notification or digest is set. */
struct message {
    const struct notification *notification;
    const struct digest *digest;
    bool combined;
    usec_t now_at; /* time of rendering: a late message states its delay */
};

/* A rendered message. The bytes are the same in every attempt. */
struct payload {
    const char *event_id;
    const char *body;
    size_t len;
    struct instant now; /* of this attempt */
    unsigned step;      /* HTTP: requests of this attempt before this one; see answer.more */
    const char *ref;    /* what the receiver calls the message that it shows for this alert; NULL or "":
                         * there is none; see answer.ref */
};

struct receiver_handle; /* an open receiver: its socket, or its secrets; private to the transport */
struct request;         /* http_post.h */
struct signed_in_options; /* http/signed_in.h */
typedef void handle_done(void *userdata, const struct answer *a);

/* How rendered bytes leave the process. */
struct transport {
    /* Errors that can be found without sending: reads files, changes nothing. NULL: none. */
    int (*check)(const struct receiver_options *o, struct failure *ret_failure);
    /* Reads the secrets and calls the type's `warn`. NULL: there are no secrets. */
    int (*warn)(const struct receiver_options *o, struct failure *ret_warning);
    int (*open)(const struct receiver_options *o, struct http *http, struct receiver_handle **ret,
                struct failure *ret_failure);
    /* Cancels what is under way without calling back. NULL is fine. */
    void (*close)(struct receiver_handle *h);
    /* 1: *ret is the answer. 0: `done` follows from the event loop. Never blocks. */
    int (*send)(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                handle_done *done, void *userdata);
    /* True if the address of a disabled receiver has changed since. NULL: never. */
    bool (*renewed)(struct receiver_handle *h);
    /* A number that identifies the address over restarts. NULL if there is no `renewed`. */
    int64_t (*address)(const struct receiver_handle *h);
};
extern const struct transport http_post; /* one POST request per message */
extern const struct transport datagram;  /* local datagram sockets */
extern const struct transport stream;    /* TCP, TLS or UDP to a server */

/* Where a stream goes. Strings are borrowed from the options. */
struct stream_target {
    enum { STREAM_TLS, STREAM_TCP, STREAM_UDP } kind;
    char host[256]; /* a name or an address without brackets */
    unsigned port;
    const char *ca_file, *certificate_file, *private_key_file; /* "" or NULL: none */
};

extern const struct transport mail;      /* SMTP: one connection per message */
extern const struct transport graph_post; /* one POST request to Microsoft Graph per message */

/* Where mail goes, and as whom. Strings are borrowed from the options. */
struct mail_target {
    enum { TARGET_TLS, TARGET_STARTTLS, TARGET_PLAIN } security;
    char host[256]; /* a name or an address without brackets */
    unsigned port;
    const char *from, *user, *password_file, *ca_file; /* "" or NULL: none */
    bool xoauth2; /* instead of a password: signs in with a token, see receiver_class.sign_in */
    usec_t timeout;
};

enum receiver_trait {
    RECEIVER_MACHINE = 1, /* a program reads it: gets de-escalations by default */
    RECEIVER_CHAT = 2,    /* people read it */
    RECEIVER_PAGER = 4,   /* wakes people: no reminders by default */
    RECEIVER_LOCAL = 8,   /* stays on this machine */
    RECEIVER_HEARTBEAT = 16, /* gets no messages: see heartbeat.h */
    RECEIVER_REPEATED = 32,  /* forgets what is not repeated: see resend.h */
    RECEIVER_INFO = 128,     /* gets events of severity info without a route that names them */
    RECEIVER_EACH = 64,      /* gets every event at once and by itself: no pace, no digests in a storm */
};

/* An event of severity info wakes nobody and has no state that could be repeated. */
#define RECEIVER_NEVER_INFO (RECEIVER_PAGER | RECEIVER_HEARTBEAT | RECEIVER_REPEATED)

struct receiver_class {
    const char *name;             /* type = "NAME" */
    struct conf_section options;  /* its own keys; files that it reads are FILE_RECEIVER */
    size_t options_size;          /* of the struct that the rows fill */
    unsigned traits;              /* enum receiver_trait */
    size_t body_max;              /* bytes of a rendered message; 0: no limit of its own */
    usec_t spacing;               /* shortest time between two attempts; 0: none */
    const struct transport *transport;
    /* The transport where the options decide; NULL: `transport`. */
    const struct transport *(*choose)(const struct receiver_options *o);
    /* What no single row can check. Pure. NULL: nothing. */
    int (*check)(const struct receiver_options *o, struct failure *ret_failure);
    /* What this type cannot do without in a configured tenant, with one sentence. Pure. NULL: nothing. */
    int (*check_tenant)(const struct receiver_options *o, const struct tenant_identity *tenant,
                        struct failure *ret_failure);
    /* Whether the tenant of an alert decides who gets the message, so that no message may have alerts of
     * two. Pure. NULL: never. */
    bool (*by_tenant)(const struct receiver_options *o);
    /* Whether its messages pass through Microsoft 365, so that an outage there stops them. Pure. NULL:
     * never. */
    bool (*via_microsoft)(const struct receiver_options *o);
    /* What is valid but does not work, or not for long: negative with one sentence, which names hosts and
     * files only. 0: nothing. `secret` as for http.request; NULL if the transport has none. Pure. NULL:
     * nothing. */
    int (*warn)(const struct receiver_options *o, struct secret *const *secret,
                struct failure *ret_warning);
    /* As which application it signs in at Microsoft; strings are borrowed from the options. NULL, or all
     * zero: it does not. */
    void (*sign_in)(const struct receiver_options *o, struct signed_in_options *ret);
    /* Pure; runs once for each entry, at its first attempt. -ENOMEM, or -E2BIG: the message cannot
     * be brought below the limit. */
    int (*render)(const struct receiver_options *o, const struct message *m, char **ret,
                  size_t *ret_len);
    struct {
        /* URL and headers of one attempt. `secret`: contents of the FILE_RECEIVER rows, in their
         * order; NULL for an empty one. */
        int (*request)(const struct receiver_options *o, struct secret *const *secret,
                       const struct payload *p, struct request *ret, struct failure *ret_failure);
        /* Corrects an answer that was classified by its status: some vendors put the result into
         * the body. Sets `more` if another request must follow. NULL: the status decides. */
        void (*classify)(const struct receiver_options *o, const struct payload *p,
                         const struct http_answer *got, struct answer *a);
        /* Several servers get each request, in turn: payload.step counts them. The attempt succeeds
         * if one of them accepts. NULL: there is one server. */
        size_t (*servers)(const struct receiver_options *o);
        size_t answer_max; /* bytes of an answer that `classify` needs; 0: the transport's default */
    } http;
    struct {
        const char *(*path)(const struct receiver_options *o);
        /* The datagram of one attempt. -EBADMSG: the stored bytes are not ours. NULL: the bytes as
         * they are. */
        int (*frame)(const struct receiver_options *o, const struct payload *p, struct text *ret);
        /* Sends bytes that are too large for a datagram. NULL: they cannot be sent. */
        int (*oversize)(int fd, const struct text *bytes);
        /* `r`: 0 or -errno of the attempt; `met`: the socket has existed since the handle was
         * opened. */
        void (*classify)(const struct receiver_options *o, const struct payload *p, int r, bool met,
                         struct answer *ret);
    } datagram;
    struct {
        int (*target)(const struct receiver_options *o, struct stream_target *ret,
                      struct failure *ret_failure);
        /* The bytes of one attempt on a connection. UDP takes the payload as it is. */
        void (*frame)(const struct payload *p, struct text *ret);
    } stream;
    struct {
        int (*target)(const struct receiver_options *o, struct mail_target *ret,
                      struct failure *ret_failure);
    } mail;
    struct {
        char *(*path)(const struct receiver_options *o); /* below /v1.0/; for free(). NULL: no memory */
        usec_t (*timeout)(const struct receiver_options *o);
        void (*classify)(const struct http_answer *got, struct answer *a); /* as http.classify */
    } graph;
};
/* The table, ended by NULL. types.c holds nothing else, so that a test can link its own table. */
extern const struct receiver_class *const receiver_types[], heartbeat_class;
#define RECEIVER_TYPES_MAX 32
extern const struct receiver_class journal_class, syslog_class, webhook_class, pagerduty_class,
    discord_class, teams_class, slack_class;
extern const struct receiver_class cloudevents_class, ntfy_class, jsm_class, email_class, graph_mail_class,
    alertmanager_class;

const struct transport *receiver_transport(const struct receiver_options *o);
bool receiver_is_by_tenant(const struct receiver_options *o); /* class->by_tenant; `o` may be incomplete */
const struct receiver_class *receiver_type_find(const char *name); /* NULL: there is none */
/* class->render, and its limit. */
int receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                    size_t *ret_len);

/* A text option that was set: neither NULL nor "". */
static inline bool option_given(const char *value)
{
    return value && value[0];
}

/* Forms of options that several types have; see conf_key.check. */
int socket_path_check(const char *text, struct failure *ret_failure); /* "" or an absolute path */

/* A message for --test-receiver: a notification of type EVENT_TEST. -ENOMEM, -EIO (random id). */
int test_notification(const char *receiver, usec_t now_at, struct notification **ret);
