/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define UNTOUCHED INT64_C(-77777)
#define MAY_DAY   INT64_C(1777632330500) /* 2026-05-01T10:45:30.5Z */

typedef int reader(const char *, int64_t *);

struct reading {
        const char *text;
        int64_t expected; /* UNTOUCHED: refused */
};

static void assert_reads(reader *read, const struct reading *cases, size_t n_cases)
{
        for (size_t i = 0; i < n_cases; i++) {
                int64_t at = UNTOUCHED;
                int r = read(cases[i].text, &at);

                if (at != cases[i].expected || r != (at == UNTOUCHED ? -EINVAL : 0))
                        fail_msg("'%s' gives %d and %" PRId64, cases[i].text, r, at);
        }
}

static void test_reads_rfc3339(void **state)
{
        static const struct reading cases[] = {
                {"1970-01-01T00:00:00Z", 0},
                {"2026-05-01T10:45:30.5Z", MAY_DAY},
                {"2026-05-01t10:45:30.500z", MAY_DAY},
                {"2026-05-01 10:45:30.50099999Z", MAY_DAY},
                {"2026-05-01T12:45:30.5+02:00", MAY_DAY},
                {"2026-05-01T05:15:30.5-05:30", MAY_DAY},
                {"2026-05-01T10:45:30.5-00:00", MAY_DAY},
                {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
                {"1969-12-31T23:59:59.999Z", -1},
                {"0001-01-01T00:00:00Z", INT64_C(-62135596800000)},
                {"9999-12-31T23:59:59Z", INT64_C(253402300799000)},
                {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
                {"", UNTOUCHED},
                {"2026-05-01", UNTOUCHED},
                {"2026-05-01T10:45:30", UNTOUCHED},
                {"2026-05-01T10:45:30.Z", UNTOUCHED},
                {"2026-05-01T10:45Z", UNTOUCHED},
                {"2026-05-01T10:45:30Zx", UNTOUCHED},
                {"2026-05-01T10:45:30+2:00", UNTOUCHED},
                {"2026-05-01T10:45:30+24:00", UNTOUCHED},
                {"2026-05-01T10:45:30+02:60", UNTOUCHED},
                {"2026-02-29T00:00:00Z", UNTOUCHED},
                {"1900-02-29T00:00:00Z", UNTOUCHED},
                {"2026-13-01T00:00:00Z", UNTOUCHED},
                {"2026-00-01T00:00:00Z", UNTOUCHED},
                {"2026-04-31T00:00:00Z", UNTOUCHED},
                {"2026-04-00T00:00:00Z", UNTOUCHED},
                {"2026-04-01T24:00:00Z", UNTOUCHED},
                {"2026-04-01T00:60:00Z", UNTOUCHED},
                {"2026-04-01T00:00:61Z", UNTOUCHED},
                {" 2026-04-01T00:00:00Z", UNTOUCHED},
        };

        (void)state;
        assert_reads(cw_clock_parse, cases, CW_ARRAY_SIZE(cases));
}

static void test_reads_http_dates(void **state)
{
        static const struct reading cases[] = {
                {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
                {"Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000)},
                {"Sun Nov  6 08:49:37 1994", INT64_C(784111777000)},
                {"Wed Nov 16 08:49:37 1994", INT64_C(784975777000)},
                {"Sunday, 06-Nov-26 08:49:37 GMT", INT64_C(1793954977000)},
                {"", UNTOUCHED},
                {"120", UNTOUCHED},
                {"Sun, 06 Nov 1994 08:49:37", UNTOUCHED},
                {"Sun, 06 Nov 1994 08:49:37 CET", UNTOUCHED},
                {"Sun, 6 Nov 1994 08:49:37 GMT", UNTOUCHED},
                {"Sun, 31 Nov 1994 08:49:37 GMT", UNTOUCHED},
                {"Sun, 06 Nov 1994 08:49:37 GMT ", UNTOUCHED},
                {"Xyz, 06 Nov 1994 08:49:37 GMT", UNTOUCHED},
        };

        (void)state;
        assert_reads(cw_clock_parse_http, cases, CW_ARRAY_SIZE(cases));
}

static void test_writes_utc(void **state)
{
        static const struct {
                int64_t at;
                const char *expected;
        } cases[] = {
                {0, "1970-01-01T00:00:00.000Z"},
                {-1, "1969-12-31T23:59:59.999Z"},
                {INT64_C(1795334400123), "2026-11-22T08:00:00.123Z"},
                {INT64_C(951868799999), "2000-02-29T23:59:59.999Z"},
                {INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf text = CW_BUF_NULL;

                cw_clock_format_utc(&text, cases[i].at);
                assert_string_equal(cw_buf_text(&text), cases[i].expected);
                cw_buf_deinit(&text);
        }
}

/* Every day of five centuries, against the C library. */
static void test_days_agree_with_the_c_library(void **state)
{
        (void)state;
        for (int64_t day = -110000; day < 80000; day++) {
                struct cw_buf text = CW_BUF_NULL;
                time_t seconds = (time_t)(day * 86400 + 3723);
                struct tm tm;
                char expected[32];
                int64_t again = 0;

                gmtime_r(&seconds, &tm);
                strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
                cw_clock_format_utc(&text, (int64_t)seconds * 1000);
                assert_string_equal(text.data, expected);
                assert_int_equal(cw_clock_parse(text.data, &again), 0);
                assert_true(again == (int64_t)seconds * 1000);
                cw_buf_deinit(&text);
        }
}

static void test_the_extreme_times_are_written_without_overflow(void **state)
{
        struct cw_buf text = CW_BUF_NULL;

        (void)state;
        cw_clock_format_utc(&text, INT64_MAX);
        cw_clock_format_utc(&text, INT64_MIN);
        assert_int_equal(cw_buf_error(&text), 0);
        cw_buf_deinit(&text);
}

static void test_clocks_run(void **state)
{
        int64_t before = cw_clock_mono_ms();

        (void)state;
        assert_true(cw_clock_mono_ms() >= before);
        assert_true(cw_clock_wall_ms() > INT64_C(1700000000000));
}

static void test_reads_durations(void **state)
{
        static const struct {
                const char *text;
                int r;
                int64_t expected;
        } cases[] = {
                {"500ms", 0, 500},
                {"30s", 0, 30000},
                {"5m", 0, 300000},
                {"2h", 0, 7200000},
                {"7d", 0, 604800000},
                {"1h30m", 0, 5400000},
                {"1d2h3m4s5ms", 0, 93784005},
                {"90m", 0, 5400000},
                {"0s", 0, 0},
                {"007s", 0, 7000},
                {"365000d", 0, INT64_C(31536000000000)},
                {"7y", 0, INT64_C(220752000000)},
                {"1y1d", 0, 366 * CW_DAY_MS},
                {"1000y", 0, INT64_C(31536000000000)},
                {"1001y", -ERANGE, 0},
                {"1d1y", -EINVAL, 0},
                {"365000d1ms", -ERANGE, 0},
                {"365001d", -ERANGE, 0},
                {"99999999999999999999999999ms", -ERANGE, 0},
                {"99999999999999999999999999d1x", -EINVAL, 0},
                {"", -EINVAL, 0},
                {"0", -EINVAL, 0},
                {"5", -EINVAL, 0},
                {"s", -EINVAL, 0},
                {"5 s", -EINVAL, 0},
                {" 5s", -EINVAL, 0},
                {"5s ", -EINVAL, 0},
                {"-5s", -EINVAL, 0},
                {"+5s", -EINVAL, 0},
                {"1.5h", -EINVAL, 0},
                {"30m1h", -EINVAL, 0},
                {"1h1h", -EINVAL, 0},
                {"1h30", -EINVAL, 0},
                {"5S", -EINVAL, 0},
                {"5min", -EINVAL, 0},
                {"5w", -EINVAL, 0},
                {"1ms1s", -EINVAL, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                int64_t ms = UNTOUCHED;
                int r = cw_duration_parse(cases[i].text, strlen(cases[i].text), &ms);

                if (r != cases[i].r || ms != (r < 0 ? UNTOUCHED : cases[i].expected))
                        fail_msg("'%s' gives %d and %" PRId64, cases[i].text, r, ms);
        }
}

static void test_writes_durations(void **state)
{
        static const struct {
                int64_t ms;
                const char *exact, *human;
        } cases[] = {
                {0, "0s", "0 s"},
                {1, "1ms", "1 ms"},
                {1500, "1s500ms", "1 s"},
                {45000, "45s", "45 s"},
                {5400000, "1h30m", "1 h 30 min"},
                {5430000, "1h30m30s", "1 h 30 min"},
                {3630000, "1h30s", "1 h"},
                {86400000, "1d", "1 day"},
                {9 * INT64_C(86400000), "9d", "9 days"},
                {93784005, "1d2h3m4s5ms", "1 day 2 h"},
                {-90000, "-1m30s", "\u22121 min 30 s"},
                {INT64_MIN, "-106751991167d7h12m55s808ms", "\u2212106751991167 days 7 h"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf exact = CW_BUF_NULL, human = CW_BUF_NULL;

                cw_duration_format(&exact, cases[i].ms);
                cw_duration_format_human(&human, cases[i].ms);
                assert_string_equal(cw_buf_text(&exact), cases[i].exact);
                assert_string_equal(cw_buf_text(&human), cases[i].human);
                cw_buf_deinit(&exact);
                cw_buf_deinit(&human);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_rfc3339),
                cmocka_unit_test(test_reads_http_dates),
                cmocka_unit_test(test_writes_utc),
                cmocka_unit_test(test_days_agree_with_the_c_library),
                cmocka_unit_test(test_the_extreme_times_are_written_without_overflow),
                cmocka_unit_test(test_clocks_run),
                cmocka_unit_test(test_reads_durations),
                cmocka_unit_test(test_writes_durations),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
