/* SPDX-License-Identifier: MIT */
/* graph/page.h: decodes one answer: rows for the snapshot and the next link, a token, or an error.
 *
 * Pure: no I/O, no clock. The bytes are hostile: every input ends with a value or a failure.
 * Foreign text is cleaned, except ids and links, which are opaque and must stay unchanged (fetch
 * checks the origin of links). */
#pragma once
#include "base/secret.h"
#include "graph/id_set.h"
#include "model/snapshot.h"

#define PAGE_LINK_MAX 8192    /* bytes of a link; longer ones are a PROTOCOL failure */
#define PAGE_ID_MAX 512       /* bytes of an id; a row with a longer one counts as having none */
#define TOKEN_MAX (16 * 1024) /* bytes of an access token */

/* A waiting list that is not complete in its row. */
struct page_waiting {
    char *allotment_id;
    char *next_link; /* NULL: the row had no `waitingMembers`; read the list from its start */
    struct id_set ids; /* of the members that the row has: with next_link, where the list goes on */
};
struct page {
    char *next_link; /* whole URL, byte for byte; NULL: this was the last page */
    size_t n_rows;   /* rows in `value`, also the ones that were skipped */
    size_t n_lacking; /* rows in which a required member is missing, null or of a wrong type. If it
                       * is n_rows over all pages of a list that has rows: schema changed */
    bool spoiled;     /* the key of a row could not be read, or rows are of another kind: this
                       * section must not become complete */
    struct page_waiting *waiting; /* allotments only */
    size_t n_waiting;
};
void page_clear(struct page *p); /* frees what is inside */

/* One page into the builder. *ret is written on success only and is the caller's to page_clear.
 * PROTOCOL, -EBADMSG: not the answer it claims to be (no JSON, an error object, `value` missing,
 * null or no array): nothing was fed, the page was not obtained. LOCAL: -ENOMEM, or -E2BIG from the
 * builder: the section cannot become complete in this poll.
 *
 * A row's inline waiting members are folded; its section is COMPLETE if they are all, else the row
 * is in `waiting`. Before a list is read from its start: snapshot_reset_waiting. */
int page_allotments(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                    struct failure *ret_failure);
/* Members of one allotment's waiting list. The caller sets the section when the chain ends. A
 * member counts although its time is null or odd; rows none of which has a time at all are no
 * members. `seen` holds the ids of this list's rows so far: rows move between pages while they are
 * read, and a row that comes again is counted once. */
int page_waiting(const char *bytes, size_t len, struct snapshot_builder *b,
                 const char *allotment_id, struct id_set *seen, struct page *ret,
                 struct failure *ret_failure);
int page_errors(const char *bytes, size_t len, struct snapshot_builder *b, struct id_set *seen,
                struct page *ret, struct failure *ret_failure);
/* /subscribedSkus: one allotment "sku:" + sku id per row that applies to users; its units are
 * enabled + warning, its one subscription (same id) has the state of capabilityStatus,
 * or "warning" if units are in grace. */
int page_subscribed_skus(const char *bytes, size_t len, struct snapshot_builder *b,
                         struct page *ret, struct failure *ret_failure);
/* /directory/subscriptions, after all of /subscribedSkus: the subscriptions behind those pools. */
int page_subscriptions(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                       struct failure *ret_failure);

/* Graph's error body, whatever the status was. Never fails: a body that is none (a gateway's HTML)
 * has an empty code and its first bytes, cleaned, as the message. */
struct graph_error {
    bool known;          /* the body is an error object: Graph has written it */
    char code[80];       /* of the outer error; "" if absent */
    char inner_code[80]; /* the innermost one that is not empty; "" if absent */
    char message[200];
    char request_id[80]; /* for Microsoft's support */
};
void graph_error_parse(const char *bytes, size_t len, struct graph_error *ret);

/* A token answer of Entra or of a managed identity. `now_at` is used only where the answer tells
 * the end ("expires_on") and not the length. The token carries `audience`. */
struct token_answer {
    struct secret *token;
    usec_t lifetime; /* clamped to 1 minute .. 24 hours */
};
int token_parse(const char *bytes, size_t len, const char *audience, usec_t now_at,
                struct token_answer *ret, struct failure *ret_failure);

/* A token error body. */
#define TOKEN_BUSY "the sign-in service is busy: it is tried again"
#define TOKEN_ERROR_CODES_MAX 8
struct token_error {
    char error[80];                       /* OAuth's word: "invalid_client" */
    int64_t codes[TOKEN_ERROR_CODES_MAX]; /* AADSTS numbers */
    size_t n_codes;
    char correlation_id[80];
    enum failure_kind kind; /* AUTH; TRANSIENT or THROTTLED where waiting helps */
    const char *hint;       /* what to do, a literal; "": unknown, the description is shown */
    char description[200];  /* first line of Entra's description */
    bool consent;           /* an administrator's consent may be what is missing */
    bool timely;            /* it concerns the validity time of an assertion */
};
/* -EBADMSG if the body is no token error; *ret is written on success only. */
int token_error_parse(const char *bytes, size_t len, struct token_error *ret);
