/* SPDX-License-Identifier: Apache-2.0 */
#include "recent.h"

#include "cardwatch/changes_order.h"
#include "cardwatch/store_settle.h"

static void let_go(struct cw_recent *recent)
{
        cw_changes_deinit(&recent->rows);
        recent->bytes = 0;
}

static void give_up(struct cw_recent *recent)
{
        recent->lacks = true;
        let_go(recent);
}

void cw_recent_await_no_more(struct cw_recent *recent)
{
        if (recent->awaited.bytes == 0)
                return;
        recent->awaited.bytes = 0;
        give_up(recent);
}

void cw_recent_await(struct cw_recent *recent, int64_t sequence, int64_t at, size_t bytes)
{
        recent->awaited.sequence = sequence;
        recent->awaited.at = at;
        recent->awaited.bytes = bytes;
}

/* As the log's reader does. */
static void date_deliveries(struct cw_changes *changes, int64_t at)
{
        for (size_t i = 0; i < changes->intents.n; i++)
                if (changes->intents.rows[i].state == CW_INTENT_DELIVERED)
                        changes->intents.rows[i].delivered_at = at;
}

void cw_recent_take(struct cw_recent *recent, struct cw_changes *changes)
{
        size_t bytes = recent->awaited.bytes;

        recent->awaited.bytes = 0;
        if (bytes == 0)
                return;
        date_deliveries(changes, recent->awaited.at);
        if (recent->lacks || recent->bytes >= CW_STORE_MUCH_UNSETTLED ||
            cw_changes_append(&recent->rows, changes) < 0) {
                give_up(recent);
                return;
        }
        recent->last = recent->awaited.sequence;
        recent->bytes += bytes;
}

bool cw_recent_is_whole(const struct cw_recent *recent, size_t unsettled)
{
        return recent->bytes > 0 && recent->bytes == unsettled && !recent->lacks && recent->awaited.bytes == 0;
}

void cw_recent_begin(struct cw_recent *recent, size_t unsettled)
{
        let_go(recent);
        recent->awaited.bytes = 0;
        recent->lacks = unsettled > 0;
}
