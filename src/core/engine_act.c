/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_act.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/engine_acts.h"
#include "engine_private.h"
#include "policy_escalate.h"
#include "policy_letters.h"
#include "policy_silence.h"

#define CLOCKS_LEAST 64 /* so few are not worth looking through */

static void audit(struct cw_engine *engine, const struct cw_event *event, const char *what, const char *target)
{
        struct cw_audit_row row = {
                .at = engine->now,
                .by = (char *)event->act.by.by,
                .uid = event->act.by.uid,
                .what = (char *)what,
                .target = (char *)target,
                .why = (char *)event->act.by.why,
        };

        cw_changes_audit(engine->changes, &row);
}

static void silence(struct cw_engine *engine, const struct cw_event *event)
{
        struct cw_silence_row row = *event->act.silence;
        struct cw_buf target = CW_BUF_NULL;
        int r;

        row.by = (char *)event->act.by.by;
        row.why = (char *)event->act.by.why;
        r = cw_policy_silence(&engine->policy, &row);
        engine->made_silence = r == 0;
        if (r == -ENOMEM)
                engine->error = r;
        if (r < 0)
                return;
        cw_buf_printf(&target, "%s %s", cw_engine_made_silence(engine), row.match);
        if (cw_buf_error(&target) < 0)
                engine->error = -ENOMEM;
        else
                audit(engine, event, "silence", cw_buf_text(&target));
        cw_buf_deinit(&target);
}

static void silence_end(struct cw_engine *engine, const struct cw_event *event)
{
        audit(engine, event, "silence-end", event->act.id);
        (void)cw_policy_silence_end(&engine->policy, event->act.id);
}

/* The alert shows who looks after it, or that nobody does any more. */
static void show_ack(struct cw_engine *engine, struct cw_alert *alert)
{
        struct cw_entry draft = *alert->entry, *entry;

        draft.acknowledged_by = alert->acked_by;
        if (cw_entry_new(&draft, &entry) < 0) {
                engine->error = -ENOMEM;
                return;
        }
        cw_entry_unref(alert->entry);
        alert->entry = entry;
}

void cw_engine_drop_ack(struct cw_engine *engine, struct cw_alert *alert)
{
        int64_t until_at = alert->acked_until_at < engine->now ? alert->acked_until_at : engine->now;

        /* What nobody looks after any more escalates as if it had just been told, unless it was told later still. */
        if (alert->acked_by && alert->told_at && alert->told_at < until_at)
                alert->told_at = until_at;
        free(alert->acked_by);
        alert->acked_by = NULL;
        alert->acked_until_at = 0;
}

/* Who acknowledges again and again leaves entries in the heap that last for days: they must not pile up. */
static void set_clock(struct cw_engine *engine, const struct cw_alert *alert)
{
        if (engine->acks.n >= CLOCKS_LEAST + 4 * engine->alerts.map.used)
                cw_engine_acks_anew(engine);
        else if (cw_due_push(&engine->acks, alert->acked_until_at, alert->fingerprint) < 0)
                engine->error = -ENOMEM;
}

static void run_out(struct cw_engine *engine, struct cw_alert *alert)
{
        cw_engine_drop_ack(engine, alert);
        show_ack(engine, alert);
        cw_policy_acknowledged(&engine->policy, alert);
        cw_engine_record(engine, alert, "unacknowledged", "its time was over");
        cw_alert_remember(alert, engine->changes);
}

void cw_engine_acks_due(struct cw_engine *engine)
{
        struct cw_due_entry entry;

        while (!engine->error && cw_due_take(&engine->acks, engine->now, &entry)) {
                struct cw_alert *alert = cw_alerts_find(&engine->alerts, entry.key);

                if (alert && alert->acked_by && alert->state == CW_ALERT_FIRING &&
                    !cw_alert_is_acknowledged(alert, engine->now))
                        run_out(engine, alert);
        }
}

int64_t cw_engine_acks_wake_at(const struct cw_engine *engine)
{
        struct cw_due_entry entry;

        return cw_due_peek(&engine->acks, &entry) ? entry.at : 0;
}

void cw_engine_acks_anew(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        engine->acks.n = 0;
        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value))
                if (((struct cw_alert *)value)->acked_by)
                        set_clock(engine, value);
}

static void acknowledge(struct cw_engine *engine, const struct cw_event *event, bool end)
{
        struct cw_alert *alert = cw_alerts_find(&engine->alerts, event->act.fingerprint);
        struct cw_buf target = CW_BUF_NULL;

        if (!alert || alert->state != CW_ALERT_FIRING)
                return;
        cw_engine_drop_ack(engine, alert);
        if (!end) {
                alert->acked_by = strdup(event->act.by.by);
                alert->acked_until_at = event->act.until_at;
        }
        cw_buf_printf(&target, "%016llx", (unsigned long long)alert->fingerprint);
        if ((!end && !alert->acked_by) || cw_buf_error(&target) < 0) {
                engine->error = -ENOMEM;
        } else {
                if (!end)
                        set_clock(engine, alert);
                show_ack(engine, alert);
                cw_policy_acknowledged(&engine->policy, alert);
                cw_engine_record(engine, alert, end ? "unacknowledged" : "acknowledged", event->act.by.by);
                cw_alert_remember(alert, engine->changes);
                audit(engine, event, end ? "unack" : "ack", cw_buf_text(&target));
        }
        cw_buf_deinit(&target);
}

static void treat_letter(struct cw_engine *engine, const struct cw_event *event)
{
        bool retry = event->kind == CW_EVENT_RETRY;
        const struct cw_intent_row *letter = event->act.letter;

        engine->letter_verdict = retry ? cw_policy_retry(&engine->policy, letter)
                                       : cw_policy_drop(&engine->policy, letter);
        if (engine->letter_verdict == CW_LETTER_DONE)
                audit(engine, event, retry ? "outbox-retry" : "outbox-drop", letter->id);
}

enum cw_letter_verdict cw_engine_letter_verdict(const struct cw_engine *engine)
{
        return engine->letter_verdict;
}

void cw_engine_act(struct cw_engine *engine, const struct cw_event *event)
{
        switch (event->kind) {
        case CW_EVENT_SILENCE:
                silence(engine, event);
                break;
        case CW_EVENT_SILENCE_END:
                silence_end(engine, event);
                break;
        case CW_EVENT_ACK:
                acknowledge(engine, event, false);
                break;
        case CW_EVENT_UNACK:
                acknowledge(engine, event, true);
                break;
        case CW_EVENT_RETRY:
        case CW_EVENT_DROP:
                treat_letter(engine, event);
                break;
        default:
                audit(engine, event, event->act.what, event->act.target);
                break;
        }
}

bool cw_engine_next_silence(const struct cw_engine *engine, size_t *cursor, struct cw_silence_view *ret_view)
{
        const struct cw_silence *one;

        if (*cursor >= engine->policy.n_silences)
                return false;
        one = &engine->policy.silences[(*cursor)++];
        *ret_view = (struct cw_silence_view){one->id, one->match, one->by, one->why, one->made_at, one->until_at};
        return true;
}

const char *cw_engine_made_silence(const struct cw_engine *engine)
{
        return engine->made_silence ? engine->policy.silences[engine->policy.n_silences - 1].id : NULL;
}

const struct cw_entry *cw_engine_firing(const struct cw_engine *engine, uint64_t fingerprint)
{
        const struct cw_alert *alert = cw_alerts_find(&engine->alerts, fingerprint);

        return alert && alert->state == CW_ALERT_FIRING ? alert->entry : NULL;
}
