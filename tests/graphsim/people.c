/* SPDX-License-Identifier: MIT */
/* graphsim/people.c: what single users, groups and devices hold: pages "List usageRights", "Get
 * usageRight", "List assignments" (of a principal, of a right), "List waitingMembers", "List
 * assignmentErrors" and "List licenseDetails". Rows are the scenario's, shown as the query says. */
#include "graphsim/sim.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

#define WORDS(...)        \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }
enum { USERS = 1, GROUPS = 2, DEVICES = 4 };
static const char *const KINDS[] = {"users", "groups", "devices"};
static const char *const LISTS[] = {"usageRights",      "assignments",    "waitingMembers",
                                    "assignmentErrors", "licenseDetails", NULL};

static const struct what {
    const char *endpoint, *member; /* the word for rules; where the rows are in the scenario */
    const char *path;              /* below the principal; {} is the id of a right */
    unsigned kinds;
    bool older; /* of v1.0 */
    const char *const *options, *const *properties, *const *relations;
} WHATS[] = {
    {"usageRights", "usageRights", "cloudLicensing/usageRights", USERS | GROUPS, false,
     WORDS("$select", "$filter", "$skiptoken"), WORDS("id", "skuId", "skuPartNumber", "services"),
     WORDS("assignments", "allotments")},
    {"usageRights", "usageRights", "cloudLicensing/usageRights", DEVICES, false,
     WORDS("$select", "$top", "$expand", "$filter", "$skiptoken"),
     WORDS("id", "skuId", "skuPartNumber", "services"), WORDS("assignments", "allotments")},
    {"usageRight", "usageRights", "cloudLicensing/usageRights/{}", USERS | GROUPS, false,
     WORDS("$select", "$expand"), WORDS("id", "skuId", "skuPartNumber", "services"),
     WORDS("assignments", "allotments")},
    {"rightAssignments", "usageRights", "cloudLicensing/usageRights/{}/assignments",
     USERS | GROUPS, false, WORDS("$expand", "$skiptoken"),
     WORDS("id", "disabledServicePlanIds"), WORDS("allotment", "assignedTo")},
    {"userAssignments", "assignments", "cloudLicensing/assignments", USERS | GROUPS | DEVICES,
     false, WORDS("$select", "$top", "$expand", "$filter", "$skiptoken"),
     WORDS("id", "disabledServicePlanIds"), WORDS("allotment", "assignedTo")},
    {"userWaiting", "waitingMembers", "cloudLicensing/waitingMembers", USERS | DEVICES, false,
     WORDS("$select", "$expand", "$skiptoken"), WORDS("id", "waitingSinceDateTime"),
     WORDS("allotment", "assignedTo")},
    {"userErrors", "assignmentErrors", "cloudLicensing/assignmentErrors", USERS, false,
     WORDS("$select", "$top", "$expand", "$filter", "$skiptoken"),
     WORDS("id", "code", "message", "occurrenceDateTime", "skuId"),
     WORDS("assignedTo", "usageRight")},
    {"licenseDetails", "licenseDetails", "licenseDetails", USERS, true,
     WORDS("$select", "$skiptoken"), WORDS("id", "skuId", "skuPartNumber", "servicePlans"),
     WORDS("")},
};

/* ---- scenario ---- */

int people_read(const struct json *object, struct failure *ret_failure)
{
    const struct json *people = NULL, *kind = NULL, *rows = NULL;
    int r = read_object(object, "people", &people, ret_failure);
    if (r >= 0 && people)
        r = read_members(people, "people", WORDS("users", "groups", "devices"), ret_failure);
    for (kind = people ? json_first(people) : NULL; kind && r >= 0; kind = json_next(kind))
        for (const struct json *who = json_first(kind); who && r >= 0; who = json_next(who)) {
            r = read_members(who, json_name(who), LISTS, ret_failure);
            for (size_t i = 0; LISTS[i] && r >= 0; i++)
                r = read_array(who, LISTS[i], &rows, ret_failure);
        }
    return r;
}

/* ---- paths ---- */

struct place {
    const struct what *what;
    size_t kind;
    char *who, *id; /* decoded; id: of a right */
};

static void place_clear_at(struct place *p)
{
    free(p->who);
    free(p->id);
}

static bool is_word(const char *word, const char *text, size_t len)
{
    return strlen(word) == len && strncmp(word, text, len) == 0;
}

