/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ALERT_MATCH_H
#define CARDWATCH_ALERT_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;
struct cw_entry;
struct cw_ruleset;

/*
 * Alert match: which alerts an operator means.
 *
 * Terms of the form KEY=VALUE. The key is rule, source, customer, reference (a glob), currency, card or severity; any
 * other is the name of a label. Terms with one key are alternatives; of every key that is named one must hold. No term
 * at all matches every alert. Immutable.
 */

#define CW_ALERT_MATCH_TERMS_MAX 64

struct cw_alert_match;

/* -EINVAL with what is wrong in `why` (NULL: not wanted), -ENOMEM. */
int cw_alert_match_parse(const char *const *terms, size_t n, struct cw_alert_match **ret_match, struct cw_buf *why)
        __attribute__((warn_unused_result));

/* The same from one text, terms separated by newlines, as cw_alert_match_format writes it. */
int cw_alert_match_parse_text(const char *text, struct cw_alert_match **ret_match, struct cw_buf *why)
        __attribute__((warn_unused_result));
void cw_alert_match_free(struct cw_alert_match *match);

bool cw_alert_match_holds(const struct cw_alert_match *match, const struct cw_entry *entry);
bool cw_alert_match_is_everything(const struct cw_alert_match *match);

/* Appends a sentence about the first label that no rule has, with the name that was probably meant; or nothing. */
void cw_alert_match_doubt(const struct cw_alert_match *match, const struct cw_ruleset *rules, struct cw_buf *doubt);

/* Appends its terms, each followed by `separator` but the last. */
void cw_alert_match_format(const struct cw_alert_match *match, char separator, struct cw_buf *buf);

#endif
