/* SPDX-License-Identifier: Apache-2.0 */
/* Overrides from a file of rows. */
#include <time.h>

#include "../../../src/core/rule_params.h"
#include "cardwatch/expr.h"
#include "loading.h"

/* Lines 8 to 14; the path of the file stands at 14:15. */
#define RULE                                                                                                           \
        SOURCES NOTIFIERS "rules:\n"                                                                                   \
                          "  - name: low\n"                                                                            \
                          "    when: available < floor and reference != note\n"                                        \
                          "    params: {floor: 100, wait: 2h, note: none, least: 5 USD, loud: false}\n"                \
                          "    overrides:\n"                                                                           \
                          "      - {csv: floors.csv}\n"

enum { FLOOR, LEAST, LOUD, NOTE, WAIT };

static void load_csv(struct loaded *loaded, const char *csv, size_t len)
{
        write_file("floors.csv", csv, len);
        load_text(loaded, RULE);
}

static void test_mistakes(void **state)
{
        static const struct diagnosis cases[] = {
                {"an empty file", "",
                 "floors.csv:1:1: error: the file is empty: its first line must name the columns\n"
                 "    1 | \n"
                 "      | ^\n"},
                {"a misspelt column", "card,flor\n1,2\n",
                 "floors.csv:1:6: error: unknown column \"flor\" (did you mean \"floor\"?)\n"
                 "    1 | card,flor\n"
                 "      |      ^~~~\n"},
                {"a column that is nothing, and the rows all the same", "card,floor,colour\n1,x,red\n",
                 "floors.csv:1:12: error: unknown column \"colour\": the first line names source, customer, card or "
                 "currency, and parameters of the rule\n"
                 "    1 | card,floor,colour\n"
                 "      |            ^~~~~~\n"
                 "floors.csv:2:3: error: \"floor\" is a number in the rule's params: write a value such as `100`, "
                 "`100 USD`, `20%`, `48h`, `\"text\"` or `true`\n"
                 "    2 | 1,x,red\n"
                 "      |   ^\n"},
                {"a file as other countries have it", "card;floor\n1;2\n",
                 "floors.csv:1:1: error: columns must be separated by commas\n"
                 "    1 | card;floor\n"
                 "      | ^~~~~~~~~~\n"},
                {"no header at all", "11057,1000\n",
                 "floors.csv:1:1: error: unknown column \"11057\": the first line names source, customer, card or "
                 "currency, and parameters of the rule\n"
                 "    1 | 11057,1000\n"
                 "      | ^~~~~\n"
                 "floors.csv:1:7: error: unknown column \"1000\": the first line names source, customer, card or "
                 "currency, and parameters of the rule\n"
                 "    1 | 11057,1000\n"
                 "      |       ^~~~\n"},
                {"a column twice", "card,floor,card\n1,2,3\n",
                 "floors.csv:1:12: error: there is another column \"card\"\n"
                 "    1 | card,floor,card\n"
                 "      |            ^~~~\n"},
                {"a column without a name", "card,floor,\n1,2,\n",
                 "floors.csv:1:12: error: a column needs a name\n"
                 "    1 | card,floor,\n"
                 "      |            ^\n"},
                {"no key", "floor,wait\n1,2h\n",
                 "floors.csv:1:1: error: no column says which cards a row is for: source, customer, card or "
                 "currency\n"
                 "    1 | floor,wait\n"
                 "      | ^\n"},
                {"no parameter", "card,customer\n1,2\n",
                 "floors.csv:1:1: error: no column is a parameter of the rule\n"
                 "    1 | card,customer\n"
                 "      | ^\n"},
                {"a source that is not there", "source,floor\nmain,1\nmian,2\n",
                 "floors.csv:3:1: error: there is no source \"mian\"\n"
                 "    3 | mian,2\n"
                 "      | ^~~~\n"},
                {"ids and currencies that are none", "customer,card,currency,floor\nacme,-1,euro,2\n",
                 "floors.csv:2:1: error: \"customer\" must be a whole number (an id)\n"
                 "    2 | acme,-1,euro,2\n"
                 "      | ^~~~\n"
                 "floors.csv:2:6: error: \"card\" must be a whole number (an id)\n"
                 "    2 | acme,-1,euro,2\n"
                 "      |      ^~\n"
                 "floors.csv:2:9: error: \"currency\" must be an ISO 4217 code such as USD\n"
                 "    2 | acme,-1,euro,2\n"
                 "      |         ^~~~\n"},
                {"values of another type", "card,floor,wait,loud\n1,2h,3,maybe\n",
                 "floors.csv:2:3: error: \"floor\" is a number in the rule's params, and here a duration\n"
                 "    2 | 1,2h,3,maybe\n"
                 "      |   ^~\n"
                 "floors.csv:2:6: error: \"wait\" is a duration in the rule's params, and here a number\n"
                 "    2 | 1,2h,3,maybe\n"
                 "      |      ^\n"
                 "floors.csv:2:8: error: \"loud\" is true or false in the rule's params: write a value such as "
                 "`100`, `100 USD`, `20%`, `48h`, `\"text\"` or `true`\n"
                 "    2 | 1,2h,3,maybe\n"
                 "      |        ^~~~~\n"},
                {"a row that is too short and one that is too long", "card,floor\n1\n1,2,3\n",
                 "floors.csv:2:1: error: this row has 1 cell, and the first line names 2\n"
                 "    2 | 1\n"
                 "      | ^\n"
                 "floors.csv:3:1: error: this row has 3 cells, and the first line names 2\n"
                 "    3 | 1,2,3\n"
                 "      | ^\n"},
                {"a quote that is never closed", "card,note\n1,\"a\n2,b\n",
                 "floors.csv:2:3: error: this quote is never closed\n"
                 "    2 | 1,\"a\n"
                 "      |   ^\n"},
                {"a quote within a cell", "card,note\n1,5\" pipe\n",
                 "floors.csv:2:4: error: a cell with a quote in it must be quoted as a whole, and the quote doubled "
                 "(\"\")\n"
                 "    2 | 1,5\" pipe\n"
                 "      |    ^\n"},
                {"a word behind a quote", "card,note\n1,\"a\" b\n",
                 "floors.csv:2:7: error: only a comma may follow a closing quote; a quote within quotes is doubled "
                 "(\"\")\n"
                 "    2 | 1,\"a\" b\n"
                 "      |       ^\n"},
                {"another encoding", "card,note\n1,caf\xe9\n",
                 "floors.csv:2:6: error: this is not UTF-8 text: save the file as CSV in UTF-8\n"
                 "    2 | 1,caf?\n"
                 "      |      ^\n"},
                {"the same cards twice", "customer,card,floor\n1,,5\n,7,5\n1,,6\n",
                 "floors.csv:4:1: warning: line 2 is for the same cards: that one counts, this one never does\n"
                 "    4 | 1,,6\n"
                 "      | ^\n"},
                {"no rows", "card,floor\n\n",
                 "floors.csv:1:1: warning: no row follows the first line\n"
                 "    1 | card,floor\n"
                 "      | ^\n"},
                {"lines are counted through quoted line breaks, columns in characters",
                 "card,note,floor\r\n1,\"a\nb\",2\r\n2,\xc3\xa4\xe2\x82\xac,x\r\n",
                 "floors.csv:4:6: error: \"floor\" is a number in the rule's params: write a value such as `100`, "
                 "`100 USD`, `20%`, `48h`, `\"text\"` or `true`\n"
                 "    4 | 2,\xc3\xa4\xe2\x82\xac,x\n"
                 "      |      ^\n"},
        };
        size_t wrong = 0;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_csv(&loaded, cases[i].yaml, strlen(cases[i].yaml));
                if (strcmp(cw_buf_text(&loaded.text), cases[i].text) != 0) {
                        print_message("said:\n%swanted:\n%s", cw_buf_text(&loaded.text), cases[i].text);
                        wrong++;
                }
                loaded_deinit(&loaded);
        }
        assert_int_equal(wrong, 0);
}

