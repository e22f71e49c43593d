/* SPDX-License-Identifier: Apache-2.0 */
/* One card: what an observation makes of its record, which rules look at it, and how it goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_cards.h"
#include "engine_past.h"
#include "engine_private.h"

static struct cw_card_row row_of(const struct cw_source_state *state, const struct cw_record *record)
{
        const struct cw_attention *attention = cw_attention_find(&state->attentions, record->id);

        return (struct cw_card_row){
                .source = (char *)state->name,
                .card = cw_snapshot_card(&state->snapshot, record),
                .first_seen_at = record->first_seen_at,
                .observed_at = record->observed_at,
                .observations = record->observations,
                .missing = record->missing,
                .baseline = record->baseline,
                .look_again = record->look_again,
                .unseen = record->unseen,
                .folded_at = attention ? attention->folded_at : 0,
        };
}

/* A first poll makes a row of every card. */
static void remember(struct cw_engine *engine, const struct cw_card_row *row)
{
        cw_changes_card(engine->changes, row);
        if (engine->changes->cards.n >= CW_CARDS_TOGETHER)
                cw_changes_pack_cards(engine->changes);
}

void cw_engine_remember_card(struct cw_engine *engine, const struct cw_source_state *state,
                             const struct cw_record *record, bool gone)
{
        struct cw_card_row row = row_of(state, record);

        row.gone = gone;
        remember(engine, &row);
}

/* What the observation changed, and from what. */
static void remember_change(struct cw_engine *engine, const struct cw_look *look, uint16_t changed)
{
        struct cw_card_row row = row_of(look->state, look->record);
        const struct cw_card *previous = look->previous;

        row.changed = changed;
        row.has_before = previous != NULL;
        if (previous)
                row.before = (struct cw_balances){
                        .available = previous->available,
                        .pending = previous->pending,
                        .total = previous->total,
                        .suppressed = previous->suppressed,
                };
        remember(engine, &row);
}

void cw_engine_let_go_of_card(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record,
                              const char *reason)
{
        struct cw_card card = cw_snapshot_card(&state->snapshot, record);

        cw_engine_card_gone(engine, state, &card, reason);
        cw_engine_remember_card(engine, state, record, true);
        if (record->seen_in == state->poll)
                state->seen_cards--; /* whatever follows it counts for itself */
        cw_attention_drop(&state->attentions, record->id);
        cw_leaves_stir(state->leaves, record->leaf);
        cw_leaves_move(state->leaves, record->leaf, 0);
        cw_snapshot_remove(&state->snapshot, record);
}

/* The card is another one than it was: that is said until the next poll, and nothing is compared across the change. */
static void tell_of_change(struct cw_engine *engine, struct cw_source_state *state, const struct cw_card *card,
                           const char *what, const char *was)
{
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_BAD_DATA,
                .source = state->name,
                .card = card->id, /* and no customer: told apart from what is wrong with the card's data */
                .reason = "is another card than before",
                .advice =
                        "The card is watched anew, as if it had just appeared; its alerts from before have ended or go "
                        "on with the new balances. Ask the API's operator whether that was meant.",
        };

        cw_buf_printf(&summary, "Card %lld of customer %lld of source %s is another card than before: its %s was %s.",
                      (long long)card->id, (long long)card->customer, state->name, what, was);
        cw_engine_mark_bad(engine, state, &trouble);
        cw_engine_report(engine, &trouble, &summary);
}

/* The record a card is compared with; a card that is new, or another one than it was, begins anew. */
static struct cw_record *record_for(struct cw_engine *engine, struct cw_source_state *state,
                                    const struct cw_staged *staged, bool *ret_first)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);
        char was[24];

        *ret_first = false;
        if (record && record->customer != staged->card.customer) {
                snprintf(was, sizeof(was), "%lld", (long long)record->customer);
                tell_of_change(engine, state, &staged->card, "customer", was);
                cw_engine_let_go_of_card(engine, state, record, "the card moved to another customer");
                record = NULL;
        }
        if (record)
                return record;
        *ret_first = true;
        if (cw_snapshot_add(&state->snapshot, staged->card.id, &record) < 0) {
                engine->error = -ENOMEM;
                return NULL;
        }
        record->first_seen_at = CW_RECORD_TIME(staged->at);
        record->baseline = !state->baseline_done;
        return record;
}

