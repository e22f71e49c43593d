/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_SILENCE_H
#define CARDWATCH_CORE_POLICY_SILENCE_H

#include "policy.h"

struct cw_alert_match;

/*
 * Silences: holds that operators put on alerts for a time. A silence decides nothing about an alert; when it ends the
 * ledger tells what is true then.
 */

struct cw_silence {
        char id[CW_SILENCE_ID_SIZE];
        char name[CW_SILENCE_ID_SIZE + 8]; /* "silence ID", as the reason of a hold */
        struct cw_alert_match *match;
        char *by, *why;
        int64_t made_at, until_at;
};

/* Begins: -EINVAL for a match that says nothing of sense, 0 otherwise. */
int cw_policy_silence(struct cw_policy *policy, const struct cw_silence_row *row) __attribute__((warn_unused_result));

/* Ends before its time. False: there is none of that id. */
bool cw_policy_silence_end(struct cw_policy *policy, const char *id);

/* Ends all that have run out. */
void cw_policy_silences_due(struct cw_policy *policy);
/* When the next one does, 0: there is none. */
int64_t cw_policy_silences_wake_at(const struct cw_policy *policy);

/* The silence that holds this, NULL: none. */
const struct cw_silence *cw_policy_silenced(const struct cw_policy *policy, const struct cw_entry *entry);

int cw_policy_load_silence(struct cw_policy *policy, const struct cw_silence_row *row)
        __attribute__((warn_unused_result));
void cw_policy_silences_clock_set(struct cw_policy *policy, int64_t by_ms);
void cw_policy_silences_deinit(struct cw_policy *policy);

#endif
