/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one short past, and what windows of every length see of it at every edge. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/trail.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define NEVER     INT64_MAX
#define AVAILABLE (1u << CW_FIELD_AVAILABLE)

struct change {
        int64_t at;
        int64_t available;
};

struct seen {
        const char *name;
        int64_t window_ms, at;
        struct cw_trail_window window;
};

static struct cw_trail_needs needs_of(enum cw_field field, int64_t window_ms)
{
        struct cw_trail_needs needs = {0};

        needs.window_ms[field] = window_ms;
        return needs;
}

static void add(struct cw_trail *trail, const struct cw_trail_needs *needs, int64_t at, int64_t before, int64_t now)
{
        struct cw_card cards[] = {{.available = before, .currency = "EUR"}, {.available = now, .currency = "EUR"}};
        struct cw_trail_change change = {.at = at, .changed = AVAILABLE, .before = &cards[0], .now = &cards[1]};
        int64_t folded_at = -1;

        assert_int_equal(cw_trail_add(trail, needs, &change, &folded_at), 0);
        assert_int_equal(folded_at, -1);
}

static struct cw_trail_window look(const struct cw_trail *trail, int64_t window_ms, int64_t at, int64_t available)
{
        struct cw_card now = {.available = available, .currency = "EUR"};
        struct cw_trail_window window;

        cw_trail_look(trail, CW_FIELD_AVAILABLE, window_ms, at, &now, &window);
        return window;
}

static void assert_seen(const struct seen *expected, const struct cw_trail_window *window)
{
        const struct cw_trail_window *e = &expected->window;
        const struct {
                const char *what;
                int64_t is, ought;
        } pairs[] = {
                {"begins_at", window->begins_at, e->begins_at},
                {"first", window->first, e->first},
                {"last", window->last, e->last},
                {"least", window->least, e->least},
                {"greatest", window->greatest, e->greatest},
                {"fell", window->fell, e->fell},
                {"rose", window->rose, e->rose},
                {"changes", window->changes, e->changes},
                {"average", window->average, e->average},
                {"moves_at", window->moves_at, e->moves_at},
                {"stretches_at", window->stretches_at, e->stretches_at},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(pairs); i++)
                if (pairs[i].is != pairs[i].ought)
                        fail_msg("%s: %s is %" PRId64 ", not %" PRId64, expected->name, pairs[i].what, pairs[i].is,
                                 pairs[i].ought);
}

/* First seen at 1000 with 100; 90 from 2000, 120 from 3000, 50 from 5000. */
static void test_what_windows_see(void **state)
{
        static const struct change past[] = {{1000, 100}, {2000, 90}, {3000, 120}, {5000, 50}};
        /* begins_at, first, last, least, greatest, fell, rose, changes, average, moves_at, stretches_at */
        static const struct seen table[] = {
                {"the last change is in a window that begins before it",
                 1000,
                 5999,
                 {4999, 120, 50, 50, 120, 70, 0, 1, 50, 6000, NEVER}},
                {"a change exactly at the beginning is outside",
                 1000,
                 6000,
                 {5000, 50, 50, 50, 50, 0, 0, 0, 50, NEVER, NEVER}},
                {"a change at the present is inside", 1000, 5000, {4000, 120, 50, 50, 120, 70, 0, 1, 120, 6000, NEVER}},
                {"a window of one ms at the change", 1, 5000, {4999, 120, 50, 50, 120, 70, 0, 1, 120, 5001, NEVER}},
                {"a window of one ms after the change", 1, 5001, {5000, 50, 50, 50, 50, 0, 0, 0, 50, NEVER, NEVER}},
                {"the value in force at the beginning counts",
                 2500,
                 5000,
                 {2500, 90, 50, 50, 120, 70, 30, 2, 114, 5500, NEVER}},
                {"the sums are of falls and rises apart",
                 4000,
                 5500,
                 {1500, 100, 50, 50, 120, 80, 30, 3, 101, 6000, NEVER}},
                {"the average is weighted by time", 4000, 7000, {3000, 120, 50, 50, 120, 70, 0, 1, 85, 9000, NEVER}},
                {"a window that is older than the first observation covers what was observed",
                 100000,
                 6000,
                 {1000, 100, 50, 50, 120, 80, 30, 3, 96, 102000, NEVER}},
                {"a window that begins at the first observation",
                 5000,
                 6000,
                 {1000, 100, 50, 50, 120, 80, 30, 3, 96, 7000, NEVER}},
                {"a window as long as there is time",
                 INT64_MAX,
                 6000,
                 {1000, 100, 50, 50, 120, 80, 30, 3, 96, NEVER, NEVER}},
                {"much later nothing is in it", 1000, 1000000, {999000, 50, 50, 50, 50, 0, 0, 0, 50, NEVER, NEVER}},
        };
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100000);
        struct cw_trail *trail;

        (void)state;
        assert_int_equal(cw_trail_new(1000, &trail), 0);
        for (size_t i = 1; i < CW_ARRAY_SIZE(past); i++)
                add(trail, &needs, past[i].at, past[i - 1].available, past[i].available);
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++) {
                struct cw_trail_window window = look(trail, table[i].window_ms, table[i].at, 50);

                assert_seen(&table[i], &window);
        }
        cw_trail_free(trail);
}

