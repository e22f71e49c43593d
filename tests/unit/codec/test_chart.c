/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: axes as tables of what a person would write by hand; pictures by what their words say of them, and by being
 * PNGs that differ where they should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "../../../src/codec/chart_axis.h"
#include "cardwatch/buf.h"
#include "cardwatch/card_chart.h"
#include "cardwatch/chart.h"
#include "cardwatch/clock.h"
#include "cardwatch/rows.h"
#include "sample_notice.h"

static void test_amount_axes(void **state)
{
        static const struct {
                const char *name;
                cw_amount least, most;
                cw_amount bottom, top, step;
                unsigned digits;
        } cases[] = {
                {"hundreds", USD(95, 10), USD(530, 0), USD(0, 0), USD(600, 0), USD(200, 0), 0},
                {"around zero", USD(-3, 20), USD(140, 0), USD(-50, 0), USD(150, 0), USD(50, 0), 0},
                {"cents", USD(99, 90), USD(100, 10), USD(99, 90), USD(100, 10), USD(0, 5), 2},
                {"nothing ever changed", USD(7, 0), USD(7, 0), USD(7, 0), USD(8, 0), USD(1, 0), 0},
                {"zero", 0, 0, 0, USD(1, 0), USD(1, 0), 0},
        };
        struct cw_chart_amounts axis;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                cw_chart_amount_axis(&(struct cw_chart_range){cases[i].least, cases[i].most}, 2, &axis);
                assert_int_equal(axis.least, cases[i].bottom);
                assert_int_equal(axis.most, cases[i].top);
                assert_int_equal(axis.step, cases[i].step);
                assert_int_equal(axis.digits, cases[i].digits);
        }
}

/* Whatever the numbers are, there are few marks, and all that has to be seen is between them. */
static void test_amount_axes_hold_for_any_range(void **state)
{
        static const cw_amount edges[] = {CW_AMOUNT_MIN, CW_AMOUNT_MIN / 3, USD(-1, 0),        -1,           0, 1,
                                          USD(0, 1),     USD(1, 0),         CW_AMOUNT_MAX / 9, CW_AMOUNT_MAX};
        struct cw_chart_amounts axis;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(edges); i++) {
                for (size_t j = i; j < CW_ARRAY_SIZE(edges); j++) {
                        cw_chart_amount_axis(&(struct cw_chart_range){edges[i], edges[j]}, 2, &axis);
                        assert_true(axis.step > 0 && axis.most > axis.least);
                        assert_true((axis.most - axis.least) / axis.step <= 8);
                        if (edges[i] > CW_AMOUNT_MIN / 8 && edges[j] < CW_AMOUNT_MAX / 8)
                                assert_true(axis.least <= edges[i] && axis.most >= edges[j]);
                }
        }
}

static int64_t local(int year, int month, int day, int hour, int minute)
{
        struct tm tm = {.tm_year = year - 1900,
                        .tm_mon = month - 1,
                        .tm_mday = day,
                        .tm_hour = hour,
                        .tm_min = minute,
                        .tm_isdst = -1};

        return (int64_t)mktime(&tm) * CW_SECOND_MS;
}

static void test_time_marks(void **state)
{
        static const struct {
                const char *name;
                int from[5], to[5];
                const char *labels;
        } cases[] = {
                {"half an hour", {2026, 11, 22, 7, 31}, {2026, 11, 22, 8, 1}, "07:35 07:40 07:45 07:50 07:55 08:00 "},
                {"a night", {2026, 11, 21, 22, 0}, {2026, 11, 22, 8, 0}, "22 Nov 02:00 04:00 06:00 08:00 "},
                {"a week", {2026, 11, 15, 8, 0}, {2026, 11, 22, 8, 0}, "17 Nov 19 Nov 21 Nov "},
                {"the night with an hour less",
                 {2026, 3, 28, 20, 0},
                 {2026, 3, 29, 8, 0},
                 "22:00 29 Mar 03:00 04:00 06:00 08:00 "},
                {"the night with an hour more",
                 {2026, 10, 24, 20, 0},
                 {2026, 10, 25, 6, 0},
                 "22:00 25 Oct 02:00 04:00 06:00 "},
        };

        (void)state;
        setenv("TZ", "Europe/Berlin", 1);
        tzset();
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                const int *from = cases[i].from, *to = cases[i].to;
                struct cw_buf labels = CW_BUF_NULL;
                int64_t marks[CW_CHART_MARKS_MAX];
                size_t n = cw_chart_time_marks(local(from[0], from[1], from[2], from[3], from[4]),
                                               local(to[0], to[1], to[2], to[3], to[4]), marks);

                print_message("  %s\n", cases[i].name);
                for (size_t k = 0; k < n; k++) {
                        cw_chart_time_label(marks[k], &labels);
                        cw_buf_putc(&labels, ' ');
                }
                assert_string_equal(cw_buf_text(&labels), cases[i].labels);
                cw_buf_deinit(&labels);
        }
        setenv("TZ", "UTC", 1);
        tzset();
}

