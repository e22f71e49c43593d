/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All holds together: silences, windows, inhibitions, flapping. Here the built-in inhibitions: while the daemon cannot
 * log in, "the source is down" and "balances are stale" say nothing new.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

#include "policy.h"
#include "policy_groups.h"
#include "policy_hold.h"
#include "policy_inhibit.h"
#include "policy_silence.h"
#include "policy_tellings.h"
#include "policy_window.h"

static const struct {
        enum cw_builtin_kind by, target;
} inhibitions[] = {
        {CW_BUILTIN_AUTH_FAILED, CW_BUILTIN_SOURCE_DOWN},
        {CW_BUILTIN_AUTH_FAILED, CW_BUILTIN_STALE},
        {CW_BUILTIN_SOURCE_DOWN, CW_BUILTIN_STALE},
        {CW_BUILTIN_SUSPECT_SNAPSHOT, CW_BUILTIN_STALE},
};

static struct cw_alert *builtin_of_source(const struct cw_policy *policy, enum cw_builtin_kind kind, const char *source)
{
        struct cw_alert_key key = {.rule = cw_builtin_name(kind), .source = source};

        return cw_alerts_find(policy->alerts, cw_alert_fingerprint(&key));
}

/* While an alert flaps its readers know that it does: only what is insisted upon is told, to who was not told it yet.
 * (What whoever wants no ends was told says nothing of what they know: they forget with every end.) */
static bool is_quiet(const struct cw_alert *alert, const struct cw_telling *telling)
{
        if (!alert->flapping)
                return false;
        return alert->state != CW_ALERT_FIRING || telling->sent_edge >= alert->insist_edge;
}

/* The built-in inhibition that holds back an alert of the daemon's own. */
static const char *held_by_builtin(const struct cw_policy *policy, const struct cw_alert *alert)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(inhibitions); i++) {
                const struct cw_alert *by;

                if (strcmp(alert->rule, cw_builtin_name(inhibitions[i].target)) != 0)
                        continue;
                by = builtin_of_source(policy, inhibitions[i].by, alert->source);
                if (by && by->state == CW_ALERT_FIRING)
                        return cw_builtin_name(inhibitions[i].by);
        }
        return NULL;
}

static const char *held_by_window(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier)
{
        if (!policy->windows_open || notifier == SIZE_MAX)
                return NULL;
        return cw_policy_muted(policy, cw_policy_route(policy, entry, notifier));
}

const char *cw_policy_event_held_by(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier)
{
        const struct cw_silence *silence = cw_policy_silenced(policy, entry);
        const char *by;

        if (silence)
                return silence->name;
        by = held_by_window(policy, entry, notifier);
        return by ? by : cw_policy_inhibited(policy, entry);
}

const char *cw_policy_held_by(const struct cw_policy *policy, const struct cw_alert *alert,
                              const struct cw_telling *telling)
{
        size_t notifier = telling->group ? telling->group->notifier_index : SIZE_MAX;
        const char *by = alert->entry ? cw_policy_event_held_by(policy, alert->entry, notifier) : NULL;

        if (by)
                return by;
        return is_quiet(alert, telling) ? "flapping" : held_by_builtin(policy, alert);
}

void cw_policy_hold_ended(struct cw_policy *policy)
{
        policy->hold_ended = true;
}

void cw_policy_holds_follow(struct cw_policy *policy, const struct cw_alert *alert)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(inhibitions); i++)
                if (alert->state != CW_ALERT_FIRING && strcmp(alert->rule, cw_builtin_name(inhibitions[i].by)) == 0)
                        cw_policy_hold_ended(policy);
        cw_policy_inhibitors_follow(policy, alert);
}

void cw_policy_release_held(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *value;

        if (!policy->hold_ended)
                return;
        policy->hold_ended = false;
        while (!policy->error && cw_map_next(&policy->tellings, &cursor, NULL, &value)) {
                struct cw_telling *telling = value;

                if (telling->group && cw_policy_is_due(policy, telling))
                        cw_policy_touch_group(policy, telling->group, false,
                                              !telling->queued && cw_ledger_baseline(telling, telling->alert));
        }
}

void cw_policy_holds_anew(struct cw_policy *policy)
{
        if (cw_policy_windows_anew(policy) < 0 || cw_policy_inhibitors_anew(policy) < 0)
                policy->error = -ENOMEM;
}

void cw_policy_holds_deinit(struct cw_policy *policy)
{
        free(policy->windows_open);
        cw_policy_inhibitors_deinit(policy);
}
