/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/secret.h"
#include "loading.h"

#define KEY(value) "sources: [{name: main, url: \"https://a.example\", auth: {api_key: " value "}}]\n" RULES NOTIFIERS

static void test_what_references_stand_for(void **state)
{
        static const struct {
                const char *name, *yaml, *secret;
        } cases[] = {
                {"a variable", KEY("env:CARDWATCH_TEST_KEY"), "from the environment"},
                {"a file, one newline dropped", KEY("file:one_line"), "from a file"},
                {"a file, one newline of two dropped", KEY("file:two_lines"), "first\n"},
                {"a file from elsewhere", KEY("file:windows"), "from elsewhere"},
                {"a file at an absolute path", KEY("\"file:/proc/self/cwd/one_line\""), "from a file"},
                {"a credential", KEY("credential:one_line"), "from a file"},
                {"a plain text", KEY("plain:text"), "text"},
                {"a plain text that looks like a reference", KEY("plain:env:HOME"), "env:HOME"},
                {"a plain text that begins with a dollar sign", KEY("plain:$KEY"), "$KEY"},
                {"a bare text", KEY("text"), "text"},
                {"a bare text in quotes", KEY("\"00123\""), "00123"},
                {"a bare number", KEY("00123"), "00123"},
                {"a bare text with a dollar sign inside", KEY("a$KEY"), "a$KEY"},
                {"a bare text that is no variable's name", KEY("\"$1.50\""), "$1.50"},
        };
        char folder[4096];

        (void)state;
        assert_non_null(getcwd(folder, sizeof(folder)));
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
        assert_int_equal(setenv("CARDWATCH_TEST_KEY", "from the environment", 1), 0);
        write_text("one_line", "from a file\n");
        write_text("two_lines", "first\n\n");
        write_text("windows", "from elsewhere\r\n");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_text(&loaded, cases[i].yaml);
                /* A line break cannot stand in a header: only what is read is of interest here. */
                if (strchr(cases[i].secret, '\n')) {
                        assert_non_null(strstr(cw_buf_text(&loaded.text), "must be one line"));
                } else {
                        assert_int_equal(loaded.result, 0);
                        assert_string_equal(cw_secret_reveal(loaded.config->sources[0].api_key), cases[i].secret);
                }
                loaded_deinit(&loaded);
        }
}

static void test_references_that_lead_nowhere(void **state)
{
        static const struct {
                const char *name, *yaml, *message;
        } cases[] = {
                {"a variable that is not set", KEY("env:CARDWATCH_TEST_NONE"),
                 "environment variable CARDWATCH_TEST_NONE is not set"},
                {"a variable that is empty", KEY("env:CARDWATCH_TEST_EMPTY"),
                 "environment variable CARDWATCH_TEST_EMPTY is empty"},
                {"a variable without a name", KEY("\"env:\""), "\"env:\" must be followed by a name"},
                {"a name that is none", KEY("\"env:hunter2!\""),
                 "\"env:\" must be followed by the name of an environment variable"},
                {"a file that is missing", KEY("file:missing"),
                 "cannot read secret file missing: No such file or directory"},
                {"a file that is a folder", KEY("\"file:.\""), "cannot read secret file .: Is a directory"},
                {"a file that would keep us waiting", KEY("file:pipe"), "secret file pipe is no regular file"},
                {"a file that is empty", KEY("file:empty"), "the secret is empty"},
                {"a file with a newline only", KEY("file:newline"), "the secret is empty"},
                {"a file that is a picture", KEY("file:binary"), "the secret holds a NUL byte"},
                {"a file that is a film", KEY("file:huge"), "secret file huge is larger than 65536 bytes"},
                {"a credential with a path", KEY("\"credential:../x\""), "the name of a credential has no slashes"},
                {"a plain text that is empty", KEY("\"plain:\""), "the secret is empty"},
                {"a variable as in a shell", KEY("$IBANERA_KEY"),
                 "this is no reference: write env:IBANERA_KEY (or plain:TEXT if the secret itself begins with a dollar "
                 "sign)"},
                {"a variable as in a shell, in braces", KEY("\"${IBANERA_KEY}\""),
                 "this is no reference: write env:IBANERA_KEY (or plain:TEXT if the secret itself begins with a dollar "
                 "sign)"},
                {"a scheme that is misspelt", KEY("\"evn:KEY\""),
                 "this is no reference: write env: (or plain:TEXT if the secret itself begins so)"},
                {"a scheme in capitals", KEY("\"File:key\""),
                 "this is no reference: write file: (or plain:TEXT if the secret itself begins so)"},
                {"a secret that is a list", KEY("[a]"), "\"api_key\" must be a text"},
        };

        (void)state;
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1), 0);
        assert_int_equal(setenv("CARDWATCH_TEST_EMPTY", "", 1), 0);
        write_text("empty", "");
        write_text("newline", "\n");
        write_file("binary", "a\0b", 3);
        write_text("huge", "");
        assert_int_equal(truncate("huge", 65537), 0);
        assert_int_equal(mkfifo("pipe", 0600), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_text(&loaded, cases[i].yaml);
                assert_int_equal(loaded.result, -EINVAL);
                assert_int_equal(loaded.report.n_items, 1);
                assert_string_equal(loaded.report.items[0].message, cases[i].message);
                loaded_deinit(&loaded);
        }
}