static void test_of_many_mistakes_the_first_are_shown_and_the_others_counted(void **state)
{
        struct cw_buf csv = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&csv, "card,floor\n");
        for (int i = 0; i < 1000; i++)
                cw_buf_printf(&csv, "%d,x%d\n", i, i);
        load_csv(&loaded, cw_buf_text(&csv), csv.len);
        assert_int_equal(loaded.report.n_items, 21);
        assert_int_equal(loaded.report.items[20].line, 22);
        assert_string_equal(loaded.report.items[20].message, "and 980 more mistakes from here on");
        loaded_deinit(&loaded);
        cw_buf_deinit(&csv);
}

/* The file is named where it is named; two rules that name it say what is wrong with it once. */
static void test_files(void **state)
{
        static const struct diagnosis cases[] = {
                {"a file that is not there",
                 SOURCES NOTIFIERS "rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: "
                                   "no.csv}]}]\n",
                 "cardwatch.yaml:6:74: error: no.csv: cannot read the file: No such file or directory\n"
                 "    6 | rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: no.csv}]}]\n"
                 "      |                                                                          ^~~~~~\n"},
                {"a file that is none",
                 SOURCES NOTIFIERS "rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: "
                                   "/dev/zero}]}]\n",
                 "cardwatch.yaml:6:74: error: /dev/zero: this is no regular file\n"
                 "    6 | rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: /dev/zero}]}]\n"
                 "      |                                                                          ^~~~~~~~~\n"},
                {"a rule without parameters",
                 SOURCES NOTIFIERS "rules: [{name: a, when: available < 1, overrides: [{csv: f.csv}]}]\n",
                 "cardwatch.yaml:6:58: error: \"csv\" sets parameters, and the rule has no \"params\"\n"
                 "    6 | rules: [{name: a, when: available < 1, overrides: [{csv: f.csv}]}]\n"
                 "      |                                                          ^~~~~\n"},
                {"beside a match",
                 SOURCES NOTIFIERS "rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: f.csv, "
                                   "match: {card: 1}}]}]\n",
                 "cardwatch.yaml:6:81: error: \"match\" cannot stand beside \"csv\": the file says it for each row; "
                 "make it another override\n"
                 "    6 | rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: f.csv, match: "
                 "{card: 1}}]}]\n"
                 "      |                                                                                 ^~~~~\n"
                 "f.csv:2:3: error: \"f\" is a number in the rule's params, and here a duration\n"
                 "    2 | 1,2h\n"
                 "      |   ^~\n"},
                {"neither",
                 SOURCES NOTIFIERS "rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{}]}]\n",
                 "cardwatch.yaml:6:68: error: rules[0].overrides[0] needs \"match\" and \"params\", or \"csv\"\n"
                 "    6 | rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{}]}]\n"
                 "      |                                                                    ^\n"},
                {"a wrong file of two rules",
                 SOURCES NOTIFIERS "rules:\n"
                                   "  - {name: a, when: available < f, params: {f: 1}, overrides: [{csv: f.csv}]}\n"
                                   "  - {name: b, when: available < f, params: {f: 1}, overrides: [{csv: f.csv}]}\n",
                 "f.csv:2:3: error: \"f\" is a number in the rule's params, and here a duration\n"
                 "    2 | 1,2h\n"
                 "      |   ^~\n"},
        };

        (void)state;
        write_text("f.csv", "card,f\n1,2h\n");
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

static void test_what_is_read(void **state)
{
        static const char csv[] = "\xef\xbb\xbf" /* as spreadsheets write it */
                                  "customer , card,currency,source,floor,note,least,wait,loud\r\n"
                                  "11057,7,,,1000,\"said \"\"no\"\", twice\",6 usd,,\r\n"
                                  ",,,,,,,,\r\n"
                                  "\r\n"
                                  "11057,,eur,main, 2000 ,  x y  ,7,\"3h\",true\r\n"
                                  "11057,,,,3000,,,,\r\n"
                                  ",8,,,4000 JPY,,,,\r\n"
                                  ",,,,5,,,,";
        static const struct {
                const char *name, *source;
                struct cw_card card;
                const char *floor, *note, *least, *wait;
                bool loud;
        } cases[] = {
                {"a card",
                 "main",
                 {.customer = 11057, .id = 7, .currency = "USD"},
                 "1000",
                 "said \"no\", twice",
                 "6.00 USD",
                 "2h",
                 false},
                {"is found before its customer is, also in another currency",
                 "main",
                 {.customer = 11057, .id = 7, .currency = "EUR"},
                 "1000",
                 "said \"no\", twice",
                 "6.00 USD",
                 "2h",
                 false},
                {"a customer's cards in a currency, of a source; a plain amount is in the card's",
                 "main",
                 {.customer = 11057, .id = 70, .currency = "EUR"},
                 "2000",
                 "x y",
                 "7.00 EUR",
                 "3h",
                 true},
                {"the same of another source",
                 "other",
                 {.customer = 11057, .id = 70, .currency = "EUR"},
                 "3000",
                 "none",
                 "5.00 USD",
                 "2h",
                 false},
                {"a card of any customer, with an amount for a number",
                 "main",
                 {.customer = 1, .id = 8, .currency = "JPY"},
                 "4000 JPY",
                 "none",
                 "5.00 USD",
                 "2h",
                 false},
                {"of that customer, the earlier row counts",
                 "main",
                 {.customer = 11057, .id = 8, .currency = "JPY"},
                 "3000",
                 "none",
                 "5.00 USD",
                 "2h",
                 false},
                {"all others",
                 "main",
                 {.customer = 2, .id = 9, .currency = "JPY"},
                 "5",
                 "none",
                 "5.00 USD",
                 "2h",
                 false},
        };
        struct loaded loaded;

        (void)state;
        load_csv(&loaded, csv, sizeof(csv) - 1);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_value params[CW_RULE_PARAMS_MAX];
                struct cw_buf text = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                cw_rule_params(&loaded.config->rules->rules[0], cases[i].source, &cases[i].card, params);
                cw_value_format(&text, &params[FLOOR]);
                assert_string_equal(cw_buf_text(&text), cases[i].floor);
                assert_string_equal(params[NOTE].string, cases[i].note);
                cw_buf_deinit(&text);
                cw_value_format(&text, &params[LEAST]);
                assert_string_equal(cw_buf_text(&text), cases[i].least);
                cw_buf_deinit(&text);
                cw_value_format(&text, &params[WAIT]);
                assert_string_equal(cw_buf_text(&text), cases[i].wait);
                assert_int_equal(params[LOUD].boolean, cases[i].loud);
                cw_buf_deinit(&text);
        }
        loaded_deinit(&loaded);
}

