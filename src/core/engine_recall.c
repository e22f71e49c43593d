/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a change that is recalled is added to the trail just as it was when it was observed. */
#include "engine_recall.h"

#include <errno.h>

#include "cardwatch/recall.h"
#include "engine_past.h"

int cw_engine_begin_trail(struct cw_source_state *state, const struct cw_record *record,
                          struct cw_attention **ret_attention)
{
        struct cw_attention *attention;
        int r = cw_attention_get(&state->attentions, record->id, &attention);

        if (r < 0)
                return r;
        *ret_attention = attention;
        if (attention->trail)
                return 0;
        r = cw_trail_new(record->first_seen_at, &attention->trail);
        return r == 0 && attention->folded_at ? cw_trail_fold(attention->trail, attention->folded_at) : r;
}

void cw_engine_set_trails(const struct cw_engine *engine, struct cw_source_state *state)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&state->attentions.map, &cursor, NULL, &value))
                if (((struct cw_attention *)value)->trail)
                        cw_trail_clock(((struct cw_attention *)value)->trail, engine->now);
}

static struct cw_trail_needs needs_of(const struct cw_ruleset *rules)
{
        struct cw_trail_needs needs = {0};

        for (size_t i = 0; i < rules->n_rules; i++)
                if (rules->rules[i].enabled)
                        cw_rule_needs(&rules->rules[i], &needs);
        return needs;
}

int64_t cw_recall_windows_ms(const struct cw_ruleset *rules)
{
        struct cw_trail_needs needs = needs_of(rules);

        needs.kept = 0;
        return cw_trail_needs_any(&needs) ? cw_trail_needs_recall_ms(&needs) : 0;
}

int64_t cw_recall_ms(const struct cw_ruleset *rules)
{
        struct cw_trail_needs needs = needs_of(rules);

        return cw_trail_needs_any(&needs) ? cw_trail_needs_recall_ms(&needs) : 0;
}

void cw_recall_begin(struct cw_engine *engine)
{
        for (size_t s = 0; s < engine->n_sources; s++) {
                struct cw_source_state *state = &engine->sources[s];
                size_t cursor = 0;
                void *value;

                while (cw_map_next(&state->attentions.map, &cursor, NULL, &value)) {
                        struct cw_attention *attention = value;

                        cw_trail_free(attention->trail);
                        attention->trail = NULL;
                }
        }
}

int cw_recall_card(struct cw_engine *engine, const struct cw_card_row *row)
{
        struct cw_source_state *state = cw_engine_source(engine, row->source);
        struct cw_record *record = state ? cw_snapshot_find(&state->snapshot, row->card.id) : NULL;
        struct cw_card before = row->card;
        struct cw_trail_change change = {.at = row->observed_at, .changed = row->changed, .now = &row->card};
        struct cw_attention *attention;
        int r;

        /* Of another card, or of an earlier life of this one, nothing is known any more. */
        if (!record || !row->changed || row->gone || record->customer != row->card.customer ||
            record->first_seen_at != row->first_seen_at || row->observed_at <= row->first_seen_at)
                return 0;
        if (row->has_before) {
                before.available = row->before.available;
                before.pending = row->before.pending;
                before.total = row->before.total;
                before.suppressed = row->before.suppressed;
                change.before = &before;
        }
        r = cw_engine_begin_trail(state, record, &attention);
        return r < 0 ? r : cw_trail_add(attention->trail, &engine->needs, &change, &attention->folded_at);
}

int cw_recall_end(struct cw_engine *engine)
{
        for (size_t s = 0; s < engine->n_sources; s++)
                cw_engine_set_trails(engine, &engine->sources[s]);
        cw_engine_look_at_all(engine);
        return engine->error;
}
