/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: two stores are told the same. One has a good disk; of the other commits and settling fail now and then, what
 * failed is merged with what follows, some of it packed, some handed over, and the process begins anew between.
 * Whenever a commit comes through, both show the same. */
#include "random_rows.h"

#include <errno.h>

#include "../../../src/store/changes_pack.h"
#include "../../../src/store/db.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/store_pages.h"

#ifdef CARDWATCH_FAULTS

enum { ROUNDS = 8, STEPS = 40 };

static const struct cw_store_keep keep_all = {.history_ms = INT64_MAX, .audit_ms = INT64_MAX};

static int note_edge(void *data, struct cw_store_place place, const struct cw_history_row *row)
{
        cw_buf_printf(data, "%lld %lld %s %s %u %s\n", (long long)place.at, (long long)place.number, row->what,
                      row->source, row->edge, row->reason ? row->reason : "-");
        return 0;
}

static int note_act(void *data, struct cw_store_place place, const struct cw_audit_row *row)
{
        cw_buf_printf(data, "%lld %lld %lld %s\n", (long long)place.at, (long long)place.number, (long long)row->uid,
                      row->by);
        return 0;
}

static void see(struct cw_store *store, struct cw_buf *seen)
{
        const struct cw_store_page page = {.limit = 10000, .messages = true};
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;

        cw_buf_clear(seen);
        load(store, &rows);
        for (size_t i = 0; i < rows.cards.n; i++)
                cw_buf_printf(seen, "card %s %lld %lld %s\n", rows.cards.rows[i].source,
                              (long long)rows.cards.rows[i].card.id, (long long)rows.cards.rows[i].card.available,
                              rows.cards.rows[i].card.reference ? rows.cards.rows[i].card.reference : "-");
        assert_int_equal(cw_store_page_edges(store, &page, note_edge, seen, NULL), 0);
        assert_int_equal(cw_store_page_audit(store, &page, note_act, seen, NULL), 0);
        cw_changes_pack(&rows, &record);
        assert_int_equal(cw_buf_error(&record), 0);
        cw_buf_append(seen, record.data, record.len);
        assert_int_equal(cw_buf_error(seen), 0);
}

static void assert_alike(struct cw_store *one, struct cw_store *other)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf a = CW_BUF_NULL, b = CW_BUF_NULL;

        see(one, &a);
        see(other, &b);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
}

static void fill_step(struct cw_changes *changes, unsigned *seed, int64_t at)
{
        for (unsigned n = below(seed, 12); n > 0; n--)
                add_card(changes, coin(seed) ? "main" : "hook", below(seed, 40), at * 100 + n);
        if (below(seed, 12) == 0)
                add_source(changes, coin(seed) ? "main" : "hook", true);
        if (coin(seed))
                drop_card(changes, "main", below(seed, 40));
        if (below(seed, 3) > 0)
                fill(changes, seed, at);
        else
                add_source(changes, "main", false);
}

/* The store with the bad disk, as the daemon uses it. */
struct poor {
        const struct place *place;
        struct cw_store *store;
        struct cw_changes pending;
        unsigned seed;
};

static struct cw_fault one_in(struct poor *poor, unsigned n)
{
        return (struct cw_fault){.kind = below(&poor->seed, n) == 0 ? CW_FAULT_FAIL : CW_FAULT_NONE,
                                 .last = UINT64_MAX};
}

/* Whether it came through. `newer` was said meanwhile. */
static bool try_to_commit(struct poor *poor, struct cw_changes *newer, int64_t at)
{
        struct cw_changes under_way = poor->pending;
        int r;

        poor->pending = (struct cw_changes)CW_CHANGES_NULL;
        poor->store->commit_fault = one_in(poor, 2);
        assert_int_equal(cw_changes_sort(&under_way), 0);
        r = cw_store_commit(poor->store, &under_way, at, NULL);
        if (r == 0) {
                if (below(&poor->seed, 4) > 0)
                        cw_store_hand_over(poor->store, &under_way);
                cw_changes_deinit(&under_way);
                poor->pending = *newer;
                *newer = (struct cw_changes)CW_CHANGES_NULL;
                return true;
        }
        assert_int_equal(r, -ENOSPC);
        poor->pending = under_way;
        assert_int_equal(cw_changes_merge(&poor->pending, newer), 0);
        return false;
}

static void do_something_else(struct poor *poor, int64_t at)
{
        size_t unsettled = cw_store_unsettled(poor->store);
        int r;

        poor->store->settle_fault = one_in(poor, 3);
        switch (below(&poor->seed, 6)) {
        case 0:
        case 1:
                r = cw_store_settle(poor->store, NULL);
                assert_int_equal(r, poor->store->settle_fault.kind && unsettled > 0 ? -ENOSPC : 0);
                break;
        case 2:
                assert_true(cw_store_maintain(poor->store, at, &keep_all, false, NULL) >= 0);
                break;
        case 3:
                poor->store->settle_fault.kind = CW_FAULT_NONE;
                while ((r = cw_store_maintain(poor->store, at, &keep_all, true, NULL)) == CW_STORE_MORE)
                        ;
                assert_int_equal(r, 0);
                break;
        case 4:
                cw_store_close(cw_take(poor->store));
                poor->store = open_store(poor->place);
                break;
        default:
                break;
        }
}

static void run(unsigned seed)
{
        cw_cleanup(place_deinit) struct place place, other;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *good = NULL;
        struct poor poor = {.place = &place, .seed = seed * 7};
        unsigned told = seed, same = seed;
        int through = 0;

        place_init(&place);
        place_init(&other);
        poor.store = open_store(&place);
        good = open_store(&other);
        for (int64_t at = 1; at <= STEPS; at++) {
                struct cw_changes changes = CW_CHANGES_NULL, nothing = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;
                bool meanwhile = coin(&poor.seed);

                fill_step(&changes, &told, at);
                assert_int_equal(cw_changes_sort(&changes), 0);
                commit(good, &changes, at);
                settle(good);
                /* Said while the one before is on its way, or behind what is pending. */
                fill_step(meanwhile ? &newer : &poor.pending, &same, at);
                if (coin(&poor.seed))
                        cw_changes_pack_cards(meanwhile ? &newer : &poor.pending);
                if (meanwhile)
                        (void)try_to_commit(&poor, &newer, at);
                if (try_to_commit(&poor, &nothing, at)) {
                        through++;
                        assert_alike(poor.store, good);
                        do_something_else(&poor, at);
                        assert_alike(poor.store, good);
                }
        }
        assert_true(through > 3);
        cw_changes_deinit(&poor.pending);
        cw_store_close(poor.store);
}

static void test_what_failed_is_neither_lost_nor_told_twice(void **state)
{
        (void)state;
        for (unsigned seed = 1; seed <= ROUNDS; seed++)
                run(seed);
}

#endif

int main(void)
{
#ifdef CARDWATCH_FAULTS
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_failed_is_neither_lost_nor_told_twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
#else
        return 0;
#endif
}