/* Other overrides stand before and behind the file. */
static void test_the_file_is_one_of_several(void **state)
{
        static const struct cw_card first = {.customer = 1, .currency = "EUR"},
                                    second = {.customer = 2, .currency = "EUR"},
                                    third = {.customer = 3, .currency = "EUR"},
                                    none = {.customer = 4, .currency = "EUR"};
        static const struct {
                const char *name;
                const struct cw_card *card;
                int64_t floor;
        } cases[] = {
                {"the one before it", &first, 10},
                {"the file", &second, 20},
                {"the one behind it", &third, 30},
                {"none of them", &none, 1},
        };
        struct loaded loaded;

        (void)state;
        write_text("floors.csv", "customer,floor\n1,20\n2,20\n");
        load_text(&loaded, SOURCES NOTIFIERS "rules:\n"
                                             "  - name: low\n"
                                             "    when: available < floor\n"
                                             "    params: {floor: 1}\n"
                                             "    overrides:\n"
                                             "      - {match: {customer: 1}, params: {floor: 10}}\n"
                                             "      - {csv: floors.csv}\n"
                                             "      - {match: {customer: [2, 3]}, params: {floor: 30}}\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_value params[CW_RULE_PARAMS_MAX];

                print_message("  %s\n", cases[i].name);
                cw_rule_params(&loaded.config->rules->rules[0], "main", cases[i].card, params);
                assert_int_equal(params[0].number, cases[i].floor * CW_AMOUNT_UNIT);
        }
        loaded_deinit(&loaded);
}

