/* SPDX-License-Identifier: MIT */
/* graphsim/odata.h: query options, read as strictly as the documentation can be read.
 *
 * A refusal is a sentence in `why`. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ODATA_OPTIONS_MAX 16
#define ODATA_WHY_MAX 160

struct odata {
    struct {
        char *name, *value; /* decoded; names always with their '$' */
    } options[ODATA_OPTIONS_MAX];
    size_t n_options;
};
/* The raw query. -1: not a query (bad escape, no name, an option twice, too many). */
int odata_parse(const char *raw, bool dollar_optional, struct odata *ret,
                char why[static ODATA_WHY_MAX]);
void odata_free(struct odata *o);
static inline void odata_free_at(struct odata *o)
{
    odata_free(o);
}
const char *odata_get(const struct odata *o, const char *name); /* NULL: not given */
/* %-decoding; with `plus` a '+' is a space. NULL on a bad escape or %00; else for free(). */
char *odata_unescape(const char *text, size_t len, bool plus);

enum odata_option {
    ODATA_SELECT = 1,
    ODATA_TOP = 2,
    ODATA_EXPAND = 4,
    ODATA_FILTER = 8,
    ODATA_SKIPTOKEN = 16
};

/* What may be asked of an entity. */
struct entity {
    const char *const *properties; /* ends with NULL; at most 32 */
    const struct expandable {
        const char *name;
        const char *const *properties;
    } * expandables; /* ends with a NULL name; NULL: none */
};
extern const struct entity ALLOTMENT, ASSIGNMENT, WAITING_MEMBER, ASSIGNMENT_ERROR, SUBSCRIBED_SKU,
    COMPANY_SUBSCRIPTION;

/* What was asked. Masks: bit i is properties[i]. */
struct view {
    uint32_t select;
    const struct expandable *expand; /* NULL: nothing */
    uint32_t expand_select;
    int64_t top;        /* 0: not given */
    const char *sku_id; /* of a $filter; NULL: all. Borrowed from the query. */
    int64_t offset;     /* filled in by the caller */
};
/* `allowed`: enum odata_option. -1: refused. */
int odata_view(const struct odata *o, const struct entity *entity, unsigned allowed,
               struct view *ret, char why[static ODATA_WHY_MAX]);
/* Whether the view shows this property of the entity. */
bool view_has(const struct view *v, const struct entity *entity, const char *property);
/* The same within the expanded relation. */
bool view_expands(const struct view *v, const char *property);
