/* SPDX-License-Identifier: MIT */
/* graph/inquiry.h: one read-only question of an operator: a list with its pages, one object, or an answer as it is.
 *
 * Sent once, repeated only after a renewed sign-in: the caller waits for a Retry-After or gives up, and the pace of
 * polls stays as it is. An inquiry never runs beside a poll, a check or a look-up of the same tenant. */
#pragma once
#include "graph/graph.h"
#include "json/json.h"

#define INQUIRY_PAGES_MAX 50                    /* then the rest of a list is left out */
#define INQUIRY_ROWS_MAX 5000                   /* the same; whole pages are kept */
#define INQUIRY_PAGE_BYTES_MAX ((size_t)4 << 20)
#define INQUIRY_BYTES_MAX ((size_t)16 << 20)    /* of all pages */

enum inquiry_form {
    INQUIRY_LIST,   /* rows */
    INQUIRY_OBJECT, /* bare, or wrapped in "value" */
    INQUIRY_BYTES,  /* Graph's JSON, unchanged */
    INQUIRY_ALL,    /* the same, but one list made of all pages */
};
struct inquiry_request {  /* all borrowed until the end of the inquiry */
    const char *target;   /* path and query below the version, percent-encoded; without a leading "/" */
    bool older;           /* below /v1.0, whatever api_version says */
    enum inquiry_form form;
    const char *call;     /* begins the text of each failure: "GET /users/{id}/cloudLicensing/usageRights" */
    const char *permission; /* what an administrator has to grant after a 403 */
};

struct inquiry_answer {
    struct failure failure; /* text "": none */
    int status;             /* of a failure: of HTTP; 0: no answer */
    bool throttled;         /* 429, 503, 509: failure.retry_after is the least wait; 0: not given */
    bool nobody;            /* 404 with Graph's word for a user, group or device that does not exist */
    struct json **page;     /* LIST, OBJECT */
    size_t n_pages, n_rows;
    bool more;              /* LIST, ALL: the list is longer */
    char *text;             /* BYTES, ALL: JSON */
};
void inquiry_answer_clear(struct inquiry_answer *a); /* frees what is inside */
const struct json *inquiry_object(const struct inquiry_answer *a); /* of an OBJECT; NULL: none */

typedef void inquiry_done(void *userdata, struct inquiry_answer *answer /* yours */);
/* -EBUSY: a poll, a check, a look-up or an inquiry is under way. `done` comes from the event loop. */
int graph_inquire(struct graph *g, const struct inquiry_request *rq, usec_t timeout, inquiry_done *done, void *userdata,
                  struct failure *ret_failure);
void graph_inquiry_cancel(struct graph *g); /* no callback follows */
