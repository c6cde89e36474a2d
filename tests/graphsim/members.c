/* SPDX-License-Identifier: MIT */
/* graphsim/members.c: rows of waiting members and assignment errors, given or made up. */
#include "base/date.h"
#include "graphsim/sim.h"
#include "peers/read.h"
#include <string.h>

#define GUID_TEXT 37

/* Two made-up rows have the same id only if group and number are the same. */
static const char *made_id(const char *lead, const char *kind, int64_t within,
                           char buf[static GUID_TEXT])
{
    uint64_t high = fnv1a(lead, strlen(lead), FNV1A_SEED);
    high = fnv1a(kind, strlen(kind), high);
    uint64_t low = fnv1a(&within, sizeof within, high);
    (void)snprintf(buf, GUID_TEXT, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff), (unsigned)(low >> 52),
                   (unsigned long long)(low & 0xffffffffffff));
    return buf;
}

/* Seven digits and a numeric offset, as the documented examples have it. */
static const char *made_time(const struct group *group, int64_t within, char buf[static 48])
{
    char whole[RFC3339_MAX];
    (void)rfc3339_print(group->since + (usec_t)within * group->every, whole);
    whole[strlen(whole) - 1] = '\0'; /* the Z */
    (void)snprintf(buf, 48, "%s.%07u+00:00", whole, (unsigned)(within % 10000000));
    return buf;
}

static void put_person(struct json_writer *w, const struct group *group, int64_t within,
                       const struct view *v)
{
    char id[GUID_TEXT], name[64];
    json_open_object(w, "assignedTo");
    json_put_string(w, "@odata.type", "#microsoft.graph.user");
    if (view_expands(v, "id"))
        json_put_string(w, "id", made_id(group->id, "person", within, id));
    (void)snprintf(name, sizeof name, "Person %lld", (long long)within + 1);
    if (view_expands(v, "displayName"))
        json_put_string(w, "displayName", name);
    (void)snprintf(name, sizeof name, "person%lld@contoso.example", (long long)within + 1);
    if (view_expands(v, "userPrincipalName"))
        json_put_string(w, "userPrincipalName", name);
    json_close_object(w);
}

static bool is_property(const struct entity *entity, const char *name)
{
    size_t i = 0;
    while (entity->properties[i] && strcmp(entity->properties[i], name) != 0)
        i++;
    return entity->properties[i] != NULL;
}

/* Known properties only when they are selected. */
static void put_assignee(struct json_writer *w, const struct json *who, const struct view *v, usec_t now)
{
    const struct entity directory = {.properties = v->expand->properties};
    json_open_object(w, "assignedTo");
    for (const struct json *m = json_first(who); m; m = json_next(m))
        if (!is_property(&directory, json_name(m)) || view_expands(v, json_name(m)))
            read_copy(w, json_name(m), m, now);
    json_close_object(w);
}

/* A row of the scenario: known properties only when selected, assignedTo only when expanded,
 * everything else (misspelt, new, hostile) always. */
static void put_row(struct json_writer *w, const struct json *row, const struct entity *entity,
                    const struct view *v, const char *type, usec_t now)
{
    json_open_object(w, NULL);
    if (!json_get(row, "@odata.type"))
        json_put_string(w, "@odata.type", type);
    for (const struct json *m = json_first(row); m; m = json_next(m)) {
        const char *name = json_name(m);
        /* Short for the member whose name nobody remembers. */
        const char *full =
            entity == &WAITING_MEMBER && strcmp(name, "since") == 0 ? "waitingSinceDateTime" : name;
        if (strcmp(name, "note") == 0 || (strcmp(name, "assignedTo") == 0 && !v->expand) ||
            (is_property(entity, full) && !view_has(v, entity, full)))
            continue;
        if (strcmp(name, "assignedTo") == 0 && json_is_object(m))
            put_assignee(w, m, v, now);
        else
            read_copy(w, full, m, now);
    }
    json_close_object(w);
}

void assignment_put(struct json_writer *w, const struct pool *pool, int64_t index,
                    const struct view *v, usec_t now)
{
    int64_t within = 0;
    const struct group *group = rows_at(&pool->assignments, index, &within);
    put_row(w, group->row, &ASSIGNMENT, v, "#microsoft.graph.cloudLicensing.assignment", now);
}

void waiting_put(struct json_writer *w, const struct pool *pool, int64_t index,
                 const struct view *v, usec_t now)
{
    static const char TYPE[] = "#microsoft.graph.cloudLicensing.waitingMember";
    int64_t within = 0;
    char id[GUID_TEXT], time[48];
    const struct group *group = rows_at(&pool->waiting, index, &within);
    if (group->row) {
        put_row(w, group->row, &WAITING_MEMBER, v, TYPE, now);
        return;
    }
    json_open_object(w, NULL);
    json_put_string(w, "@odata.type", TYPE);
    if (view_has(v, &WAITING_MEMBER, "id"))
        json_put_string(w, "id", made_id(group->id, "waiting", within, id));
    if (view_has(v, &WAITING_MEMBER, "waitingSinceDateTime"))
        json_put_string(w, "waitingSinceDateTime", made_time(group, within, time));
    if (v->expand)
        put_person(w, group, within, v);
    json_close_object(w);
}

void error_put(struct json_writer *w, const struct rows *errors, int64_t index,
               const struct view *v, usec_t now)
{
    static const char TYPE[] = "#microsoft.graph.cloudLicensing.assignmentError";
    static const char MESSAGE[] =
        "Service plan 0337d124-4da1-45e4-9b28-936079cc72bb cannot be assigned without service plan "
        "f1df97e2-b3d9-4c17-b931-30fdbfeb5c18, which this user does not currently have.";
    int64_t within = 0;
    char id[GUID_TEXT], time[48];
    const struct group *group = rows_at(errors, index, &within);
    if (group->row) {
        put_row(w, group->row, &ASSIGNMENT_ERROR, v, TYPE, now);
        return;
    }
    json_open_object(w, NULL);
    json_put_string(w, "@odata.type", TYPE);
    if (view_has(v, &ASSIGNMENT_ERROR, "code"))
        json_put_string(w, "code", group->code ? group->code : "MissingDependency");
    if (view_has(v, &ASSIGNMENT_ERROR, "id"))
        json_put_string(w, "id", made_id(group->id, "error", within, id));
    if (view_has(v, &ASSIGNMENT_ERROR, "message"))
        json_put_string(w, "message", group->message ? group->message : MESSAGE);
    if (view_has(v, &ASSIGNMENT_ERROR, "occurrenceDateTime"))
        json_put_string(w, "occurrenceDateTime", made_time(group, within, time));
    if (view_has(v, &ASSIGNMENT_ERROR, "skuId"))
        json_put_string(w, "skuId", group->sku_id);
    if (v->expand)
        put_person(w, group, within, v);
    json_close_object(w);
}

bool error_has_sku(const struct rows *errors, int64_t index, const char *sku_id)
{
    int64_t within;
    const struct group *group = rows_at(errors, index, &within);
    const char *has = group->sku_id;
    if (group->row)
        (void)json_get_string(group->row, "skuId", &has);
    return text_equal_nocase(has, sku_id);
}
