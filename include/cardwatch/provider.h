/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_PROVIDER_H
#define CARDWATCH_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"

struct cw_buf;
struct cw_secret;

/*
 * Provider: the card API's JSON (api.md) as cards.
 *
 * Bytes in, cards out, all or nothing: a page is believed only after all of it was strict JSON (RFC 8259), a successful
 * envelope and of the right shape. A card whose fields cannot be trusted is set aside with its reason and does not fail
 * the page. Card numbers are cut to their last four digits in the caller's own bytes before json-c copies anything out
 * of them, which is why the input is not const; the bytes are the caller's to wipe all the same.
 */

struct cw_bad_card {
        int64_t customer, card; /* card 0: its id is what cannot be trusted */
        char field[32];
        char reason[96]; /* "has more than six decimals"; never the value of a card number */
};

struct cw_page {
        struct cw_page_customer *customers;
        size_t n_customers;
        struct cw_card *cards; /* `reference` points into the page */
        size_t n_cards;
        struct cw_bad_card *bad;
        size_t n_bad;
        const struct cw_page_part *parts; /* of a list's page (decoder.h); owned by the decoder */
        size_t n_parts;
        size_t n_listed; /* customers, those of parts that are alike, too */
        int64_t page_size, page_number, number_of_pages; /* -1: not said */
        struct cw_page_texts *texts; /* private: owns the references */
};

#define CW_PAGE_NULL                                                                                                   \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_page_deinit(struct cw_page *page);

enum cw_provider_verdict {
        CW_PROVIDER_OK = 0,
        CW_PROVIDER_MALFORMED = 1, /* no strict JSON, or not the shape of an envelope */
        CW_PROVIDER_REFUSED = 2, /* an envelope that says error; `code` has the first messageCode */
};

struct cw_provider_error {
        char code[64]; /* messageCode of the first error that has one, "" if none */
        char field[64]; /* its fieldName, "" if none */
        char reason[160]; /* one line for the log, without data of cards */
};

/*
 * One page for itself; who decodes many has a decoder (decoder.h).
 * `one_customer`: details may be one object instead of an array. Returns a verdict (>= 0) or -ENOMEM.
 */
int cw_provider_decode_page(char *bytes, size_t len, int one_customer, struct cw_page *ret_page,
                            struct cw_provider_error *ret_error) __attribute__((warn_unused_result));

/* The answer to a login. `ret_expires_ms` is -1 when it was not said. */
int cw_provider_decode_login(char *bytes, size_t len, struct cw_secret **ret_token, int64_t *ret_expires_ms,
                             struct cw_provider_error *ret_error) __attribute__((warn_unused_result));

/* Only the verdict of an answer that is expected to be an error (4xx, 5xx): fills `ret_error` as far as it can. */
void cw_provider_decode_error(char *bytes, size_t len, struct cw_provider_error *ret_error);

/* Appends the body of a login request. */
void cw_provider_encode_login(const char *username, const struct cw_secret *password, const char *otp,
                              struct cw_buf *buf);

#endif
