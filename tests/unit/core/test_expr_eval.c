/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one card, one observation before it, and a table of conditions: each is true, false or unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"

#define UNIT CW_AMOUNT_UNIT
#define F    CW_FALSE
#define T    CW_TRUE
#define U    CW_UNKNOWN

static const char *const names[] = {"floor", "vip", "quiet", "kind", "strict", "cap", "gone"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_INTEGER, CW_VALUE_DURATION, CW_VALUE_STRING,
                                           CW_VALUE_BOOL,   CW_VALUE_AMOUNT,  CW_VALUE_NUMBER};
static const struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}};

static const struct cw_value params[] = {
        {.type = CW_VALUE_NUMBER, .known = true, .number = 100 * UNIT},
        {.type = CW_VALUE_INTEGER, .known = true, .integer = INT64_MAX},
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 3600000},
        {.type = CW_VALUE_STRING, .known = true, .string = "eur"},
        {.type = CW_VALUE_BOOL, .known = true, .boolean = true},
        {.type = CW_VALUE_AMOUNT, .known = true, .number = 80 * UNIT, .currency = "EUR"},
        {.type = CW_VALUE_NUMBER},
};

/* Now: available 95.10, pending 5, total 100.10 EUR; before: 120, 0, 120 EUR. */
static const struct cw_card now = {
        .id = 7,
        .customer = 11057,
        .available = 95100000,
        .pending = 5 * UNIT,
        .total = 100100000,
        .reference = "acme-1",
        .currency = "EUR",
        .suppressed = false,
};

static const struct cw_card previous = {
        .id = 7,
        .customer = 11057,
        .available = 120 * UNIT,
        .pending = 0,
        .total = 120 * UNIT,
        .reference = "acme-0",
        .currency = "EUR",
        .suppressed = true,
};

static enum cw_truth truth_of(const char *text, const struct cw_expr_context *context)
{
        struct cw_expr_error error = {0};
        struct cw_expr *expr;
        enum cw_truth truth;

        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
        assert_string_equal(cw_expr_text(expr), text);
        truth = cw_expr_truth(expr, context);
        cw_expr_free(expr);
        return truth;
}

struct fact {
        const char *text;
        enum cw_truth expected;
};

static void assert_facts(const struct fact *facts, size_t n_facts, const struct cw_expr_context *context)
{
        static const char *const words[] = {"false", "true", "unknown"};
        unsigned n_wrong = 0;

        for (size_t i = 0; i < n_facts; i++) {
                enum cw_truth truth = truth_of(facts[i].text, context);

                if (truth == facts[i].expected)
                        continue;
                print_error("'%s' is %s\n", facts[i].text, words[truth]);
                n_wrong++;
        }
        assert_int_equal(n_wrong, 0);
}

