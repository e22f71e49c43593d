/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: whoever writes a rule wrongly is shown where, and told what to write; the table is what people write wrongly.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/hash.h"

static const char *const names[] = {"floor", "vip", "window", "kind", "strict"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_INTEGER, CW_VALUE_DURATION, CW_VALUE_STRING,
                                           CW_VALUE_BOOL};

static const struct cw_expr_scope condition = {.params = {CW_ARRAY_SIZE(names), names, types}};
static const struct cw_expr_scope event = {.params = {CW_ARRAY_SIZE(names), names, types}, .is_event = true};

static const struct {
        const char *text;
        size_t offset, len;
        const char *fragment;
} cases[] = {
        /* how other languages write it */
        {"available = 100", 10, 1, "`==`"},
        {"available === 100", 10, 3, "`==`"},
        {"available =< 100", 10, 2, "`<=`"},
        {"available => 100", 10, 2, "`>=`"},
        {"available <> 100", 10, 2, "`!=`"},
        {"available \u2264 100", 10, 3, "`<=`"},
        {"available < 1 && pending > 2", 14, 2, "`and`"},
        {"available < 1 || pending > 2", 14, 2, "`or`"},
        {"available < 1 & pending > 2", 14, 1, "`and`"},
        {"!suppressed", 0, 1, "`not`"},
        {"available < 1 AND pending > 2", 14, 3, "`and` in lower case"},
        {"NOT suppressed", 0, 3, "`not` in lower case"},
        {"suppressed == True", 14, 4, "`true` in lower case"},
        {"reference == 'acme'", 13, 1, "double quotes"},
        {"reference == \u201cacme\u201d", 13, 3, "double quotes"},
        {"currency in [\"usd\"]", 12, 1, "parentheses"},
        {"available < $floor", 12, 1, "name alone"},
        {"available < \u221250", 12, 3, "plain `-`"},
        {"available < 2 ** 3", 14, 2, "no powers"},
        {"reference =~ \"acme\"", 10, 2, "`like`"},
        {"card not in (1, 2)", 5, 3, "in front"},
        {"(card not in (1, 2))", 6, 3, "in front"},
        {"available < 100;", 15, 1, "one condition"},
        {"available < 1 @ 2", 14, 1, "no meaning"},

        /* numbers */
        {"available < 1,000", 13, 1, "numbers without: `1000.50`"},
        {"available < 007", 12, 3, "zeros in front"},
        {"available < 5.", 12, 2, "decimal point"},
        {"available < .5", 12, 1, "0.5"},
        {"available < +5", 12, 1, "plus sign"},
        {"available < 0.0000001", 12, 9, "six decimals"},
        {"available < 0.00001%", 12, 8, "four decimals"},
        {"available < 20 %", 15, 1, "behind a number"},
        {"available < 100USD", 12, 6, "`100 USD`"},
        {"available < 1e3", 12, 3, "neither a number nor a duration"},
        {"available < 100and suppressed", 12, 6, "neither a number nor a duration"},
        {"available < 5min", 12, 4, "the units of durations"},
        {"available < 1.5h", 12, 4, "no decimals: write `1h30m`"},
        {"available < 99999999999999", 12, 14, "too large"},
        {"99999999999999 < available", 0, 14, "too large"},
        {"available < 99999999999999 USD", 27, 3, "too large"},
        {"available < 99999999999999999999999", 12, 23, "too large"},
        {"available < 1 + 99999999999999", 16, 14, "too large"},
        {"available < 400000d", 12, 7, "1000 years"},

        /* quotes and parentheses */
        {"reference == \"acme", 13, 1, "no closing"},
        {"reference == \"acme\\\"", 13, 1, "no closing"},
        {"(available < 100", 0, 1, "never closed"},
        {"available < (100 + (1)", 12, 1, "never closed"},
        {"card in (1, 2", 8, 1, "never closed"},
        {"available < 100)", 15, 1, "never opened"},
        {"()", 1, 1, "nothing between"},
        {"(available, pending) == 1", 10, 1, "behind `in`"},
        {"card in ()", 9, 1, "empty"},
        {"card in 1", 8, 1, "list in parentheses"},
        {"card in (1 2)", 11, 1, "`,` or `)`"},
        {"card in (1,)", 11, 1, "missing before"},
        {"reference == \"\xff\"", 14, 1, "UTF-8"},

        /* structure */
        {"", 0, 0, "empty"},
        {"  # nothing", 0, 11, "empty"},
        {"available <", 11, 0, "missing at the end"},
        {"available < 100 and", 19, 0, "missing at the end"},
        {"< 100", 0, 1, "missing before"},
        {"available < 100 200", 16, 3, "operator"},
        {"available < 100 or or pending > 1", 19, 2, "missing before"},
        {"1 < available < 5", 14, 1, "cannot be chained"},
        {"available == pending == total", 21, 2, "cannot be chained"},
        {"available < not suppressed", 12, 3, "parentheses around"},
        {"available", 0, 9, "compare it"},
        {"100", 0, 3, "compare it"},
        {"available < 100 or pending", 19, 7, "`or` takes conditions"},
        {"available and suppressed", 0, 9, "`and` takes conditions"},
        {"not available", 4, 9, "`not` takes conditions"},

        /* names */
        {"avialable < 100", 0, 9, "did you mean `available`"},
        {"available < flor", 12, 4, "did you mean `floor`"},
        {"Available < 100", 0, 9, "did you mean `available`"},
        {"weight < 100", 0, 6, "no field or parameter `weight`"},
        {"balance < 100", 0, 7, "no `balance`: write `available`"},
        {"currency == usd", 12, 3, "`\"usd\"`"},
        {"chnaged(available)", 0, 7, "did you mean `changed`"},
        {"frobnicate(available)", 0, 10, "no function"},
        {"previous < 5", 0, 8, "previous.available"},
        {"previous.balance < 5", 9, 7, "balance"},
        {"previous.pendign < 5", 9, 7, "did you mean `pending`"},
        {"previous.floor < 5", 9, 5, "only the fields"},
        {"previous.delta < 5", 9, 5, "only the fields"},
        {"previous. < 5", 10, 1, "field here"},
        {"last.available < 5", 0, 4, "previous.available"},
        {"available(1) < 5", 0, 12, "without parentheses"},
        {"floor(1) < 5", 0, 8, "without parentheses"},
        {"delta < 5", 0, 5, "write `delta(available)`"},

        /* functions */
        {"changed()", 0, 9, "argument is missing"},
        {"changed(available, 1h)", 19, 2, "too many"},
        {"changed(5)", 8, 1, "a field"},
        {"changed(previous.available)", 8, 18, "a field"},
        {"delta(reference) < 5", 6, 9, "`available`, `pending` or `total`"},
        {"delta(available, 5) < 5", 17, 1, "a window is a duration"},
        {"abs(reference) < 5", 4, 9, "abs takes"},
        {"abs(card) < 5", 4, 4, "abs takes"},

        /* types */
        {"available < \"100\"", 12, 5, "without quotes"},
        {"reference == 5", 13, 1, "double quotes"},
        {"available == true", 13, 4, "cannot be compared"},
        {"available < 5m", 12, 2, "an amount cannot be compared with a duration"},
        {"customer < available", 11, 9, "an id cannot be compared with an amount"},
        {"reference < \"b\"", 10, 1, "no order"},
        {"suppressed >= true", 11, 2, "no order"},
        {"card in (1, \"2\")", 12, 3, "without quotes"},
        {"available like \"1*\"", 0, 9, "for texts"},
        {"reference like 5", 15, 1, "pattern"},
        {"available * pending > 5", 0, 19, "cannot be multiplied"},
        {"5 / available > 5", 0, 13, "cannot be divided"},
        {"available + 5m > 5", 0, 14, "cannot be added"},
        {"customer - 1 == 5", 0, 12, "cannot be subtracted"},
        {"-reference == \"a\"", 0, 10, "no sign"},
        {"reference + \"a\" == \"b\"", 0, 15, "cannot be added"},
        {"suppressed == floor", 14, 5, "cannot be compared"},
        {"vip == available", 7, 9, "cannot be compared"},

        /* windows */
        {"appeared", 0, 8, "only in `on:`"},
        {"disappeared", 0, 11, "only in `on:`"},
        {"min(available) < 5", 0, 14, "min(available, 24h)"},
        {"min(currency, 1h) < 5", 4, 8, "`available`, `pending` or `total`"},
        {"spent(0s) > 5", 6, 2, "longer than nothing"},
        {"spent(window + 1h) > 5", 6, 11, "written out"},
        {"age(1h) > 5", 0, 7, "no arguments"},

        /* what people bring along from elsewhere */
        {"available < €100", 12, 3, "write the currency by its letters, behind: `100 EUR`"},
        {"available < 100€", 15, 3, "write the currency by its letters, behind: `100 EUR`"},
        {"available < USD 100", 16, 3, "write a currency behind its amount: `100 USD`"},
        {"available < $100", 12, 1, "write a parameter's name alone, an amount as `100 USD`"},
        {"available is null", 10, 2,
         "write `==` to compare; there is no null: what is not known makes the condition unknown"},
        {"available == null", 13, 4,
         "there is no `null`: what is not known makes the condition unknown, and no reference is `\"\"`"},
        {"reference is not null", 10, 2,
         "write `==` to compare; there is no null: what is not known makes the condition unknown"},
        {"available between 1 and 5", 10, 7, "write `available >= 1 and available <= 5`"},
        {"available < 10k", 12, 3, "write the number out: `10000`"},
        {"available < 1_000", 12, 5, "a number has no separators of thousands: write `1000.50`"},
        {"available < 1'000", 13, 1, "a number has no separators of thousands, and one decimal point: write `1000.50`"},
        {"available < 1,000.50", 13, 1,
         "a comma separates only arguments and list elements: write `and` between conditions, and numbers without: "
         "`1000.50`"},
        {"available < 1.000.000", 17, 1,
         "a number has no separators of thousands, and one decimal point: write `1000.50`"},
        {"available < 1 000", 14, 3,
         "an operator is missing before this; a number has no spaces in it: write `1000.50`"},
        {"delta(available, 60) < 5", 17, 2,
         "a window is a duration such as `90s`, `1h` or `7d`: write `delta(available)` or `delta(available, 1h)`"},
        {"delta(available, 1 h) < 5", 19, 1,
         "a unit stands right behind its number, and is `ms`, `s`, `m`, `h` or `d`: `5m`"},
        {"delta(available 1h) < 5", 16, 2, "write `,` or `)` here"},
        {"delta(available, 1h < 5", 5, 1, "this parenthesis is never closed"},
        {"min(available, pending) < 5", 15, 7,
         "a window is a duration such as `90s`, `1h` or `7d`: write `min(available, 24h)`"},
        {"avg(suppressed, 1h) < 5", 4, 10, "write `available`, `pending` or `total` here, as in `avg(available, 24h)`"},
        {"unchanged(available, 1h)", 21, 2, "there is one argument too many: write `unchanged(available)`"},
        {"unchanged(available)", 0, 20, "a rule takes conditions, this is a duration: compare it, as in `age > 2h`"},
        {"unchanged(available) > 60", 23, 2, "a duration has a unit: `ms`, `s`, `m`, `h` or `d`, as in `90s`"},
        {"runway() < 2d", 0, 8, "an argument is missing: write `runway(24h)`"},
        {"runway < 2d", 0, 6, "this is a function: write `runway(24h)`"},
        {"runway(available, 24h) < 2d", 7, 9,
         "a window is a duration such as `90s`, `1h` or `7d`: write `runway(24h)`"},
        {"runway(7d) < 2 days", 15, 4,
         "a unit stands right behind its number, and is `ms`, `s`, `m`, `h` or `d`: `5m`"},
        {"runway(7d) < 48", 13, 2, "a duration has a unit: `ms`, `s`, `m`, `h` or `d`, as in `90s`"},
        {"age < 60", 6, 2, "a duration has a unit: `ms`, `s`, `m`, `h` or `d`, as in `90s`"},
        {"available < 5 m", 14, 1, "a unit stands right behind its number, and is `ms`, `s`, `m`, `h` or `d`: `5m`"},
        {"age > 1day", 6, 4, "the units of durations are `ms`, `s`, `m`, `h` and `d`: `30s`, `5m`, `2h`, `14d`"},
        {"age > 2weeks", 6, 6, "the units of durations are `ms`, `s`, `m`, `h` and `d`: `30s`, `5m`, `2h`, `14d`"},
        {"age > 1h 30m", 9, 3, "write a duration without spaces: `1h30m`"},
        {"available.previous < 5", 0, 9, "only `previous` has fields: write `previous.available`"},
        {"available less than 100", 10, 4, "write `<` or `<=`"},
        {"available < 100, pending > 1", 15, 1,
         "a comma separates only arguments and list elements: write `and` between conditions, and numbers without: "
         "`1000.50`"},
        {"currency == \"US\"", 12, 4, "a currency has three letters: write `\"USD\"`"},
        {"currency == \"dollars\"", 12, 9, "a currency has three letters: write `\"USD\"`"},
        {"currency == USD", 12, 3, "there is no field or parameter `USD`; a text is written `\"USD\"`"},
        {"currency in (USD, EUR)", 13, 3, "there is no field or parameter `USD`; a text is written `\"USD\"`"},
        {"source like main", 12, 4, "there is no `main`; did you mean `min`, or the text `\"main\"`?"},
        {"reference like acme*", 20, 0, "something is missing at the end: a field, a value or a condition"},
        {"delta(available, -1h) < 5", 17, 3, "a window is longer than nothing"},
        {"delta(currency) < 5", 6, 8,
         "write `available`, `pending` or `total` here, as in `delta(available)` or `delta(available, 1h)`"},
        {"delta(available, 1h, 2h) < 5", 21, 2,
         "there is one argument too many: write `delta(available)` or `delta(available, 1h)`"},
        {"spent(available, 24h) > 5", 6, 9, "a window is a duration such as `90s`, `1h` or `7d`: write `spent(24h)`"},
        {"changes(available) > 5", 0, 18, "an argument is missing: write `changes(available, 24h)`"},
        {"changes(available, 24h) > 1h", 26, 2, "a number cannot be compared with a duration"},
        {"sum(available, 1h) > 5", 0, 3, "there is no `sum`: write `spent(24h)` or `added(24h)`"},
        {"count(available, 1h) > 5", 0, 5, "there is no `count`: write `changes(available, 24h)`"},
        {"abs() > 5", 0, 5, "an argument is missing: write `abs(delta(available))`"},
        {"available < \"100 USD\"", 12, 9, "an amount cannot be compared with a text: write it without quotes"},
        {"available < 100 %", 16, 1, "write `%` right behind a number: `20%`"},
        {"available < 20% of total", 16, 2, "write `*`: `20% * total`"},
        {"available < 20% total", 16, 5, "write an operator such as `and` before this, or take it out"},
        {"suppressed ? 1 : 2", 11, 1, "there is no choice of values; join conditions with `and`, `or`"},
        {"available > 100 xor suppressed", 16, 3, "write `!=` between two conditions in parentheses"},
        {"available < 100 USD EUR", 20, 3, "write an operator such as `and` before this, or take it out"},
        {"available < 5 USD + 5 EUR", 20, 5,
         "nothing is converted between USD and EUR: write both in the same currency"},
        {"5 USD < 7 EUR", 8, 5, "nothing is converted between USD and EUR: write both in the same currency"},
        {"suppressed is true", 11, 2,
         "write `==` to compare; there is no null: what is not known makes the condition unknown"},
        {"available !< 5", 10, 2, "write `>=`"},
        {"available < 100 and not", 23, 0, "something is missing at the end: a field, a value or a condition"},
        {"available < = 100", 12, 1, "write `<=`, `>=`, `==` and `!=` without a space"},
        {"reference == acme\"", 17, 1, "this text has no opening `\"`"},
        {"reference == “acme”", 13, 3, "write plain double quotes: `\"`"},
        {"currency == \"USD\" or \"EUR\"", 21, 5,
         "`or` takes conditions, this is a text: write the whole comparison again, or `currency in (\"USD\", "
         "\"EUR\")`"},
        {"card in [1, 2]", 8, 1, "write lists in parentheses: `(1, 2)`"},
        {"reference matches \"a.*\"", 10, 7, "write `like` and a pattern: `reference like \"*acme*\"`"},
        {"changed available", 0, 7, "this is a function: write `changed(available)`"},
        {"previous(available) < 5", 0, 8, "write the field, as in `previous.available`"},
        {"available < 100 & suppressed", 16, 1, "write `and`"},
        {"available > NaN", 12, 3,
         "there is no `NaN`: what is not known makes the condition unknown, and no reference is `\"\"`"},
        {"now > 5", 0, 3, "there is no `now`: how long ago something was is said by `age` or `unchanged(available)`"},
        {"for 5m", 0, 3, "how long a condition must last is said by the rule's key `for:`"},
        {"available < 100 for 5m", 16, 3, "how long a condition must last is said by the rule's key `for:`"},
        {"available < floor for 2m", 18, 3, "how long a condition must last is said by the rule's key `for:`"},
        {"delta(available, floor) < 5", 17, 5,
         "a window is a duration such as `90s`, `1h` or `7d`: write `delta(available)` or `delta(available, 1h)`"},
        {"delta(available, abs(1h)) < 5", 17, 7, "a window is written out, such as `1h`, or is a parameter"},
        {"max(previous.available, 1h) > 5", 4, 18,
         "write `available`, `pending` or `total` here, as in `max(available, 24h)`"},
        {"min(available, 1h, true) > 5", 19, 4, "there is one argument too many: write `min(available, 24h)`"},
        {"min available > 5", 0, 3, "this is a function: write `min(available, 24h)`"},
        {"spent(1h) > 3x spent(24h)", 12, 2, "write `*`: `3 * available`"},
        {"3 available > 5", 2, 9, "write an operator such as `and` before this, or take it out"},
        {"available < 1h", 12, 2, "an amount cannot be compared with a duration"},
        {"card == abc", 8, 3, "there is no `abc`; did you mean `abs`, or the text `\"abc\"`?"},
        {"age * age > 5h", 0, 9, "a duration and a duration cannot be multiplied"},
        {"available % 5 == 0", 10, 1, "write `%` right behind a number: `20%`"},
        {"available ^ 2 > 5", 10, 1, "there are no powers; write `*` to multiply"},
        {"available++ > 5", 10, 1, "a number has no plus sign: leave it out"},
        {"available < 100 // comment", 16, 2, "a comment begins with `#`"},
};

