/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/overrides.h"
#include "cardwatch/rules.h"
#include "cardwatch/value.h"

static void test_severities(void **state)
{
        (void)state;
        for (int i = CW_SEVERITY_INFO; i <= CW_SEVERITY_CRITICAL; i++)
                assert_int_equal(cw_severity_parse(cw_severity_name((enum cw_severity)i)), i);
        assert_string_equal(cw_severity_name(CW_SEVERITY_NONE), "none");
        assert_int_equal(cw_severity_parse("none"), CW_SEVERITY_NONE);
        assert_int_equal(cw_severity_parse("Warning"), CW_SEVERITY_NONE);
        assert_int_equal(cw_severity_parse(""), CW_SEVERITY_NONE);
}

static void test_builtins_are_as_the_contract_has_them(void **state)
{
        static const struct {
                const char *name;
                enum cw_severity severity;
                uint32_t after_polls;
                int64_t after_ms;
        } expected[] = {
                {"source-down", CW_SEVERITY_CRITICAL, 3, 0},   {"auth-failed", CW_SEVERITY_CRITICAL, 0, 0},
                {"stale", CW_SEVERITY_CRITICAL, 0, 0},         {"suspect-snapshot", CW_SEVERITY_CRITICAL, 0, 0},
                {"bad-data", CW_SEVERITY_WARNING, 0, 0},       {"notifier-failing", CW_SEVERITY_WARNING, 0, 300000},
                {"store-failing", CW_SEVERITY_CRITICAL, 0, 0}, {"reload-failed", CW_SEVERITY_WARNING, 0, 0},
                {"clock-skew", CW_SEVERITY_WARNING, 0, 0},
        };
        struct cw_ruleset *rules;

        (void)state;
        assert_int_equal(CW_ARRAY_SIZE(expected), CW_BUILTIN_COUNT);
        assert_int_equal(cw_ruleset_new(&rules), 0);
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++) {
                print_message("  %s\n", expected[i].name);
                assert_string_equal(cw_builtin_name((enum cw_builtin_kind)i), expected[i].name);
                assert_true(rules->builtins[i].enabled);
                assert_int_equal(rules->builtins[i].severity, expected[i].severity);
                assert_int_equal(rules->builtins[i].after_polls, expected[i].after_polls);
                assert_int_equal(rules->builtins[i].after_ms, expected[i].after_ms);
        }
        cw_ruleset_unref(rules);
}

static void test_the_last_reference_ends_it(void **state)
{
        struct cw_ruleset *rules;

        (void)state;
        assert_int_equal(cw_ruleset_new(&rules), 0);
        assert_ptr_equal(cw_ruleset_ref(rules), rules);
        cw_ruleset_unref(rules);
        assert_int_equal(rules->refs, 1);
        cw_ruleset_unref(rules);
        cw_ruleset_unref(NULL);
}

/* A rule as a test writes it: what is not said is not there. */
struct draft {
        const char *when, *clear, *on, *currencies[3], *floor, *override_floor;
        const char *levels[2]; /* info and warning */
        int64_t table_customer; /* of an override table's one row, 0: there is none */
        int64_t for_ms, keep_firing_for_ms;
        struct cw_flap flap;
        bool arm_after_clear, confirm;
        enum cw_suppressed_match suppressed;
        enum cw_severity severity;
};

static struct cw_expr *compile(const char *text, bool is_event)
{
        static const char *const names[] = {"floor"};
        static const enum cw_value_type types[] = {CW_VALUE_NUMBER};
        struct cw_expr_scope scope = {.params = {1, names, types}, .is_event = is_event};
        struct cw_expr_error error;
        struct cw_expr *expr = NULL;

