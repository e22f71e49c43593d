/* SPDX-License-Identifier: Apache-2.0 */
/* What was committed becomes the engine's state again; then the rules in force are compared with those it was left by.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes_cards.h"
#include "cardwatch/load.h"
#include "engine_act.h"
#include "engine_flap.h"
#include "engine_load_cards.h"
#include "engine_past.h"
#include "engine_private.h"

static int64_t latest(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* What is over is not moved any more when the clock is set. */
static bool is_under_way(const struct cw_intent_row *row)
{
        return row->state == CW_INTENT_QUEUED || row->state == CW_INTENT_RENDERED;
}

/* How far the clock is behind what it said, at least, when the last of this was stored. */
static int64_t behind_ms(const struct cw_engine *engine, const struct cw_changes *stored)
{
        int64_t left_at = engine->now;

        for (size_t i = 0; i < stored->sources.n; i++)
                left_at = latest(left_at, stored->sources.rows[i].last_poll_at);
        for (size_t i = 0; i < stored->groups.n; i++)
                left_at = latest(left_at, stored->groups.rows[i].told_at);
        for (size_t i = 0; i < stored->intents.n; i++)
                if (is_under_way(&stored->intents.rows[i]))
                        left_at = latest(left_at, stored->intents.rows[i].failing_since_at);
        return left_at - engine->now;
}

static void load_source(struct cw_engine *engine, const struct cw_source_row *row)
{
        struct cw_source_state *state = cw_engine_source(engine, row->source);

        if (!state) {
                struct cw_source_row gone = *row;

                gone.removed = true;
                cw_changes_source(engine->changes, &gone);
                return;
        }
        state->baseline_done = row->baseline_done;
        state->first_poll_at = cw_load_past(engine, row->first_poll_at);
        state->last_poll_at = cw_load_past(engine, row->last_poll_at);
        state->last_complete_at = cw_load_past(engine, row->last_complete_at);
        state->poll_ms = row->poll_ms;
        state->failed_polls = row->failed_polls;
        state->blocked_until_at = row->blocked_until_at;
        state->otp_step = row->otp_step;
        cw_engine_unpack_suspicions(state, row->suspicion);
        snprintf(state->lack, sizeof(state->lack), "%s", row->lack ? row->lack : "");
        if (engine->now - state->last_poll_at > cw_engine_gap_ms(state))
                state->watching_since = engine->now;
}

/* The clocks of an alert, as long ago as they were when they were stored. */
static int load_clocks(struct cw_engine *engine, const struct cw_alert_row *row, int64_t behind, struct cw_alert *alert)
{
        alert->since_at = row->since_at ? cw_load_past(engine, row->since_at - behind) : 0;
        alert->clear_at = row->clear_at ? cw_load_past(engine, row->clear_at - behind) : 0;
        alert->moved_at = row->moved_at ? cw_load_past(engine, row->moved_at - behind) : 0;
        alert->baseline = row->baseline && alert->state == CW_ALERT_WAITING;
        alert->shown_clear = row->baseline && alert->state != CW_ALERT_UNARMED; /* if the rule is new: see below */
        alert->shown_clear_stored = alert->shown_clear;
        alert->flapping = row->flapping;
        alert->insist_edge = row->insist_edge;
        if (row->acked_by) {
                alert->acked_by = strdup(row->acked_by);
                alert->acked_until_at = row->acked_until_at - behind;
                if (!alert->acked_by)
                        return -ENOMEM;
        }
        alert->told_at = row->told_at ? cw_load_past(engine, row->told_at - behind) : 0;
        alert->escalated_ms = row->escalated_ms;
        if (row->n_fired_at == 0)
                return 0;
        alert->fired_at = calloc(row->n_fired_at, sizeof(*alert->fired_at));
        if (!alert->fired_at)
                return -ENOMEM;
        for (; alert->n_fired_at < row->n_fired_at; alert->n_fired_at++)
                alert->fired_at[alert->n_fired_at] = cw_load_past(engine, row->fired_at[alert->n_fired_at] - behind);
        return 0;
}

