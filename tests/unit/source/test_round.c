/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rounds in virtual time: who was asked for, in which order, how many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

#include "../../../src/source/round.h"

static const int64_t customers[] = {11, 12, 13, 14, 15};

/* How one customer's readings end. */
struct model {
        int64_t bad;
        unsigned bad_times;
        bool final, again; /* again: once, not counted */
};

static void answer(struct cw_round *round, unsigned slot, struct model *model, int64_t now)
{
        if (round->customers[round->slots[slot].index] != model->bad) {
                cw_round_settled(round, slot);
        } else if (model->again) {
                model->again = false;
                cw_round_again(round, slot, now);
        } else if (model->bad_times > 0) {
                model->bad_times--;
                (void)cw_round_failed(round, slot, model->final, now, UINT32_MAX);
        } else {
                cw_round_settled(round, slot);
        }
}

static bool answer_one(struct cw_round *round, struct model *model, int64_t now)
{
        int oldest = -1;

        for (unsigned i = 0; i < CW_ROUND_SLOTS; i++)
                if (round->slots[i].state == CW_ROUND_ASKED &&
                    (oldest < 0 || round->slots[i].index < round->slots[oldest].index))
                        oldest = (int)i;
        if (oldest < 0)
                return false;
        answer(round, (unsigned)oldest, model, now);
        return true;
}

static void test_rounds(void **state)
{
        static const struct {
                const char *name;
                size_t n;
                unsigned at_once, retries;
                struct model model;
                const char *order;
                unsigned most_at_once;
        } cases[] = {
                {"nobody", 0, 4, 2, {0}, "", 0},
                {"one after the other", 3, 1, 2, {0}, "11 12 13", 1},
                {"none at once is one", 3, 0, 2, {0}, "11 12 13", 1},
                {"side by side", 5, 3, 2, {0}, "11 12 13 14 15", 3},
                {"more slots than there are", 5, 1000, 2, {0}, "11 12 13 14 15", 5},
                {"one fails once", 3, 1, 2, {.bad = 12, .bad_times = 1}, "11 12 12 13", 1},
                {"one fails always", 3, 1, 2, {.bad = 12, .bad_times = 9}, "11 12 12 12 13", 1},
                {"the others go on", 4, 2, 1, {.bad = 11, .bad_times = 9}, "11 12 13 14 11", 2},
                {"what is final is not asked again",
                 3,
                 1,
                 5,
                 {.bad = 12, .bad_times = 9, .final = true},
                 "11 12 13",
                 1},
                {"again is not counted", 3, 1, 0, {.bad = 12, .again = true}, "11 12 12 13", 1},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct model model = cases[i].model;
                struct cw_buf order = CW_BUF_NULL;
                enum cw_round_action action;
                unsigned slot = 0, at_once = 0, most = 0;
                int64_t now = 5, due = 0;
                struct cw_round round;
                size_t index = 0;

                cw_round_init(&round, customers, cases[i].n, cases[i].at_once, cases[i].retries);
                while ((action = cw_round_next(&round, now, &slot, &index, &due)) != CW_ROUND_DONE) {
                        if (action == CW_ROUND_ASK) {
                                (void)cw_round_asked(&round, slot, index);
                                cw_buf_printf(&order, "%s%d", order.len ? " " : "", (int)customers[index]);
                                at_once++;
                                most = at_once > most ? at_once : most;
                        } else if (answer_one(&round, &model, now)) {
                                at_once--;
                        } else {
                                assert_true(due > now && due < INT64_MAX);
                                now = due;
                        }
                }
                if (strcmp(cw_buf_text(&order), cases[i].order) != 0 || most != cases[i].most_at_once)
                        fail_msg("%s: \"%s\", %u at once", cases[i].name, cw_buf_text(&order), most);
                cw_buf_deinit(&order);
        }
}

static void test_dropping_takes_each_once(void **state)
{
        unsigned slot = 0, seen = 0;
        struct cw_round round;
        size_t index = 0;
        int64_t due = 0;

        (void)state;
        cw_round_init(&round, customers, 5, 3, 2);
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(cw_round_next(&round, 0, &slot, &index, &due), CW_ROUND_ASK);
                assert_true(cw_round_asked(&round, slot, index));
        }
        cw_round_settled(&round, slot);
        while (cw_round_drop(&round, &index)) {
                assert_int_equal(seen & 1u << index, 0);
                seen |= 1u << index;
        }
        assert_int_equal(seen, 0x1b);
        assert_int_equal(cw_round_next(&round, 0, &slot, &index, &due), CW_ROUND_DONE);
        assert_false(cw_round_drop(&round, &index));
}

static void test_the_first_request_is_told_from_others(void **state)
{
        struct cw_round round;
        unsigned slot = 0;
        size_t index = 0;
        int64_t due = 0;

        (void)state;
        cw_round_init(&round, customers, 1, 1, 2);
        assert_int_equal(cw_round_next(&round, 0, &slot, &index, &due), CW_ROUND_ASK);
        assert_true(cw_round_asked(&round, slot, index));
        cw_round_again(&round, slot, 0);
        assert_int_equal(cw_round_next(&round, 0, &slot, &index, &due), CW_ROUND_ASK);
        assert_false(cw_round_asked(&round, slot, index));
        assert_false(cw_round_failed(&round, slot, false, 0, UINT32_MAX));
        assert_int_equal(cw_round_next(&round, 0, &slot, &index, &due), CW_ROUND_WAIT);
        assert_int_equal(due, 200);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rounds),
                cmocka_unit_test(test_dropping_takes_each_once),
                cmocka_unit_test(test_the_first_request_is_told_from_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
