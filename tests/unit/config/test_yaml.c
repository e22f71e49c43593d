/* SPDX-License-Identifier: Apache-2.0 */
#include "loading.h"

static void test_what_yaml_allows_and_a_configuration_does_not(void **state)
{
        static const struct diagnosis cases[] = {
                {"a key that stands twice is an error at the second",
                 BASE "log: {level: info}\n"
                      "log: {level: error}\n",
                 "cardwatch.yaml:8:1: error: duplicate key \"log\" (the first is at line 7, column 1)\n"
                 "    8 | log: {level: error}\n"
                 "      | ^~~\n"},
                {"a merge key is an error", BASE "log: {<<: {level: info}}\n",
                 "cardwatch.yaml:7:7: error: merge keys (\"<<\") are not supported\n"
                 "    7 | log: {<<: {level: info}}\n"
                 "      |       ^~\n"},
                {"a tag is an error", BASE "log: {level: !!str info}\n",
                 "cardwatch.yaml:7:20: error: tags are not supported\n"
                 "    7 | log: {level: !!str info}\n"
                 "      |                    ^~~~\n"},
                {"a second document is an error", BASE "---\nlog: {}\n",
                 "cardwatch.yaml:7:1: error: a configuration is one document; here a second begins\n"
                 "    7 | ---\n"
                 "      | ^~~\n"},
                {"a key that is a list is an error", BASE "[a]: 1\n",
                 "cardwatch.yaml:7:1: error: a key must be a word\n"
                 "    7 | [a]: 1\n"
                 "      | ^\n"},
                {"an unclosed bracket is told with both marks", "sources: [\n  {name: main}\nrules: []\n",
                 "cardwatch.yaml:3:1: error: did not find expected ',' or ']', while parsing a flow sequence that "
                 "begins at "
                 "line 1, column 10\n"
                 "    3 | rules: []\n"
                 "      | ^\n"},
                {"a bracket that nothing closes is told at the end", "sources: [\n",
                 "cardwatch.yaml:1:11: error: did not find expected node content, inside the bracket at line 1, column "
                 "10\n"
                 "    1 | sources: [\n"
                 "      |           ^\n"},
                {"a tab where spaces belong is told at its place", "log:\n\tlevel: info\n",
                 "cardwatch.yaml:2:1: error: found character that cannot start any token\n"
                 "    2 |  level: info\n"
                 "      | ^\n"},
                {"an alias to nothing is an error", BASE "log: {level: *none}\n",
                 "cardwatch.yaml:7:14: error: there is no anchor \"none\"\n"
                 "    7 | log: {level: *none}\n"
                 "      |              ^~~~~\n"},
                {"an alias inside of what it names is an error", BASE "log: &a {level: *a}\n",
                 "cardwatch.yaml:7:17: error: alias \"a\" stands inside of what it names\n"
                 "    7 | log: &a {level: *a}\n"
                 "      |                 ^~\n"},
                {"bytes that are no UTF-8 are told at their place", "log: {level: \xff}\n",
                 "cardwatch.yaml:1:14: error: this is not UTF-8\n"
                 "    1 | log: {level: ?}\n"
                 "      |              ^\n"},
                {"a control character is told at its place", "log: {level: \x01}\n",
                 "cardwatch.yaml:1:14: error: control characters are not allowed\n"
                 "    1 | log: {level: ?}\n"
                 "      |              ^\n"},
                {"a NUL in a text is an error", BASE "log: {level: \"in\\0fo\"}\n",
                 "cardwatch.yaml:7:14: error: a text cannot hold a NUL character\n"
                 "    7 | log: {level: \"in\\0fo\"}\n"
                 "      |              ^~~~~~~~\n"},
                {"an empty file says what is missing", "# nothing\n",
                 "cardwatch.yaml: error: the file says nothing: \"sources\" must list at least one\n"},
                {"a file that is a list is an error", "- a\n",
                 "cardwatch.yaml:1:1: error: the file must be a mapping (key: value)\n"
                 "    1 | - a\n"
                 "      | ^\n"},
                {"columns count characters, not bytes", BASE "log: {\"\xc3\xa4\xc3\xb6\": 1, x: 1}\n",
                 "cardwatch.yaml:7:7: error: unknown key \"\xc3\xa4\xc3\xb6\" in log\n"
                 "    7 | log: {\"\xc3\xa4\xc3\xb6\": 1, x: 1}\n"
                 "      |       ^~~~\n"
                 "cardwatch.yaml:7:16: error: unknown key \"x\" in log\n"
                 "    7 | log: {\"\xc3\xa4\xc3\xb6\": 1, x: 1}\n"
                 "      |                ^\n"},
                {"lines end as files from elsewhere end them", "log: {level: info}\r\nlgo: 1\r\n" BASE,
                 "cardwatch.yaml:2:1: error: unknown key \"lgo\" (did you mean \"log\"?)\n"
                 "    2 | lgo: 1\n"
                 "      | ^~~\n"},
                {"a byte order mark is no character", "\xef\xbb\xbflgo: 1\n" BASE,
                 "cardwatch.yaml:1:1: error: unknown key \"lgo\" (did you mean \"log\"?)\n"
                 "    1 | lgo: 1\n"
                 "      | ^~~\n"},
                {"what would steer a terminal is shown harmless", BASE "\"a\\e[31m\xe2\x80\xae\": 1\n",
                 "cardwatch.yaml:7:1: error: unknown key \"a?[31m?\"\n"
                 "    7 | \"a\\e[31m?\": 1\n"
                 "      | ^~~~~~~~~~\n"},
        };

        (void)state;
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

static void test_words_like_yes_are_texts(void **state)
{
        struct loaded loaded;

        (void)state;
        load_text(&loaded,
                  SOURCES NOTIFIERS "rules: [{name: no, when: available < 1, labels: {a: yes, b: off, c: true}}]\n");
        assert_int_equal(loaded.result, 0);
        assert_string_equal(loaded.config->rules->rules[0].name, "no");
        assert_string_equal(loaded.config->rules->rules[0].labels[0].value, "yes");
        assert_string_equal(loaded.config->rules->rules[0].labels[1].value, "off");
        loaded_deinit(&loaded);

        load_text(&loaded, SOURCES NOTIFIERS "rules: [{name: low, when: available < 1, enabled: yes}]\n");
        assert_non_null(strstr(cw_buf_text(&loaded.text), "6:51: error: \"enabled\" must be true or false\n"));
        loaded_deinit(&loaded);
}

static void test_aliases_are_what_they_name(void **state)
{
        struct loaded loaded;

        (void)state;
        load_text(&loaded, SOURCES NOTIFIERS "rules:\n"
                                             "  - {name: a, when: &low available < 100, labels: &labels {team: x}}\n"
                                             "  - {name: b, when: *low, labels: *labels}\n");
        assert_int_equal(loaded.result, 0);
        assert_int_equal(loaded.config->rules->rules[0].meaning, loaded.config->rules->rules[1].meaning);
        assert_string_equal(loaded.config->rules->rules[1].labels[0].value, "x");
        loaded_deinit(&loaded);
}

/* Ten doublings of ten would be ten thousand million nodes. */
static void test_aliases_do_not_grow_without_bound(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&yaml, BASE "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n");
        for (int i = 1; i < 12; i++) {
                cw_buf_printf(&yaml, "x%d: &x%d [", i, i);
                for (int j = 0; j < 10; j++)
                        cw_buf_printf(&yaml, "*x%d,", i - 1);
                cw_buf_puts(&yaml, "]\n");
        }
        load_text(&loaded, cw_buf_text(&yaml));
        assert_int_equal(loaded.result, -EINVAL);
        assert_non_null(strstr(cw_buf_text(&loaded.text), "the file holds too much"));
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

static void test_depth_is_bounded(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&yaml, "log: ");
        for (int i = 0; i < 100000; i++)
                cw_buf_putc(&yaml, '[');
        load_text(&loaded, cw_buf_text(&yaml));
        assert_int_equal(loaded.result, -EINVAL);
        assert_non_null(strstr(cw_buf_text(&loaded.text), "error: this is nested too deeply"));
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

static void test_a_long_line_is_cut_around_the_caret(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&yaml, BASE "log: {level: info");
        for (int i = 0; i < 1000; i++)
                cw_buf_putc(&yaml, ' ');
        cw_buf_puts(&yaml, ", unknown: 1");
        for (int i = 0; i < 1000; i++)
                cw_buf_putc(&yaml, ' ');
        cw_buf_puts(&yaml, "}\n");
        load_text(&loaded, cw_buf_text(&yaml));
        assert_int_equal(loaded.report.n_items, 1);
        assert_int_equal(loaded.report.items[0].column, 1020);
        assert_true(strlen(loaded.report.items[0].excerpt) <= 200 + 2 * strlen("\u2026"));
        assert_memory_equal(loaded.report.items[0].excerpt, "\u2026", strlen("\u2026"));
        /* The caret counts characters, and the sign of the cut is one. */
        assert_memory_equal(loaded.report.items[0].excerpt + strlen("\u2026") + loaded.report.items[0].caret - 2,
                            "unknown", 7);
        assert_int_equal(loaded.report.items[0].width, 7);
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

static void test_files_that_cannot_be_read(void **state)
{
        struct loaded loaded;

        (void)state;
        load_file(&loaded, "missing.yaml", false);
        assert_string_equal(cw_buf_text(&loaded.text),
                            "missing.yaml: error: cannot read the file: No such file or directory\n");
        loaded_deinit(&loaded);
        load_file(&loaded, ".", false);
        assert_string_equal(cw_buf_text(&loaded.text), ".: error: this is a directory, not a file\n");
        loaded_deinit(&loaded);

        write_text("large.yaml", "a: 1\n");
        assert_int_equal(truncate("large.yaml", (16 << 20) + 1), 0);
        load_file(&loaded, "large.yaml", false);
        assert_string_equal(cw_buf_text(&loaded.text), "large.yaml: error: the file is larger than 16 MiB\n");
        loaded_deinit(&loaded);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_yaml_allows_and_a_configuration_does_not),
                cmocka_unit_test(test_words_like_yes_are_texts),
                cmocka_unit_test(test_aliases_are_what_they_name),
                cmocka_unit_test(test_aliases_do_not_grow_without_bound),
                cmocka_unit_test(test_depth_is_bounded),
                cmocka_unit_test(test_a_long_line_is_cut_around_the_caret),
                cmocka_unit_test(test_files_that_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
