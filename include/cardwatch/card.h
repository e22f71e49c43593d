/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CARD_H
#define CARDWATCH_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/money.h"

/*
 * Card: one card as one observation showed it.
 *
 * Plain data; `reference` belongs to whoever says so (a decoded page, what the engine keeps). At most the last
 * four digits of the card number ever reach this type.
 */
struct cw_card {
        int64_t id;
        int64_t customer;
        cw_amount available, pending, total;
        const char *reference; /* of the customer; NULL: it has none */
        char currency[4]; /* ISO 4217, upper case */
        char last4[5]; /* "" when the API gave no number */
        bool suppressed; /* deactivated */
};

/* A customer as one page showed it, with its cards among the page's. */
struct cw_page_customer {
        int64_t id;
        const char *reference; /* owned by the page; NULL: null or missing */
        size_t first_card, n_cards;
};

/* A stretch of a page's customers. */
struct cw_page_part {
        uint32_t n_customers, n_cards;
        bool alike; /* byte for byte as it was told last: its customers and cards are not told again */
};

/* All that one page showed. */
struct cw_page_told {
        uint32_t number; /* in the list, from 1 */
        const struct cw_page_customer *customers; /* of the parts that are not alike, one behind the other */
        const struct cw_card *cards;
        size_t n_customers, n_cards;
        const struct cw_page_part *parts;
        size_t n_parts; /* 0: it is not divided, and all of it is told */
        bool whole; /* nothing on it was set aside */
};

/* So many parts has a page at most: a bit each, where it is said which of them are known. */
#define CW_PAGE_PARTS_MAX 64

enum cw_severity { CW_SEVERITY_NONE, CW_SEVERITY_INFO, CW_SEVERITY_WARNING, CW_SEVERITY_CRITICAL };

/* "info", "warning", "critical"; "none" for none. */
const char *cw_severity_name(enum cw_severity severity);

/* CW_SEVERITY_NONE when the text names none. */
enum cw_severity cw_severity_parse(const char *text);

#endif
