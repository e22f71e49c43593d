/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_SAMPLE_NOTICE_H
#define CARDWATCH_TESTS_SAMPLE_NOTICE_H

#include <stddef.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/notice.h"

/* Sample notices: what tests of rendering and channels say over and over. Entries live in the sample, on the test's
 * stack. */

enum { SAMPLE_ITEMS_MAX = 8 };

#define SAMPLE_AT         INT64_C(1795334400123) /* 2026-11-22T08:00:00.123Z */
#define USD(units, cents) ((units)*CW_AMOUNT_UNIT + (cents) * (CW_AMOUNT_UNIT / 100))

struct sample {
        struct cw_entry entries[SAMPLE_ITEMS_MAX];
        struct cw_item items[SAMPLE_ITEMS_MAX];
        struct cw_notice notice;
};

static const struct cw_label sample_labels[] = {{(char *)"team", (char *)"treasury"}};
static const struct cw_group_value sample_group[] = {{"rule", "low-balance"}, {"customer", "11057"}};

/* The contract's own example: card 1 of acme-1 fell from 130.00 to 95.10 USD. */
static inline struct cw_entry sample_entry(int64_t card_id, const char *last4, cw_amount available, cw_amount before)
{
        struct cw_entry entry = {.fingerprint = UINT64_C(0x9f86d081884c7d64) + (uint64_t)card_id,
                                 .state = CW_ENTRY_FIRING,
                                 .severity = CW_SEVERITY_WARNING,
                                 .rule = "low-balance",
                                 .source = "main",
                                 .labels = sample_labels,
                                 .n_labels = 1,
                                 .has_card = true,
                                 .card = {.id = card_id,
                                          .customer = 11057,
                                          .available = available,
                                          .total = available,
                                          .reference = "acme-1",
                                          .currency = "USD"},
                                 .has_previous = true,
                                 .previous = {.available = before, .total = before},
                                 .fired = {available, true},
                                 .worst = {available, true},
                                 .current = {available, true},
                                 .limit_label = "floor",
                                 .limit_text = "100.00",
                                 .reason = "available < floor",
                                 .confirmed = -1,
                                 .started_at = SAMPLE_AT,
                                 .fired_at = SAMPLE_AT,
                                 .fired_this_week = 1};

        strcpy(entry.card.last4, last4);
        return entry;
}

static inline void sample_init(struct sample *sample)
{
        *sample = (struct sample){
                .notice = {.id = "0123456789abcdef0123456789abcdef",
                           .thread = "fedcba9876543210fedcba9876543210",
                           .opens_thread = true,
                           .notifier = "hook",
                           .kind = CW_NOTICE_ALERT,
                           .sent_at = SAMPLE_AT,
                           .severity = CW_SEVERITY_WARNING,
                           .group = sample_group,
                           .n_group = 2,
                           .items = sample->items},
        };
}

static inline struct cw_entry *sample_add(struct sample *sample, struct cw_entry entry)
{
        size_t i = sample->notice.n_items++;

        sample->entries[i] = entry;
        sample->items[i].entry = &sample->entries[i];
        sample->notice.n_listed = sample->notice.n_items;
        sample->notice.n_firing += entry.state == CW_ENTRY_FIRING;
        sample->notice.n_resolved += entry.state == CW_ENTRY_RESOLVED;
        sample->notice.n_events += entry.state == CW_ENTRY_EVENT;
        sample->notice.firing = sample->notice.n_firing > 0;
        return &sample->entries[i];
}

/* Resolved two hours and five minutes later. */
static inline struct cw_entry sample_resolved(struct cw_entry entry, cw_amount worst, cw_amount now)
{
        entry.state = CW_ENTRY_RESOLVED;
        entry.previous.available = entry.card.available;
        entry.card.available = entry.card.total = now;
        entry.worst = (struct cw_maybe_amount){worst, true};
        entry.current = (struct cw_maybe_amount){now, true};
        entry.reason = "available >= 120";
        entry.resolved_at = entry.fired_at + 125 * INT64_C(60000);
        return entry;
}

/* A card API that does not answer. */
static inline struct cw_entry sample_builtin(void)
{
        return (struct cw_entry){
                .fingerprint = 7,
                .severity = CW_SEVERITY_CRITICAL,
                .rule = "source-down",
                .source = "main",
                .reason = "connection refused",
                .summary = "The card API of main cannot be read: connection refused.",
                .advice = "Balances are 14 minutes old. Check first whether the API answers from this machine.",
                .confirmed = -1,
                .started_at = SAMPLE_AT - 14 * INT64_C(60000),
                .fired_at = SAMPLE_AT};
}

#endif