static void test_at_the_first_observation_the_window_holds_only_that(void **state)
{
        static const struct seen at_once = {.name = "at once",
                                            .window = {1000, 70, 70, 70, 70, 0, 0, 0, 70, NEVER, NEVER}};
        static const struct seen later = {.name = "later, nothing having changed",
                                          .window = {1000, 70, 70, 70, 70, 0, 0, 0, 70, NEVER, NEVER}};
        struct cw_trail_window window;
        struct cw_trail *trail;

        (void)state;
        assert_int_equal(cw_trail_new(1000, &trail), 0);
        window = look(trail, 5000, 1000, 70);
        assert_seen(&at_once, &window);
        window = look(trail, 5000, 3000, 70);
        assert_seen(&later, &window);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_AVAILABLE), 1000);
        cw_trail_free(trail);
}

/* Each value is in force for 1 ms of the window. */
static void test_averages_round_half_to_even(void **state)
{
        static const struct {
                int64_t first, second, average;
        } table[] = {
                {0, 1, 0},
                {0, 3, 2},
                {0, -1, 0},
                {0, -3, -2},
                {2, 3, 2},
                {3, 4, 4},
                {-2, -3, -2},
                {INT64_MAX, INT64_MAX - 2, INT64_MAX - 1},
                {-INT64_MAX, INT64_MAX, 0},
                {INT64_MAX, INT64_MAX, INT64_MAX},
        };
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100000);

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++) {
                struct cw_trail_window window;
                struct cw_trail *trail;

                assert_int_equal(cw_trail_new(10, &trail), 0);
                add(trail, &needs, 11, table[i].first, table[i].second);
                add(trail, &needs, 12, table[i].second, 0);
                window = look(trail, 2, 12, 0);
                assert_int_equal(window.average, table[i].average);
                cw_trail_free(trail);
        }
}

static void test_sums_that_do_not_fit_cannot_be_said(void **state)
{
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100000);
        struct cw_trail_window window;
        struct cw_trail *trail;

        (void)state;
        assert_int_equal(cw_trail_new(0, &trail), 0);
        add(trail, &needs, 1, CW_AMOUNT_MAX, 0);
        window = look(trail, 10, 2, 0);
        assert_int_equal(window.fell, CW_AMOUNT_MAX);
        add(trail, &needs, 2, 0, -1);
        window = look(trail, 10, 3, -1);
        assert_int_equal(window.fell, -1);
        assert_int_equal(window.rose, 0);
        add(trail, &needs, 3, -1, CW_AMOUNT_MAX);
        window = look(trail, 10, 3, CW_AMOUNT_MAX);
        assert_int_equal(window.rose, -1);
        assert_int_equal(window.changes, 3);
        window = look(trail, 1, 2, CW_AMOUNT_MAX);
        assert_int_equal(window.begins_at, 1);
        cw_trail_free(trail);
}

