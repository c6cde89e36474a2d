/* SPDX-License-Identifier: MIT */
/* model/product.c: reads the user's table of product names from CSV (RFC 4180), and looks names up. */
#include "model/product.h"
#include "base/array.h"
#include "base/text.h"
#include "model/product_table.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 129  /* of a cleaned name or key, with its NUL */
#define RECORDS_MAX 1000000 /* Microsoft's own table has about 6,000 */

struct name {
    char *key; /* GUID or part number */
    char *name;
    size_t order; /* position in the file: the first entry of a key wins */
};
struct names {
    struct name *item; /* sorted by key, without case */
    size_t n;
};
struct products {
    struct names by_id, by_part_number;
};

static void names_clear(struct names *n)
{
    for (size_t i = 0; i < n->n; i++) {
        free(n->item[i].key);
        free(n->item[i].name);
    }
    free(n->item);
}

void products_free(struct products *p)
{
    if (!p)
        return;
    names_clear(&p->by_id);
    names_clear(&p->by_part_number);
    free(p);
}

/* ---- CSV ---- */

enum { COLUMN_NAME, COLUMN_PART_NUMBER, COLUMN_ID, COLUMNS };
static const char *const HEADER[COLUMNS] = {"Product_Display_Name", "String_Id", "GUID"};

struct csv {
    const char *at, *end;
    size_t line; /* first line of the current record, from 1 */
    size_t next_line;
};
struct csv_field {
    const char *start;
    size_t len;
    bool quoted;
};

/* Reads one field without its quotes; doubled quotes inside stay doubled. False: it was the last field of
 * its record. */
static bool csv_field(struct csv *c, struct csv_field *ret)
{
    *ret = (struct csv_field){.start = c->at};
    if (c->at < c->end && *c->at == '"') {
        ret->quoted = true;
        ret->start = ++c->at;
        while (c->at < c->end && (*c->at != '"' || (c->at + 1 < c->end && c->at[1] == '"'))) {
            c->next_line += *c->at == '\n';
            c->at += *c->at == '"' ? 2 : 1;
        }
        ret->len = (size_t)(c->at - ret->start);
        c->at += c->at < c->end;
    }
    const char *rest = c->at;
    while (c->at < c->end && *c->at != ',' && *c->at != '\n')
        c->at++;
    if (!ret->quoted)
        ret->len = (size_t)(c->at - rest);
    bool more = c->at < c->end && *c->at == ',';
    if (c->at < c->end) {
        c->next_line += *c->at == '\n';
        c->at++;
    }
    return more;
}

/* Length of the blank at `s`: white space, a no-break space in UTF-8 or Latin-1, a byte order mark.
 */
