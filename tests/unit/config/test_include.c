/* SPDX-License-Identifier: Apache-2.0 */
#include "loading.h"

static int enter_with_folder(void **state)
{
        return enter_folder(state) == 0 && mkdir("conf.d", 0700) == 0 ? 0 : -1;
}

static int clear_folder(void **state)
{
        (void)state;
        return system("rm -rf conf.d && mkdir conf.d");
}

static void test_lists_are_appended_in_name_order(void **state)
{
        struct loaded loaded;

        (void)state;
        write_text("conf.d/20-b.yaml", "rules: [{name: third, when: available < 3}]\n");
        write_text("conf.d/10-a.yaml", "rules: [{name: second, when: available < 2}]\n"
                                       "sources: [{name: other, url: \"https://b.example\", auth: {api_key: k}}]\n");
        write_text("conf.d/ignored.txt", "nonsense: 1\n");
        load_text(&loaded, "include: [\"conf.d/2*.yaml\", conf.d/*.yaml]\n" SOURCES NOTIFIERS
                           "rules: [{name: first, when: available < 1, match: {source: other}}]\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_int_equal(loaded.config->rules->n_rules, 3);
        assert_string_equal(loaded.config->rules->rules[0].name, "first");
        assert_string_equal(loaded.config->rules->rules[1].name, "second");
        assert_string_equal(loaded.config->rules->rules[2].name, "third");
        assert_string_equal(loaded.config->sources[1].name, "other");
        loaded_deinit(&loaded);
}

static void test_everything_may_come_from_included_files(void **state)
{
        struct loaded loaded;

        (void)state;
        write_text("conf.d/all.yaml", BASE);
        load_text(&loaded, "include: conf.d/all.yaml\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_int_equal(loaded.config->rules->route.n_notify, 1);
        loaded_deinit(&loaded);
}

static void test_mistakes_are_told_in_their_files(void **state)
{
        static const struct diagnosis cases[] = {
                {"only lists may be included, and not further files; a file's mistakes come after the main one's",
                 "include: conf.d/*\n" BASE "x: 1\n",
                 "cardwatch.yaml:8:1: error: unknown key \"x\"\n"
                 "    8 | x: 1\n"
                 "      | ^\n"
                 "conf.d/a.yaml:1:1: error: \"log\" may only stand in the main file: an included one brings lists\n"
                 "    1 | log: {level: debug}\n"
                 "      | ^~~\n"
                 "conf.d/a.yaml:2:1: error: \"include\" may only stand in the main file: an included one brings lists\n"
                 "    2 | include: [b.yaml]\n"
                 "      | ^~~~~~~\n"
                 "conf.d/a.yaml:3:10: error: unknown key \"nme\" in rules[0] (did you mean \"name\"?)\n"
                 "    3 | rules: [{nme: a, when: available < 1, name: low}]\n"
                 "      |          ^~~\n"
                 "conf.d/a.yaml:3:45: error: there is another rule \"low\" (in cardwatch.yaml, line 6)\n"
                 "    3 | rules: [{nme: a, when: available < 1, name: low}]\n"
                 "      |                                             ^~~\n"
                 "conf.d/a.yaml:4:11: error: digests[0] needs \"at\"\n"
                 "    4 | digests: [{name: d, notify: log}]\n"
                 "      |           ^\n"
                 "conf.d/b.yaml:1:1: error: an included file must be a mapping of lists\n"
                 "    1 | - a\n"
                 "      | ^\n"
                 "conf.d/c.yaml:1:3: error: did not find expected ',' or '}', while parsing a flow mapping that begins "
                 "at line 1, column 1\n"
                 "    1 | {a\n"
                 "      |   ^\n"},
                {"a pattern that matches nothing is a warning", "include: [none.d/*.yaml]\n" BASE,
                 "cardwatch.yaml:1:11: warning: \"include\" matches no file\n"
                 "    1 | include: [none.d/*.yaml]\n"
                 "      |           ^~~~~~~~~~~~~\n"},
                {"a file that is not there is an error", "include: [none.yaml]\n" BASE,
                 "cardwatch.yaml:1:11: error: there is no file none.yaml\n"
                 "    1 | include: [none.yaml]\n"
                 "      |           ^~~~~~~~~\n"},
                {"a folder is no file", "include: conf.d\n" BASE,
                 "cardwatch.yaml:1:10: error: conf.d: this is a directory, not a file\n"
                 "    1 | include: conf.d\n"
                 "      |          ^~~~~~\n"},
                {"a pattern is a text", "include: [{a: 1}]\n" BASE,
                 "cardwatch.yaml:1:11: error: \"include\" must be a list of files\n"
                 "    1 | include: [{a: 1}]\n"
                 "      |           ^\n"},
        };

        (void)state;
        write_text("conf.d/a.yaml",
                   "log: {level: debug}\ninclude: [b.yaml]\n"
                   "rules: [{nme: a, when: available < 1, name: low}]\ndigests: [{name: d, notify: log}]\n");
        write_text("conf.d/b.yaml", "- a\n");
        write_text("conf.d/c.yaml", "{a\n");
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

static void test_a_file_is_read_once(void **state)
{
        struct loaded loaded;

        (void)state;
        write_text("conf.d/a.yaml", "rules: [{name: other, when: available < 1}]\n");
        load_text(&loaded, "include: [\"*.yaml\", conf.d/a.yaml, conf.d/../conf.d/a.yaml]\n" BASE);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_int_equal(loaded.config->rules->n_rules, 2);
        loaded_deinit(&loaded);
}

static void test_paths_are_relative_to_the_main_file(void **state)
{
        struct loaded loaded;

        (void)state;
        assert_int_equal(mkdir("conf.d/more", 0700), 0);
        write_text("conf.d/key", "k\n");
        write_text("conf.d/more/a.yaml",
                   "sources: [{name: main, url: \"https://a.example\", auth: {api_key: file:key}}]\n");
        write_text("conf.d/main.yaml",
                   "include: more/a.yaml\nstore: {sqlite: a.db}\ncontrol: {socket: a.sock}\n" RULES NOTIFIERS);
        load_file(&loaded, "conf.d/main.yaml", false);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_string_equal(loaded.config->store_path, "conf.d/a.db");
        assert_string_equal(loaded.config->control_socket, "conf.d/a.sock");
        loaded_deinit(&loaded);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_lists_are_appended_in_name_order, clear_folder),
                cmocka_unit_test_setup(test_everything_may_come_from_included_files, clear_folder),
                cmocka_unit_test_setup(test_mistakes_are_told_in_their_files, clear_folder),
                cmocka_unit_test_setup(test_a_file_is_read_once, clear_folder),
                cmocka_unit_test_setup(test_paths_are_relative_to_the_main_file, clear_folder),
        };

        return cmocka_run_group_tests(tests, enter_with_folder, leave_folder);
}
