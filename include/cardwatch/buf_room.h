/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_BUF_ROOM_H
#define CARDWATCH_BUF_ROOM_H

#include "cardwatch/buf.h"

/*
 * Buf, for those who write into it themselves: a decoder that knows how much it will need at most.
 */

/* Room for `len` more bytes; returns where they go, or NULL with the error remembered. Follow with cw_buf_grew. */
char *cw_buf_reserve(struct cw_buf *buf, size_t len);
void cw_buf_grew(struct cw_buf *buf, size_t len);

#endif
