/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one walk over the fields of a row, for both ways, so that writer and reader cannot differ. Rows that are read
 * point into the record and are copied once, by whoever appends them.
 */
#include "changes_pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/map.h"
#include "cardwatch/pack_quick.h"
#include "read_rows.h"
#include "times.h"

#define VERSION 1

/* An item and a row take at least so many bytes: a claimed number is believed only as far as there are bytes for it. */
#define LEAST_BYTES 2

/* A walk one way or the other. */
struct walk {
        struct cw_buf *to; /* NULL: reading */
        struct cw_unpack from;
        struct cw_map numbers; /* writing: entries that stand in the record already, by address */
        struct cw_entry **entries; /* reading: those seen so far, by number */
        size_t n_entries, capacity;
        struct cw_item *items; /* reading: of the row that is being read */
        int64_t fired_at[CW_TIMES_MOST]; /* likewise */
        int error; /* -ENOMEM */
};

static bool is_reading(const struct walk *walk)
{
        return !walk->to;
}

static bool is_bad(const struct walk *walk)
{
        return walk->error < 0 || (is_reading(walk) ? walk->from.bad : cw_buf_error(walk->to) < 0);
}

static void walk_deinit(struct walk *walk)
{
        for (size_t i = 0; i < walk->n_entries && walk->entries; i++)
                cw_entry_unref(walk->entries[i]);
        free(walk->entries);
        free(walk->items);
        cw_map_deinit(&walk->numbers);
}

static uint64_t walk_most(struct walk *walk, uint64_t value, uint64_t most)
{
        if (is_reading(walk))
                return cw_unpack_most(&walk->from, most);
        cw_pack_u64(walk->to, value);
        return value;
}

static void walk_u64(struct walk *walk, uint64_t *value)
{
        *value = walk_most(walk, *value, UINT64_MAX);
}

static void walk_u32(struct walk *walk, uint32_t *value)
{
        *value = (uint32_t)walk_most(walk, *value, UINT32_MAX);
}

static void walk_u8(struct walk *walk, uint8_t *value, uint8_t most)
{
        *value = (uint8_t)walk_most(walk, *value, most);
}

static void walk_flag(struct walk *walk, bool *value)
{
        *value = walk_most(walk, *value, 1);
}

static void walk_i64(struct walk *walk, int64_t *value)
{
        if (is_reading(walk))
                *value = cw_unpack_i64(&walk->from);
        else
                cw_pack_i64(walk->to, *value);
}

static void walk_maybe_text(struct walk *walk, char **text)
{
        /* Only read through, and copied by whoever takes the row. */
        if (is_reading(walk))
                *text = (char *)cw_unpack_string(&walk->from);
        else
                cw_pack_string(walk->to, *text);
}

static void walk_text(struct walk *walk, char **text)
{
        walk_maybe_text(walk, text);
        if (is_reading(walk) && !*text) {
                walk->from.bad = true;
                *text = (char *)"";
        }
}

/* One that cannot be missing in its table: there and here it is "" then. */
static void walk_some_text(struct walk *walk, char **text)
{
        walk_maybe_text(walk, text);
        if (!*text)
                *text = (char *)"";
}

/* A text with a fixed place. */
static void walk_short(struct walk *walk, char *text, size_t size)
{
        char *read = text;

        walk_text(walk, &read);
        if (!is_reading(walk))
                return;
        if (strlen(read) < size)
                memcpy(text, read, strlen(read) + 1);
        else
                walk->from.bad = true;
}

/* NULL differs from no bytes. */
static void walk_bytes(struct walk *walk, char **bytes, size_t *len)
{
        bool there = *bytes != NULL;

        walk_flag(walk, &there);
        if (!there)
                return;
        if (is_reading(walk))
                *bytes = (char *)cw_unpack_bytes(&walk->from, len);
        else
                cw_pack_bytes(walk->to, *bytes, *len);
}

static size_t walk_count(struct walk *walk, size_t n, size_t most)
{
        size_t fits = is_reading(walk) ? (size_t)(walk->from.end - walk->from.at) / LEAST_BYTES : most;

        return (size_t)walk_most(walk, n, fits < most ? fits : most);
}

static void unpack_new_entry(struct walk *walk)
{
        struct cw_entry **entries = walk->entries;
        int r;

        if (walk->n_entries == walk->capacity) {
                walk->capacity = walk->capacity > 0 ? walk->capacity * 2 : 64;
                entries = reallocarray(entries, walk->capacity, sizeof(struct cw_entry *));
                if (!entries) {
                        walk->error = -ENOMEM;
                        return;
                }
                walk->entries = entries;
        }
        r = cw_entry_get(&walk->from, &entries[walk->n_entries]);
        if (r == 0)
                walk->n_entries++;
        else if (r == -ENOMEM)
                walk->error = r;
        else
                walk->from.bad = true;
}

