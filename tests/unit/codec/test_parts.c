/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list's page that is decoded part by part: whatever changes in it, what was told since the beginning is what the
 * reference lane reads in it now; and what does not change is not told again.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/decoder.h"
#include "list.h"
#include "pages.h"

#define CUSTOMERS_MAX 400
#define HISTORIES     12
#define POLLS         60

struct customer {
        unsigned id, reference, n_cards, balance, card; /* the first card's id; 0: made from the customer's */
};

struct list {
        struct customer customers[CUSTOMERS_MAX];
        size_t n;
        bool spaced, odd; /* as the scanner does not know it at first; with a card that it never takes */
};

static void write_list(const struct list *list, struct cw_buf *buf)
{
        const char *space = list->spaced ? " " : "";

        cw_buf_printf(buf, "{\"id\":0,\"details\":%s[", space);
        for (size_t i = 0; i < list->n; i++) {
                const struct customer *customer = &list->customers[i];

                cw_buf_printf(buf, "%s{\"customersId\":%s%u,\"customersReference\":\"r%u\",\"cards\":[", i ? "," : "",
                              space, customer->id, customer->reference);
                for (unsigned k = 0; k < customer->n_cards; k++)
                        cw_buf_printf(buf,
                                      "%s{\"id\":%u,\"currency\":\"USD\",\"cardNumber\":\"4111111111111111\","
                                      "\"totalBalance\":%u.25,\"availableBalance\":%u.5,\"pendingBalance\":0,"
                                      "\"bSuppressed\":false}",
                                      k ? "," : "", (customer->card ? customer->card : customer->id * 10) + k,
                                      customer->balance + k, customer->balance);
                cw_buf_puts(buf, "]}");
        }
        cw_buf_printf(buf, "],\"pageSize\":%u,\"pageNumber\":1,\"numberOfPages\":3,\"status\":\"1\",\"errors\":[%s]}",
                      list->odd ? 5 : 10, list->odd ? "{\"a\":[1]}" : "");
        assert_int_equal(cw_buf_error(buf), 0);
}

static void insert(struct list *list, size_t at, unsigned id)
{
        if (list->n == CUSTOMERS_MAX)
                return;
        memmove(&list->customers[at + 1], &list->customers[at], (list->n - at) * sizeof(list->customers[0]));
        list->customers[at] = (struct customer){.id = id, .n_cards = id % 4, .balance = id % 1000};
        list->n++;
}

static void drop(struct list *list, size_t at)
{
        memmove(&list->customers[at], &list->customers[at + 1], (list->n - at - 1) * sizeof(list->customers[0]));
        list->n--;
}

static void change(struct list *list, uint64_t *chance, unsigned *id)
{
        size_t at = list->n ? pages_chance(chance, (unsigned)list->n) : 0;

        if (list->n == 0 || pages_chance(chance, 8) == 0) {
                insert(list, list->n ? at : 0, ++*id);
                return;
        }
        switch (pages_chance(chance, 12)) {
        case 0:
                drop(list, at);
                break;
        case 1:
                list->customers[at].n_cards = pages_chance(chance, 5);
                break;
        case 2:
                list->customers[at].reference = pages_chance(chance, 100000);
                break;
        case 3: /* a card that stands elsewhere on the page, too */
                list->customers[at].card = list->customers[pages_chance(chance, (unsigned)list->n)].id * 10;
                break;
        case 4:
                list->customers[at].card = 0;
                break;
        case 5:
                insert(list, list->n, ++*id);
                break;
        case 6:
                if (pages_chance(chance, 8) == 0)
                        list->n = pages_chance(chance, (unsigned)list->n + 1);
                break;
        case 7:
                list->odd ^= pages_chance(chance, 6) == 0;
                break;
        case 8:
                list->spaced ^= pages_chance(chance, 6) == 0;
                break;
        default:
                list->customers[at].balance = pages_chance(chance, 1000000);
                break;
        }
}

static uint64_t draw_known(uint64_t *chance)
{
        switch (pages_chance(chance, 4)) {
        case 0:
                return pages_chance(chance, 3) ? UINT64_MAX : 0;
        case 1:
                return (uint64_t)pages_chance(chance, UINT32_MAX) << 32 | pages_chance(chance, UINT32_MAX);
        default:
                return UINT64_MAX;
        }
}

/* What a source does with a page. */
static const struct cw_page *decode(struct cw_decoder *decoder, const struct lanes_list *told, uint64_t known,
                                    struct cw_buf *buf)
{
        struct cw_provider_error error = {0};
        const struct cw_page *page = NULL;

        assert_int_equal(cw_decoder_list_page(decoder, 1, known, buf->data, buf->len, &page, &error), 0);
        if (!lanes_list_repeats(told, page))
                return page;
        assert_int_equal(cw_decoder_list_page(decoder, 1, 0, buf->data, buf->len, &page, &error), 0);
        return page;
}

static void poll(const struct list *list, struct cw_decoder *decoder, struct lanes_list *told, uint64_t *chance,
                 size_t *alike)
{
        bool fits = pages_chance(chance, 10) > 0;
        struct cw_buf buf = CW_BUF_NULL, copy = CW_BUF_NULL;
        struct cw_page truth = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        const struct cw_page *page;
        const char *what;

        write_list(list, &buf);
        write_list(list, &copy);
        assert_int_equal(cw_provider_decode_page(copy.data, copy.len, 0, &truth, &error), 0);
        page = decode(decoder, told, draw_known(chance), &buf);
        if (fits) { /* else it turns out to be no page of this list, and nobody is told */
                cw_decoder_told(decoder);
                what = lanes_list_differs(told, page, &truth);
                if (what)
                        fail_msg("%s", what);
        }
        *alike += page->n_listed - page->n_customers;
        cw_page_deinit(&truth);
        cw_buf_deinit(&buf);
        cw_buf_deinit(&copy);
}

static void play(uint64_t seed, size_t *alike, size_t *all)
{
        static struct list list;
        uint64_t chance = seed;
        struct lanes_list told = {0};
        struct cw_decoder *decoder = NULL;
        unsigned id = 0;

        print_message("CARDWATCH_SEED=%" PRIu64 "\n", seed);
        list = (struct list){0};
        for (unsigned i = 0, n = pages_chance(&chance, CUSTOMERS_MAX / 2); i < n; i++)
                insert(&list, list.n, ++id);
        assert_int_equal(cw_decoder_new(seed % 5 == 0, &decoder), 0);
        for (int i = 0; i < POLLS; i++) {
                for (unsigned n = pages_chance(&chance, 4); n > 0; n--)
                        change(&list, &chance, &id);
                poll(&list, decoder, &told, &chance, alike);
                *all += list.n;
        }
        cw_decoder_free(decoder);
        lanes_list_deinit(&told);
}

static void test_what_was_told_is_the_page(void **state)
{
        const char *seed = getenv("CARDWATCH_SEED");
        uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
        size_t alike = 0, all = 0;

        (void)state;
        for (uint64_t i = first; i < first + (seed ? 1 : HISTORIES); i++)
                play(i, &alike, &all);
        print_message("%zu of %zu customers were known again\n", alike, all);
        if (!seed)
                assert_true(alike > all / 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_told_is_the_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
