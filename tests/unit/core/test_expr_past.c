/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one card with a past of a day, and tables of what conditions say of it, and of when they must look again. */
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

#define UNIT  CW_AMOUNT_UNIT
#define H     CW_HOUR_MS
#define NEVER INT64_MAX
#define F     CW_FALSE
#define T     CW_TRUE
#define U     CW_UNKNOWN

static const char *const names[] = {"grace", "never", "back", "cap"};
static const enum cw_value_type types[] = {CW_VALUE_DURATION, CW_VALUE_DURATION, CW_VALUE_DURATION, CW_VALUE_AMOUNT};
static const struct cw_expr_scope scope = {.params = {CW_ARRAY_SIZE(names), names, types}, .is_event = true};
static const struct cw_value params[] = {
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 5 * H},
        {.type = CW_VALUE_DURATION},
        {.type = CW_VALUE_DURATION, .known = true, .duration_ms = -5 * H},
        {.type = CW_VALUE_AMOUNT, .known = true, .number = 80 * UNIT, .currency = "EUR"},
};

struct step {
        int64_t hour;
        int64_t available, pending;
        const char *currency, *reference;
        bool suppressed;
};

/* A day: 100 at first; 80 from 10:00, 110 from 12:00, 60 from 20:00. */
static const struct step day[] = {
        {0, 100, 0, "EUR", "a", false},  {5, 100, 0, "EUR", "b", false}, {10, 80, 0, "EUR", "b", false},
        {12, 110, 0, "EUR", "b", false}, {15, 110, 0, "EUR", "b", true}, {20, 60, 5, "EUR", "b", true},
};
static const struct step spent_up[] = {{0, 100, 0, "EUR", "a", false}, {20, -10, 0, "EUR", "a", false}};
static const struct step another_currency[] = {
        {0, 100, 0, "EUR", "a", false}, {10, 50, 0, "EUR", "a", false}, {20, 30, 0, "USD", "a", false}};
static const struct step beyond[] = {{0, CW_AMOUNT_MAX / UNIT, 0, "EUR", "a", false},
                                     {10, 0, 0, "EUR", "a", false},
                                     {11, CW_AMOUNT_MAX / UNIT, 0, "EUR", "a", false},
                                     {12, 0, 0, "EUR", "a", false}};

struct past {
        struct cw_trail *trail;
        struct cw_card now;
};

static struct cw_card card_of(const struct step *step)
{
        struct cw_card card = {
                .id = 7,
                .customer = 11057,
                .available = step->available * UNIT,
                .pending = step->pending * UNIT,
                .reference = step->reference,
                .suppressed = step->suppressed,
        };

        memcpy(card.currency, step->currency, 4);
        return card;
}

static void live(struct past *past, const struct step *steps, size_t n)
{
        struct cw_trail_needs needs = {.kept = UINT16_MAX};
        struct cw_card before = card_of(&steps[0]);
        int64_t folded_at;

        for (unsigned field = 0; field < CW_FIELD_COUNT; field++)
                needs.window_ms[field] = 1000 * H;
        assert_int_equal(cw_trail_new(0, &past->trail), 0);
        past->now = before;
        for (size_t i = 1; i < n; i++, before = past->now) {
                struct cw_trail_change change = {.at = steps[i].hour * H, .now = &past->now};

                past->now = card_of(&steps[i]);
                change.before = strcmp(before.currency, past->now.currency) == 0 ? &before : NULL;
                change.changed = (uint16_t)((before.available != past->now.available) << CW_FIELD_AVAILABLE |
                                            (before.pending != past->now.pending) << CW_FIELD_PENDING |
                                            (before.suppressed != past->now.suppressed) << CW_FIELD_SUPPRESSED |
                                            (change.before == NULL) << CW_FIELD_CURRENCY |
                                            (before.reference != past->now.reference) << CW_FIELD_REFERENCE);
                assert_int_equal(cw_trail_add(past->trail, &needs, &change, &folded_at), 0);
        }
}