static int load_alert(struct cw_engine *engine, const struct cw_alert_row *row, int64_t behind)
{
        struct cw_alert_key key = {
                .rule = row->rule, .source = row->source, .customer = row->customer, .card = row->card};
        struct cw_alert *alert;
        struct cw_source_state *state = cw_engine_source(engine, row->source);
        int r;

        if (row->fingerprint != cw_alert_fingerprint(&key) || (row->state == CW_ALERT_FIRING && !row->entry) ||
            row->n_fired_at > CW_FLAP_LIMIT_MAX + 1)
                return -EBADMSG;
        r = cw_alerts_get(&engine->alerts, &key, row->fingerprint, &alert);
        if (r < 0)
                return r;
        alert->state = row->state <= CW_ALERT_UNARMED ? (enum cw_alert_state)row->state : CW_ALERT_INACTIVE;
        engine->n_waiting += alert->state == CW_ALERT_WAITING;
        alert->episode = row->episode;
        alert->edge = row->edge;
        alert->entry = cw_entry_ref(row->entry);
        if (alert->entry)
                alert->severity = alert->entry->severity;
        if (state && alert->state == CW_ALERT_FIRING && strcmp(row->rule, cw_builtin_name(CW_BUILTIN_BAD_DATA)) == 0)
                state->bad_firing++;
        return load_clocks(engine, row, behind, alert);
}

/* The rules it was left by, as far as a comparison needs them: names and meanings. */
static int rules_before(const struct cw_changes *stored, struct cw_ruleset **ret_before)
{
        struct cw_ruleset *before;
        int r = cw_ruleset_new(&before);

        if (r < 0)
                return r;
        before->rules = calloc(stored->rules.n + 1, sizeof(*before->rules));
        for (size_t i = 0; before->rules && i < stored->rules.n; i++) {
                struct cw_rule *rule = &before->rules[before->n_rules++];

                rule->enabled = true;
                rule->meaning = stored->rules.rows[i].meaning;
                rule->name = strdup(stored->rules.rows[i].name);
                if (!rule->name)
                        break;
        }
        if (before->n_rules < stored->rules.n || (before->n_rules && !before->rules[before->n_rules - 1].name)) {
                cw_ruleset_unref(before);
                return -ENOMEM;
        }
        *ret_before = before;
        return 0;
}

/* What was stored of a baseline is that, unless the rule is still new, and arms only then. */
static void keep_shown_clear_to_new_rules(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;
                const struct cw_source_state *state = alert->shown_clear ? cw_engine_source(engine, alert->source)
                                                                         : NULL;
                size_t rule = state ? cw_engine_rule_index(engine, alert->rule) : SIZE_MAX;

                if (!alert->shown_clear)
                        continue;
                if (rule == SIZE_MAX || !engine->rules->rules[rule].arm_after_clear ||
                    !*cw_engine_fresh(engine, rule, (size_t)(state - engine->sources)))
                        cw_engine_forget_shown_clear(engine, alert);
        }
}

int cw_load_begin(struct cw_engine *engine, const struct cw_changes *stored, int64_t now, struct cw_changes *changes)
{
        cw_engine_begin(engine, now, changes);
        for (size_t i = 0; i < stored->sources.n; i++)
                load_source(engine, &stored->sources.rows[i]);
        return 0;
}

int cw_load_end(struct cw_engine *engine, const struct cw_changes *stored)
{
        int64_t behind = behind_ms(engine, stored);
        struct cw_ruleset *before;
        int r = cw_engine_load_cards_end(engine);

        for (size_t i = 0; r == 0 && i < stored->alerts.n; i++)
                r = load_alert(engine, &stored->alerts.rows[i], behind);
        if (r == 0)
                cw_engine_dress_alerts(engine);
        if (r == 0)
                r = cw_policy_load(&engine->policy, stored, behind);
        if (r < 0)
                return r;
        if (behind)
                cw_engine_clock_set(engine, 0); /* written down, or the next start would move it again */
        r = rules_before(stored, &before);
        if (r < 0)
                return r;
        cw_engine_compare_rules(engine, before);
        cw_ruleset_unref(before);
        keep_shown_clear_to_new_rules(engine);
        cw_engine_look_at_all(engine);
        cw_engine_flaps_anew(engine);
        cw_engine_acks_anew(engine);
        return cw_engine_finish(engine);
}

static int load_card(void *data, const struct cw_card_row *row)
{
        return cw_load_card(data, row);
}

int cw_engine_load(struct cw_engine *engine, const struct cw_changes *stored, int64_t now, struct cw_changes *changes)
{
        int r = cw_load_begin(engine, stored, now, changes);

        if (r == 0)
                r = cw_changes_walk_cards(stored, load_card, engine);
        return r < 0 ? r : cw_load_end(engine, stored);
}
