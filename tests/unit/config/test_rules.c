/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/expr.h"
#include "loading.h"

#define RULE(rest) SOURCES NOTIFIERS "rules:\n" rest

static void test_mistakes(void **state)
{
        static const struct diagnosis cases[] = {
                {"a rule needs a condition or an event", RULE("  - {name: a}\n"),
                 "cardwatch.yaml:7:5: error: rules[0] needs \"when\", \"levels\" or \"on\"\n"
                 "    7 |   - {name: a}\n"
                 "      |     ^\n"},
                {"and not both", RULE("  - {name: a, when: available < 1, on: changed(total)}\n"),
                 "cardwatch.yaml:7:36: error: \"when\" and \"on\" exclude each other\n"
                 "    7 |   - {name: a, when: available < 1, on: changed(total)}\n"
                 "      |                                    ^~\n"},
                {"an event has nothing to clear", RULE("  - {name: a, on: changed(total), clear: available > 1}\n"),
                 "cardwatch.yaml:7:35: error: \"clear\" goes with \"when\" or \"levels\": an event ends nothing\n"
                 "    7 |   - {name: a, on: changed(total), clear: available > 1}\n"
                 "      |                                   ^~~~~\n"},
                {"a condition is a yes or a no", RULE("  - {name: a, when: available + 1}\n"),
                 "cardwatch.yaml:7:21: error: a rule takes conditions, this is an amount: compare it, as in `available "
                 "< 100`\n"
                 "    7 |   - {name: a, when: available + 1}\n"
                 "      |                     ^~~~~~~~~~~~~\n"},
                {"a rule's name is not that of a built-in alert", RULE("  - {name: stale, when: available < 1}\n"),
                 "cardwatch.yaml:7:12: error: \"stale\" is the name of a built-in alert\n"
                 "    7 |   - {name: stale, when: available < 1}\n"
                 "      |            ^~~~~\n"},
                {"a source that is not there",
                 RULE("  - {name: a, when: available < 1, match: {source: [main, mian]}}\n"),
                 "cardwatch.yaml:7:59: error: there is no source \"mian\" (did you mean \"main\"?)\n"
                 "    7 |   - {name: a, when: available < 1, match: {source: [main, mian]}}\n"
                 "      |                                                           ^~~~\n"},
                {"a currency that is none", RULE("  - {name: a, when: available < 1, match: {currency: dollar}}\n"),
                 "cardwatch.yaml:7:54: error: \"currency\" must be an ISO 4217 code such as USD\n"
                 "    7 |   - {name: a, when: available < 1, match: {currency: dollar}}\n"
                 "      |                                                      ^~~~~~\n"},
                {"an id that is a name", RULE("  - {name: a, when: available < 1, match: {card: [1, acme]}}\n"),
                 "cardwatch.yaml:7:54: error: \"card\" must be a whole number (an id)\n"
                 "    7 |   - {name: a, when: available < 1, match: {card: [1, acme]}}\n"
                 "      |                                                      ^~~~\n"},
                {"a match of nothing", RULE("  - {name: a, when: available < 1, match: {customer: []}}\n"),
                 "cardwatch.yaml:7:54: error: \"customer\" must not be empty\n"
                 "    7 |   - {name: a, when: available < 1, match: {customer: []}}\n"
                 "      |                                                      ^\n"},
                {"a parameter with a field's name", RULE("  - {name: a, when: available < 1, params: {total: 1}}\n"),
                 "cardwatch.yaml:7:45: error: \"total\" has a meaning of its own in expressions\n"
                 "    7 |   - {name: a, when: available < 1, params: {total: 1}}\n"
                 "      |                                             ^~~~~\n"},
                {"a parameter that is no word", RULE("  - {name: a, when: available < 1, params: {my-floor: 1}}\n"),
                 "cardwatch.yaml:7:45: error: \"my-floor\" cannot be the name of a parameter (a-z, 0-9 and _)\n"
                 "    7 |   - {name: a, when: available < 1, params: {my-floor: 1}}\n"
                 "      |                                             ^~~~~~~~\n"},
                {"an override of what is not there",
                 RULE("  - name: a\n"
                      "    when: available < floor\n"
                      "    params: {floor: 1}\n"
                      "    overrides: [{match: {card: 1}, params: {flor: 2}}]\n"),
                 "cardwatch.yaml:10:45: error: unknown parameter \"flor\" in rules[0].overrides[0].params (did you "
                 "mean "
                 "\"floor\"?)\n"
                 "   10 |     overrides: [{match: {card: 1}, params: {flor: 2}}]\n"
                 "      |                                             ^~~~\n"},
                {"an override of another type",
                 RULE("  - name: a\n"
                      "    when: available < floor\n"
                      "    params: {floor: 1}\n"
                      "    overrides: [{match: {card: 1}, params: {floor: 2h}}]\n"),
                 "cardwatch.yaml:10:52: error: \"floor\" is a number in the rule's params, and here a duration\n"
                 "   10 |     overrides: [{match: {card: 1}, params: {floor: 2h}}]\n"
                 "      |                                                    ^~\n"},
                {"an override without a match", RULE("  - {name: a, when: available < 1, overrides: [{params: {}}]}\n"),
                 "cardwatch.yaml:7:48: error: rules[0].overrides[0] needs \"match\"\n"
                 "    7 |   - {name: a, when: available < 1, overrides: [{params: {}}]}\n"
                 "      |                                                ^\n"},
                {"a limit in a currency that no card of the rule has",
                 RULE("  - {name: a, when: available < 100 USD, match: {currency: [eur, gbp]}}\n"),
                 "cardwatch.yaml:7:21: warning: this compares with USD, and no card that the rule matches has that "
                 "currency\n"
                 "    7 |   - {name: a, when: available < 100 USD, match: {currency: [eur, gbp]}}\n"
                 "      |                     ^~~~~~~~~~~~~~~~~~~\n"},
                {"a limit in a currency that one of them has",
                 RULE("  - {name: a, when: available < 100 USD, match: {currency: [eur, usd]}}\n"), ""},
        };

        (void)state;
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

/* Wherever the unknown word stands, the caret stands below it. */
static void test_places_in_expressions(void **state)
{
        static const struct {
                const char *name, *yaml;
                unsigned line, column;
        } cases[] = {
                {"plain", RULE("  - name: a\n    when: available < nope\n"), 8, 23},
                {"plain, after characters of several bytes",
                 RULE("  - name: a\n    when: reference == \"\xc3\xa4\xe2\x82\xac\" or nope\n"), 8, 32},
                {"with a comment behind it", RULE("  - name: a\n    when: available < nope # why\n"), 8, 23},
                {"with an anchor before it", RULE("  - name: a\n    when: &x available < nope\n"), 8, 26},
                {"in single quotes", RULE("  - name: a\n    when: 'available < nope'\n"), 8, 24},
                {"in single quotes, with one inside",
                 RULE("  - name: a\n    when: 'reference like \"it''s\" or nope'\n"), 8, 38},
                {"in double quotes", RULE("  - name: a\n    when: \"available < nope\"\n"), 8, 24},
                {"in double quotes, with escapes",
                 RULE("  - name: a\n    when: \"reference like \\\"x\\\" or nope\"\n"), 8, 36},
                {"plain over lines", RULE("  - name: a\n    when: available < 1\n      or nope\n"), 9, 10},
                {"plain over lines with an empty one", RULE("  - name: a\n    when: available < 1\n\n      or nope\n"),
                 10, 10},
                {"in quotes over lines", RULE("  - name: a\n    when: \"available < 1\n      or nope\"\n"), 9, 10},
                {"in a literal block", RULE("  - name: a\n    when: |\n      available < 1\n        or nope\n"), 10,
                 12},
                {"in a folded block", RULE("  - name: a\n    when: >\n      available < 1\n      or nope\n"), 10, 10},
                {"in a folded block with a comment, an empty line and one that is indented more",
                 RULE("  - name: a\n    when: >- # why\n\n      available < 1\n        and pending > 2\n      or "
                      "nope\n"),
                 12, 10},
                {"with an escape that is not followed: where it begins",
                 RULE("  - name: a\n    when: \"\\x61vailable < nope\"\n"), 8, 11},
                {"in a flow mapping", RULE("  - {name: a, when: available < nope, severity: info}\n"), 7, 33},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_text(&loaded, cases[i].yaml);
                assert_int_equal(loaded.report.n_items, 1);
                assert_non_null(strstr(loaded.report.items[0].message, "`nope`"));
                assert_int_equal(loaded.report.items[0].line, cases[i].line);
                assert_int_equal(loaded.report.items[0].column, cases[i].column);
                loaded_deinit(&loaded);
        }
}

static void test_a_whole_rule(void **state)
{
        static const struct cw_card card = {.id = 7, .customer = 11057, .reference = "acme-1", .currency = "EUR"};
        const struct cw_rule *rule;
        struct loaded loaded;

        (void)state;
        load_text(
                &loaded,
                RULE("  - name: low\n"
                     "    match: {source: main, customer: [11060, 11057], reference: \"acme-*\", currency: [usd, eur], "
                     "card: 7, suppressed: false}\n"
                     "    params: {zone: north, floor: 100, share: 20%, wait: \"48h\", least: 5 usd}\n"
                     "    overrides:\n"
                     "      - {match: {customer: 11057}, params: {floor: 1000}}\n"
                     "      - {match: {currency: usd}, params: {zone: \"true north\", least: 6 USD}}\n"
                     "    when: available < floor\n"
                     "    clear: available >= floor * 1.2\n"
                     "    labels: {team: treasury}\n"
                     "    summary: \"\"\n"));
        assert_string_equal(cw_buf_text(&loaded.text), "");
        rule = &loaded.config->rules->rules[0];
        assert_true(cw_match_card(&rule->match, "main", &card));
        assert_false(cw_match_card(&rule->match, "other", &card));
        assert_int_equal(rule->match.customers[0], 11057);
        assert_string_equal(rule->match.currencies[1], "EUR");
        assert_int_equal(rule->match.suppressed, CW_SUPPRESSED_FALSE);

        assert_int_equal(rule->n_params, 5);
        assert_string_equal(rule->param_names[0], "floor");
        assert_int_equal(rule->params[0].number, 100 * CW_AMOUNT_UNIT);
        assert_string_equal(rule->param_names[1], "least");
        assert_string_equal(rule->params[1].currency, "USD");
        assert_string_equal(rule->param_names[2], "share");
        assert_int_equal(rule->params[2].number, CW_AMOUNT_UNIT / 5);
        assert_int_equal(rule->params[3].duration_ms, 48 * 3600 * 1000);
        assert_string_equal(rule->params[4].string, "north");

        assert_int_equal(rule->n_overrides, 2);
        assert_true(rule->overrides[0].given[0]);
        assert_false(rule->overrides[0].given[4]);
        assert_int_equal(rule->overrides[0].params[0].number, 1000 * CW_AMOUNT_UNIT);
        assert_string_equal(rule->overrides[1].params[4].string, "true north");
        assert_string_equal(rule->overrides[1].match.currencies[0], "USD");

        assert_string_equal(cw_expr_text(rule->clear), "available >= floor * 1.2");
        assert_null(rule->on);
        assert_string_equal(rule->summary, "");
        assert_null(rule->description);
        assert_false(rule->looks_back);
        assert_false(rule->sees_suppressed);
        loaded_deinit(&loaded);
}

/* Complains about every template, somewhere in it. */
static int complain_of_all(struct cw_config_texts *texts)
{
        for (unsigned kind = 0; kind < CW_TEXT_KINDS; kind++)
                for (size_t i = 0; i < cw_config_text_count(texts, kind); i++)
                        if (cw_config_text(texts, kind, i))
                                cw_config_text_complain(texts, kind, i, 12, "the tag is not closed");
        return 0;
}

static void test_places_of_templates(void **state)
{
        struct cw_config_load_options options = {.check_texts = complain_of_all};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_config *config = NULL;
        struct cw_buf text = CW_BUF_NULL;

        (void)state;
        write_text("cardwatch.yaml", RULE("  - name: a\n"
                                          "    when: available < 1\n"
                                          "    summary: \"{{card.id}} {{oops\"\n"
                                          "    description: >\n"
                                          "      folded text is {{found\n"));
        assert_int_equal(cw_config_load("cardwatch.yaml", &options, &config, &report), -EINVAL);
        assert_null(config);
        assert_int_equal(report.n_errors, 2);
        cw_config_report_text(&report, &text);
        assert_string_equal(cw_buf_text(&text), "cardwatch.yaml:9:27: error: the tag is not closed\n"
                                                "    9 |     summary: \"{{card.id}} {{oops\"\n"
                                                "      |                           ^\n"
                                                "cardwatch.yaml:11:19: error: the tag is not closed\n"
                                                "   11 |       folded text is {{found\n"
                                                "      |                   ^\n");
        cw_buf_deinit(&text);
        cw_config_report_deinit(&report);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_places_in_expressions),
                cmocka_unit_test(test_a_whole_rule),
                cmocka_unit_test(test_places_of_templates),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
