/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's frame: its life, the one call, and what can be asked of it. */
#include "cardwatch/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/engine_view.h"
#include "engine_act.h"
#include "engine_again.h"
#include "engine_flap.h"
#include "engine_load_cards.h"
#include "engine_past.h"
#include "engine_private.h"
#include "policy_delivery.h"
#include "policy_escalate.h"
#include "policy_tellings.h"

CW_DEFINE_CLEANUP(struct cw_engine *, cw_engine_free);

int cw_source_state_init(struct cw_engine *engine, struct cw_source_state *state, const struct cw_source_traits *traits)
{
        *state = (struct cw_source_state){.traits = traits};
        state->leaves = calloc(1, sizeof(*state->leaves));
        cw_snapshot_init(&state->snapshot, engine->texts, state->leaves);
        cw_roll_init(&state->roll, state->leaves);
        if (!state->leaves)
                return -ENOMEM;
        return cw_strpool_ref(engine->pool, traits->name, strlen(traits->name), &state->name);
}

void cw_source_state_deinit(struct cw_engine *engine, struct cw_source_state *state)
{
        for (size_t i = 0; i < state->stage.n; i++)
                cw_texts_release(engine->texts, cw_stage_at(&state->stage, i)->kept);
        cw_stage_deinit(&state->stage);
        cw_snapshot_deinit(&state->snapshot);
        cw_roll_deinit(&state->roll);
        cw_leaves_deinit(state->leaves);
        free(state->leaves);
        cw_attentions_deinit(&state->attentions);
        cw_map_deinit(&state->bad);
        cw_strpool_unref(engine->pool, state->name);
}

void cw_source_state_remember(struct cw_engine *engine, const struct cw_source_state *state, bool removed)
{
        struct cw_source_row row = {
                .source = (char *)state->name,
                .baseline_done = state->baseline_done,
                .removed = removed,
                .first_poll_at = state->first_poll_at,
                .last_poll_at = state->last_poll_at,
                .last_complete_at = state->last_complete_at,
                .poll_ms = state->poll_ms,
                .failed_polls = state->failed_polls,
                .blocked_until_at = state->blocked_until_at,
                .otp_step = state->otp_step,
                .lack = (char *)state->lack,
                .suspicion = cw_engine_pack_suspicions(state),
        };

        cw_changes_source(engine->changes, &row);
}

struct cw_source_state *cw_engine_source(struct cw_engine *engine, const char *name)
{
        for (size_t i = 0; i < engine->n_sources; i++)
                if (strcmp(engine->sources[i].name, name) == 0)
                        return &engine->sources[i];
        return NULL;
}

bool *cw_engine_fresh(struct cw_engine *engine, size_t rule, size_t source)
{
        return &engine->fresh[rule * engine->n_sources + source];
}

static int fill(struct cw_engine *engine, struct cw_ruleset *rules)
{
        int r;

        r = cw_texts_new(&engine->texts);
        if (r == 0)
                r = cw_strpool_new(&engine->pool);
        if (r < 0)
                return r;
        cw_alerts_init(&engine->alerts, engine->pool);
        cw_policy_init(&engine->policy, engine->pool, &engine->alerts);
        engine->rules = cw_ruleset_ref(rules);
        engine->sources = calloc(rules->n_sources + 1, sizeof(*engine->sources));
        engine->fresh = calloc(rules->n_rules * rules->n_sources + 1, sizeof(*engine->fresh));
        if (!engine->sources || !engine->fresh)
                return -ENOMEM;
        for (; engine->n_sources < rules->n_sources; engine->n_sources++) {
                r = cw_source_state_init(engine, &engine->sources[engine->n_sources],
                                         &rules->sources[engine->n_sources]);
                if (r < 0)
                        return r;
        }
        cw_policy_set_rules(&engine->policy, rules);
        cw_engine_reckon_needs(engine);
        return engine->policy.error;
}

