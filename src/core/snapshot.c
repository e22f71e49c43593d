/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expr_node.h"

#define RECORDS_FIRST 64
#define INDEX_FIRST   128

/* The growing array stays well below the goal of 96 bytes a card together with its share of the index. */
_Static_assert(sizeof(struct cw_record) <= 88, "a record has grown");

/* Ids are often consecutive: spread them (the finaliser of SplitMix64) or linear probing forms runs. */
static size_t spread(int64_t id)
{
        uint64_t x = (uint64_t)id;

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (size_t)(x ^ (x >> 31));
}

void cw_snapshot_init(struct cw_snapshot *snapshot, struct cw_strpool *pool)
{
        *snapshot = (struct cw_snapshot){.pool = pool};
}

void cw_snapshot_deinit(struct cw_snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->n; i++)
                cw_strpool_unref(snapshot->pool, snapshot->records[i].reference);
        free(snapshot->records);
        free(snapshot->index);
        *snapshot = (struct cw_snapshot){.pool = snapshot->pool};
}

/* The slot that holds the id, or the free one where it would go. The index is never full. */
static size_t slot_of(const struct cw_snapshot *snapshot, int64_t id)
{
        size_t mask = snapshot->index_size - 1;
        size_t slot = spread(id) & mask;

        while (snapshot->index[slot] && snapshot->records[snapshot->index[slot] - 1].id != id)
                slot = (slot + 1) & mask;
        return slot;
}

struct cw_record *cw_snapshot_find(const struct cw_snapshot *snapshot, int64_t id)
{
        uint32_t position;

        if (!snapshot->n)
                return NULL;
        position = snapshot->index[slot_of(snapshot, id)];
        return position ? &snapshot->records[position - 1] : NULL;
}

static int grow_records(struct cw_snapshot *snapshot)
{
        /* By half, not double: the slack counts against the memory of a card. */
        size_t capacity = snapshot->capacity ? snapshot->capacity + snapshot->capacity / 2 : RECORDS_FIRST;
        struct cw_record *records;

        if (capacity > UINT32_MAX - 1)
                return -ENOMEM;
        records = reallocarray(snapshot->records, capacity, sizeof(*records));
        if (!records)
                return -ENOMEM;
        snapshot->records = records;
        snapshot->capacity = capacity;
        return 0;
}

static int grow_index(struct cw_snapshot *snapshot)
{
        size_t size = snapshot->index_size ? snapshot->index_size * 2 : INDEX_FIRST;
        uint32_t *index = calloc(size, sizeof(*index));

        if (!index)
                return -ENOMEM;
        free(snapshot->index);
        snapshot->index = index;
        snapshot->index_size = size;
        for (size_t i = 0; i < snapshot->n; i++)
                index[slot_of(snapshot, snapshot->records[i].id)] = (uint32_t)i + 1;
        return 0;
}

int cw_snapshot_add(struct cw_snapshot *snapshot, int64_t id, struct cw_record **ret_record)
{
        int r;

        if (snapshot->n == snapshot->capacity) {
                r = grow_records(snapshot);
                if (r < 0)
                        return r;
        }
        if ((snapshot->n + 1) * 4 > snapshot->index_size * 3) {
                r = grow_index(snapshot);
                if (r < 0)
                        return r;
        }
        assert(!cw_snapshot_find(snapshot, id));
        snapshot->index[slot_of(snapshot, id)] = (uint32_t)snapshot->n + 1;
        snapshot->records[snapshot->n] = (struct cw_record){.id = id};
        *ret_record = &snapshot->records[snapshot->n++];
        return 0;
}

/* Takes a slot out and closes the gap, so that no graves are needed. */
static void index_remove(struct cw_snapshot *snapshot, size_t slot)
{
        size_t mask = snapshot->index_size - 1;
        size_t gap = slot, next = slot;

        for (;;) {
                size_t home;

                next = (next + 1) & mask;
                if (!snapshot->index[next])
                        break;
                home = spread(snapshot->records[snapshot->index[next] - 1].id) & mask;
                if (((next - home) & mask) < ((next - gap) & mask))
                        continue;
                snapshot->index[gap] = snapshot->index[next];
                gap = next;
        }
        snapshot->index[gap] = 0;
}

void cw_snapshot_remove(struct cw_snapshot *snapshot, struct cw_record *record)
{
        size_t position = (size_t)(record - snapshot->records);
        size_t last = snapshot->n - 1;

        cw_strpool_unref(snapshot->pool, record->reference);
        index_remove(snapshot, slot_of(snapshot, record->id));
        if (position != last) {
                size_t slot = slot_of(snapshot, snapshot->records[last].id);

                snapshot->records[position] = snapshot->records[last];
                snapshot->index[slot] = (uint32_t)position + 1;
        }
        snapshot->n--;
}

int cw_record_observe(struct cw_record *record, struct cw_strpool *pool, const struct cw_card *card)
{
        const char *reference;
        int r;

        r = cw_strpool_ref(pool, card->reference, card->reference ? strlen(card->reference) : 0, &reference);
        if (r < 0)
                return r;
        cw_strpool_unref(pool, record->reference);
        record->reference = reference;
        record->customer = card->customer;
        record->available = card->available;
        record->pending = card->pending;
        record->total = card->total;
        record->suppressed = card->suppressed;
        memcpy(record->currency, card->currency, sizeof(record->currency));
        memcpy(record->last4, card->last4, sizeof(record->last4));
        return 0;
}

struct cw_card cw_record_card(const struct cw_record *record)
{
        struct cw_card card = {
                .id = record->id,
                .customer = record->customer,
                .available = record->available,
                .pending = record->pending,
                .total = record->total,
                .reference = record->reference,
                .suppressed = record->suppressed,
        };

        memcpy(card.currency, record->currency, sizeof(card.currency));
        memcpy(card.last4, record->last4, sizeof(record->last4));
        return card;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

bool cw_record_differs(const struct cw_record *record, const struct cw_card *card)
{
        return record->available != card->available || record->pending != card->pending ||
               record->total != card->total || record->suppressed != card->suppressed ||
               record->customer != card->customer ||
               memcmp(record->currency, card->currency, sizeof(record->currency)) != 0 ||
               memcmp(record->last4, card->last4, sizeof(record->last4)) != 0 ||
               !same_text(record->reference, card->reference);
}

uint16_t cw_record_changes(const struct cw_record *record, const struct cw_card *card)
{
        unsigned fields = 0;

        fields |= (unsigned)(record->available != card->available) << CW_FIELD_AVAILABLE;
        fields |= (unsigned)(record->pending != card->pending) << CW_FIELD_PENDING;
        fields |= (unsigned)(record->total != card->total) << CW_FIELD_TOTAL;
        fields |= (unsigned)(record->suppressed != card->suppressed) << CW_FIELD_SUPPRESSED;
        fields |= (unsigned)(memcmp(record->currency, card->currency, sizeof(record->currency)) != 0)
                  << CW_FIELD_CURRENCY;
        fields |= (unsigned)!same_text(record->reference, card->reference) << CW_FIELD_REFERENCE;
        fields |= (unsigned)(record->customer != card->customer) << CW_FIELD_CUSTOMER;
        return (uint16_t)fields;
}
