/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is handed out next, of all that is first in its lanes: the worst, then the oldest; while the circuit is open
 * only a probe. Nothing is moved when a circuit opens or a bucket is empty: these are gates, and behind them messages
 * that were never tried go on being changed.
 */
#include "outbox_line.h"

#include <errno.h>

#include "cardwatch/receiver_row.h"

#define STALE_MOST 64

static bool first_in_its_lanes(const struct cw_intent *intent)
{
        return intent->n_first == intent->n_groups;
}

/* Whatever it keeps waiting is as urgent as itself. */
static enum cw_severity urgency_of(const struct cw_intent *intent)
{
        enum cw_severity urgency = intent->severity;

        if (intent->n_followed == 0)
                return urgency;
        for (size_t i = 0; i < intent->n_groups && urgency < CW_SEVERITY_CRITICAL; i++) {
                const struct cw_group *group = intent->groups[i];

                for (size_t k = group->n_lane; k-- > 0 && group->lane[k] != intent;)
                        if (urgency < group->lane[k]->severity)
                                urgency = group->lane[k]->severity;
        }
        return urgency;
}

static int64_t rank_of(const struct cw_intent *intent)
{
        return -(int64_t)urgency_of(intent);
}

/* Until then nothing goes to the notifier whose receiver asked for it. */
static void pause_line(struct cw_outbox_line *line, const struct cw_intent *intent)
{
        if (intent->asked_at && line->pause.until < intent->next_at)
                line->pause = (struct cw_outbox_pause){.from = intent->asked_at, .until = intent->next_at};
}