        if (text && cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("%s: %s", text, error.message);
        return expr;
}

static void set_value(struct cw_value *value, const char *text)
{
        struct cw_expr_error error;

        assert_int_equal(cw_value_parse(text, strlen(text), value, &error), 0);
}

static void add_table(struct cw_rule *rule, int64_t customer)
{
        struct cw_value floor = {.type = CW_VALUE_NUMBER, .known = true, .number = 7};
        struct cw_override_row row = {
                .filled = CW_OVERRIDE_CUSTOMER, .customer = customer, .params = &floor, .given = &(const bool){true}};
        uint32_t line;

        rule->overrides = calloc(1, sizeof(*rule->overrides));
        rule->n_overrides = 1;
        assert_int_equal(cw_override_table_new(rule->params, rule->n_params, &rule->overrides[0].table), 0);
        assert_int_equal(cw_override_table_add(rule->overrides[0].table, &row, &line), 0);
}

static void add_levels(struct cw_rule *rule, const char *const *levels)
{
        rule->levels = calloc(2, sizeof(*rule->levels));
        for (size_t i = 0; i < 2 && levels[i]; i++) {
                rule->levels[i].severity = (enum cw_severity)(CW_SEVERITY_INFO + i);
                rule->levels[i].when = compile(levels[i], false);
                rule->n_levels++;
        }
}

static void build(const struct draft *draft, struct cw_ruleset **ret_rules, struct cw_rule **ret_rule)
{
        struct cw_ruleset *rules;
        struct cw_rule *rule;

        assert_int_equal(cw_ruleset_new(&rules), 0);
        rule = rules->rules = calloc(1, sizeof(*rule));
        assert_non_null(rule);
        rules->n_rules = 1;
        rule->name = strdup("low");
        rule->severity = draft->severity;
        rule->match.suppressed = draft->suppressed;
        rule->match.currencies = calloc(3, sizeof(char *));
        for (size_t i = 0; i < 3 && draft->currencies[i]; i++)
                rule->match.currencies[rule->match.n_currencies++] = strdup(draft->currencies[i]);
        rule->n_params = 1;
        rule->param_names = calloc(1, sizeof(char *));
        rule->param_names[0] = strdup("floor");
        rule->params = calloc(1, sizeof(*rule->params));
        set_value(&rule->params[0], draft->floor ? draft->floor : "100");
        if (draft->override_floor) {
                rule->overrides = calloc(1, sizeof(*rule->overrides));
                rule->n_overrides = 1;
                rule->overrides[0].params = calloc(1, sizeof(*rule->params));
                rule->overrides[0].given = calloc(1, sizeof(bool));
                rule->overrides[0].given[0] = true;
                set_value(&rule->overrides[0].params[0], draft->override_floor);
        }
        rule->when = compile(draft->when, false);
        rule->clear = compile(draft->clear, false);
        rule->on = compile(draft->on, true);
        if (draft->table_customer > 0)
                add_table(rule, draft->table_customer);
        add_levels(rule, draft->levels);
        rule->for_ms = draft->for_ms;
        rule->keep_firing_for_ms = draft->keep_firing_for_ms;
        rule->flap = draft->flap;
        rule->arm_after_clear = draft->arm_after_clear;
        rule->confirm = draft->confirm;
        cw_rule_seal(rule);
        *ret_rules = rules;
        *ret_rule = rule;
}

static void test_what_a_rule_sees(void **state)
{
        enum { NOTHING = 0, SUPPRESSED = 1, BACK = 2, FAR = 4 };
        static const struct {
                const char *name;
                struct draft draft;
                unsigned sees;
        } cases[] = {
                {"a condition skips deactivated cards", {.when = "available < floor"}, NOTHING},
                {"unless it names them", {.when = "suppressed and available > 0"}, SUPPRESSED},
                {"or its end does", {.when = "available < floor", .clear = "suppressed"}, SUPPRESSED},
                {"or a level does", {.levels = {"available < 5", "suppressed"}}, SUPPRESSED},
                {"or the match says any", {.when = "available < 5", .suppressed = CW_SUPPRESSED_ANY}, SUPPRESSED},
                {"or wants only those", {.when = "available < 5", .suppressed = CW_SUPPRESSED_TRUE}, SUPPRESSED},
                {"but not if it wants none", {.when = "suppressed", .suppressed = CW_SUPPRESSED_FALSE}, NOTHING},
                {"levels skip them like a condition", {.levels = {"available < 5", "available < 0"}}, NOTHING},
                {"an event sees every card", {.on = "changed(available)"}, SUPPRESSED | BACK},
                {"a change looks back", {.when = "delta(available) < 0"}, BACK},
                {"so does an end", {.when = "available < 5", .clear = "previous.available > 5"}, BACK},
                {"and a level", {.levels = {"available < 5", "delta(available) < 0"}}, BACK},
                {"a window looks far", {.when = "delta(available, 1h) < 0"}, FAR},
                {"so does an end", {.when = "available < 0", .clear = "unchanged(available) > 1h"}, FAR},
                {"and a level", {.levels = {"available < 5", "age > 2d and available < 0"}}, FAR},
                {"and an event", {.on = "spent(1d) > 5"}, SUPPRESSED | FAR},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_ruleset *rules;
                struct cw_rule *rule;

                print_message("  %s\n", cases[i].name);
                build(&cases[i].draft, &rules, &rule);
                assert_int_equal(rule->sees_suppressed, (cases[i].sees & SUPPRESSED) != 0);
                assert_int_equal(rule->looks_back, (cases[i].sees & BACK) != 0);
                assert_int_equal(rule->looks_far, (cases[i].sees & FAR) != 0);
                cw_ruleset_unref(rules);
        }
}

static void test_the_meaning_is_what_decides_when_it_fires(void **state)
{
        static const struct draft base = {.when = "available < floor", .currencies = {"USD", "EUR"}};
        static const struct {
                const char *name;
                struct draft draft;
                bool same;
        } cases[] = {
                {"the same is the same", {.when = "available < floor", .currencies = {"USD", "EUR"}}, true},
                {"white space means nothing", {.when = " available<floor ", .currencies = {"USD", "EUR"}}, true},
                {"the order of a list means nothing",
                 {.when = "available < floor", .currencies = {"EUR", "USD"}},
                 true},
                {"the severity means nothing",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .severity = CW_SEVERITY_CRITICAL},
                 true},
                {"a currency more means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR", "GBP"}},
                 false},
                {"a parameter means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .floor = "101"},
                 false},
                {"an override means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .override_floor = "7"},
                 false},
                {"an end means something",
                 {.when = "available < floor", .clear = "available > floor", .currencies = {"USD", "EUR"}},
                 false},
                {"levels are no condition", {.levels = {"available < floor"}, .currencies = {"USD", "EUR"}}, false},
                {"how long it must have held means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .for_ms = 1},
                 false},
                {"how long it must have ended means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .keep_firing_for_ms = 1},
                 false},
                {"arming means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .arm_after_clear = true},
                 false},
                {"a table means something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .table_customer = 1},
                 false},
                {"flapping and confirming mean nothing",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .flap = {9, 9}, .confirm = true},
                 true},
                {"an event is no condition", {.on = "available < floor", .currencies = {"USD", "EUR"}}, false},
                {"deactivated cards mean something",
                 {.when = "available < floor", .currencies = {"USD", "EUR"}, .suppressed = CW_SUPPRESSED_ANY},
                 false},
        };
        struct cw_ruleset *rules, *others;
        struct cw_rule *rule, *other;

        (void)state;
        build(&base, &rules, &rule);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                build(&cases[i].draft, &others, &other);
                assert_int_equal(rule->meaning == other->meaning, cases[i].same);
                cw_ruleset_unref(others);
        }
        cw_ruleset_unref(rules);
}

