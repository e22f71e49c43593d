/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one walk of fields to write, the same walk to read. The record is its version, its length, the fields, and a
 * check over all of it. Reading builds an entry that points into the bytes and copies it once at the end. A field that
 * is added is appended under a new version; old versions stay readable.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/entry.h"
#include "cardwatch/pack.h"

CW_DEFINE_CLEANUP(struct cw_entry *, cw_entry_unref);

#define VERSION 2 /* 1: without what stands in pack_later() */

enum {
        FLAG_CARD = 1 << 0,
        FLAG_PREVIOUS = 1 << 1,
        FLAG_BASELINE = 1 << 2,
        FLAG_FLAPPING = 1 << 3,
        FLAG_SUPPRESSED = 1 << 4,
        FLAG_PREVIOUS_SUPPRESSED = 1 << 5,
        FLAG_FIRED = 1 << 6,
        FLAG_WORST = 1 << 7,
        FLAG_CURRENT = 1 << 8,
        FLAGS_ALL = (1 << 9) - 1,
};

static unsigned flags_of(const struct cw_entry *entry)
{
        return (entry->has_card ? FLAG_CARD : 0u) | (entry->has_previous ? FLAG_PREVIOUS : 0u) |
               (entry->baseline ? FLAG_BASELINE : 0u) | (entry->flapping ? FLAG_FLAPPING : 0u) |
               (entry->card.suppressed ? FLAG_SUPPRESSED : 0u) |
               (entry->previous.suppressed ? FLAG_PREVIOUS_SUPPRESSED : 0u) | (entry->fired.known ? FLAG_FIRED : 0u) |
               (entry->worst.known ? FLAG_WORST : 0u) | (entry->current.known ? FLAG_CURRENT : 0u);
}

static void set_flags(struct cw_entry *entry, uint64_t flags)
{
        entry->has_card = flags & FLAG_CARD;
        entry->has_previous = flags & FLAG_PREVIOUS;
        entry->baseline = flags & FLAG_BASELINE;
        entry->flapping = flags & FLAG_FLAPPING;
        entry->card.suppressed = flags & FLAG_SUPPRESSED;
        entry->previous.suppressed = flags & FLAG_PREVIOUS_SUPPRESSED;
        entry->fired.known = flags & FLAG_FIRED;
        entry->worst.known = flags & FLAG_WORST;
        entry->current.known = flags & FLAG_CURRENT;
}

static void pack_card(struct cw_buf *buf, const struct cw_card *card)
{
        cw_pack_i64(buf, card->id);
        cw_pack_i64(buf, card->customer);
        cw_pack_i64(buf, card->available);
        cw_pack_i64(buf, card->pending);
        cw_pack_i64(buf, card->total);
        cw_pack_string(buf, card->reference);
        cw_pack_string(buf, card->currency);
        cw_pack_string(buf, card->last4);
}

/* A text with a fixed place. */
static void unpack_short(struct cw_unpack *unpack, char *ret_text, size_t size)
{
        const char *text = cw_unpack_string(unpack);
        size_t len = text ? strlen(text) : size;

        if (len >= size) {
                unpack->bad = true;
                return;
        }
        memcpy(ret_text, text, len + 1);
}

static void unpack_card(struct cw_unpack *unpack, struct cw_card *card)
{
        card->id = cw_unpack_i64(unpack);
        card->customer = cw_unpack_i64(unpack);
        card->available = cw_unpack_i64(unpack);
        card->pending = cw_unpack_i64(unpack);
        card->total = cw_unpack_i64(unpack);
        card->reference = cw_unpack_string(unpack);
        unpack_short(unpack, card->currency, sizeof(card->currency));
        unpack_short(unpack, card->last4, sizeof(card->last4));
}

static void pack_balances(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_pack_i64(buf, entry->previous.available);
        cw_pack_i64(buf, entry->previous.pending);
        cw_pack_i64(buf, entry->previous.total);
        cw_pack_i64(buf, entry->fired.amount);
        cw_pack_i64(buf, entry->worst.amount);
        cw_pack_i64(buf, entry->current.amount);
}

