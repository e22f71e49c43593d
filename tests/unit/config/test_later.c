/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the contract that are not built yet: refused where they stand, never silently accepted. */
#include "loading.h"

struct later {
        const char *key, *yaml;
};

#define SOURCE_WITH(text)                                                                                              \
        "sources: [{name: main, url: \"https://a.example\", auth: {api_key: k}, " text "}]\n" RULES NOTIFIERS
#define HOOK_WITH(text) SOURCES RULES "notifiers: [{name: n, type: webhook, url: \"https://a.example\", " text "}]\n"

static void expect_later(const struct later *later)
{
        struct loaded loaded;
        char expected[100];

        print_message("  %s\n", later->key);
        load_text(&loaded, later->yaml);
        snprintf(expected, sizeof(expected), "\"%s\" is not supported yet", later->key);
        assert_int_equal(loaded.result, -EINVAL);
        assert_int_equal(loaded.report.n_items, 1);
        assert_string_equal(loaded.report.items[0].message, expected);
        assert_true(loaded.report.items[0].line > 0);
        assert_int_equal(loaded.report.items[0].width, strlen(later->key));
        loaded_deinit(&loaded);
}

static void test_keys(void **state)
{
        static const struct later cases[] = {
                {"postgresql", BASE "store: {postgresql: env:DATABASE}\n"},
                {"http", BASE "control: {http: 127.0.0.1:9477}\n"},
                {"token", BASE "control: {token: file:control_token}\n"},
                {"public_read", BASE "control: {public_read: false}\n"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                expect_later(&cases[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keys),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
