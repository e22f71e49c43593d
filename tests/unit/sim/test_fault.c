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

#include "fault.h"
#include "options.h"
#include "reply.h"
#include "sim_json.h"

static int read_fault(const char *text, struct cw_buf *why, struct cw_sim_fault *fault)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;

        assert_int_equal(cw_sim_json_parse(text, strlen(text), why, &json), 0);
        return cw_sim_fault_read(json, why, fault);
}

static void add(struct cw_sim_faults *faults, const char *text)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int64_t id;

        assert_int_equal(read_fault(text, &why, &fault), 0);
        assert_int_equal(cw_sim_faults_add(faults, &fault, &id), 0);
}

static void test_a_fault_that_is_half_said_is_refused(void **state)
{
        static const struct {
                const char *text, *why;
        } cases[] = {
                {"{\"endpoint\":\"list\",\"kind\":\"delay\"}", "\"delay_ms\" is missing"},
                {"{\"endpoint\":\"list\",\"kind\":\"status\"}", "\"status\" is missing"},
                {"{\"endpoint\":\"list\",\"kind\":\"body\"}", "\"body\" is missing"},
                {"{\"kind\":\"reset\"}", "\"endpoint\" is missing"},
                {"{\"endpoint\":\"cards\",\"kind\":\"reset\"}",
                 "\"endpoint\" must be one of list, customer, login, hook, any"},
                {"{\"endpoint\":\"login\",\"kind\":\"empty\"}", "this kind is for the endpoint list"},
                {"{\"endpoint\":\"any\",\"kind\":\"slide-down\"}", "this kind is for the endpoint list"},
                {"{\"endpoint\":\"list\",\"kind\":\"status\",\"status\":302,\"location\":\"/\r\nX: y\"}",
                 "a header has no line break"},
                {"{\"endpoint\":\"login\",\"kind\":\"reset\",\"page\":1}", "\"page\" is for the endpoint list"},
                {"{\"endpoint\":\"list\",\"kind\":\"reset\",\"count\":0}", "\"count\" must be -1 or at least 1"},
                {"{\"endpoint\":\"list\",\"kind\":\"reset\",\"page\":0}", "\"page\" must be from 1 to 2147483647"},
                {"{\"endpoint\":\"list\",\"kind\":\"status\",\"status\":99}", "\"status\" must be from 200 to 599"},
                {"{\"endpoint\":\"list\",\"kind\":\"rate-limit\",\"retry_after\":\"1\\r\\nX: y\"}",
                 "a header has no line break"},
                {"{\"endpoint\":\"list\",\"kind\":\"reset\",\"byte\":1}", "\"byte\" is not known here"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
                struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

                assert_int_equal(read_fault(cases[i].text, &why, &fault), -EINVAL);
                assert_string_equal(cw_buf_text(&why), cases[i].why);
        }
}

static bool taken(struct cw_sim_faults *faults, enum cw_sim_endpoint endpoint, int64_t page, int64_t customer)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};

        return cw_sim_faults_take(faults, endpoint, page, customer, &fault);
}

static void test_a_fault_applies_where_and_as_often_as_it_says(void **state)
{
        struct cw_sim_faults faults cw_cleanup(cw_sim_faults_deinit) = {0};

        (void)state;
        add(&faults, "{\"endpoint\":\"list\",\"kind\":\"reset\",\"page\":2,\"count\":2}");
        assert_false(taken(&faults, CW_SIM_ENDPOINT_LIST, 1, -1));
        assert_false(taken(&faults, CW_SIM_ENDPOINT_LOGIN, -1, -1));
        assert_true(taken(&faults, CW_SIM_ENDPOINT_LIST, 2, -1));
        assert_true(taken(&faults, CW_SIM_ENDPOINT_LIST, 2, -1));
        assert_false(taken(&faults, CW_SIM_ENDPOINT_LIST, 2, -1));
        add(&faults, "{\"endpoint\":\"any\",\"kind\":\"status\",\"status\":500,\"body\":\"x\",\"count\":-1}");
        for (int i = 0; i < 100; i++)
                assert_true(taken(&faults, CW_SIM_ENDPOINT_HOOK, -1, -1));
        cw_sim_faults_clear_all(&faults);
        assert_false(taken(&faults, CW_SIM_ENDPOINT_HOOK, -1, -1));
        add(&faults, "{\"endpoint\":\"customer\",\"kind\":\"reset\",\"customer\":5}");
        assert_false(taken(&faults, CW_SIM_ENDPOINT_CUSTOMER, -1, 6));
        assert_true(cw_sim_faults_clear(&faults, 3));
        assert_false(cw_sim_faults_clear(&faults, 3));
        assert_false(taken(&faults, CW_SIM_ENDPOINT_CUSTOMER, -1, 5));
}

static void spoil(struct cw_sim_reply *reply, const char *text)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

        assert_int_equal(read_fault(text, &why, &fault), 0);
        if (!cw_sim_fault_replaces(&fault))
                cw_buf_puts(&reply->body, "0123456789");
        cw_sim_reply_spoil(reply, &fault);
}