/* Why rules look at a card, besides what each of them is. */
struct news {
        uint16_t fields; /* that changed */
        bool first, changed;
        bool looked_for; /* the observation before changed something: rules that look back look once more */
        bool unsettled; /* rules may be settled that it was never shown to */
};

/* Time alone may move the rule's alerts. */
static bool minds_time(const struct cw_rule *rule)
{
        return rule->looks_far || rule->for_ms > 0 || rule->keep_firing_for_ms > 0 || rule->confirm;
}

static bool rule_looks(const struct cw_rule *rule, const struct cw_look *look, const struct news *news)
{
        if (!rule->enabled)
                return false;
        if (look->disappeared)
                return rule->on && (cw_expr_uses(rule->on) & CW_EXPR_USES_DISAPPEARED);
        return !look->unchanged || (!rule->on && (news->unsettled || minds_time(rule)));
}

static void look_with_rules(struct cw_engine *engine, const struct cw_look *common, const struct news *news)
{
        size_t source = (size_t)(common->state - engine->sources);
        struct cw_look look = *common;

        for (look.rule = 0; look.rule < engine->rules->n_rules; look.rule++) {
                const struct cw_rule *rule = &engine->rules->rules[look.rule];

                look.fresh = *cw_engine_fresh(engine, look.rule, source);
                look.newly = news->first || look.fresh;
                look.unchanged = !news->changed && !look.fresh && !(rule->looks_back && news->looked_for);
                if (!rule_looks(rule, &look, news))
                        continue;
                look.baseline = common->baseline || look.fresh;
                cw_engine_look(engine, &look);
        }
}

static bool any_rule_looks_back(const struct cw_engine *engine)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++)
                if (engine->rules->rules[i].enabled && engine->rules->rules[i].looks_back)
                        return true;
        return false;
}

/* The record takes over what was observed. Returns whether anything but that has to be remembered. */
static bool observe(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record,
                    const struct cw_staged *staged, const struct news *news)
{
        bool had_missing = record->missing > 0, had_look_again = record->look_again, was_unseen = record->unseen;

        if (cw_snapshot_observe(&state->snapshot, record, &staged->card, staged->kept) < 0)
                engine->error = -ENOMEM;
        record->unsettled = record->unseen = false;
        record->observed_at = CW_RECORD_TIME(staged->at);
        if (!staged->watched) {
                cw_engine_mark_seen(state, record);
                record->taken = true;
                record->missing = 0;
        }
        if (!staged->again || news->changed)
                record->look_again = news->changed && any_rule_looks_back(engine);
        record->observations += news->changed;
        return had_missing != (record->missing > 0) || had_look_again != record->look_again || was_unseen;
}

/* The record already shows what was observed. */
static void decide(struct cw_engine *engine, const struct cw_look *observed, const struct news *news, bool remember)
{
        int64_t look_at = INT64_MAX;
        struct cw_source_state *state = observed->state;
        struct cw_look look = *observed;

        look.look_at = &look_at;
        look.trail = cw_engine_trail(state, look.card->id);
        look.appeared = news->first && state->baseline_done;
        look.repeated = look.again && !news->changed;
        look.counted = news->changed;
        if (look.repeated)
                look_at = cw_attention_at(&state->attentions, look.card->id); /* of rules that do not look now */
        look_with_rules(engine, &look, news);
        if (cw_attention_call(&state->attentions, look.card->id, look_at) < 0)
                engine->error = -ENOMEM;
        if (news->changed)
                remember_change(engine, &look, news->fields);
        else if (remember)
                cw_engine_remember_card(engine, state, look.record, false);
}

