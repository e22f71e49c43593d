/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ROLL_H
#define CARDWATCH_CORE_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/map.h"

/*
 * Roll: the known customers of one source, and where the poll under way has got with each.
 *
 * A customer is *seen* when a page or a look-up brought it, and *gone* when the API said that there is none such: then
 * it stays accounted for until it is seen again. Who is neither is absent, and absence concludes nothing
 * (observing.md).
 */

struct cw_roll {
        struct cw_map customers; /* id -> poll number and mark, packed into the pointer */
        size_t n_seen; /* in this poll */
        size_t n_gone;
};

void cw_roll_deinit(struct cw_roll *roll);

/* A poll begins. */
void cw_roll_begin(struct cw_roll *roll);

/* Known from before, seen in no poll yet. -ENOMEM. */
int cw_roll_know(struct cw_roll *roll, int64_t customer) __attribute__((warn_unused_result));
int cw_roll_seen(struct cw_roll *roll, int64_t customer, uint32_t poll) __attribute__((warn_unused_result));
/* Everybody who is not gone. */
int cw_roll_all_seen(struct cw_roll *roll, uint32_t poll) __attribute__((warn_unused_result));
int cw_roll_gone(struct cw_roll *roll, int64_t customer) __attribute__((warn_unused_result));
void cw_roll_forget(struct cw_roll *roll, int64_t customer);

bool cw_roll_is_seen(const struct cw_roll *roll, int64_t customer, uint32_t poll);
bool cw_roll_is_gone(const struct cw_roll *roll, int64_t customer);

/*
 * The customers that are neither seen in this poll nor gone: how many there are, and up to `most` of them. `turn` moves
 * the choice along from poll to poll, so that more than `most` are all come to in the end.
 */
size_t cw_roll_absent(const struct cw_roll *roll, uint32_t poll, uint32_t turn, int64_t *ret_customers, size_t most);

#endif