static void test_of_a_card_seen_before(void **state)
{
        static const struct fact facts[] = {
                /* fields */
                {"available < 100", T},
                {"available < 95.10", F},
                {"available <= 95.10", T},
                {"available > 95.099999", T},
                {"available >= 95.100001", F},
                {"available == 95.1", T},
                {"available != 95.1", F},
                {"100 > available", T},
                {"pending == 5", T},
                {"total == available + pending", T},
                {"suppressed", F},
                {"not suppressed", T},
                {"suppressed == false", T},
                {"suppressed != strict", T},
                {"source == \"main\"", T},
                {"source == \"Main\"", F},
                {"customer == 11057", T},
                {"customer > 11056 and customer <= 11057", T},
                {"card == 7", T},
                {"card == 7.0", T},
                {"card == 7.000001", F},
                {"card > 6.999999", T},

                /* the observation before */
                {"previous.available == 120", T},
                {"previous.available >= 100 and available < 100", T},
                {"previous.suppressed", T},
                {"previous.reference == \"acme-0\"", T},
                {"previous.currency == \"eur\"", T},
                {"previous.card == card and previous.customer == customer and previous.source == source", T},
                {"changed(available)", T},
                {"changed(currency)", F},
                {"changed(reference)", T},
                {"changed(suppressed)", T},
                {"changed(customer)", F},
                {"changed(source)", F},
                {"delta(available) == -24.9", T},
                {"delta(pending) == 5", T},
                {"delta(total) < -19.90", F},
                {"abs(delta(available)) > 20", T},
                {"-delta(available) > 20", T},

                /* currencies */
                {"available < 100 EUR", T},
                {"available < 100 eur", T},
                {"available < 100 USD", U},
                {"not (available < 100 USD)", U},
                {"available == 95.1 USD", U},
                {"available + 5 USD > 0", U},
                {"available - 5 EUR == 90.1", T},
                {"available / 1 USD > 0", U},
                {"available < cap", F},
                {"available < cap + 20", T},
                {"100 USD == 100 usd", T},
                {"currency == \"eur\"", T},
                {"currency == \"EuR\"", T},
                {"\"eur\" == currency", T},
                {"currency != \"usd\"", T},
                {"currency == kind", T},
                {"currency in (\"usd\", \"eur\")", T},
                {"currency in (\"usd\", \"gbp\")", F},
                {"kind in (\"EUR\")", F},
                {"currency like \"E*\"", T},

                /* texts */
                {"reference == \"acme-1\"", T},
                {"reference == \"ACME-1\"", F},
                {"reference != \"ACME-1\"", T},
                {"reference like \"acme-*\"", T},
                {"reference like \"Acme-*\"", F},
                {"reference like \"acme-?\"", T},
                {"reference like \"acme-\\?\"", F},
                {"not reference like \"*-2\"", T},
                {"\"a\\\"b\\\\\" == \"a\\\"b\\\\\"", T},
                {"\"a*\" like \"a\\*\"", T},
                {"reference in (\"x\", \"acme-1\")", T},
                {"reference in (\"x\", \"ACME-1\")", F},

                /* arithmetic */
                {"1 + 2 * 3 == 7", T},
                {"(1 + 2) * 3 == 9", T},
                {"10 - 3 - 2 == 5", T},
                {"8 / 4 / 2 == 1", T},
                {"2 - -3 == 5", T},
                {"- - 3 == 3", T},
                {"-(1 + 2) == -3", T},
                {"1 / 3 == 0.333333", T},
                {"2 / 3 == 0.666667", T},
                {"20% == 0.2", T},
                {"12.5% == 0.125", T},
                {"total * 20% == 20.02", T},
                {"20% * total == 20.02", T},
                {"available / 2 == 47.55", T},
                {"available / total > 95%", T},
                {"available < floor * 1.2", T},
                {"available >= floor * 1.2", F},
                {"abs(-5) == 5", T},
                {"abs(5 - 6.5) == 1.5", T},
                {"abs(-1h) == 1h", T},
                {"-available < 0", T},
                {"1h + 30m == 90m", T},
                {"1h30m == 90m", T},
                {"2h / 30m == 4", T},
                {"1h * 1.5 == 90m", T},
                {"1h / 4 == 15m", T},
                {"quiet > 59m", T},
                {"quiet == 1h", T},
                {"1d in (23h, 24h)", T},

                /* what cannot be reckoned is unknown */
                {"available / 0 > 5", U},
                {"1 / 0 == 1 / 0", U},
                {"0 / 0 != 0", U},
                {"available / (pending - 5) > 5", U},
                {"1h / 0s > 1", U},
                {"9000000000000 + 9000000000000 > 0", U},
                {"-9000000000000 - 9000000000000 < 0", U},
                {"9000000000000 * 2 > 0", U},
                {"9000000000000 / 0.1 > 0", U},
                {"365000d * 9000000000000 > 1h", U},
                {"abs(1 / 0) > 0", U},
                {"-(1 / 0) < 0", U},
                {"gone > 5", U},
                {"gone + 1 > 5", U},

                /* ids are exact beyond what a number holds */
                {"vip == 9223372036854775807", T},
                {"vip == 9223372036854775806", F},
                {"vip > 9223372036854775806", T},
                {"card < 9223372036854775807", T},
                {"card in (1, 9223372036854775807, 7)", T},
                {"vip > floor", T},

                /* Kleene logic */
                {"true and true", T},
                {"true and false", F},
                {"false or true", T},
                {"false or false", F},
                {"gone > 5 and false", F},
                {"false and gone > 5", F},
                {"gone > 5 and true", U},
                {"true and gone > 5", U},
                {"gone > 5 or true", T},
                {"true or gone > 5", T},
                {"gone > 5 or false", U},
                {"false or gone > 5", U},
                {"not (gone > 5)", U},
                {"gone > 5 or gone < 5", U},
                {"gone in (1, 2)", U},
                {"1 in (gone, 1)", T},
                {"1 in (gone, 2)", U},
                {"1 in (3, 2)", F},
                {"available in (95.1 USD, 95.1)", T},
                {"available in (95.1 USD, 95)", U},
                {"suppressed in (true)", F},
                {"(gone > 5) == true", U},

                /* precedence and layout */
                {"true or true and false", T},
                {"(true or true) and false", F},
                {"not false and false", F},
                {"not (false and false)", T},
                {"not not true", T},
                {"not available > 100", T},
                {"(available < 100) == true", T},
                {"\n\tavailable # what is left\n\t< 100\r\n", T},
                {"available<100 and(pending>0)", T},
        };
        static const struct cw_expr_context context = {
                .now = &now, .previous = &previous, .source = "main", .params = params};

        (void)state;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

static void test_of_a_card_first_seen(void **state)
{
        static const struct fact facts[] = {
                {"available < 100", T},
                {"changed(available)", F},
                {"changed(suppressed)", F},
                {"delta(available) < 0", U},
                {"delta(available) == 0", U},
                {"abs(delta(available)) >= 0", U},
                {"previous.available > 0", U},
                {"previous.suppressed", U},
                {"not previous.suppressed", U},
                {"previous.reference like \"*\"", U},
                {"previous.currency == currency", U},
                {"previous.card in (7)", U},
                {"previous.source == source", U},
                {"previous.available > 0 or available < 100", T},
        };
        static const struct cw_expr_context context = {
                .now = &now, .previous = NULL, .source = "main", .params = params};

        (void)state;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

static void test_of_a_card_that_changed_its_currency(void **state)
{
        static const struct fact facts[] = {
                {"delta(available) < 0", U},
                {"delta(pending) != 0", U},
                {"changed(available)", U},
                {"changed(currency)", T},
                {"previous.available > available", U},
                {"previous.available == 120 USD", T},
                {"previous.available > 100", T},
                {"changed(reference)", T},
        };
        struct cw_card dollars = previous;
        struct cw_expr_context context = {.now = &now, .previous = &dollars, .source = "main", .params = params};

        (void)state;
        memcpy(dollars.currency, "USD", 4);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

static void test_of_a_card_without_a_reference(void **state)
{
        static const struct fact facts[] = {
                {"reference == \"\"", T},         {"reference != \"acme\"", T}, {"reference like \"acme-*\"", F},
                {"reference like \"*\"", T},      {"changed(reference)", T},    {"reference in (\"a\", \"b\")", F},
                {"not reference like \"a*\"", T},
        };
        struct cw_card nameless = now;
        struct cw_expr_context context = {.now = &nameless, .previous = &previous, .source = "main", .params = params};

        (void)state;
        nameless.reference = NULL;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

static void test_the_extreme_amounts(void **state)
{
        static const struct fact facts[] = {
                {"available == 9223372036854.775807", T},
                {"pending == -9223372036854.775807", T},
                {"available + 0.000001 > 0", U},
                {"pending - 0.000001 < 0", U},
                {"-available == pending", T},
                {"-pending == available", T},
                {"abs(pending) == available", T},
                {"available - pending > 0", U},
                {"delta(available) > 0", U},
                {"available / pending == -1", T},
                {"available * 1 == available", T},
                {"available > previous.available", T},
        };
        struct cw_card rich = now, poor = previous;
        struct cw_expr_context context = {.now = &rich, .previous = &poor, .source = "main", .params = params};

        (void)state;
        rich.available = CW_AMOUNT_MAX;
        rich.pending = CW_AMOUNT_MIN;
        poor.available = CW_AMOUNT_MIN;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

/* An override may say `80 EUR` where the rule says `100`; any other type is a mistake of the caller and is not known.
 */
static void test_parameters_are_looked_at_again(void **state)
{
        static const struct fact facts[] = {
                {"available > floor", T},
                {"available > floor * 1.1", T},
                {"available * floor > 0", U},
                {"floor + 1 == 81", T},
                {"-floor == -80", T},
                {"quiet > 1h", U},
                {"abs(quiet) > 0s", U},
                {"-quiet < 0s", U},
                {"strict", U},
                {"not strict or false", U},
                {"reference like kind", U},
                {"reference == kind", U},
        };
        static const struct cw_value odd[] = {
                {.type = CW_VALUE_AMOUNT, .known = true, .number = 80 * UNIT, .currency = "EUR"},
                {.type = CW_VALUE_STRING, .known = true, .string = "x"},
                {.type = CW_VALUE_STRING, .known = true, .string = "x"},
                {.type = CW_VALUE_BOOL, .known = true, .boolean = true},
                {.type = CW_VALUE_NUMBER, .known = true, .number = 1},
                {.type = CW_VALUE_BOOL, .known = true},
                {.type = CW_VALUE_BOOL, .known = true},
        };
        struct cw_expr_context context = {.now = &now, .previous = &previous, .source = "main", .params = odd};

        (void)state;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
}

static void test_a_value_says_its_type(void **state)
{
        struct cw_expr_context context = {.now = &now, .previous = NULL, .source = "main", .params = params};
        struct cw_expr_error error;
        struct cw_expr *expr;
        struct cw_value value;

        (void)state;
        assert_int_equal(cw_expr_compile("delta(available) < 5", &scope, &expr, &error), 0);
        cw_expr_eval(expr, &context, &value);
        assert_int_equal(value.type, CW_VALUE_BOOL);
        assert_false(value.known);
        context.previous = &previous;
        cw_expr_eval(expr, &context, &value);
        assert_true(value.known && value.boolean);
        cw_expr_free(expr);
        cw_expr_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_a_card_seen_before),
                cmocka_unit_test(test_of_a_card_first_seen),
                cmocka_unit_test(test_of_a_card_that_changed_its_currency),
                cmocka_unit_test(test_of_a_card_without_a_reference),
                cmocka_unit_test(test_the_extreme_amounts),
                cmocka_unit_test(test_parameters_are_looked_at_again),
                cmocka_unit_test(test_a_value_says_its_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