int cw_engine_new(struct cw_ruleset *rules, struct cw_engine **ret_engine)
{
        cw_cleanup(cw_engine_free_cleanup) struct cw_engine *engine = calloc(1, sizeof(*engine));
        int r;

        if (!engine)
                return -ENOMEM;
        r = fill(engine, rules);
        if (r < 0)
                return r;
        *ret_engine = cw_take(engine);
        return 0;
}

void cw_engine_free(struct cw_engine *engine)
{
        if (!engine)
                return;
        if (engine->pool) {
                cw_policy_deinit(&engine->policy);
                cw_alerts_deinit(&engine->alerts);
        }
        for (size_t i = 0; i < engine->n_sources; i++)
                cw_source_state_deinit(engine, &engine->sources[i]);
        cw_due_deinit(&engine->flaps);
        cw_due_deinit(&engine->acks);
        cw_load_batch_free(engine->loading);
        free(engine->sources);
        free(engine->fresh);
        cw_ruleset_unref(engine->rules);
        cw_texts_free(engine->texts);
        cw_strpool_free(engine->pool);
        free(engine);
}

void cw_engine_begin(struct cw_engine *engine, int64_t now, struct cw_changes *changes)
{
        engine->now = now;
        engine->changes = changes;
        engine->made_silence = false;
        cw_policy_begin(&engine->policy, now, changes);
}

static void show_watch(struct cw_engine *engine)
{
        struct cw_policy_watch watch = {.all_tried = true};

        for (size_t i = 0; i < engine->n_sources; i++) {
                const struct cw_source_state *state = &engine->sources[i];

                watch.n_cards += state->snapshot.n;
                watch.all_tried &= state->tried;
                if (i == 0 || state->last_complete_at < watch.looked_at)
                        watch.looked_at = state->last_complete_at;
        }
        engine->policy.watch = watch;
}

int cw_engine_finish(struct cw_engine *engine)
{
        show_watch(engine);
        cw_policy_flush(&engine->policy);
        if (!engine->error)
                engine->error = engine->policy.error;
        if (!engine->error)
                engine->error = engine->changes->error;
        return engine->error;
}

static void tick(struct cw_engine *engine)
{
        for (size_t i = 0; i < engine->n_sources; i++) {
                int64_t stale_at = cw_engine_stale_at(engine, &engine->sources[i]);

                if (stale_at && stale_at <= engine->now)
                        cw_engine_judge_age(engine, &engine->sources[i]);
        }
}

void cw_engine_clock_set(struct cw_engine *engine, int64_t by_ms)
{
        for (size_t i = 0; i < engine->n_sources; i++) {
                struct cw_source_state *state = &engine->sources[i];
                int64_t *const times[] = {&state->first_poll_at, &state->last_poll_at, &state->last_complete_at,
                                          &state->watching_since};

                for (size_t k = 0; k < CW_ARRAY_SIZE(times); k++)
                        if (*times[k])
                                *times[k] += by_ms;
                cw_source_state_remember(engine, state, false);
        }
        cw_engine_waiting_clock_set(engine, by_ms);
        cw_engine_flaps_anew(engine);
        cw_engine_acks_anew(engine);
        cw_policy_clock_set(&engine->policy, by_ms);
}

static void message_failed(struct cw_engine *engine, const struct cw_event *event)
{
        struct cw_attempt_failure failure = {
                .sequence = event->message.sequence,
                .permanent = event->message.permanent,
                .mishap = event->message.mishap,
                .asked_ms = event->message.asked_ms,
                .chance = event->message.chance,
                .reason = event->message.reason,
        };
        struct cw_attempt_outcome outcome = {0};
        const char *notifier = cw_policy_attempt_failed(&engine->policy, &failure, &outcome);

        if (notifier && outcome.dead)
                cw_engine_notifier_result(engine, notifier, true, event->message.reason);
}

