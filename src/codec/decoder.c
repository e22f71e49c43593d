/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the fast lane is tried first, and every page that it does not take teaches it what the next may look like. */
#include "cardwatch/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"

#include "id_set.h"
#include "page_store.h"
#include "provider_page.h"
#include "scan.h"
#include "shape.h"

struct cw_decoder {
        bool reference;
        struct cw_shape shapes[2]; /* of lists and of one customer */
        struct cw_id_set ids;
        struct cw_page_store store;
};

int cw_decoder_new(bool reference, struct cw_decoder **ret_decoder)
{
        struct cw_decoder *decoder = calloc(1, sizeof(*decoder));

        if (!decoder)
                return -ENOMEM;
        decoder->reference = reference;
        for (size_t i = 0; i < CW_ARRAY_SIZE(decoder->shapes); i++)
                cw_shape_init(&decoder->shapes[i]);
        *ret_decoder = decoder;
        return 0;
}

void cw_decoder_free(struct cw_decoder *decoder)
{
        if (!decoder)
                return;
        cw_page_deinit(&decoder->store.page);
        cw_id_set_deinit(&decoder->ids);
        free(decoder);
}

static bool scan_page(struct cw_decoder *decoder, const struct cw_shape *shape, char *bytes, size_t len,
                      int one_customer)
{
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
                return cw_scan_page_avx2(shape, &decoder->ids, bytes, len, one_customer, &decoder->store);
#endif
        return cw_scan_page(shape, &decoder->ids, bytes, len, one_customer, &decoder->store);
}

static int read_page(struct cw_decoder *decoder, char *bytes, size_t len, int one_customer,
                     struct cw_provider_error *ret_error)
{
        struct cw_shape *shape = &decoder->shapes[one_customer ? 1 : 0];
        int r = cw_page_store_clear(&decoder->store);

        if (r < 0)
                return r;
        if (!decoder->reference) {
                if (scan_page(decoder, shape, bytes, len, one_customer))
                        return CW_PROVIDER_OK;
                r = cw_page_store_clear(&decoder->store);
        }
        if (r == 0)
                r = cw_provider_page_read(bytes, len, one_customer, &decoder->store, ret_error);
        if (r == CW_PROVIDER_OK && !decoder->reference)
                cw_shape_learn(shape, bytes, len);
        return r;
}

int cw_decoder_page(struct cw_decoder *decoder, char *bytes, size_t len, int one_customer,
                    const struct cw_page **ret_page, struct cw_provider_error *ret_error)
{
        int r = read_page(decoder, bytes, len, one_customer, ret_error);

        if (r == CW_PROVIDER_OK)
                *ret_page = &decoder->store.page;
        return r;
}
