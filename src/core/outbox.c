/* SPDX-License-Identifier: Apache-2.0 */
/* The queue itself: messages and their lanes. What is handed out next stands in outbox_line.c. */
#include "outbox_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/hash.h"
#include "cardwatch/strpool.h"
#include "outbox_line.h"

void cw_outbox_init(struct cw_outbox *outbox, struct cw_strpool *pool)
{
        *outbox = (struct cw_outbox){.pool = pool, .next_sequence = 1};
}

static void intent_free(struct cw_outbox *outbox, struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_items; i++)
                cw_entry_unref(intent->items[i].entry);
        free(intent->items);
        cw_map_deinit(&intent->places);
        free(intent->payload);
        free(intent->digest);
        free(intent->counted);
        free(intent->error);
        free(intent->groups);
        cw_strpool_unref(outbox->pool, intent->notifier);
        free(intent);
}

static void free_lines(struct cw_outbox *outbox, struct cw_outbox_line *lines, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                cw_due_deinit(&lines[i].timed);
                cw_due_deinit(&lines[i].ranked);
                cw_strpool_unref(outbox->pool, lines[i].name);
        }
        free(lines);
}

void cw_outbox_deinit(struct cw_outbox *outbox)
{
        size_t cursor = 0;
        uint64_t key;
        void *intent;

        while (cw_map_next(&outbox->intents, &cursor, &key, &intent))
                intent_free(outbox, intent);
        cw_map_deinit(&outbox->intents);
        free_lines(outbox, outbox->lines, outbox->n_lines);
        free(outbox->notice_items);
        free(outbox->notice_tallies);
        free(outbox->notice_group);
        free(outbox->notice_digest.tallies);
        free(outbox->notice_counted);
}

