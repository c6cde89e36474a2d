/* SPDX-License-Identifier: MIT */
/* runtime/explain_put.h: writes an explanation as JSON; see runtime/explain.h. */
#pragma once
#include "runtime/app.h"
#include "runtime/explain.h"

struct explanation { /* all borrowed */
    const struct app *app;
    const struct tenant *tenant; /* NULL: of none */
    const struct explained *of;
    const struct why_case *rules;
    const struct why *reasons, *next;
    const struct delivery *delivery;
    size_t n_deliveries;
};
/* -ENOMEM */
int explanation_put(struct json_writer *w, const struct explanation *x);
