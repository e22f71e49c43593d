/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: of each expression, which fields' pasts it needs and for how long; of a rule, the most that any card may need.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/trail.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/expr.h"
#include "cardwatch/overrides.h"
#include "cardwatch/rule.h"
#include "cardwatch/value.h"

#define H        CW_HOUR_MS
#define BIT(one) (1u << CW_FIELD_##one)

static char *const names[] = {"window", "floor"};
static const enum cw_value_type types[] = {CW_VALUE_DURATION, CW_VALUE_NUMBER};

static struct cw_expr *compile(const char *text)
{
        struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), (const char *const *)names, types},
                                      .is_event = true};
        struct cw_expr_error error = {0};
        struct cw_expr *expr;

        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
        return expr;
}

static void test_what_expressions_need(void **state)
{
        static const struct {
                const char *text;
                int64_t available_ms, pending_ms, reference_ms;
                unsigned kept;
                bool uses_past;
        } table[] = {
                {"available < 5", 0, 0, 0, 0, false},
                {"changed(available) and delta(pending) > 0", 0, 0, 0, 0, false},
                {"age > 5h", 0, 0, 0, 0, true},
                {"delta(available, 5h) < 0", 5 * H, 0, 0, 0, true},
                {"min(available, 2h) < max(pending, 3h)", 2 * H, 3 * H, 0, 0, true},
                {"avg(available, 2h) < avg(available, 9h)", 9 * H, 0, 0, 0, true},
                {"avg(available, 9h) < avg(available, 2h)", 9 * H, 0, 0, 0, true},
                {"spent(7h) > 0 or added(8h) > 0", 8 * H, 0, 0, 0, true},
                {"runway(24h) < 2d", 24 * H, 0, 0, 0, true},
                {"changes(reference, 6h) > 1", 0, 0, 6 * H, 0, true},
                {"unchanged(reference) > 6h", 0, 0, 0, BIT(REFERENCE), true},
                {"unchanged(pending) > 1h and unchanged(available) > delta(available, 1h) / available * 1h", H, 0, 0,
                 BIT(PENDING) | BIT(AVAILABLE), true},
                {"spent(window) > floor", 11 * H, 0, 0, 0, true},
                {"abs(window) > 1h and abs(available) > 3", 0, 0, 0, 0, false},
                {"not (suppressed and spent(1h) * 2 in (1, 2))", H, 0, 0, 0, true},
        };
        static const int64_t longest_ms[] = {11 * H, 0};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++) {
                struct cw_expr *expr = compile(table[i].text);
                struct cw_trail_needs needs = {0};

                cw_expr_needs(expr, longest_ms, &needs);
                if (needs.window_ms[CW_FIELD_AVAILABLE] != table[i].available_ms ||
                    needs.window_ms[CW_FIELD_PENDING] != table[i].pending_ms ||
                    needs.window_ms[CW_FIELD_REFERENCE] != table[i].reference_ms || needs.kept != table[i].kept ||
                    !!(cw_expr_uses(expr) & CW_EXPR_USES_PAST) != table[i].uses_past)
                        fail_msg("'%s': available %" PRId64 ", pending %" PRId64 ", kept %x", table[i].text,
                                 needs.window_ms[CW_FIELD_AVAILABLE], needs.window_ms[CW_FIELD_PENDING], needs.kept);
                cw_expr_free(expr);
        }
}

static struct cw_value duration(int64_t hours)
{
        return (struct cw_value){.type = CW_VALUE_DURATION, .known = true, .duration_ms = hours * H};
}

/* A parameter is as long as any override makes it, in whatever part of the rule it is used. */
static void test_a_rule_needs_the_most_that_any_card_may(void **state)
{
        struct cw_value defaults[] = {duration(1), {.type = CW_VALUE_NUMBER, .known = true}};
        struct cw_value longer[] = {duration(30), {0}}, not_given[] = {duration(900), {0}}, row[] = {duration(50), {0}};
        bool given[] = {true, false}, none[] = {false, true};
        struct cw_override overrides[] = {
                {.params = longer, .given = given}, {.params = not_given, .given = none}, {.table = NULL}};
        struct cw_override_row listed = {.filled = CW_OVERRIDE_CARD, .card = 7, .params = row, .given = given};
        struct cw_level levels[] = {{.severity = CW_SEVERITY_WARNING}};
        struct cw_rule rule = {
                .n_params = CW_ARRAY_SIZE(defaults), .param_names = (char **)(uintptr_t)names, .params = defaults};
        struct cw_trail_needs needs = {0};
        uint32_t line;

        (void)state;
        rule.when = compile("spent(window) > 5");
        cw_rule_needs(&rule, &needs);
        assert_int_equal(needs.window_ms[CW_FIELD_AVAILABLE], H);

        rule.overrides = overrides;
        rule.n_overrides = 2;
        cw_rule_needs(&rule, &needs);
        assert_int_equal(needs.window_ms[CW_FIELD_AVAILABLE], 30 * H);

        assert_int_equal(cw_override_table_new(defaults, CW_ARRAY_SIZE(defaults), &overrides[2].table), 0);
        assert_int_equal(cw_override_table_add(overrides[2].table, &listed, &line), 0);
        rule.n_overrides = 3;
        cw_rule_needs(&rule, &needs);
        assert_int_equal(needs.window_ms[CW_FIELD_AVAILABLE], 50 * H);
        cw_override_table_free(overrides[2].table);
        rule.n_overrides = 0;

        rule.clear = compile("min(pending, 2h) > 5");
        rule.on = compile("changes(suppressed, 3h) > 5");
        levels[0].when = compile("avg(total, 4h) > 5 and unchanged(card) > 5h");
        rule.levels = levels;
        rule.n_levels = CW_ARRAY_SIZE(levels);
        cw_rule_needs(&rule, &needs);
        assert_int_equal(needs.window_ms[CW_FIELD_PENDING], 2 * H);
        assert_int_equal(needs.window_ms[CW_FIELD_SUPPRESSED], 3 * H);
        assert_int_equal(needs.window_ms[CW_FIELD_TOTAL], 4 * H);
        assert_int_equal(needs.window_ms[CW_FIELD_AVAILABLE], 50 * H);
        assert_int_equal(needs.kept, BIT(CARD));
        cw_expr_free(rule.when);
        cw_expr_free(rule.clear);
        cw_expr_free(rule.on);
        cw_expr_free(levels[0].when);
}

/* What was negative, nothing, or not known at all, needs nothing. */
static void test_a_window_that_is_none_needs_nothing(void **state)
{
        struct cw_value defaults[] = {duration(-1), {.type = CW_VALUE_NUMBER, .known = true}};
        struct cw_rule rule = {
                .n_params = CW_ARRAY_SIZE(defaults), .param_names = (char **)(uintptr_t)names, .params = defaults};
        struct cw_trail_needs needs = {0};

        (void)state;
        rule.when = compile("spent(window) > 5");
        cw_rule_needs(&rule, &needs);
        assert_false(cw_trail_needs_any(&needs));
        defaults[0] = (struct cw_value){.type = CW_VALUE_DURATION};
        cw_rule_needs(&rule, &needs);
        assert_false(cw_trail_needs_any(&needs));
        cw_expr_free(rule.when);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_expressions_need),
                cmocka_unit_test(test_a_rule_needs_the_most_that_any_card_may),
                cmocka_unit_test(test_a_window_that_is_none_needs_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
