/* SPDX-License-Identifier: Apache-2.0 */
/* Whole polls against a model of the list, in virtual time: which pages were asked for, in which order, and how it
 * ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

#include "../../../src/source/cycle.h"

#define UNSAID INT64_C(-1)

/* What the list is like, and how a page of it misbehaves. */
struct model {
        uint32_t customers, cap; /* `cap`: most on a page, 0: as asked */
        bool says_pages, says_size, says_number;
        int64_t claims_pages; /* 0: the truth */
        bool claims_none; /* no page at all, whatever there is */
        uint32_t expected; /* pages, by the poll before */
        int64_t claims_later; /* from page 2 on; 0: the same */
        uint32_t bad_page; /* fails `bad_times` times */
        uint32_t bad_times;
        uint32_t wrong_number; /* this page says that it is another */
        bool final, all_after;
};

struct run {
        struct cw_cycle cycle;
        struct cw_buf order; /* "1 2 3 2" */
        unsigned most_at_once;
        int64_t now;
        uint32_t failures[32];
};

static bool page_fails(struct run *run, const struct model *model, uint32_t page)
{
        uint32_t *failures = &run->failures[page % 32];

        if (model->bad_page == 0 || (page != model->bad_page && !(model->all_after && page > model->bad_page)))
                return false;
        return (*failures)++ < model->bad_times;
}

static struct cw_cycle_answer answer_of(const struct run *run, const struct model *model, uint32_t page)
{
        uint32_t asked = run->cycle.policy.page_size;
        uint32_t size = model->cap && model->cap < asked ? model->cap : asked;
        uint32_t before = (page - 1) * size, left = model->customers > before ? model->customers - before : 0;
        int64_t pages = model->claims_pages ? model->claims_pages : (model->customers + size - 1) / size;

        if (model->claims_later && page > 1)
                pages = model->claims_later;
        if (model->claims_none)
                pages = 0;
        return (struct cw_cycle_answer){
                .n_customers = left < size ? left : size,
                .page_size = model->says_size ? size : UNSAID,
                .number_of_pages = model->says_pages ? pages : UNSAID,
                .page_number = model->wrong_number == page ? page - 1
                               : model->says_number        ? page
                                                           : UNSAID,
        };
}

static void answer_slot(struct run *run, const struct model *model, unsigned slot)
{
        uint32_t page = run->cycle.slots[slot].page;
        struct cw_cycle_answer answer = answer_of(run, model, page);
        struct cw_cycle_failure failure = {.final = model->final, .chance = UINT32_MAX};
        char reason[100];

        failure.reason = "it broke";
        if (page_fails(run, model, page)) {
                cw_cycle_failed(&run->cycle, slot, &failure, run->now);
        } else if (!cw_cycle_fits(&run->cycle, slot, &answer, reason, sizeof(reason))) {
                failure.reason = reason;
                cw_cycle_failed(&run->cycle, slot, &failure, run->now);
        } else {
                cw_cycle_good(&run->cycle, slot, &answer, run->now);
        }
}

/* Answers come one by one, the oldest page first, when nothing more may be asked. */
static bool answer_one(struct run *run, const struct model *model)
{
        int oldest = -1;

        for (unsigned i = 0; i < CW_CYCLE_SLOTS; i++)
                if (run->cycle.slots[i].state == CW_CYCLE_ASKED &&
                    (oldest < 0 || run->cycle.slots[i].page < run->cycle.slots[oldest].page))
                        oldest = (int)i;
        if (oldest < 0)
                return false;
        run->now += 10;
        answer_slot(run, model, (unsigned)oldest);
        return true;
}

static void run_poll(struct run *run, const struct cw_cycle_policy *policy, const struct model *model)
{
        unsigned slot = 0, at_once = 0;
        uint32_t page = 0;
        int64_t due = 0;

        cw_cycle_init(&run->cycle, policy, run->now);
        for (;;) {
                switch (cw_cycle_next(&run->cycle, run->now, &slot, &page, &due)) {
                case CW_CYCLE_ASK:
                        cw_cycle_asked(&run->cycle, slot, page);
                        cw_buf_printf(&run->order, "%s%u", run->order.len ? " " : "", page);
                        at_once++;
                        run->most_at_once = at_once > run->most_at_once ? at_once : run->most_at_once;
                        break;
                case CW_CYCLE_WAIT:
                        if (answer_one(run, model)) {
                                at_once--;
                        } else {
                                assert_true(due < INT64_MAX);
                                assert_true(due > run->now);
                                run->now = due;
                        }
                        break;
                case CW_CYCLE_DONE:
                default:
                        return;
                }
        }
}

