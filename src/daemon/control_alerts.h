/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_ALERTS_H
#define CARDWATCH_DAEMON_CONTROL_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/json_out.h"

struct cw_alert_match;
struct cw_control_call;
struct cw_engine;
struct cw_entry;

/*
 * Control alerts: the alerts that fire, as the API lists them, for all who act on some of them.
 */

struct cw_control_alert {
        const struct cw_entry *entry;
        int64_t fired_at; /* of the entry, with what follows: looking into each while they are put in order would cost
                             most */
        uint64_t fingerprint;
        int severity;
};

/* What somebody means: the worst first, of those the oldest. Only what is shown is brought into order: twenty thousand
 * fire in a storm. The entries are the engine's, good until its next step. */
struct cw_control_alerts {
        struct cw_control_alert *items;
        size_t n;
        size_t first; /* behind `after`: from here on as many as were wanted are in order, and they come before all
                         others */
};

/* `after`: NULL, or severity, time and fingerprint of the last one that was shown. -ENOMEM. */
int cw_control_find_alerts(const struct cw_engine *engine, const struct cw_alert_match *match,
                           const struct cw_control_alert *after, size_t wanted, struct cw_control_alerts *ret_alerts)
        __attribute__((warn_unused_result));
void cw_control_alerts_deinit(struct cw_control_alerts *alerts);

/* An array of at most `limit` of them, from `first` on. False: out of memory. */
bool cw_control_put_alerts(struct cw_control_call *call, struct cw_json_out *out,
                           const struct cw_control_alerts *alerts, size_t limit);

/* A time that was said as "until" or "for" (0: not said); false with a problem: both, in the past, or too far off. */
bool cw_control_take_until(struct cw_control_call *call, int64_t now, int64_t for_ms, int64_t *until_at);

#define CW_CONTROL_LONGEST_MS (INT64_C(30) * 86400000) /* of silences and acknowledgements */

#endif
