/* SPDX-License-Identifier: MIT */
/* deliver/receiver.c: what all receiver types have in common, and the codec for the store. */
#include "deliver/receiver.h"

#include "deliver/context_json.h"
#include <errno.h>

const struct receiver_class *receiver_type_find(const char *name)
{
    for (size_t i = 0; receiver_types[i]; i++)
        if (text_equal(receiver_types[i]->name, name))
            return receiver_types[i];
    return NULL;
}

const struct transport *receiver_transport(const struct receiver_options *o)
{
    return o->class->choose ? o->class->choose(o) : o->class->transport;
}

bool receiver_is_by_tenant(const struct receiver_options *o)
{
    return o->class && o->own && o->class->by_tenant && o->class->by_tenant(o);
}

int receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                    size_t *ret_len)
{
    CLEANUP(free) char *body = NULL;
    size_t len;
    int r = o->class->render(o, m, &body, &len);
    if (r < 0)
        return r;
    if (o->class->body_max > 0 && len > o->class->body_max)
        return -E2BIG;
    *ret = TAKE(body);
    *ret_len = len;
    return 0;
}

int deliver_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct receiver_class *class = o->class;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < class->options.n; i++) {
        const struct conf_key *k = &class->options.key[i];
        if (k->type != CONF_TEXT || !k->check)
            continue;
        const char *text = *(char *const *)((const char *)o->own + k->at);
        if (text && text[0])
            r = k->check(text, ret_failure);
    }
    if (r >= 0 && class->check)
        r = class->check(o, ret_failure);
    const struct transport *transport = receiver_transport(o);
    return r >= 0 && transport->check ? transport->check(o, ret_failure) : r;
}

int deliver_warn(const struct receiver_options *o, struct failure *ret_warning)
{
    const struct receiver_class *class = o->class;
    if (!class->warn)
        return 0;
    return class->transport->warn ? class->transport->warn(o, ret_warning)
                                  : class->warn(o, NULL, ret_warning);
}

const struct store_codec deliver_codec = {
    .pack_context = context_json_pack,
    .unpack_context = context_json_unpack,
    .pack_notification = notification_json_pack,
    .unpack_notification = notification_json_unpack,
    .pack_digest = digest_json_pack,
    .unpack_digest = digest_json_unpack,
};
