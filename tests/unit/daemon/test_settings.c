/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a whole file for each mistake of a template, and what is said about it, place and all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_report.h"
#include "cardwatch/settings.h"

#define SOURCES "sources: [{name: a, url: http://127.0.0.1, auth: {api_key: k, otp: \"1\"}}]\n"
#define LOG     "notifiers: [{name: log, type: syslog}]\n"

static void write_named(const char *name, const char *text)
{
        FILE *file = fopen(name, "we");

        assert_non_null(file);
        assert_int_equal(fputs(text, file) >= 0, 1);
        assert_int_equal(fclose(file), 0);
}

static void write_file(const char *text)
{
        write_named("cardwatch.yaml", text);
}

static void test_mistakes_of_templates(void **state)
{
        static const struct {
                const char *name, *yaml, *said;
        } cases[] = {
                {"a partial that is not there, in a body of several lines",
                 SOURCES "templates: {line: x}\nnotifiers:\n  - name: log\n    type: syslog\n    body: |\n      one\n"
                         "      two {{> lines}}\n",
                 "cardwatch.yaml:8:11: error: \"templates\" has no \"lines\" (did you mean \"line\"?)\n"},
                {"a partial of a partial", SOURCES "templates:\n  a: \"x {{> b}}\"\n" LOG,
                 "cardwatch.yaml:3:9: error: \"templates\" has no \"b\""},
                {"a partial that is wrong itself", SOURCES "templates: {a: \"{{#b}}\", c: \"{{> a}}\"}\n" LOG,
                 "cardwatch.yaml:2:17: error: section \"b\" is never closed\n"},
                {"a title", SOURCES "notifiers: [{name: log, type: syslog, title: \"\\u00e9 {{/x}}\"}]\n",
                 "cardwatch.yaml:2:"},
                {"a summary", SOURCES LOG "rules:\n  - {name: r, when: available < 1, summary: 'it''s {{a b}}'}\n",
                 "cardwatch.yaml:4:52: error: a name has no spaces\n"},
                {"a folded text",
                 SOURCES LOG "rules:\n  - name: r\n    when: available < 1\n"
                             "    summary: >\n      a\n      {{\n",
                 "cardwatch.yaml:8:7: error: this tag is never closed\n"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_config_report report = CW_CONFIG_REPORT_NULL;
                struct cw_settings *settings = NULL;
                struct cw_buf text = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                write_file(cases[i].yaml);
                assert_int_equal(cw_settings_load("cardwatch.yaml", NULL, &settings, &report), -EINVAL);
                cw_config_report_text(&report, &text);
                if (!strstr(cw_buf_text(&text), cases[i].said))
                        fail_msg("%s", cw_buf_text(&text));
                cw_buf_deinit(&text);
                cw_config_report_deinit(&report);
        }
}

/* What is said of a whole file: the place and the beginning of each mistake, in their order. */
static void test_templates_are_of_the_same_pass(void **state)
{
        static const char yaml[] = SOURCES "include: more.yaml\n"
                                           "templates: {line: \"{{#never}}\"}\n"
                                           "notifiers:\n"
                                           "  - {name: log, type: syslog, title: \"{{/x}}\", colour: red}\n"
                                           "rules:\n"
                                           "  - name: r\n"
                                           "    when: avaliable < 1\n"
                                           "    summary: \"{{a b}}\"\n"
                                           "    description: fine\n";
        static const char more[] = "rules:\n"
                                   "  - {name: s, when: available < 1, summary: \"{{> none}}\"}\n";
        static const struct {
                const char *file;
                unsigned line;
                const char *said;
        } expected[] = {
                {"cardwatch.yaml", 0, "others can read"},
                {"cardwatch.yaml", 3, "section \"never\" is never closed"},
                {"cardwatch.yaml", 5, "\"x\""},
                {"cardwatch.yaml", 5, "colour"},
                {"cardwatch.yaml", 8, "avaliable"},
                {"cardwatch.yaml", 9, "a name has no spaces"},
                {"more.yaml", 2, "\"templates\" has no \"none\""},
        };
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_settings *settings = NULL;

        (void)state;
        write_file(yaml);
        write_named("more.yaml", more);
        assert_int_equal(chmod("cardwatch.yaml", 0644), 0);
        assert_int_equal(cw_settings_load("cardwatch.yaml", NULL, &settings, &report), -EINVAL);
        assert_int_equal(unlink("more.yaml"), 0);
        assert_int_equal(report.n_items, CW_ARRAY_SIZE(expected));
        assert_int_equal(report.n_errors, CW_ARRAY_SIZE(expected) - 1);
        for (size_t i = 0; i < report.n_items; i++) {
                const struct cw_config_diagnostic *item = &report.items[i];

                print_message("  %s\n", expected[i].said);
                assert_non_null(strstr(item->file, expected[i].file));
                assert_int_equal(item->line, expected[i].line);
                assert_non_null(strstr(item->message, expected[i].said));
                assert_int_equal(item->excerpt != NULL, item->line > 0);
        }
        cw_config_report_deinit(&report);
}

static void test_templates_are_compiled(void **state)
{
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_settings *settings = NULL;

        (void)state;
        write_file(SOURCES "templates: {a: \"{{> b}}\", b: \"{{> a}}\"}\n"
                           "notifiers: [{name: log, type: syslog, title: \"{{> a}}\"}, {name: l2, type: syslog}]\n");
        assert_int_equal(cw_settings_load("cardwatch.yaml", NULL, &settings, &report), 0);
        assert_non_null(settings->notifiers[0].options.title);
        assert_null(settings->notifiers[0].options.body);
        assert_non_null(settings->notifiers[0].options.templates);
        assert_null(settings->notifiers[1].options.title);
        cw_settings_unref(settings);
        cw_config_report_deinit(&report);
}

static int enter_folder(void **state)
{
        static const char pattern[] = "/tmp/cardwatch-settings-XXXXXX";
        char *folder = strdup(pattern);

        *state = folder;
        return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
        unlink("cardwatch.yaml");
        rmdir(*state);
        free(*state);
        return 0;
}

/* The environment says how pages are decoded, and says it to each source. */
static void test_the_decoder_of_the_environment(void **state)
{
        static const struct cw_config_source source = {.name = (char *)"a"};

        (void)state;
        assert_int_equal(unsetenv("CARDWATCH_DECODER"), 0);
        assert_false(cw_settings_source(&source).reference_decoder);
        assert_int_equal(setenv("CARDWATCH_DECODER", "reference", 1), 0);
        assert_true(cw_settings_source(&source).reference_decoder);
        assert_int_equal(setenv("CARDWATCH_DECODER", "fast", 1), 0);
        assert_false(cw_settings_source(&source).reference_decoder);
        assert_int_equal(unsetenv("CARDWATCH_DECODER"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_decoder_of_the_environment),
                cmocka_unit_test(test_mistakes_of_templates),
                cmocka_unit_test(test_templates_are_of_the_same_pass),
                cmocka_unit_test(test_templates_are_compiled),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