static bool below(const char *path, const char *pattern, char **ret_id)
{
    const char *open = strstr(pattern, "{}");
    if (!open)
        return strcmp(path, pattern) == 0;
    size_t lead = (size_t)(open - pattern),
           len = strcspn(path + (strlen(path) < lead ? 0 : lead), "/");
    if (strncmp(path, pattern, lead) != 0 || len == 0 || strcmp(path + lead + len, open + 2) != 0)
        return false;
    *ret_id = odata_unescape(path + lead, len, false);
    return *ret_id != NULL;
}

static bool find_place(const struct call *c, struct place *ret)
{
    const char *path = c->request->path;
    bool older = strncmp(path, "/v1.0/", 6) == 0;
    if (!older && strncmp(path, "/beta/", 6) != 0)
        return false;
    path += 6;
    size_t len = strcspn(path, "/"), kind = 0;
    while (kind < N_ELEMENTS(KINDS) && !is_word(KINDS[kind], path, len))
        kind++;
    if (kind == N_ELEMENTS(KINDS) || !path[len])
        return false;
    path += len + 1;
    len = strcspn(path, "/");
    if (len == 0 || !path[len])
        return false;
    for (size_t i = 0; i < N_ELEMENTS(WHATS); i++) {
        const struct what *w = &WHATS[i];
        if (w->older != older || !(w->kinds & 1U << kind) ||
            !below(path + len + 1, w->path, &ret->id))
            continue;
        ret->what = w;
        ret->kind = kind;
        ret->who = odata_unescape(path, len, false);
        return ret->who != NULL;
    }
    return false;
}

const char *people_endpoint(const struct call *c)
{
    __attribute__((cleanup(place_clear_at))) struct place place = {0};
    return find_place(c, &place) ? place.what->endpoint : NULL;
}

bool people_is_older(const struct call *c)
{
    return strcmp(c->endpoint, "licenseDetails") == 0;
}

/* ---- the query ---- */

static bool has_word(const char *const *words, const char *text, size_t len)
{
    for (size_t i = 0; words[i]; i++)
        if (is_word(words[i], text, len))
            return true;
    return false;
}

/* "a,b($select=x,y),c": whether `name` is in it; `known` NULL: no name is wrong. */
static bool in_list(const char *list, const char *name, const char *const *known, bool *ret_wrong)
{
    bool found = false;
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ",(");
        found = found || (name && is_word(name, p, len));
        if (known && !has_word(known, p, len))
            *ret_wrong = true;
        p += len;
        if (*p == '(') {
            const char *close = strchr(p, ')');
            if (!close || strncmp(p, "($select=", 9) != 0) {
                *ret_wrong = true;
                return found;
            }
            p = close + 1;
        }
        if (*p == ',' && p[1])
            p++;
        else if (*p)
            *ret_wrong = true, p++;
    }
    return found;
}

static bool query_is_wrong(const struct call *c, const struct what *w)
{
    bool wrong = false;
    for (size_t i = 0; i < c->query.n_options; i++) {
        const char *name = c->query.options[i].name, *value = c->query.options[i].value;
        wrong = wrong || !has_word(w->options, name, strlen(name)) || !*value;
        if (strcmp(name, "$select") == 0)
            (void)in_list(value, NULL, w->properties, &wrong);
        if (strcmp(name, "$expand") == 0)
            (void)in_list(value, NULL, w->relations, &wrong);
    }
    return wrong;
}

static bool has_plan(const struct json *row, const char *plan, size_t len)
{
    const struct json *services = json_get(row, "services"),
                      *s = services ? json_first(services) : NULL;
    for (; s; s = json_next(s)) {
        const char *id = json_text(json_get(s, "planId"));
        if (id && is_word(id, plan, len))
            return true;
    }
    return false;
}

/* -1: a filter that nobody documents. */
static int passes(const char *filter, const struct json *row)
{
    static const char SKU[] = "skuId eq ", PLAN[] = "services/any(c:c/planId eq ", AND[] = " and ";
    int good = 1;
    for (const char *p = filter; p && *p;) {
        const char *id = json_text(json_get(row, "skuId"));
        if (strncmp(p, SKU, sizeof SKU - 1) == 0) {
            p += sizeof SKU - 1;
            size_t len = strcspn(p, " ");
            good &= id && is_word(id, p, len);
            p += len;
        } else if (strncmp(p, PLAN, sizeof PLAN - 1) == 0) {
            p += sizeof PLAN - 1;
            size_t len = strcspn(p, ")");
            good &= has_plan(row, p, len);
            p += len + (p[len] == ')');
        } else {
            return -1;
        }
        if (strncmp(p, AND, sizeof AND - 1) == 0)
            p += sizeof AND - 1;
        else if (*p)
            return -1;
    }
    return good;
}

