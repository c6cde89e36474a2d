/* SPDX-License-Identifier: MIT */
/* store/damage.c: records of damage in the table meta: what was found, and which tenants lost state. */
#include "store/commit.h"
#include "store/write.h"

#include <errno.h>

int store_damage(struct store *s, struct store_damage *ret, struct failure *ret_failure)
{
    *ret = (struct store_damage){0};
    int64_t what = 0;
    int r = store_ready(s, ret_failure);
    if (r >= 0)
        r = db_number(&s->db, "SELECT value FROM meta WHERE key = 'damage'", &what, ret_failure);
    if (r == -ENODATA || (r >= 0 && what == 0))
        return 0;
    if (r < 0)
        return r;
    ret->what = (unsigned)what;
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT content FROM quarantine WHERE source = '" QUARANTINE_DATABASE
                                       "' ORDER BY id DESC LIMIT 1");
    r = ret->what & (STORE_DAMAGE_REBUILT | STORE_DAMAGE_INDEXES) ? query_step(&q, ret_failure) : 0;
    if (r > 0)
        (void)snprintf(ret->text, sizeof ret->text, "%s", query_get_text(&q, 0));
    return r < 0 ? r : 1;
}

/* ---- tenants that lost their state ---- */

static int find_lost(struct store *s, const char *tenant_id, struct failure *f)
{
    int r = store_ready(s, f);
    if (r < 0)
        return r;
    CLEANUP(query_end) struct query q = query_new(&s->db, "SELECT 1 FROM meta WHERE key = 'lost ' || ?1");
    query_text(&q, tenant_id);
    return query_step(&q, f);
}

int store_tenant_lost(struct store *s, const char *tenant_id, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, find_lost(s, tenant_id, ret_failure));
}

static int run(struct store *s, const char *sql, const char *tenant_id, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    if (tenant_id)
        query_text(&q, tenant_id);
    return query_run(&q, f);
}

int damage_settle(struct store *s, const struct commit *c, struct failure *f)
{
    int r = 0;
    if (c->lost == STORE_LOST)
        r = run(s, "INSERT OR REPLACE INTO meta (key, value) VALUES ('lost ' || ?1, 1)", c->tenant_id, f);
    if (r >= 0 && c->lost == STORE_FOUND)
        r = run(s, "DELETE FROM meta WHERE key = 'lost ' || ?1", c->tenant_id, f);
    if (r >= 0 && c->settles)
        r = run(s, "DELETE FROM meta WHERE key = 'damage'", NULL, f);
    return r;
}
