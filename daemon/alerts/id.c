/* SPDX-License-Identifier: MIT */
/* alerts/id.c: computes the id of an alert, equal on both daemons of a pair. */
#include "alerts/notification.h"

#include "alerts/kind.h"
#include "base/text.h"
#include <string.h>

/* Length prefixes keep different triples from having the same bytes. */
int alert_id(enum kind kind, const char *tenant_id, const char *subject,
             char ret[static ALERT_ID_TEXT])
{
    const char *parts[] = {kind_name(kind), tenant_id ? tenant_id : "", subject ? subject : ""};
    uint8_t hash[SHA256_SIZE];
    CLEANUP(text_free) struct text t = TEXT_INIT(SIZE_MAX - 1);
    for (size_t i = 0; i < N_ELEMENTS(parts); i++)
        text_addf(&t, "%zu:%s", strlen(parts[i]), parts[i]);
    if (t.error)
        return t.error;
    int r = sha256(t.data, t.len, hash);
    if (r < 0)
        return r;
    hex_encode(hash, (ALERT_ID_TEXT - 1) / 2, ret);
    return 0;
}
