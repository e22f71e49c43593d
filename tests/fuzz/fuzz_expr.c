/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what compiles can be evaluated for any card, means the same however often it is read, and says so. */
#include <errno.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/hash.h"
#include "cardwatch/value.h"
#include "fuzz.h"

static const char *const names[] = {"floor", "limit", "share", "team", "grace", "strict"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_AMOUNT,   CW_VALUE_NUMBER,
                                           CW_VALUE_STRING, CW_VALUE_DURATION, CW_VALUE_BOOL};

static uint64_t meaning_of(const struct cw_expr *expr)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_expr_meaning(expr, &hash);
        return cw_hash_end(&hash);
}

static void evaluate(const struct cw_expr *expr)
{
        static const struct cw_card cards[] = {
                {.id = 1,
                 .customer = 2,
                 .available = 99990000,
                 .total = 99990000,
                 .reference = "acme-1",
                 .currency = "USD"},
                {.id = INT64_MAX,
                 .customer = INT64_MIN,
                 .available = INT64_MIN,
                 .pending = INT64_MAX,
                 .total = INT64_MIN,
                 .currency = "KWD",
                 .suppressed = true},
                {.id = 7,
                 .customer = 7,
                 .available = INT64_MAX,
                 .pending = INT64_MIN,
                 .total = INT64_MAX,
                 .reference = "\xc3\xa9*?\\",
                 .currency = "usd",
                 .last4 = "1234"},
        };
        const struct cw_value params[] = {
                {.type = CW_VALUE_NUMBER, .known = true, .number = 100000000},
                {.type = CW_VALUE_AMOUNT, .known = true, .number = INT64_MAX, .currency = "EUR"},
                {.type = CW_VALUE_NUMBER, .known = true, .number = 1},
                {.type = CW_VALUE_STRING, .known = true, .string = "a*"},
                {.type = CW_VALUE_DURATION, .known = true, .duration_ms = INT64_MIN},
                {.type = CW_VALUE_BOOL},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(cards); i++)
                for (size_t j = 0; j <= CW_ARRAY_SIZE(cards); j++) {
                        struct cw_expr_context context = {
                                .now = &cards[i],
                                .previous = j < CW_ARRAY_SIZE(cards) ? &cards[j] : NULL,
                                .source = "main",
                                .params = params,
                                .appeared = i == j,
                        };
                        struct cw_expr_limit limit;
                        struct cw_value value;

                        cw_expr_eval(expr, &context, &value);
                        must(value.type == CW_VALUE_BOOL);
                        must(cw_expr_truth(expr, &context) <= CW_UNKNOWN);
                        (void)!cw_expr_limit(expr, &context, &limit);
                }
}

static void try_scope(const char *text, size_t size, bool is_event)
{
        struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}, .is_event = is_event};
        struct cw_expr_error error = {0};
        struct cw_expr *expr = NULL, *again = NULL;
        struct cw_expr_subject subject;
        int r = cw_expr_compile(text, &scope, &expr, &error);

        must(r == 0 || r == -EINVAL);
        if (r < 0) {
                must(!expr && error.message[0] != '\0');
                must(error.offset <= size && error.len <= size - error.offset);
                return;
        }
        must(strcmp(cw_expr_text(expr), text) == 0);
        must(cw_expr_compile(cw_expr_text(expr), &scope, &again, &error) == 0);
        must(meaning_of(expr) == meaning_of(again));
        (void)!cw_expr_subject(expr, &subject);
        (void)cw_expr_uses(expr);
        evaluate(expr);
        cw_expr_free(expr);
        cw_expr_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_copy(data, size, 1);
        struct cw_expr_error error;
        struct cw_value value;

        try_scope(text, strlen(text), false);
        try_scope(text, strlen(text), true);
        if (cw_value_parse(text, size, &value, &error) == 0)
                cw_value_deinit(&value);
        free(text);
        return 0;
}