static void test_offline_needs_no_secret_to_exist(void **state)
{
        struct loaded loaded;

        (void)state;
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        write_text("cardwatch.yaml",
                   "sources:\n"
                   "  - name: main\n"
                   "    url: https://a.example\n"
                   "    auth: {username: u, password: file:missing, totp_secret: env:CARDWATCH_TEST_NONE}\n"
                   "    tls: {cert: cert.pem, key: credential:key}\n" RULES
                   "notifiers: [{name: n, type: webhook, url: credential:hook, secret: file:missing}]\n");
        load_file(&loaded, "cardwatch.yaml", true);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_non_null(loaded.config->sources[0].password);
        assert_non_null(loaded.config->notifiers[0].url);
        loaded_deinit(&loaded);

        load_file(&loaded, "cardwatch.yaml", false);
        assert_int_equal(loaded.report.n_errors, 6);
        loaded_deinit(&loaded);
}

static void test_files_that_others_can_read(void **state)
{
        struct loaded loaded;

        (void)state;
        write_text("exposed", "secret\n");
        assert_int_equal(chmod("exposed", 0644), 0);
        load_text(&loaded, KEY("file:exposed"));
        assert_int_equal(loaded.result, 0);
        assert_int_equal(loaded.report.n_warnings, 1);
        assert_string_equal(loaded.report.items[0].message, "secret file exposed can be read by others (chmod o-r)");
        loaded_deinit(&loaded);

        write_text("cardwatch.yaml", KEY("text"));
        assert_int_equal(chmod("cardwatch.yaml", 0644), 0);
        load_file(&loaded, "cardwatch.yaml", false);
        assert_int_equal(loaded.result, 0);
        assert_string_equal(
                cw_buf_text(&loaded.text),
                "cardwatch.yaml: warning: others can read this file, and there are secrets in it (chmod o-r)\n");
        loaded_deinit(&loaded);

        /* Without a secret in it there is nothing to hide. */
        load_text(&loaded, KEY("env:CARDWATCH_TEST_KEY"));
        assert_string_equal(cw_buf_text(&loaded.text), "");
        loaded_deinit(&loaded);
        assert_int_equal(chmod("cardwatch.yaml", 0600), 0);
}

