/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TESTS_STORE_RANDOM_ROWS_H
#define CW_TESTS_STORE_RANDOM_ROWS_H

#include "rows.h"

/*
 * Random rows of every kind, of few keys, so that they replace each other.
 */

#define KEYS 9

static inline unsigned below(unsigned *seed, unsigned n)
{
        return (unsigned)rand_r(seed) % n;
}

static inline bool coin(unsigned *seed)
{
        return below(seed, 2) == 1;
}

static inline int64_t number(unsigned *seed)
{
        int64_t value = (int64_t)rand_r(seed) << below(seed, 33);

        return coin(seed) ? value : -value;
}

static inline char *text(unsigned *seed)
{
        static const char *const texts[] = {"", "main", "low balance", "acme\nother", "\xc3\xa9t\xc3\xa9"};

        return (char *)texts[below(seed, CW_ARRAY_SIZE(texts))];
}

static inline char *maybe(unsigned *seed)
{
        return coin(seed) ? text(seed) : NULL;
}

/* Keys that are of one place: names among a few. */
static inline char *name(unsigned *seed)
{
        static const char *const names[] = {"hook", "mail", "pager"};

        return (char *)names[below(seed, CW_ARRAY_SIZE(names))];
}

static inline struct cw_entry *random_entry(unsigned *seed)
{
        struct cw_entry entry = {.fingerprint = below(seed, KEYS),
                                 .severity = (enum cw_severity)below(seed, CW_SEVERITY_CRITICAL + 1),
                                 .rule = text(seed),
                                 .source = text(seed),
                                 .has_card = coin(seed),
                                 .card = {.id = number(seed), .reference = "acme", .currency = "EUR", .last4 = "0042"},
                                 .reason = maybe(seed),
                                 .started_at = number(seed)};
        struct cw_entry *copy;

        assert_int_equal(cw_entry_new(&entry, &copy), 0);
        return copy;
}

/* Each with an entry of its own: what is read from tables shares none. */
static inline void add_alert(struct cw_changes *changes, unsigned *seed)
{
        struct cw_entry *entry = random_entry(seed);
        int64_t fired_at[3] = {number(seed), number(seed), number(seed)};

        cw_changes_alert(changes, &(struct cw_alert_row){.fingerprint = below(seed, KEYS),
                                                         .rule = text(seed),
                                                         .source = text(seed),
                                                         .customer = number(seed),
                                                         .card = number(seed),
                                                         .episode = (uint32_t)rand_r(seed),
                                                         .edge = (uint32_t)rand_r(seed),
                                                         .state = (uint8_t)below(seed, 4),
                                                         .baseline = coin(seed),
                                                         .flapping = coin(seed),
                                                         .since_at = number(seed),
                                                         .clear_at = number(seed),
                                                         .fired_at = fired_at,
                                                         .n_fired_at = below(seed, 4),
                                                         .moved_at = number(seed),
                                                         .acked_by = maybe(seed),
                                                         .acked_until_at = number(seed),
                                                         .told_at = number(seed),
                                                         .escalated_ms = number(seed),
                                                         .insist_edge = (uint32_t)rand_r(seed),
                                                         .entry = coin(seed) ? entry : NULL,
                                                         .gone = below(seed, 4) == 0});
        cw_entry_unref(entry);
}

static inline void add_intent(struct cw_changes *changes, unsigned *seed)
{
        struct cw_item items[2] = {
                {.entry = random_entry(seed), .edge = 1, .folded = coin(seed)},
                {.entry = random_entry(seed), .previous_severity = CW_SEVERITY_WARNING, .silenced = coin(seed)}};
        struct cw_intent_row row = {.sequence = 1 + below(seed, KEYS),
                                    .notifier = name(seed),
                                    .groups = maybe(seed),
                                    .kind = (uint8_t)below(seed, CW_NOTICE_TEST + 1),
                                    .state = (uint8_t)below(seed, CW_INTENT_DELIVERED + 1),
                                    .baseline = coin(seed),
                                    .opens_thread = coin(seed),
                                    .repeat = (uint32_t)rand_r(seed),
                                    .queued_at = number(seed),
                                    .next_at = number(seed),
                                    .failing_since_at = number(seed),
                                    .attempts = (uint32_t)rand_r(seed),
                                    .trouble = {.kind = 1, .released = coin(seed), .era = 3, .round = below(seed, 9)},
                                    .error = maybe(seed),
                                    .items = items,
                                    .n_items = below(seed, 3),
                                    .payload = maybe(seed),
                                    .payload_len = 0,
                                    .digest = maybe(seed),
                                    .counted = maybe(seed),
                                    .gone = below(seed, 8) == 0};

        row.payload_len = row.payload ? strlen(row.payload) : 0;
        row.digest_len = row.digest ? strlen(row.digest) : 0;
        row.counted_len = row.counted ? strlen(row.counted) : 0;
        snprintf(row.id, sizeof(row.id), "%032u", (unsigned)row.sequence);
        cw_changes_intent(changes, &row);
        for (size_t i = 0; i < CW_ARRAY_SIZE(items); i++)
                cw_entry_unref(items[i].entry);
}

