/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_UVLOOP_H
#define CARDWATCH_NET_UVLOOP_H

#include <uv.h>

/*
 * What the modules of this layer know of the loop and the others do not: that it is libuv's.
 */

struct cw_loop;

uv_loop_t *cw_loop_uv(struct cw_loop *loop);

#endif