/* Its number, from 1 on; at the first mention the entry itself follows. */
static void pack_entry(struct walk *walk, const struct cw_entry *entry)
{
        uint64_t number = (uintptr_t)cw_map_get(&walk->numbers, (uintptr_t)entry);
        bool is_new = number == 0;

        if (is_new) {
                number = ++walk->n_entries;
                if (cw_map_put(&walk->numbers, (uintptr_t)entry, (void *)(uintptr_t)number) < 0)
                        walk->error = -ENOMEM;
        }
        cw_pack_u64(walk->to, number);
        if (is_new)
                cw_entry_put(entry, walk->to);
}

/* Reading: borrowed from the walk. */
static void walk_maybe_entry(struct walk *walk, struct cw_entry **entry)
{
        uint64_t number;

        if (!is_reading(walk)) {
                if (*entry)
                        pack_entry(walk, *entry);
                else
                        cw_pack_u64(walk->to, 0);
                return;
        }
        number = cw_unpack_most(&walk->from, walk->n_entries + 1);
        if (number == walk->n_entries + 1)
                unpack_new_entry(walk);
        *entry = number > 0 && number <= walk->n_entries ? walk->entries[number - 1] : NULL;
}

static void walk_source(struct walk *walk, struct cw_source_row *row)
{
        walk_text(walk, &row->source);
        walk_flag(walk, &row->baseline_done);
        walk_flag(walk, &row->removed);
        /* What removes a source goes to the tables at once. */
        if (is_reading(walk) && row->removed)
                walk->from.bad = true;
        walk_i64(walk, &row->first_poll_at);
        walk_i64(walk, &row->last_poll_at);
        walk_i64(walk, &row->last_complete_at);
        walk_i64(walk, &row->poll_ms);
        walk_u32(walk, &row->failed_polls);
        walk_i64(walk, &row->blocked_until_at);
        walk_i64(walk, &row->otp_step);
        walk_some_text(walk, &row->lack);
        walk_u8(walk, &row->suspicion, UINT8_MAX);
}

static void walk_times(struct walk *walk, struct cw_alert_row *row)
{
        row->n_fired_at = walk_count(walk, row->n_fired_at, CW_TIMES_MOST);
        if (is_reading(walk))
                row->fired_at = walk->fired_at;
        for (size_t i = 0; i < row->n_fired_at; i++)
                walk_i64(walk, &row->fired_at[i]);
}

static void walk_alert(struct walk *walk, struct cw_alert_row *row)
{
        walk_u64(walk, &row->fingerprint);
        walk_text(walk, &row->rule);
        walk_text(walk, &row->source);
        walk_i64(walk, &row->customer);
        walk_i64(walk, &row->card);
        walk_u32(walk, &row->episode);
        walk_u32(walk, &row->edge);
        walk_u8(walk, &row->state, UINT8_MAX);
        walk_flag(walk, &row->baseline);
        walk_flag(walk, &row->flapping);
        walk_i64(walk, &row->since_at);
        walk_i64(walk, &row->clear_at);
        walk_times(walk, row);
        walk_i64(walk, &row->moved_at);
        walk_maybe_text(walk, &row->acked_by);
        walk_i64(walk, &row->acked_until_at);
        walk_i64(walk, &row->told_at);
        walk_i64(walk, &row->escalated_ms);
        walk_u32(walk, &row->insist_edge);
        walk_maybe_entry(walk, &row->entry);
        walk_flag(walk, &row->gone);
}

static void walk_ledger(struct walk *walk, struct cw_ledger_row *row)
{
        walk_text(walk, &row->notifier);
        walk_u64(walk, &row->fingerprint);
        walk_u32(walk, &row->edge);
        walk_u8(walk, &row->state, CW_ENTRY_EVENT);
        walk_u8(walk, &row->severity, CW_SEVERITY_CRITICAL);
        walk_flag(walk, &row->accepted);
        walk_flag(walk, &row->gone);
}

static void walk_group(struct walk *walk, struct cw_group_row *row)
{
        walk_text(walk, &row->notifier);
        walk_text(walk, &row->key);
        walk_i64(walk, &row->begun_at);
        walk_i64(walk, &row->told_at);
        walk_i64(walk, &row->due_at);
        walk_u32(walk, &row->repeat);
        walk_short(walk, row->thread, sizeof(row->thread));
        walk_flag(walk, &row->gone);
}

