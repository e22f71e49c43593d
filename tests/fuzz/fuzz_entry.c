/* SPDX-License-Identifier: Apache-2.0 */
/* Stored entries: as they lie on the disk, and behind a check that holds, where only the reader's care is left. */
#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/notice.h"
#include "cardwatch/pack.h"
#include "fuzz.h"

/* What was read can be written, and read again as the same. */
static void check_round(const struct cw_entry *entry)
{
        struct cw_buf first = CW_BUF_NULL, second = CW_BUF_NULL;
        struct cw_entry *again = NULL;

        cw_entry_pack(entry, &first);
        must(cw_buf_error(&first) == 0);
        must(cw_entry_unpack(first.data, first.len, &again) == 0);
        cw_entry_pack(again, &second);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        cw_entry_unref(again);
        cw_buf_deinit(&first);
        cw_buf_deinit(&second);
}

static void unpack(const uint8_t *data, size_t size)
{
        char *bytes = fuzz_copy(data, size, 0);
        struct cw_entry *entry = NULL;
        int r = cw_entry_unpack(bytes, size, &entry);

        must(r == 0 || r == -EBADMSG);
        if (r == 0)
                check_round(entry);
        cw_entry_unref(entry);
        free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_buf sealed = CW_BUF_NULL;

        unpack(data, size);
        cw_pack_u64(&sealed, 1);
        cw_pack_bytes(&sealed, data, size);
        cw_pack_seal(&sealed, 0);
        must(cw_buf_error(&sealed) == 0);
        unpack((const uint8_t *)sealed.data, sealed.len);
        cw_buf_deinit(&sealed);
        return 0;
}
