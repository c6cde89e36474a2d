/* SPDX-License-Identifier: MIT */
/* deliver/receiver.c: the table of receiver types, and the codec the store is given. */
#include "deliver/receiver.h"

#include "base/text.h"
#include "deliver/context_json.h"

static const struct receiver_class *const CLASSES[RECEIVER_TYPE_COUNT_] = {
    [RECEIVER_JOURNAL] = &journal_class,
    [RECEIVER_SYSLOG] = &syslog_class,
    [RECEIVER_WEBHOOK] = &webhook_class,
};

const struct receiver_class *receiver_class(enum receiver_type t)
{
    return CLASSES[t];
}

const char *receiver_type_name(enum receiver_type t)
{
    return CLASSES[t]->name;
}

int deliver_check(const struct receiver_options *o, struct failure *ret_failure)
{
    return CLASSES[o->type]->check(o, ret_failure);
}

const struct store_codec deliver_codec = {
    .pack_context = context_json_pack,
    .unpack_context = context_json_unpack,
    .pack_notification = notification_json_pack,
    .unpack_notification = notification_json_unpack,
    .pack_digest = digest_json_pack,
    .unpack_digest = digest_json_unpack,
};
