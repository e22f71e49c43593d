/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_RENDER_MEASURE_H
#define CARDWATCH_CODEC_RENDER_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/money.h"

struct cw_buf;
struct cw_entry;

/*
 * Measures: what a condition compares, as somebody says it who has never seen the rule: "spent 550.00 in 1 h" where the
 * entry's limit_label says "spent(1h) 550.00".
 */

/* Where it ends in the entry's limit_label: at the ", " before the limit's name. NULL: a balance is compared as it is.
 */
const char *cw_measure_end(const struct cw_entry *entry);

/* A parameter's name says something; a number or a formula repeats what the rule says. */
bool cw_measure_is_name(const char *label);

/* The measure; what is more than one function as the rule writes it. Only of an entry that has one. */
void cw_measure_words(struct cw_buf *buf, const struct cw_entry *entry);

/* Whether a balance stands there, which is not the one that is shown: "pending". */
bool cw_measure_is(const struct cw_entry *entry, const char *balance);

/* What was measured; false: nothing was, or no amount. */
bool cw_measure_amount(const struct cw_entry *entry, cw_amount *ret_amount);

/* "2 days 3 h" for "2d3h"; false, and nothing: it is no duration. */
bool cw_measure_duration(struct cw_buf *buf, const char *text, size_t len);

#endif
