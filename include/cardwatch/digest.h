/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DIGEST_H
#define CARDWATCH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_tally;
struct cw_zone;

/*
 * Digest: a message at a fixed time of the day that tells how it stands.
 *
 * Plain data and pure functions: when a digest is due, and what one says beside the alerts it lists. What is collected
 * and when it is told is the policy's (core/policy_digest.h).
 */

/* As configured; owned by the ruleset. */
struct cw_digest_plan {
        char *name;
        unsigned days; /* bits, Monday is 1 << 0; never none */
        int32_t at_min; /* minutes of the local day */
        size_t *notify; /* indices of notifiers */
        size_t n_notify;
        bool per_customer;
};

void cw_digest_plan_deinit(struct cw_digest_plan *plan);

/*
 * The first time after `after` at which the plan's day and minute come: once a day, also where the clock shows them
 * twice (the first time counts) or skips them (the moment of the skip counts). Wall times in ms; zone NULL: UTC.
 */
int64_t cw_digest_next(const struct cw_digest_plan *plan, const struct cw_zone *zone, int64_t after);

/* What a digest tells beside its alerts. `tallies` counts what it has no entries for. */
struct cw_digest_facts {
        const char *name;
        int64_t due_at; /* the time it was planned for: part of its id */
        int64_t since_at; /* the last one of this name, or since when there is one */
        bool late;
        uint32_t n_fired, n_ended, n_events; /* since then; every time counts */
        uint32_t n_acknowledged, n_silenced; /* of what fires now */
        uint64_t n_cards; /* that are watched; 0 in a digest for one customer */
        int64_t looked_at; /* when the source that was read least recently was read completely, 0: one never was */
        bool blind; /* what is known of the cards is old */
        struct cw_tally *tallies;
        size_t n_tallies;
};

/* For the store. Unpacking takes any bytes; its texts point into `data`, its tallies are the caller's to free.
 * -EBADMSG, -ENOMEM. */
void cw_digest_facts_pack(const struct cw_digest_facts *facts, struct cw_buf *buf);
int cw_digest_facts_unpack(const void *data, size_t len, struct cw_digest_facts *ret_facts)
        __attribute__((warn_unused_result));

#endif
