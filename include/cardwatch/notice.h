/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NOTICE_H
#define CARDWATCH_NOTICE_H

#include "cardwatch/card.h"
#include "cardwatch/rules.h"

struct cw_buf;
struct cw_digest_facts;
struct cw_picture;

/*
 * Notice: what is told, as data.
 *
 * An entry is the state of one alert (or one event) at one moment, complete and immutable, so that alerts and messages
 * can share it; it is counted and one allocation. A notice is one message to one notifier: entries with what this
 * message says of each. The codec turns it into bytes; nothing here formats anything.
 */

enum cw_entry_state { CW_ENTRY_FIRING, CW_ENTRY_RESOLVED, CW_ENTRY_EVENT };

/* What stands where an entry's amounts stand: only a disguised copy (disguise.h) has something else there. */
enum cw_figures { CW_FIGURES_AMOUNTS, CW_FIGURES_PERCENT, CW_FIGURES_NONE };

struct cw_balances {
        cw_amount available, pending, total;
        bool suppressed;
};

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
};

/* A deep copy with one reference; `entry->refs` is ignored. -ENOMEM. */
int cw_entry_new(const struct cw_entry *entry, struct cw_entry **ret_entry) __attribute__((warn_unused_result));
struct cw_entry *cw_entry_ref(struct cw_entry *entry);
void cw_entry_unref(struct cw_entry *entry);

/* For the store: a self-contained, versioned record. Unpacking takes any bytes: -EBADMSG for what is none. */
void cw_entry_pack(const struct cw_entry *entry, struct cw_buf *buf);
int cw_entry_unpack(const char *data, size_t len, struct cw_entry **ret_entry) __attribute__((warn_unused_result));

enum cw_notice_kind { CW_NOTICE_ALERT, CW_NOTICE_EVENT, CW_NOTICE_DIGEST, CW_NOTICE_TEST };

/* What one message says of one entry. */
struct cw_item {
        struct cw_entry *entry;
        enum cw_severity previous_severity; /* CW_SEVERITY_NONE: not a change of severity */
        bool folded; /* fired and ended before anybody could be told */
        bool silenced; /* in a digest: a silence holds it */
        uint32_t edge; /* which transition of its alert: part of derived ids */
};

/* One line of what is counted and not listed. */
struct cw_tally {
        const char *rule;
        const char *currency; /* "" for built-in alerts */
        uint32_t firing, resolved, events;
};

struct cw_group_value {
        const char *name, *value;
};

struct cw_notice {
        const char *id; /* idempotency key, 32 hexadecimal digits */
        const char *thread; /* stable per (notifier, group): mail threads hang on it */
        bool opens_thread; /* the first message of the group's episode */
        const char *notifier;
        enum cw_notice_kind kind;
        bool firing; /* any alert in it fires; status is then "firing", else "resolved" (kind ALERT) */
        bool baseline;
        uint32_t repeat; /* 0: about changes */
        int64_t sent_at;
        enum cw_severity severity; /* the worst in it */
        const struct cw_group_value *group;
        size_t n_group;
        uint32_t n_firing, n_resolved, n_events;
        bool over; /* in its groups nothing fires any more */
        size_t most_members; /* alerts that one of its groups held at once, since the start */
        const struct cw_item *items; /* all of them, the worst first */
        size_t n_items;
        size_t n_listed; /* how many of the first are written out */
        const struct cw_tally *tallies; /* of the others, by rule and currency */
        size_t n_tallies;
        const struct cw_picture *pictures; /* for channels that can show them */
        size_t n_pictures;
        const struct cw_digest_facts *digest; /* of a digest, else NULL */
};

#endif
