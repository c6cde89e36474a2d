/* SPDX-License-Identifier: MIT */
/* 60 products: 17 free ones, 8 trials, 15 of a handful of seats, 3 that have been full for years, and
 * what a company of 2,000 people works with; some of them in two pools, some pools long dead. */
#include "ordinary/tenant.h"

#include "base/date.h"
#include "model/product_table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static const struct {
    const char *part;
    int64_t allotted, consumed;
    enum habit habit;
    int64_t swing;
    const char *state, *tags;
    int32_t months;
} POOLS[] = {
    /* what people work with */
    {"SPE_E3", 1200, 1187, HABIT_STAFF, 8, "active", "none", 12},
    {"SPE_E3", 100, 61, HABIT_STAFF, 3, "active", "none", 1},
    {"SPE_E5", 400, 400, HABIT_STILL, 0, "active", "none", 12},
    {"SPE_E5", 150, 96, HABIT_STAFF, 4, "active", "none", 1},
    {"SPE_F1", 900, 846, HABIT_STAFF, 12, "active", "none", 1},
    {"SPB", 300, 258, HABIT_STAFF, 4, "active", "none", 1},
    {"ENTERPRISEPACK", 80, 41, HABIT_STAFF, 2, "active", "none", 12},
    {"ENTERPRISEPACK", 0, 0, HABIT_STILL, 0, "lockedOut", "none", 0},
    {"OFFICESUBSCRIPTION", 60, 44, HABIT_STAFF, 3, "active", "none", 1},
    {"OFFICESUBSCRIPTION", 40, 0, HABIT_STILL, 0, "suspended", "none", 0},
    {"POWER_BI_PRO", 50, 50, HABIT_STILL, 0, "active", "none", 12},
    {"POWER_BI_PRO", 30, 12, HABIT_STAFF, 2, "active", "none", 1},
    {"EMS", 500, 455, HABIT_STAFF, 6, "active", "none", 1},
    {"EMS", 0, 0, HABIT_STILL, 0, "deleted", "none", 0},
    {"AAD_PREMIUM", 200, 146, HABIT_STAFF, 3, "active", "none", 1},
    {"AAD_PREMIUM_P2", 150, 129, HABIT_STAFF, 3, "active", "none", 12},
    {"ATP_ENTERPRISE", 1500, 1289, HABIT_STAFF, 12, "active", "none", 1},
    {"WIN_DEF_ATP", 600, 506, HABIT_STAFF, 6, "active", "none", 12},
    {"INTUNE_A", 100, 74, HABIT_STAFF, 3, "active", "none", 1},
    {"INTUNE_A", 15, 0, HABIT_STILL, 0, "lockedOut", "none", 0},
    {"MCOEV", 350, 311, HABIT_STAFF, 5, "active", "none", 12},
    {"EXCHANGEDESKLESS", 260, 203, HABIT_STAFF, 4, "active", "none", 1},
    {"Microsoft_365_E5_(no_Teams)", 100, 70, HABIT_STAFF, 3, "active", "none", 1},
    {"ENTERPRISEPREMIUM", 90, 66, HABIT_STAFF, 2, "active", "none", 12},
    {"WIN10_VDA_E3", 75, 52, HABIT_STAFF, 2, "active", "none", 1},
    /* full for years, and nobody minds */
    {"DESKLESSPACK", 120, 120, HABIT_SEAT, 0, "active", "none", 12},
    {"EXCHANGEENTERPRISE", 40, 40, HABIT_SEAT, 0, "active", "none", 12},
    {"MCOMEETADV", 250, 250, HABIT_SEAT, 0, "active", "none", 12},
    /* a handful of seats, bought one by one as somebody asks */
    {"VISIOCLIENT", 8, 8, HABIT_SEAT, 0, "active", "none", 12},
    {"VISIOONLINE_PLAN1", 5, 4, HABIT_STILL, 0, "active", "none", 1},
    {"PROJECTPROFESSIONAL", 9, 9, HABIT_SEAT, 0, "active", "none", 12},
    {"PROJECT_P1", 4, 4, HABIT_SEAT, 0, "active", "none", 12},
    {"MCOPSTN1", 6, 5, HABIT_STILL, 0, "active", "none", 1},
    {"MCOPSTN2", 2, 2, HABIT_SEAT, 0, "active", "none", 1},
    {"PHONESYSTEM_VIRTUALUSER", 5, 3, HABIT_STILL, 0, "active", "none", 1},
    {"Microsoft_Teams_Rooms_Basic", 7, 7, HABIT_SEAT, 0, "active", "none", 12},
    {"EXCHANGESTANDARD", 3, 3, HABIT_SEAT, 0, "active", "none", 1},
    {"SHAREPOINTENTERPRISE", 2, 1, HABIT_STILL, 0, "active", "none", 12},
    {"RIGHTSMANAGEMENT", 1, 1, HABIT_STILL, 0, "active", "none", 12},
    {"FLOW_PER_USER", 3, 3, HABIT_SEAT, 0, "active", "none", 1},
    {"CRMSTANDARD", 6, 6, HABIT_SEAT, 0, "active", "none", 12},
    {"EXCHANGEARCHIVE_ADDON", 9, 7, HABIT_SEAT, 0, "active", "none", 1},
    {"MCOPSTNC", 1, 1, HABIT_STILL, 0, "active", "none", 1},
    /* trials */
    {"Microsoft_365_Copilot", 25, 25, HABIT_SEAT, 0, "active", "trial", 0},
    {"PROJECTPREMIUM", 25, 3, HABIT_STAFF, 2, "active", "trial", 0},
    {"PBI_PREMIUM_PER_USER", 25, 24, HABIT_SEAT, 0, "active", "trial", 0},
    {"IDENTITY_THREAT_PROTECTION", 25, 25, HABIT_SEAT, 0, "active", "trial", 0},
    {"POWERAPPS_PER_USER", 25, 6, HABIT_STAFF, 4, "active", "trial", 0},
    {"Microsoft_Teams_Rooms_Pro", 25, 25, HABIT_STILL, 0, "warning", "trial", 0},
    {"WIN10_VDA_E5", 25, 0, HABIT_STILL, 0, "suspended", "trial", 0},
    {"Microsoft_Teams_Enterprise_New", 25, 11, HABIT_STAFF, 3, "active", "trial", 0},
    /* free */
    {"FLOW_FREE", 10000, 412, HABIT_CROWD, 0, "active", "none", 0},
    {"POWERAPPS_VIRAL", 10000, 23, HABIT_CROWD, 0, "active", "none", 0},
    {"POWERAPPS_DEV", 10000, 61, HABIT_CROWD, 0, "active", "none", 0},
    {"CCIBOTS_PRIVPREV_VIRAL", 10000, 9, HABIT_CROWD, 0, "active", "none", 0},
    {"Power_Pages_vTrial_for_Makers", 10000, 4, HABIT_CROWD, 0, "active", "none", 0},
    {"POWER_BI_STANDARD", 1000000, 688, HABIT_CROWD, 0, "active", "none", 0},
    {"STREAM", 1000000, 12, HABIT_STILL, 0, "active", "none", 0},
    {"WINDOWS_STORE", 25, 25, HABIT_SEAT, 0, "active", "none", 0},
    {"RIGHTSMANAGEMENT_ADHOC", 50000, 3, HABIT_CROWD, 0, "active", "none", 0},
    {"TEAMS_EXPLORATORY", 100, 100, HABIT_SEAT, 0, "active", "none", 0},
    {"Microsoft_Teams_Exploratory_Dept", 1000, 998, HABIT_SEAT, 0, "active", "none", 0},
    {"MS_TEAMS_IW", 500000, 2, HABIT_STILL, 0, "active", "none", 0},
    {"TEAMS_FREE", 500000, 0, HABIT_STILL, 0, "active", "none", 0},
    {"SMB_APPS", 3, 3, HABIT_SEAT, 0, "active", "none", 0},
    {"SPZA_IW", 10000, 1, HABIT_STILL, 0, "active", "none", 0},
    {"MICROSOFT_BUSINESS_CENTER", 10000, 0, HABIT_STILL, 0, "active", "none", 0},
    {"PROJECT_MADEIRA_PREVIEW_IW_SKU", 10000, 1, HABIT_STILL, 0, "active", "none", 0},
};

