/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what was measured and what it is measured by, as a reader sees it: a table of labels and of words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/render.h"
#include "sample_notice.h"

#define MINUTE INT64_C(60000)

static void resolved_entry(struct cw_entry *entry)
{
        entry->state = CW_ENTRY_RESOLVED;
}

static void without_figures(struct cw_entry *entry)
{
        entry->figures = CW_FIGURES_NONE;
}

static void with_percentages(struct cw_entry *entry)
{
        entry->figures = CW_FIGURES_PERCENT;
}

static void with_runway(struct cw_entry *entry)
{
        entry->limit_label = "runway(7d) 9h, limit";
}

static void with_too_much(struct cw_entry *entry)
{
        entry->worst.amount = entry->fired.amount + 1;
}

static void test_limits(void **state)
{
        static const struct {
                const char *name, *label, *text, *expected;
        } cases[] = {
                {"a parameter is named", "floor", "100.00", "floor 100"},
                {"cents are kept", "floor", "1100.5", "floor 1,100.50"},
                {"a number has no name but limit", "100", "100.00", "limit 100"},
                {"nor has a formula", "floor * 2", "-200.00", "limit \u2212200"},
                {"nor has one with a comma in it", "max(available, 1h) * 50%", "1740.57", "limit 1,740.57"},
                {"what a formula gives is rounded", "total * 20%", "246.912", "limit 246.91"},
                {"but stays on its side of the balance", "total * 20%", "95.104", "limit 95.104"},
                {"and what a rule writes is what it writes", "100.125", "100.125", "limit 100.125"},
                {"a parameter too", "floor", "100.125", "floor 100.125"},
                {"the observation before is what the balance was", "previous.available", "1100.00", "was 1,100.00"},
                {"that of another balance is named", "previous.total", "1100.50", "total was 1,100.50"},
                {"what is no amount is shown as it is", "kind", "US\n", "kind US\u240a"},
                {"what was measured is grouped like its limit", "spent(1h) 3554.68, limit", "1000.00",
                 "spent 3,554.68 in 1 h, limit 1,000"},
                {"with its sign", "delta(available) -5200.00, floor", "-1000.00",
                 "changed by \u22125,200.00, floor \u22121,000"},
                {"over a window", "delta(pending, 90m) 7.50, limit", "5.00",
                 "pending changed by 7.50 in 1 h 30 min, limit 5"},
                {"a time is no amount", "runway(7d) 2h18m, limit", "2d",
                 "empty in 2 h 18 min at the rate of the last 7 days, limit 2 days"},
                {"what is empty has no time left", "runway(7d) 0s, limit", "2d", "empty already, limit 2 days"},
                {"what came", "added(1d) 10.00, limit", "5.00", "added 10.00 in 1 day, limit 5"},
                {"the lowest", "min(available,1h) -3.20, limit", "0.00", "lowest \u22123.20 in 1 h, limit 0"},
                {"the highest of another amount", "max( total , 2h ) 1200.00, ceiling", "1000.00",
                 "highest total 1,200.00 in 2 h, ceiling 1,000"},
                {"the mean", "avg(pending, 30m) 12.25, limit", "10.00", "average pending 12.25 in 30 min, limit 10"},
                {"the mean has cents", "avg(available, 1h) 1215.888474, limit", "10000.00",
                 "average 1,215.89 in 1 h, limit 10,000"},
                {"half a cent is one", "avg(available, 1h) -0.125, limit", "1.00",
                 "average \u22120.13 in 1 h, limit 1"},
                {"less than cents is not nothing", "avg(available, 1h) 0.001234, limit", "0.00",
                 "average 0.0012 in 1 h, limit 0"},
                {"and is not at its limit before it is", "avg(available, 1h) 99.996, limit", "100.00",
                 "average 99.996 in 1 h, limit 100"},
                {"the limit has cents then, too", "abs(delta(available)) 466.79, limit", "53.3214",
                 "changed by 466.79, limit 53.32"},
                {"but may have been written with more", "total / available 1.2, limit", "1.125",
                 "total / available = 1.20, limit 1.125"},
                {"as beside a mean", "avg(available, 1h) 99.871, limit", "100.125",
                 "average 99.87 in 1 h, limit 100.125"},
                {"two that are rounded are not alike", "avg(available, 1h) 99.9951, limit", "100.0049",
                 "average 100.00 in 1 h, limit 100.005"},
                {"nor on the other side", "avg(available, 1h) 100.0051, limit", "100.0149",
                 "average 100.01 in 1 h, limit 100.015"},
                {"nor the larger one", "available * 1.001 100.014, limit", "100.0061",
                 "available * 1.001 = 100.01, limit 100.006"},
                {"but a share stays what the rule writes", "available / total 0.083333, limit", "0.125",
                 "available / total = 0.083, limit 0.125"},
                {"how often", "changes(available, 1h) 12.00, limit", "10.00", "changed 12 times in 1 h, limit 10"},
                {"how often something else", "changes(reference, 1h) 3.00, limit", "2.00",
                 "reference changed 3 times in 1 h, limit 2"},
                {"once is not times", "changes(available, 1h) 1.00, limit", "0.00", "changed 1 time in 1 h, limit 0"},
                {"nor where a currency has no cents", "changes(available, 1h) 1, limit", "0",
                 "changed 1 time in 1 h, limit 0"},
                {"never is", "changes(available, 1h) 0.000, limit", "1.000", "changed 0 times in 1 h, limit 1"},
                {"a share of a count is no count", "changes(available, 1h) 120 %, limit", "100 %",
                 "changes(available, 1h) = 120 %, limit 100 %"},
                {"another balance", "pending 600.00, limit", "500.00", "pending 600.00, limit 500"},
                {"how long", "unchanged(available) 3h, limit", "2h", "unchanged for 3 h, limit 2 h"},
                {"how old", "age 3d, limit", "2d", "first seen 3 days ago, limit 2 days"},
                {"a percentage", "spent(1h) 68 %, limit", "100 %", "spent 68 % in 1 h, limit 100 %"},
                {"nor is one of a change that of the balance", "delta(available, 1h) 520 %, limit", "100 %",
                 "changed by 520 % of the limit in 1 h, limit 100 %"},
                {"thousands of percent are grouped", "spent(1h) 6390 %, limit", "100 %",
                 "spent 6,390 % in 1 h, limit 100 %"},
                {"a formula is shown as it is", "spent(1h) * 2 3554.68, limit", "1000.00",
                 "spent(1h) * 2 = 3,554.68, limit 1,000"},
                {"and what it gives is rounded", "available * 0.1 5.50125, limit", "1000.00",
                 "available * 0.1 = 5.50, limit 1,000"},
                {"of a limit with a name", "total - available 920.00, credit-line", "500.00",
                 "total - available = 920.00, credit-line 500"},
                {"a formula with a comma in it", "max(available, 1h) - available 5.00, limit", "4.00",
                 "max(available, 1h) - available = 5.00, limit 4"},
                {"a share of one", "available * 0.1 50 %, limit", "100 %", "available * 0.1 = 50 %, limit 100 %"},
                {"a change without its sign is one", "abs(delta(available, 1h)) 5.00, limit", "4.00",
                 "changed by 5.00 in 1 h, limit 4"},
                {"what else is without its sign is a formula", "abs(available) 5.00, limit", "4.00",
                 "abs(available) = 5.00, limit 4"},
                {"and a function of tomorrow", "slope(available, 1h) 5.00, limit", "4.00",
                 "slope(available, 1h) = 5.00, limit 4"},
                {"and one with other arguments", "spent(1h, 2h) 5.00, limit", "4.00", "spent(1h, 2h) = 5.00, limit 4"},
                {"and one that lacks its value", "spent(1h), limit", "4.00", "spent(1h), limit 4"},
                {"and one that does not end", "spent(1h 5.00, limit", "4.00", "spent(1h = 5.00, limit 4"},
                {"a time that nothing is measured by now is nothing", "48h", "2d", ""},
                {"but with a name", "reserve", "2d", "reserve 2 days"},
                {"no limit is nothing", NULL, NULL, ""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_entry entry = sample_entry(1, "1234", USD(95, 10), 0);
                struct cw_buf buf = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                entry.limit_label = cases[i].label;
                entry.limit_text = cases[i].text;
                cw_render_limit(&buf, &entry);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_deinit(&buf);
        }
}

static void test_when_it_will_be_empty(void **state)
{
        static const struct {
                const char *name;
                int64_t in_min, quiet_min;
                const char *expected; /* NULL: nothing */
                void (*arrange)(struct cw_entry *entry);
        } cases[] = {
                {"soon is not told by the minute", 9, 0, "empty within minutes", NULL},
                {"tens of minutes", 44, 0, "empty in about 40 min", NULL},
                {"nearly an hour is one", 56, 0, "empty in about 1 h", NULL},
                {"halves of hours", 110, 0, "empty in about 2 h", NULL},
                {"hours", 60 * 9 - 20, 0, "empty in about 9 h", NULL},
                {"days", 60 * 61, 0, "empty in about 3 days", NULL},
                {"what was true a moment ago", 60 * 9, 60, "empty in about 8 h", NULL},
                {"and is so no longer", 60 * 9, 70, NULL, NULL},
                {"of a resolution", 60, 0, NULL, resolved_entry},
                {"who may not know amounts", 60, 0, NULL, without_figures},
                {"percentages go with it", 60, 0, "empty in about 1 h", with_percentages},
                {"a runway says it itself", 60, 0, NULL, with_runway},
                {"who reads about too much does not ask", 60, 0, NULL, with_too_much},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct cw_entry *entry;
                struct sample sample;

                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                entry = sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
                entry->fall.until_at = SAMPLE_AT;
                entry->empty_at = SAMPLE_AT + cases[i].in_min * MINUTE;
                sample.notice.sent_at = SAMPLE_AT + cases[i].quiet_min * MINUTE;
                if (cases[i].arrange)
                        cases[i].arrange(entry);
                assert_int_equal(cw_render_text(&sample.notice, &(struct cw_render_options){0}, &buf), 0);
                if (cases[i].expected)
                        assert_non_null(strstr(cw_buf_text(&buf), cases[i].expected));
                else
                        assert_null(strstr(cw_buf_text(&buf), "\u00b7 empty"));
                cw_buf_deinit(&buf);
        }
}
int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_when_it_will_be_empty),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