static struct cw_chart_options usual(void)
{
        return (struct cw_chart_options){.from_at = SAMPLE_AT - CW_DAY_MS,
                                         .to_at = SAMPLE_AT,
                                         .title = "card 1",
                                         .unit = "USD",
                                         .digits = 2,
                                         .limit_name = "floor",
                                         .limit = USD(100, 0)};
}

static struct cw_chart *chart_of(const struct cw_chart_options *options)
{
        struct cw_chart *chart;

        assert_int_equal(cw_chart_new(options, &chart), 0);
        return chart;
}

static void assert_words(const struct cw_chart *chart, const char *expected)
{
        struct cw_buf words = CW_BUF_NULL;

        cw_chart_describe(chart, &words);
        assert_string_equal(cw_buf_text(&words), expected);
        cw_buf_deinit(&words);
}

static void test_no_spike_is_lost(void **state)
{
        struct cw_chart_options options = usual();
        struct cw_chart *chart = chart_of(&options);

        (void)state;
        for (int64_t at = options.from_at; at < options.to_at; at += CW_SECOND_MS)
                cw_chart_add(chart, at, at % (CW_HOUR_MS / 2) < CW_SECOND_MS ? USD(5, 0) : USD(130, 0));
        cw_chart_add(chart, options.to_at + 1, USD(1, 0));
        assert_words(chart, "Chart of card 1 in USD, 21 Nov 08:00 to 22 Nov 08:00: from 5.00 to 130.00, lowest 5.00, "
                            "highest 130.00, floor 100.00.");
        cw_chart_free(chart);
}

static void test_what_was_before_the_axis_is_where_it_begins(void **state)
{
        struct cw_chart_options options = usual();
        struct cw_chart *chart = chart_of(&options);

        (void)state;
        assert_true(cw_chart_is_empty(chart));
        cw_chart_add(chart, options.from_at - CW_DAY_MS, USD(900, 0));
        cw_chart_add(chart, options.from_at - 1, USD(130, 0));
        assert_false(cw_chart_is_empty(chart));
        cw_chart_add(chart, options.to_at - CW_HOUR_MS, USD(95, 10));
        assert_words(chart, "Chart of card 1 in USD, 21 Nov 08:00 to 22 Nov 08:00: from 130.00 to 95.10, lowest 95.10, "
                            "highest 130.00, floor 100.00.");
        cw_chart_free(chart);
}

static void test_a_span_of_time_that_is_none(void **state)
{
        struct cw_chart_options options = usual();
        struct cw_chart *chart;

        (void)state;
        options.from_at = options.to_at;
        assert_int_equal(cw_chart_new(&options, &chart), -EINVAL);
}

static void draw(const struct cw_chart *chart, struct cw_buf *png)
{
        assert_int_equal(cw_chart_png(chart, png), 0);
        assert_memory_equal(png->data, "\x89PNG\r\n\x1a\n", 8);
}

static void test_pictures(void **state)
{
        struct cw_chart_options options = usual();
        struct cw_buf one = CW_BUF_NULL, same = CW_BUF_NULL, other = CW_BUF_NULL;
        struct cw_chart *chart = chart_of(&options);

        (void)state;
        cw_chart_add(chart, options.from_at, USD(130, 0));
        draw(chart, &one);
        draw(chart, &same);
        cw_chart_add(chart, options.to_at - CW_HOUR_MS, USD(95, 10));
        draw(chart, &other);
        assert_int_equal(one.len, same.len);
        assert_memory_equal(one.data, same.data, one.len);
        assert_true(other.len != one.len || memcmp(other.data, one.data, one.len) != 0);
        cw_buf_deinit(&one);
        cw_buf_deinit(&same);
        cw_buf_deinit(&other);
        cw_chart_free(chart);
}

