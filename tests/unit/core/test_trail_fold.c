/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding: what a window is worth then is exact for the window as it then is, that is hardly longer than written, and
 * whoever was away and recalls the past sees the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/trail_private.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define AVAILABLE   (1u << CW_FIELD_AVAILABLE)
#define PENDING     (1u << CW_FIELD_PENDING)
#define CHANGES_MAX 6000

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

struct entry {
        int64_t at;
        struct cw_card card;
        uint16_t changed;
};

struct past {
        uint64_t seed;
        struct chance chance;
        struct entry entries[CHANGES_MAX]; /* the first is the first observation */
        size_t n;
        int64_t spacing_ms;
        struct cw_trail_needs needs;
        struct cw_trail *live;
        int64_t folded_at; /* as it is stored with the card */
};

static void add(struct cw_trail *trail, const struct past *past, size_t i, int64_t *ret_folded_at)
{
        struct cw_trail_change change = {
                .at = past->entries[i].at,
                .changed = past->entries[i].changed,
                .before = &past->entries[i - 1].card,
                .now = &past->entries[i].card,
        };

        assert_int_equal(cw_trail_add(trail, &past->needs, &change, ret_folded_at), 0);
}

static void grow(struct past *past)
{
        struct entry *entry = &past->entries[past->n], *before = entry - 1;

        *entry = *before;
        entry->at += (int64_t)(draw(&past->chance) % (uint64_t)(2 * past->spacing_ms));
        entry->changed = 0;
        if (draw(&past->chance) % 8 > 0) {
                entry->card.available += (int64_t)(draw(&past->chance) % 2001) - 1000;
                entry->changed |= entry->card.available != before->card.available ? AVAILABLE : 0;
        }
        if (draw(&past->chance) % 3 == 0) {
                entry->card.pending += 1 + (int64_t)(draw(&past->chance) % 5);
                entry->changed |= PENDING;
        }
        past->n++;
        add(past->live, past, past->n - 1, &past->folded_at);
}

static void begin(struct past *past, uint64_t seed)
{
        static const int64_t spacings[] = {1, 3, 50, 1000, 60000, 3600000};

        past->seed = seed;
        past->chance.state = seed;
        past->spacing_ms = spacings[draw(&past->chance) % CW_ARRAY_SIZE(spacings)];
        past->entries[0] = (struct entry){.at = INT64_C(1700000000000), .card = {.available = 5, .currency = "EUR"}};
        past->n = 1;
        past->folded_at = INT64_MIN;
        past->needs = (struct cw_trail_needs){0};
        past->needs.window_ms[CW_FIELD_AVAILABLE] = past->spacing_ms * (int64_t)(100 + draw(&past->chance) % 8000);
        past->needs.window_ms[CW_FIELD_PENDING] = past->spacing_ms * (int64_t)(1 + draw(&past->chance) % 3000);
        assert_int_equal(cw_trail_new(past->entries[0].at, &past->live), 0);
}

static int64_t now_of(const struct past *past)
{
        return past->entries[past->n - 1].at;
}

/* As after a restart: of the journal, what reaches far enough; of the card, when it was folded. */
static struct cw_trail *recall(const struct past *past, int64_t now)
{
        int64_t from = now - cw_trail_needs_recall_ms(&past->needs), folded_at = INT64_MIN;
        struct cw_trail *trail;

        assert_int_equal(cw_trail_new(past->entries[0].at, &trail), 0);
        assert_int_equal(cw_trail_fold(trail, past->folded_at), 0);
        for (size_t i = 1; i < past->n; i++)
                if (past->entries[i].at >= from && past->entries[i].changed)
                        add(trail, past, i, &folded_at);
        cw_trail_clock(trail, now);
        assert_int_equal(folded_at, INT64_MIN);
        return trail;
}

static int64_t some_window(struct past *past, enum cw_field field)
{
        int64_t longest_ms = past->needs.window_ms[field], window_ms;

        switch (draw(&past->chance) % 3) {
        case 0:
                return longest_ms;
        case 1:
                window_ms = longest_ms >> draw(&past->chance) % 12;
                return window_ms > 0 ? window_ms : 1;
        default:
                return 1 + (int64_t)(draw(&past->chance) % (uint64_t)longest_ms);
        }
}

