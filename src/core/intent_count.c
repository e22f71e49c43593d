/* SPDX-License-Identifier: Apache-2.0 */
#include "intent_count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "tally.h"

#define COUNTED_VERSION 1
#define COMPARE(a, b)   (((a) > (b)) - ((a) < (b)))

struct counted {
        struct cw_hash128 sum;
        struct cw_tally *tallies;
        size_t n_tallies;
};

static void counted_deinit(struct counted *counted)
{
        free(counted->tallies);
}

static int unpack(const char *packed, size_t len, struct counted *ret_counted)
{
        cw_cleanup(counted_deinit) struct counted counted = {{0, 0}, NULL, 0};
        struct cw_unpack unpack;
        int r;

        cw_unpack_init(&unpack, packed, len);
        if (cw_unpack_u64(&unpack) != COUNTED_VERSION)
                unpack.bad = true;
        counted.sum.high = cw_unpack_u64(&unpack);
        counted.sum.low = cw_unpack_u64(&unpack);
        r = cw_tallies_unpack(&unpack, &counted.tallies, &counted.n_tallies);
        if (r == 0 && !cw_unpack_done(&unpack))
                r = -EBADMSG;
        if (r < 0)
                return r;
        *ret_counted = counted;
        counted.tallies = NULL;
        return 0;
}

/* What the intent has counted so far, with room for so many more. */
static int begin(const struct cw_intent *intent, size_t n_more, struct counted *ret_counted)
{
        struct cw_tally *tallies;
        int r = 0;

        *ret_counted = (struct counted){{0, 0}, NULL, 0};
        if (intent->counted)
                r = unpack(intent->counted, intent->counted_len, ret_counted);
        if (r < 0)
                return r;
        tallies = reallocarray(ret_counted->tallies, ret_counted->n_tallies + n_more + 1, sizeof(*tallies));
        if (!tallies)
                return -ENOMEM;
        ret_counted->tallies = tallies;
        return 0;
}

int cw_intent_set_counted(struct cw_intent *intent, const char *packed, size_t len)
{
        cw_cleanup(counted_deinit) struct counted counted = {{0, 0}, NULL, 0};
        int r = unpack(packed, len, &counted);
        char *copy;

        if (r < 0)
                return r;
        copy = malloc(len);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, packed, len);
        free(intent->counted);
        intent->counted = copy;
        intent->counted_len = len;
        intent->counted_sum = counted.sum;
        return 0;
}

static int set(struct cw_intent *intent, const struct counted *counted)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;

        cw_pack_u64(&buf, COUNTED_VERSION);
        cw_pack_u64(&buf, counted->sum.high);
        cw_pack_u64(&buf, counted->sum.low);
        cw_tallies_pack(counted->tallies, counted->n_tallies, &buf);
        cw_pack_seal(&buf, 0);
        if (cw_buf_error(&buf) < 0)
                return -ENOMEM;
        return cw_intent_set_counted(intent, buf.data, buf.len);
}

static int by_rank(const void *left, const void *right)
{
        const struct cw_item *one = left, *other = right;
        int order = COMPARE(other->entry->severity, one->entry->severity);

        if (!order)
                order = COMPARE(other->entry->started_at, one->entry->started_at);
        if (!order)
                order = COMPARE(one->entry->fingerprint, other->entry->fingerprint);
        return order ? order : COMPARE(one->edge, other->edge);
}

void cw_intent_rank_items(struct cw_intent *intent)
{
        cw_map_deinit(&intent->places);
        if (intent->n_items > 1)
                qsort(intent->items, intent->n_items, sizeof(*intent->items), by_rank);
}

static void give_back_room(struct cw_intent *intent)
{
        struct cw_item *items = reallocarray(intent->items, intent->n_items + 1, sizeof(*items));

        if (!items)
                return;
        intent->items = items;
        intent->items_capacity = intent->n_items + 1;
}

int cw_intent_count_items(struct cw_intent *intent, size_t n_kept)
{
        cw_cleanup(counted_deinit) struct counted counted = {{0, 0}, NULL, 0};
        int r;

        if (intent->n_items <= n_kept)
                return 0;
        r = begin(intent, intent->n_items - n_kept, &counted);
        for (size_t i = n_kept; r == 0 && i < intent->n_items; i++) {
                const struct cw_entry *entry = intent->items[i].entry;
                struct cw_hash128 key = cw_item_key(&intent->items[i]);

                counted.sum.high += key.high;
                counted.sum.low += key.low;
                cw_tally_count(
                        cw_tally_like(counted.tallies, &counted.n_tallies, entry->rule, cw_tally_currency(entry)),
                        entry);
        }
        if (r == 0)
                r = set(intent, &counted);
        if (r < 0)
                return r;
        cw_map_deinit(&intent->places);
        for (size_t i = n_kept; i < intent->n_items; i++)
                cw_entry_unref(intent->items[i].entry);
        intent->n_items = n_kept;
        give_back_room(intent);
        return 0;
}

int cw_intent_count_like(struct cw_intent *intent, const struct cw_intent *other)
{
        cw_cleanup(counted_deinit) struct counted counted = {{0, 0}, NULL, 0}, more = {{0, 0}, NULL, 0};
        int r;

        if (!other->counted)
                return 0;
        r = unpack(other->counted, other->counted_len, &more);
        if (r == 0)
                r = begin(intent, more.n_tallies, &counted);
        if (r < 0)
                return r;
        counted.sum.high += more.sum.high;
        counted.sum.low += more.sum.low;
        for (size_t i = 0; i < more.n_tallies; i++)
                cw_tally_sum(cw_tally_like(counted.tallies, &counted.n_tallies, more.tallies[i].rule,
                                           more.tallies[i].currency),
                             &more.tallies[i]);
        return set(intent, &counted);
}

int cw_intent_tallies(const struct cw_intent *intent, struct cw_tally **ret_tallies, size_t *ret_n)
{
        struct counted counted;
        int r = begin(intent, 0, &counted);

        if (r < 0) {
                counted_deinit(&counted);
                return r;
        }
        *ret_tallies = counted.tallies;
        *ret_n = counted.n_tallies;
        return 0;
}