/* 30 errors that nobody has looked at for a year. */
static const struct errors ERRORS[ERROR_GROUPS] = {
    {"SPE_E3", "MutuallyExclusiveViolation", 11, 0},
    {"VISIOCLIENT", "CountViolation", 8, 0},
    {"EMS", "DependencyViolation", 5, 0},
    {"POWER_BI_PRO", "ProhibitedInUsageLocationViolation", 3, 0},
    {NULL, "Other", 3, 0},
};

static uint64_t dice(struct simulated_tenant *t, uint64_t sides) /* xorshift64* */
{
    t->dice ^= t->dice >> 12;
    t->dice ^= t->dice << 25;
    t->dice ^= t->dice >> 27;
    return (t->dice * UINT64_C(2685821657736338717) >> 11) % sides;
}

static const char *sku_id(const char *part)
{
    for (size_t i = 0; i < N_PRODUCTS; i++)
        if (text_equal(PRODUCTS[i].part_number, part))
            return PRODUCTS[i].sku_id;
    assert(false && "a product that the table does not name");
    return NULL;
}

void tenant_found(struct simulated_tenant *t, uint64_t seed, usec_t now_at)
{
    int32_t today = (int32_t)(now_at / USEC_PER_DAY);
    *t = (struct simulated_tenant){.dice = seed * UINT64_C(0x9E3779B97F4A7C15) | 1, .n_pools = N_ELEMENTS(POOLS)};
    for (size_t i = 0; i < t->n_pools; i++) {
        bool alive = text_equal(POOLS[i].state, "active");
        t->pool[i] = (struct pool){.part = POOLS[i].part,
                                   .sku_id = sku_id(POOLS[i].part),
                                   .number = (unsigned)i + 1,
                                   .allotted = POOLS[i].allotted,
                                   .consumed = POOLS[i].consumed,
                                   .usual = POOLS[i].consumed,
                                   .swing = POOLS[i].swing,
                                   .habit = POOLS[i].habit,
                                   .state = POOLS[i].state,
                                   .tags = POOLS[i].tags,
                                   .months = POOLS[i].months,
                                   .start_date = today - (int32_t)dice(t, 700) - 20,
                                   .next_date = today + (alive ? 1 : -400) * (int32_t)(1 + dice(t, 28))};
    }
    for (size_t i = 0; i < ERROR_GROUPS; i++) {
        t->errors[i] = ERRORS[i];
        t->errors[i].count = ERRORS[i].usual;
    }
}