static void assert_alike(struct past *past, const struct cw_trail *other, int64_t from)
{
        static const enum cw_field fields[] = {CW_FIELD_AVAILABLE, CW_FIELD_PENDING};
        const struct cw_card *now = &past->entries[past->n - 1].card;

        for (unsigned i = 0; i < 40; i++) {
                enum cw_field field = fields[i % 2];
                int64_t window_ms = some_window(past, field);
                int64_t at = from + (i < 20 ? 0 : (int64_t)(draw(&past->chance) % (uint64_t)window_ms));
                struct cw_trail_window a, b;

                memset(&a, 0, sizeof(a));
                memset(&b, 0, sizeof(b));
                cw_trail_look(past->live, field, window_ms, at, now, &a);
                cw_trail_look(other, field, window_ms, at, now, &b);
                if (a.begins_at != b.begins_at || a.first != b.first || a.last != b.last || a.least != b.least ||
                    a.greatest != b.greatest || a.fell != b.fell || a.rose != b.rose || a.changes != b.changes ||
                    a.average != b.average || a.moves_at != b.moves_at || a.stretches_at != b.stretches_at)
                        fail_msg("seed %" PRIu64 ": a window of %" PRId64 " at %" PRId64 " of %zu changes", past->seed,
                                 window_ms, at, past->n);
        }
}

/* Restarted at any moment it sees the same, and goes on seeing and folding the same. */
static void test_a_recalled_trail_is_the_same(void **state)
{
        struct past *past = calloc(1, sizeof(*past));

        (void)state;
        assert_non_null(past);
        for (uint64_t seed = 1; seed <= 60; seed++) {
                struct cw_trail *other = NULL;
                int64_t folded_at = INT64_MIN;

                begin(past, seed);
                while (past->n < CHANGES_MAX) {
                        grow(past);
                        if (draw(&past->chance) % 600 == 0) {
                                cw_trail_free(other);
                                other = recall(past, now_of(past));
                                folded_at = past->folded_at;
                                assert_alike(past, other, now_of(past));
                        } else if (other) {
                                add(other, past, past->n - 1, &folded_at);
                                if (folded_at != past->folded_at)
                                        fail_msg("seed %" PRIu64 ": folded at other times", seed);
                                if (past->n % 100 == 0)
                                        assert_alike(past, other, now_of(past));
                        }
                }
                cw_trail_free(other);
                cw_trail_free(past->live);
        }
        free(past);
}

/* Walks all there ever was. */
static void assert_exact(const struct past *past, int64_t window_ms, const struct cw_trail_window *window)
{
        int64_t at = now_of(past), edge = at - window_ms, fell = 0, rose = 0, until;
        __int128 integral = 0;
        struct cw_trail_window own = {0};
        uint32_t changes = 0;
        size_t i = 0;

        if (edge < past->entries[0].at)
                edge = past->entries[0].at;
        if (window->begins_at > edge || edge - window->begins_at > window_ms / 32)
                fail_msg("seed %" PRIu64 ": a window of %" PRId64 " is longer by %" PRId64, past->seed, window_ms,
                         edge - window->begins_at);
        while (i + 1 < past->n && past->entries[i + 1].at <= window->begins_at)
                i++;
        own.first = own.last = own.least = own.greatest = past->entries[i].card.available;
        until = window->begins_at;
        for (i++; i < past->n; i++) {
                int64_t value = past->entries[i].card.available;

                integral += (__int128)own.last * (past->entries[i].at - until);
                until = past->entries[i].at;
                changes += value != own.last;
                fell += value < own.last ? own.last - value : 0;
                rose += value > own.last ? value - own.last : 0;
                own.least = value < own.least ? value : own.least;
                own.greatest = value > own.greatest ? value : own.greatest;
                own.last = value;
        }
        assert_true(window->first == own.first && window->last == own.last && window->least == own.least);
        assert_true(window->greatest == own.greatest && window->fell == fell && window->rose == rose);
        assert_int_equal(window->changes, changes);
        if (at > window->begins_at) {
                __int128 twice = ((__int128)window->average * (at - window->begins_at) - integral) * 2;

                assert_true(twice <= at - window->begins_at && -twice <= at - window->begins_at);
        }
}

