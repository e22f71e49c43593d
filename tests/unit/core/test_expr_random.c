/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random expressions over random histories: what the evaluator says is what the oracle says, and until `look_at` an
 * observation that changes nothing says the same.
 *
 * CARDWATCH_SEED in the environment plays one history again, CARDWATCH_HISTORIES more or fewer of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/expr_node.h"
#include "../../../src/core/trail.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "oracle.h"

#define HISTORIES   1500
#define EXPRESSIONS 8
#define STEPS_MAX   30
#define LOOKS       6

static const char *const names[] = {"floor", "cap", "team", "grace", "strict", "window", "never", "vip"};
static const enum cw_value_type types[] = {CW_VALUE_NUMBER, CW_VALUE_AMOUNT,   CW_VALUE_STRING,   CW_VALUE_DURATION,
                                           CW_VALUE_BOOL,   CW_VALUE_DURATION, CW_VALUE_DURATION, CW_VALUE_INTEGER};
static const struct cw_value params[] = {
        {.type = CW_VALUE_NUMBER, .known = true, .number = 2500000},
        {.type = CW_VALUE_AMOUNT, .known = true, .number = 3000000, .currency = "EUR"},
        {.type = CW_VALUE_STRING, .known = true, .string = "acme-1"},
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 700},
        {.type = CW_VALUE_BOOL, .known = true, .boolean = true},
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 1500},
        {.type = CW_VALUE_DURATION},
        {.type = CW_VALUE_INTEGER, .known = true, .integer = 11057},
};
static const struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}, .is_event = true};

struct chance {
        uint64_t state;
};

static uint64_t draw(struct chance *chance)
{
        uint64_t x = chance->state += UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

static unsigned below(struct chance *chance, unsigned n)
{
        return (unsigned)(draw(chance) % n);
}

#define PICK(chance, list) ((list)[below((chance), CW_ARRAY_SIZE(list))])

/* Texts of expressions: `%` stands for another part, of the type that the letter behind it says. */

static const char *const bools[] = {
        "%a %c %a",
        "%a %c %a",
        "%a %c %n",
        "%n %c %a",
        "%n %c %n",
        "%d %c %d",
        "%d %c %d",
        "age %c %d",
        "unchanged(%f) %c %d",
        "%d %c age",
        "%d %c unchanged(%f)",
        "age %c %l",
        "unchanged(%f) %c %l",
        "%l %c unchanged(%f)",
        "changed(%f)",
        "changed(%f)",
        "suppressed",
        "previous.suppressed",
        "strict == (%b)",
        "not (%b)",
        "not (%b)",
        "(%b and %b)",
        "(%b and %b)",
        "(%b or %b)",
        "(%b or %b)",
        "(%b) == (%b)",
        "%t == %t",
        "%t != %t",
        "%t in (%t, %t)",
        "reference like \"acme*\"",
        "%t like \"*1\"",
        "%i %c %i",
        "%i in (7, %i, 8)",
        "%a in (%a, %n)",
        "%d in (%d, %l)",
        "appeared",
        "disappeared",
        "true",
        "changes(%f, %w) %c %n",
        "delta(%m, %w) %c %n",
        "spent(%w) %c %n",
        "runway(%w) %c %l",
};
static const char *const amounts[] = {
        "%m",          "%m",          "previous.%m", "delta(%m)", "delta(%m, %w)", "delta(%m, %w)",
        "min(%m, %w)", "max(%m, %w)", "avg(%m, %w)", "spent(%w)", "added(%w)",     "cap",
        "2.50 USD",    "3 EUR",       "(%a + %a)",   "(%a - %n)", "(%n + %a)",     "(%a * %n)",
        "(%n * %a)",   "(%a / %n)",   "-%a",         "abs(%a)",
};
static const char *const numbers[] = {
        "%k",        "%k",        "%k",        "%k",        "floor", "changes(%f, %w)", "changes(%f, %w)", "(%a / %a)",
        "(%d / %d)", "(%n + %n)", "(%n * %n)", "(%n / %n)", "-%k",   "abs(%n)",
};
static const char *const durations[] = {
        "%l",    "%l",        "%l",        "age",       "unchanged(%f)", "runway(%w)", "grace",
        "never", "(%d + %d)", "(%d - %d)", "(%d * %n)", "(%d / %n)",     "abs(%d)",    "-%d",
};
static const char *const constants[] = {"0",   "1",        "2", "2.5", "3",       "0.000001",     "0.5",
                                        "20%", "33.3333%", "7", "100", "1000000", "9000000000000"};
static const char *const lengths[] = {"1ms", "2ms", "5ms",     "10ms", "50ms", "100ms", "500ms",
                                      "1s",  "2s",  "1s500ms", "5s",   "10s",  "1m",    "1h"};
static const char *const windows[] = {"1ms", "3ms", "10ms", "50ms", "100ms",  "500ms",  "1s",
                                      "2s",  "5s",  "20s",  "1h",   "window", "window", "never"};
static const char *const fields[] = {"available", "available", "pending",  "total",  "suppressed",
                                     "currency",  "reference", "customer", "source", "card"};
static const char *const money[] = {"available", "available", "pending", "total"};
static const char *const texts[] = {"\"acme-1\"",         "\"eur\"",          "\"USD\"", "\"\"",
                                    "currency",           "reference",        "source",  "team",
                                    "previous.reference", "previous.currency"};
static const char *const ids[] = {"customer", "card", "11057", "7", "vip", "previous.customer"};
static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};

