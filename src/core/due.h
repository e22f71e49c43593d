/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_DUE_H
#define CARDWATCH_CORE_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Due: a heap of times at which something wants another look.
 *
 * Holds keys, not things: an entry whose thing is gone or has another time by now is stale, and whoever pops it finds
 * out by looking. Equal times come out in the order of their keys, so that two runs of one history agree.
 */

struct cw_due_entry {
        int64_t at;
        uint64_t key;
};

struct cw_due {
        struct cw_due_entry *entries;
        size_t n, capacity;
};

void cw_due_deinit(struct cw_due *due);
int cw_due_push(struct cw_due *due, int64_t at, uint64_t key) __attribute__((warn_unused_result));

/* The earliest entry; false when there is none. */
bool cw_due_peek(const struct cw_due *due, struct cw_due_entry *ret_entry);
void cw_due_pop(struct cw_due *due);

/* Takes the earliest entry out; false when there is none that is not later than `now`. */
bool cw_due_take(struct cw_due *due, int64_t now, struct cw_due_entry *ret_entry);

/* How many are not later than `at`, stale ones among them; `most` if there are more. */
size_t cw_due_count(const struct cw_due *due, int64_t at, size_t most);

#endif