static enum cw_truth truth_of(const char *text, const struct cw_expr_context *context)
{
        struct cw_expr_error error = {0};
        struct cw_expr *expr;
        enum cw_truth truth;

        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
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

static struct cw_expr_context context_of(const struct past *past, int64_t at)
{
        return (struct cw_expr_context){
                .now = &past->now,
                .previous = &past->now,
                .source = "main",
                .params = params,
                .at = at,
                .first_seen_at = 0,
                .trail = past->trail,
        };
}

static void test_of_a_day(void **state)
{
        static const struct fact facts[] = {
                /* delta(f, d) */
                {"delta(available, 5h) == -50", T},
                {"delta(available, 5h) < -50", F},
                {"delta(available, 4h) == 0", T},
                {"delta(available, 4h1ms) == -50", T},
                {"delta(available, 15h) == -40", T},
                {"delta(available, 24h) == -40", T},
                {"delta(available, 300d) == -40", T},
                {"delta(pending, 1d) == 5", T},
                {"delta(total, 1d) == 0", T},
                {"delta(available, grace) == -50", T},
                {"delta(available, never) == -50", U},
                {"delta(available, back) == -50", U},
                {"delta(available, 5h) < 10 USD", U},
                {"delta(available, 5h) == -50 EUR", T},
                {"delta(available, 5h) == added(5h) - spent(5h)", T},
                {"delta(available, 300d) == added(300d) - spent(300d)", T},

                /* min(f, d) max(f, d) avg(f, d) */
                {"min(available, 1h) == 60", T},
                {"min(available, 13h) == 60", T},
                {"min(available, 13h) < 60", F},
                {"min(pending, 1d) == 0", T},
                {"min(available, never) == 60", U},
                {"min(available, 1d) < 100 USD", U},
                {"max(available, 4h) == 60", T},
                {"max(available, 4h1ms) == 110", T},
                {"max(available, 14h) == 110", T},
                {"max(available, 24h) > 110", F},
                {"max(available, back) > 110", U},
                {"avg(available, 4h) == 60", T},
                {"avg(available, 8h) == 85", T},
                {"avg(available, 24h) == 95", T},
                {"avg(available, 24h) != 95", F},
                {"avg(available, 300d) == 95", T},
                {"avg(available, 5h) == 70", T},
                {"avg(available, 7h) == 81.428571", T},
                {"avg(available, never) > 0", U},
                {"available < 0.7 * avg(available, 24h)", T},
                {"delta(available, 24h) < -0.3 * max(available, 24h)", T},

                /* changes(f, d) */
                {"changes(available, 24h) == 3", T},
                {"changes(available, 12h) == 1", T},
                {"changes(available, 12h1ms) == 2", T},
                {"changes(available, 4h) > 0", F},
                {"changes(suppressed, 24h) == 1", T},
                {"changes(reference, 24h) == 1", T},
                {"changes(reference, 19h) == 0", T},
                {"changes(currency, 24h) == 0", T},
                {"changes(customer, 24h) == 0 and changes(card, 24h) == 0 and changes(source, 24h) == 0", T},
                {"changes(available, never) == 3", U},
                {"changes(available, 24h) / 3 == 1", T},

                /* unchanged(f) and age */
                {"unchanged(available) == 4h", T},
                {"unchanged(available) > 4h", F},
                {"unchanged(pending) >= 4h", T},
                {"unchanged(suppressed) == 9h", T},
                {"unchanged(reference) == 19h", T},
                {"unchanged(total) == 24h", T},
                {"unchanged(currency) == age", T},
                {"unchanged(available) < grace", T},
                {"unchanged(available) < never", U},
                {"unchanged(available) * 6 == age", T},
                {"age == 1d", T},
                {"age > 1d", F},
                {"age() >= 1d", T},
                {"age > never", U},
                {"age - unchanged(available) == 20h", T},
                {"age in (23h, 24h)", T},
                {"age / 4h == 6", T},

                /* spent(d) added(d) */
                {"spent(24h) == 70", T},
                {"spent(12h) == 50", T},
                {"spent(4h) > 0", F},
                {"spent(300d) == 70 EUR", T},
                {"spent(24h) == 70 USD", U},
                {"spent(never) == 70", U},
                {"added(24h) == 30", T},
                {"added(12h) == 0", T},
                {"added(12h1ms) == 30", T},
                {"added(back) == 30", U},
                {"spent(24h) / 7 == 10", T},
                {"spent(5h) > 50% * spent(24h)", T},

                /* runway(d) */
                {"runway(24h) == 20h34m17s143ms", T},
                {"runway(24h) < 20h", F},
                {"runway(24h) < 1d", T},
                {"runway(96h) == 20h34m17s143ms", T},
                {"runway(96h1ms) < 30d", U},
                {"runway(97h) < 30d", U},
                {"runway(5h) == 6h", T},
                {"runway(2h) < 30d", U},
                {"runway(2h) < 30d or true", T},
                {"runway(never) < 30d", U},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        context = context_of(&past, 24 * H);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

static void test_at_the_first_observation(void **state)
{
        static const struct fact facts[] = {
                {"delta(available, 1h) == 0", T},
                {"delta(available) == 0", U},
                {"min(available, 1h) == 100", T},
                {"max(available, 1h) == 100", T},
                {"avg(available, 1h) == 100", T},
                {"changes(available, 1h) == 0", T},
                {"spent(1h) == 0", T},
                {"added(1h) == 0", T},
                {"runway(1ms) < 1h", U},
                {"unchanged(available) == 0s", T},
                {"age == 0s", T},
                {"age < 1ms", T},
                {"spent(1h) / spent(1h) == 1", U},
                {"appeared", T},
                {"disappeared", F},
                {"appeared and available > 50", T},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, day, 1);
        context = context_of(&past, 0);
        context.previous = NULL;
        context.appeared = true;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

static void test_of_a_card_that_has_nothing_left(void **state)
{
        static const struct fact facts[] = {
                {"runway(24h) == 0s", T},  {"runway(24h) > 0s", F},  {"runway(2h) == 0s", U},
                {"runway(200h) == 0s", U}, {"runway(96h) == 0s", T},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, spent_up, CW_ARRAY_SIZE(spent_up));
        context = context_of(&past, 24 * H);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

/* Amounts have no past in another currency; everything else has. */
static void test_of_a_card_that_changed_its_currency(void **state)
{
        static const struct fact facts[] = {
                {"delta(available, 24h) == 0", T},
                {"max(available, 24h) == 30", T},
                {"avg(available, 24h) == 30 USD", T},
                {"max(available, 24h) < 200 EUR", U},
                {"spent(24h) == 0", T},
                {"changes(available, 24h) == 0", T},
                {"changes(currency, 24h) == 1", T},
                {"unchanged(available) == 4h", T},
                {"unchanged(pending) == 4h", T},
                {"unchanged(reference) == 24h", T},
                {"unchanged(currency) == 4h", T},
                {"runway(24h) > 0s", U},
                {"age == 24h", T},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, another_currency, CW_ARRAY_SIZE(another_currency));
        context = context_of(&past, 24 * H);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

static void test_sums_beyond_what_can_be_said(void **state)
{
        static const struct fact facts[] = {
                {"spent(24h) > 0", U},          {"added(24h) > 0", T},
                {"runway(24h) == 0s", U},       {"spent(13h) > 0", T},
                {"runway(13h) == 0s", T},       {"max(available, 24h) > 0", T},
                {"avg(available, 24h) > 0", T}, {"changes(available, 24h) == 3", T},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, beyond, CW_ARRAY_SIZE(beyond));
        context = context_of(&past, 24 * H);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

/* Cards that never change have none, and cards whose changes are older than all windows after a restart. */
static void test_without_a_trail_nothing_ever_changed(void **state)
{
        static const struct fact facts[] = {
                {"delta(available, 1h) == 0", T},
                {"min(available, 1h) == 60", T},
                {"max(available, 1h) == 60", T},
                {"avg(available, 1h) == 60", T},
                {"spent(1h) == 0", T},
                {"added(1h) == 0", T},
                {"changes(available, 1h) == 0", T},
                {"runway(1h) > 0s", U},
                {"unchanged(available) > 0s", T},
                {"unchanged(available) == 1d", T},
                {"age == 1d", T},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        context = context_of(&past, 24 * H);
        context.trail = NULL;
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

/* Windows are of elapsed time: no clock of any country is asked, and one that was set back harms nothing. */
static void test_a_clock_before_the_first_observation(void **state)
{
        static const struct fact facts[] = {
                {"age == 0s", T},
                {"age > 0s", F},
                {"unchanged(available) == 0s", T},
                {"delta(available, 1h) == 0", T},
                {"spent(1h) == 0", T},
                {"avg(available, 1h) == 60", T},
                {"runway(1h) < 1h", U},
        };
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        context = context_of(&past, -H);
        assert_facts(facts, CW_ARRAY_SIZE(facts), &context);
        cw_trail_free(past.trail);
}

static int64_t look_at_of(const char *text, struct cw_expr_context context)
{
        struct cw_expr_error error = {0};
        int64_t look_at = NEVER;
        struct cw_expr *expr;

        if (cw_expr_compile(text, &scope, &expr, &error) < 0)
                fail_msg("'%s' at %zu: %s", text, error.offset, error.message);
        context.look_at = &look_at;
        (void)cw_expr_truth(expr, &context);
        cw_expr_free(expr);
        return look_at;
}

/* Of the day, at its end: the next moment at which anything can turn out otherwise, and not before. */
static void test_when_to_look_again(void **state)
{
        static const struct {
                const char *text;
                int64_t look_at;
        } table[] = {
                {"available < 5", NEVER},
                {"previous.available < 5", NEVER},
                {"changed(available)", NEVER},
                {"delta(available) < 0", NEVER},

                /* windows: when the oldest change leaves them */
                {"delta(available, 4h) < 0", NEVER},
                {"delta(available, 5h) < 0", 25 * H},
                {"delta(available, 1d) < 0", 34 * H},
                {"min(available, 14h) < 0", 26 * H},
                {"max(available, 12h) < 0", 32 * H},
                {"changes(reference, 24h) > 0", 29 * H},
                {"spent(48h) > 5", 58 * H},
                {"added(300d) > 5", (7200 + 10) * H},
                {"avg(available, 4h) > 5", NEVER},
                {"avg(available, 8h) > 5", 24 * H + 1},
                {"delta(available, never) < 0", NEVER},
                {"spent(5h) > spent(24h)", 25 * H},
                {"spent(5h) > 5 and spent(24h) > 5", 25 * H},

                /* runway: while it is not full, always; else as windows */
                {"runway(24h) < 1h", 34 * H},
                {"runway(14h) < 1h", 26 * H},
                {"runway(48h) < 1h", 24 * H + 1},
                {"runway(2h) < 1h", NEVER},
                {"runway(200h) < 1h", 50 * H},

                /* what grows: when the comparison turns */
                {"unchanged(available) > 2h", NEVER},
                {"unchanged(available) > 6h", 26 * H + 1},
                {"unchanged(available) >= 6h", 26 * H},
                {"unchanged(available) < 6h", 26 * H},
                {"unchanged(available) <= 6h", 26 * H + 1},
                {"unchanged(available) == 6h", 26 * H},
                {"unchanged(available) != 6h", 26 * H},
                {"unchanged(available) > 4h", 24 * H + 1},
                {"unchanged(available) >= 4h", NEVER},
                {"unchanged(available) < 4h", NEVER},
                {"unchanged(available) == 4h", 24 * H + 1},
                {"6h < unchanged(available)", 26 * H + 1},
                {"6h <= unchanged(available)", 26 * H},
                {"unchanged(available) > grace", 25 * H + 1},
                {"unchanged(available) > never", NEVER},
                {"age > 30h", 30 * H + 1},
                {"not (age > 30h)", 30 * H + 1},
                {"age > 23h", NEVER},
                {"age > runway(24h)", 34 * H},
                {"age < 2 * runway(24h)", 34 * H},

                /* what grows and is reckoned with: always */
                {"age > unchanged(available)", 24 * H + 1},
                {"age * 2 > 50h", 24 * H + 1},
                {"age in (30h, 40h)", 24 * H + 1},

                /* who decides alone is looked at alone */
                {"available < 5 and age > 30h", NEVER},
                {"age > 30h and available < 5", NEVER},
                {"available > 5 and age > 30h", 30 * H + 1},
                {"age > 30h and available > 5", 30 * H + 1},
                {"available > 5 or age > 30h", NEVER},
                {"age > 30h or available > 5", NEVER},
                {"age > 30h or available < 5", 30 * H + 1},
                {"avg(available, 8h) > 5 and (suppressed and false)", NEVER},
                {"age > 30h and unchanged(available) > 6h", 30 * H + 1},
                {"age < 30h and unchanged(available) < 6h", 26 * H},
        };
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++) {
                int64_t look_at = look_at_of(table[i].text, context_of(&past, 24 * H));

                if (look_at != table[i].look_at)
                        fail_msg("'%s' is looked at %" PRId64 " ms after the day", table[i].text, look_at - 24 * H);
        }
        cw_trail_free(past.trail);
}

/* Two changes of one minute were folded: the window stretches when it reaches the first, and moves behind the second.
 */
static void test_when_to_look_again_at_what_was_folded(void **state)
{
        struct cw_trail_needs needs = {0};
        struct cw_card before = card_of(&day[0]);
        struct cw_trail_change change = {.changed = 1u << CW_FIELD_AVAILABLE, .before = &before};
        struct past past = {.now = before};
        int64_t folded_at;

        (void)state;
        needs.window_ms[CW_FIELD_AVAILABLE] = 100 * H;
        change.now = &past.now;
        assert_int_equal(cw_trail_new(0, &past.trail), 0);
        for (change.at = 10 * H; change.at <= 10 * H + CW_MINUTE_MS; change.at += CW_MINUTE_MS) {
                before = past.now;
                past.now.available -= 20 * UNIT;
                assert_int_equal(cw_trail_add(past.trail, &needs, &change, &folded_at), 0);
        }
        assert_int_equal(look_at_of("runway(15h) < 1h", context_of(&past, 24 * H)), 25 * H);
        assert_int_equal(cw_trail_fold(past.trail, 24 * H), 0);
        assert_int_equal(look_at_of("runway(15h) < 1h", context_of(&past, 24 * H)), 25 * H);
        assert_int_equal(look_at_of("runway(15h) < 1h", context_of(&past, 25 * H)), 25 * H + 1);
        assert_int_equal(look_at_of("spent(15h) < 1", context_of(&past, 24 * H)), 25 * H + CW_MINUTE_MS);
        assert_int_equal(look_at_of("runway(15h) < 1h", context_of(&past, 26 * H)), NEVER);
        cw_trail_free(past.trail);
}

/* What differed from the observation before does not differ from the next one. */
static void test_what_looks_back_looks_once_more(void **state)
{
        static const char *const texts[] = {"changed(available)", "delta(available) < 0", "previous.available < 5",
                                            "abs(delta(available)) > 5"};
        struct cw_card before;
        struct cw_expr_context context;
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        before = past.now;
        before.available += UNIT;
        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++) {
                context = context_of(&past, 24 * H);
                context.previous = &before;
                assert_int_equal(look_at_of(texts[i], context), 24 * H + 1);
                context.previous = NULL;
                assert_int_equal(look_at_of(texts[i], context), 24 * H + 1);
        }
        context = context_of(&past, 24 * H);
        context.appeared = true;
        assert_int_equal(look_at_of("appeared", context), 24 * H + 1);
        assert_int_equal(look_at_of("disappeared", context), NEVER);
        cw_trail_free(past.trail);
}

/* The sooner of what was asked before and of what is asked now. */
static void test_look_at_is_only_ever_brought_forward(void **state)
{
        struct cw_expr_context context;
        struct cw_expr_error error;
        int64_t look_at = 29 * H;
        struct cw_expr *expr;
        struct past past;

        (void)state;
        live(&past, day, CW_ARRAY_SIZE(day));
        context = context_of(&past, 24 * H);
        context.look_at = &look_at;
        assert_int_equal(cw_expr_compile("age > 30h", &scope, &expr, &error), 0);
        (void)cw_expr_truth(expr, &context);
        assert_int_equal(look_at, 29 * H);
        look_at = 31 * H;
        (void)cw_expr_truth(expr, &context);
        assert_int_equal(look_at, 30 * H + 1);
        cw_expr_free(expr);
        cw_trail_free(past.trail);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_a_day),
                cmocka_unit_test(test_at_the_first_observation),
                cmocka_unit_test(test_of_a_card_that_has_nothing_left),
                cmocka_unit_test(test_of_a_card_that_changed_its_currency),
                cmocka_unit_test(test_sums_beyond_what_can_be_said),
                cmocka_unit_test(test_without_a_trail_nothing_ever_changed),
                cmocka_unit_test(test_a_clock_before_the_first_observation),
                cmocka_unit_test(test_when_to_look_again),
                cmocka_unit_test(test_when_to_look_again_at_what_was_folded),
                cmocka_unit_test(test_what_looks_back_looks_once_more),
                cmocka_unit_test(test_look_at_is_only_ever_brought_forward),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