static void put(struct cw_buf *buf, struct chance *chance, char type, unsigned depth);

static void put_pattern(struct cw_buf *buf, struct chance *chance, const char *pattern, unsigned depth)
{
        for (; *pattern; pattern++) {
                if (pattern[0] == '%' && pattern[1] >= 'a' && pattern[1] <= 'z')
                        put(buf, chance, *++pattern, depth + 1);
                else
                        cw_buf_putc(buf, *pattern);
        }
}

/* Deep inside, only what has no further parts: these come first in each table, or are constants. */
static void put(struct cw_buf *buf, struct chance *chance, char type, unsigned depth)
{
        bool is_deep = depth > 4;

        switch (type) {
        case 'b':
                put_pattern(buf, chance, is_deep ? "suppressed" : PICK(chance, bools), depth);
                break;
        case 'a':
                put_pattern(buf, chance, is_deep ? "%m" : PICK(chance, amounts), depth);
                break;
        case 'n':
                put_pattern(buf, chance, is_deep ? "%k" : PICK(chance, numbers), depth);
                break;
        case 'd':
                put_pattern(buf, chance, is_deep ? "%l" : PICK(chance, durations), depth);
                break;
        case 'k':
                cw_buf_puts(buf, PICK(chance, constants));
                break;
        case 'l':
                cw_buf_puts(buf, PICK(chance, lengths));
                break;
        case 'w':
                cw_buf_puts(buf, PICK(chance, windows));
                break;
        case 'f':
                cw_buf_puts(buf, PICK(chance, fields));
                break;
        case 'm':
                cw_buf_puts(buf, PICK(chance, money));
                break;
        case 't':
                cw_buf_puts(buf, PICK(chance, texts));
                break;
        case 'i':
                cw_buf_puts(buf, PICK(chance, ids));
                break;
        default:
                cw_buf_puts(buf, PICK(chance, signs));
                break;
        }
}

/* One history. */

struct subject {
        struct cw_buf text;
        struct cw_expr *expr;
};

struct play {
        uint64_t seed;
        struct chance chance;
        struct subject subjects[EXPRESSIONS];
        struct cw_trail_needs needs;
        struct cw_trail *trail;
        struct oracle_past past;
        struct cw_card now, previous;
        int64_t at, first_seen_at;
        bool is_first;
        bool jumps; /* the clock is set back now and then */
        unsigned long n_values, n_known, n_rests;
};

static bool compile(struct play *play, struct subject *subject)
{
        static const int64_t longest_ms[CW_ARRAY_SIZE(names)] = {[3] = 700, [5] = 1500};
        static const struct {
                char type;
                const char *tail;
        } probes[] = {{'a', " > 0"}, {'n', " > 0"}, {'d', " > 0s"}};
        struct cw_expr_error error = {0};
        unsigned kind = below(&play->chance, 6);
        int r;

        cw_buf_clear(&subject->text);
        if (kind < CW_ARRAY_SIZE(probes)) {
                put(&subject->text, &play->chance, probes[kind].type, 1);
                cw_buf_puts(&subject->text, probes[kind].tail);
        } else {
                put(&subject->text, &play->chance, 'b', 0);
        }
        assert_int_equal(cw_buf_error(&subject->text), 0);
        r = cw_expr_compile(cw_buf_text(&subject->text), &scope, &subject->expr, &error);
        if (r < 0 && !strstr(error.message, "currenc") && !strstr(error.message, "too deep"))
                fail_msg("seed %" PRIu64 ": '%s' at %zu: %s", play->seed, cw_buf_text(&subject->text), error.offset,
                         error.message);
        if (r == 0)
                cw_expr_needs(subject->expr, longest_ms, &play->needs);
        return r == 0;
}

