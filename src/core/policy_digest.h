/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_DIGEST_H
#define CARDWATCH_CORE_POLICY_DIGEST_H

#include "cardwatch/digest.h"
#include "policy.h"

/*
 * Digests: how it stands, at fixed times.
 *
 * For each configured digest it is kept what happened since the last one: of each alert how often, and of the worst
 * ones what it was. That, and the last time that was told or passed, are rows, so that a restart neither repeats a
 * digest nor loses one; one that was due while nobody looked is told late, once, if it is not too late to be of use.
 * Digests take no part in the ledger and are held by nothing.
 */

/* What happened to one alert, or in one card by one rule, since the last digest. */
struct cw_happening {
        uint64_t fingerprint;
        const char *rule, *source; /* of the pool */
        int64_t customer;
        bool has_card;
        char currency[4];
        uint32_t fired, ended, events, edge;
        struct cw_entry *entry; /* how it ended, or the last event; NULL: only counted */
};

struct cw_digest {
        const char *name; /* of the pool */
        const struct cw_digest_plan *plan; /* NULL: no longer configured */
        uint64_t meaning; /* of its plan: another one begins anew */
        int64_t slot_at; /* the planned time that was told or passed last */
        int64_t since_at; /* the last one told */
        int64_t due_at; /* the next planned time */
        struct cw_map happenings; /* by fingerprint */
        size_t n_entries; /* of them have one */
};

/* An alert fired or ended, or an event happened. */
void cw_policy_digest_note(struct cw_policy *policy, struct cw_entry *entry, uint32_t edge);

/* Tells what is due. */
void cw_policy_digests_due(struct cw_policy *policy);
/* When the next one is, 0: never. */
int64_t cw_policy_digests_wake_at(const struct cw_policy *policy);

/* Another ruleset, or the one that is in force after loading. */
void cw_policy_digests_set_rules(struct cw_policy *policy);
void cw_policy_digests_clock_set(struct cw_policy *policy);
void cw_policy_digests_deinit(struct cw_policy *policy);

int cw_policy_load_digest(struct cw_policy *policy, const struct cw_digest_row *row)
        __attribute__((warn_unused_result));
int cw_policy_load_happening(struct cw_policy *policy, const struct cw_happening_row *row)
        __attribute__((warn_unused_result));

/* policy_digest_tell.c: one message to each of its notifiers, or several. */
void cw_policy_digest_tell(struct cw_policy *policy, struct cw_digest *digest, int64_t due_at, bool late);

#endif