static void test_mistakes_are_shown_and_explained(void **state)
{
        unsigned n_wrong = 0;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_expr_error error = {0};
                struct cw_expr *expr = NULL;
                int r = cw_expr_compile(cases[i].text, &condition, &expr, &error);

                if (r == -EINVAL && !expr && error.offset == cases[i].offset && error.len == cases[i].len &&
                    strstr(error.message, cases[i].fragment))
                        continue;
                print_error("'%s': %d at %zu+%zu: %s\n", cases[i].text, r, error.offset, error.len, error.message);
                cw_expr_free(expr);
                n_wrong++;
        }
        assert_int_equal(n_wrong, 0);
}

static void test_events_may_say_what_conditions_may_not(void **state)
{
        struct cw_expr_error error = {0};
        struct cw_expr *expr = NULL;

        (void)state;
        assert_int_equal(cw_expr_compile("appeared or disappeared and age > 2h", &event, &expr, &error), 0);
        cw_expr_free(expr);
}

static char *repeat(const char *head, const char *unit, size_t n, const char *tail)
{
        size_t unit_len = strlen(unit), len = strlen(head);
        char *text = malloc(len + n * unit_len + strlen(tail) + 1);

        assert_non_null(text);
        strcpy(text, head);
        for (size_t i = 0; i < n; i++, len += unit_len)
                memcpy(text + len, unit, unit_len);
        strcpy(text + len, tail);
        return text;
}