/* Not only when an attempt fails: the next one may be a quarter of an hour away. */
static void judge_notifiers(struct cw_engine *engine)
{
        int64_t after_ms = engine->rules->builtins[CW_BUILTIN_NOTIFIER_FAILING].after_ms;

        for (size_t i = 0; i < engine->rules->n_notifiers; i++) {
                if (!cw_policy_has_failed_for(&engine->policy, i, after_ms))
                        continue;
                cw_policy_begin_failing(&engine->policy, i);
                cw_engine_notifier_result(engine, engine->rules->notifiers[i].name, true,
                                          cw_policy_last_error(&engine->policy, i));
        }
}

static void message_delivered(struct cw_engine *engine, const struct cw_event *event)
{
        const char *notifier = cw_policy_delivered(&engine->policy, event->message.sequence);

        if (notifier)
                cw_engine_notifier_result(engine, notifier, false, "a message was delivered");
}

static void keep_memory(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        state->blocked_until_at = event->memory.blocked_until_at;
        state->otp_step = event->memory.otp_step;
        cw_source_state_remember(engine, state, false);
}

/* Taken at the next poll that looks suspicious; if none does, it is forgotten with the first that is plausible. */
static void accept(struct cw_engine *engine, struct cw_source_state *state)
{
        cw_engine_accept(state);
        cw_source_state_remember(engine, state, false);
}

static void take_source_event(struct cw_engine *engine, const struct cw_event *event)
{
        struct cw_source_state *state;

        assert(event->source < engine->n_sources);
        state = &engine->sources[event->source];
        switch (event->kind) {
        case CW_EVENT_POLL_BEGAN:
                cw_engine_poll_began(engine, state, event->at);
                break;
        case CW_EVENT_PAGE_SEEN:
                cw_engine_page_seen(engine, state, event);
                break;
        case CW_EVENT_CUSTOMER_SEEN:
                cw_engine_customer_seen(engine, state, event->customer);
                break;
        case CW_EVENT_CARD_SEEN:
                cw_engine_card_seen(engine, state, event);
                break;
        case CW_EVENT_CARD_BAD:
                cw_engine_card_bad(engine, state, event);
                break;
        case CW_EVENT_POLL_GOES_ON:
                cw_engine_poll_goes_on(engine, state);
                break;
        case CW_EVENT_PAGES_READ:
                cw_engine_pages_read(engine, state, event);
                break;
        case CW_EVENT_CARD_READ:
                cw_engine_card_read(engine, state, event);
                break;
        case CW_EVENT_CUSTOMER_READ:
                cw_engine_customer_read(engine, state, event);
                break;
        case CW_EVENT_CARD_WATCHED:
                cw_engine_card_watched(engine, state, event);
                break;
        case CW_EVENT_POLLS_ALIKE:
                cw_engine_polls_alike(engine, state, event->at);
                break;
        case CW_EVENT_REST_SEEN:
                cw_engine_rest_seen(engine, state, event->at);
                break;
        case CW_EVENT_CARD_AGAIN:
                cw_engine_card_again(engine, state, event);
                break;
        case CW_EVENT_CUSTOMER_AGAIN:
                cw_engine_customer_again(engine, state, event);
                break;
        case CW_EVENT_ACCEPT:
                accept(engine, state);
                break;
        case CW_EVENT_SOURCE_MEMORY:
                keep_memory(engine, state, event);
                break;
        default:
                cw_engine_poll_ended(engine, state, event);
                break;
        }
}

/* Events that only stage something leave nothing due: they come by the hundred thousand and skip the policy's flush. */
static bool only_stages(enum cw_event_kind kind)
{
        return kind == CW_EVENT_POLL_BEGAN || kind == CW_EVENT_PAGE_SEEN || kind == CW_EVENT_CUSTOMER_SEEN ||
               kind == CW_EVENT_CARD_SEEN || kind == CW_EVENT_CARD_BAD || kind == CW_EVENT_CARD_READ ||
               kind == CW_EVENT_CUSTOMER_READ || kind == CW_EVENT_POLLS_ALIKE || kind == CW_EVENT_REST_SEEN;
}

static void settle_until_now(struct cw_engine *engine)
{
        cw_engine_flaps_due(engine);
        cw_engine_acks_due(engine);
        cw_policy_escalations_due(&engine->policy);
}

