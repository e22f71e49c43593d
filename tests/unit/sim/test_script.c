/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "script.h"

static int parse(const char *text, struct cw_buf *why, struct cw_sim_script **ret_script)
{
        return cw_sim_script_parse("day.jsonl", text, strlen(text), why, ret_script);
}

static void test_a_mistake_is_told_with_its_line(void **state)
{
        static const struct {
                const char *text;
                const char *why;
        } cases[] = {
                {"{", "day.jsonl:1: not JSON: it ends too early"},
                {"\n# so\n{\"at\":\"1s\",\"do\":\"card\",\"card\":1} x",
                 "day.jsonl:3: not JSON: something follows the value"},
                {"[]", "day.jsonl:1: an object is wanted"},
                {"{\"do\":\"card\",\"card\":1}", "day.jsonl:1: \"at\" is missing"},
                {"{\"at\":10,\"do\":\"card\",\"card\":1}",
                 "day.jsonl:1: \"at\" must be a duration such as \"10s\" or \"1m30s\""},
                {"{\"at\":\"1s\"}", "day.jsonl:1: \"do\" must say what to do"},
                {"{\"at\":\"1s\",\"do\":\"dance\"}", "day.jsonl:1: \"dance\" is nothing that can be done"},
                {"{\"at\":\"1s\",\"do\":\"card\"}", "day.jsonl:1: \"card\" is missing"},
                {"{\"at\":\"1s\",\"do\":\"card\",\"card\":1,\"avail\":2}", "day.jsonl:1: \"avail\" is not known here"},
                {"{\"at\":\"1s\",\"do\":\"card\",\"card\":1,\"available\":\"much\"}",
                 "day.jsonl:1: \"available\" must be a number; \"raw\" takes any text"},
                {"{\"at\":\"1s\",\"do\":\"card\",\"card\":\"1\"}", "day.jsonl:1: \"card\" must be a whole number"},
                {"{\"at\":\"1s\",\"do\":\"fault\",\"endpoint\":\"list\"}", "day.jsonl:1: \"kind\" is missing"},
                {"{\"at\":\"2s\",\"do\":\"unlock\"}\n{\"at\":\"1s\",\"do\":\"unlock\"}",
                 "day.jsonl:2: \"at\" lies before the line above"},
                {"{\"at\":\"2s\",\"do\":\"unlock\"}\n{\"loop\":\"5s\"}",
                 "day.jsonl:2: \"loop\" belongs on the first line"},
                {"{\"loop\":\"1s\"}\n{\"at\":\"1s\",\"do\":\"unlock\"}", "day.jsonl:2: \"at\" lies beyond the loop"},
                {"{\"loop\":\"1ms\"}", "day.jsonl:1: \"loop\" must be at least 100ms"},
                {"{\"loop\":\"1s\",\"at\":\"1s\"}", "day.jsonl:1: \"at\" is not known here"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sim_script *script cw_cleanup(cw_sim_script_free_cleanup) = NULL;
                struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

                assert_int_equal(parse(cases[i].text, &why, &script), -EINVAL);
                assert_null(script);
                assert_string_equal(cw_buf_text(&why), cases[i].why);
        }
}

static void test_steps_are_due_in_their_order_and_not_before_their_time(void **state)
{
        struct cw_sim_script *script cw_cleanup(cw_sim_script_free_cleanup) = NULL;
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_step step;
        int64_t wait_ms = 0;

        (void)state;
        assert_int_equal(
                parse("# a day\r\n{\"at\":\"0s\",\"do\":\"unlock\"}\n\n{\"at\":\"10s\",\"do\":\"expire-tokens\"}", &why,
                      &script),
                0);
        assert_int_equal(cw_sim_script_next(script, 0, &step, &wait_ms), 0);
        assert_string_equal(step.what, "unlock");
        assert_int_equal(step.line, 2);
        assert_int_equal(cw_sim_script_next(script, 1, &step, &wait_ms), CW_SIM_SCRIPT_WAIT);
        assert_int_equal(wait_ms, 9999);
        assert_int_equal(cw_sim_script_next(script, 10000, &step, &wait_ms), 0);
        assert_int_equal(step.line, 4);
        assert_int_equal(cw_sim_script_next(script, 10000, &step, &wait_ms), CW_SIM_SCRIPT_END);
}

static void test_a_loop_begins_anew_at_its_length(void **state)
{
        struct cw_sim_script *script cw_cleanup(cw_sim_script_free_cleanup) = NULL;
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_step step;
        int64_t wait_ms = 0;

        (void)state;
        assert_int_equal(parse("{\"loop\":\"60s\"}\n{\"at\":\"10s\",\"do\":\"unlock\"}\n", &why, &script), 0);
        for (int64_t round = 0; round < 3; round++) {
                assert_int_equal(cw_sim_script_next(script, 60000 * round + 9999, &step, &wait_ms), CW_SIM_SCRIPT_WAIT);
                assert_int_equal(wait_ms, 1);
                assert_int_equal(cw_sim_script_next(script, 60000 * round + 10000, &step, &wait_ms), 0);
                assert_int_equal(step.at_ms, 60000 * round + 10000);
        }
}

static void test_a_script_of_nothing_is_over_at_once(void **state)
{
        struct cw_sim_script *script cw_cleanup(cw_sim_script_free_cleanup) = NULL;
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_step step;
        int64_t wait_ms;

        (void)state;
        assert_int_equal(parse("{\"loop\":\"1s\"}\n# nothing\n", &why, &script), 0);
        assert_int_equal(cw_sim_script_next(script, 0, &step, &wait_ms), CW_SIM_SCRIPT_END);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mistake_is_told_with_its_line),
                cmocka_unit_test(test_steps_are_due_in_their_order_and_not_before_their_time),
                cmocka_unit_test(test_a_loop_begins_anew_at_its_length),
                cmocka_unit_test(test_a_script_of_nothing_is_over_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