static void test_hostile_texts_are_refused_in_bounds(void **state)
{
        static const struct {
                const char *name, *head, *unit;
                size_t n;
                const char *tail, *fragment;
        } hostile[] = {
                {"parentheses", "", "(", 4000, "", "too deep"},
                {"signs", "available < ", "-", 4000, "5", "too deep"},
                {"negations", "", "not ", 1000, "suppressed", "too deep"},
                {"calls", "", "abs(", 1000, "", "too deep"},
                {"lists", "", "1 in (", 600, "", "too deep"},
                {"a long sum", "available < 1", "+1", 2000, "", "too many parts"},
                {"a long line", "available < 1", " ", 5000, "", "at most 4096"},
                {"a very long line", "", "x", 10000000, "", "at most 4096"},
                {"a long number", "available < 1", "0", 3000, "", "too long"},
                {"a long name", "", "x", 4000, " < 1", "no field or parameter"},
                {"a long duration", "available < 1", "d", 3000, "", "neither a number"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(hostile); i++) {
                cw_autofree char *text = repeat(hostile[i].head, hostile[i].unit, hostile[i].n, hostile[i].tail);
                struct cw_expr_error error = {0};
                struct cw_expr *expr = NULL;

                if (cw_expr_compile(text, &condition, &expr, &error) != -EINVAL ||
                    !strstr(error.message, hostile[i].fragment) || error.offset + error.len > strlen(text))
                        fail_msg("%s: at %zu+%zu: %s", hostile[i].name, error.offset, error.len, error.message);
        }
}

static void test_large_but_honest_texts_compile(void **state)
{
        static const struct {
                const char *head, *unit;
                size_t n;
                const char *tail;
        } honest[] = {
                {"card in (1", ",2", 2000, ")"},
                {"suppressed", " or suppressed", 290, ""},
                {"", "(", 60, "suppressed"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(honest); i++) {
                cw_autofree char *text = repeat(honest[i].head, honest[i].unit, honest[i].n, honest[i].tail);
                cw_autofree char *closed = i == 2 ? repeat(text, ")", 60, "") : strdup(text);
                struct cw_card card = {.id = 2, .suppressed = true, .currency = "USD"};
                struct cw_value params[CW_ARRAY_SIZE(names)] = {0};
                struct cw_expr_context context = {.now = &card, .source = "main", .params = params};
                struct cw_expr_error error = {0};
                struct cw_expr *expr = NULL;

                if (cw_expr_compile(closed, &condition, &expr, &error) < 0)
                        fail_msg("%s", error.message);
                assert_int_equal(cw_expr_truth(expr, &context), CW_TRUE);
                cw_expr_free(expr);
        }
}

/* Everything that can be asked of an expression that compiled. */
static void exercise(const struct cw_expr *expr)
{
        static const struct cw_card card = {
                .id = 2, .available = CW_AMOUNT_MIN, .total = CW_AMOUNT_MAX, .currency = "USD"};
        static const struct cw_value params[CW_ARRAY_SIZE(names)] = {{.type = CW_VALUE_STRING}};
        struct cw_expr_context context = {.now = &card, .source = "main", .params = params};
        struct cw_expr_subject subject;
        struct cw_expr_limit limit;
        struct cw_hash hash;

        cw_expr_truth(expr, &context);
        context.previous = &card;
        cw_expr_truth(expr, &context);
        if (cw_expr_subject(expr, &subject) == 0)
                assert_true(subject.amount <= CW_EXPR_TOTAL);
        if (cw_expr_limit(expr, &context, &limit) == 0)
                assert_true(limit.label >= cw_expr_text(expr) &&
                            limit.label + limit.label_len <= cw_expr_text(expr) + strlen(cw_expr_text(expr)));
        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_expr_meaning(expr, &hash);
}

/* Every change of one byte of good expressions: never a crash, an error always inside the text. */
static void test_damaged_texts_never_surprise(void **state)
{
        static const char *const good[] = {
                "not (available - 20% * total < floor) or previous.card in (1, 2) and reference like \"a\\\"*\"",
                "abs(delta(available)) >= 50 USD and changed(currency) != strict # why",
        };
        static const char bytes[] = "\"\\()<=!-.,%#a0 \n\xff\xe2";

        (void)state;
        for (size_t g = 0; g < CW_ARRAY_SIZE(good); g++) {
                size_t len = strlen(good[g]);

                for (size_t i = 0; i < len * sizeof(bytes); i++) {
                        cw_autofree char *text = strdup(good[g]);
                        struct cw_expr_error error = {0};
                        struct cw_expr *expr = NULL;
                        int r;

                        text[i / sizeof(bytes)] = bytes[i % sizeof(bytes)];
                        r = cw_expr_compile(text, &condition, &expr, &error);
                        assert_true(r == 0 || r == -EINVAL);
                        if (r == 0)
                                exercise(expr);
                        if (r < 0 && (error.offset + error.len > strlen(text) || !error.message[0]))
                                fail_msg("'%s': %zu+%zu %s", text, error.offset, error.len, error.message);
                        cw_expr_free(expr);
                }
        }
}

static void test_names_of_parameters(void **state)
{
        static const struct {
                const char *name;
                int r;
        } words[] = {
                {"floor", 0},
                {"_x1", 0},
                {"usd", 0},
                {"", -EINVAL},
                {"1x", -EINVAL},
                {"a-b", -EINVAL},
                {"Floor", -EINVAL},
                {"\u00e9", -EINVAL},
                {"and", -EEXIST},
                {"true", -EEXIST},
                {"previous", -EEXIST},
                {"total", -EEXIST},
                {"min", -EEXIST},
                {"appeared", -EEXIST},
                {"card", -EEXIST},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(words); i++)
                if (cw_expr_check_name(words[i].name) != words[i].r)
                        fail_msg("%s", words[i].name);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mistakes_are_shown_and_explained),
                cmocka_unit_test(test_events_may_say_what_conditions_may_not),
                cmocka_unit_test(test_hostile_texts_are_refused_in_bounds),
                cmocka_unit_test(test_large_but_honest_texts_compile),
                cmocka_unit_test(test_damaged_texts_never_surprise),
                cmocka_unit_test(test_names_of_parameters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