static void unpack_balances(struct cw_unpack *unpack, struct cw_entry *entry)
{
        entry->previous.available = cw_unpack_i64(unpack);
        entry->previous.pending = cw_unpack_i64(unpack);
        entry->previous.total = cw_unpack_i64(unpack);
        entry->fired.amount = cw_unpack_i64(unpack);
        entry->worst.amount = cw_unpack_i64(unpack);
        entry->current.amount = cw_unpack_i64(unpack);
}

static void pack_texts(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_pack_string(buf, entry->rule);
        cw_pack_string(buf, entry->source);
        cw_pack_string(buf, entry->limit_label);
        cw_pack_string(buf, entry->limit_text);
        cw_pack_string(buf, entry->reason);
        cw_pack_string(buf, entry->summary);
        cw_pack_string(buf, entry->description);
        cw_pack_string(buf, entry->advice);
        cw_pack_string(buf, entry->acknowledged_by);
        cw_pack_u64(buf, entry->n_labels);
        for (size_t i = 0; i < entry->n_labels; i++) {
                cw_pack_string(buf, entry->labels[i].name);
                cw_pack_string(buf, entry->labels[i].value);
        }
}

static void unpack_texts(struct cw_unpack *unpack, struct cw_entry *entry)
{
        entry->rule = cw_unpack_string(unpack);
        entry->source = cw_unpack_string(unpack);
        entry->limit_label = cw_unpack_string(unpack);
        entry->limit_text = cw_unpack_string(unpack);
        entry->reason = cw_unpack_string(unpack);
        entry->summary = cw_unpack_string(unpack);
        entry->description = cw_unpack_string(unpack);
        entry->advice = cw_unpack_string(unpack);
        entry->acknowledged_by = cw_unpack_string(unpack);
}

/* What is claimed is believed only as far as there are bytes for it: a label takes two at least. */
static int unpack_labels(struct cw_unpack *unpack, struct cw_label **ret_labels, size_t *ret_n)
{
        uint64_t n = cw_unpack_most(unpack, (uint64_t)(unpack->end - unpack->at) / 2);
        struct cw_label *labels;

        if (unpack->bad)
                return -EBADMSG;
        if (n == 0)
                return 0;
        labels = calloc((size_t)n, sizeof(*labels));
        if (!labels)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                /* Only read through, and copied below; the type is the ruleset's, which owns its labels. */
                labels[i].name = (char *)cw_unpack_string(unpack);
                labels[i].value = (char *)cw_unpack_string(unpack);
        }
        *ret_labels = labels;
        *ret_n = (size_t)n;
        return 0;
}

static void pack_body(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_pack_u64(buf, entry->fingerprint);
        cw_pack_u64(buf, (uint64_t)entry->state);
        cw_pack_u64(buf, (uint64_t)entry->severity);
        cw_pack_u64(buf, flags_of(entry));
        cw_pack_u64(buf, (uint64_t)((int64_t)entry->confirmed + 1));
        pack_card(buf, &entry->card);
        pack_balances(buf, entry);
        cw_pack_i64(buf, entry->started_at);
        cw_pack_i64(buf, entry->fired_at);
        cw_pack_i64(buf, entry->resolved_at);
        pack_texts(buf, entry);
}

/* All but the labels. */
static void unpack_body(struct cw_unpack *unpack, struct cw_entry *entry)
{
        entry->fingerprint = cw_unpack_u64(unpack);
        entry->state = (enum cw_entry_state)cw_unpack_most(unpack, CW_ENTRY_EVENT);
        entry->severity = (enum cw_severity)cw_unpack_most(unpack, CW_SEVERITY_CRITICAL);
        set_flags(entry, cw_unpack_most(unpack, FLAGS_ALL));
        entry->confirmed = (int)cw_unpack_most(unpack, 2) - 1;
        unpack_card(unpack, &entry->card);
        unpack_balances(unpack, entry);
        entry->started_at = cw_unpack_i64(unpack);
        entry->fired_at = cw_unpack_i64(unpack);
        entry->resolved_at = cw_unpack_i64(unpack);
        unpack_texts(unpack, entry);
}

