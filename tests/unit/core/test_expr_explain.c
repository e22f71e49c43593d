/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: whoever asks why reads the condition as it was written, with what its parts were worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/trail.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/text.h"
#include "cardwatch/value.h"

#define UNIT CW_AMOUNT_UNIT
#define HOUR INT64_C(3600000)

static const char *const names[] = {"floor", "cap", "grace"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_AMOUNT, CW_VALUE_DURATION};
static const struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}, .is_event = true};
static const struct cw_value params[] = {
        {.type = CW_VALUE_NUMBER, .known = true, .number = 100 * UNIT},
        {.type = CW_VALUE_AMOUNT, .known = true, .number = 80 * UNIT, .currency = "EUR"},
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 2 * HOUR},
};

/* First seen at 0 with 120.00; 95.10 since an hour, and that is what it has now, at three. */
static void explain(const char *text, const char *reference, struct cw_buf *buf)
{
        static const int64_t longest_ms[CW_ARRAY_SIZE(names)] = {[2] = 2 * HOUR};
        struct cw_card before = {.id = 7, .customer = 11057, .available = 120 * UNIT, .currency = "USD"};
        struct cw_card now = before;
        struct cw_trail_change change = {
                .at = 2 * HOUR, .changed = 1u << CW_FIELD_AVAILABLE, .before = &before, .now = &now};
        struct cw_expr_context context = {
                .now = &now, .previous = &now, .source = "main", .params = params, .at = 3 * HOUR, .first_seen_at = 0};
        struct cw_trail_needs needs = {0};
        struct cw_expr_error error = {0};
        struct cw_trail *trail;
        struct cw_expr *expr;
        int64_t folded_at;

        now.available = 95100000;
        now.reference = reference;
        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
        cw_expr_needs(expr, longest_ms, &needs);
        assert_int_equal(cw_trail_new(0, &trail), 0);
        assert_int_equal(cw_trail_add(trail, &needs, &change, &folded_at), 0);
        context.trail = trail;
        cw_expr_explain(expr, &context, buf);
        assert_int_equal(cw_buf_error(buf), 0);
        assert_true(buf->len <= CW_EXPR_TEXT_MAX);
        cw_trail_free(trail);
        cw_expr_free(expr);
}

static void test_each_part_is_said_with_its_value(void **state)
{
        static const struct {
                const char *text, *said;
        } table[] = {
                {"available < floor", "available < floor: 95.10 USD < 100 is true"},
                {"available   <\n floor # what for", "available < floor: 95.10 USD < 100 is true"},
                {"available < cap", "available < cap: 95.10 USD < 80.00 EUR is unknown"},
                {"suppressed", "suppressed is false"},
                {"changed(available)", "changed(available) is false"},
                {"not suppressed", "not suppressed is true; suppressed is false"},
                {"available < floor and unchanged(available) >= grace",
                 "available < floor and unchanged(available) >= grace is false; available < floor: 95.10 USD < 100 is "
                 "true; unchanged(available) >= grace: 1h >= 2h is false"},
                {"(available < floor or suppressed) and not (age > 1d)",
                 "(available < floor or suppressed) and not (age > 1d) is true; available < floor: 95.10 USD < 100 is "
                 "true; suppressed is false; (age > 1d): 3h > 1d is false"},
                {"delta(available, 2h) < -20% * max(available, 2h)",
                 "delta(available, 2h) < -20% * max(available, 2h): -24.90 USD < -24.00 USD is true (max(available, "
                 "2h) "
                 "is 120.00 USD)"},
                {"abs(available - previous.available) > floor / 2",
                 "abs(available - previous.available) > floor / 2: 0.00 USD > 50 is false (available is 95.10 USD, "
                 "previous.available is 95.10 USD, floor is 100)"},
                {"runway(24h) < 2d", "runway(24h) < 2d: unknown < 2d is unknown"},
                {"runway(4h) < 12h", "runway(4h) < 12h: 11h27m28s193ms < 12h is true"},
                {"changes(available, 24h) >= 1", "changes(available, 24h) >= 1: 1 >= 1 is true"},
                {"currency in (\"EUR\", \"GBP\")",
                 "currency in (\"EUR\", \"GBP\"): \"USD\" in (\"EUR\", \"GBP\") is false"},
                {"card in (1,2,3,4,5,6,7,8,9,10)",
                 "card in (1,2,3,4,5,6,7,8,9,10): 7 in (1, 2, 3, 4, 5, 6, 7, 8, \u2026) is true"},
                {"reference like \"a  #\\\"*\"",
                 "reference like \"a  #\\\"*\": \"acme-1\" like \"a  #\\\"*\" is false"},
                {"customer == 11057", "customer == 11057: 11057 == 11057 is true"},
                {"previous.available > available", "previous.available > available: 95.10 USD > 95.10 USD is false"},
                {"true", "true is true"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++) {
                struct cw_buf buf = CW_BUF_NULL;

                explain(table[i].text, "acme-1", &buf);
                assert_string_equal(cw_buf_text(&buf), table[i].said);
                cw_buf_deinit(&buf);
        }
}

static void test_what_is_said_is_harmless(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        explain("reference == \"x\"", "a\nb\x1b[31m\x7f\xc2\x9b\xc3\xa4", &buf);
        assert_string_equal(cw_buf_text(&buf), "reference == \"x\": \"a b [31m   \xc3\xa4\" == \"x\" is false");
        cw_buf_deinit(&buf);
}

/* A long condition is cut, between characters. */
static void test_what_is_said_is_bounded(void **state)
{
        (void)state;
        for (size_t shift = 0; shift < 3; shift++) {
                char text[4000] = "", reference[3000];
                struct cw_buf buf = CW_BUF_NULL;
                size_t len;

                memset(reference, 0, sizeof(reference));
                for (size_t i = 0; i < 900; i++)
                        memcpy(reference + shift + i * 3, "\xe2\x82\xac", 3);
                memset(reference, 'x', shift);
                for (size_t i = 0; i < 100; i++)
                        strcat(text, i == 0 ? "reference == \"x\"" : " or reference == \"x\"");
                explain(text, reference, &buf);
                len = buf.len;
                assert_true(len > CW_EXPR_TEXT_MAX - 8);
                assert_string_equal(buf.data + len - 3, "\u2026");
                assert_int_equal(cw_text_valid_utf8(buf.data, len), len);
                cw_buf_deinit(&buf);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_part_is_said_with_its_value),
                cmocka_unit_test(test_what_is_said_is_harmless),
                cmocka_unit_test(test_what_is_said_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
