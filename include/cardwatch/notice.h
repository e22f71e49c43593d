/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NOTICE_H
#define CARDWATCH_NOTICE_H

#include "cardwatch/entry.h"

struct cw_digest_facts;
struct cw_picture;

/*
 * Notice: what is told, as data.
 *
 * One message to one notifier: entries (entry.h) with what this message says of each. The codec turns it into bytes;
 * nothing here formats anything.
 */

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
