/* SPDX-License-Identifier: MIT */
/* graphsim/odata.c: $select, $top, $expand and $filter as far as the licensing pages show them. */
#include "graphsim/odata.h"
#include "base/cleanup.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define TOP_MAX 999
#define GUID_LEN 36

static const char *const ALLOTMENT_PROPERTIES[] = {
    "id",       "allottedUnits", "assignableTo",  "consumedUnits",
    "services", "skuId",         "skuPartNumber", "subscriptions",
    NULL};
static const char *const ASSIGNMENT_PROPERTIES[] = {"id", "disabledServicePlanIds", NULL};
static const char *const WAITING_PROPERTIES[] = {"id", "waitingSinceDateTime", NULL};
static const char *const ERROR_PROPERTIES[] = {"id",    "code", "message", "occurrenceDateTime",
                                               "skuId", NULL};
static const char *const SKU_PROPERTIES[] = {"id",
                                             "accountId",
                                             "accountName",
                                             "appliesTo",
                                             "capabilityStatus",
                                             "consumedUnits",
                                             "prepaidUnits",
                                             "servicePlans",
                                             "skuId",
                                             "skuPartNumber",
                                             "subscriptionIds",
                                             NULL};
static const char *const COMPANY_PROPERTIES[] = {"id",
                                                 "commerceSubscriptionId",
                                                 "createdDateTime",
                                                 "isTrial",
                                                 "nextLifecycleDateTime",
                                                 "ownerId",
                                                 "ownerTenantId",
                                                 "ownerType",
                                                 "serviceStatus",
                                                 "skuId",
                                                 "skuPartNumber",
                                                 "status",
                                                 "totalLicenses",
                                                 NULL};
static const char *const DIRECTORY_PROPERTIES[] = {"id", "displayName", "userPrincipalName", NULL};

const struct entity ALLOTMENT = {
    ALLOTMENT_PROPERTIES,
    (const struct expandable[]){{"waitingMembers", WAITING_PROPERTIES}, {NULL, NULL}}};
const struct entity ASSIGNMENT = {
    ASSIGNMENT_PROPERTIES,
    (const struct expandable[]){{"assignedTo", DIRECTORY_PROPERTIES}, {NULL, NULL}}};
const struct entity WAITING_MEMBER = {
    WAITING_PROPERTIES,
    (const struct expandable[]){{"assignedTo", DIRECTORY_PROPERTIES}, {NULL, NULL}}};
const struct entity ASSIGNMENT_ERROR = {
    ERROR_PROPERTIES,
    (const struct expandable[]){{"assignedTo", DIRECTORY_PROPERTIES}, {NULL, NULL}}};
const struct entity SUBSCRIBED_SKU = {SKU_PROPERTIES, NULL};
const struct entity COMPANY_SUBSCRIPTION = {COMPANY_PROPERTIES, NULL};