static void test_the_meaning_of_levels_and_tables(void **state)
{
        static const struct {
                const char *name;
                struct draft drafts[2];
                bool same;
        } cases[] = {
                {"the same levels",
                 {{.levels = {"available < 5", "total < 5"}}, {.levels = {"available<5", "total<5"}}},
                 true},
                {"a level's condition", {{.levels = {"available < 5"}}, {.levels = {"available < 6"}}}, false},
                {"a level more", {{.levels = {"available < 5"}}, {.levels = {"available < 5", "total < 5"}}}, false},
                {"levels that changed places",
                 {{.levels = {"available < 5", "total < 5"}}, {.levels = {"total < 5", "available < 5"}}},
                 false},
                {"the same table",
                 {{.when = "available < floor", .table_customer = 1},
                  {.when = "available < floor", .table_customer = 1}},
                 true},
                {"another table",
                 {{.when = "available < floor", .table_customer = 1},
                  {.when = "available < floor", .table_customer = 2}},
                 false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_ruleset *rules[2];
                struct cw_rule *rule[2];

                print_message("  %s\n", cases[i].name);
                for (size_t j = 0; j < 2; j++)
                        build(&cases[i].drafts[j], &rules[j], &rule[j]);
                assert_int_equal(rule[0]->meaning == rule[1]->meaning, cases[i].same);
                for (size_t j = 0; j < 2; j++)
                        cw_ruleset_unref(rules[j]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_severities),
                cmocka_unit_test(test_builtins_are_as_the_contract_has_them),
                cmocka_unit_test(test_the_last_reference_ends_it),
                cmocka_unit_test(test_what_a_rule_sees),
                cmocka_unit_test(test_the_meaning_is_what_decides_when_it_fires),
                cmocka_unit_test(test_the_meaning_of_levels_and_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
