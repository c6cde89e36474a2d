/* SPDX-License-Identifier: MIT */
/* month/process.h: the daemon with its configuration, rules, alerts, database, dispatcher and
 * formats, but without its event loop and its connection to Graph. It can be killed at any write.
 */
#pragma once
#include "month/world.h"
#include "runtime/app.h"

struct process {
    char dir[128], config[160], state[160];
    unsigned n_states; /* each kill begins with a copy of the state */
    struct cli cli;
    struct app app;
    usec_t interval;
};
void process_start(struct process *p, usec_t interval);
void process_end(struct process *p); /* looks for secrets in the database, too */
void process_poll(struct process *p, const struct company *c, size_t tenant);
void process_tick(struct process *p);
void process_stop(struct process *p); /* begins no delivery; those under way end within seconds */
void process_restart(struct process *p);
void process_kill_later(struct process *p, unsigned steps);
void process_kill_now(struct process *p);
void process_revive(struct process *p); /* kill_is_under_way() */
void process_reload(struct process *p, unsigned variant);
void process_silence(struct process *p, const char *tenant, usec_t lasts);
bool process_acknowledge(struct process *p,
                         const char *alert_id); /* false: it is not firing any more */
