/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_SIZE_H
#define CW_STORE_SIZE_H

#include <stdint.h>

#include "cardwatch/store.h"

struct cw_buf;

/*
 * Size: how much room the database takes, and how much it may.
 *
 * What is forgotten leaves free pages in the file, which what comes next fills: a store at its limit keeps its size and
 * no longer grows. Only a limit that was lowered makes the file itself shorter, if it was made by a cardwatch that knew
 * how to (auto_vacuum is said of an empty file or never). Below the limit room is kept for the database's log and for
 * what is committed between two looks.
 */

/* As it is now. */
int cw_size_look(struct cw_store *store, struct cw_store_size *ret_size, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Keeps the database's log in its share, too; to be called before the other two. Cheap when the limit is known. */
int cw_size_limit(struct cw_store *store, int64_t max_bytes, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* More is in use than may be: history has to go. */
bool cw_size_is_over(const struct cw_store_size *size, int64_t max_bytes);

/* Makes the file somewhat shorter when it is longer than it may be and has free pages. Outcomes besides 0: 1, it did.
 */
int cw_size_shrink(struct cw_store *store, const struct cw_store_size *size, int64_t max_bytes, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
