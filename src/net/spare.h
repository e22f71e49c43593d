/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_SPARE_H
#define CARDWATCH_NET_SPARE_H

#include <stddef.h>

#include "cardwatch/buf.h"

#include "keep.h"

/*
 * Spare: what requests for cards that ended leave for those that follow at once, as the pages of a list do: curl's
 * handle and the memory of the answer.
 *
 * All that may still hold an answer is wiped as soon as no such request is under way any more, whatever else is;
 * meanwhile the answers of others are in memory anyhow. Memory of answers is overwritten, handles, which keep the last
 * piece that they read, are freed, and the stack is cleared.
 */

#define CW_SPARE_MOST 8

struct cw_spare {
        struct cw_keep handles;
        struct cw_buf bodies[CW_SPARE_MOST];
        size_t n_bodies;
        size_t n_taken; /* by requests that are under way, or not told of yet */
        unsigned given; /* since it was wiped last */
        size_t longest; /* of the answers that may stand in any of the memory */
};

/* An empty buffer, with memory if there is some, in which an older answer may stand; the caller sets its limit. */
struct cw_buf cw_spare_take_body(struct cw_spare *spare);
void cw_spare_give_body(struct cw_spare *spare, struct cw_buf *body);

/* Some requests were told of. */
void cw_spare_rest(struct cw_spare *spare);

void cw_spare_deinit(struct cw_spare *spare);

#endif
