/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_LETTER_OTHERS_H
#define CARDWATCH_CODEC_LETTER_OTHERS_H

#include "cardwatch/letter.h"

/*
 * Letter, others: what is counted and not written out, by rule and currency.
 */

/* Writes the lines anew, as if only the first `n_listed` items were written out. -ENOMEM: they are as they were. */
int cw_letter_count_others(struct cw_letter *letter, size_t n_listed, size_t n_lines)
        __attribute__((warn_unused_result));
void cw_letter_forget_others(struct cw_letter *letter);

#endif
