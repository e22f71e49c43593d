/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ENTRY_H
#define CARDWATCH_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/card.h"
#include "cardwatch/fall.h"
#include "cardwatch/rules.h"

struct cw_buf;
struct cw_unpack;

/*
 * Entry: the state of one alert (or one event) at one moment, complete and immutable, so that alerts and messages can
 * share it; it is counted and one allocation.
 */

enum cw_entry_state { CW_ENTRY_FIRING, CW_ENTRY_RESOLVED, CW_ENTRY_EVENT };

/* What stands where an entry's amounts stand: only a disguised copy (disguise.h) has something else there. */
enum cw_figures { CW_FIGURES_AMOUNTS, CW_FIGURES_PERCENT, CW_FIGURES_NONE };

struct cw_balances {
        cw_amount available, pending, total;
        bool suppressed;
};

/* The reason of an alert that ended because what it is about is so no longer, which needs no words. */
#define CW_REASON_NOT_TRUE "the condition is no longer true"

/* An amount that may be missing. */
struct cw_maybe_amount {
        cw_amount amount;
        bool known;
};

struct cw_entry {
        unsigned refs;
        uint64_t fingerprint;
        enum cw_entry_state state;
        enum cw_severity severity;
        const char *rule, *source;
        const struct cw_label *labels;
        size_t n_labels;
        bool has_card; /* false for built-in alerts: card, balances and previous say nothing */
        enum cw_figures figures; /* of card, previous, fired, worst and current */
        struct cw_card card;
        bool has_previous;
        struct cw_balances previous; /* at the observation before the one that decided */
        struct cw_maybe_amount fired, worst, current;
        const char *limit_label; /* "floor", or the text of the other side; "spent(1h) 550.00, limit" if that is what is
                                    compared; NULL: none */
        const char *limit_text; /* its value, written out */
        const char *reason; /* the condition's text, or why it resolved; for built-in alerts what happened */
        const char *summary,
                *description; /* templates of the rule (NULL: default words); for built-in alerts the words */
        const char *advice; /* built-in alerts: what it means and what to check first; else NULL */
        const char *acknowledged_by;
        bool baseline, flapping;
        int confirmed; /* -1 not asked, 0 no, 1 yes */
        int64_t started_at, fired_at, resolved_at; /* 0: not yet; an event happened at started_at */
        uint32_t fired_this_week; /* how often it fired in the seven days up to fired_at, that one included; 0: unknown
                                   */
        struct cw_fall fall; /* of the available balance since then: what the next entry goes on from */
        int64_t empty_at; /* when that is zero if it goes on so, as of fall.until_at; 0: nobody can tell */
};

/* So often is counted; one more says "more often". */
enum { CW_ENTRY_FIRED_MOST = 20 };

/* A deep copy with one reference; `entry->refs` is ignored. -ENOMEM. */
int cw_entry_new(const struct cw_entry *entry, struct cw_entry **ret_entry) __attribute__((warn_unused_result));
struct cw_entry *cw_entry_ref(struct cw_entry *entry);
void cw_entry_unref(struct cw_entry *entry);

/* For the store: a self-contained, versioned record. Unpacking takes any bytes: -EBADMSG for what is none. */
void cw_entry_pack(const struct cw_entry *entry, struct cw_buf *buf);
int cw_entry_unpack(const char *data, size_t len, struct cw_entry **ret_entry) __attribute__((warn_unused_result));

/* The same as a part of somebody's record, which is sealed as a whole. */
void cw_entry_put(const struct cw_entry *entry, struct cw_buf *buf);
int cw_entry_get(struct cw_unpack *unpack, struct cw_entry **ret_entry) __attribute__((warn_unused_result));

#endif
