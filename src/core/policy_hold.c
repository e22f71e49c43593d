/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds: what keeps an alert from being told for now.
 *
 * Here the built-in inhibitions: while the daemon cannot log in, "the source is down" and "balances are stale" say
 * nothing new. The hold decides nothing about the alert itself; when it ends, the ledger tells what is true then.
 */
#include <string.h>

#include "cardwatch/cleanup.h"

#include "policy.h"
#include "policy_groups.h"
#include "policy_silence.h"
#include "policy_tellings.h"

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

const char *cw_policy_held_by(const struct cw_policy *policy, const struct cw_alert *alert,
                              const struct cw_telling *telling)
{
        const struct cw_silence *silence = alert->entry ? cw_policy_silenced(policy, alert->entry) : NULL;

        if (silence)
                return silence->name;
        if (is_quiet(alert, telling))
                return "flapping";
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

void cw_policy_release_held(struct cw_policy *policy, const struct cw_alert *alert)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(inhibitions); i++) {
                struct cw_alert *target;

                if (strcmp(alert->rule, cw_builtin_name(inhibitions[i].by)) != 0)
                        continue;
                target = builtin_of_source(policy, inhibitions[i].target, alert->source);
                if (target && target->entry)
                        cw_policy_touch(policy, target, false);
        }
}
