/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what compiles can be evaluated for any card, means the same however often it is read, and says so. */
#include <errno.h>

#include "../../src/core/trail.h"
#include "cardwatch/buf.h"
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

static struct cw_trail *past_of(const struct cw_expr *expr, const struct cw_card *first, const struct cw_card *second)
{
        static const int64_t longest_ms[CW_ARRAY_SIZE(names)] = {[4] = 3600000};
        struct cw_trail_needs needs = {0};
        struct cw_trail *trail;
        int64_t folded_at;

        cw_expr_needs(expr, longest_ms, &needs);
        must(cw_trail_new(0, &trail) == 0);
        for (int64_t i = 1; i < 8; i++) {
                struct cw_trail_change change = {
                        .at = i * 700000,
                        .changed = (uint16_t)(i * 0x49),
                        .before = i == 3  ? NULL
                                  : i % 2 ? first
                                          : second,
                        .now = i % 2 ? second : first,
                };

                must(cw_trail_add(trail, &needs, &change, &folded_at) == 0);
        }
        return trail;
}

static void judge(const struct cw_expr *expr, struct cw_expr_context *context)
{
        int64_t look_at = INT64_MAX;
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_expr_limit limit, measure;
        struct cw_value value;

        context->look_at = &look_at;
        cw_expr_eval(expr, context, &value);
        must(value.type == CW_VALUE_BOOL);
        must(look_at > context->at);
        context->look_at = NULL;
        must(cw_expr_truth(expr, context) <= CW_UNKNOWN);
        (void)!cw_expr_limit(expr, context, &limit);
        (void)!cw_expr_alternative(expr, context, &measure, &limit);
        cw_expr_explain(expr, context, &buf);
        must(cw_buf_error(&buf) == 0 && buf.len > 0 && buf.len <= CW_EXPR_TEXT_MAX);
        must(!memchr(buf.data, '\n', buf.len));
        cw_buf_deinit(&buf);
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
                        struct cw_trail *trail = past_of(expr, &cards[i], &cards[(i + 1) % CW_ARRAY_SIZE(cards)]);

                        judge(expr, &context);
                        context.trail = trail;
                        for (int64_t at = 0; at < 9; at++) {
                                context.at = at * 650000;
                                judge(expr, &context);
                        }
                        cw_trail_free(trail);
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
