/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DECODER_H
#define CARDWATCH_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/provider.h"

/*
 * Decoder: for whoever decodes one page after the other.
 *
 * Says of every page exactly what cw_provider_decode_page says, and cuts card numbers in the caller's bytes as that
 * does. It keeps the memory of the page before, and what it learnt of how this API writes its pages, which makes the
 * next one cheap. What it keeps holds no card number.
 */

struct cw_decoder;

/* `reference`: learn nothing and go the long way with every page; for comparing. */
int cw_decoder_new(bool reference, struct cw_decoder **ret_decoder) __attribute__((warn_unused_result));
void cw_decoder_free(struct cw_decoder *decoder);

/*
 * A verdict (provider.h) or -ENOMEM. With CW_PROVIDER_OK, *ret_page belongs to the decoder and is valid until its next
 * page or its end; else it is untouched.
 */
int cw_decoder_page(struct cw_decoder *decoder, char *bytes, size_t len, int one_customer,
                    const struct cw_page **ret_page, struct cw_provider_error *ret_error)
        __attribute__((warn_unused_result));

#endif