static void test_what_a_fault_does_to_an_answer(void **state)
{
        static const struct {
                const char *fault, *wanted, *unwanted;
        } cases[] = {
                {"{\"endpoint\":\"list\",\"kind\":\"status\",\"status\":503,\"retry_after\":\"soon\"}",
                 "HTTP/1.1 503 Service Unavailable\r\n", "0123"},
                {"{\"endpoint\":\"list\",\"kind\":\"rate-limit\"}", "Retry-After: 1\r\n", "0123"},
                {"{\"endpoint\":\"list\",\"kind\":\"rate-limit\",\"retry_after\":2}", "Retry-After: 2\r\n", "0123"},
                {"{\"endpoint\":\"list\",\"kind\":\"rate-limit\",\"retry_date_s\":3}",
                 "Retry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\n", "Retry-After: 1"},
                {"{\"endpoint\":\"list\",\"kind\":\"status\",\"status\":302,\"location\":\"/x\"}", "Location: /x\r\n",
                 "Retry-After"},
                {"{\"endpoint\":\"list\",\"kind\":\"envelope-error\",\"code\":\"Account_Locked\"}",
                 "\"details\":null,\"status\":\"0\",\"errors\":[{\"fieldName\":\"\",\"messageCode\":\"Account_Locked\"}"
                 "]",
                 "0123"},
                {"{\"endpoint\":\"list\",\"kind\":\"truncate\"}", "Content-Length: 10\r\n", "56789"},
                {"{\"endpoint\":\"list\",\"kind\":\"truncate\",\"bytes\":7}", "0123456", "01234567"},
                {"{\"endpoint\":\"list\",\"kind\":\"reset\",\"bytes\":1}", "\r\n\r\n0", "\r\n\r\n01"},
                {"{\"endpoint\":\"list\",\"kind\":\"content-type\"}", "Content-Type: text/html", "application/json"},
                {"{\"endpoint\":\"list\",\"kind\":\"body\",\"body\":\"[1,]\",\"status\":206}",
                 "HTTP/1.1 206 Status\r\n", "0123"},
                {"{\"endpoint\":\"list\",\"kind\":\"huge\"}", "\"details\":[", "Content-Length"},
                {"{\"endpoint\":\"list\",\"kind\":\"delay\",\"delay_ms\":5}", "0123456789", "close"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sim_reply reply cw_cleanup(cw_sim_reply_deinit) = CW_SIM_REPLY_NULL;
                struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

                print_message("  %s\n", cases[i].fault);
                spoil(&reply, cases[i].fault);
                cw_sim_reply_render(&reply, 784111777000, &buf);
                assert_non_null(strstr(cw_buf_text(&buf), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
                assert_non_null(strstr(cw_buf_text(&buf), cases[i].wanted));
                assert_null(strstr(cw_buf_text(&buf), cases[i].unwanted));
        }
}

static void test_a_reset_says_nothing_at_all(void **state)
{
        struct cw_sim_reply reply cw_cleanup(cw_sim_reply_deinit) = CW_SIM_REPLY_NULL;
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

        (void)state;
        spoil(&reply, "{\"endpoint\":\"list\",\"kind\":\"reset\"}");
        cw_sim_reply_render(&reply, 0, &buf);
        assert_int_equal(buf.len, 0);
        assert_true(reply.reset);
}

static void test_the_command_line(void **state)
{
        static const struct {
                const char *name;
                const char *arguments[3];
                int expected;
        } cases[] = {
                {"nothing is well", {NULL}, 0},
                {"a value after a space", {"--port", "0"}, 0},
                {"a value after an equals sign", {"--seed=9"}, 0},
                {"a share with its sign", {"--move-share", "50%"}, 0},
                {"a duration", {"--move-every", "1m30s"}, 0},
                {"no TLS is all it can", {"--require-tls", "no"}, 0},
                {"TLS cannot be asked for", {"--require-tls", "yes"}, CW_SIM_OPTIONS_USAGE},
                {"help", {"-h"}, CW_SIM_OPTIONS_SHOW},
                {"the version", {"--version"}, CW_SIM_OPTIONS_SHOW},
                {"an unknown option", {"--prot", "1"}, CW_SIM_OPTIONS_USAGE},
                {"a word", {"serve"}, CW_SIM_OPTIONS_USAGE},
                {"a value that is missing", {"--port"}, CW_SIM_OPTIONS_USAGE},
                {"a value for a flag", {"--still=yes"}, CW_SIM_OPTIONS_USAGE},
                {"a port that is none", {"--port", "70000"}, CW_SIM_OPTIONS_USAGE},
                {"a number with more after it", {"--seed", "1x"}, CW_SIM_OPTIONS_USAGE},
                {"a number of nothing", {"--seed", ""}, CW_SIM_OPTIONS_USAGE},
                {"a duration that is none", {"--move-every", "5"}, CW_SIM_OPTIONS_USAGE},
                {"no time at all", {"--move-every", "0s"}, CW_SIM_OPTIONS_USAGE},
                {"an empty password", {"--password", ""}, CW_SIM_OPTIONS_USAGE},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf message cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
                struct cw_sim_options options;
                char *argv[5] = {(char *)"cardwatch-sim"};
                int argc = 1;

                print_message("  %s\n", cases[i].name);
                for (size_t j = 0; j < 3 && cases[i].arguments[j]; j++)
                        argv[argc++] = (char *)cases[i].arguments[j];
                assert_int_equal(cw_sim_options_parse(argc, argv, &options, &message), cases[i].expected);
                assert_int_equal(message.len > 0, cases[i].expected != 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_fault_that_is_half_said_is_refused),
                cmocka_unit_test(test_a_fault_applies_where_and_as_often_as_it_says),
                cmocka_unit_test(test_what_a_fault_does_to_an_answer),
                cmocka_unit_test(test_a_reset_says_nothing_at_all),
                cmocka_unit_test(test_the_command_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
