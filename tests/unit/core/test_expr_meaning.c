/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what can be told of a condition besides its truth: what it means, looks at, is about, and compares with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/hash.h"

static const char *const names[] = {"floor", "cap"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_AMOUNT};
static const struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}};

static struct cw_expr *compile(const char *text)
{
        struct cw_expr_error error = {0};
        struct cw_expr *expr = NULL;

        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
        return expr;
}

static uint64_t meaning_of(const char *text)
{
        struct cw_expr *expr = compile(text);
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_expr_meaning(expr, &hash);
        cw_expr_free(expr);
        return cw_hash_end(&hash);
}

static void test_meaning(void **state)
{
        static const struct {
                const char *a, *b;
                bool same;
        } cases[] = {
                {"available < 100", "available<100", true},
                {"available < 100", "  available\n <\t100 # low", true},
                {"available < 100", "(available) < (100)", true},
                {"available < 100", "available < 100.00", true},
                {"available < 100", "available < -(-100)", true},
                {"available < 0.2", "available < 20%", true},
                {"available < 100 usd", "available < 100 USD", true},
                {"1h > 30m", "60m > 1800s", true},
                {"true or true and false", "true or (true and false)", true},
                {"10 - (3 - 2) == 5", "10 - 3 - 2 == 5", false},
                {"available < 100", "available <= 100", false},
                {"available < 100", "100 < available", false},
                {"available < 100", "available < 101", false},
                {"available < 100", "available < 100 USD", false},
                {"available < 100 USD", "available < 100 EUR", false},
                {"available < 100", "pending < 100", false},
                {"available < 100", "previous.available < 100", false},
                {"available < floor", "available < cap", false},
                {"available < floor", "available < 100", false},
                {"changed(available)", "changed(pending)", false},
                {"delta(available) < 1", "abs(available) < 1", false},
                {"card in (1, 2)", "card in (1,2)", true},
                {"card in (1, 2)", "card in (2, 1)", false},
                {"card in (1, 2)", "card in (1)", false},
                {"card in (1) and card == 2", "card in (1, 2)", false},
                {"reference == \"ab\"", "reference == \"a b\"", false},
                {"reference == \"5\"", "reference == \"5.0\"", false},
                {"reference == \"a\"", "reference like \"a\"", false},
                {"suppressed == true", "suppressed == false", false},
                {"not suppressed", "suppressed", false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if ((meaning_of(cases[i].a) == meaning_of(cases[i].b)) != cases[i].same)
                        fail_msg("'%s' and '%s'", cases[i].a, cases[i].b);
}

/* Meanings are stored: this number may change only together with a migration. */
static void test_meaning_is_the_same_in_every_version(void **state)
{
        char text[17];

        (void)state;
        cw_hash_hex64(meaning_of("not (available - 20% * total < floor) or previous.card in (1, 2) and "
                                 "changed(reference) and reference like \"a*\" and delta(pending) >= 5 USD"),
                      text);
        assert_string_equal(text, "942e56a550e74750");
}

static void test_uses(void **state)
{
        static const struct {
                const char *text;
                unsigned uses;
        } cases[] = {
                {"available < 100", 0},
                {"suppressed", CW_EXPR_USES_SUPPRESSED},
                {"available < 100 and not suppressed", CW_EXPR_USES_SUPPRESSED},
                {"previous.available < 100", CW_EXPR_USES_PREVIOUS},
                {"changed(available)", CW_EXPR_USES_PREVIOUS},
                {"delta(available) < 0", CW_EXPR_USES_PREVIOUS},
                {"changed(suppressed)", CW_EXPR_USES_PREVIOUS | CW_EXPR_USES_SUPPRESSED},
                {"previous.suppressed", CW_EXPR_USES_PREVIOUS | CW_EXPR_USES_SUPPRESSED},
                {"reference == \"suppressed\"", 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr *expr = compile(cases[i].text);

                if (cw_expr_uses(expr) != cases[i].uses)
                        fail_msg("%s", cases[i].text);
                cw_expr_free(expr);
        }
}

static void test_subject(void **state)
{
        static const struct {
                const char *text;
                int r;
                enum cw_expr_amount amount;
                bool high_is_worse;
        } cases[] = {
                {"available < 100", 0, CW_EXPR_AVAILABLE, false},
                {"available <= 100", 0, CW_EXPR_AVAILABLE, false},
                {"available > 100", 0, CW_EXPR_AVAILABLE, true},
                {"pending >= 100", 0, CW_EXPR_PENDING, true},
                {"100 > total", 0, CW_EXPR_TOTAL, false},
                {"100 < total", 0, CW_EXPR_TOTAL, true},
                {"available == 0", 0, CW_EXPR_AVAILABLE, false},
                {"not (available == 0)", 0, CW_EXPR_AVAILABLE, false},
                {"not (available >= 100)", 0, CW_EXPR_AVAILABLE, false},
                {"not available < 100", 0, CW_EXPR_AVAILABLE, true},
                {"not not available < 100", 0, CW_EXPR_AVAILABLE, false},
                {"floor - available > 0", 0, CW_EXPR_AVAILABLE, false},
                {"-available > -100", 0, CW_EXPR_AVAILABLE, false},
                {"available - floor < 0", 0, CW_EXPR_AVAILABLE, false},
                {"floor < -(total - available)", 0, CW_EXPR_TOTAL, false},
                {"total / available > 5", 0, CW_EXPR_TOTAL, true},
                {"delta(pending) > 50", 0, CW_EXPR_PENDING, true},
                {"delta(available) < -50", 0, CW_EXPR_AVAILABLE, false},
                {"abs(delta(available)) > 50", 0, CW_EXPR_AVAILABLE, true},
                {"changed(total)", 0, CW_EXPR_TOTAL, false},
                {"suppressed and pending > 5 or available < 100", 0, CW_EXPR_PENDING, true},
                {"previous.available >= 100 and available < 100", 0, CW_EXPR_AVAILABLE, false},
                {"previous.pending > 5", 0, CW_EXPR_PENDING, true},
                {"available in (0, 1)", 0, CW_EXPR_AVAILABLE, false},
                {"(available < 100) == true", 0, CW_EXPR_AVAILABLE, false},
                {"suppressed", CW_EXPR_NONE, 0, false},
                {"reference == \"available\"", CW_EXPR_NONE, 0, false},
                {"changed(currency)", CW_EXPR_NONE, 0, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr *expr = compile(cases[i].text);
                struct cw_expr_subject subject = {0};

                if (cw_expr_subject(expr, &subject) != cases[i].r || subject.amount != cases[i].amount ||
                    subject.high_is_worse != cases[i].high_is_worse)
                        fail_msg("%s", cases[i].text);
                cw_expr_free(expr);
        }
}

static void test_limit(void **state)
{
        static const struct {
                const char *text;
                const char *label, *value; /* NULL: there is none */
        } cases[] = {
                {"available < 100", "100", "100.00 EUR"},
                {"available < floor", "floor", "120.00 EUR"},
                {"available < (floor)", "floor", "120.00 EUR"},
                {"available < cap", "cap", "80.00 EUR"},
                {"floor > available", "floor", "120.00 EUR"},
                {"available < floor * 1.2", "floor * 1.2", "144.00 EUR"},
                {"available < (floor + 1)", "(floor + 1)", "121.00 EUR"},
                {"available < total * 20%", "total * 20%", "20.02 EUR"},
                {"available < -5.5 # deep", "-5.5", "-5.50 EUR"},
                {"available < 100 usd", "100 usd", "100.00 USD"},
                {"available < 1 / 0", "1 / 0", "unknown"},
                {"available / total < 20%", "20%", "0.2"},
                {"suppressed or pending > 5 and available < 100", "5", "5.00 EUR"},
                {"delta(available) < -50", "-50", "-50.00 EUR"},
                {"abs(delta(available)) > floor", "floor", "120.00 EUR"},
                {"(available < 100) == true", "100", "100.00 EUR"},
                {"changed(available) and available < 100", NULL, NULL},
                {"changed(available)", NULL, NULL},
                {"available in (1, 2)", NULL, NULL},
                {"suppressed", NULL, NULL},
        };
        static const struct cw_value params[] = {
                {.type = CW_VALUE_NUMBER, .known = true, .number = 120 * CW_AMOUNT_UNIT},
                {.type = CW_VALUE_AMOUNT, .known = true, .number = 80 * CW_AMOUNT_UNIT, .currency = "EUR"},
        };
        static const struct cw_card card = {.available = 95100000, .total = 100100000, .currency = "EUR"};
        static const struct cw_expr_context context = {.now = &card, .source = "main", .params = params};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr *expr = compile(cases[i].text);
                struct cw_buf text = CW_BUF_NULL;
                struct cw_expr_limit limit;
                int r = cw_expr_limit(expr, &context, &limit);

                if (r == 0)
                        cw_value_format(&text, &limit.value);
                if (r != (cases[i].label ? 0 : CW_EXPR_NONE))
                        fail_msg("'%s': %d", cases[i].text, r);
                if (r == 0 && (strlen(cases[i].label) != limit.label_len ||
                               memcmp(cases[i].label, limit.label, limit.label_len) != 0 ||
                               strcmp(cases[i].value, cw_buf_text(&text)) != 0))
                        fail_msg("'%s': '%.*s' %s", cases[i].text, (int)limit.label_len, limit.label,
                                 cw_buf_text(&text));
                cw_buf_deinit(&text);
                cw_expr_free(expr);
        }
}

static void test_measure(void **state)
{
        static const struct {
                const char *text;
                const char *label; /* NULL: nothing but the amount itself is compared */
                const char *value, *limit;
        } cases[] = {
                {"available < 100", NULL, "", "100"},
                {"100 > available", NULL, "", "100"},
                {"abs(available) > 50", "abs(available)", "120.00 USD", "50"},
                {"delta(available) < -20", "delta(available)", "-30.00 USD", "-20"},
                {"-20 > delta(available)", "delta(available)", "-30.00 USD", "-20"},
                {"spent(1h) > 25", "spent(1h)", "0.00 USD", "25"},
                {"25 < spent(1h)", "spent(1h)", "0.00 USD", "25"},
                {"age > 2h and suppressed", "age", "3h", "2h"},
                {"suppressed and age > 2h", "age", "3h", "2h"},
                {"suppressed", NULL, "", NULL},
                {"total > available + 5", NULL, "", "125 USD"},
        };
        struct cw_card previous = {.id = 1, .customer = 2, .available = 150 * CW_AMOUNT_UNIT, .currency = "USD"};
        struct cw_card now = {.id = 1, .customer = 2, .available = 120 * CW_AMOUNT_UNIT, .currency = "USD"};
        struct cw_expr_context context = {
                .now = &now, .previous = &previous, .source = "main", .at = 3 * 3600000 + 1000, .first_seen_at = 1000};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr_limit measure = {0}, limit = {0};
                struct cw_buf text = CW_BUF_NULL;
                struct cw_expr *expr = compile(cases[i].text);

                print_message("  %s\n", cases[i].text);
                assert_int_equal(cw_expr_measure(expr, &context, &measure), cases[i].label ? 0 : CW_EXPR_NONE);
                assert_int_equal(cw_expr_limit(expr, &context, &limit), cases[i].limit ? 0 : CW_EXPR_NONE);
                if (cases[i].label) {
                        assert_int_equal(measure.label_len, strlen(cases[i].label));
                        assert_memory_equal(measure.label, cases[i].label, measure.label_len);
                        cw_value_format(&text, &measure.value);
                        assert_string_equal(cw_buf_text(&text), cases[i].value);
                }
                cw_buf_deinit(&text);
                cw_expr_free(expr);
        }
}

static void test_alternative(void **state)
{
        static const struct {
                const char *text;
                const char *measure, *limit; /* NULL: there is none */
        } cases[] = {
                {"available < 100", NULL, NULL},
                {"available < 100 or pending > 30", "pending", "30"},
                {"available < 200 or pending > 30", NULL, NULL},
                {"available < 100 or pending > 300", NULL, NULL},
                {"available < 100 or 30 < pending", "pending", "30"},
                {"available < 100 or age > 2h and pending > 30", "age", "2h"},
                {"available < 100 and pending > 30", NULL, NULL},
                {"available < 100 or (age > 2h and suppressed) or pending > 30", "pending", "30"},
                {"(available < 200 and suppressed) or pending > 30", "pending", "30"},
                {"(available < 200 and age > 2h) or pending > 30", NULL, NULL},
                {"(available < 200 and (suppressed or age > 9h)) or pending > 30", "pending", "30"},
                {"(available < 200 and suppressed) or pending > 300", NULL, NULL},
                {"available < 100 or not (pending < 30)", NULL, NULL},
                {"available < 100 EUR or pending > 30", "pending", "30"},
                {"available < 100 or suppressed", NULL, NULL},
                {"suppressed or age > 2h", NULL, NULL},
        };
        struct cw_card now = {.id = 1,
                              .customer = 2,
                              .available = 120 * CW_AMOUNT_UNIT,
                              .pending = 40 * CW_AMOUNT_UNIT,
                              .currency = "USD"};
        struct cw_expr_context context = {
                .now = &now, .source = "main", .at = 3 * 3600000 + 1000, .first_seen_at = 1000};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr_limit measure = {0}, limit = {0};
                struct cw_expr *expr = compile(cases[i].text);
                int r = cw_expr_alternative(expr, &context, &measure, &limit);

                print_message("  %s\n", cases[i].text);
                assert_int_equal(r, cases[i].measure ? 0 : CW_EXPR_NONE);
                if (r == 0) {
                        assert_int_equal(measure.label_len, strlen(cases[i].measure));
                        assert_memory_equal(measure.label, cases[i].measure, measure.label_len);
                        assert_int_equal(limit.label_len, strlen(cases[i].limit));
                        assert_memory_equal(limit.label, cases[i].limit, limit.label_len);
                }
                cw_expr_free(expr);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_meaning),     cmocka_unit_test(test_meaning_is_the_same_in_every_version),
                cmocka_unit_test(test_uses),        cmocka_unit_test(test_subject),
                cmocka_unit_test(test_limit),       cmocka_unit_test(test_measure),
                cmocka_unit_test(test_alternative),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