/* Until it says that it moves, it shows the same; until it says that it stretches, it is as long as written. */
static void assert_at_rest(struct past *past, int64_t window_ms, const struct cw_trail_window *before)
{
        int64_t now = now_of(past), moves_at = before->moves_at, stretches_at = before->stretches_at;

        for (unsigned i = 0; i < 3 && moves_at > now + 1; i++) {
                int64_t rest = (moves_at < now + 2 * window_ms ? moves_at : now + 2 * window_ms) - now - 1;
                int64_t at = i == 0 ? now + rest : now + 1 + (int64_t)(draw(&past->chance) % (uint64_t)rest);
                struct cw_trail_window later;

                cw_trail_look(past->live, CW_FIELD_AVAILABLE, window_ms, at, &past->entries[past->n - 1].card, &later);
                if (later.first != before->first || later.least != before->least || later.fell != before->fell ||
                    later.greatest != before->greatest || later.rose != before->rose ||
                    later.changes != before->changes)
                        fail_msg("seed %" PRIu64 ": a window of %" PRId64 " moves earlier", past->seed, window_ms);
                if (now - before->begins_at == window_ms && at < stretches_at && at - later.begins_at != window_ms)
                        fail_msg("seed %" PRIu64 ": a window of %" PRId64 " stretches earlier", past->seed, window_ms);
        }
}

static void test_folded_windows_are_exact_and_hardly_longer(void **state)
{
        struct past *past = calloc(1, sizeof(*past));

        (void)state;
        assert_non_null(past);
        for (uint64_t seed = 101; seed <= 130; seed++) {
                begin(past, seed);
                while (past->n < CHANGES_MAX) {
                        grow(past);
                        for (unsigned i = 0; past->n % 50 == 0 && i < 10; i++) {
                                int64_t window_ms = some_window(past, CW_FIELD_AVAILABLE);
                                struct cw_trail_window window;

                                cw_trail_look(past->live, CW_FIELD_AVAILABLE, window_ms, now_of(past),
                                              &past->entries[past->n - 1].card, &window);
                                assert_exact(past, window_ms, &window);
                                assert_at_rest(past, window_ms, &window);
                        }
                }
                cw_trail_free(past->live);
        }
        free(past);
}

/* How often and when it was folded before makes no difference. */
static void test_only_the_last_fold_counts(void **state)
{
        struct past *past = calloc(1, sizeof(*past));

        (void)state;
        assert_non_null(past);
        for (uint64_t seed = 201; seed <= 220; seed++) {
                int64_t folded_at, end;
                struct cw_trail *other;

                begin(past, seed);
                assert_int_equal(cw_trail_new(past->entries[0].at, &other), 0);
                while (past->n < 900) {
                        grow(past);
                        add(other, past, past->n - 1, &folded_at);
                        if (draw(&past->chance) % 40 == 0)
                                assert_int_equal(cw_trail_fold(other, now_of(past) - past->spacing_ms), 0);
                }
                end = now_of(past) + (int64_t)(draw(&past->chance) % 3) * past->spacing_ms * 700;
                assert_int_equal(cw_trail_fold(other, end), 0);
                assert_int_equal(cw_trail_fold(past->live, end), 0);
                assert_int_equal(cw_trail_fold(past->live, end - 1), 0);
                assert_alike(past, other, end);
                assert_int_equal(cw_trail_size(other), cw_trail_size(past->live));
                cw_trail_free(other);
                cw_trail_free(past->live);
        }
        free(past);
}