static size_t blank_at(const char *s, size_t len)
{
    if (len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        return 3;
    if (len >= 2 && memcmp(s, "\xC2\xA0", 2) == 0)
        return 2;
    return len >= 1 && (strchr(" \t\r\n\xA0", *s) && *s) ? 1 : 0;
}

/* Length of the blank at the end. A lone A0 may end another character: only C2 A0 counts. */
static size_t blank_before(const char *s, size_t len)
{
    if (len >= 2 && memcmp(s + len - 2, "\xC2\xA0", 2) == 0)
        return 2;
    return len >= 1 && s[len - 1] && strchr(" \t\r\n", s[len - 1]) ? 1 : 0;
}

/* The text of a field, trimmed, unquoted and cleaned. */
static const char *field_text(const struct csv_field *f, char buf[static NAME_MAX_BYTES])
{
    const char *s = f->start;
    size_t len = f->len, n = 0, blank;
    char plain[4 * NAME_MAX_BYTES];
    while ((blank = blank_at(s, len)) > 0) {
        s += blank;
        len -= blank;
    }
    while ((blank = blank_before(s, len)) > 0)
        len -= blank;
    for (size_t i = 0; i < len && n < sizeof plain; i++) {
        plain[n++] = s[i];
        if (f->quoted && s[i] == '"' && i + 1 < len && s[i + 1] == '"')
            i++;
    }
    return text_clean(buf, NAME_MAX_BYTES, plain, n);
}

/* Reads the known columns of one record; `place` has their positions. */
struct record {
    char text[COLUMNS][NAME_MAX_BYTES];
};

static void csv_record(struct csv *c, const size_t place[static COLUMNS], struct record *ret)
{
    struct csv_field f;
    bool more = true;
    *ret = (struct record){0};
    c->line = c->next_line;
    for (size_t i = 0; more; i++) {
        more = csv_field(c, &f);
        for (size_t k = 0; k < COLUMNS; k++)
            if (place[k] == i)
                (void)field_text(&f, ret->text[k]);
    }
}

/* Finds the header record and the positions of the columns. Skips records before it: exports have titles
 * and notes there. */
static int csv_header(struct csv *c, size_t place[static COLUMNS])
{
    while (c->at < c->end) {
        size_t found = 0;
        struct csv_field f;
        bool more = true;
        for (size_t k = 0; k < COLUMNS; k++)
            place[k] = SIZE_MAX;
        for (size_t i = 0; more; i++) {
            char text[NAME_MAX_BYTES];
            more = csv_field(c, &f);
            (void)field_text(&f, text);
            for (size_t k = 0; k < COLUMNS; k++)
                if (place[k] == SIZE_MAX && strcasecmp(text, HEADER[k]) == 0) {
                    place[k] = i;
                    found++;
                }
        }
        if (found == COLUMNS)
            return 0;
    }
    return -EINVAL;
}

/* ---- the table ---- */

static int names_add(struct names *n, const char *key, const char *name, size_t order)
{
    if (array_room(&n->item, n->n, sizeof *n->item) < 0)
        return -ENOMEM;
    struct name x = {.key = strdup(key), .name = strdup(name), .order = order};
    if (!x.key || !x.name) {
        free(x.key);
        free(x.name);
        return -ENOMEM;
    }
    n->item[n->n++] = x;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int r = strcasecmp(x->key, y->key);
    return r ? r : (x->order > y->order) - (x->order < y->order);
}

static void names_finish(struct names *n)
{
    if (n->n == 0)
        return;
    qsort(n->item, n->n, sizeof *n->item, compare_names);
    size_t kept = 1;
    for (size_t i = 1; i < n->n; i++) {
        if (strcasecmp(n->item[kept - 1].key, n->item[i].key) == 0) {
            free(n->item[i].key);
            free(n->item[i].name);
        } else {
            n->item[kept++] = n->item[i];
        }
    }
    n->n = kept;
}

static int products_read(struct products *p, struct csv *c, const size_t place[static COLUMNS])
{
    struct record r;
    int e = 0;
    for (size_t n = 0; c->at < c->end && e >= 0; n++) {
        if (n == RECORDS_MAX)
            return -E2BIG;
        csv_record(c, place, &r);
        const char *id = r.text[COLUMN_ID], *part = r.text[COLUMN_PART_NUMBER];
        const char *name = r.text[COLUMN_NAME];
        if (!name[0])
            continue;
        if (id[0])
            e = names_add(&p->by_id, id, name, n);
        if (e >= 0 && part[0])
            e = names_add(&p->by_part_number, part, name, n);
    }
    return e;
}

int products_parse(const char *csv, size_t len, struct products **ret, struct failure *ret_failure)
{
    CLEANUP(products_free) struct products *p = calloc(1, sizeof *p);
    if (!p)
        return failure_oom(ret_failure);
    struct csv c = {.at = csv, .end = csv + len, .line = 1, .next_line = 1};
    size_t place[COLUMNS];
    if (text_is_utf16(csv, len))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "this file is UTF-16; save it as UTF-8 (in Excel: \"CSV UTF-8\")");
    if (csv_header(&c, place) < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "no line names the columns %s, %s and %s (%zu lines read)", HEADER[0],
                           HEADER[1], HEADER[2],
                           c.next_line - 1 + (len > 0 && csv[len - 1] != '\n'));
    int r = products_read(p, &c, place);
    if (r == -E2BIG)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "line %zu: more than %d records",
                           c.line, RECORDS_MAX);
    if (r < 0)
        return failure_oom(ret_failure);
    names_finish(&p->by_id);
    names_finish(&p->by_part_number);
    *ret = TAKE(p);
    return 0;
}

/* ---- look-ups ---- */

static int by_key(const void *key, const void *element)
{
    return strcasecmp(key, ((const struct name *)element)->key);
}

static const char *names_find(const struct names *n, const char *key)
{
    if (!key || n->n == 0)
        return NULL;
    const struct name *found = bsearch(key, n->item, n->n, sizeof *n->item, by_key);
    return found ? found->name : NULL;
}

/* Compares the first byte, without bit 5 (letter case), before it calls strcasecmp(): the table is searched
 * for every pool of every poll. */
static bool same_nocase(const char *a, const char *b)
{
    return ((*a ^ *b) & ~0x20) == 0 && strcasecmp(a, b) == 0;
}

/* The SKU id has precedence: part numbers are reused for regional variants. */
static const struct product *find_builtin(const char *sku_id, const char *part_number)
{
    for (size_t i = 0; sku_id && i < N_PRODUCTS; i++)
        if (same_nocase(PRODUCTS[i].sku_id, sku_id))
            return &PRODUCTS[i];
    for (size_t i = 0; part_number && i < N_PRODUCTS; i++)
        if (same_nocase(PRODUCTS[i].part_number, part_number))
            return &PRODUCTS[i];
    return NULL;
}

const char *product_name(const struct products *p, const char *sku_id, const char *part_number)
{
    const char *name = p ? names_find(&p->by_id, sku_id) : NULL;
    if (!name && p)
        name = names_find(&p->by_part_number, part_number);
    if (name)
        return name;
    const struct product *builtin = find_builtin(sku_id, part_number);
    return builtin ? builtin->name : NULL;
}

static const char *key_of(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->n; i++)
        if (same_nocase(n->item[i].name, name))
            return n->item[i].key;
    return NULL;
}

const char *product_named(const struct products *p, const char *name)
{
    for (size_t i = 0; i < N_PRODUCTS; i++)
        if (same_nocase(PRODUCTS[i].name, name))
            return PRODUCTS[i].part_number;
    const char *part = p ? key_of(&p->by_part_number, name) : NULL;
    return part || !p ? part : key_of(&p->by_id, name);
}

bool product_is_free(const char *sku_id, const char *part_number)
{
    const struct product *builtin = find_builtin(sku_id, part_number);
    return builtin && builtin->free;
}