int cw_engine_step(struct cw_engine *engine, const struct cw_event *event, int64_t now, struct cw_changes *changes)
{
        cw_engine_begin(engine, now, changes);
        /* What ended by now ended before this event, also where nobody ticked. A clock that was set moves first. */
        if (!only_stages(event->kind) && event->kind != CW_EVENT_CLOCK_SET)
                settle_until_now(engine);
        switch (event->kind) {
        case CW_EVENT_POLLS_ALIKE:
        case CW_EVENT_POLL_BEGAN:
        case CW_EVENT_PAGE_SEEN:
        case CW_EVENT_CUSTOMER_SEEN:
        case CW_EVENT_CARD_SEEN:
        case CW_EVENT_CARD_BAD:
        case CW_EVENT_POLL_GOES_ON:
        case CW_EVENT_PAGES_READ:
        case CW_EVENT_CUSTOMER_READ:
        case CW_EVENT_CARD_READ:
        case CW_EVENT_POLL_ENDED:
        case CW_EVENT_REST_SEEN:
        case CW_EVENT_CARD_WATCHED:
        case CW_EVENT_CARD_AGAIN:
        case CW_EVENT_CUSTOMER_AGAIN:
        case CW_EVENT_ACCEPT:
        case CW_EVENT_SOURCE_MEMORY:
                take_source_event(engine, event);
                break;
        case CW_EVENT_SILENCE:
        case CW_EVENT_SILENCE_END:
        case CW_EVENT_ACK:
        case CW_EVENT_UNACK:
        case CW_EVENT_RETRY:
        case CW_EVENT_DROP:
        case CW_EVENT_AUDIT:
                cw_engine_act(engine, event);
                break;
        case CW_EVENT_TICK:
                tick(engine);
                break;
        case CW_EVENT_CLOCK_SET:
                cw_engine_clock_set(engine, event->set_by_ms);
                break;
        case CW_EVENT_RULES:
                cw_engine_set_rules(engine, event->rules);
                break;
        case CW_EVENT_STORE_RESULT:
                cw_engine_store_result(engine, event->result.failing, event->result.reason);
                break;
        case CW_EVENT_RELOAD_RESULT:
                cw_engine_reload_result(engine, event->result.failing, event->result.reason);
                break;
        case CW_EVENT_RENDERED:
                cw_policy_rendered(&engine->policy, event->message.sequence, event->message.payload,
                                   event->message.payload_len);
                break;
        case CW_EVENT_DELIVERED:
                message_delivered(engine, event);
                break;
        case CW_EVENT_ATTEMPT_FAILED:
                message_failed(engine, event);
                break;
        }
        if (only_stages(event->kind))
                return engine->error;
        judge_notifiers(engine);
        cw_engine_flaps_due(engine);
        return cw_engine_finish(engine);
}

/* Units of two microseconds: what an alert or a card costs that a step goes through. */
#define MUCH    1500
#define DECIDED 8 /* a card that begins to fire, with three notifiers; one that does not costs one */
#define TOLD    2 /* an alert in a message, or in the group of one, when anything becomes of it */
#define DUE     3 /* an alert whose group may be due */
#define DRESSED 6 /* an alert under other rules */

/* Whoever has seen everybody looks for nobody. */
static bool looks_for_missing(const struct cw_source_state *state)
{
        return state->seen_cards != state->snapshot.n || state->roll.n_seen != state->roll.n;
}

/* Passing over a card costs a sixteenth, looking at an alert of a group a quarter. */
static size_t cards_to_go_through(const struct cw_engine *engine, size_t source)
{
        const struct cw_source_state *state = &engine->sources[source];
        size_t passed = looks_for_missing(state) ? state->snapshot.n / 16 : 0;
        size_t decided = state->stage.n + cw_due_count(&state->attentions.due, engine->now, MUCH / DECIDED + 1);

        return decided * DECIDED + (engine->any_fresh ? state->snapshot.n : passed);
}

static size_t all_cards(const struct cw_engine *engine)
{
        size_t n = 0;

        for (size_t i = 0; i < engine->n_sources; i++)
                n += engine->sources[i].snapshot.n;
        return n;
}