static void test_what_a_file_says_is_the_rules_meaning(void **state)
{
        static const struct {
                const char *name, *csv;
                bool same;
        } cases[] = {
                {"other ways to write it", "card,customer,floor\r\n,2,20\r\n,\"1\",10.0\r\n", true},
                {"a value", "customer,floor\n1,10\n2,21\n", false},
                {"a row more", "customer,floor\n1,10\n2,20\n3,20\n", false},
                {"another column", "card,floor\n1,10\n2,20\n", false},
        };
        struct loaded base, other;

        (void)state;
        load_csv(&base, "customer,floor\n1,10\n2,20\n", 25);
        assert_int_equal(base.result, 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                load_csv(&other, cases[i].csv, strlen(cases[i].csv));
                assert_string_equal(cw_buf_text(&other.text), "");
                assert_int_equal(base.config->rules->rules[0].meaning == other.config->rules->rules[0].meaning,
                                 cases[i].same);
                assert_int_equal(strcmp(base.config->hash, other.config->hash) == 0, cases[i].same);
                loaded_deinit(&other);
        }
        loaded_deinit(&base);
}

/* What an override gives instead of a default of the other kind is compared as it would be if it stood there. */
static void test_amounts_and_numbers_go_together(void **state)
{
        static const struct {
                const char *name, *rule;
                const char *currency;
                int64_t available;
                enum cw_truth truth;
        } cases[] = {
                {"an amount for a number, below it",
                 "params: {f: 100}, overrides: [{match: {card: 1}, params: {f: 50 JPY}}]", "JPY", 49, CW_TRUE},
                {"not below it", "params: {f: 100}, overrides: [{match: {card: 1}, params: {f: 50 JPY}}]", "JPY", 50,
                 CW_FALSE},
                {"of another currency", "params: {f: 100}, overrides: [{match: {card: 1}, params: {f: 50 JPY}}]", "EUR",
                 49, CW_UNKNOWN},
                {"a number for an amount is in the card's currency",
                 "params: {f: 100 USD}, overrides: [{match: {card: 1}, params: {f: 50}}]", "EUR", 49, CW_TRUE},
                {"not below it", "params: {f: 100 USD}, overrides: [{match: {card: 1}, params: {f: 50}}]", "EUR", 50,
                 CW_FALSE},
                {"from a file", "params: {f: 100 USD}, overrides: [{csv: amounts.csv}]", "EUR", 49, CW_TRUE},
                {"of which no row matches", "params: {f: 100 USD}, overrides: [{csv: amounts.csv}]", "GBP", 49,
                 CW_UNKNOWN},
        };

        (void)state;
        write_text("amounts.csv", "card,currency,f\n1,eur,50\n");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_card card = {.id = 1, .available = cases[i].available * CW_AMOUNT_UNIT};
                struct cw_value params[CW_RULE_PARAMS_MAX];
                struct cw_expr_context context = {.now = &card, .source = "main", .params = params};
                struct loaded loaded;
                char yaml[600];

                print_message("  %s\n", cases[i].name);
                snprintf(yaml, sizeof(yaml), SOURCES NOTIFIERS "rules: [{name: a, when: available < f * 1.0, %s}]\n",
                         cases[i].rule);
                load_text(&loaded, yaml);
                assert_string_equal(cw_buf_text(&loaded.text), "");
                memcpy(card.currency, cases[i].currency, sizeof(card.currency));
                cw_rule_params(&loaded.config->rules->rules[0], "main", &card, params);
                assert_int_equal(cw_expr_truth(loaded.config->rules->rules[0].when, &context), cases[i].truth);
                loaded_deinit(&loaded);
        }
}

