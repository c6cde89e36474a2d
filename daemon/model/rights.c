/* SPDX-License-Identifier: MIT */
/* model/rights.c: the usage rights of one principal: adding, moving and freeing rows. */
#include "model/rights.h"

#include "base/text.h"
#include <assert.h>
#include <errno.h>

const char *principal_word(enum principal_kind k)
{
    static const char *const WORDS[PRINCIPAL_KIND_COUNT_] = {"user", "group", "device"};
    assert((unsigned)k < N_ELEMENTS(WORDS));
    return WORDS[k];
}

/* ---- one row ---- */

void assignment_clear(struct assignment *row)
{
    free(row->id);
    free(row->allotment_id);
    free(row->sku_id);
    free(row->sku_part_number);
    free(row->group_id);
    for (size_t i = 0; i < row->n_disabled_plans; i++)
        free(row->disabled_plan[i]);
    free(row->disabled_plan);
    *row = (struct assignment){0};
}

void right_clear(struct right *row)
{
    free(row->id);
    free(row->sku_id);
    free(row->sku_part_number);
    for (size_t i = 0; i < row->n_plans; i++) {
        free(row->plan[i].id);
        free(row->plan[i].name);
    }
    for (size_t i = 0; i < row->n_assignments; i++)
        assignment_clear(&row->assignment[i]);
    for (size_t i = 0; i < row->n_pools; i++)
        free(row->pool[i].id);
    free(row->plan);
    free(row->assignment);
    free(row->pool);
    *row = (struct right){0};
}

static void wait_clear(struct principal_wait *row)
{
    free(row->allotment_id);
    free(row->sku_id);
    free(row->sku_part_number);
    *row = (struct principal_wait){0};
}

static void error_clear(struct principal_error *row)
{
    free(row->code);
    free(row->message);
    free(row->sku_id);
    *row = (struct principal_error){0};
}

/* ---- sections ---- */

int rights_new(enum source source, struct rights **ret)
{
    struct rights *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->source = source;
    *ret = r;
    return 0;
}

void rights_drop(struct rights *r, enum rights_section section)
{
    r->section[section] = SECTION_UNKNOWN;
    switch (section) {
    case RIGHTS_HELD:
        while (r->n_rights > 0)
            right_clear(&r->right[--r->n_rights]);
        return;
    case RIGHTS_ASSIGNMENTS:
        while (r->n_assignments > 0)
            assignment_clear(&r->assignment[--r->n_assignments]);
        return;
    case RIGHTS_WAITING:
        while (r->n_waits > 0)
            wait_clear(&r->wait[--r->n_waits]);
        return;
    case RIGHTS_ERRORS:
        while (r->n_errors > 0)
            error_clear(&r->error[--r->n_errors]);
        return;
    case RIGHTS_SECTIONS_:
        assert(false);
    }
}

void rights_free(struct rights *r)
{
    if (!r)
        return;
    for (int s = 0; s < RIGHTS_SECTIONS_; s++)
        rights_drop(r, (enum rights_section)s);
    free(r->right);
    free(r->assignment);
    free(r->wait);
    free(r->error);
    free(r);
}

#define SWAP(a, b)                 \
    do {                           \
        __typeof__(a) kept_ = (a); \
        (a) = (b);                 \
        (b) = kept_;               \
    } while (0)

void rights_move(struct rights *to, struct rights *from, enum rights_section section)
{
    rights_drop(to, section);
    SWAP(to->section[section], from->section[section]);
    switch (section) {
    case RIGHTS_HELD:
        SWAP(to->right, from->right);
        SWAP(to->n_rights, from->n_rights);
        return;
    case RIGHTS_ASSIGNMENTS:
        SWAP(to->assignment, from->assignment);
        SWAP(to->n_assignments, from->n_assignments);
        return;
    case RIGHTS_WAITING:
        SWAP(to->wait, from->wait);
        SWAP(to->n_waits, from->n_waits);
        return;
    case RIGHTS_ERRORS:
        SWAP(to->error, from->error);
        SWAP(to->n_errors, from->n_errors);
        return;
    case RIGHTS_SECTIONS_:
        assert(false);
    }
}

/* Grows the list by one row. NULL: failed; *code is the error. */
static void *grow(void *list, size_t n, size_t size, int *code)
{
    void *moved = n < RIGHTS_ROWS_MAX ? reallocarray(list, n + 1, size) : NULL;
    *code = moved ? 0 : n < RIGHTS_ROWS_MAX ? -ENOMEM : -E2BIG;
    return moved;
}

#define ADD(list, n, clear)                              \
    do {                                                 \
        int code;                                        \
        void *moved = grow(list, n, sizeof *row, &code); \
        if (moved) {                                     \
            (list) = moved;                              \
            (list)[(n)++] = *row;                        \
        } else {                                         \
            clear(row);                                  \
        }                                                \
        return code;                                     \
    } while (0)

int rights_add(struct rights *r, struct right *row)
{
    ADD(r->right, r->n_rights, right_clear);
}

int rights_add_assignment(struct rights *r, struct assignment *row)
{
    ADD(r->assignment, r->n_assignments, assignment_clear);
}

int rights_add_wait(struct rights *r, struct principal_wait *row)
{
    ADD(r->wait, r->n_waits, wait_clear);
}

int rights_add_error(struct rights *r, struct principal_error *row)
{
    ADD(r->error, r->n_errors, error_clear);
}

/* ---- finding ---- */

bool right_names_sku(const char *wanted, const char *sku_id, const char *part_number)
{
    return text_equal_nocase(wanted, sku_id) || text_equal_nocase(wanted, part_number);
}