static int refuse(char why[static ODATA_WHY_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int refuse(char why[static ODATA_WHY_MAX], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why, ODATA_WHY_MAX, fmt, ap);
    va_end(ap);
    return -1;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

char *odata_unescape(const char *text, size_t len, bool plus)
{
    CLEANUP(free) char *out = malloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < len ? hex(text[i + 1]) : -1;
            int low = high >= 0 ? hex(text[i + 2]) : -1;
            if (low < 0 || (high | low) == 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    if (out)
        out[n] = '\0';
    return TAKE(out);
}

const char *odata_get(const struct odata *o, const char *name)
{
    for (size_t i = 0; i < o->n_options; i++)
        if (strcmp(o->options[i].name, name) == 0)
            return o->options[i].value;
    return NULL;
}

static int parse_option(const char *raw, size_t len, bool dollar_optional, struct odata *o,
                        char why[static ODATA_WHY_MAX])
{
    const char *equals = memchr(raw, '=', len);
    size_t n_name = equals ? (size_t)(equals - raw) : len;
    CLEANUP(free) char *name = odata_unescape(raw, n_name, true);
    CLEANUP(free)
    char *value = equals ? odata_unescape(equals + 1, len - n_name - 1, true) : strdup("");
    if (!name || !value)
        return refuse(why, "The query string has an escape that cannot be decoded.");
    if (!*name)
        return refuse(why, "The query string has an option without a name.");
    if (dollar_optional && *name != '$') {
        char *full = NULL;
        if (asprintf(&full, "$%s", name) < 0)
            return refuse(why, "out of memory");
        free(name);
        name = full;
    }
    if (odata_get(o, name))
        return refuse(why, "Query option '%.40s' was specified more than once.", name);
    if (o->n_options == ODATA_OPTIONS_MAX)
        return refuse(why, "The query string has too many options.");
    o->options[o->n_options].name = TAKE(name);
    o->options[o->n_options++].value = TAKE(value);
    return 0;
}

int odata_parse(const char *raw, bool dollar_optional, struct odata *ret,
                char why[static ODATA_WHY_MAX])
{
    for (const char *p = raw; *p;) {
        size_t len = strcspn(p, "&");
        if (parse_option(p, len, dollar_optional, ret, why) < 0)
            return -1;
        p += len + (p[len] == '&');
    }
    return 0;
}

void odata_free(struct odata *o)
{
    for (size_t i = 0; i < o->n_options; i++) {
        free(o->options[i].name);
        free(o->options[i].value);
    }
    o->n_options = 0;
}

/* Names separated by single commas, blanks around them allowed. */
static int parse_select(const char *text, size_t len, const char *const *properties, uint32_t *ret,
                        char why[static ODATA_WHY_MAX])
{
    uint32_t mask = 0;
    for (size_t at = 0; at <= len;) {
        const char *comma = memchr(text + at, ',', len - at);
        size_t end = comma ? (size_t)(comma - text) : len;
        size_t from = at, to = end;
        while (from < to && text[from] == ' ')
            from++;
        while (to > from && text[to - 1] == ' ')
            to--;
        size_t i = 0;
        while (properties[i] && (strlen(properties[i]) != to - from ||
                                 memcmp(properties[i], text + from, to - from) != 0))
            i++;
        if (!properties[i])
            return refuse(why, "Could not find a property named '%.*s' to select.",
                          (int)(to - from), text + from);
        mask |= UINT32_C(1) << i;
        at = end + 1;
    }
    *ret = mask;
    return 0;
}

/* One relation, alone or with a nested $select: waitingMembers($select=id). */
static int parse_expand(const char *text, const struct entity *entity, struct view *view,
                        char why[static ODATA_WHY_MAX])
{
    static const char NESTED[] = "$select=";
    size_t n_name = strcspn(text, "(");
    const struct expandable *e = entity->expandables;
    while (e && e->name && (strlen(e->name) != n_name || memcmp(e->name, text, n_name) != 0))
        e++;
    if (!e || !e->name)
        return refuse(why, "Could not find a relationship named '%.*s' to expand.",
                      (int)(n_name < 60 ? n_name : 60), text);
    view->expand = e;
    view->expand_select = UINT32_MAX;
    if (!text[n_name])
        return 0;
    const char *inner = text + n_name + 1;
    size_t len = strlen(inner);
    if (len < sizeof NESTED || inner[len - 1] != ')')
        return refuse(why, "Term '%.60s' is not valid in a $expand expression.", text);
    if (strncmp(inner, NESTED, sizeof NESTED - 1) != 0)
        return refuse(why, "Only $select is supported within $expand.");
    return parse_select(inner + sizeof NESTED - 1, len - sizeof NESTED, e->properties,
                        &view->expand_select, why);
}

static int parse_top(const char *text, struct view *view, char why[static ODATA_WHY_MAX])
{
    char *end;
    errno = 0;
    long long top = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno || *end || top < 1 || top > TOP_MAX)
        return refuse(why, "Invalid value '%.40s' for $top: it must be between 1 and %d.", text,
                      TOP_MAX);
    view->top = top;
    return 0;
}

static bool is_guid(const char *text)
{
    size_t i = 0;
    for (; text[i] && i < GUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return i == GUID_LEN && !text[i];
}

static int parse_filter(const char *text, struct view *view, char why[static ODATA_WHY_MAX])
{
    static const char EQUALS[] = "skuId eq ";
    if (strncmp(text, EQUALS, sizeof EQUALS - 1) != 0 || !is_guid(text + sizeof EQUALS - 1))
        return refuse(why, "Invalid filter clause: only 'skuId eq <guid>' is supported.");
    view->sku_id = text + sizeof EQUALS - 1;
    return 0;
}

int odata_view(const struct odata *o, const struct entity *entity, unsigned allowed,
               struct view *ret, char why[static ODATA_WHY_MAX])
{
    static const struct {
        const char *name;
        enum odata_option option;
    } KNOWN[] = {{"$select", ODATA_SELECT},
                 {"$top", ODATA_TOP},
                 {"$expand", ODATA_EXPAND},
                 {"$filter", ODATA_FILTER},
                 {"$skiptoken", ODATA_SKIPTOKEN}};
    struct view view = {.select = UINT32_MAX};
    for (size_t i = 0; i < o->n_options; i++) {
        const char *name = o->options[i].name, *value = o->options[i].value;
        size_t k = 0;
        while (k < N_ELEMENTS(KNOWN) && strcmp(KNOWN[k].name, name) != 0)
            k++;
        if (k == N_ELEMENTS(KNOWN) || !(KNOWN[k].option & allowed))
            return refuse(why, "Query option '%.40s' is not supported here.", name);
        int r = 0;
        switch (KNOWN[k].option) {
        case ODATA_SELECT:
            r = parse_select(value, strlen(value), entity->properties, &view.select, why);
            break;
        case ODATA_TOP:
            r = parse_top(value, &view, why);
            break;
        case ODATA_EXPAND:
            r = parse_expand(value, entity, &view, why);
            break;
        case ODATA_FILTER:
            r = parse_filter(value, &view, why);
            break;
        case ODATA_SKIPTOKEN: /* link.c judges it */
            break;
        }
        if (r < 0)
            return r;
    }
    *ret = view;
    return 0;
}

static bool shown(uint32_t mask, const char *const *properties, const char *property)
{
    for (size_t i = 0; properties[i]; i++)
        if (strcmp(properties[i], property) == 0)
            return mask & (UINT32_C(1) << i);
    return false;
}

bool view_has(const struct view *v, const struct entity *entity, const char *property)
{
    return shown(v->select, entity->properties, property);
}

bool view_expands(const struct view *v, const char *property)
{
    return v->expand && shown(v->expand_select, v->expand->properties, property);
}
