/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_FILTER_H
#define CARDWATCH_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/match.h"

struct cw_entry;
struct cw_hash;

/*
 * Filter: which alerts a route or an inhibition is about. Plain data, owned by what it stands in.
 *
 * All that is said must hold; a list that is empty says nothing. What is said of cards holds for no alert that is about
 * none; its source is said by all of them.
 */

struct cw_filter {
        unsigned severities; /* bits (1 << enum cw_severity); 0: any */
        char **rules;
        size_t n_rules;
        struct cw_match cards; /* without `suppressed` */
        struct cw_label *labels;
        size_t n_labels;
};

bool cw_filter_holds(const struct cw_filter *filter, const struct cw_entry *entry);
/* It says nothing. */
bool cw_filter_is_everything(const struct cw_filter *filter);
void cw_filter_hash(const struct cw_filter *filter, struct cw_hash *hash);
void cw_filter_deinit(struct cw_filter *filter);

#endif