/* Two observations of one ms: both in a window, or neither. */
static void test_changes_of_one_ms(void **state)
{
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100000);
        struct cw_trail_window window;
        struct cw_trail *trail;

        (void)state;
        assert_int_equal(cw_trail_new(0, &trail), 0);
        add(trail, &needs, 5, 10, 3);
        add(trail, &needs, 5, 3, 8);
        window = look(trail, 10, 14, 8);
        assert_int_equal(window.changes, 2);
        assert_int_equal(window.least, 3);
        assert_int_equal(window.fell, 7);
        assert_int_equal(window.rose, 5);
        window = look(trail, 10, 15, 8);
        assert_int_equal(window.changes, 0);
        assert_int_equal(window.least, 8);
        cw_trail_free(trail);
}

static void test_another_currency_begins_anew(void **state)
{
        struct cw_trail_needs needs = {.kept = AVAILABLE | 1u << CW_FIELD_SUPPRESSED};
        struct cw_card before = {.available = 100, .currency = "EUR"}, now = before;
        struct cw_trail_change change = {.changed = AVAILABLE, .before = &before, .now = &now};
        struct cw_trail_window window;
        struct cw_trail *trail;
        int64_t folded_at;

        (void)state;
        needs.window_ms[CW_FIELD_AVAILABLE] = needs.window_ms[CW_FIELD_CURRENCY] = 100000;
        needs.window_ms[CW_FIELD_SUPPRESSED] = 100000;
        assert_int_equal(cw_trail_new(1000, &trail), 0);
        now.available = 40;
        change.at = 2000;
        assert_int_equal(cw_trail_add(trail, &needs, &change, &folded_at), 0);
        memcpy(now.currency, "USD", 4);
        now.available = 300;
        now.suppressed = true;
        change.at = 3000;
        change.before = NULL;
        change.changed = AVAILABLE | 1u << CW_FIELD_CURRENCY | 1u << CW_FIELD_SUPPRESSED;
        assert_int_equal(cw_trail_add(trail, &needs, &change, &folded_at), 0);

        window = look(trail, 5000, 4000, 300);
        assert_int_equal(window.begins_at, 3000);
        assert_int_equal(window.changes, 0);
        assert_int_equal(window.first, 300);
        assert_int_equal(window.least, 300);
        cw_trail_look(trail, CW_FIELD_CURRENCY, 5000, 4000, &now, &window);
        assert_int_equal(window.begins_at, 1000);
        assert_int_equal(window.changes, 1);
        cw_trail_look(trail, CW_FIELD_SUPPRESSED, 1000, 4000, &now, &window);
        assert_int_equal(window.changes, 0);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_AVAILABLE), 3000);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_PENDING), 3000);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_SUPPRESSED), 3000);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_REFERENCE), 1000);
        cw_trail_free(trail);
}

static void test_nothing_is_kept_that_nobody_looks_at(void **state)
{
        struct cw_trail_needs none = {0}, pending = needs_of(CW_FIELD_PENDING, CW_DAY_MS), kept = {.kept = AVAILABLE};
        struct cw_trail *trail;
        size_t size;

        (void)state;
        assert_false(cw_trail_needs_any(&none));
        assert_true(cw_trail_needs_any(&pending));
        assert_true(cw_trail_needs_any(&kept));
        assert_int_equal(cw_trail_needs_recall_ms(&none), 0);
        assert_int_equal(cw_trail_needs_recall_ms(&pending), CW_DAY_MS + CW_DAY_MS / 32 + 1);
        assert_int_equal(cw_trail_needs_recall_ms(&kept), INT64_MAX);

        assert_int_equal(cw_trail_new(0, &trail), 0);
        size = cw_trail_size(trail);
        for (int64_t i = 1; i < 5000; i++)
                add(trail, &pending, i * 60000, i, i + 1);
        assert_int_equal(cw_trail_size(trail), size);
        for (int64_t i = 5000; i < 9000; i++)
                add(trail, &kept, i * 60000, i, i + 1);
        assert_true(cw_trail_size(trail) <= size + 80);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_AVAILABLE), INT64_C(8999) * 60000);
        cw_trail_free(trail);
}