static void walk_item(struct walk *walk, struct cw_item *item)
{
        item->previous_severity = (enum cw_severity)walk_most(walk, (uint64_t)item->previous_severity,
                                                              CW_SEVERITY_CRITICAL);
        walk_flag(walk, &item->folded);
        walk_flag(walk, &item->silenced);
        walk_u32(walk, &item->edge);
        walk_maybe_entry(walk, &item->entry);
        if (is_reading(walk) && !item->entry)
                walk->from.bad = true;
}

static void walk_items(struct walk *walk, struct cw_intent_row *row)
{
        row->n_items = walk_count(walk, row->n_items, SIZE_MAX);
        if (is_reading(walk)) {
                free(walk->items);
                row->items = walk->items = calloc(row->n_items + 1, sizeof(*row->items));
                if (!row->items) {
                        walk->error = -ENOMEM;
                        return;
                }
        }
        for (size_t i = 0; i < row->n_items && !is_bad(walk); i++)
                walk_item(walk, &row->items[i]);
}

/* What only a message that still waits, or died, has. */
static void walk_letter(struct walk *walk, struct cw_intent_row *row)
{
        walk_maybe_text(walk, &row->groups);
        walk_flag(walk, &row->baseline);
        walk_flag(walk, &row->opens_thread);
        walk_u32(walk, &row->repeat);
        walk_i64(walk, &row->next_at);
        walk_i64(walk, &row->failing_since_at);
        walk_u8(walk, &row->trouble.kind, UINT8_MAX);
        walk_flag(walk, &row->trouble.released);
        walk_u32(walk, &row->trouble.era);
        walk_u32(walk, &row->trouble.round);
        walk_maybe_text(walk, &row->error);
        walk_items(walk, row);
        walk_bytes(walk, &row->digest, &row->digest_len);
        walk_bytes(walk, &row->payload, &row->payload_len);
        walk_bytes(walk, &row->counted, &row->counted_len);
}

static void walk_intent(struct walk *walk, struct cw_intent_row *row)
{
        walk_u64(walk, &row->sequence);
        walk_short(walk, row->id, sizeof(row->id));
        walk_text(walk, &row->notifier);
        walk_u8(walk, &row->kind, CW_NOTICE_TEST);
        walk_u8(walk, &row->state, CW_INTENT_DELIVERED);
        walk_i64(walk, &row->queued_at);
        walk_u32(walk, &row->attempts);
        walk_flag(walk, &row->gone);
        if (!row->gone && row->state != CW_INTENT_DELIVERED)
                walk_letter(walk, row);
}

static void walk_rule(struct walk *walk, struct cw_rule_row *row)
{
        walk_text(walk, &row->name);
        walk_u64(walk, &row->meaning);
        walk_flag(walk, &row->gone);
}

static void walk_digest(struct walk *walk, struct cw_digest_row *row)
{
        walk_text(walk, &row->name);
        walk_u64(walk, &row->meaning);
        walk_i64(walk, &row->slot_at);
        walk_i64(walk, &row->since_at);
        walk_flag(walk, &row->gone);
}

static void walk_happening(struct walk *walk, struct cw_happening_row *row)
{
        walk_text(walk, &row->digest);
        walk_text(walk, &row->rule);
        walk_text(walk, &row->source);
        walk_u64(walk, &row->fingerprint);
        walk_i64(walk, &row->customer);
        walk_flag(walk, &row->has_card);
        walk_short(walk, row->currency, sizeof(row->currency));
        walk_u32(walk, &row->fired);
        walk_u32(walk, &row->ended);
        walk_u32(walk, &row->events);
        walk_u32(walk, &row->edge);
        walk_maybe_entry(walk, &row->entry);
        walk_flag(walk, &row->gone);
}

static void walk_history(struct walk *walk, struct cw_history_row *row)
{
        char *what = (char *)row->what;

        walk_i64(walk, &row->at);
        walk_u64(walk, &row->fingerprint);
        walk_text(walk, &row->rule);
        walk_text(walk, &row->source);
        walk_i64(walk, &row->customer);
        walk_i64(walk, &row->card);
        walk_u32(walk, &row->edge);
        walk_text(walk, &what);
        row->what = is_reading(walk) ? cw_read_what(what) : what;
        walk_maybe_text(walk, &row->reason);
        walk_maybe_text(walk, &row->detail);
        walk_maybe_text(walk, &row->notifier);
        walk_short(walk, row->message, sizeof(row->message));
        walk_u8(walk, &row->severity, CW_SEVERITY_CRITICAL);
}

