/* SPDX-License-Identifier: Apache-2.0 */
/* What is written about the keys is what the tables say. */
#include "loading.h"
#include "source_tree.h"

static void test_the_defaults_are_a_right_file(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct cw_ruleset *fresh;
        struct loaded loaded, least;

        (void)state;
        cw_config_defaults(&yaml);
        write_text("cardwatch.yaml", cw_buf_text(&yaml));
        load_file(&loaded, "cardwatch.yaml", true);
        assert_string_equal(cw_buf_text(&loaded.text), "");

        /* And say what is so without them. */
        load_text(&least, BASE);
        assert_int_equal(cw_ruleset_new(&fresh), 0);
        assert_string_equal(loaded.config->store_path, least.config->store_path);
        assert_string_equal(loaded.config->control_socket, least.config->control_socket);
        assert_int_equal(loaded.config->sources[0].every_ms, least.config->sources[0].every_ms);
        assert_int_equal(loaded.config->notifiers[2].facility, least.config->notifiers[0].facility);
        assert_int_equal(loaded.config->rules->route.n_group_by, least.config->rules->route.n_group_by);
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++) {
                print_message("  %s\n", cw_builtin_name((enum cw_builtin_kind)i));
                assert_int_equal(loaded.config->rules->builtins[i].enabled, fresh->builtins[i].enabled);
                assert_int_equal(loaded.config->rules->builtins[i].severity, fresh->builtins[i].severity);
                assert_int_equal(loaded.config->rules->builtins[i].after_polls, fresh->builtins[i].after_polls);
                assert_int_equal(loaded.config->rules->builtins[i].after_ms, fresh->builtins[i].after_ms);
        }
        cw_ruleset_unref(fresh);
        loaded_deinit(&least);
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

/* Whether the line is a key that was commented out; help is a sentence, and begins otherwise. */
static bool is_commented_key(const char *line)
{
        static const char *const prose[] = {"required, ", "false: ", "info, ", "true: "};
        size_t blank = strspn(line, " "), len;
        const char *key = line + blank + 2;

        if (strncmp(line + blank, "# ", 2) != 0)
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(prose); i++)
                if (strncmp(key, prose[i], strlen(prose[i])) == 0)
                        return false;
        key += strspn(key, " -");
        len = strspn(key, "abcdefghijklmnopqrstuvwxyz_");
        return len > 0 && key[len] == ':';
}

/* Keys that cannot stand beside others of the file, or name what is not there. */
static bool is_alternative(const char *line)
{
        return strstr(line, "# otp:") || strstr(line, "# api_key:") || strstr(line, "# on:") ||
               strstr(line, "# levels:") || strstr(line, "# include:") || strstr(line, "# notify:") ||
               strstr(line, "only:") || strstr(line, "dates:") || strstr(line, "# fallback:");
}

/* What is commented out is meant to be uncommented. */
static void test_the_examples_are_right_too(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL, all = CW_BUF_NULL;
        struct loaded loaded;
        size_t n = 0;

        (void)state;
        cw_config_defaults(&yaml);
        for (char *line = yaml.data, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (is_commented_key(line) && !is_alternative(line)) {
                        size_t blank = strspn(line, " ");

                        cw_buf_printf(&all, "%*s%s\n", (int)blank, "", line + blank + 2);
                        n++;
                } else {
                        cw_buf_printf(&all, "%s\n", line);
                }
        }
        assert_true(n > 20);
        write_text("cardwatch.yaml", cw_buf_text(&all));
        load_file(&loaded, "cardwatch.yaml", true);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
        cw_buf_deinit(&all);
}

static void test_the_manual_lists_the_tables(void **state)
{
        struct cw_buf page = CW_BUF_NULL, list = CW_BUF_NULL;
        const char *begin, *end;

        (void)state;
        read_source("packaging/man/cardwatch.yaml.5", &page);
        cw_config_man(&list);
        begin = strstr(cw_buf_text(&page), ".\\\" keys begin");
        end = strstr(cw_buf_text(&page), ".\\\" keys end");
        assert_non_null(begin);
        assert_non_null(end);
        begin = strchr(begin, '\n') + 1;
        if ((size_t)(end - begin) != list.len || memcmp(begin, list.data, list.len) != 0) {
                puts(cw_buf_text(&list)); /* longer than a message can be */
                fail_msg("packaging/man/cardwatch.yaml.5 must hold this between its two marks");
        }
        cw_buf_deinit(&page);
        cw_buf_deinit(&list);
}

static void test_the_installed_file_is_right_and_names_every_key(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL, list = CW_BUF_NULL;
        const char *item, *missing = NULL;
        struct loaded loaded;

        (void)state;
        read_source("etc/cardwatch.yaml", &yaml);
        write_text("cardwatch.yaml", cw_buf_text(&yaml));
        load_file(&loaded, "cardwatch.yaml", true);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        loaded_deinit(&loaded);

        cw_config_man(&list);
        for (item = strstr(cw_buf_text(&list), ".It Va "); item; item = strstr(item + 1, ".It Va ")) {
                size_t len = strcspn(item + 7, " ");
                char key[210], path[200];

                assert_true(len < sizeof(path));
                memcpy(path, item + 7, len);
                path[len] = '\0';
                snprintf(key, sizeof(key), "%s:", strrchr(path, '.') ? strrchr(path, '.') + 1 : path);
                if (!strstr(cw_buf_text(&yaml), key)) {
                        print_message("  etc/cardwatch.yaml does not name %s\n", path);
                        missing = item;
                }
        }
        assert_null(missing);
        cw_buf_deinit(&yaml);
        cw_buf_deinit(&list);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_defaults_are_a_right_file),
                cmocka_unit_test(test_the_examples_are_right_too),
                cmocka_unit_test(test_the_manual_lists_the_tables),
                cmocka_unit_test(test_the_installed_file_is_right_and_names_every_key),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