/*
 * What the page said is what the record shows: the page has one card less to wait for. A second reading in one poll
 * settles nothing, for then two pages, or one page twice, speak of the card.
 */
static void settle(const struct cw_source_state *state, struct cw_record *record, const struct cw_staged *staged,
                   bool changed)
{
        if (staged->leaf && !record->leaf)
                record->leaf = cw_leaves_move(state->leaves, 0, staged->leaf) & CW_LEAVES_MOST;
        if (record->look_again || (changed && staged->leaf != record->leaf))
                cw_leaves_stir(state->leaves, record->leaf);
        else if (staged->leaf && staged->leaf == record->leaf && !staged->second)
                cw_leaves_at(state->leaves, staged->leaf)->n_settled++;
}

void cw_engine_decide_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged)
{
        struct cw_card previous;
        struct cw_look look = {.state = state,
                               .card = &staged->card,
                               .at = staged->at,
                               .again = staged->again,
                               .baseline = !state->baseline_done};
        struct news news = {0};
        struct cw_record *record = record_for(engine, state, staged, &news.first);
        uint32_t kept = 0;
        bool remember;

        if (!record)
                return;
        news.changed = news.first || cw_snapshot_differs(&state->snapshot, record, &staged->card);
        news.unsettled = record->unsettled;
        news.looked_for = record->look_again;
        news.fields = news.first ? CW_FIELDS_ALL : cw_snapshot_changes(&state->snapshot, record, &staged->card);
        look.record = record;
        if (!news.first) {
                previous = cw_snapshot_card(&state->snapshot, record);
                /* Observing gives the record's own back. */
                if (cw_texts_again(engine->texts, record->reference, &kept) < 0)
                        engine->error = -ENOMEM;
                previous.reference = cw_texts_get(engine->texts, kept);
                /* Nothing of a card in one currency can be compared with it in another. */
                if (strcmp(previous.currency, staged->card.currency) == 0)
                        look.previous = &previous;
                else
                        tell_of_change(engine, state, &staged->card, "currency", previous.currency);
                look.away_ms = cw_engine_away_ms(state, record, staged->at);
                cw_engine_walk_on(engine, &look, news.fields);
        }
        remember = observe(engine, state, record, staged, &news);
        settle(state, record, staged, news.changed);
        decide(engine, &look, &news, remember);
        cw_texts_release(engine->texts, kept);
}

/* Cards that were not brought, although everybody who has some is accounted for: gone after enough such polls in a row.
 */
void cw_engine_count_missing(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t i = 0;

        if (state->seen_cards == state->snapshot.n)
                return;
        while (i < state->snapshot.n && !engine->error) {
                struct cw_record *record = cw_snapshot_at(&state->snapshot, i);
                struct cw_card card = cw_snapshot_card(&state->snapshot, record);
                int64_t look_at = INT64_MAX;
                struct cw_look look = {.state = state,
                                       .record = record,
                                       .card = &card,
                                       .previous = &card,
                                       .trail = cw_engine_trail(state, card.id),
                                       .at = engine->now,
                                       .look_at = &look_at,
                                       .counted = true,
                                       .disappeared = true};

                if (record->seen_in == state->poll || cw_engine_brought_unnamed(state, record->customer)) {
                        i++;
                        continue;
                }
                record->missing++;
                cw_leaves_stir(state->leaves, record->leaf);
                if (record->missing < state->traits->missing_after) {
                        cw_engine_remember_card(engine, state, record, false);
                        i++;
                        continue;
                }
                record->observations++;
                look_with_rules(engine, &look, &(struct news){0});
                cw_engine_let_go_of_card(engine, state, record, "card disappeared"); /* the last takes its place */
        }
}
