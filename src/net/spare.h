/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_SPARE_H
#define CARDWATCH_NET_SPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/buf.h"

#include "keep.h"

/*
 * Spare: what requests for cards that ended leave for those that follow at once, as the pages of a list do: curl's
 * handle and the memory of the answer.
 *
 * All that may still hold an answer is wiped as soon as nothing is under way any more; meanwhile the answers of others
 * are in memory anyhow. Memory of answers is overwritten, handles, which keep the last piece that they read, are freed,
 * and the stack is cleared.
 */

#define CW_SPARE_MOST 8

struct cw_spare {
        struct cw_keep handles;
        struct cw_buf bodies[CW_SPARE_MOST];
        size_t n_bodies;
        unsigned given; /* since it was wiped last */
        size_t longest; /* of the answers that may stand in any of the memory */
};

/* An empty buffer, with memory if there is some, in which an older answer may stand; the caller sets its limit. */
struct cw_buf cw_spare_take_body(struct cw_spare *spare);
void cw_spare_give_body(struct cw_spare *spare, struct cw_buf *body);

/* Some requests were told of. `idle`: nothing is under way. */
void cw_spare_rest(struct cw_spare *spare, bool idle);

void cw_spare_deinit(struct cw_spare *spare);

#endif