static size_t notifier_index(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_notifiers; i++)
                if (strcmp(rules->notifiers[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

/* What is known of a receiver outlives the ruleset; what its receiver asked for stands in the messages. */
static int make_lines(struct cw_outbox *outbox, const struct cw_ruleset *rules)
{
        struct cw_outbox_line *old = outbox->lines;
        size_t n_old = outbox->n_lines;

        outbox->lines = calloc(rules->n_notifiers + 1, sizeof(*outbox->lines));
        outbox->n_lines = 0;
        for (size_t i = 0; outbox->lines && i < rules->n_notifiers; i++) {
                const char *name = rules->notifiers[i].name;
                struct cw_outbox_line *line = &outbox->lines[i];

                if (cw_strpool_ref(outbox->pool, name, strlen(name), &line->name) < 0)
                        break;
                outbox->n_lines++;
                for (size_t k = 0; k < n_old; k++) {
                        if (strcmp(old[k].name, name) != 0)
                                continue;
                        line->circuit = old[k].circuit;
                        line->token_at = old[k].token_at;
                        line->failing = old[k].failing;
                        line->successes = old[k].successes;
                }
        }
        free_lines(outbox, old, n_old);
        return outbox->n_lines == rules->n_notifiers ? 0 : -ENOMEM;
}

static void count_in(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        struct cw_outbox_line *line = &outbox->lines[intent->notifier_index];

        line->n++;
        line->n_rendered += intent->state != CW_INTENT_QUEUED;
        line->n_in_hand += intent->in_hand;
}

int cw_outbox_set_rules(struct cw_outbox *outbox, struct cw_ruleset *rules)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;
        int r = make_lines(outbox, rules);

        if (r < 0)
                return r;
        outbox->rules = rules;
        while (cw_map_next(&outbox->intents, &cursor, &key, &value)) {
                struct cw_intent *intent = value;

                intent->notifier_index = notifier_index(rules, intent->notifier);
                if (intent->notifier_index != SIZE_MAX)
                        count_in(outbox, intent);
                if (cw_outbox_offer(outbox, intent) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int cw_outbox_add(struct cw_outbox *outbox, const struct cw_intent *like, struct cw_group *const *groups,
                  size_t n_groups, struct cw_intent **ret_intent)
{
        struct cw_intent *intent = malloc(sizeof(*intent));

        if (!intent)
                return -ENOMEM;
        *intent = *like;
        if (cw_strpool_ref(outbox->pool, like->notifier, strlen(like->notifier), &intent->notifier) < 0) {
                free(intent);
                return -ENOMEM;
        }
        if (!intent->sequence)
                intent->sequence = outbox->next_sequence++;
        else if (intent->sequence >= outbox->next_sequence)
                outbox->next_sequence = intent->sequence + 1;
        intent->notifier_index = notifier_index(outbox->rules, intent->notifier);
        intent->groups = calloc(n_groups + 1, sizeof(struct cw_group *));
        if (!intent->groups || cw_map_put(&outbox->intents, intent->sequence, intent) < 0) {
                intent_free(outbox, intent);
                return -ENOMEM;
        }
        for (size_t i = 0; i < n_groups; i++) {
                struct cw_group *group = groups[i];

                if (group->n_lane > 0 && group->lane[group->n_lane - 1] == intent)
                        continue; /* it was named twice */
                if (cw_group_lane_insert(group, intent, group->n_lane) < 0)
                        return -ENOMEM;
                intent->groups[intent->n_groups++] = group;
        }
        if (intent->notifier_index != SIZE_MAX)
                count_in(outbox, intent);
        *ret_intent = intent;
        return 0;
}

struct cw_intent *cw_outbox_find(const struct cw_outbox *outbox, uint64_t sequence)
{
        return cw_map_get(&outbox->intents, sequence);
}

void cw_outbox_rendered(struct cw_outbox *outbox, struct cw_intent *intent)
{
        if (intent->state == CW_INTENT_QUEUED && intent->notifier_index != SIZE_MAX)
                outbox->lines[intent->notifier_index].n_rendered++;
        intent->state = CW_INTENT_RENDERED;
}

void cw_outbox_returned(struct cw_outbox *outbox, struct cw_intent *intent)
{
        if (intent->in_hand && intent->notifier_index != SIZE_MAX)
                outbox->lines[intent->notifier_index].n_in_hand--;
        intent->in_hand = false;
}

static void count_out(struct cw_outbox *outbox, struct cw_intent *intent)
{
        struct cw_outbox_line *line;

        if (intent->notifier_index == SIZE_MAX)
                return;
        cw_outbox_returned(outbox, intent);
        line = &outbox->lines[intent->notifier_index];
        line->n--;
        line->n_rendered -= intent->payload != NULL;
}

/* Whether what is first in the lane may go now, or has another rank, once the message is out of it. */
static bool matters_to_first(const struct cw_intent *intent, const struct cw_group *group)
{
        return group->lane[0] == intent || group->lane[0]->severity < intent->severity;
}

int cw_outbox_remove(struct cw_outbox *outbox, struct cw_intent *intent)
{
        const struct cw_intent *last = NULL;
        size_t n_stirred = 0;
        int r = 0;

        cw_map_remove(&outbox->intents, intent->sequence);
        count_out(outbox, intent);
        for (size_t i = 0; i < intent->n_groups; i++) {
                struct cw_group *group = intent->groups[i];

                if (matters_to_first(intent, group))
                        intent->groups[n_stirred++] = group;
                cw_group_lane_remove(group, intent);
        }
        for (size_t i = 0; i < n_stirred; i++) {
                struct cw_intent *next = intent->groups[i]->n_lane > 0 ? intent->groups[i]->lane[0] : NULL;

                if (next && next != last && cw_outbox_freed(outbox, next) < 0)
                        r = -ENOMEM;
                last = next;
        }
        intent_free(outbox, intent);
        return r;
}

size_t cw_outbox_waiting(const struct cw_outbox *outbox, size_t notifier)
{
        return outbox->lines[notifier].n;
}

uint64_t cw_outbox_sequence(const struct cw_outbox *outbox, const char *id)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&outbox->intents, &cursor, NULL, &value))
                if (strcmp(((struct cw_intent *)value)->id, id) == 0)
                        return ((struct cw_intent *)value)->sequence;
        return 0;
}
