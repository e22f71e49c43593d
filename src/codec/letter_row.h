/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_LETTER_ROW_H
#define CARDWATCH_CODEC_LETTER_ROW_H

#include "cardwatch/buf.h"
#include "cardwatch/letter.h"

struct cw_render_words;

/*
 * Letter row: what is said of one item.
 */

/* What the items of a block have in common and its foot therefore says once. */
struct cw_letter_common {
        const struct cw_notice *notice;
        bool one_customer, one_rule, one_since, one_times, one_reason, one_source;
        bool names_source; /* of each: they are not of one, and there are several */
};

int cw_letter_row_init(struct cw_letter_row *row, const struct cw_letter_common *common, const struct cw_item *item,
                       const struct cw_render_options *options, struct cw_render_words *words)
        __attribute__((warn_unused_result));
void cw_letter_row_deinit(struct cw_letter_row *row);

enum cw_letter_tone cw_letter_tone_of(enum cw_severity severity);

/* One more remark, after a middle dot if it is not the first: writes the dot, the caller the remark. */
struct cw_buf *cw_letter_remark(struct cw_buf *remarks);

/* Takes the text over; NULL when it is empty. */
int cw_letter_take(struct cw_buf *buf, char **ret_text) __attribute__((warn_unused_result));

/* "rule: available < floor" */
void cw_letter_reason(struct cw_buf *remarks, const struct cw_entry *entry, bool name_rule);

#endif