/* Sanitizers make it slower than it is: what this holds off is a search that grows with the rows. */
static void test_a_hundred_thousand_rows(void **state)
{
        struct cw_buf csv = CW_BUF_NULL;
        struct cw_value params[CW_RULE_PARAMS_MAX];
        struct loaded loaded;
        clock_t begin, loading, finding;

        (void)state;
        cw_buf_puts(&csv, "customer,card,floor\n");
        for (int i = 0; i < 100000; i++)
                cw_buf_printf(&csv, "%d,%d,%d.50\n", 10000 + i / 3, i, i);
        write_file("floors.csv", cw_buf_text(&csv), csv.len);
        begin = clock();
        load_text(&loaded, RULE);
        loading = clock() - begin;
        assert_string_equal(cw_buf_text(&loaded.text), "");
        begin = clock();
        for (int i = 0; i < 100000; i++) {
                struct cw_card card = {.id = i, .customer = 10000 + i / 3, .currency = "EUR"};

                cw_rule_params(&loaded.config->rules->rules[0], "main", &card, params);
                assert_int_equal(params[FLOOR].number, i * CW_AMOUNT_UNIT + CW_AMOUNT_UNIT / 2);
        }
        finding = clock() - begin;
        print_message("  loaded in %ld ms, found all in %ld ms\n", (long)(loading * 1000 / CLOCKS_PER_SEC),
                      (long)(finding * 1000 / CLOCKS_PER_SEC));
        assert_true(loading < 5 * CLOCKS_PER_SEC);
        assert_true(finding < 5 * CLOCKS_PER_SEC);
        loaded_deinit(&loaded);
        cw_buf_deinit(&csv);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_of_many_mistakes_the_first_are_shown_and_the_others_counted),
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_what_is_read),
                cmocka_unit_test(test_the_file_is_one_of_several),
                cmocka_unit_test(test_what_a_file_says_is_the_rules_meaning),
                cmocka_unit_test(test_amounts_and_numbers_go_together),
                cmocka_unit_test(test_a_hundred_thousand_rows),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
