/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list's page that is decoded part by part: whatever changes in it, what was told since the beginning is what the
 * reference lane reads in it now; and what does not change is not told again.
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

#include "cardwatch/buf.h"
#include "cardwatch/buf_room.h"
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

/* Who asks for it, and is told. */
struct list_source {
        struct cw_decoder *decoder;
        struct lanes_list told;
        size_t alike, all; /* customers */
        size_t left_out, sent; /* bytes */
        unsigned again; /* pages that were asked for once more */
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

/* In pieces of any length. */
static void arrive(struct cw_arrival *arrival, uint64_t *chance, const struct cw_buf *sent, struct cw_buf *kept)
{
        unsigned longest = 1 + pages_chance(chance, pages_chance(chance, 2) ? 200 : 20000);
        size_t n;

        cw_buf_clear(kept);
        assert_non_null(cw_buf_reserve(kept, sent->len));
        memset(kept->data, 0, kept->capacity);
        for (size_t at = 0; at < sent->len; at += n) {
                n = 1 + pages_chance(chance, longest);
                if (n > sent->len - at)
                        n = sent->len - at;
                cw_arrival_keep(arrival, kept, sent->data + at, n);
        }
        assert_int_equal(cw_buf_error(kept), 0);
        assert_int_equal(kept->len + arrival->left_out_bytes, sent->len);
        /* What was taken out again is not left behind the end, where nobody would look for a card number. */
        for (size_t at = kept->len; at < kept->capacity; at++)
                assert_int_equal(kept->data[at], 0);
}

/* What is known may be less by the time that the page is there. */
static int decode_kept(struct list_source *source, uint64_t known, uint64_t *chance, const struct cw_buf *sent,
                       struct cw_buf *kept, const struct cw_page **ret_page)
{
        struct cw_provider_error error = {0};
        struct cw_arrival arrival;
        int r;