static void walk_silence(struct walk *walk, struct cw_silence_row *row)
{
        walk_short(walk, row->id, sizeof(row->id));
        walk_some_text(walk, &row->match);
        walk_some_text(walk, &row->by);
        walk_some_text(walk, &row->why);
        walk_i64(walk, &row->made_at);
        walk_i64(walk, &row->until_at);
        walk_flag(walk, &row->gone);
}

static void walk_audit(struct walk *walk, struct cw_audit_row *row)
{
        walk_i64(walk, &row->at);
        walk_some_text(walk, &row->by);
        walk_i64(walk, &row->uid);
        walk_text(walk, &row->what);
        walk_some_text(walk, &row->target);
        walk_some_text(walk, &row->why);
}

static void walk_receiver(struct walk *walk, struct cw_receiver_row *row)
{
        walk_text(walk, &row->notifier);
        walk_flag(walk, &row->failing);
        walk_i64(walk, &row->failing_since_at);
        walk_i64(walk, &row->failed_at);
        walk_i64(walk, &row->next_at);
        walk_i64(walk, &row->token_at);
        walk_u32(walk, &row->probes);
        walk_u32(walk, &row->n_failed);
        walk_u32(walk, &row->era);
        walk_u32(walk, &row->round);
        walk_flag(walk, &row->unreachable);
        walk_flag(walk, &row->gone);
}

/* A list: how many, and each. Rows are written from a copy, so that one walk serves both ways. */
#define DEFINE_LIST(list, kind)                                                                                        \
        static void walk_list_##list(struct walk *walk, struct cw_changes *changes)                                    \
        {                                                                                                              \
                size_t n = walk_count(walk, changes->list.n, SIZE_MAX);                                                \
                                                                                                                       \
                for (size_t i = 0; i < n && !is_bad(walk); i++) {                                                      \
                        struct cw_##kind##_row row = {0};                                                              \
                                                                                                                       \
                        if (!is_reading(walk))                                                                         \
                                row = changes->list.rows[i];                                                           \
                        walk_##kind(walk, &row);                                                                       \
                        if (is_reading(walk) && !is_bad(walk))                                                         \
                                cw_changes_##kind(changes, &row);                                                      \
                }                                                                                                      \
        }

DEFINE_LIST(sources, source)
DEFINE_LIST(alerts, alert)
DEFINE_LIST(ledger, ledger)
DEFINE_LIST(groups, group)
DEFINE_LIST(intents, intent)
DEFINE_LIST(rules, rule)
DEFINE_LIST(digests, digest)
DEFINE_LIST(happenings, happening)
DEFINE_LIST(history, history)
DEFINE_LIST(silences, silence)
DEFINE_LIST(audit, audit)
DEFINE_LIST(receivers, receiver)

static void (*const lists[])(struct walk *walk, struct cw_changes *changes) = {
        walk_list_sources, walk_list_alerts,   walk_list_ledger,  walk_list_groups,
        walk_list_intents, walk_list_rules,    walk_list_digests, walk_list_happenings,
        walk_list_history, walk_list_silences, walk_list_audit,   walk_list_receivers,
};

void cw_changes_pack(const struct cw_changes *changes, struct cw_buf *buf)
{
        cw_cleanup(walk_deinit) struct walk walk = {.to = buf, .numbers = CW_MAP_NULL};
        struct cw_changes rows = *changes;
        size_t begin = buf->len;

        cw_pack_u64(buf, VERSION);
        for (size_t i = 0; i < CW_ARRAY_SIZE(lists) && !is_bad(&walk); i++)
                lists[i](&walk, &rows);
        cw_pack_seal_quickly(buf, begin);
        if (walk.error < 0 && buf->error == 0)
                buf->error = walk.error;
}

int cw_changes_unpack(const void *data, size_t len, struct cw_changes *changes)
{
        cw_cleanup(walk_deinit) struct walk walk = {.to = NULL, .numbers = CW_MAP_NULL};

        cw_unpack_init_quickly(&walk.from, data, len);
        if (cw_unpack_u64(&walk.from) != VERSION)
                return -EBADMSG;
        for (size_t i = 0; i < CW_ARRAY_SIZE(lists) && !is_bad(&walk); i++)
                lists[i](&walk, changes);
        if (walk.error < 0)
                return walk.error;
        if (changes->error < 0)
                return changes->error;
        return cw_unpack_done(&walk.from) ? 0 : -EBADMSG;
}