static struct oracle_value ask_oracle(const struct play *play, const char *text, const struct cw_expr_context *context)
{
        struct oracle_context question = {
                .past = &play->past,
                .now = context->now,
                .previous = context->previous,
                .source = context->source,
                .names = names,
                .params = params,
                .n_params = CW_ARRAY_SIZE(params),
                .appeared = context->appeared,
                .disappeared = context->disappeared,
                .at = context->at,
                .first_seen_at = context->first_seen_at,
        };

        return oracle_eval(text, &question);
}

static __int128 count_of(const struct cw_value *value)
{
        switch (value->type) {
        case CW_VALUE_BOOL:
                return value->boolean;
        case CW_VALUE_STRING:
                return 0;
        default:
                return value->number;
        }
}

static void compare(struct play *play, const struct cw_expr_context *context, const char *text,
                    const struct cw_value *value)
{
        struct oracle_value expected = ask_oracle(play, text, context);

        play->n_values++;
        play->n_known += value->known;
        if (value->known == expected.known &&
            (!value->known || (count_of(value) == expected.count && strcmp(value->currency, expected.currency) == 0)))
                return;
        fail_msg("seed %" PRIu64 ": at %" PRId64 " '%s' is %s%" PRId64 " %s, the oracle says %s%" PRId64 " %s",
                 play->seed, context->at, text, value->known ? "" : "unknown ", (int64_t)count_of(value),
                 value->currency, expected.known ? "" : "unknown ", (int64_t)expected.count, expected.currency);
}

/* The quantity that a probe is about, not only whether it is above zero. */
static void compare_left(struct play *play, const struct subject *subject, const struct cw_expr_context *context)
{
        const struct cw_node *root = &subject->expr->nodes[subject->expr->root], *left;
        cw_autofree char *text = NULL;
        struct cw_value value;

        if (!cw_node_is_order(root->kind))
                return;
        left = &subject->expr->nodes[root->left];
        text = strndup(subject->expr->text + left->offset, left->len);
        cw_expr_eval_node(subject->expr, context, root->left, &value);
        compare(play, context, text, &value);
}

static struct cw_expr_context context_of(const struct play *play, int64_t at)
{
        return (struct cw_expr_context){
                .now = &play->now,
                .previous = &play->now,
                .source = "main",
                .params = params,
                .at = at,
                .first_seen_at = play->first_seen_at,
                .trail = play->trail,
        };
}

/* Until it says that it must look, an observation that changes nothing tells the same. */
static void check_rest(struct play *play, const struct subject *subject, const struct cw_value *before, int64_t look_at)
{
        static const int64_t steps[] = {1, 1, 2, 7, 40, 90, 450, 1000, 4000, 20000, 4000000};

        for (unsigned i = 0; i < LOOKS; i++) {
                int64_t at = i == 0 ? look_at - 1 : play->at + PICK(&play->chance, steps);
                struct cw_expr_context context = context_of(play, at);
                struct cw_value value;

                if (at <= play->at || at >= look_at || look_at == INT64_MAX - (i == 0))
                        continue;
                cw_expr_eval(subject->expr, &context, &value);
                play->n_rests++;
                if (value.known != before->known || (value.known && value.boolean != before->boolean))
                        fail_msg("seed %" PRIu64 ": '%s' turns at %" PRId64
                                 ", but it was to be looked at only at %" PRId64,
                                 play->seed, cw_buf_text(&subject->text), at, look_at);
        }
}

static void judge(struct play *play, const struct subject *subject, struct cw_expr_context context)
{
        int64_t look_at = INT64_MAX;
        struct cw_value value;

        context.look_at = &look_at;
        cw_expr_eval(subject->expr, &context, &value);
        assert_true(look_at > context.at);
        compare(play, &context, cw_buf_text(&subject->text), &value);
        context.look_at = NULL;
        compare_left(play, subject, &context);
        check_rest(play, subject, &value, look_at);
}

static cw_amount some_amount(struct chance *chance)
{
        static const cw_amount odd[] = {CW_AMOUNT_MAX, CW_AMOUNT_MIN, 0, 1, -1, 999999, 2500000};

        return below(chance, 12) == 0 ? PICK(chance, odd) : ((cw_amount)below(chance, 9) - 2) * 500000;
}

static void change_card(struct play *play)
{
        static const char *const references[] = {NULL, "acme-1", "acme-2", "globex"};
        struct chance *chance = &play->chance;

        if (below(chance, 3) > 0)
                play->now.available = some_amount(chance);
        if (below(chance, 4) == 0)
                play->now.pending = some_amount(chance);
        if (below(chance, 4) == 0)
                play->now.total = some_amount(chance);
        if (below(chance, 8) == 0)
                play->now.suppressed = !play->now.suppressed;
        if (below(chance, 8) == 0)
                play->now.reference = PICK(chance, references);
        if (below(chance, 20) == 0)
                play->now.customer = below(chance, 2) ? 11057 : 8;
        if (below(chance, 25) == 0)
                memcpy(play->now.currency, below(chance, 2) ? "USD" : "EUR", 4);
}

