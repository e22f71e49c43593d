/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the fast lane is tried first, and every page that it does not take teaches it what the next may look like. What
 * is known again is not read in either.
 */
#include "cardwatch/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"

#include "id_set.h"
#include "page_store.h"
#include "parts.h"
#include "prints.h"
#include "provider_page.h"
#include "scan.h"
#include "shape.h"

struct cw_decoder {
        bool reference;
        struct cw_shape shapes[2]; /* of lists and of one customer */
        struct cw_id_set ids;
        struct cw_page_store store;
        struct cw_prints prints;
        struct cw_parts parts; /* of the list's page that was decoded last */
        uint32_t number;
};

int cw_decoder_new(bool reference, struct cw_decoder **ret_decoder)
{
        struct cw_decoder *decoder = calloc(1, sizeof(*decoder));

        if (!decoder)
                return -ENOMEM;
        decoder->reference = reference;
        for (size_t i = 0; i < CW_ARRAY_SIZE(decoder->shapes); i++)
                cw_shape_init(&decoder->shapes[i]);
        cw_prints_init(&decoder->prints);
        *ret_decoder = decoder;
        return 0;
}

void cw_decoder_free(struct cw_decoder *decoder)
{
        if (!decoder)
                return;
        cw_page_deinit(&decoder->store.page);
        cw_id_set_deinit(&decoder->ids);
        cw_prints_deinit(&decoder->prints);
        free(decoder);
}

static bool scan_page(struct cw_decoder *decoder, const struct cw_scan_input *input)
{
        if (decoder->reference)
                return false;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
                return cw_scan_page_avx2(input, &decoder->ids, &decoder->store);
#endif
        return cw_scan_page(input, &decoder->ids, &decoder->store);
}

static int read_long(struct cw_decoder *decoder, struct cw_shape *shape, char *bytes, size_t len, int one_customer,
                     struct cw_provider_error *ret_error)
{
        int r = cw_provider_page_read(bytes, len, one_customer, &decoder->store, ret_error);

        if (r == CW_PROVIDER_OK && !decoder->reference)
                cw_shape_learn(shape, bytes, len);
        return r;
}

int cw_decoder_page(struct cw_decoder *decoder, char *bytes, size_t len, int one_customer,
                    const struct cw_page **ret_page, struct cw_provider_error *ret_error)
{
        struct cw_shape *shape = &decoder->shapes[one_customer ? 1 : 0];
        struct cw_scan_input input = {.shape = shape, .bytes = bytes, .len = len, .one_customer = one_customer};
        int r = cw_page_store_clear(&decoder->store);

        if (r == 0 && !scan_page(decoder, &input)) {
                r = cw_page_store_clear(&decoder->store);
                if (r == 0)
                        r = read_long(decoder, shape, bytes, len, one_customer, ret_error);
        }
        if (r == CW_PROVIDER_OK)
                *ret_page = &decoder->store.page;
        return r;
}

/* All there is to say of a page whose bytes are known again. */
static void say_as_before(struct cw_page *page, const struct cw_prints_page *before)
{
        page->page_size = before->page_size;
        page->page_number = before->page_number;
        page->number_of_pages = before->number_of_pages;
}

/* A page that cannot be scanned is one part. Its print is taken first: the long way cuts card numbers where they stand.
 */
static int read_whole(struct cw_decoder *decoder, char *bytes, size_t len, struct cw_provider_error *ret_error)
{
        struct cw_print print = cw_prints_take(&decoder->prints, bytes, len);
        const struct cw_page *page = &decoder->store.page;
        struct cw_page_part part;
        int r = cw_page_store_clear(&decoder->store);

        if (r == 0)
                r = read_long(decoder, &decoder->shapes[0], bytes, len, 0, ret_error);
        if (r != CW_PROVIDER_OK)
                return r;
        part = (struct cw_page_part){.n_customers = (uint32_t)page->n_customers, .n_cards = (uint32_t)page->n_cards};
        cw_parts_be_whole(&decoder->parts, &print, len, &part);
        return CW_PROVIDER_OK;
}

static int read_list_page(struct cw_decoder *decoder, char *bytes, size_t len, struct cw_provider_error *ret_error)
{
        struct cw_parts *parts = &decoder->parts;
        struct cw_scan_input input = {.shape = &decoder->shapes[0], .bytes = bytes, .len = len, .parts = parts};
        int r = cw_page_store_clear(&decoder->store);

        if (r < 0)
                return r;
        if (cw_parts_skip_whole(parts, bytes, len))
                say_as_before(&decoder->store.page, parts->before);
        else if (!scan_page(decoder, &input))
                r = parts->arrival->left_out ? -EAGAIN : read_whole(decoder, bytes, len, ret_error);
        else if (!cw_parts_is_all(parts))
                r = -EAGAIN;
        return r;
}

bool cw_decoder_knows(const struct cw_decoder *decoder, uint32_t number)
{
        return cw_prints_find(&decoder->prints, number)->n_parts > 0;
}

void cw_decoder_expect(const struct cw_decoder *decoder, uint32_t number, uint64_t known,
                       struct cw_arrival *ret_arrival)
{
        const struct cw_prints_page *before = cw_prints_find(&decoder->prints, number);

        *ret_arrival = (struct cw_arrival){
                .prints = &decoder->prints,
                .number = number,
                .telling = before->tellings,
                .known = known,
                .place = before->first,
                .gap = decoder->shapes[0].details.next.len,
        };
}

/* Whether what was left out is what would be passed over now. */
static bool is_still_known(const struct cw_decoder *decoder, const struct cw_arrival *arrival, uint64_t known)
{
        return arrival->left_out == 0 ||
               ((arrival->left_out & ~known) == 0 &&
                arrival->telling == cw_prints_find(&decoder->prints, arrival->number)->tellings);
}

int cw_decoder_list_page(struct cw_decoder *decoder, const struct cw_arrival *arrival, uint64_t known, char *bytes,
                         size_t len, const struct cw_page **ret_page, struct cw_provider_error *ret_error)
{
        struct cw_page *page = &decoder->store.page;
        int r;

        if (!is_still_known(decoder, arrival, known))
                return -EAGAIN;
        decoder->number = arrival->number;
        cw_parts_begin(&decoder->parts, &decoder->prints, arrival, known, bytes, len);
        r = read_list_page(decoder, bytes, len, ret_error);
        if (r != CW_PROVIDER_OK)
                return r;
        page->parts = decoder->parts.told;
        page->n_parts = decoder->parts.n;
        page->n_listed = decoder->parts.n_customers;
        *ret_page = page;
        return CW_PROVIDER_OK;
}

void cw_decoder_told(struct cw_decoder *decoder)
{
        const struct cw_page *page = &decoder->store.page;
        struct cw_prints_page told = {
                .parts = decoder->parts.now,
                .n_parts = decoder->parts.n,
                .whole = decoder->parts.whole,
                .first = decoder->parts.first,
                .page_size = page->page_size,
                .page_number = page->page_number,
                .number_of_pages = page->number_of_pages,
        };

        cw_prints_keep(&decoder->prints, decoder->number, &told);
}
