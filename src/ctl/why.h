/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_WHY_H
#define CARDWATCH_CTL_WHY_H

#include <stdbool.h>

#include "recorded.h"

/*
 * Why: what is recorded of one card around one time. Filled by the command, told by why_tell.c.
 */

struct cw_why_rule {
        const struct cw_rule *rule;
        uint64_t fingerprint;
        const struct cw_history_row *state; /* the last transition up to then; NULL: none is recorded */
        char *judged; /* its expressions with the value of each part; NULL: the card was not known */
};

struct cw_why {
        struct cw_recorded recorded;
        int64_t card, at;
        const char *source;
        struct cw_changes past; /* of this card of this source */
        size_t n_cards, n_edges; /* of those, up to then */
        bool known; /* the card was */
        struct cw_card_row shown; /* how */
        struct cw_why_rule *rules;
        size_t n_rules;
};

void cw_why_print(const struct cw_why *why, struct cw_buf *buf);
void cw_why_json(const struct cw_why *why, struct cw_buf *buf);

#endif
