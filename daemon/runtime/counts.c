/* SPDX-License-Identifier: MIT */
/* runtime/counts.c: counts how attempts at each receiver end. */
#include "runtime/counts.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/app.h"

static struct receiver_count *find(const struct app *app, const char *receiver)
{
    for (size_t i = 0; i < app->n_counts; i++)
        if (strcmp(app->count[i].receiver, receiver) == 0)
            return &app->count[i];
    return NULL;
}

static struct receiver_count *add(struct app *app, const char *receiver)
{
    struct receiver_count *grown = reallocarray(app->count, app->n_counts + 1, sizeof *grown);
    if (!grown)
        return NULL;
    app->count = grown;
    struct receiver_count *c = &grown[app->n_counts++];
    *c = (struct receiver_count){0};
    (void)snprintf(c->receiver, sizeof c->receiver, "%s", receiver);
    return c;
}

void counts_add(struct app *app, const char *receiver, enum outbox_state end)
{
    struct receiver_count *c = find(app, receiver);
    if (!c)
        c = add(app, receiver);
    if (c)
        c->n[end]++;
}

int64_t counts_of(const struct app *app, const char *receiver, enum outbox_state end)
{
    const struct receiver_count *c = find(app, receiver);
    return c ? (int64_t)c->n[end] : 0;
}
