/* SPDX-License-Identifier: MIT */
/* runtime/credential_user.c: numbers the tenants and receivers that sign in, and compares their credentials. */
#include "runtime/credential_user.h"

#include "base/stamp.h"
#include "base/text.h"
#include "deliver/receiver.h"
#include "http/signed_in.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

size_t credential_users(const struct app *app)
{
    return app->n_tenants + app->options->n_receivers;
}

static const char *file_of(const struct tenant_options *t)
{
    switch (t->graph.auth) {
    case AUTH_CERTIFICATE:
        return t->graph.certificate_file;
    case AUTH_CLIENT_SECRET:
        return t->graph.client_secret_file;
    default:
        return NULL; /* the platform renews it */
    }
}

struct credential_user credential_user_of(struct tenant *t)
{
    return (struct credential_user){.tenant = t,
                                    .client_id = t->options->graph.client_id,
                                    .file = file_of(t->options),
                                    .name = t->options->credential,
                                    .expires = t->options->client_secret_expires,
                                    .certificate = t->options->graph.auth == AUTH_CERTIFICATE};
}

static struct credential_user of_receiver(const struct receiver_options *r)
{
    struct signed_in_options as = {0};
    if (r->class->sign_in)
        r->class->sign_in(r, &as);
    bool certificate = option_given(as.certificate_file);
    const char *file = certificate ? as.certificate_file : as.client_secret_file;
    return (struct credential_user){.receiver = r->name,
                                    .client_id = as.client_id,
                                    .file = option_given(file) && as.client_id ? file : NULL,
                                    .private_key = certificate ? as.private_key_file : NULL,
                                    .name = r->credential,
                                    .expires = as.client_secret_expires ? as.client_secret_expires : "",
                                    .certificate = certificate};
}

struct credential_user credential_user(const struct app *app, size_t i)
{
    return i < app->n_tenants ? credential_user_of(&app->tenant[i])
                              : of_receiver(&app->options->receiver[i - app->n_tenants]);
}

bool credential_user_is_same(const struct credential_user *a, const struct credential_user *b)
{
    return a->certificate == b->certificate && text_equal_nocase(a->client_id, b->client_id) &&
           text_equal(a->file, b->file);
}

uint64_t credentials_stamp(const struct tenant_options *t)
{
    const struct graph_options *o = &t->graph;
    const char *const FILES[] = {o->client_secret_file, o->certificate_file, o->private_key_file,
                                 o->private_key_password_file, o->federated_token_file};
    uint64_t stamp = STAMP_NONE;
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        stamp = stamp_add(stamp, FILES[i]);
    return stamp;
}

uint64_t credential_user_stamp(const struct credential_user *u)
{
    return u->tenant ? credentials_stamp(u->tenant->options)
                     : stamp_add(stamp_add(STAMP_NONE, u->file), u->private_key);
}
