/* SPDX-License-Identifier: Apache-2.0 */
/* What a request says is taken strictly, or refused in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/daemon/control_input.h"
#include "cardwatch/alert_match.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/httpd.h"

struct said {
        struct cw_buf line;
        bool flag;
        int64_t time, duration_ms, count;
        struct cw_control_terms terms;
};

static void said_deinit(struct said *said)
{
        cw_buf_deinit(&said->line);
        cw_buf_deinit(&said->terms.text);
}

#define FIELDS(said)                                                                                                   \
        {                                                                                                              \
                {"line", CW_CONTROL_LINE, &(said).line, 10}, {"flag", CW_CONTROL_BOOL, &(said).flag, 0},               \
                        {"time", CW_CONTROL_TIME, &(said).time, 0},                                                    \
                        {"for", CW_CONTROL_DURATION, &(said).duration_ms, 0},                                          \
                        {"count", CW_CONTROL_COUNT, &(said).count, 100},                                               \
                {                                                                                                      \
                        "match", CW_CONTROL_TERMS, &(said).terms, 0                                                    \
                }                                                                                                      \
        }

static void test_bodies(void **state)
{
        static const struct {
                const char *name, *body, *why; /* NULL: taken */
        } cases[] = {
                {"nothing at all", "", NULL},
                {"an object without members", "{}", NULL},
                {"every kind",
                 "{\"line\": \"zo\\u00eb\", \"flag\": true, \"time\": \"2026-11-22T08:00:00Z\","
                 " \"for\": \"2h\", \"match\": [\"a=b\", \"c=d\"]}",
                 NULL},
                {"no list of terms", "{\"match\": []}", NULL},
                {"no JSON", "{", ": the body is no JSON"},
                {"a key twice", "{\"flag\": true, \"flag\": true}", ": the body is no JSON"},
                {"no object", "[]", "the body must be an object"},
                {"an unknown member", "{\"lime\": 1}",
                 "\"lime\" is not known here; known: \"line\", \"flag\", \"time\", \"for\", \"count\", \"match\""},
                {"a line that is too long", "{\"line\": \"12345678901\"}",
                 "\"line\" must be a line of at most 10 bytes"},
                {"a line in which nothing can be seen", "{\"line\": \"  \"}", "\"line\" must be a line"},
                {"two lines", "{\"line\": \"a\\nb\"}", "\"line\" must be a line"},
                {"a line that is a number", "{\"line\": 1}", "\"line\" must be a line"},
                {"a truth that is a text", "{\"flag\": \"true\"}", "\"flag\" must be true or false"},
                {"a time without a date", "{\"time\": \"08:00\"}", "\"time\" must be a time such as"},
                {"a time that is null", "{\"time\": null}", "\"time\" must be a time such as"},
                {"a duration that is a number", "{\"for\": 7200}", "\"for\" must be a duration such as"},
                {"a duration of nothing", "{\"for\": \"0s\"}", "\"for\" must be a duration such as"},
                {"a match that is a text", "{\"match\": \"a=b\"}", "\"match\" must be a list of terms"},
                {"a term that is a number", "{\"match\": [1]}", "\"match\" has a term that is no KEY=VALUE"},
                {"a term of two lines", "{\"match\": [\"a=b\\nc=d\"]}", "\"match\" has a term that is no KEY=VALUE"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(said_deinit) struct said said = {.flag = false};
                cw_cleanup(cw_buf_deinit) struct cw_buf why = CW_BUF_NULL;
                const struct cw_control_field fields[] = FIELDS(said);

                print_message("  %s\n", cases[i].name);
                if (cw_control_read_body(cases[i].body, strlen(cases[i].body), fields, CW_ARRAY_SIZE(fields), &why) !=
                    !cases[i].why)
                        fail_msg("says '%s'", cw_buf_text(&why));
                if (cases[i].why && !strstr(cw_buf_text(&why), cases[i].why))
                        fail_msg("'%s' does not say '%s'", cw_buf_text(&why), cases[i].why);
                if (strstr(cases[i].name, "every kind")) {
                        assert_string_equal(cw_buf_text(&said.line), "zo\xc3\xab");
                        assert_true(said.flag && said.time == INT64_C(1795334400000) && said.duration_ms == 7200000);
                        assert_string_equal(cw_buf_text(&said.terms.text), "a=b\nc=d\n");
                }
        }
}