/* A message that is offered again and again while nothing may go must not pile up. */
static int sweep(struct cw_outbox *outbox, size_t notifier)
{
        struct cw_outbox_line *line = &outbox->lines[notifier];
        size_t cursor = 0;
        void *value;

        if (line->timed.n + line->ranked.n < STALE_MOST + 4 * line->n)
                return 0;
        line->timed.n = line->ranked.n = 0;
        while (cw_map_next(&outbox->intents, &cursor, NULL, &value)) {
                const struct cw_intent *intent = value;

                if (intent->notifier_index == notifier && !intent->in_hand && first_in_its_lanes(intent) &&
                    cw_due_push(&line->timed, intent->next_at, intent->sequence) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int push(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        if (intent->in_hand || !first_in_its_lanes(intent))
                return 0;
        if (sweep(outbox, intent->notifier_index) < 0)
                return -ENOMEM;
        pause_line(&outbox->lines[intent->notifier_index], intent);
        return cw_due_push(&outbox->lines[intent->notifier_index].timed, intent->next_at, intent->sequence);
}

static enum cw_severity worst(const struct cw_intent *intent)
{
        enum cw_severity worst = CW_SEVERITY_NONE;

        for (size_t i = 0; i < intent->n_items; i++)
                if (worst < intent->items[i].entry->severity)
                        worst = intent->items[i].entry->severity;
        return worst;
}

/* What it waits for has another rank, perhaps; not what is as urgent by itself as this was or is. */
static int offer_those_ahead(struct cw_outbox *outbox, const struct cw_intent *intent, enum cw_severity before)
{
        enum cw_severity most = before > intent->severity ? before : intent->severity;
        const struct cw_intent *last = NULL;

        for (size_t i = 0; i < intent->n_groups; i++) {
                const struct cw_intent *first = intent->groups[i]->lane[0];

                if (first == intent || first == last || first->severity >= most)
                        continue;
                last = first;
                if (push(outbox, first) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int cw_outbox_offer(struct cw_outbox *outbox, struct cw_intent *intent)
{
        enum cw_severity before = intent->severity;

        intent->severity = worst(intent);
        if (intent->notifier_index == SIZE_MAX)
                return 0;
        if (offer_those_ahead(outbox, intent, before) < 0)
                return -ENOMEM;
        return push(outbox, intent);
}

int cw_outbox_freed(struct cw_outbox *outbox, struct cw_intent *intent)
{
        return intent->notifier_index == SIZE_MAX ? 0 : push(outbox, intent);
}

/* The intent an entry of a heap stands for, or NULL when the entry is stale. */
static struct cw_intent *find(const struct cw_outbox *outbox, const struct cw_due_entry *entry)
{
        struct cw_intent *intent = cw_outbox_find(outbox, entry->key);

        return intent && !intent->in_hand && first_in_its_lanes(intent) ? intent : NULL;
}

static struct cw_intent *find_timed(const struct cw_outbox *outbox, const struct cw_due_entry *entry)
{
        struct cw_intent *intent = find(outbox, entry);

        return intent && intent->next_at == entry->at ? intent : NULL;
}

static struct cw_intent *find_ranked(const struct cw_outbox *outbox, const struct cw_due_entry *entry, int64_t now)
{
        struct cw_intent *intent = find(outbox, entry);

        return intent && rank_of(intent) == entry->at && intent->next_at <= now ? intent : NULL;
}

/* What may go by now is put in order of rank; what there is no memory for stays where it is, and comes later. */
static void rank_those_due(struct cw_outbox *outbox, struct cw_outbox_line *line, int64_t now)
{
        struct cw_due_entry entry;

        while (cw_due_peek(&line->timed, &entry) && entry.at <= now) {
                const struct cw_intent *intent = find_timed(outbox, &entry);

                if (intent && cw_due_push(&line->ranked, rank_of(intent), intent->sequence) < 0)
                        return;
                cw_due_pop(&line->timed);
        }
}

static struct cw_intent *pick_ready(struct cw_outbox *outbox, struct cw_outbox_line *line, int64_t now)
{
        struct cw_due_entry entry;

        rank_those_due(outbox, line, now);
        while (cw_due_peek(&line->ranked, &entry)) {
                struct cw_intent *intent = find_ranked(outbox, &entry, now);

                cw_due_pop(&line->ranked);
                if (intent)
                        return intent;
        }
        return NULL;
}

static bool goes_before(const struct cw_intent *intent, const struct cw_intent *other)
{
        int64_t rank = rank_of(intent), other_rank = other ? rank_of(other) : rank + 1;

        return rank != other_rank ? rank < other_rank : intent->sequence < other->sequence;
}

/* Of an era and a round 0 is none: both are kept one higher. */
static bool had_turn(const struct cw_outbox_line *line, const struct cw_intent *intent)
{
        return intent->trouble.era == line->circuit.era + 1 && intent->trouble.round == line->circuit.round + 1;
}

struct candidates {
        struct cw_intent *unwritten, *tried, *tried_this_round;
};

static struct candidates find_candidates(const struct cw_outbox *outbox, size_t notifier)
{
        const struct cw_outbox_line *line = &outbox->lines[notifier];
        struct candidates found = {NULL, NULL, NULL};
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&outbox->intents, &cursor, NULL, &value)) {
                struct cw_intent *intent = value, **best;

                if (intent->notifier_index != notifier || intent->in_hand || !first_in_its_lanes(intent))
                        continue;
                best = intent->state == CW_INTENT_QUEUED ? &found.unwritten
                       : had_turn(line, intent)          ? &found.tried_this_round
                                                         : &found.tried;
                if (goes_before(intent, *best))
                        *best = intent;
        }
        return found;
}

/* Who finds out whether the receiver is there again. */
static struct cw_intent *pick_probe(struct cw_outbox *outbox, size_t notifier)
{
        struct cw_circuit *circuit = &outbox->lines[notifier].circuit;
        struct candidates found = find_candidates(outbox, notifier);
        bool all_had_turn = !found.tried;

        if (found.unwritten && cw_circuit_wants_unwritten(circuit, all_had_turn)) {
                circuit->round += all_had_turn;
                return found.unwritten;
        }
        if (found.tried)
                return found.tried;
        if (!found.tried_this_round)
                return found.unwritten;
        circuit->round++;
        return found.tried_this_round;
}

/* Not when the clock was set back to before it was asked for: nobody knows how long it would then be. */
static bool is_paused(const struct cw_outbox_pause *pause, int64_t now)
{
        return now >= pause->from && now < pause->until;
}

static int64_t token_ms(const struct cw_outbox *outbox, size_t notifier)
{
        return outbox->rules->notifiers[notifier].token_ms;
}

/* Likewise: never longer than one token takes. */
static bool has_token(const struct cw_outbox *outbox, size_t notifier, int64_t now)
{
        int64_t at = outbox->lines[notifier].token_at;

        return now >= at || at - now > token_ms(outbox, notifier);
}

static int64_t probe_at(const struct cw_outbox *outbox, size_t notifier)
{
        const struct cw_outbox_line *line = &outbox->lines[notifier];
        int64_t eager_at = cw_circuit_probe_at(&line->circuit, true);

        if (eager_at < line->circuit.next_at && line->n > line->n_rendered &&
            find_candidates(outbox, notifier).unwritten)
                return eager_at;
        return line->circuit.next_at;
}

static struct cw_intent *pick(struct cw_outbox *outbox, size_t notifier, int64_t now)
{
        struct cw_outbox_line *line = &outbox->lines[notifier];

        /* A pause is not stored: it was asked for since this process began. */
        if (now == CW_OUTBOX_ALL_NOW)
                return line->pause.until ? NULL : pick_ready(outbox, line, now);
        if (is_paused(&line->pause, now) || !has_token(outbox, notifier, now))
                return NULL;
        if (!cw_circuit_is_open(&line->circuit))
                return pick_ready(outbox, line, now);
        return line->n_in_hand == 0 && now >= probe_at(outbox, notifier) ? pick_probe(outbox, notifier) : NULL;
}

bool cw_outbox_next(struct cw_outbox *outbox, size_t notifier, int64_t now, struct cw_outgoing *ret_outgoing)
{
        struct cw_outbox_line *line = &outbox->lines[notifier];
        struct cw_intent *intent = pick(outbox, notifier, now);

        if (!intent)
                return false;
        intent->in_hand = true;
        intent->probe = cw_circuit_is_open(&line->circuit);
        intent->successes = line->successes;
        line->n_in_hand++;
        if (now != CW_OUTBOX_ALL_NOW)
                line->token_at = now + token_ms(outbox, notifier);
        *ret_outgoing = (struct cw_outgoing){
                .sequence = intent->sequence,
                .id = intent->id,
                .payload = intent->payload,
                .payload_len = intent->payload_len,
                .attempts = intent->attempts,
        };
        return true;
}

/* The first time of anything that is ready, whatever gates there are; 0: nothing is. */
static int64_t ready_at(struct cw_outbox *outbox, struct cw_outbox_line *line)
{
        struct cw_due_entry entry;

        while (cw_due_peek(&line->ranked, &entry)) {
                const struct cw_intent *intent = find_ranked(outbox, &entry, INT64_MAX);

                if (intent)
                        return intent->next_at;
                cw_due_pop(&line->ranked);
        }
        while (cw_due_peek(&line->timed, &entry)) {
                if (find_timed(outbox, &entry))
                        return entry.at;
                cw_due_pop(&line->timed);
        }
        return 0;
}

static int64_t later(int64_t one, int64_t other)
{
        return one > other ? one : other;
}

int64_t cw_outbox_wake_at(struct cw_outbox *outbox, size_t notifier)
{
        struct cw_outbox_line *line = &outbox->lines[notifier];
        int64_t at;

        if (cw_circuit_is_open(&line->circuit))
                at = line->n > 0 && line->n_in_hand == 0 ? probe_at(outbox, notifier) : 0;
        else
                at = ready_at(outbox, line);
        return at ? later(later(at, line->pause.until), line->token_at) : 0;
}

/* Those that waited for the receiver. One that failed again after it had been let go like this, while others were
 * delivered, waits for itself. */
static int release(struct cw_outbox *outbox, size_t notifier, int64_t now, struct cw_changes *changes)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&outbox->intents, &cursor, NULL, &value)) {
                struct cw_intent *intent = value;

                if (intent->notifier_index != notifier || intent->in_hand || intent->next_at <= now ||
                    intent->asked_at || (intent->trouble.released && intent->trouble.kind != CW_MISHAP_UNREACHABLE))
                        continue;
                intent->next_at = now;
                intent->trouble.released = true;
                cw_intent_remember(intent, false, changes);
                if (cw_outbox_offer(outbox, intent) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int cw_outbox_succeeded(struct cw_outbox *outbox, struct cw_intent *intent, int64_t now, struct cw_changes *changes)
{
        struct cw_outbox_line *line;

        if (intent->notifier_index == SIZE_MAX)
                return 0;
        line = &outbox->lines[intent->notifier_index];
        line->successes++;
        line->failing = false;
        return cw_circuit_succeeded(&line->circuit) ? release(outbox, intent->notifier_index, now, changes) : 0;
}

void cw_outbox_failed(struct cw_outbox *outbox, struct cw_intent *intent, enum cw_mishap kind, uint32_t chance,
                      int64_t now)
{
        struct cw_outbox_line *line = &outbox->lines[intent->notifier_index];
        struct cw_circuit_failure failure = {
                .kind = kind,
                .counted = line->circuit.failing_since_at && intent->trouble.era == line->circuit.era + 1,
                .probe = intent->probe,
                .alone = intent->successes == line->successes,
                .chance = chance,
        };

        cw_circuit_failed(&line->circuit, &failure, now);
        intent->trouble.kind = kind;
        intent->trouble.era = line->circuit.era + 1;
        intent->trouble.round = line->circuit.round + 1;
        intent->probe = false;
}

void cw_outbox_line_remember(const struct cw_outbox *outbox, size_t notifier, struct cw_changes *changes)
{
        const struct cw_outbox_line *line;
        const struct cw_circuit *circuit;
        struct cw_receiver_row row;

        if (notifier == SIZE_MAX)
                return;
        line = &outbox->lines[notifier];
        circuit = &line->circuit;
        row = (struct cw_receiver_row){
                .notifier = (char *)line->name,
                .failing = line->failing,
                .failing_since_at = circuit->failing_since_at,
                .failed_at = circuit->failed_at,
                .next_at = circuit->next_at,
                .token_at = token_ms(outbox, notifier) ? line->token_at : 0,
                .probes = circuit->probes,
                .n_failed = circuit->n_failed,
                .era = circuit->era,
                .round = circuit->round,
                .unreachable = circuit->unreachable,
        };
        cw_changes_receiver(changes, &row);
}
