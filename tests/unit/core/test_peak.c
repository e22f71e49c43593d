/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a poll takes above what stays of it: counted by the C library's allocator, which this program puts itself
 * before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/changes_cards.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "ruleset.h"

#define CARDS  200000
#define NOW    INT64_C(1700000000000)
#define A_PAGE 1000

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>

#define CAN_COUNT 1

static size_t bytes_now, bytes_most;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void *count(void *memory)
{
        bytes_now += memory ? malloc_usable_size(memory) : 0;
        if (bytes_now > bytes_most)
                bytes_most = bytes_now;
        return memory;
}

void *malloc(size_t size)
{
        return count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
        return count(__libc_calloc(n, size));
}

void *realloc(void *memory, size_t size)
{
        size_t before = memory ? malloc_usable_size(memory) : 0;
        void *grown = __libc_realloc(memory, size);

        bytes_now -= grown || size == 0 ? before : 0;
        return count(grown);
}

void *aligned_alloc(size_t alignment, size_t size)
{
        return count(__libc_memalign(alignment, size));
}

void free(void *memory)
{
        bytes_now -= memory ? malloc_usable_size(memory) : 0;
        __libc_free(memory);
}
#else
#define CAN_COUNT 0
static size_t bytes_now, bytes_most;
#endif

static void step(struct cw_engine *engine, const struct cw_event *event, struct cw_changes *changes)
{
        assert_int_equal(cw_engine_step(engine, event, NOW, changes), 0);
}

/* Each card is of a customer of its own and has a reference; of every `changed` one the balance is another. */
static void tell_page(struct cw_engine *engine, size_t page, size_t changed, struct cw_changes *changes)
{
        static struct cw_card cards[A_PAGE];
        static struct cw_page_customer customers[A_PAGE];
        static char references[A_PAGE][24];
        struct cw_event event = {.kind = CW_EVENT_PAGE_SEEN, .at = NOW};

        for (size_t i = 0; i < A_PAGE; i++) {
                size_t id = page * A_PAGE + i + 1;
                cw_amount available = 500 * CW_AMOUNT_UNIT + (changed && id % changed == 0 ? CW_AMOUNT_UNIT : 0);

                snprintf(references[i], sizeof(references[i]), "reference-%07zu", id);
                customers[i] = (struct cw_page_customer){
                        .id = (int64_t)id, .reference = references[i], .first_card = i, .n_cards = 1};
                cards[i] = (struct cw_card){.id = (int64_t)id,
                                            .customer = (int64_t)id,
                                            .available = available,
                                            .total = available,
                                            .reference = references[i],
                                            .currency = "USD",
                                            .last4 = "1234"};
        }
        event.page = (struct cw_page_told){.number = (uint32_t)page + 1,
                                           .customers = customers,
                                           .cards = cards,
                                           .n_customers = A_PAGE,
                                           .n_cards = A_PAGE,
                                           .whole = true};
        step(engine, &event, changes);
}

static void poll(struct cw_engine *engine, size_t changed, struct cw_changes *changes)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = NOW};

        step(engine, &event, changes);
        for (size_t page = 0; page < CARDS / A_PAGE; page++)
                tell_page(engine, page, changed, changes);
        event = (struct cw_event){.kind = CW_EVENT_PAGES_READ, .at = NOW, .poll = {.pages_good = CARDS / A_PAGE}};
        step(engine, &event, changes);
        event = (struct cw_event){
                .kind = CW_EVENT_POLL_ENDED, .at = NOW, .poll = {.pages_good = CARDS / A_PAGE, .reason = ""}};
        step(engine, &event, changes);
}

/* Bytes that the poll took beyond those that stay, once its changes are written. */
static size_t taken_by_poll(struct cw_engine *engine, size_t changed, size_t rows)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        size_t before = bytes_now;

        bytes_most = bytes_now;
        poll(engine, changed, &changes);
        assert_int_equal(cw_changes_count_cards(&changes), rows);
        cw_changes_deinit(&changes);
        return bytes_most - (bytes_now > before ? bytes_now : before);
}

static void test_a_poll_takes_little_above_what_stays(void **state)
{
        struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}};
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        size_t first, half;

        (void)state;
        if (!CAN_COUNT)
                skip();
        rules = ruleset_build(&spec);
        assert_int_equal(cw_engine_new(rules, &engine), 0);
        cw_ruleset_unref(rules);
        first = taken_by_poll(engine, 0, CARDS);
        half = taken_by_poll(engine, 2, CARDS / 2);
        cw_engine_free(engine);
        print_message("  a first poll takes %zu bytes a card above what stays, a poll that changes half of them %zu\n",
                      first / CARDS, half / CARDS);
        assert_in_range(first / CARDS, 10, 80);
        assert_in_range(half / CARDS, 10, 80);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_poll_takes_little_above_what_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
