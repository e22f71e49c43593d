/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expr_node.h"

/* With its share of the index that stays below the goal of 96 bytes a card. */
_Static_assert(sizeof(struct cw_record) <= 80, "a record has grown");

static struct cw_record *at(const struct cw_snapshot *snapshot, size_t position)
{
        return cw_chunks_at(&snapshot->records, position, sizeof(struct cw_record));
}

static int64_t id_of(const void *rows, uint32_t row)
{
        return at(rows, row)->id;
}

void cw_snapshot_init(struct cw_snapshot *snapshot, struct cw_strpool *pool, const struct cw_leaves *leaves)
{
        *snapshot = (struct cw_snapshot){.pool = pool, .leaves = leaves};
        cw_id_index_init(&snapshot->index, id_of);
}

void cw_snapshot_deinit(struct cw_snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->n; i++)
                cw_strpool_unref(snapshot->pool, at(snapshot, i)->reference);
        cw_chunks_deinit(&snapshot->records);
        cw_id_index_deinit(&snapshot->index);
        cw_snapshot_init(snapshot, snapshot->pool, snapshot->leaves);
}

/* Its page was seen again, unchanged, since the record was looked at last. A reading that was asked for later than that
 * page stays; a time that was yet to come was written under another clock. */
static struct cw_record *catch_up(const struct cw_snapshot *snapshot, struct cw_record *record)
{
        const struct cw_leaf *leaf = cw_leaves_at(snapshot->leaves, record->leaf);

        if (!leaf || leaf->seen_in <= record->seen_in)
                return record;
        record->seen_in = leaf->seen_in;
        record->held = false;
        record->taken = record->observed_at <= leaf->observed_at || record->observed_at > leaf->heard_at;
        if (record->taken)
                record->observed_at = CW_RECORD_TIME(leaf->observed_at);
        return record;
}

struct cw_record *cw_snapshot_at(const struct cw_snapshot *snapshot, size_t position)
{
        return catch_up(snapshot, at(snapshot, position));
}

struct cw_record *cw_snapshot_find(const struct cw_snapshot *snapshot, int64_t id)
{
        uint32_t row = cw_id_index_find(&snapshot->index, snapshot, id);

        return row == CW_ID_INDEX_NONE ? NULL : cw_snapshot_at(snapshot, row);
}

struct cw_record *cw_snapshot_expect(const struct cw_snapshot *snapshot, int64_t id, size_t *expected)
{
        size_t position = *expected;

        if (position >= snapshot->n || at(snapshot, position)->id != id) {
                position = cw_id_index_find(&snapshot->index, snapshot, id);
                if (position == CW_ID_INDEX_NONE)
                        return NULL;
        }
        *expected = position + 1;
        return cw_snapshot_at(snapshot, position);
}

int cw_snapshot_add(struct cw_snapshot *snapshot, int64_t id, struct cw_record **ret_record)
{
        int r = cw_chunks_reserve(&snapshot->records, snapshot->n + 1, sizeof(struct cw_record));
        struct cw_record *record;

        assert(!cw_snapshot_find(snapshot, id));
        if (r < 0)
                return r;
        record = at(snapshot, snapshot->n);
        *record = (struct cw_record){.id = id};
        r = cw_id_index_add(&snapshot->index, snapshot, (uint32_t)snapshot->n);
        if (r < 0)
                return r;
        snapshot->n++;
        *ret_record = record;
        return 0;
}

static size_t position_of(const struct cw_snapshot *snapshot, const struct cw_record *record)
{
        return cw_id_index_find(&snapshot->index, snapshot, record->id);
}

void cw_snapshot_remove(struct cw_snapshot *snapshot, struct cw_record *record)
{
        size_t position = position_of(snapshot, record), last = snapshot->n - 1;

        cw_strpool_unref(snapshot->pool, record->reference);
        cw_id_index_remove(&snapshot->index, snapshot, (uint32_t)position);
        if (position != last) {
                cw_id_index_move(&snapshot->index, snapshot, (uint32_t)last, (uint32_t)position);
                *record = *at(snapshot, last);
        }
        snapshot->n--;
        cw_chunks_shrink(&snapshot->records, snapshot->n);
}

size_t cw_snapshot_bytes(const struct cw_snapshot *snapshot)
{
        return cw_id_index_bytes(&snapshot->index) + snapshot->records.n * CW_CHUNK * sizeof(struct cw_record);
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
