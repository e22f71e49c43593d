/* SPDX-License-Identifier: Apache-2.0 */
/* Zones against the C library, which reads the same files; bytes that are none; rules at the end of files. */
#include <errno.h>
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

#include "../../../src/base/zone_rule.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/zone.h"

static size_t read_zone(const char *name, char bytes[static 16384])
{
        char path[200];
        size_t len;
        FILE *file;

        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
        file = fopen(path, "rb");
        assert_non_null(file);
        len = fread(bytes, 1, 16384, file);
        fclose(file);
        return len;
}

static void test_as_the_c_library_says(void **state)
{
        static const char *const names[] = {"Europe/Berlin",    "America/New_York", "Australia/Lord_Howe",
                                            "America/Santiago", "Asia/Kolkata",     "Africa/Casablanca",
                                            "Europe/Dublin",    "Pacific/Apia",     "UTC"};
        char bytes[16384];

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++) {
                struct cw_zone *zone;
                int64_t change = 0;

                print_message("  %s\n", names[i]);
                assert_int_equal(cw_zone_parse(bytes, read_zone(names[i], bytes), &zone), 0);
                setenv("TZ", names[i], 1);
                tzset();
                for (int64_t s = -86400 * 365; s < 4102444800 + 86400 * 3650; s += 86400 * 3 + 1801) {
                        time_t at = (time_t)s;
                        struct tm tm;

                        assert_non_null(localtime_r(&at, &tm));
                        if (cw_zone_offset(zone, s) != tm.tm_gmtoff)
                                fail_msg("%" PRId64 ": %d, not %ld", s, cw_zone_offset(zone, s), tm.tm_gmtoff);
                }
                for (int n = 0; n < 300 && (change = cw_zone_next_change(zone, change)) != INT64_MAX; n++)
                        assert_int_not_equal(cw_zone_offset(zone, change - 1), cw_zone_offset(zone, change));
                cw_zone_free(zone);
        }
}

static void test_bytes_that_are_no_zone(void **state)
{
        char bytes[16384], broken[16384];
        size_t len = read_zone("Europe/Berlin", bytes);
        struct cw_zone *zone = NULL;

        (void)state;
        for (size_t n = 0; n < len; n++) {
                char *cut = malloc(n + 1); /* so that a reader beyond its end is seen */

                memcpy(cut, bytes, n);
                assert_int_equal(cw_zone_parse(cut, n, &zone), -EBADMSG);
                free(cut);
        }
        srand(1);
        for (int i = 0; i < 20000; i++) {
                memcpy(broken, bytes, len);
                for (int k = 0; k < 3; k++)
                        broken[(size_t)rand() % len] = (char)rand();
                if (cw_zone_parse(broken, len, &zone) == 0) {
                        (void)cw_zone_offset(zone, rand());
                        (void)cw_zone_next_change(zone, rand());
                        cw_zone_free(zone);
                }
        }
}

static void test_rules(void **state)
{
        static const struct {
                const char *text;
                int expected;
                const char *at;
                int32_t offset_s;
        } cases[] = {
                {"CET-1CEST,M3.5.0,M10.5.0/3", 0, "2050-03-27T01:00:00Z", 7200},
                {"CET-1CEST,M3.5.0,M10.5.0/3", 0, "2050-03-27T00:59:59Z", 3600},
                {"CET-1CEST,M3.5.0,M10.5.0/3", 0, "2050-10-30T01:00:00Z", 3600},
                {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 0, "2050-01-01T00:00:00Z", 39600},
                {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 0, "2050-07-01T00:00:00Z", 37800},
                {"EST5EDT,J60,J300", 0, "2052-03-01T07:00:00Z", -4 * 3600}, /* day 60 is 1 March, in leap years too */
                {"EST5EDT,J60,J300", 0, "2052-03-01T06:59:59Z", -5 * 3600},
                {"EST5EDT,59/-1,300", 0, "2051-03-01T04:00:00Z", -4 * 3600},
                {"UTC0", 0, "2050-07-01T00:00:00Z", 0},
                {"", -EINVAL, NULL, 0},
                {"CE-1", -EINVAL, NULL, 0},
                {"CET", -EINVAL, NULL, 0},
                {"CET-1CEST", -EINVAL, NULL, 0},
                {"CET-1CEST,M13.5.0,M10.5.0", -EINVAL, NULL, 0},
                {"CET-1CEST,M3.5.0,M10.5.0/3x", -EINVAL, NULL, 0},
                {"CET-999CEST,M3.5.0,M10.5.0/3", -EINVAL, NULL, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_zone_rule rule;
                int64_t at;

                print_message("  \"%s\" at %s\n", cases[i].text, cases[i].at ? cases[i].at : "no time");
                assert_int_equal(cw_zone_rule_parse(cases[i].text, &rule), cases[i].expected);
                if (cases[i].expected < 0)
                        continue;
                assert_int_equal(cw_clock_parse(cases[i].at, &at), 0);
                assert_int_equal(cw_zone_rule_offset(&rule, at / 1000), cases[i].offset_s);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_as_the_c_library_says),
                cmocka_unit_test(test_bytes_that_are_no_zone),
                cmocka_unit_test(test_rules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
