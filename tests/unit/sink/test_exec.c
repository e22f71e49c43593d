/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is given, and what its end means. */
#include "pagers.h"

#include <errno.h>

static const char *const command[] = {"/usr/bin/env", "--flag", "a b"};
static const struct cw_sink_options options = {
        .type = CW_SINK_EXEC,
        .name = "script",
        .command = command,
        .n_command = 3,
        .timeout_ms = 4321,
};

static const char *variable(const struct cw_exec_request *exec, const char *name)
{
        size_t len = strlen(name);

        for (size_t i = 0; exec->environment[i]; i++)
                if (strncmp(exec->environment[i], name, len) == 0 && exec->environment[i][len] == '=')
                        return exec->environment[i] + len + 1;
        return "-";
}

static void test_request(void **state)
{
        struct cw_sink_request request;
        struct sample sample;
        size_t n = 0;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        request_of(&options, &sample.notice, 0, &request);
        assert_int_equal(request.transport, CW_TRANSPORT_EXEC);
        assert_string_equal(request.exec.command[0], "/usr/bin/env");
        assert_string_equal(request.exec.command[2], "a b");
        assert_null(request.exec.command[3]);
        assert_int_equal(request.exec.timeout_ms, 4321);
        assert_int_equal(request.exec.input[request.exec.input_len - 1], '}');
        assert_non_null(strstr(request.exec.input, "\"version\":1"));
        assert_string_equal(variable(&request.exec, "CARDWATCH_ID"), sample.notice.id);
        assert_string_equal(variable(&request.exec, "CARDWATCH_NOTIFIER"), "script");
        assert_string_equal(variable(&request.exec, "CARDWATCH_KIND"), "alert");
        assert_string_equal(variable(&request.exec, "CARDWATCH_STATUS"), "firing");
        assert_string_equal(variable(&request.exec, "CARDWATCH_SEVERITY"), "warning");
        assert_non_null(strstr(variable(&request.exec, "PATH"), "/usr/bin"));
        while (request.exec.environment[n])
                n++;
        assert_int_equal(n, 7);
        cw_sink_request_deinit(&request);
}

static void test_bytes_of_others(void **state)
{
        static const char *const cases[] = {"",
                                            "{}",
                                            "[]",
                                            "{\"kind\":1,\"status\":2}",
                                            "{\"kind\":\"alert\"}",
                                            "{\"kind\":\"alert\",\"status\":\"firing\",\"severity\":\"x\"}\n",
                                            "{x}"};
        struct cw_sink_request request;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i]);
                assert_int_equal(cw_sink_request(&options, "id", cases[i], strlen(cases[i]), 0, &request), -EBADMSG);
        }
}

static void test_endings(void **state)
{
        static const struct judged cases[] = {
                {"0 is delivered", {.message = "said"}, CW_SINK_DELIVERED, 0, ""},
                {"75 is tried again", {.status = 75, .message = ""}, CW_SINK_RETRY, 0, "exit status 75"},
                {"1 is permanent, and its last line is told",
                 {.status = 1, .message = "no\x1b such \xff queue"},
                 CW_SINK_PERMANENT,
                 0,
                 "exit status 1: no\u241b such \ufffd queue"},
                {"126 is permanent", {.status = 126, .message = NULL}, CW_SINK_PERMANENT, 0, "exit status 126"},
                {"taking too long is tried again",
                 {.failure = CW_HTTP_TIMEOUT, .message = "waiting"},
                 CW_SINK_RETRY,
                 0,
                 "the command took too long: waiting"},
                {"what cannot be run is tried again",
                 {.failure = CW_HTTP_OTHER, .message = "the command cannot be run: No such file or directory"},
                 CW_SINK_RETRY,
                 0,
                 "the command cannot be run: No such file or directory"},
        };

        (void)state;
        expect_judged(&options, cases, CW_ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_request),
                cmocka_unit_test(test_bytes_of_others),
                cmocka_unit_test(test_endings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
