/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_OVERRIDES_H
#define CARDWATCH_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/value.h"

struct cw_hash;

/*
 * Override table: other values of a rule's parameters, by the row, for a hundred thousand cards.
 *
 * A row says for which cards it is (any of source, customer, card and currency; what it leaves out matches anything)
 * and gives some of the parameters. The first row that matches a card counts, all of it. Finding it costs the same
 * however many rows there are: it asks once for each combination of columns that some row fills.
 *
 * Filled row by row, then only read; owns copies of all that it was given. Where the rows come from, and what is wrong
 * with them, is not its business: values must have their parameter's type already.
 */

#define CW_OVERRIDE_SOURCE   0x1u
#define CW_OVERRIDE_CUSTOMER 0x2u
#define CW_OVERRIDE_CARD     0x4u
#define CW_OVERRIDE_CURRENCY 0x8u

struct cw_override_row {
        unsigned filled; /* CW_OVERRIDE_…: which of these four it asks for */
        const char *source;
        int64_t customer, card;
        char currency[4]; /* upper case */
        const struct cw_value *params; /* one for each of the rule's, in its order */
        const bool *given; /* which of them it gives */
        uint32_t line; /* where it stands, for messages */
};

struct cw_override_table;

/* Empty; the defaults of the rule's parameters give their types. -ENOMEM. */
int cw_override_table_new(const struct cw_value *defaults, size_t n_params, struct cw_override_table **ret_table)
        __attribute__((warn_unused_result));
void cw_override_table_free(struct cw_override_table *table);

/* An outcome: an earlier row asks for the same, so that this one would never count; it was left out. */
#define CW_OVERRIDE_DUPLICATE 1

/* 0, CW_OVERRIDE_DUPLICATE with the earlier row's line, or -ENOMEM. */
int cw_override_table_add(struct cw_override_table *table, const struct cw_override_row *row, uint32_t *ret_line)
        __attribute__((warn_unused_result));

/*
 * Sets those of the parameters that the first matching row gives; false: no row matches. Values are borrowed. An amount
 * that was given as a plain number has no currency yet: it is in the card's.
 */
bool cw_override_table_apply(const struct cw_override_table *table, const char *source, const struct cw_card *card,
                             struct cw_value *params);

size_t cw_override_table_rows(const struct cw_override_table *table);

/* The longest duration that any row gives the parameter, 0: none does. */
int64_t cw_override_table_longest_ms(const struct cw_override_table *table, size_t param);

/* Feeds what it says: where rows cannot stand in each other's way their order makes no difference. */
void cw_override_table_meaning(const struct cw_override_table *table, struct cw_hash *hash);

#endif
