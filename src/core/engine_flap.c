/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_flap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "engine_private.h"

#define WEEK_MS (7 * CW_DAY_MS)

/* A firing that lasts is no flapping: it is told although the alert flaps. */
#define LASTS_MS (10 * 60 * INT64_C(1000))

static struct cw_flap flap_of(const struct cw_engine *engine, const struct cw_alert *alert, enum cw_severity severity)
{
        size_t rule = cw_engine_rule_index(engine, alert->rule);

        if (rule == SIZE_MAX)
                return (struct cw_flap){0};
        return severity == CW_SEVERITY_CRITICAL ? engine->rules->rules[rule].flap_critical
                                                : engine->rules->rules[rule].flap;
}

static bool has_lasted_untold(const struct cw_alert *alert)
{
        return alert->state == CW_ALERT_FIRING && alert->insist_edge < alert->edge;
}

/* When something may be due about a flapping alert. While it fires, it moved last when it fired. */
static int64_t due_at(const struct cw_engine *engine, const struct cw_alert *alert)
{
        int64_t end_at = alert->moved_at + flap_of(engine, alert, alert->severity).window_ms;
        int64_t lasts_at = has_lasted_untold(alert) ? alert->moved_at + LASTS_MS : INT64_MAX;

        return lasts_at < end_at ? lasts_at : end_at;
}

static void set_clock(struct cw_engine *engine, const struct cw_alert *alert)
{
        if (cw_due_push(&engine->flaps, due_at(engine, alert), alert->fingerprint) < 0)
                engine->error = -ENOMEM;
}

static bool is_quiet(const struct cw_engine *engine, const struct cw_alert *alert)
{
        struct cw_flap flap = flap_of(engine, alert, alert->severity);

        return flap.limit == 0 || engine->now - alert->moved_at >= flap.window_ms;
}

static uint32_t count_since(const struct cw_alert *alert, int64_t since_at)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < alert->n_fired_at; i++)
                n += alert->fired_at[i] > since_at;
        return n;
}

/* Keeps this transition, and of those before what somebody counts. */
static void note_firing(struct cw_engine *engine, struct cw_alert *alert, const struct cw_flap *flap)
{
        uint32_t old = 0, most = flap->limit > CW_ENTRY_FIRED_MOST ? flap->limit : CW_ENTRY_FIRED_MOST;
        int64_t since_at = engine->now - (flap->window_ms > WEEK_MS ? flap->window_ms : WEEK_MS);
        int64_t *grown;

        while (old < alert->n_fired_at && (alert->fired_at[old] <= since_at || alert->n_fired_at - old > most))
                old++;
        if (old > 0)
                memmove(alert->fired_at, alert->fired_at + old, (alert->n_fired_at - old) * sizeof(*alert->fired_at));
        alert->n_fired_at -= old;
        grown = reallocarray(alert->fired_at, alert->n_fired_at + 1, sizeof(*grown));
        if (!grown) {
                engine->error = -ENOMEM;
                return;
        }
        alert->fired_at = grown;
        alert->fired_at[alert->n_fired_at++] = engine->now;
}

void cw_engine_flap_fires(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        struct cw_flap flap = flap_of(engine, alert, draft->severity);
        uint32_t n;

        if (alert->flapping && is_quiet(engine, alert))
                alert->flapping = false;
        note_firing(engine, alert, &flap);
        n = count_since(alert, engine->now - WEEK_MS);
        draft->fired_this_week = n > CW_ENTRY_FIRED_MOST ? CW_ENTRY_FIRED_MOST + 1 : n;
        if (flap.limit == 0) {
                alert->flapping = false;
        } else if (count_since(alert, engine->now - flap.window_ms) > flap.limit && !alert->flapping) {
                alert->flapping = true;
                alert->insist_edge = alert->edge + 1; /* this transition */
        }
        draft->flapping = alert->flapping;
}

void cw_engine_flap_moved(struct cw_engine *engine, struct cw_alert *alert)
{
        alert->moved_at = engine->now;
        if (alert->flapping)
                set_clock(engine, alert);
}

void cw_engine_flap_severity(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        if (alert->flapping && flap_of(engine, alert, draft->severity).limit == 0) {
                alert->flapping = false;
                alert->insist_edge = alert->edge + 1;
        }
        draft->flapping = alert->flapping;
}

void cw_engine_flap_graded(struct cw_engine *engine, struct cw_alert *alert)
{
        if (alert->flapping)
                set_clock(engine, alert);
}

/* What it shows, without the mark. */
static void show_settled(struct cw_engine *engine, struct cw_alert *alert)
{
        struct cw_entry draft, *entry;

        if (!alert->entry)
                return;
        draft = *alert->entry;
        draft.flapping = false;
        if (cw_entry_new(&draft, &entry) < 0) {
                engine->error = -ENOMEM;
                return;
        }
        cw_entry_unref(alert->entry);
        alert->entry = entry;
}

/* It has not moved for the window: its readers, who know that it flaps, hear once how it ended. */
static void settle(struct cw_engine *engine, struct cw_alert *alert)
{
        alert->flapping = false;
        show_settled(engine, alert);
        if (alert->state == CW_ALERT_FIRING) {
                alert->edge++;
                alert->insist_edge = alert->edge;
        } else {
                alert->insist_edge = alert->edge + 1; /* in case it fires again before its end was told */
        }
        cw_engine_record(engine, alert, "settled", "no transition for the window of flap");
        if (alert->entry)
                cw_policy_touch(&engine->policy, alert, false);
        cw_alert_remember(alert, engine->changes);
}

static void look_at_clock(struct cw_engine *engine, struct cw_alert *alert)
{
        if (is_quiet(engine, alert)) {
                settle(engine, alert);
                return;
        }
        if (has_lasted_untold(alert) && engine->now - alert->moved_at >= LASTS_MS) {
                alert->insist_edge = alert->edge;
                cw_policy_touch(&engine->policy, alert, false);
                cw_alert_remember(alert, engine->changes);
        }
        set_clock(engine, alert);
}

void cw_engine_flaps_due(struct cw_engine *engine)
{
        struct cw_due_entry entry;

        while (!engine->error && cw_due_take(&engine->flaps, engine->now, &entry)) {
                struct cw_alert *alert = cw_alerts_find(&engine->alerts, entry.key);

                if (alert && alert->flapping && due_at(engine, alert) <= engine->now)
                        look_at_clock(engine, alert);
        }
}

int64_t cw_engine_flaps_wake_at(const struct cw_engine *engine)
{
        struct cw_due_entry entry;

        return cw_due_peek(&engine->flaps, &entry) ? entry.at : 0;
}

void cw_engine_flaps_anew(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        engine->flaps.n = 0;
        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value))
                if (((struct cw_alert *)value)->flapping)
                        set_clock(engine, value);
}