/* ---- a few minutes of its life ---- */

static bool is_working_time(usec_t at)
{
    uint64_t day = at / USEC_PER_DAY, hour = at % USEC_PER_DAY / USEC_PER_HOUR;
    return (day + 3) % 7 < 5 && hour >= 7 && hour < 17; /* 1970-01-01 was a Thursday */
}

static void staff(struct simulated_tenant *t, struct pool *p)
{
    if (dice(t, 400) >= (uint64_t)p->swing)
        return;
    int64_t off = p->consumed - p->usual;
    int64_t step = off >= p->swing ? -1 : off <= -p->swing ? 1 : dice(t, 2) ? 1 : -1;
    if (p->consumed + step <= p->allotted)
        p->consumed += step;
}

/* A seat falls free and its next owner comes within three days; or one more is bought, and assigned
 * half an hour later. */
static void seat(struct simulated_tenant *t, struct pool *p, usec_t now_at)
{
    if (p->back_at) {
        if (now_at >= p->back_at) {
            p->consumed++;
            p->back_at = 0;
        }
        return;
    }
    if (p->consumed == 0 || dice(t, 1500) != 0)
        return;
    bool bought = dice(t, 4) == 0;
    if (bought)
        p->allotted++;
    else
        p->consumed--;
    p->back_at = now_at + (bought ? 30 * USEC_PER_MINUTE : (1 + dice(t, 72)) * USEC_PER_HOUR);
}

