/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_escalate.h"

#include <errno.h>

#include "policy_copy.h"
#include "policy_groups.h"
#include "policy_tellings.h"

struct next_step {
        int64_t after_ms, found_ms; /* 0: none */
};

static bool note_next(void *data, const struct cw_route *route)
{
        struct next_step *next = data;

        for (size_t i = 0; i < route->n_escalate; i++) {
                int64_t ms = route->escalate[i].after_ms;

                if (ms > next->after_ms && (!next->found_ms || ms < next->found_ms))
                        next->found_ms = ms;
        }
        return false;
}

/* How long after the first message the next step of its routes is, 0: there is none. */
static int64_t next_step_ms(const struct cw_policy *policy, const struct cw_alert *alert)
{
        struct next_step next = {.after_ms = alert->escalated_ms};

        if (alert->entry)
                cw_route_walk(&policy->rules->route, alert->entry, note_next, &next);
        return next.found_ms;
}

static int64_t next_step_at(const struct cw_policy *policy, const struct cw_alert *alert)
{
        int64_t ms = alert->state == CW_ALERT_FIRING && alert->told_at ? next_step_ms(policy, alert) : 0;
        int64_t from = alert->acked_by && alert->acked_until_at > alert->told_at ? alert->acked_until_at
                                                                                 : alert->told_at;

        return ms ? from + ms : 0;
}

static void plan(struct cw_policy *policy, struct cw_alert *alert)
{
        int64_t at = next_step_at(policy, alert);

        if (at == alert->escalate_at)
                return;
        alert->escalate_at = at;
        if (at && cw_due_push(&policy->escalations, at, alert->fingerprint) < 0)
                policy->error = -ENOMEM;
}

static bool any_escalates(const struct cw_route *route)
{
        bool any = route->n_escalate > 0;

        for (size_t i = 0; !any && i < route->n_routes; i++)
                any = any_escalates(&route->routes[i]);
        return any;
}

/* Where nothing escalates no clock runs: whoever begins to has it counted from then on. */
void cw_policy_told(struct cw_policy *policy, struct cw_alert *alert)
{
        if (alert->told_at || !any_escalates(&policy->rules->route))
                return;
        alert->told_at = policy->now;
        plan(policy, alert);
        cw_alert_remember(alert, policy->changes);
}

static void pass_over_steps(struct cw_policy *policy, struct cw_alert *alert)
{
        int64_t at;

        while ((at = next_step_at(policy, alert)) && at <= policy->now)
                alert->escalated_ms = next_step_ms(policy, alert);
}

void cw_policy_acknowledged(struct cw_policy *policy, struct cw_alert *alert)
{
        plan(policy, alert);
}

/* Somebody knows that it is as bad as it is. */
static bool is_told(struct cw_policy *policy, struct cw_alert *alert)
{
        for (size_t i = 0; i < policy->rules->n_notifiers; i++) {
                const struct cw_telling *telling = cw_policy_telling(policy, policy->rules->notifiers[i].name, alert,
                                                                     false);

                if (telling && ((telling->sent.state == CW_KNOWN_FIRING && telling->sent.severity >= alert->severity) ||
                                (telling->queued && telling->queued_edge == alert->edge)))
                        return true;
        }
        return false;
}

void cw_policy_escalations_follow(struct cw_policy *policy, struct cw_alert *alert)
{
        /* It is as bad again as it was when it was last told: that nobody will be told is no reason to wait for it. */
        if (alert->state == CW_ALERT_FIRING && !alert->told_at && is_told(policy, alert))
                cw_policy_told(policy, alert);
        pass_over_steps(policy, alert);
        plan(policy, alert);
}

void cw_policy_escalate_afresh(struct cw_alert *alert)
{
        alert->told_at = alert->escalated_ms = alert->escalate_at = 0;
}

static void record(struct cw_policy *policy, const struct cw_alert *alert, const char *notifier)
{
        struct cw_history_row row = cw_alert_history(alert, policy->now, "escalated", "nobody acknowledged it");

        row.notifier = (char *)notifier;
        cw_changes_history(policy->changes, &row);
}

/* Those who are reached by this step and did not hear of the alert before. */
static void tell_step(struct cw_policy *policy, struct cw_alert *alert)
{
        for (size_t i = 0; i < policy->rules->n_notifiers; i++) {
                const char *name = policy->rules->notifiers[i].name;
                struct cw_telling *telling;

                if (!cw_policy_escalating(policy, alert->entry, i, alert->escalated_ms))
                        continue;
                telling = cw_policy_place(policy, i, alert, true);
                if (!telling || telling->queued || telling->sent.state == CW_KNOWN_FIRING)
                        continue;
                record(policy, alert, name);
                cw_policy_touch_group(policy, telling->group, true, true);
        }
}

static void take_steps(struct cw_policy *policy, struct cw_alert *alert)
{
        while (alert->escalate_at && alert->escalate_at <= policy->now && !policy->error) {
                alert->escalated_ms = next_step_ms(policy, alert);
                tell_step(policy, alert);
                plan(policy, alert);
        }
        cw_alert_remember(alert, policy->changes);
}

void cw_policy_escalations_due(struct cw_policy *policy)
{
        struct cw_due_entry entry;

        while (!policy->error && cw_due_take(&policy->escalations, policy->now, &entry)) {
                struct cw_alert *alert = cw_alerts_find(policy->alerts, entry.key);

                if (!alert || alert->escalate_at != entry.at)
                        continue;
                if (next_step_at(policy, alert) == entry.at)
                        take_steps(policy, alert);
                else
                        plan(policy, alert); /* it ended, or is acknowledged by now */
        }
}

int64_t cw_policy_escalations_wake_at(struct cw_policy *policy)
{
        struct cw_due_entry entry;

        while (cw_due_peek(&policy->escalations, &entry)) {
                const struct cw_alert *alert = cw_alerts_find(policy->alerts, entry.key);

                if (alert && alert->escalate_at == entry.at)
                        return entry.at;
                cw_due_pop(&policy->escalations);
        }
        return 0;
}

static void stop_clock(struct cw_policy *policy, struct cw_alert *alert)
{
        bool ran = alert->told_at != 0;

        cw_policy_escalate_afresh(alert);
        if (ran)
                cw_alert_remember(alert, policy->changes);
}

static void start_clock(struct cw_policy *policy, struct cw_alert *alert, bool pass_over)
{
        int64_t told_at = alert->told_at, escalated_ms = alert->escalated_ms;

        alert->escalate_at = 0;
        if (!alert->told_at && is_told(policy, alert))
                alert->told_at = policy->now;
        if (pass_over)
                pass_over_steps(policy, alert);
        plan(policy, alert);
        if (told_at != alert->told_at || escalated_ms != alert->escalated_ms)
                cw_alert_remember(alert, policy->changes);
}

void cw_policy_escalations_anew(struct cw_policy *policy, bool pass_over)
{
        bool any = any_escalates(&policy->rules->route);
        size_t cursor = 0;
        void *value;

        policy->escalations.n = 0;
        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (alert->state != CW_ALERT_FIRING)
                        continue;
                if (any)
                        start_clock(policy, alert, pass_over);
                else
                        stop_clock(policy, alert);
        }
}
