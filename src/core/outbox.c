/* SPDX-License-Identifier: Apache-2.0 */
/* The queue itself: lanes, readiness, what is handed out next. */
#include "outbox_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/hash.h"
#include "cardwatch/strpool.h"

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
        free(intent->error);
        free(intent->groups);
        cw_strpool_unref(outbox->pool, intent->notifier);
        free(intent);
}

static void free_heaps(struct cw_outbox *outbox)
{
        for (size_t i = 0; i < outbox->n_ready; i++)
                cw_due_deinit(&outbox->ready[i]);
        free(outbox->ready);
        free(outbox->pauses);
        outbox->ready = NULL;
        outbox->pauses = NULL;
        outbox->n_ready = 0;
}

void cw_outbox_deinit(struct cw_outbox *outbox)
{
        size_t cursor = 0;
        uint64_t key;
        void *intent;

        while (cw_map_next(&outbox->intents, &cursor, &key, &intent))
                intent_free(outbox, intent);
        cw_map_deinit(&outbox->intents);
        free_heaps(outbox);
        free(outbox->notice_items);
        free(outbox->notice_tallies);
        free(outbox->notice_group);
}

static size_t notifier_index(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_notifiers; i++)
                if (strcmp(rules->notifiers[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

int cw_outbox_set_rules(struct cw_outbox *outbox, struct cw_ruleset *rules)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;

        free_heaps(outbox);
        outbox->rules = rules;
        outbox->ready = calloc(rules->n_notifiers + 1, sizeof(*outbox->ready));
        outbox->pauses = calloc(rules->n_notifiers + 1, sizeof(*outbox->pauses));
        if (!outbox->ready || !outbox->pauses)
                return -ENOMEM;
        outbox->n_ready = rules->n_notifiers;
        while (cw_map_next(&outbox->intents, &cursor, &key, &value)) {
                struct cw_intent *intent = value;

                intent->notifier_index = notifier_index(rules, intent->notifier);
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
                if (cw_group_lane_append(groups[i], intent) < 0)
                        return -ENOMEM;
                intent->groups[intent->n_groups++] = groups[i];
        }
        *ret_intent = intent;
        return 0;
}

/* From so many items on they are found by their place instead of looked through. */
#define ITEMS_MANY 64

static int put_place(struct cw_intent *intent, size_t i)
{
        return cw_map_put(&intent->places, intent->items[i].entry->fingerprint, (void *)(uintptr_t)(i + 1));
}

int cw_intent_add_item(struct cw_intent *intent, const struct cw_item *item)
{
        if (intent->n_items == intent->items_capacity) {
                size_t capacity = intent->items_capacity ? intent->items_capacity * 2 : 1;
                struct cw_item *items = reallocarray(intent->items, capacity, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                intent->items = items;
                intent->items_capacity = capacity;
        }
        intent->items[intent->n_items] = *item;
        cw_entry_ref(item->entry);
        intent->n_items++;
        /* Without the place it would not be found; without any, all are looked through. */
        if (intent->places.used > 0 && put_place(intent, intent->n_items - 1) < 0)
                cw_map_deinit(&intent->places);
        return 0;
}

static bool build_places(struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_items; i++)
                if (put_place(intent, i) < 0) {
                        cw_map_deinit(&intent->places);
                        return false;
                }
        return true;
}

struct cw_item *cw_intent_find_item(struct cw_intent *intent, uint64_t fingerprint)
{
        if (intent->places.used > 0 || (intent->n_items > ITEMS_MANY && build_places(intent))) {
                uintptr_t place = (uintptr_t)cw_map_get(&intent->places, fingerprint);

                return place ? &intent->items[place - 1] : NULL;
        }
        for (size_t i = 0; i < intent->n_items; i++)
                if (intent->items[i].entry->fingerprint == fingerprint)
                        return &intent->items[i];
        return NULL;
}

void cw_intent_set_item(struct cw_item *slot, const struct cw_item *item)
{
        struct cw_entry *old = slot->entry;

        *slot = *item;
        cw_entry_ref(item->entry);
        cw_entry_unref(old);
}

void cw_intent_remove_item(struct cw_intent *intent, struct cw_item *item)
{
        /* Their order says nothing: whoever tells them sorts them. */
        cw_map_remove(&intent->places, item->entry->fingerprint);
        cw_entry_unref(item->entry);
        *item = intent->items[--intent->n_items];
        if (intent->places.used > 0 && item != &intent->items[intent->n_items] &&
            put_place(intent, (size_t)(item - intent->items)) < 0)
                cw_map_deinit(&intent->places);
}

/* Sums instead of a sequence: the same decision may list its alerts in another order and must have the same key. */
void cw_intent_derive_id(struct cw_intent *intent)
{
        struct cw_hash128 sum = {0, 0}, id;
        struct cw_hash hash;

        for (size_t i = 0; i < intent->n_items; i++) {
                const struct cw_item *item = &intent->items[i];
                struct cw_hash128 one;

                cw_hash_init128(&hash, CW_HASH_KEY_DERIVED);
                cw_hash_u64(&hash, item->entry->fingerprint);
                cw_hash_u64(&hash, item->edge);
                cw_hash_u64(&hash, (uint64_t)item->entry->state + (item->folded ? 16 : 0));
                one = cw_hash_end128(&hash);
                sum.high += one.high;
                sum.low += one.low;
        }
        cw_hash_init128(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, intent->notifier);
        cw_hash_u64(&hash, (uint64_t)intent->kind);
        cw_hash_u64(&hash, intent->repeat);
        /* Repeats are counted from when their group began. */
        if (intent->repeat) {
                cw_hash_string(&hash, intent->groups[0]->key);
                cw_hash_u64(&hash, (uint64_t)intent->groups[0]->begun_at);
        }
        cw_hash_u64(&hash, sum.high);
        cw_hash_u64(&hash, sum.low);
        id = cw_hash_end128(&hash);
        cw_hash_hex128(id, intent->id);
}

struct cw_intent *cw_outbox_find(const struct cw_outbox *outbox, uint64_t sequence)
{
        return cw_map_get(&outbox->intents, sequence);
}

static bool first_in_its_lanes(const struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_groups; i++)
                if (intent->groups[i]->lane[0] != intent)
                        return false;
        return true;
}

/* Until then nothing goes to the notifier whose receiver asked for it. */
static void pause_notifier(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        struct cw_outbox_pause *pause = &outbox->pauses[intent->notifier_index];

        if (intent->asked_at && pause->until < intent->next_at)
                *pause = (struct cw_outbox_pause){.from = intent->asked_at, .until = intent->next_at};
}

int cw_outbox_offer(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        if (intent->notifier_index == SIZE_MAX || intent->in_hand || !first_in_its_lanes(intent))
                return 0;
        pause_notifier(outbox, intent);
        return cw_due_push(&outbox->ready[intent->notifier_index], intent->next_at, intent->sequence);
}

int cw_outbox_remove(struct cw_outbox *outbox, struct cw_intent *intent)
{
        int r = 0;

        cw_map_remove(&outbox->intents, intent->sequence);
        for (size_t i = 0; i < intent->n_groups; i++) {
                struct cw_group *group = intent->groups[i];

                cw_group_lane_remove(group, intent);
                if (group->n_lane > 0 && cw_outbox_offer(outbox, group->lane[0]) < 0)
                        r = -ENOMEM;
        }
        intent_free(outbox, intent);
        return r;
}

/* Not when the clock was set back to before it was asked for: nobody knows how long it would then be. */
static bool is_paused(const struct cw_outbox_pause *pause, int64_t now)
{
        return now >= pause->from && now < pause->until;
}

/* The intent an entry of the heap stands for, or NULL when the entry is stale. */
static struct cw_intent *fresh(const struct cw_outbox *outbox, const struct cw_due_entry *entry)
{
        struct cw_intent *intent = cw_outbox_find(outbox, entry->key);

        if (!intent || intent->in_hand || intent->next_at != entry->at || !first_in_its_lanes(intent))
                return NULL;
        return intent;
}

bool cw_outbox_next(struct cw_outbox *outbox, size_t notifier, int64_t now, struct cw_outgoing *ret_outgoing)
{
        struct cw_due *ready = &outbox->ready[notifier];
        struct cw_due_entry entry;

        if (is_paused(&outbox->pauses[notifier], now))
                return false;
        while (cw_due_peek(ready, &entry) && entry.at <= now) {
                struct cw_intent *intent = fresh(outbox, &entry);

                cw_due_pop(ready);
                if (!intent)
                        continue;
                intent->in_hand = true;
                *ret_outgoing = (struct cw_outgoing){
                        .sequence = intent->sequence,
                        .id = intent->id,
                        .payload = intent->payload,
                        .payload_len = intent->payload_len,
                        .attempts = intent->attempts,
                };
                return true;
        }
        return false;
}

int64_t cw_outbox_wake_at(const struct cw_outbox *outbox, size_t notifier)
{
        struct cw_due *ready = &outbox->ready[notifier];
        struct cw_due_entry entry;

        while (cw_due_peek(ready, &entry)) {
                if (fresh(outbox, &entry))
                        return entry.at > outbox->pauses[notifier].until ? entry.at : outbox->pauses[notifier].until;
                cw_due_pop(ready);
        }
        return 0;
}

size_t cw_outbox_waiting(const struct cw_outbox *outbox, size_t notifier)
{
        size_t cursor = 0, n = 0;
        uint64_t key;
        void *intent;

        while (cw_map_next(&outbox->intents, &cursor, &key, &intent))
                n += ((struct cw_intent *)intent)->notifier_index == notifier;
        return n;
}
