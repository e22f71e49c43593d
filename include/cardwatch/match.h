/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_MATCH_H
#define CARDWATCH_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_card;

/*
 * Match: which cards something is about. Plain data, owned by the ruleset it stands in.
 */

struct cw_label {
        char *name, *value;
};

enum cw_suppressed_match { CW_SUPPRESSED_UNSAID, CW_SUPPRESSED_FALSE, CW_SUPPRESSED_TRUE, CW_SUPPRESSED_ANY };

/* All that is said must hold; a list that is empty says nothing. Ids are sorted rising. */
struct cw_match {
        char **sources;
        size_t n_sources;
        int64_t *customers;
        size_t n_customers;
        char **references; /* globs */
        size_t n_references;
        char **currencies; /* upper case */
        size_t n_currencies;
        int64_t *cards;
        size_t n_cards;
        enum cw_suppressed_match suppressed;
};

bool cw_match_card(const struct cw_match *match, const char *source, const struct cw_card *card);
void cw_match_deinit(struct cw_match *match);

#endif