static void pool_live(struct simulated_tenant *t, struct pool *p, usec_t now_at)
{
    if (p->months && (int32_t)(now_at / USEC_PER_DAY) >= p->next_date)
        p->next_date += p->months * 30;
    if (p->habit == HABIT_CROWD && dice(t, 200) == 0)
        p->consumed++;
    if (!is_working_time(now_at))
        return;
    if (p->habit == HABIT_STAFF)
        staff(t, p);
    if (p->habit == HABIT_SEAT)
        seat(t, p, now_at);
}

void tenant_live(struct simulated_tenant *t, usec_t now_at)
{
    for (size_t i = 0; i < t->n_pools; i++)
        pool_live(t, &t->pool[i], now_at);
    for (size_t i = 0; i < ERROR_GROUPS; i++)
        if (is_working_time(now_at) && dice(t, 100) == 0)
            t->errors[i].count = t->errors[i].usual - 1 + (int64_t)dice(t, 3);
}

struct pool *tenant_pool(struct simulated_tenant *t, const char *part, unsigned which)
{
    for (size_t i = 0; i < t->n_pools; i++)
        if (text_equal(t->pool[i].part, part) && which-- == 0)
            return &t->pool[i];
    assert(false && "no such pool");
    return NULL;
}

void pool_replace(struct pool *p)
{
    p->number += 100;
}

void pool_wait(struct pool *p, int64_t members, usec_t now_at)
{
    p->waiting = members;
    p->waiting_since_at = now_at;
}

/* ---- what Graph answers ---- */

static void add_waiting(const struct pool *p, struct text *t)
{
    char since[RFC3339_MAX];
    for (int64_t i = 0; i < p->waiting; i++)
        text_addf(t, "%s{\"id\":\"%08u-0000-4000-8000-%012" PRId64 "\",\"waitingSinceDateTime\":\"%s\"}",
                  i ? "," : "", p->number, i, rfc3339_print(p->waiting_since_at, since));
}

static void add_pool(const struct pool *p, struct text *t)
{
    char next[RFC3339_MAX], start[RFC3339_MAX];
    text_addf(t,
              "{\"id\":\"%08u-1111-4111-8111-111111111111\",\"allottedUnits\":%" PRId64
              ",\"assignableTo\":\"user,group\",\"consumedUnits\":%" PRId64
              ",\"services\":[],\"skuId\":\"%s\",\"skuPartNumber\":\"%s\",\"subscriptions\":["
              "{\"subscriptionId\":\"%08u-2222-4222-8222-222222222222\",\"nextLifecycleDate\":\"%s\","
              "\"startDate\":\"%s\",\"state\":\"%s\",\"tags\":\"%s\"}],\"waitingMembers\":[",
              p->number, p->allotted, p->consumed, p->sku_id, p->part, p->number,
              date_print(p->next_date, next), date_print(p->start_date, start), p->state, p->tags);
    add_waiting(p, t);
    text_add(t, "]}");
}

void tenant_allotments(const struct simulated_tenant *t, struct text *ret)
{
    const char *between = "";
    text_add(ret, "{\"value\":[");
    for (size_t i = 0; i < t->n_pools; i++)
        if (!t->pool[i].unlisted) {
            text_add(ret, between);
            add_pool(&t->pool[i], ret);
            between = ",";
        }
    text_add(ret, "]}");
}

void tenant_errors(const struct simulated_tenant *t, struct text *ret)
{
    const char *between = "";
    text_add(ret, "{\"value\":[");
    for (size_t i = 0; i < ERROR_GROUPS; i++)
        for (int64_t k = 0; k < t->errors[i].count; k++) {
            text_addf(ret, "%s{\"id\":\"%08zu-3333-4333-8333-%012" PRId64 "\",\"code\":\"%s\",\"message\":\"-\"",
                      between, i, k, t->errors[i].code);
            if (t->errors[i].part)
                text_addf(ret, ",\"skuId\":\"%s\"", sku_id(t->errors[i].part));
            text_add(ret, ",\"occurrenceDateTime\":\"2025-11-03T08:00:00Z\"}");
            between = ",";
        }
    text_add(ret, "]}");
}
