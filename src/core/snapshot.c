/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/text.h"
#include "expr_node.h"

static struct cw_record *at(const struct cw_snapshot *snapshot, size_t position)
{
        return cw_chunks_at(&snapshot->records, position, sizeof(struct cw_record));
}

static int64_t id_of(const void *rows, uint32_t row)
{
        return at(rows, row)->id;
}

void cw_snapshot_init(struct cw_snapshot *snapshot, struct cw_texts *texts, const struct cw_leaves *leaves)
{
        *snapshot = (struct cw_snapshot){.texts = texts, .leaves = leaves};
        cw_id_index_init(&snapshot->index, id_of);
}

static const char *text_of(const struct cw_snapshot *snapshot, const struct cw_record *record)
{
        return cw_texts_get(snapshot->texts, record->reference);
}

static void forget_odd(struct cw_snapshot *snapshot, struct cw_record *record)
{
        if (record->scale == CW_SCALE_ODD)
                free(cw_map_remove(&snapshot->odd, (uint64_t)record->id));
}

void cw_snapshot_deinit(struct cw_snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->n; i++) {
                forget_odd(snapshot, at(snapshot, i));
                cw_texts_release(snapshot->texts, at(snapshot, i)->reference);
        }
        cw_map_deinit(&snapshot->odd);
        cw_chunks_deinit(&snapshot->records);
        cw_id_index_deinit(&snapshot->index);
        cw_snapshot_init(snapshot, snapshot->texts, snapshot->leaves);
}

/* Its page was seen again, unchanged, since the record was looked at last. A reading that was asked for later than that
 * page stays; a time that was yet to come was written under another clock. */
static struct cw_record *catch_up(const struct cw_snapshot *snapshot, struct cw_record *record)
{
        const struct cw_leaf *leaf = cw_leaves_at(snapshot->leaves, record->leaf);

        if (!leaf || leaf->seen_in <= record->seen_in)
                return record;
        record->seen_in = CW_RECORD_COUNT(leaf->seen_in);
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

        forget_odd(snapshot, record);
        cw_texts_release(snapshot->texts, record->reference);
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

static const struct cw_card *odd_of(const struct cw_snapshot *snapshot, const struct cw_record *record)
{
        return cw_map_get(&snapshot->odd, (uint64_t)record->id);
}

static int keep_odd(struct cw_snapshot *snapshot, const struct cw_card *card)
{
        struct cw_card *odd = cw_map_get(&snapshot->odd, (uint64_t)card->id);

        if (!odd) {
                odd = malloc(sizeof(*odd));
                if (!odd || cw_map_put(&snapshot->odd, (uint64_t)card->id, odd) < 0) {
                        free(odd);
                        return -ENOMEM;
                }
        }
        *odd = *card;
        odd->reference = NULL; /* which stands in the record */
        return 0;
}

static int show(struct cw_snapshot *snapshot, struct cw_record *record, const struct cw_card *card)
{
        struct cw_record fresh = *record;
        int r = cw_record_show(&fresh, card) ? 0 : keep_odd(snapshot, card);

        if (r < 0)
                return r;
        if (fresh.scale != CW_SCALE_ODD)
                forget_odd(snapshot, record);
        *record = fresh;
        return 0;
}

/* The link for what the card says: the record's own, if that is the same text. */
static int keep_reference(struct cw_snapshot *snapshot, const struct cw_record *record, const struct cw_card *card,
                          uint32_t kept, uint32_t *ret_reference)
{
        if (cw_text_same(text_of(snapshot, record), card->reference)) {
                *ret_reference = record->reference;
                return 0;
        }
        return kept ? cw_texts_again(snapshot->texts, kept, ret_reference)
                    : cw_texts_keep(snapshot->texts, card->reference, ret_reference);
}

int cw_snapshot_observe(struct cw_snapshot *snapshot, struct cw_record *record, const struct cw_card *card,
                        uint32_t kept)
{
        uint32_t before = record->reference, reference;
        int r = keep_reference(snapshot, record, card, kept, &reference);

        if (r < 0)
                return r;
        r = show(snapshot, record, card);
        if (reference != before)
                cw_texts_release(snapshot->texts, r < 0 ? reference : before);
        if (r < 0)
                return r;
        record->reference = reference;
        record->customer = card->customer;
        record->suppressed = card->suppressed;
        return 0;
}

struct cw_card cw_snapshot_card(const struct cw_snapshot *snapshot, const struct cw_record *record)
{
        struct cw_card card;

        if (record->scale == CW_SCALE_ODD)
                card = *odd_of(snapshot, record);
        else
                cw_record_shown(record, &card);
        card.id = record->id;
        card.customer = record->customer;
        card.reference = text_of(snapshot, record);
        card.suppressed = record->suppressed;
        return card;
}

static bool odd_shows(const struct cw_card *odd, const struct cw_card *card)
{
        return odd->available == card->available && odd->pending == card->pending && odd->total == card->total &&
               strcmp(odd->currency, card->currency) == 0 && strcmp(odd->last4, card->last4) == 0;
}

bool cw_snapshot_differs(const struct cw_snapshot *snapshot, const struct cw_record *record, const struct cw_card *card)
{
        bool shows = record->scale == CW_SCALE_ODD ? odd_shows(odd_of(snapshot, record), card)
                                                   : cw_record_shows(record, card);

        return !shows || record->suppressed != card->suppressed || record->customer != card->customer ||
               !cw_text_same(text_of(snapshot, record), card->reference);
}

uint16_t cw_snapshot_changes(const struct cw_snapshot *snapshot, const struct cw_record *record,
                             const struct cw_card *card)
{
        struct cw_card known = cw_snapshot_card(snapshot, record);
        unsigned fields = 0;

        fields |= (unsigned)(known.available != card->available) << CW_FIELD_AVAILABLE;
        fields |= (unsigned)(known.pending != card->pending) << CW_FIELD_PENDING;
        fields |= (unsigned)(known.total != card->total) << CW_FIELD_TOTAL;
        fields |= (unsigned)(known.suppressed != card->suppressed) << CW_FIELD_SUPPRESSED;
        fields |= (unsigned)(strcmp(known.currency, card->currency) != 0) << CW_FIELD_CURRENCY;
        fields |= (unsigned)!cw_text_same(known.reference, card->reference) << CW_FIELD_REFERENCE;
        fields |= (unsigned)(known.customer != card->customer) << CW_FIELD_CUSTOMER;
        return (uint16_t)fields;
}
