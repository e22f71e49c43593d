/* SPDX-License-Identifier: Apache-2.0 */
/* Windows by the clock on the wall, through both changes of it, whatever zone the process is in. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/window.h"
#include "cardwatch/zone.h"
#include "route_spec.h"

static int64_t at(const char *text)
{
        int64_t ms;

        assert_int_equal(cw_clock_parse(text, &ms), 0);
        return ms;
}

static struct cw_window window(int32_t from_min, int32_t to_min)
{
        return (struct cw_window){.days = CW_EVERY_DAY, .from_min = from_min, .to_min = to_min};
}

/* Row 6 of what goes wrong with such systems: 01:30-02:30 and 22:00-07:00 in Berlin. */
static void test_through_both_changes_of_the_clock(void **state)
{
        static const struct {
                const char *name, *at;
                bool late, nights;
        } cases[] = {
                {"a winter day, one minute before", "2026-01-15T00:29:59Z", false, true},
                {"a winter day, it begins", "2026-01-15T00:30:00Z", true, true},
                {"a winter day, it ends", "2026-01-15T01:30:00Z", false, true},
                {"a winter morning, nights end at seven", "2026-01-15T06:00:00Z", false, false},
                {"a winter morning, one second before", "2026-01-15T05:59:59Z", false, true},
                {"a summer night begins at ten there", "2026-07-15T20:00:00Z", false, true},
                {"a summer evening before that", "2026-07-15T19:59:59Z", false, false},
                {"the clock goes forward: 01:59", "2026-03-29T00:59:59Z", true, true},
                {"the clock goes forward: 02:00 is 03:00, and that is outside", "2026-03-29T01:00:00Z", false, true},
                {"the clock went forward: seven comes an hour early", "2026-03-29T05:00:00Z", false, false},
                {"the clock went forward: a second before seven", "2026-03-29T04:59:59Z", false, true},
                {"the clock goes back: 01:30 comes once", "2026-10-24T23:30:00Z", true, true},
                {"the clock goes back: the first 02:29", "2026-10-25T00:29:59Z", true, true},
                {"the clock goes back: the first 02:30", "2026-10-25T00:30:00Z", false, true},
                {"the clock goes back: the first 02:59", "2026-10-25T00:59:59Z", false, true},
                {"the clock went back: 02:00 for the second time", "2026-10-25T01:00:00Z", true, true},
                {"the clock went back: 02:30 for the second time", "2026-10-25T01:30:00Z", false, true},
                {"the clock went back: a second before seven", "2026-10-25T05:59:59Z", false, true},
                {"the clock went back: seven", "2026-10-25T06:00:00Z", false, false},
                {"in sixty years, beyond what the file lists", "2086-07-15T00:30:00Z", false, true},
                {"in sixty years, in summer time", "2086-07-14T23:30:00Z", true, true},
        };
        static const char *const hosts[] = {"UTC", "America/New_York", "Asia/Kolkata"};
        struct cw_window late = window(90, 150), nights = window(22 * 60, 7 * 60);
        struct cw_zone *berlin = zone_of("Europe/Berlin");

        (void)state;
        for (size_t h = 0; h < CW_ARRAY_SIZE(hosts); h++) {
                setenv("TZ", hosts[h], 1);
                tzset();
                for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                        print_message("  %s, on a host in %s\n", cases[i].name, hosts[h]);
                        assert_int_equal(cw_window_is_open(&late, berlin, at(cases[i].at)), cases[i].late);
                        assert_int_equal(cw_window_is_open(&nights, berlin, at(cases[i].at)), cases[i].nights);
                }
        }
        cw_zone_free(berlin);
}

static void test_a_span_belongs_to_the_day_it_begins_on(void **state)
{
        static const int64_t christmas[] = {20812}, eve[] = {20811}; /* 2026-12-25 is a Friday */
        static const struct {
                const char *name;
                struct cw_window window;
                const char *at;
                bool open;
        } cases[] = {
                {"Friday's night goes on on Saturday",
                 {.days = 0x1f, .from_min = 1320, .to_min = 420},
                 "2026-11-21T06:59:59Z",
                 true},
                {"Saturday's does not begin",
                 {.days = 0x1f, .from_min = 1320, .to_min = 420},
                 "2026-11-21T22:00:00Z",
                 false},
                {"Sunday's morning is Saturday's night",
                 {.days = 0x1f, .from_min = 1320, .to_min = 420},
                 "2026-11-22T03:00:00Z",
                 false},
                {"Monday's night begins",
                 {.days = 0x1f, .from_min = 1320, .to_min = 420},
                 "2026-11-23T22:00:00Z",
                 true},
                {"Monday's morning is Sunday's night",
                 {.days = 0x1f, .from_min = 1320, .to_min = 420},
                 "2026-11-23T03:00:00Z",
                 false},
                {"a day that is left out",
                 {.days = 0x1f, .from_min = 480, .to_min = 1080, .except = (int64_t *)christmas, .n_except = 1},
                 "2026-12-25T12:00:00Z",
                 false},
                {"the day before it",
                 {.days = 0x1f, .from_min = 480, .to_min = 1080, .except = (int64_t *)christmas, .n_except = 1},
                 "2026-12-24T12:00:00Z",
                 true},
                {"the night of a day that is left out",
                 {.days = 0x7f, .from_min = 1320, .to_min = 420, .except = (int64_t *)eve, .n_except = 1},
                 "2026-12-25T03:00:00Z",
                 false},
                {"a date", {.dates = (int64_t *)eve, .n_dates = 1, .to_min = 1440}, "2026-12-24T00:00:00Z", true},
                {"the end of a date",
                 {.dates = (int64_t *)eve, .n_dates = 1, .to_min = 1440},
                 "2026-12-25T00:00:00Z",
                 false},
                {"before 1970", {.days = 1 << 2, .to_min = 1440}, "1969-12-31T23:59:59Z", true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_window_is_open(&cases[i].window, NULL, at(cases[i].at)), cases[i].open);
        }
}

/* Between two edges nothing changes: looked at minute by minute over the years. */
static void test_edges_miss_no_change(void **state)
{
        static const char *const zones[] = {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"};
        struct cw_window windows[] = {window(90, 150), window(1320, 420), window(0, 1440), window(150, 151)};

        (void)state;
        windows[1].days = 0x1f;
        for (size_t z = 0; z < CW_ARRAY_SIZE(zones); z++) {
                struct cw_zone *zone = zone_of(zones[z]);

                for (size_t w = 0; w < CW_ARRAY_SIZE(windows); w++) {
                        int64_t begin = at("2026-01-01T00:00:00Z"), edge = begin;
                        bool open = cw_window_is_open(&windows[w], zone, begin);

                        for (int64_t now = begin; now < begin + 400 * CW_DAY_MS; now += CW_MINUTE_MS) {
                                bool is_open = cw_window_is_open(&windows[w], zone, now);

                                if (now >= edge) {
                                        edge = cw_window_next_edge(&windows[w], zone, now);
                                        assert_true(edge > now);
                                } else if (is_open != open) {
                                        fail_msg("%s: turned at %" PRId64 ", which is no edge", zones[z], now);
                                }
                                open = is_open;
                        }
                }
                cw_zone_free(zone);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_through_both_changes_of_the_clock),
                cmocka_unit_test(test_a_span_belongs_to_the_day_it_begins_on),
                cmocka_unit_test(test_edges_miss_no_change),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