/* Since version 2, behind the labels. */
static void pack_later(struct cw_buf *buf, const struct cw_entry *entry)
{
        const struct cw_fall *fall = &entry->fall;

        cw_pack_u64(buf, entry->fired_this_week);
        cw_pack_i64(buf, entry->empty_at);
        cw_pack_u64(buf, fall->since_at != 0);
        if (!fall->since_at)
                return;
        cw_pack_i64(buf, fall->since_at);
        cw_pack_i64(buf, fall->until_at - fall->since_at);
        cw_pack_i64(buf, fall->last);
        cw_pack_i64(buf, fall->fell);
        cw_pack_i64(buf, fall->rose);
        cw_pack_i64(buf, fall->largest);
        cw_pack_i64(buf, fall->pause_ms);
        cw_pack_u64(buf, fall->falls);
}

static int64_t unpack_within(struct cw_unpack *unpack, int64_t most)
{
        int64_t value = cw_unpack_i64(unpack);

        if (value >= 0 && value <= most)
                return value;
        unpack->bad = true;
        return 0;
}

static void unpack_later(struct cw_unpack *unpack, struct cw_entry *entry)
{
        struct cw_fall *fall = &entry->fall;

        entry->fired_this_week = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
        entry->empty_at = cw_unpack_i64(unpack);
        if (cw_unpack_most(unpack, 1) == 0)
                return;
        fall->since_at = unpack_within(unpack, INT64_MAX / 2);
        fall->until_at = fall->since_at + unpack_within(unpack, CW_FALL_SPAN_MOST_MS);
        fall->last = cw_unpack_i64(unpack);
        fall->fell = unpack_within(unpack, CW_AMOUNT_MAX);
        fall->rose = unpack_within(unpack, CW_AMOUNT_MAX);
        fall->largest = unpack_within(unpack, CW_AMOUNT_MAX);
        fall->pause_ms = unpack_within(unpack, CW_FALL_SPAN_MOST_MS);
        fall->falls = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
}

/* `version` is the record's. */
static int get_body(struct cw_unpack *unpack, uint64_t version, struct cw_entry **ret_entry)
{
        cw_autofree struct cw_label *labels = NULL;
        struct cw_entry entry = {.refs = 0};
        int r;

        if (version < 1 || version > VERSION)
                return -EBADMSG;
        unpack_body(unpack, &entry);
        r = unpack_labels(unpack, &labels, &entry.n_labels);
        if (r < 0)
                return r;
        entry.labels = labels;
        if (version > 1)
                unpack_later(unpack, &entry);
        return unpack->bad ? -EBADMSG : cw_entry_new(&entry, ret_entry);
}

void cw_entry_pack(const struct cw_entry *entry, struct cw_buf *buf)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;
        size_t begin = buf->len;

        pack_body(&body, entry);
        pack_later(&body, entry);
        cw_pack_u64(buf, VERSION);
        cw_pack_bytes(buf, body.data, body.len);
        cw_pack_seal(buf, begin);
        if (cw_buf_error(&body) < 0 && cw_buf_error(buf) == 0)
                buf->error = cw_buf_error(&body);
}

int cw_entry_unpack(const char *data, size_t len, struct cw_entry **ret_entry)
{
        cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *entry = NULL;
        struct cw_unpack unpack;
        uint64_t version, body_len;
        int r;

        cw_unpack_init(&unpack, data, len);
        version = cw_unpack_u64(&unpack);
        body_len = cw_unpack_u64(&unpack);
        if (unpack.bad || body_len != (uint64_t)(unpack.end - unpack.at))
                return -EBADMSG;
        r = get_body(&unpack, version, &entry);
        if (r == 0 && !cw_unpack_done(&unpack))
                r = -EBADMSG;
        if (r == 0)
                *ret_entry = cw_take(entry);
        return r;
}

void cw_entry_put(const struct cw_entry *entry, struct cw_buf *buf)
{
        cw_pack_u64(buf, VERSION);
        pack_body(buf, entry);
        pack_later(buf, entry);
}

int cw_entry_get(struct cw_unpack *unpack, struct cw_entry **ret_entry)
{
        return get_body(unpack, cw_unpack_u64(unpack), ret_entry);
}
