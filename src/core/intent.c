/* SPDX-License-Identifier: Apache-2.0 */
/* What a message tells: its items, and the key that follows from them. */
#include "intent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/digest.h"
#include "cardwatch/hash.h"

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

int cw_intent_set_digest(struct cw_intent *intent, const char *packed, size_t len)
{
        struct cw_digest_facts facts;
        struct cw_hash hash;
        int r = cw_digest_facts_unpack(packed, len, &facts);

        if (r < 0)
                return r;
        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, intent->groups[0]->key);
        cw_hash_u64(&hash, (uint64_t)facts.due_at);
        intent->digest_key = cw_hash_end(&hash);
        free(facts.tallies);
        intent->digest = malloc(len);
        if (!intent->digest)
                return -ENOMEM;
        memcpy(intent->digest, packed, len);
        intent->digest_len = len;
        return 0;
}

struct cw_hash128 cw_item_key(const struct cw_item *item)
{
        struct cw_hash hash;

        cw_hash_init128(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_u64(&hash, item->entry->fingerprint);
        cw_hash_u64(&hash, item->edge);
        cw_hash_u64(&hash, (uint64_t)item->entry->state + (item->folded ? 16 : 0));
        return cw_hash_end128(&hash);
}

/* Sums instead of a sequence: the same decision may list its alerts in another order and must have the same key. */
void cw_intent_derive_id(struct cw_intent *intent)
{
        struct cw_hash128 sum = intent->counted_sum, id;
        struct cw_hash hash;

        for (size_t i = 0; i < intent->n_items; i++) {
                struct cw_hash128 one = cw_item_key(&intent->items[i]);

                sum.high += one.high;
                sum.low += one.low;
        }
        /* A digest is one by its plan and its time, whatever it says. */
        if (intent->digest)
                sum = (struct cw_hash128){0, intent->digest_key};
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
