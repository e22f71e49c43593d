/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one page store for page after page. */
#include "cardwatch/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "page_store.h"
#include "provider_page.h"

struct cw_decoder {
        bool reference;
        struct cw_page_store store;
};

int cw_decoder_new(bool reference, struct cw_decoder **ret_decoder)
{
        struct cw_decoder *decoder = calloc(1, sizeof(*decoder));

        if (!decoder)
                return -ENOMEM;
        decoder->reference = reference;
        *ret_decoder = decoder;
        return 0;
}

void cw_decoder_free(struct cw_decoder *decoder)
{
        if (!decoder)
                return;
        cw_page_deinit(&decoder->store.page);
        free(decoder);
}

int cw_decoder_page(struct cw_decoder *decoder, char *bytes, size_t len, int one_customer,
                    const struct cw_page **ret_page, struct cw_provider_error *ret_error)
{
        int r = cw_page_store_clear(&decoder->store);

        if (r < 0)
                return r;
        r = cw_provider_page_read(bytes, len, one_customer, &decoder->store, ret_error);
        if (r == CW_PROVIDER_OK)
                *ret_page = &decoder->store.page;
        return r;
}
