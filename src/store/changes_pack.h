/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CHANGES_PACK_H
#define CW_STORE_CHANGES_PACK_H

#include <stddef.h>

struct cw_buf;
struct cw_changes;

/*
 * Changes pack: all rows of a commit but those of cards as one sealed record, and back.
 *
 * An entry that several rows share is written once. Of a message that was delivered only what is remembered of it.
 */

/* Appends; a failure is remembered in the buffer. */
void cw_changes_pack(const struct cw_changes *changes, struct cw_buf *buf);

/* Appends the rows to `changes`. Any bytes: -EBADMSG, and then some of them may be there; -ENOMEM. */
int cw_changes_unpack(const void *data, size_t len, struct cw_changes *changes) __attribute__((warn_unused_result));

#endif