        cw_decoder_expect(source->decoder, 1, known, &arrival);
        arrive(&arrival, chance, sent, kept);
        source->left_out += arrival.left_out_bytes;
        if (pages_chance(chance, 10) == 0)
                known &= pages_chance(chance, UINT32_MAX);
        r = cw_decoder_list_page(source->decoder, &arrival, known, kept->data, kept->len, ret_page, &error);
        if (r == 0 && lanes_list_repeats(&source->told, *ret_page))
                r = cw_decoder_list_page(source->decoder, &arrival, 0, kept->data, kept->len, ret_page, &error);
        return r;
}

/* What a source does with a page. */
static const struct cw_page *decode(struct list_source *source, uint64_t known, uint64_t *chance,
                                    const struct cw_buf *sent, struct cw_buf *kept)
{
        const struct cw_page *page = NULL;
        int r = decode_kept(source, known, chance, sent, kept, &page);

        if (r == -EAGAIN) {
                source->again++;
                r = decode_kept(source, 0, chance, sent, kept, &page);
        }
        assert_int_equal(r, 0);
        return page;
}

static void poll(const struct list *list, struct list_source *source, uint64_t *chance)
{
        bool fits = pages_chance(chance, 10) > 0;
        struct cw_buf sent = CW_BUF_NULL, kept = CW_BUF_NULL, copy = CW_BUF_NULL;
        struct cw_page truth = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        const struct cw_page *page;
        const char *what;

        write_list(list, &sent);
        write_list(list, &copy);
        assert_int_equal(cw_provider_decode_page(copy.data, copy.len, 0, &truth, &error), 0);
        page = decode(source, draw_known(chance), chance, &sent, &kept);
        if (fits) { /* else it turns out to be no page of this list, and nobody is told */
                cw_decoder_told(source->decoder);
                what = lanes_list_differs(&source->told, page, &truth);
                if (what)
                        fail_msg("%s", what);
        }
        source->alike += page->n_listed - page->n_customers;
        source->all += list->n;
        source->sent += sent.len;
        cw_page_deinit(&truth);
        cw_buf_deinit(&sent);
        cw_buf_deinit(&kept);
        cw_buf_deinit(&copy);
}

static void play(uint64_t seed, struct list_source *source)
{
        static struct list list;
        uint64_t chance = seed;
        unsigned id = 0;

        print_message("CARDWATCH_SEED=%" PRIu64 "\n", seed);
        list = (struct list){0};
        for (unsigned i = 0, n = pages_chance(&chance, CUSTOMERS_MAX / 2); i < n; i++)
                insert(&list, list.n, ++id);
        assert_int_equal(cw_decoder_new(seed % 5 == 0, &source->decoder), 0);
        for (int i = 0; i < POLLS; i++) {
                for (unsigned n = pages_chance(&chance, 4); n > 0; n--)
                        change(&list, &chance, &id);
                poll(&list, source, &chance);
        }
        cw_decoder_free(source->decoder);
        lanes_list_deinit(&source->told);
}

static void test_what_was_told_is_the_page(void **state)
{
        const char *seed = getenv("CARDWATCH_SEED");
        uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
        struct list_source source = {0};

        (void)state;
        for (uint64_t i = first; i < first + (seed ? 1 : HISTORIES); i++)
                play(i, &source);
        print_message("%zu of %zu customers were known again, %zu of %zu bytes left out, %u pages asked for again\n",
                      source.alike, source.all, source.left_out, source.sent, source.again);
        if (!seed) {
                assert_true(source.alike > source.all / 3);
                assert_true(source.left_out > source.sent / 20);
                assert_true(source.again > 0);
        }
}

static int ask(struct list_source *source, uint64_t known, uint64_t *chance, const struct cw_buf *sent,
               const struct cw_page **ret_page)
{
        struct cw_provider_error error = {0};
        struct cw_buf kept = CW_BUF_NULL;
        struct cw_arrival arrival;
        int r;

        cw_decoder_expect(source->decoder, 1, known, &arrival);
        arrive(&arrival, chance, sent, &kept);
        source->left_out = arrival.left_out_bytes;
        r = cw_decoder_list_page(source->decoder, &arrival, known, kept.data, kept.len, ret_page, &error);
        cw_buf_deinit(&kept);
        return r;
}

/* Its last part takes whatever follows, so that it is read always; left out, the page were asked for twice for ever. */
static void test_a_page_of_as_many_parts_as_there_can_be(void **state)
{
        static struct list list;
        struct list_source source = {0};
        const struct cw_page *page = NULL;
        uint64_t chance = 1;
        size_t n_parts = 0;

        (void)state;
        list = (struct list){0};
        assert_int_equal(cw_decoder_new(false, &source.decoder), 0);
        for (unsigned i = 0; n_parts < CW_PAGE_PARTS_MAX; i++) {
                struct cw_buf sent = CW_BUF_NULL;

                list.customers[list.n++] = (struct customer){.id = i + 1, .n_cards = 27, .card = 10000 + i * 100};
                write_list(&list, &sent);
                for (int again = 0; again < 2 && i >= 40; again++) {
                        assert_int_equal(ask(&source, UINT64_MAX, &chance, &sent, &page), 0);
                        assert_int_equal(page->n_listed, list.n);
                        n_parts = page->n_parts;
                        cw_decoder_told(source.decoder);
                }
                cw_buf_deinit(&sent);
                assert_true(list.n < CUSTOMERS_MAX);
        }
        assert_true(source.left_out > 0);
        assert_false(page->parts[CW_PAGE_PARTS_MAX - 1].alike);
        assert_true(page->parts[CW_PAGE_PARTS_MAX - 2].alike);
        cw_decoder_free(source.decoder);
}

#define CUSTOMER "{\"customersId\":"

static char *nth_customer(const struct cw_buf *sent, size_t n)
{
        char *at = strstr(sent->data, CUSTOMER);

        while (n-- > 0)
                at = strstr(at + 1, CUSTOMER);
        return at;
}

/* No JSON; but what is left of it would be, if nobody looked where that was taken from. */
static void test_what_is_left_out_is_missed_where_nobody_comes_by_its_place(void **state)
{
        static const struct {
                const char *name, *behind;
        } cases[] = {
                {"within a text", "\",\"cards\":[]},"},
                {"within a text, and elsewhere it looks as if one were left out", "\",\"cards\":[]},},"},
        };
        static struct list list;

        (void)state;
        list = (struct list){0};
        for (unsigned i = 1; i < CUSTOMERS_MAX; i++)
                insert(&list, list.n, i * 4); /* without cards, so that a part ends with a short customer */
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf sent = CW_BUF_NULL, odd = CW_BUF_NULL;
                struct list_source source = {0};
                const struct cw_page *page = NULL;
                uint64_t chance = 1;
                char *last, *second, *third;
                size_t second_at;

                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_decoder_new(false, &source.decoder), 0);
                write_list(&list, &sent);
                for (int again = 0; again < 2; again++) {
                        assert_int_equal(ask(&source, 0, &chance, &sent, &page), 0);
                        cw_decoder_told(source.decoder);
                }
                assert_true(page->n_parts > 3);
                second_at = page->parts[0].n_customers;
                last = nth_customer(&sent, second_at - 1);
                second = nth_customer(&sent, second_at);
                third = nth_customer(&sent, second_at + page->parts[1].n_customers);
                cw_buf_append(&odd, sent.data, (size_t)(last - sent.data));
                cw_buf_puts(&odd, CUSTOMER "1,\"customersReference\":\"");
                while (odd.len + 2 < (size_t)(second - sent.data))
                        cw_buf_putc(&odd, 'x');
                cw_buf_append(&odd, second - 2, (size_t)(third - second + 2));
                cw_buf_puts(&odd, cases[i].behind);
                cw_buf_puts(&odd, third);
                assert_int_equal(ask(&source, UINT64_MAX, &chance, &odd, &page), -EAGAIN);
                assert_int_equal(source.left_out, third - second - 2);
                assert_int_not_equal(ask(&source, 0, &chance, &odd, &page), 0);
                cw_decoder_free(source.decoder);
                cw_buf_deinit(&sent);
                cw_buf_deinit(&odd);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_told_is_the_page),
                cmocka_unit_test(test_a_page_of_as_many_parts_as_there_can_be),
                cmocka_unit_test(test_what_is_left_out_is_missed_where_nobody_comes_by_its_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
