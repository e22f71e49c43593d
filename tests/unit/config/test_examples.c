/* SPDX-License-Identifier: Apache-2.0 */
/* What people copy from the documents works as it stands there. */
#include "loading.h"
#include "source_tree.h"

/* Loads what stands between `begin` and `end`, a file or only its rules or notifiers. Returns false when nothing can be
 * said of it.
 */
static bool check(const char *begin, const char *end)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;
        bool good;

        if (strncmp(begin, "rules:", 6) == 0)
                cw_buf_puts(&yaml, SOURCES NOTIFIERS);
        if (strncmp(begin, "notifiers:", 10) == 0)
                cw_buf_puts(&yaml, SOURCES RULES);
        cw_buf_append(&yaml, begin, (size_t)(end - begin));
        write_text("cardwatch.yaml", cw_buf_text(&yaml));
        load_file(&loaded, "cardwatch.yaml", true);
        good = loaded.report.n_items == 0;
        if (!good)
                print_message("%s\n%s", cw_buf_text(&yaml), cw_buf_text(&loaded.text));
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
        return good;
}

struct page {
        const char *name;
        const char *from, *to; /* the part of it that holds examples */
        const char *opening, *closing; /* lines around each */
};

/* Calls back with each example of the page; returns how many there are. */
static size_t walk(const struct page *page, bool (*visit)(const char *begin, const char *end), size_t *ret_wrong)
{
        struct cw_buf text = CW_BUF_NULL;
        const char *from, *to, *begin, *end;
        size_t n = 0;

        read_source(page->name, &text);
        from = strstr(cw_buf_text(&text), page->from);
        assert_non_null(from);
        to = strstr(from, page->to);
        assert_non_null(to);
        for (begin = strstr(from, page->opening); begin && begin < to; begin = strstr(end, page->opening)) {
                begin += strlen(page->opening);
                end = strstr(begin, page->closing);
                assert_non_null(end);
                end++;
                *ret_wrong += !visit(begin, end);
                n++;
        }
        cw_buf_deinit(&text);
        return n;
}

static bool keep_rows(const char *begin, const char *end)
{
        if (strncmp(begin, "customer,", 9) == 0)
                write_file("floors.csv", begin, (size_t)(end - begin));
        return true;
}

static bool check_yaml(const char *begin, const char *end)
{
        return strncmp(begin, "customer,", 9) == 0 || check(begin, end);
}

static const struct page manual = {"packaging/man/cardwatch.yaml.5", ".Sh EXAMPLES\n", ".Sh DIAGNOSTICS\n",
                                   ".Bd -literal -offset indent\n", "\n.Ed\n"};
static const struct page readme = {"README.md", "## Set it up", "## Files", "```yaml\n", "\n```\n"};

static void test_the_manuals_examples(void **state)
{
        static const char *const wanted[] = {
                "Low balance",
                "Ladder",
                "Big drop",
                "Pending stuck",
                "Suppressed",
                "Spending while suppressed",
                "Card gone",
                "Running out in two days",
                "The least",
                "Unusual spending against the week",
                "Floors of each customer",
        };
        struct cw_buf text = CW_BUF_NULL;
        size_t wrong = 0;

        (void)state;
        read_source(manual.name, &text);
        for (size_t i = 0; i < CW_ARRAY_SIZE(wanted); i++) {
                char title[100];

                print_message("  %s\n", wanted[i]);
                snprintf(title, sizeof(title), ".Ss %s\n", wanted[i]);
                assert_non_null(strstr(cw_buf_text(&text), title));
        }
        cw_buf_deinit(&text);
        (void)walk(&manual, keep_rows, &wrong);
        assert_true(walk(&manual, check_yaml, &wrong) > CW_ARRAY_SIZE(wanted));
        assert_int_equal(wrong, 0);
}

static void test_the_readmes_examples(void **state)
{
        static const char *const types[] = {"slack", "teams", "telegram", "email"};
        struct cw_buf text = CW_BUF_NULL;
        size_t wrong = 0;

        (void)state;
        write_text("floors.csv", "customer,currency,floor\n11057,usd,5\n");
        assert_true(walk(&readme, check_yaml, &wrong) >= 3);
        assert_int_equal(wrong, 0);

        /* What a newcomer looks for. */
        read_source(readme.name, &text);
        for (size_t i = 0; i < CW_ARRAY_SIZE(types); i++) {
                char type[40];

                snprintf(type, sizeof(type), "type: %s", types[i]);
                assert_non_null(strstr(cw_buf_text(&text), type));
        }
        cw_buf_deinit(&text);
}

/* The installed file's rules that are commented out, uncommented. */
static void test_the_installed_files_further_rules(void **state)
{
        struct cw_buf text = CW_BUF_NULL, rules = CW_BUF_NULL;
        const char *line, *end;

        (void)state;
        read_source("etc/cardwatch.yaml", &text);
        line = strstr(cw_buf_text(&text), "# What else a rule can say:\n");
        assert_non_null(line);
        cw_buf_puts(&rules, "rules:\n");
        for (line = strchr(line, '\n') + 1; strncmp(line, "  #", 3) == 0; line = end + 1) {
                end = strchr(line, '\n');
                assert_non_null(end);
                if (end - line > 4)
                        cw_buf_printf(&rules, "%.*s\n", (int)(end - line - 4), line + 4);
        }
        write_text("floors.csv", "customer,currency,floor\n11057,usd,5\n");
        assert_true(check(cw_buf_text(&rules), cw_buf_text(&rules) + rules.len));
        cw_buf_deinit(&text);
        cw_buf_deinit(&rules);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_manuals_examples),
                cmocka_unit_test(test_the_readmes_examples),
                cmocka_unit_test(test_the_installed_files_further_rules),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