static void test_polls(void **state)
{
        static const struct {
                const char *name;
                struct model model;
                uint32_t page_size, concurrency, retries;
                const char *order;
                uint32_t good, bad;
                unsigned at_once;
                const char *reason;
        } cases[] = {
                {"one page", {.customers = 3, .says_pages = true, .says_number = true}, 10, 4, 2, "1", 1, 0, 1, ""},
                {"an empty list is complete", {.customers = 0, .says_pages = true}, 10, 4, 2, "1", 1, 0, 1, ""},
                {"the first page goes alone, then several",
                 {.customers = 100, .says_pages = true},
                 10,
                 4,
                 2,
                 "1 2 3 4 5 6 7 8 9 10",
                 10,
                 0,
                 4,
                 ""},
                {"one at a time", {.customers = 30, .says_pages = true}, 10, 1, 2, "1 2 3", 3, 0, 1, ""},
                {"no concurrency is one", {.customers = 30, .says_pages = true}, 10, 0, 2, "1 2 3", 3, 0, 1, ""},
                {"without a count until a page is not full",
                 {.customers = 25, .says_size = true},
                 10,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"without a count until a page is empty",
                 {.customers = 20, .says_size = true},
                 10,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"without a count the size in force counts",
                 {.customers = 9, .cap = 4, .says_size = true},
                 100,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"without count and size the fullest page counts, for the server may have capped it",
                 {.customers = 9, .cap = 4},
                 100,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"without count and size an empty page is the end", {.customers = 3}, 10, 4, 2, "1 2", 2, 0, 1, ""},
                {"without count and size, a page as it was asked for is full",
                 {.customers = 15},
                 10,
                 4,
                 2,
                 "1 2",
                 2,
                 0,
                 1,
                 ""},
                {"a count of none beside customers is none",
                 {.customers = 25, .cap = 10, .says_pages = true, .says_size = true, .claims_none = true},
                 100,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"a capped list with a count",
                 {.customers = 9, .cap = 4, .says_pages = true, .says_size = true},
                 100,
                 4,
                 2,
                 "1 2 3",
                 3,
                 0,
                 2,
                 ""},
                {"a page that fails once is asked again",
                 {.customers = 30, .says_pages = true, .bad_page = 2, .bad_times = 1},
                 10,
                 1,
                 2,
                 "1 2 2 3",
                 3,
                 0,
                 1,
                 ""},
                {"a page that always fails makes it partial",
                 {.customers = 50, .says_pages = true, .bad_page = 3, .bad_times = 99},
                 10,
                 1,
                 2,
                 "1 2 3 3 3 4 5",
                 4,
                 1,
                 1,
                 "page 3: it broke"},
                {"others go on while one waits",
                 {.customers = 50, .says_pages = true, .bad_page = 3, .bad_times = 99},
                 10,
                 4,
                 0,
                 "1 2 3 4 5",
                 4,
                 1,
                 4,
                 "page 3: it broke"},
                {"what is final is not asked again",
                 {.customers = 30, .says_pages = true, .bad_page = 2, .bad_times = 99, .final = true},
                 10,
                 1,
                 5,
                 "1 2 3",
                 2,
                 1,
                 1,
                 "page 2: it broke"},
                {"without the first page there is no poll",
                 {.customers = 30, .says_pages = true, .bad_page = 1, .bad_times = 99},
                 10,
                 4,
                 1,
                 "1 1",
                 0,
                 1,
                 1,
                 "page 1: it broke"},
                {"only page 1 came back",
                 {.customers = 30, .says_pages = true, .bad_page = 2, .bad_times = 99, .all_after = true},
                 10,
                 1,
                 0,
                 "1 2 3",
                 1,
                 2,
                 1,
                 "page 2: it broke"},
                {"a page that says it is another is bad",
                 {.customers = 30, .says_pages = true, .says_number = true, .wrong_number = 2},
                 10,
                 1,
                 1,
                 "1 2 2 3",
                 2,
                 1,
                 1,
                 "page 2: the answer says it is page 1"},
                {"without a count a failed page does not end it",
                 {.customers = 35, .says_size = true, .bad_page = 2, .bad_times = 99},
                 10,
                 4,
                 0,
                 "1 2 3 4",
                 3,
                 1,
                 1,
                 "page 2: it broke"},
                {"without a count three failed pages in a row end it",
                 {.customers = 90, .says_size = true, .bad_page = 2, .bad_times = 99, .all_after = true},
                 10,
                 4,
                 0,
                 "1 2 3 4",
                 1,
                 3,
                 1,
                 "page 2: it broke"},
                {"a list that claims too many pages is not read on",
                 {.customers = 5, .says_pages = true, .claims_pages = INT64_C(1) << 31},
                 10,
                 4,
                 0,
                 "1",
                 1,
                 1,
                 1,
                 "the list claims 2147483648 pages, more than the 100000 that are read"},
                {"the list grows while it is read",
                 {.customers = 40, .says_pages = true, .claims_pages = 2, .claims_later = 4},
                 10,
                 1,
                 0,
                 "1 2 3 4",
                 4,
                 0,
                 1,
                 ""},
                {"the list shrinks while it is read",
                 {.customers = 25, .says_pages = true, .claims_pages = 5, .claims_later = 3},
                 10,
                 1,
                 0,
                 "1 2 3 4 5",
                 5,
                 0,
                 1,
                 ""},
                {"one page that claims too many does not end the others",
                 {.customers = 40, .says_pages = true, .claims_later = INT64_C(1) << 40},
                 10,
                 1,
                 0,
                 "1 2 3 4",
                 4,
                 1,
                 1,
                 "the list claims 1099511627776 pages, more than the 100000 that are read"},
                {"without page 1 the others are read",
                 {.customers = 30, .says_pages = true, .bad_page = 1, .bad_times = 99, .expected = 3},
                 10,
                 1,
                 1,
                 "1 1 2 3",
                 2,
                 1,
                 1,
                 "page 1: it broke"},
                {"the others need not wait for page 1",
                 {.customers = 30, .says_pages = true, .bad_page = 1, .bad_times = 1, .expected = 3},
                 10,
                 4,
                 1,
                 "1 2 3 1",
                 3,
                 0,
                 2,
                 ""},
                {"a list that is shorter than it was",
                 {.customers = 20, .says_pages = true, .bad_page = 1, .bad_times = 99, .expected = 9},
                 10,
                 1,
                 0,
                 "1 2",
                 1,
                 1,
                 1,
                 "page 1: it broke"},
                {"a list that is longer than it was",
                 {.customers = 50, .says_pages = true, .bad_page = 1, .bad_times = 99, .expected = 2},
                 10,
                 1,
                 0,
                 "1 2 3 4 5",
                 4,
                 1,
                 1,
                 "page 1: it broke"},
                {"a list that does not say how long it is",
                 {.customers = 35, .says_size = true, .bad_page = 1, .bad_times = 99, .expected = 2},
                 10,
                 1,
                 0,
                 "1 2 3 4",
                 3,
                 1,
                 1,
                 "page 1: it broke"},
                {"where no page comes three are enough",
                 {.customers = 200,
                  .says_pages = true,
                  .bad_page = 1,
                  .bad_times = 99,
                  .all_after = true,
                  .expected = 20},
                 10,
                 1,
                 0,
                 "1 2 3",
                 0,
                 20,
                 1,
                 "page 1: it broke"},
                {"a list of one page has no others",
                 {.customers = 5, .says_pages = true, .bad_page = 1, .bad_times = 99, .expected = 1},
                 10,
                 4,
                 1,
                 "1 1",
                 0,
                 1,
                 1,
                 "page 1: it broke"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_cycle_policy policy = {
                        .page_size = cases[i].page_size,
                        .concurrency = cases[i].concurrency,
                        .retries = cases[i].retries,
                        .patience_ms = 60000,
                        .expected_pages = cases[i].model.expected,
                };
                struct run run = {.now = 5};

                run_poll(&run, &policy, &cases[i].model);
                if (strcmp(cw_buf_text(&run.order), cases[i].order) != 0 || run.cycle.good != cases[i].good ||
                    cw_cycle_bad(&run.cycle) != cases[i].bad || run.most_at_once != cases[i].at_once ||
                    strcmp(run.cycle.reason, cases[i].reason) != 0)
                        fail_msg("%s: asked \"%s\", %u good, %u bad, %u at once, \"%s\"", cases[i].name,
                                 cw_buf_text(&run.order), run.cycle.good, cw_cycle_bad(&run.cycle), run.most_at_once,
                                 run.cycle.reason);
                cw_buf_deinit(&run.order);
        }
}

static void test_a_list_without_end_is_left(void **state)
{
        struct cw_cycle_policy policy = {.page_size = 1, .concurrency = 4, .patience_ms = 1};
        struct model model = {.customers = UINT32_MAX, .says_size = true};
        struct run run = {0};

        (void)state;
        run_poll(&run, &policy, &model);
        assert_int_equal(run.cycle.good, CW_CYCLE_PAGES_MAX);
        assert_int_equal(cw_cycle_bad(&run.cycle), 1);
        assert_string_equal(run.cycle.reason, "the list has not ended after 100000 pages");
        cw_buf_deinit(&run.order);
}

static void test_a_dead_api_is_given_up(void **state)
{
        struct cw_cycle_policy policy = {.page_size = 10, .concurrency = 2, .patience_ms = 100};
        struct model model = {
                .customers = 10000, .says_pages = true, .bad_page = 2, .bad_times = 99, .all_after = true};
        struct run run = {0};

        (void)state;
        run_poll(&run, &policy, &model);
        assert_int_equal(run.cycle.good, 1);
        assert_int_equal(cw_cycle_bad(&run.cycle), 999);
        assert_true(run.order.len < 200);
        cw_buf_deinit(&run.order);
}

static void test_stopping_leaves_nothing_to_ask(void **state)
{
        struct cw_cycle_policy policy = {.page_size = 10, .concurrency = 4};
        struct cw_cycle_answer answer = {.n_customers = 10, .page_size = 10, .page_number = 1, .number_of_pages = 9};
        struct cw_cycle cycle;
        int64_t due = 0;
        uint32_t page = 0;
        unsigned slot = 0;

        (void)state;
        cw_cycle_init(&cycle, &policy, 0);
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_ASK);
        cw_cycle_asked(&cycle, slot, page);
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_WAIT);
        assert_true(due == INT64_MAX);
        cw_cycle_good(&cycle, slot, &answer, 0);
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_ASK);
        cw_cycle_asked(&cycle, slot, page);
        cw_cycle_again(&cycle, slot, 0);
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_ASK);
        assert_int_equal(page, 2);
        cw_cycle_stop(&cycle, "no more");
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_DONE);
        assert_int_equal(cw_cycle_bad(&cycle), 8);
        assert_string_equal(cycle.reason, "no more");
}

