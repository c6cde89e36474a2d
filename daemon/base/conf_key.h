/* SPDX-License-Identifier: MIT */
/* base/conf_key.h: a row of the key table. It says how a configuration key is written, where its
 * value is stored, its range and default, and what it means.
 *
 * config/ reads and prints values by these rows. A library that declares an options struct may declare
 * the rows that fill it: deliver/ does so for each receiver type. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

enum conf_type {
    CONF_GROUP,      /* { ... }; `section` describes it, at the same base plus `at` */
    CONF_LIST,       /* ( { ... }, ... ); elements of `element` bytes, count at `n_at` */
    CONF_RECEIVERS,  /* the same, of receivers: their type adds rows of its own */
    CONF_TENANTS,    /* tenants and tenant_defaults: collected from several files, see tenants.c */
    CONF_RULE,       /* a group, or the string "off"; a struct threshold */
    CONF_NAMES,      /* [ "...", ... ]; char **, count at `n_at` */
    CONF_LABELS,     /* { key = "value"; ... }; struct label *, count at `n_at` */
    CONF_POOL_NAMES, /* the same, or a list of { allotment, name }: libconfig's names begin with a
                        letter, allotment ids need not */
    CONF_REFUSED,    /* no key at all, only an answer to it: `what` says why */
    CONF_BOOL,       /* bool */
    CONF_COUNT,      /* uint32_t or int64_t by `size` */
    CONF_DURATION,   /* usec_t; with `off_ok` "off" is 0 */
    CONF_SHARE,      /* int64_t, basis points */
    CONF_CLOCK,      /* usec_t from midnight, "HH:MM" */
    CONF_INSTANT,    /* usec_t since 1970, RFC 3339; 0: not set */
    CONF_HOURS,      /* struct hours */
    CONF_WORD,       /* number of the word in `words`; bool or an enum by `size` */
    CONF_LOG_LEVEL,  /* int, LOG_ERR ... */
    CONF_RECEIVER_TYPE, /* const struct receiver_class * */
    CONF_LIMIT,      /* struct limit, read as `limit` says */
    CONF_TEXT,       /* char *; `check` knows more */
    CONF_FILE,       /* char *; name of a file, resolved by files.c; `file` says what must hold */
    CONF_TYPE_COUNT_
};
enum conf_limit { LIMIT_SHARE, LIMIT_UNITS, LIMIT_COUNT, LIMIT_AGE, LIMIT_DAYS, LIMIT_POLLS };
enum conf_file {
    FILE_SECRET,   /* secret_read() must like it */
    FILE_CLIENT_SECRET, /* client_secret_read() must like it */
    FILE_PUBLIC,   /* secret_read_public() must like it */
    FILE_CA,       /* certificates in PEM; public */
    FILE_NAMES,    /* read by load.c */
    FILE_RECEIVER, /* deliver_check() looks into it; required if `shown_def` says so */
    FILE_TEMPLATE, /* public; its text goes to the char * at `n_at` */
};

enum conf_case { /* TEXT, NAMES: upper case is kept; or becomes lower case in a GUID, or everywhere */
    CASE_KEPT,
    CASE_GUID,
    CASE_LOWER,
};

struct conf_section;
struct conf_key {
    const char *name;
    enum conf_type type;
    size_t at, size, n_at, element;
    const char *min, *max;    /* in the notation of the type; NULL: no bound of its own */
    const char *def;          /* as a file says it, without quotes; NULL: none */
    const char *shown_def;    /* for people, where the default is a rule and no value */
    const char *const *words; /* WORD: NULL-terminated */
    bool off_ok, required;
    bool smaller_is_worse; /* LIMIT: of remaining units and days */
    enum conf_limit limit;
    enum conf_file file;
    enum conf_case letters;
    const char *what; /* TEXT: what it is, for messages: "a name"; REFUSED: why */
    int (*check)(const char *text, struct failure *ret_failure);
    unsigned set;      /* bit in threshold.set */
    const char *unless; /* FILE_RECEIVER: the key of two words whose second makes this file unnecessary */
    unsigned auth;     /* tenants: bits of the kinds of sign-in that know this key; 0: all */
    unsigned needed;   /* tenants: bits of those that cannot do without it */
    const struct conf_section *section;
    const char *help;    /* one or two sentences, without quotes or line breaks */
    const char *example; /* if the default is no good one */
};
struct conf_section {
    const struct conf_key *key;
    size_t n;
};

#define CONF_AT(type, member)                                                                      \
    .at = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define CONF_COUNTED(type, member, n_member)                                                       \
    CONF_AT(type, member), .n_at = offsetof(struct type, n_member),                                \
        .element = sizeof(*((struct type *)0)->member)
#define CONF_SECTION(rows) {rows, sizeof(rows) / sizeof *(rows)}
#define CONF_WORDS(...) (const char *const[]) { __VA_ARGS__, NULL }