/* A slot of n ms ends at a multiple of n, and may be used when its end is 32 n ago. */
static void test_slots_are_a_32nd_of_their_age(void **state)
{
        static const struct {
                int64_t a, b, folded_at;
                bool same;
        } table[] = {
                {5, 5, 5, true},         {3, 4, 67, false},      {3, 4, 68, true},
                {4, 5, 10000, true},     {4, 5, 263, false},     {4, 5, 264, true},
                {8, 9, 527, false},      {8, 9, 528, true},      {3, 4, 4, false},
                {-1, 0, 63, false},      {-1, 0, 64, true},      {0, 1, INT64_C(1) << 40, false},
                {1, 1024, 33791, false}, {1, 1024, 33792, true}, {1, 1025, 33792, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(table); i++)
                if (cw_fold_same_slot(table[i].a, table[i].b, table[i].folded_at) != table[i].same)
                        fail_msg("%" PRId64 " and %" PRId64 " at %" PRId64, table[i].a, table[i].b, table[i].folded_at);
}

/* Whatever a card does, for however long: about sixty-four spans for every doubling of age. */
static void test_a_trail_is_bounded(void **state)
{
        static const struct {
                const char *name;
                int64_t spacing_ms, window_ms;
                size_t most;
        } table[] = {
                {"a change a minute, a window of a week", CW_MINUTE_MS, 7 * CW_DAY_MS, 61999},
                {"a change a minute, a window of ninety days", CW_MINUTE_MS, 90 * CW_DAY_MS, 95000},
                {"a change every 50 ms, a window of ninety days", 50, 90 * CW_DAY_MS, 150000},
                {"a change every ms, a window of a thousand years", 1, INT64_C(365000) * CW_DAY_MS, 150000},
                {"all at one time", 0, CW_DAY_MS, 30000},
        };

        (void)state;
        for (size_t t = 0; t < CW_ARRAY_SIZE(table); t++) {
                struct past past = {.n = 2};
                int64_t folded_at = 0, at = INT64_C(1700000000000);
                struct cw_trail *trail;
                size_t most = 0;

                past.needs.window_ms[CW_FIELD_AVAILABLE] = table[t].window_ms;
                assert_int_equal(cw_trail_new(at, &trail), 0);
                for (int64_t i = 0; i < 150000; i++) {
                        at += table[t].spacing_ms;
                        past.entries[0].card.available = i;
                        past.entries[1] = (struct entry){.at = at, .card = {.available = i + 1}, .changed = AVAILABLE};
                        add(trail, &past, 1, &folded_at);
                        if (cw_trail_size(trail) > most)
                                most = cw_trail_size(trail);
                }
                print_message("%s: %zu bytes\n", table[t].name, most);
                if (most > table[t].most)
                        fail_msg("%s: %zu bytes", table[t].name, most);
                cw_trail_free(trail);
        }
}

/* A fold after which the clock was set back: what was folded too far stays, and everything comes to rest. */
static void test_a_fold_by_a_wrong_clock(void **state)
{
        struct past *past = calloc(1, sizeof(*past));
        struct cw_trail_window window;
        int64_t wrong;

        (void)state;
        assert_non_null(past);
        for (uint64_t seed = 301; seed <= 320; seed++) {
                begin(past, seed);
                while (past->n < 2500)
                        grow(past);
                wrong = now_of(past);
                past->entries[past->n - 1].at -= past->spacing_ms * 1000;
                while (past->n < CHANGES_MAX)
                        grow(past);
                cw_trail_look(past->live, CW_FIELD_AVAILABLE, past->spacing_ms * 50, now_of(past),
                              &past->entries[past->n - 1].card, &window);
                assert_true(window.least <= window.average && window.average <= window.greatest);
                if (now_of(past) > wrong)
                        assert_exact(past, past->spacing_ms * 50, &window);
                cw_trail_free(past->live);
        }
        free(past);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_recalled_trail_is_the_same),
                cmocka_unit_test(test_folded_windows_are_exact_and_hardly_longer),
                cmocka_unit_test(test_only_the_last_fold_counts),
                cmocka_unit_test(test_slots_are_a_32nd_of_their_age),
                cmocka_unit_test(test_a_trail_is_bounded),
                cmocka_unit_test(test_a_fold_by_a_wrong_clock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
