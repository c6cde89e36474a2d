/* SPDX-License-Identifier: MIT */
/* config/match_names.c: finds names in a match that can never match. */
#include "config/match_names.h"

#include <errno.h>

#include "base/text.h"
#include "config/forms.h"

bool match_tenant_exists(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_tenants; i++)
        if (text_equal_nocase(o->tenant[i].identity.name, name) ||
            text_equal_nocase(o->tenant[i].identity.tenant_id, name))
            return true;
    return false;
}

const char *match_nearest_tenant(const struct options *o, const char *name)
{
    CLEANUP(free) const char **names = calloc(o->n_tenants + 1, sizeof *names);
    for (size_t i = 0; names && i < o->n_tenants; i++)
        names[i] = o->tenant[i].identity.name;
    return names ? text_nearest(name, names, o->n_tenants) : NULL;
}

const char *match_part_number(const struct options *o, const char *sku)
{
    return product_name(o->products, NULL, sku) ? NULL : product_named(o->products, sku);
}

/* While a file of tenants cannot be read, the tenant may be in there. */
int match_check_silence(const struct options *o, const struct match *m, struct failure *ret_failure)
{
    const char *part = m->sku ? match_part_number(o, m->sku) : NULL;
    if (m->tenant && !form_is_glob(m->tenant) && !match_tenant_exists(o, m->tenant) && !o->tenants_incomplete) {
        const char *near = match_nearest_tenant(o, m->tenant);
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "there is no tenant \"%s\"; %s%s%s", m->tenant,
                           near ? "did you mean \"" : "name one that is configured", near ? near : "", near ? "\"?" : "");
    }
    if (part)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "\"%s\" is the name of a product, and a SKU goes by its part number; write \"%s\"", m->sku, part);
    if (!match_is_for_alerts(m))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "events of severity info are not silenced; name a rule that alerts, or another severity");
    return 0;
}