/* ---- answers ---- */

static void put_row(struct call *c, struct json_writer *w, const char *key, const struct what *what,
                    const struct json *row)
{
    const char *select = odata_get(&c->query, "$select"), *expand = odata_get(&c->query, "$expand");
    bool ignored = false;
    json_open_object(w, key);
    for (const struct json *m = json_first(row); m; m = json_next(m)) {
        const char *name = json_name(m);
        if (has_word(what->relations, name, strlen(name))) {
            if (expand && in_list(expand, name, NULL, &ignored))
                read_copy(w, name, m, c->sim->scenario->read_at);
        } else if (!select || *name == '@' || in_list(select, name, NULL, &ignored)) {
            read_copy(w, name, m, c->sim->scenario->read_at);
        }
    }
    json_close_object(w);
}

static const struct json *find_person(const struct call *c, const struct place *place)
{
    const struct json *people = c->state->people;
    const struct json *kind = people ? json_get(people, KINDS[place->kind]) : NULL;
    for (const struct json *who = kind ? json_first(kind) : NULL; who; who = json_next(who))
        if (text_equal_nocase(json_name(who), place->who))
            return who;
    return NULL;
}

static const struct json *find_right(const struct json *rights, const char *id)
{
    for (const struct json *r = rights ? json_first(rights) : NULL; r; r = json_next(r))
        if (text_equal(json_text(json_get(r, "id")), id))
            return r;
    return NULL;
}

static struct json_writer *open_answer(void)
{
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    if (!w)
        abort();
    json_open_object(w, NULL);
    return w;
}

static void close_answer(struct call *c, struct json_writer *w, int64_t rows)
{
    json_close_object(w);
    answer_json(c->answer, w);
    json_put_int(c->answer->line, "rows", rows);
}

static void list_answer(struct call *c, const struct what *what, const struct json *list)
{
    const char *filter = odata_get(&c->query, "$filter");
    int64_t offset = link_offset(c), at = 0, rows = 0, end = offset + c->state->manners.page_size;
    if (offset < 0) {
        graph_refuse(c, 400, "BadRequest", "The skip token was not issued for this URL.");
        return;
    }
    struct json_writer *w = open_answer();
    json_open_array(w, "value");
    for (const struct json *row = list ? json_first(list) : NULL; row; row = json_next(row)) {
        if (filter && passes(filter, row) <= 0)
            continue;
        if (at >= offset && at < end) {
            put_row(c, w, NULL, what, row);
            rows++;
        }
        at++;
    }
    json_close_array(w);
    CLEANUP(free) char *base = link_base(c);
    link_put(c, w, "@odata.nextLink", c->next_link, base, end, at);
    close_answer(c, w, rows);
}

void people_answer(struct call *c)
{
    __attribute__((cleanup(place_clear_at))) struct place place = {0};
    (void)find_place(c, &place);
    const struct json *person = find_person(c, &place), *empty = NULL;
    const char *filter = odata_get(&c->query, "$filter");
    CLEANUP(json_free) struct json *nothing = NULL;
    if (json_parse("{}", 2, &nothing, NULL) < 0)
        abort();
    empty = nothing;
    if (query_is_wrong(c, place.what) || (filter && passes(filter, empty) < 0)) {
        graph_refuse(c, 400, "BadRequest", "The query is not one that this call documents.");
        return;
    }
    if (!person) {
        graph_refuse(
            c, 404, "Request_ResourceNotFound",
            "Resource '%s' does not exist or one of its queried reference-property objects "
            "are not present.",
            place.who);
        return;
    }
    const struct json *list = json_get(person, place.what->member);
    if (!place.id) {
        list_answer(c, place.what, list);
        return;
    }
    const struct json *right = find_right(list, place.id);
    if (!right) {
        graph_status(c, 404);
        return;
    }
    if (strcmp(place.what->endpoint, "rightAssignments") == 0) {
        list_answer(c, place.what, json_get(right, "assignments"));
        return;
    }
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    if (!w)
        abort();
    put_row(c, w, NULL, place.what, right); /* bare, as the method's page shows it */
    answer_json(c->answer, w);
}
