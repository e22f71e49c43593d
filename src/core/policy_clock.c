/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall clock was set: every time that something waits for, or is counted from, moves along, so that what waited
 * goes on waiting for what was left. Times that are only told (when an alert began to fire) stay what the clock said
 * then.
 */
#include "cardwatch/cleanup.h"
#include "outbox_line.h"
#include "policy.h"
#include "policy_digest.h"
#include "policy_escalate.h"
#include "policy_groups.h"
#include "policy_silence.h"
#include "policy_window.h"

/* All of them by the same: what was earlier stays earlier, stale entries stay stale. */
static void move_due(struct cw_due *due, int64_t by_ms)
{
        for (size_t i = 0; i < due->n; i++)
                due->entries[i].at += by_ms;
}

static void move_group(struct cw_policy *policy, struct cw_group *group, int64_t by_ms)
{
        /* After its first message the time it began is a name, not a clock. */
        if (group->begun_at && !group->told_at)
                group->begun_at += by_ms;
        if (group->told_at)
                group->told_at += by_ms;
        if (group->due_at)
                group->due_at += by_ms;
        cw_group_remember(group, policy->changes);
}

static void move_intent(struct cw_policy *policy, struct cw_intent *intent, int64_t by_ms)
{
        intent->next_at += by_ms;
        if (intent->asked_at)
                intent->asked_at += by_ms;
        if (intent->backoff.failures)
                intent->backoff.since_at += by_ms;
        cw_intent_remember(intent, false, policy->changes);
}

static void move_line(struct cw_policy *policy, size_t notifier, int64_t by_ms)
{
        struct cw_outbox_line *line = &policy->outbox.lines[notifier];
        struct cw_circuit *circuit = &line->circuit;
        int64_t *const times[] = {&line->pause.from,   &line->pause.until, &circuit->failing_since_at,
                                  &circuit->failed_at, &circuit->next_at,  &line->token_at};

        move_due(&line->timed, by_ms);
        for (size_t i = 0; i < CW_ARRAY_SIZE(times); i++)
                if (*times[i])
                        *times[i] += by_ms;
        if (circuit->failing_since_at)
                cw_outbox_line_remember(&policy->outbox, notifier, policy->changes);
}

static void move_outbox(struct cw_policy *policy, int64_t by_ms)
{
        struct cw_outbox *outbox = &policy->outbox;
        size_t cursor = 0;
        void *intent;

        while (cw_map_next(&outbox->intents, &cursor, NULL, &intent))
                move_intent(policy, intent, by_ms);
        for (size_t i = 0; i < outbox->n_lines; i++)
                move_line(policy, i, by_ms);
}

static void move_told(struct cw_policy *policy, int64_t by_ms)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->told_at)
                        continue;
                alert->told_at += by_ms;
                cw_alert_remember(alert, policy->changes);
        }
        cw_policy_escalations_anew(policy, false);
}

void cw_policy_clock_set(struct cw_policy *policy, int64_t by_ms)
{
        size_t cursor = 0;
        void *group;

        while (cw_map_next(&policy->groups, &cursor, NULL, &group))
                move_group(policy, group, by_ms);
        move_due(&policy->due, by_ms);
        move_outbox(policy, by_ms);
        cw_policy_silences_clock_set(policy, by_ms);
        cw_policy_windows_turn(policy);
        move_told(policy, by_ms);
        cw_policy_digests_clock_set(policy);
}
