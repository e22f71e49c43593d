/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: times that follow each other differ by little. */
#include "times.h"

#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/pack.h"
#include "cardwatch/wrapping.h"

#define VERSION 1

void cw_times_pack(const int64_t *times, size_t n, struct cw_buf *buf)
{
        size_t begin = buf->len, skipped = n > CW_TIMES_MOST ? n - CW_TIMES_MOST : 0;
        int64_t before = 0;

        if (n == 0)
                return;
        cw_pack_u64(buf, VERSION);
        cw_pack_u64(buf, n - skipped);
        for (size_t i = skipped; i < n; i++) {
                cw_pack_i64(buf, cw_wrapping_difference(times[i], before));
                before = times[i];
        }
        cw_pack_seal(buf, begin);
}

int cw_times_unpack(const void *data, size_t len, int64_t ret_times[static CW_TIMES_MOST], size_t *ret_n)
{
        struct cw_unpack unpack;
        uint64_t version, n;
        int64_t at = 0;

        cw_unpack_init(&unpack, data, len);
        version = cw_unpack_u64(&unpack);
        n = cw_unpack_most(&unpack, CW_TIMES_MOST);
        if (version != VERSION)
                return -EBADMSG;
        for (uint64_t i = 0; i < n; i++)
                ret_times[i] = at = cw_wrapping_sum(at, cw_unpack_i64(&unpack));
        if (!cw_unpack_done(&unpack))
                return -EBADMSG;
        *ret_n = (size_t)n;
        return 0;
}
