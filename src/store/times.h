/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_TIMES_H
#define CW_STORE_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/rule.h"

struct cw_buf;

/*
 * Times: the last transitions of an alert to firing, as one sealed record, and back.
 */

enum { CW_TIMES_MOST = CW_FLAP_LIMIT_MAX + 1 };

/* The last CW_TIMES_MOST of them; of none, nothing. */
void cw_times_pack(const int64_t *times, size_t n, struct cw_buf *buf);

/* Any bytes: -EBADMSG. */
int cw_times_unpack(const void *data, size_t len, int64_t ret_times[static CW_TIMES_MOST], size_t *ret_n)
        __attribute__((warn_unused_result));

#endif
