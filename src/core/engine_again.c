/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_again.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_eye.h"
#include "engine_past.h"
#include "engine_private.h"

static bool note_customer(struct cw_source_state *state, int64_t customer)
{
        for (size_t i = 0; i < state->n_again; i++)
                if (state->again[i] == customer)
                        return true;
        if (state->n_again == CW_AGAIN_MOST)
                return false;
        state->again[state->n_again++] = customer;
        return true;
}

bool cw_engine_ask_again(struct cw_eye *eye)
{
        const struct cw_look *look = eye->look;
        struct cw_alert *alert = eye->alert;

        if (!note_customer(look->state, look->card->customer))
                return false;
        if (!alert->asked)
                alert->asked = calloc(1, sizeof(*alert->asked));
        if (!alert->asked) {
                eye->engine->error = -ENOMEM;
                return true;
        }
        /* The second reading is compared with what the first was compared with. */
        alert->asked->has_previous = look->previous != NULL;
        if (look->previous)
                alert->asked->previous = *look->previous;
        alert->asked->previous.reference = NULL; /* not ours to keep */
        return true;
}

size_t cw_engine_read_again(struct cw_engine *engine, size_t source, int64_t *ret_customers, size_t most)
{
        struct cw_source_state *state = &engine->sources[source];
        size_t n = state->n_again - state->n_again_taken;

        n = n < most ? n : most;
        memcpy(ret_customers, state->again + state->n_again_taken, n * sizeof(*ret_customers));
        state->n_again_taken += n;
        return n;
}

/* It was read: who asks from now on wants another reading. */
static void forget_customer(struct cw_source_state *state, int64_t customer)
{
        for (size_t i = 0; i < state->n_again_taken; i++)
                if (state->again[i] == customer)
                        state->again[i] = INT64_MIN;
}

static void take_answer(struct cw_alert *alert)
{
        free(alert->asked);
        alert->asked = NULL;
}

void cw_engine_card_again(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_staged staged = {.card = *event->card, .at = event->at, .watched = true, .again = true};
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->card->id);

        /* Only what is known already: anything else is the next poll's to tell. */
        if (!record || record->customer != event->card->customer || record->observed_at > event->at)
                return;
        cw_engine_decide_card(engine, state, &staged);
        cw_engine_remember_shown_clear(engine, state);
}

/* Nobody could read the customer again: an alert that may be true is told, marked as not confirmed. */
static void fire_unconfirmed(struct cw_engine *engine, struct cw_source_state *state, struct cw_alert *alert)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, alert->card);
        size_t rule = cw_engine_rule_index(engine, alert->rule);
        int64_t look_at = INT64_MAX;
        struct cw_card card;
        struct cw_look look;

        if (!record || record->customer != alert->customer || rule == SIZE_MAX || engine->rules->rules[rule].on) {
                take_answer(alert);
                return;
        }
        card = cw_snapshot_card(&state->snapshot, record);
        look = (struct cw_look){
                .state = state,
                .rule = rule,
                .record = record,
                .card = &card,
                .trail = cw_engine_trail(state, card.id),
                .at = record->observed_at,
                .look_at = &look_at,
                .unreadable = true,
        };
        cw_engine_look(engine, &look);
}

void cw_engine_customer_again(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        size_t cursor = 0;
        void *value;

        forget_customer(state, event->read.customer);
        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->asked || alert->customer != event->read.customer || strcmp(alert->source, state->name) != 0)
                        continue;
                if (event->read.result == CW_LOOK_UP_UNREADABLE)
                        fire_unconfirmed(engine, state, alert);
                else
                        take_answer(alert);
        }
}
