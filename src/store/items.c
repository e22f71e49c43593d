/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: entries are packed by whoever owns their type; here stands only what a message says of each. */
#include "items.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/buf.h"
#include "cardwatch/notice.h"
#include "cardwatch/pack.h"

#define VERSION 1

enum { FOLDED = 1, SILENCED = 2 };

/* An item takes at least that many bytes, so a claimed number is believed only as far as there are bytes for it. */
#define ITEM_MIN 4

void cw_items_pack(const struct cw_item *items, size_t n_items, struct cw_buf *buf)
{
        struct cw_buf entry = CW_BUF_NULL;
        size_t begin = buf->len;

        cw_pack_u64(buf, VERSION);
        cw_pack_u64(buf, n_items);
        for (size_t i = 0; i < n_items; i++) {
                cw_buf_clear(&entry);
                cw_entry_pack(items[i].entry, &entry);
                cw_pack_u64(buf, (uint64_t)items[i].previous_severity);
                cw_pack_u64(buf, (items[i].folded ? FOLDED : 0) | (items[i].silenced ? SILENCED : 0));
                cw_pack_u64(buf, items[i].edge);
                cw_pack_bytes(buf, entry.data, entry.len);
                if (cw_buf_error(&entry) < 0 && cw_buf_error(buf) == 0)
                        buf->error = cw_buf_error(&entry);
        }
        cw_pack_seal(buf, begin);
        cw_buf_deinit(&entry);
}

void cw_items_free(struct cw_item *items, size_t n_items)
{
        for (size_t i = 0; i < n_items; i++)
                cw_entry_unref(items[i].entry);
        free(items);
}

static int unpack_item(struct cw_unpack *unpack, struct cw_item *item)
{
        const void *entry;
        uint64_t flags;
        size_t len;

        item->previous_severity = (enum cw_severity)cw_unpack_most(unpack, CW_SEVERITY_CRITICAL);
        flags = cw_unpack_most(unpack, FOLDED | SILENCED);
        item->folded = flags & FOLDED;
        item->silenced = flags & SILENCED;
        item->edge = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
        entry = cw_unpack_bytes(unpack, &len);
        return unpack->bad ? -EBADMSG : cw_entry_unpack(entry, len, &item->entry);
}

int cw_items_unpack(const void *data, size_t len, struct cw_item **ret_items, size_t *ret_n)
{
        struct cw_unpack unpack;
        struct cw_item *items;
        uint64_t version, n;
        int r = 0;

        cw_unpack_init(&unpack, data, len);
        version = cw_unpack_u64(&unpack);
        n = cw_unpack_u64(&unpack);
        if (unpack.bad || version != VERSION || n > (uint64_t)(unpack.end - unpack.at) / ITEM_MIN)
                return -EBADMSG;
        items = calloc((size_t)n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n && r == 0; i++)
                r = unpack_item(&unpack, &items[i]);
        if (r == 0 && !cw_unpack_done(&unpack))
                r = -EBADMSG;
        if (r < 0) {
                cw_items_free(items, (size_t)n);
                return r;
        }
        *ret_items = items;
        *ret_n = (size_t)n;
        return 0;
}
