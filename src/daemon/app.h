/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_APP_H
#define CARDWATCH_DAEMON_APP_H

#include <stdbool.h>

struct cw_log;
struct cw_settings;

/*
 * App: the daemon's wiring and its life.
 *
 * Makes the loop and everything on it, loads what was stored, and moves through its states: running, draining (no new
 * polls, deliveries may end), closing (the rest is cancelled, the last commit is made), closed. A second signal ends
 * the process at once.
 */

struct cw_app;

struct cw_app_options {
        const char *config_path;
        const char *system_zone; /* TZ as the process found it, "" for none */
        bool once;
        struct cw_log *log;
};

/* `settings` is what was loaded from config_path; one reference is taken over, also on failure. */
int cw_app_new(const struct cw_app_options *options, struct cw_settings *settings, struct cw_app **ret_app)
        __attribute__((warn_unused_result));
void cw_app_free(struct cw_app *app);

/* Until the end; the exit status. */
int cw_app_run(struct cw_app *app);

#endif
