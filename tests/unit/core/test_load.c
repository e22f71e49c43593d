/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that are handed over one by one are known at the end, in whatever order and mixture they came. */
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

#include "../../../src/core/engine_state.h"
#include "cardwatch/changes.h"
#include "cardwatch/engine.h"
#include "cardwatch/load.h"
#include "cardwatch/rules.h"

#define NOW INT64_C(1700000000000)

static const char *const names[] = {"main", "other"};

struct fixture {
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        struct cw_changes stored, changes;
};

static void begin(struct fixture *fixture)
{
        *fixture = (struct fixture){.rules = NULL};
        assert_int_equal(cw_ruleset_new(&fixture->rules), 0);
        fixture->rules->sources = calloc(2, sizeof(*fixture->rules->sources));
        fixture->rules->n_sources = 2;
        for (size_t i = 0; i < 2; i++)
                fixture->rules->sources[i] = (struct cw_source_traits){.name = strdup(names[i]), .every_ms = 60000};
        assert_int_equal(cw_engine_new(fixture->rules, &fixture->engine), 0);
        assert_int_equal(cw_load_begin(fixture->engine, &fixture->stored, NOW, &fixture->changes), 0);
}

static void end(struct fixture *fixture)
{
        cw_engine_free(fixture->engine); /* the pool asserts that every reference is gone */
        cw_ruleset_unref(fixture->rules);
        cw_changes_deinit(&fixture->stored);
        cw_changes_deinit(&fixture->changes);
}

/* Two cards a customer, each third customer without a reference. */
static int load(struct fixture *fixture, const char *source, int64_t id)
{
        int64_t customer = (id + 1) / 2;
        char reference[32];
        struct cw_card_row row = {.source = (char *)source, .observed_at = NOW - id, .first_seen_at = NOW - 2 * id};

        snprintf(reference, sizeof(reference), "customer-%" PRId64, customer);
        row.card = (struct cw_card){
                .id = id, .customer = customer, .total = id * 10, .reference = customer % 3 ? reference : NULL};
        return cw_load_card(fixture->engine, &row);
}

static void check(const struct cw_source_state *state, int64_t from, int64_t to)
{
        assert_int_equal(state->snapshot.n, to - from + 1);
        assert_int_equal(state->roll.n, (to + 1) / 2 - (from + 1) / 2 + 1);
        for (int64_t id = from; id <= to; id++) {
                const struct cw_record *record = cw_snapshot_find(&state->snapshot, id);
                int64_t customer = (id + 1) / 2;
                struct cw_card card;
                char reference[32];

                assert_non_null(record);
                card = cw_snapshot_card(&state->snapshot, record);
                snprintf(reference, sizeof(reference), "customer-%" PRId64, customer);
                assert_int_equal(card.total, id * 10);
                assert_int_equal(record->first_seen_at, NOW - 2 * id);
                if (customer % 3)
                        assert_string_equal(card.reference, reference);
                else
                        assert_null(card.reference);
        }
}

static void test_cards_in_order(void **state)
{
        struct fixture fixture;

        (void)state;
        begin(&fixture);
        cw_load_expect(fixture.engine, "main", 10000);
        for (int64_t id = 1; id <= 10000; id++)
                assert_int_equal(load(&fixture, "main", id), 0);
        assert_int_equal(cw_load_end(fixture.engine, &fixture.stored), 0);
        check(&fixture.engine->sources[0], 1, 10000);
        end(&fixture);
}

static void test_cards_of_two_sources_in_disorder(void **state)
{
        struct fixture fixture;

        (void)state;
        begin(&fixture);
        for (int64_t i = 0; i < 1000; i++) {
                assert_int_equal(load(&fixture, "main", 1 + i * 7 % 1000), 0);
                if (i % 3 == 0)
                        assert_int_equal(load(&fixture, "gone since", 1 + i), 0);
                if (i < 101)
                        assert_int_equal(load(&fixture, "other", 200 - i), 0);
        }
        assert_int_equal(cw_load_end(fixture.engine, &fixture.stored), 0);
        check(&fixture.engine->sources[0], 1, 1000);
        check(&fixture.engine->sources[1], 100, 200);
        end(&fixture);
}

/* Said at the latest at the end, and what was taken over until then is let go. */
static void test_a_card_twice_is_damage(void **state)
{
        struct fixture fixture;
        int r = 0;

        (void)state;
        begin(&fixture);
        for (int64_t id = 1; r == 0 && id <= 100; id++)
                r = load(&fixture, "main", id == 90 ? 3 : id);
        if (r == 0)
                r = cw_load_end(fixture.engine, &fixture.stored);
        assert_int_equal(r, -EBADMSG);
        end(&fixture);
}

static void test_what_waits_is_let_go_with_the_engine(void **state)
{
        struct fixture fixture;

        (void)state;
        begin(&fixture);
        assert_int_equal(load(&fixture, "main", 1), 0);
        end(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cards_in_order),
                cmocka_unit_test(test_cards_of_two_sources_in_disorder),
                cmocka_unit_test(test_a_card_twice_is_damage),
                cmocka_unit_test(test_what_waits_is_let_go_with_the_engine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