static bool same_text(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "") == 0;
}

static uint16_t changed_fields(const struct cw_card *a, const struct cw_card *b)
{
        return (uint16_t)((a->available != b->available) << CW_FIELD_AVAILABLE |
                          (a->pending != b->pending) << CW_FIELD_PENDING | (a->total != b->total) << CW_FIELD_TOTAL |
                          (a->suppressed != b->suppressed) << CW_FIELD_SUPPRESSED |
                          (strcmp(a->currency, b->currency) != 0) << CW_FIELD_CURRENCY |
                          !same_text(a->reference, b->reference) << CW_FIELD_REFERENCE |
                          (a->customer != b->customer) << CW_FIELD_CUSTOMER);
}

static void pass_time(struct play *play)
{
        static const int64_t steps[] = {0, 1, 1, 2, 5, 10, 49, 50, 51, 100, 400, 500, 1000, 1500, 5000, 30000};

        play->at += PICK(&play->chance, steps);
        if (play->jumps && below(&play->chance, 10) == 0)
                play->at -= PICK(&play->chance, steps);
}

static void observe(struct play *play)
{
        struct cw_trail_change change = {.at = play->at, .now = &play->now};
        struct cw_expr_context context;
        int64_t folded_at;
        bool same_currency;

        play->previous = play->now;
        if (!play->is_first)
                change_card(play);
        change.changed = play->is_first ? 0 : changed_fields(&play->previous, &play->now);
        same_currency = strcmp(play->previous.currency, play->now.currency) == 0;
        if (play->is_first || change.changed) {
                oracle_observe(&play->past, play->at, &play->now);
                change.before = play->is_first || !same_currency ? NULL : &play->previous;
                assert_int_equal(cw_trail_add(play->trail, &play->needs, &change, &folded_at), 0);
        }
        context = context_of(play, play->at);
        context.previous = play->is_first || !same_currency ? NULL : &play->previous;
        context.appeared = play->is_first;
        context.disappeared = below(&play->chance, 30) == 0;
        for (unsigned i = 0; i < EXPRESSIONS; i++)
                judge(play, &play->subjects[i], context);
        play->is_first = false;
}

static void play_history(struct play *play, uint64_t seed)
{
        unsigned n = 0;

        play->seed = seed;
        play->chance.state = seed * UINT64_C(0x2545f4914f6cdd1d);
        play->at = play->first_seen_at = 1000000 + below(&play->chance, 1000);
        play->is_first = true;
        play->now = (struct cw_card){
                .id = 7, .customer = 11057, .available = some_amount(&play->chance), .currency = "EUR"};
        play->needs = (struct cw_trail_needs){0};
        assert_int_equal(cw_trail_new(play->first_seen_at, &play->trail), 0);
        while (n < EXPRESSIONS)
                n += compile(play, &play->subjects[n]);
        /* What no window reached by the wrong clock is forgotten, and the oracle forgets nothing. */
        play->jumps = below(&play->chance, 4) == 0;
        for (unsigned field = 0; play->jumps && field < CW_FIELD_COUNT; field++)
                play->needs.window_ms[field] = INT64_C(1000000000);
        for (unsigned steps = 1 + below(&play->chance, STEPS_MAX); steps > 0; steps--) {
                observe(play);
                pass_time(play);
        }
        for (unsigned i = 0; i < EXPRESSIONS; i++) {
                cw_expr_free(play->subjects[i].expr);
                play->subjects[i].expr = NULL;
        }
        cw_trail_free(play->trail);
        oracle_deinit(&play->past);
}

static void test_the_evaluator_says_what_the_oracle_says(void **state)
{
        const char *seed = getenv("CARDWATCH_SEED"), *histories = getenv("CARDWATCH_HISTORIES");
        unsigned long n = histories ? strtoul(histories, NULL, 10) : HISTORIES;
        struct play play = {0};

        (void)state;
        if (seed)
                play_history(&play, strtoull(seed, NULL, 10));
        for (unsigned long i = 1; !seed && i <= n; i++)
                play_history(&play, i);
        for (unsigned i = 0; i < EXPRESSIONS; i++)
                cw_buf_deinit(&play.subjects[i].text);
        print_message("%lu values, %lu known, %lu times at rest\n", play.n_values, play.n_known, play.n_rests);
        assert_true(play.n_known > play.n_values / 4);
        assert_true(play.n_rests > play.n_values / 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_evaluator_says_what_the_oracle_says),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