static void test_giving_up_lets_what_is_under_way_land(void **state)
{
        struct cw_cycle_policy policy = {.page_size = 10, .concurrency = 4, .retries = 5};
        struct cw_cycle_answer answer = {.n_customers = 10, .page_size = 10, .page_number = -1, .number_of_pages = 9};
        struct cw_cycle_failure failure = {.reason = "it broke"};
        struct cw_cycle cycle;
        unsigned slot = 0, slots[4];
        int64_t due = 0;
        uint32_t page = 0;

        (void)state;
        cw_cycle_init(&cycle, &policy, 0);
        assert_int_equal(cw_cycle_next(&cycle, 0, &slot, &page, &due), CW_CYCLE_ASK);
        assert_true(cw_cycle_asked(&cycle, slot, page));
        cw_cycle_good(&cycle, slot, &answer, 0);
        for (size_t i = 0; i < 4; i++) {
                assert_int_equal(cw_cycle_next(&cycle, 0, &slots[i], &page, &due), CW_CYCLE_ASK);
                assert_true(cw_cycle_asked(&cycle, slots[i], page));
        }
        assert_false(cw_cycle_failed(&cycle, slots[0], &failure, 0));
        cw_cycle_give_up(&cycle, "asked to wait");
        assert_int_equal(cw_cycle_next(&cycle, 100000, &slot, &page, &due), CW_CYCLE_WAIT);
        assert_true(due == INT64_MAX);
        cw_cycle_good(&cycle, slots[1], &answer, 0);
        assert_true(cw_cycle_failed(&cycle, slots[2], &failure, 0));
        cw_cycle_again(&cycle, slots[3], 0);
        assert_int_equal(cw_cycle_next(&cycle, 100000, &slot, &page, &due), CW_CYCLE_DONE);
        assert_int_equal(cycle.good, 2);
        assert_int_equal(cw_cycle_bad(&cycle), 7);
        assert_string_equal(cycle.reason, "asked to wait");
        assert_int_equal(cw_cycle_pages(&cycle), 9);
}

static void test_a_poll_that_asked_nothing_lacks_a_page(void **state)
{
        struct cw_cycle_policy policy = {.page_size = 10, .concurrency = 4};
        struct cw_cycle cycle;

        (void)state;
        cw_cycle_init(&cycle, &policy, 0);
        cw_cycle_stop(&cycle, "login: refused");
        assert_int_equal(cw_cycle_bad(&cycle), 1);
        assert_int_equal(cw_cycle_pages(&cycle), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_polls),
                cmocka_unit_test(test_a_list_without_end_is_left),
                cmocka_unit_test(test_a_dead_api_is_given_up),
                cmocka_unit_test(test_stopping_leaves_nothing_to_ask),
                cmocka_unit_test(test_giving_up_lets_what_is_under_way_land),
                cmocka_unit_test(test_a_poll_that_asked_nothing_lacks_a_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