static void test_what_no_window_reaches_is_dropped(void **state)
{
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100);
        struct cw_trail_window window;
        struct cw_trail *trail;
        size_t size;

        (void)state;
        assert_int_equal(cw_trail_new(0, &trail), 0);
        size = cw_trail_size(trail);
        for (int64_t i = 1; i <= 100000; i++)
                add(trail, &needs, i * 10, i - 1, i);
        assert_true(cw_trail_size(trail) <= size + 64 + 16 * 40);
        window = look(trail, 100, 1000000, 100000);
        assert_int_equal(window.first, 99990);
        assert_int_equal(window.changes, 10);
        window = look(trail, 100, 1000010, 100000);
        assert_int_equal(window.first, 99991);
        cw_trail_free(trail);
}

static void test_a_point_costs_little(void **state)
{
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, INT64_C(1) << 40);
        struct cw_trail *trail;
        size_t size;

        (void)state;
        assert_int_equal(cw_trail_new(0, &trail), 0);
        size = cw_trail_size(trail);
        assert_true(size <= 64);
        add(trail, &needs, 1, 0, 1);
        assert_true(cw_trail_size(trail) <= size + 160);
        for (int64_t i = 2; i <= 1000; i++)
                add(trail, &needs, i, i - 1, i);
        assert_true(cw_trail_size(trail) <= size + 160 + 1000 * 24);
        cw_trail_free(trail);
}

static void test_a_clock_that_was_set_back(void **state)
{
        struct cw_trail_needs needs = needs_of(CW_FIELD_AVAILABLE, 100000);
        struct cw_trail_window window;
        struct cw_trail *trail;

        (void)state;
        needs.kept = AVAILABLE;
        assert_int_equal(cw_trail_new(1000, &trail), 0);
        add(trail, &needs, 2000, 100, 90);
        add(trail, &needs, 9000, 90, 70); /* the clock was wrong */

        /* nobody said so yet */
        window = look(trail, 500, 3000, 70);
        assert_int_equal(window.changes, 1);
        assert_int_equal(window.fell, 20);
        assert_int_equal(window.average, 90);

        window = look(trail, 500, 400, 70); /* before it was first seen, even */
        assert_int_equal(window.changes, 0);
        assert_int_equal(window.moves_at, 1001);

        add(trail, &needs, 3000, 70, 75);
        assert_int_equal(cw_trail_since(trail, CW_FIELD_AVAILABLE), 3000);
        window = look(trail, 500, 3000, 75);
        assert_int_equal(window.changes, 2);
        assert_int_equal(window.least, 70);
        window = look(trail, 500, 3500, 75);
        assert_int_equal(window.changes, 0);
        window = look(trail, 5000, 3500, 75);
        assert_int_equal(window.changes, 3);
        assert_int_equal(window.begins_at, 1000);

        /* before it was first seen */
        cw_trail_clock(trail, 10);
        window = look(trail, 500, 10, 75);
        assert_int_equal(window.begins_at, 10);
        assert_int_equal(window.first, 75);
        assert_int_equal(window.changes, 0);
        window = look(trail, 500, 600, 75);
        assert_int_equal(window.begins_at, 100);
        assert_int_equal(window.average, 75);
        cw_trail_free(trail);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_windows_see),
                cmocka_unit_test(test_at_the_first_observation_the_window_holds_only_that),
                cmocka_unit_test(test_averages_round_half_to_even),
                cmocka_unit_test(test_sums_that_do_not_fit_cannot_be_said),
                cmocka_unit_test(test_changes_of_one_ms),
                cmocka_unit_test(test_another_currency_begins_anew),
                cmocka_unit_test(test_nothing_is_kept_that_nobody_looks_at),
                cmocka_unit_test(test_what_no_window_reaches_is_dropped),
                cmocka_unit_test(test_a_point_costs_little),
                cmocka_unit_test(test_a_clock_that_was_set_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