static void test_queries(void **state)
{
        static const struct {
                const char *name;
                struct cw_httpd_argument arguments[3];
                const char *why;
        } cases[] = {
                {"nothing", {{NULL, NULL}}, NULL},
                {"a count", {{"count", "100"}}, NULL},
                {"terms, one an argument", {{"match", "a=b"}, {"match", "rule=l%C3%B6w"}}, NULL},
                {"a truth", {{"flag", "false"}}, NULL},
                {"no truth", {{"flag", "1"}}, "\"flag\" must be true or false"},
                {"a count of nothing", {{"count", "0"}}, "\"count\" must be a whole number from 1 to 100"},
                {"a count above", {{"count", "101"}}, "\"count\" must be a whole number"},
                {"a count below", {{"count", "-1"}}, "\"count\" must be a whole number"},
                {"a count that is none", {{"count", "5x"}}, "\"count\" must be a whole number"},
                {"an empty count", {{"count", ""}}, "\"count\" must be a whole number"},
                {"a huge count", {{"count", "99999999999999999999999"}}, "\"count\" must be a whole number"},
                {"twice", {{"count", "5"}, {"flag", "true"}, {"count", "5"}}, "\"count\" stands twice"},
                {"unknown", {{"color", "red"}}, "the argument \"color\" is not known here"},
                {"half an escape", {{"line", "a%2"}}, "\"line\" has an escape that is none"},
                {"no escape", {{"line", "a%zz"}}, "\"line\" has an escape that is none"},
                {"NUL", {{"line", "a%00"}}, "\"line\" has an escape that is none"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(said_deinit) struct said said = {.flag = false};
                cw_cleanup(cw_buf_deinit) struct cw_buf why = CW_BUF_NULL;
                const struct cw_control_field fields[] = FIELDS(said);
                size_t n = 0;

                print_message("  %s\n", cases[i].name);
                while (n < 3 && cases[i].arguments[n].name)
                        n++;
                if (cw_control_read_query(cases[i].arguments, n, fields, CW_ARRAY_SIZE(fields), &why) != !cases[i].why)
                        fail_msg("says '%s'", cw_buf_text(&why));
                if (cases[i].why && !strstr(cw_buf_text(&why), cases[i].why))
                        fail_msg("'%s' does not say '%s'", cw_buf_text(&why), cases[i].why);
                if (strstr(cases[i].name, "terms"))
                        assert_string_equal(cw_buf_text(&said.terms.text), "a=b\nrule=l\xc3\xb6w\n");
        }
}

static void test_terms_make_a_match(void **state)
{
        cw_cleanup(said_deinit) struct said said = {.flag = false};
        cw_cleanup(cw_buf_deinit) struct cw_buf why = CW_BUF_NULL;
        const struct cw_control_field fields[] = FIELDS(said);
        struct cw_httpd_argument arguments[CW_ALERT_MATCH_TERMS_MAX + 1];
        struct cw_alert_match *match = NULL;

        (void)state;
        assert_true(cw_control_parse_terms(&said.terms, &match, &why));
        assert_true(cw_alert_match_is_everything(match));
        cw_alert_match_free(match);
        for (size_t i = 0; i < CW_ARRAY_SIZE(arguments); i++)
                arguments[i] = (struct cw_httpd_argument){"match", "rule=low"};
        assert_false(
                cw_control_read_query(arguments, CW_ALERT_MATCH_TERMS_MAX + 1, fields, CW_ARRAY_SIZE(fields), &why));
        assert_non_null(strstr(cw_buf_text(&why), "more than 64 terms"));
        assert_true(cw_control_parse_terms(&said.terms, &match, &why));
        assert_false(cw_alert_match_is_everything(match));
        cw_alert_match_free(match);
        cw_buf_puts(&said.terms.text, "card=x\n");
        cw_buf_clear(&why);
        assert_false(cw_control_parse_terms(&said.terms, &match, &why));
        assert_true(why.len > 0);
}

static void test_fingerprints_and_cursors(void **state)
{
        static const struct {
                const char *text;
                bool good;
        } hexes[] = {{"0123456789abcdef", true},  {"0123456789abcde", false},  {"0123456789abcdef0", false},
                     {"0123456789ABCDEF", false}, {"0123456789abcdeg", false}, {"", false}},
          cursors[] = {{"1.2", true},
                       {"-1.-2", true},
                       {"1", false},
                       {"1.2.3", false},
                       {"1.", false},
                       {".2", false},
                       {" 1.2", false},
                       {"1.2 ", false},
                       {"1.+2", false},
                       {"9223372036854775807.0", true},
                       {"9223372036854775808.0", false}};
        int64_t numbers[2];
        uint64_t value;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(hexes); i++)
                assert_int_equal(cw_control_read_hex64(hexes[i].text, strlen(hexes[i].text), &value), hexes[i].good);
        assert_true(cw_control_read_hex64("fedcba9876543210", 16, &value) && value == UINT64_C(0xfedcba9876543210));
        for (size_t i = 0; i < CW_ARRAY_SIZE(cursors); i++)
                if (cw_control_read_cursor(cursors[i].text, numbers, 2) != cursors[i].good)
                        fail_msg("'%s'", cursors[i].text);
        assert_true(cw_control_read_cursor("7.-9", numbers, 2) && numbers[0] == 7 && numbers[1] == -9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bodies),
                cmocka_unit_test(test_queries),
                cmocka_unit_test(test_terms_make_a_match),
                cmocka_unit_test(test_fingerprints_and_cursors),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
