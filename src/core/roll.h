/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ROLL_H
#define CARDWATCH_CORE_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunks.h"
#include "id_index.h"
#include "leaves.h"

/*
 * Roll: the known customers of one source, and where the poll under way has got with each.
 *
 * A customer is *seen* when a page or a look-up brought it, and *gone* when the API said that there is none such: then
 * it stays accounted for until it is seen again. Who is neither is absent, and absence concludes nothing
 * (observing.md).
 */

/* Twelve bytes: there may be a million. Who was seen by a page is seen as long as that is (leaves.h). */
struct cw_roll_row {
        int64_t id;
        uint32_t leaf : 17; /* the page that brought it */
        uint32_t gone : 1;
        uint32_t mark : 14; /* of the poll that saw it otherwise, 0: none did */
} __attribute__((packed, aligned(4)));

struct cw_roll {
        struct cw_leaves *leaves; /* not owned */
        struct cw_chunks rows;
        size_t n;
        size_t expected; /* as in the snapshot */
        struct cw_id_index index;
        size_t n_seen; /* in this poll */
        size_t n_gone;
};

void cw_roll_init(struct cw_roll *roll, struct cw_leaves *leaves);
void cw_roll_deinit(struct cw_roll *roll);

/* A poll begins, with the number after that of the last one. 0: none does, and the numbers may begin anew. */
void cw_roll_begin(struct cw_roll *roll, uint32_t poll);

/* Known from before, seen in no poll yet, into an empty roll. Brings them in order, and takes who stands there twice
 * for one. -ENOMEM. */
int cw_roll_know(struct cw_roll *roll, int64_t *customers, size_t n) __attribute__((warn_unused_result));
/* By the page of `leaf`, 0: by none. */
int cw_roll_seen(struct cw_roll *roll, int64_t customer, uint32_t poll, uint32_t leaf)
        __attribute__((warn_unused_result));
/* Everybody who is not gone. */
void cw_roll_all_seen(struct cw_roll *roll, uint32_t poll);
int cw_roll_gone(struct cw_roll *roll, int64_t customer) __attribute__((warn_unused_result));
void cw_roll_forget(struct cw_roll *roll, int64_t customer);

/* By its position, from 0 to n; forgetting one moves the last there. */
const struct cw_roll_row *cw_roll_at(const struct cw_roll *roll, size_t position);

bool cw_roll_is_seen(const struct cw_roll *roll, int64_t customer, uint32_t poll);
bool cw_roll_is_gone(const struct cw_roll *roll, int64_t customer);

/*
 * The customers that are neither seen in this poll nor gone: how many there are, and up to `most` of them. `turn` moves
 * the choice along from poll to poll, so that more than `most` are all come to in the end.
 */
size_t cw_roll_absent(const struct cw_roll *roll, uint32_t poll, uint32_t turn, int64_t *ret_customers, size_t most);

#endif