bool cw_engine_has_many_alerts(const struct cw_engine *engine)
{
        return engine->alerts.map.used / 4 > MUCH;
}

bool cw_engine_takes_long(const struct cw_engine *engine, const struct cw_event *event)
{
        size_t alerts = engine->alerts.map.used;

        switch (event->kind) {
        case CW_EVENT_POLL_GOES_ON:
        case CW_EVENT_POLL_ENDED:
                return alerts / 4 + cards_to_go_through(engine, event->source) > MUCH;
        case CW_EVENT_RENDERED:
        case CW_EVENT_DELIVERED:
        case CW_EVENT_ATTEMPT_FAILED:
                return cw_policy_tells_much(&engine->policy, event->message.sequence, MUCH / TOLD);
        case CW_EVENT_TICK:
                return alerts * DUE > MUCH;
        case CW_EVENT_RULES:
                return alerts * DRESSED + all_cards(engine) / 16 > MUCH;
        default:
                return cw_engine_has_many_alerts(engine);
        }
}

int64_t cw_engine_wake_at(const struct cw_engine *engine)
{
        int64_t at = cw_policy_wake_at((struct cw_policy *)&engine->policy);
        int64_t flaps_at = cw_engine_flaps_wake_at(engine), acks_at = cw_engine_acks_wake_at(engine);
        int64_t fails_at = cw_policy_fails_at(&engine->policy,
                                              engine->rules->builtins[CW_BUILTIN_NOTIFIER_FAILING].after_ms);

        if (flaps_at && (!at || flaps_at < at))
                at = flaps_at;
        if (acks_at && (!at || acks_at < at))
                at = acks_at;
        if (fails_at && (!at || fails_at < at))
                at = fails_at;
        for (size_t i = 0; i < engine->n_sources; i++) {
                int64_t stale_at = cw_engine_stale_at(engine, &engine->sources[i]);

                if (stale_at && (!at || stale_at < at))
                        at = stale_at;
        }
        return at;
}

size_t cw_engine_look_ups(struct cw_engine *engine, size_t source, int64_t *ret_customers, size_t most)
{
        const struct cw_source_state *state = &engine->sources[source];
        size_t n = state->n_look_ups < most ? state->n_look_ups : most;

        memcpy(ret_customers, state->look_ups, n * sizeof(*ret_customers));
        return n;
}

bool cw_engine_source_memory(const struct cw_engine *engine, const char *name, int64_t *ret_blocked_until_at,
                             int64_t *ret_otp_step)
{
        for (size_t i = 0; i < engine->n_sources; i++) {
                if (strcmp(engine->sources[i].name, name) != 0)
                        continue;
                *ret_blocked_until_at = engine->sources[i].blocked_until_at;
                *ret_otp_step = engine->sources[i].otp_step;
                return true;
        }
        return false;
}

enum cw_poll_result cw_engine_poll_result(const struct cw_engine *engine, size_t source)
{
        return engine->sources[source].result;
}

bool cw_engine_next_card(const struct cw_engine *engine, size_t source, size_t *cursor, struct cw_card *ret_card)
{
        const struct cw_snapshot *snapshot = &engine->sources[source].snapshot;

        if (*cursor >= snapshot->n)
                return false;
        *ret_card = cw_snapshot_card(snapshot, cw_snapshot_at(snapshot, (*cursor)++));
        return true;
}

bool cw_engine_next_alert(const struct cw_engine *engine, size_t *cursor, const struct cw_entry **ret_entry)
{
        uint64_t key;
        void *alert;

        while (cw_map_next(&engine->alerts.map, cursor, &key, &alert)) {
                if (((struct cw_alert *)alert)->state != CW_ALERT_FIRING)
                        continue;
                *ret_entry = ((struct cw_alert *)alert)->entry;
                return true;
        }
        return false;
}

struct cw_outbox *cw_engine_outbox(struct cw_engine *engine)
{
        return &engine->policy.outbox;
}