static inline void add_small_rows(struct cw_changes *changes, unsigned *seed)
{
        struct cw_group_row group = {.notifier = name(seed), .key = text(seed), .due_at = number(seed)};
        struct cw_silence_row silence = {
                .id = "0123456789abcdef", .match = text(seed), .by = text(seed), .why = text(seed)};

        group.gone = below(seed, 4) == 0;
        snprintf(group.thread, sizeof(group.thread), "%u", below(seed, 1000));
        cw_changes_group(changes, &group);
        silence.id[0] = (char)('0' + below(seed, 4));
        silence.until_at = number(seed);
        silence.gone = below(seed, 4) == 0;
        cw_changes_silence(changes, &silence);
        cw_changes_ledger(changes, &(struct cw_ledger_row){.notifier = name(seed),
                                                           .fingerprint = below(seed, KEYS),
                                                           .edge = (uint32_t)rand_r(seed),
                                                           .state = (uint8_t)below(seed, CW_ENTRY_EVENT + 1),
                                                           .severity = (uint8_t)below(seed, CW_SEVERITY_CRITICAL + 1),
                                                           .accepted = coin(seed),
                                                           .gone = below(seed, 4) == 0});
        cw_changes_rule(changes, &(struct cw_rule_row){
                                         .name = name(seed), .meaning = (uint64_t)number(seed), .gone = coin(seed)});
        cw_changes_digest(changes, &(struct cw_digest_row){.name = name(seed),
                                                           .meaning = (uint64_t)number(seed),
                                                           .slot_at = number(seed),
                                                           .gone = below(seed, 4) == 0});
        cw_changes_receiver(changes, &(struct cw_receiver_row){.notifier = name(seed),
                                                               .failing = coin(seed),
                                                               .next_at = number(seed),
                                                               .n_failed = (uint32_t)rand_r(seed),
                                                               .unreachable = coin(seed),
                                                               .gone = below(seed, 4) == 0});
}

static inline void add_random_rows(struct cw_changes *changes, unsigned *seed, int64_t at)
{
        struct cw_entry *entry = random_entry(seed);
        struct cw_history_row edge = {.at = at - below(seed, 3),
                                      .fingerprint = below(seed, KEYS),
                                      .rule = text(seed),
                                      .source = name(seed),
                                      .card = below(seed, 3),
                                      .edge = (uint32_t)rand_r(seed),
                                      .what = coin(seed) ? "firing" : "sent",
                                      .reason = maybe(seed),
                                      .detail = maybe(seed),
                                      .notifier = maybe(seed),
                                      .severity = (uint8_t)below(seed, CW_SEVERITY_CRITICAL + 1)};

        add_alert(changes, seed);
        add_intent(changes, seed);
        add_small_rows(changes, seed);
        cw_changes_happening(changes, &(struct cw_happening_row){.digest = name(seed),
                                                                 .rule = text(seed),
                                                                 .source = text(seed),
                                                                 .fingerprint = below(seed, KEYS),
                                                                 .has_card = coin(seed),
                                                                 .currency = "EUR",
                                                                 .fired = (uint32_t)rand_r(seed),
                                                                 .entry = coin(seed) ? entry : NULL,
                                                                 .gone = below(seed, 4) == 0});
        cw_changes_history(changes, &edge);
        cw_changes_audit(changes, &(struct cw_audit_row){.at = at,
                                                         .by = text(seed),
                                                         .uid = number(seed),
                                                         .what = (char *)"silence",
                                                         .target = text(seed),
                                                         .why = text(seed)});
        cw_changes_source(changes, &(struct cw_source_row){.source = name(seed),
                                                           .baseline_done = coin(seed),
                                                           .poll_ms = number(seed),
                                                           .lack = text(seed),
                                                           .suspicion = (uint8_t)below(seed, 256)});
        cw_entry_unref(entry);
}

/* More than a commit puts into its tables at once. */
static inline void fill(struct cw_changes *changes, unsigned *seed, int64_t at)
{
        for (unsigned n = 2 + below(seed, 4); n > 0; n--)
                add_random_rows(changes, seed, at);
        add_card(changes, "main", below(seed, 4), at);
}

#endif
