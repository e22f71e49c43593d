/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DECODER_H
#define CARDWATCH_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/arrival.h"
#include "cardwatch/provider.h"

/*
 * Decoder: for whoever decodes one page after the other.
 *
 * Says of every page exactly what cw_provider_decode_page says. It keeps the memory of the page before, and what it
 * learnt of how this API writes its pages, which makes the next one cheap; of the pages of a list also by what their
 * parts are known again. What it keeps holds no card number. Card numbers may stand whole in the caller's bytes
 * afterwards: they are the caller's to wipe.
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

/*
 * A page of a list is about to come in: those parts of it that `known` has a bit for (the first has the lowest) are
 * left out if they come as they were told last. 0: all of it is kept. Whether it makes a difference, for a page of
 * which nothing is known has no such parts.
 */
void cw_decoder_expect(const struct cw_decoder *decoder, uint32_t number, uint64_t known,
                       struct cw_arrival *ret_arrival);
bool cw_decoder_knows(const struct cw_decoder *decoder, uint32_t number);

/*
 * The same as cw_decoder_page for what was kept of such a page, divided into parts. Those that `known` has a bit for
 * are passed over if their bytes are the ones that were told last: then the part is alike, and its customers and cards
 * do not stand in the page. Once more with 0, all of them do, if nothing was left out.
 *
 * Also -EAGAIN: what was left out is needed after all. The page has to be asked for again, and kept.
 */
int cw_decoder_list_page(struct cw_decoder *decoder, const struct cw_arrival *arrival, uint64_t known, char *bytes,
                         size_t len, const struct cw_page **ret_page, struct cw_provider_error *ret_error)
        __attribute__((warn_unused_result));

/* The page of a list that was decoded last is told. */
void cw_decoder_told(struct cw_decoder *decoder);

#endif