/* Whatever is wrong, and wherever: HUNTER2 is in each of these texts, and in none of what is said about them. */
static void test_no_complaint_shows_a_secret(void **state)
{
        static const char *const cases[] = {
                KEY("HUNTER2, x: 1"),
                KEY("plain:HUNTER2, x: 1"),
                KEY("\"HUNTER2\", x: 1"),
                KEY("&key HUNTER2, x: *key"),
                "sources: [{name: a, auth: {pasword: HUNTER2, Password: HUNTER2, api-key: HUNTER2, tokne: HUNTER2}}]\n",
                "sources:\n  - auth:\n      passwrod:\n        HUNTER2\n      x: 1\n",
                "sources:\n  - auth:\n      password: >\n        HUNTER2\n        HUNTER2\n      x: 1\n",
                "sources:\n  - auth: {totp_secret: HUNTER2}\n",
                "sources:\n  - auth: {totp_secret: \"HUN\n      TER2 HUNTER2\", x: 1}\n",
                "sources: [{url: \"https://ops:HUNTER2@a.example\", x: 1}]\n",
                "sources: [{auth: {password: [HUNTER2], otp: {a: HUNTER2}}}]\n",
                "sources: [{heartbeat: \"https://a.example/HUNTER2\"}]\n",
                "store: {postgresql: \"postgresql://u:HUNTER2@db\", x: 1}\n",
                "control: {token: HUNTER2}\n",
                "notifiers: [{name: n, type: webhook, url: \"gopher://a.example/HUNTER2\", secrt: HUNTER2}]\n",
                "notifiers: [{name: n, type: webhook, url: \"https://a.example/ HUNTER2\"}]\n",
                "notifiers: [{name: n, type: slack, url: \"https://a.example/HUNTER2\", token: HUNTER2}]\n",
                "notifiers: [{name: n, type: discord, url: \"gopher://a.example/HUNTER2\"}]\n",
                "notifiers: [{name: n, type: telegram, token: \"HUNTER2/x\", chat_id: 1}]\n",
                "notifiers: [{name: n, type: telegram, token: \"1:HUNTER2\", chat_id: x y}]\n",
                "notifiers: [{name: n, type: pushover, token: \"HUNTER2 x\", user: \"HUNTER2 x\"}]\n",
                "notifiers: [{name: n, type: pushover, user: HUNTER2, x: 1}]\n",
                "notifiers: [{name: n, type: matrix, url: \"https://ops:HUNTER2@a.example\", token: HUNTER2}]\n",
                "notifiers: [{name: n, type: pagerduty, routing_key: HUNTER2, x: 1}]\n",
                "notifiers: [{name: n, type: webhook, url: env:U, headers: {Authorization: HUNTER2, \"a b\": HUNTER2}, "
                "x: 1}]\n",
                "notifiers: [{name: n, type: webhook, url: env:U, proxy: \"ftp://u:HUNTER2@p\", x: 1}]\n",
                "notifiers: [{name: n, type: email, smtp: \"smtp://u:HUNTER2@m\", password: HUNTER2, x: 1}]\n",
                "sources:\n  - auth: {password: HUNTER2\n    x: 1\n",
                "sources:\n  - auth: {password: \"HUNTER2, x: 1}\n",
                "sources:\n  - auth: {password: HUNTER2, totp_secret: @}\n",
                "sources:\n  - auth:\n      password: @HUNTER2\n",
                "sources:\n  - auth:\n      password:\n        - @HUNTER2\n",
                "sources:\n  - auth:\n      password: HUNTER2: x\n",
                "sources:\n  - auth:\n     \"api_key\" : %HUNTER2\n",
                "notifiers:\n  - url: @https://a.example/HUNTER2\n",
                "password: HUNTER2\n",
                "passwords: HUNTER2\n",
                "sources:\n  - auth:\n      password: HUNTER2 \xff\n",
                "sources:\n  - auth: {password: HUNTER2, password: HUNTER2}\n",
                "sources:\n  - auth: {password: !x HUNTER2}\n",
                "sources:\n  - auth: {password: \"HUNTER2\\0\"}\n",
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf json = CW_BUF_NULL;
                struct loaded loaded;

                load_text(&loaded, cases[i]);
                cw_config_report_json(&loaded.report, &json);
                if (strstr(cw_buf_text(&loaded.text), "HUNTER2") || strstr(cw_buf_text(&json), "HUNTER2"))
                        fail_msg("%s\nsaid:\n%s", cases[i], cw_buf_text(&loaded.text));
                assert_int_equal(loaded.result, -EINVAL);
                cw_buf_deinit(&json);
                loaded_deinit(&loaded);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_references_stand_for),
                cmocka_unit_test(test_references_that_lead_nowhere),
                cmocka_unit_test(test_offline_needs_no_secret_to_exist),
                cmocka_unit_test(test_files_that_others_can_read),
                cmocka_unit_test(test_no_complaint_shows_a_secret),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