/* The cards that an alert may bring, and what is said of each. */
static void test_what_is_drawn_of_an_alert(void **state)
{
        static const struct {
                const char *name;
                enum cw_detail detail;
                cw_amount current; /* which balance it is about */
                const char *label, *limit;
                bool has_row;
                const char *words; /* NULL: nothing is drawn */
        } cases[] = {
                {"the balance and the threshold", CW_DETAIL_FULL, USD(95, 10), "floor", "100.00", true,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, available in USD, 15 Nov 08:00 to 22 Nov 08:00: from "
                 "300.00 "
                 "to 95.10, lowest 95.10, highest 300.00, floor 100.00."},
                {"what nothing is recorded of", CW_DETAIL_FULL, USD(95, 10), "floor", "100.00", false,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, available in USD, 15 Nov 08:00 to 22 Nov 08:00: from "
                 "130.00 "
                 "to 95.10, lowest 95.10, highest 130.00, floor 100.00."},
                {"percentages", CW_DETAIL_BAND, USD(95, 10), "floor", "100.00", true,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, available in % of floor, 15 Nov 08:00 to 22 Nov 08:00: "
                 "from "
                 "300 to 95, lowest 95, highest 300, floor 100."},
                {"no percentages without a threshold", CW_DETAIL_BAND, USD(95, 10), NULL, NULL, true, NULL},
                {"nor of the balance before", CW_DETAIL_BAND, USD(95, 10), "previous.available", "130.00", true, NULL},
                {"nor of what is measured", CW_DETAIL_BAND, USD(95, 10), "spent(1h) 50.00, limit", "40.00", true, NULL},
                {"nothing for who may know nothing", CW_DETAIL_NONE, USD(95, 10), "floor", "100.00", true, NULL},
                {"a measure has no line", CW_DETAIL_FULL, USD(95, 10), "spent(1h) 50.00, limit", "40.00", true,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, available in USD, 15 Nov 08:00 to 22 Nov 08:00: from "
                 "300.00 "
                 "to 95.10, lowest 95.10, highest 300.00."},
                {"nor has the balance before", CW_DETAIL_FULL, USD(95, 10), "previous.available", "130.00", true,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, available in USD, 15 Nov 08:00 to 22 Nov 08:00: from "
                 "300.00 "
                 "to 95.10, lowest 95.10, highest 300.00."},
                {"the pending balance", CW_DETAIL_FULL, USD(40, 0), "30", "30.00", true,
                 "Chart of \u00b7\u00b7\u00b7\u00b71234 card 1, pending in USD, 15 Nov 08:00 to 22 Nov 08:00: from "
                 "7.00 to "
                 "40.00, lowest 7.00, highest 40.00, limit 30.00."},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_entry entry = sample_entry(1, "1234", USD(95, 10), USD(130, 0));
                struct cw_card_row row = {.source = (char *)"main",
                                          .card = entry.card,
                                          .has_before = true,
                                          .before = {USD(300, 0), USD(7, 0), USD(307, 0), false},
                                          .observed_at = SAMPLE_AT - CW_DAY_MS};
                struct cw_buf png = CW_BUF_NULL, words = CW_BUF_NULL;
                struct cw_card_chart *chart;

                print_message("  %s\n", cases[i].name);
                entry.card.pending = USD(40, 0);
                entry.current.amount = cases[i].current;
                entry.limit_label = cases[i].label;
                entry.limit_text = cases[i].limit;
                row.card.available = USD(200, 0);
                row.card.pending = USD(8, 0);
                if (!cases[i].words) {
                        assert_int_equal(cw_card_chart_new(&entry, cases[i].detail, SAMPLE_AT, &chart),
                                         CW_CARD_CHART_NOTHING);
                        continue;
                }
                assert_int_equal(cw_card_chart_new(&entry, cases[i].detail, SAMPLE_AT, &chart), 0);
                if (cases[i].has_row) {
                        assert_int_equal(cw_card_chart_begin(chart, &row), 0);
                        cw_card_chart_see(chart, &row);
                }
                assert_int_equal(cw_card_chart_draw(chart, &png, &words), 0);
                assert_string_equal(cw_buf_text(&words), cases[i].words);
                assert_true(png.len > 1000);
                cw_card_chart_free(chart);
                cw_buf_deinit(&png);
                cw_buf_deinit(&words);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_amount_axes),
                cmocka_unit_test(test_amount_axes_hold_for_any_range),
                cmocka_unit_test(test_time_marks),
                cmocka_unit_test(test_no_spike_is_lost),
                cmocka_unit_test(test_what_was_before_the_axis_is_where_it_begins),
                cmocka_unit_test(test_a_span_of_time_that_is_none),
                cmocka_unit_test(test_pictures),
                cmocka_unit_test(test_what_is_drawn_of_an_alert),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
