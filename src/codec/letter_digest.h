/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_LETTER_DIGEST_H
#define CARDWATCH_CODEC_LETTER_DIGEST_H

#include "cardwatch/notice.h"

struct cw_buf;

/*
 * Digest, in words: what is said of all of it, before its alerts.
 */

/* "daily: 3 firing, 1 of them critical", "daily: all is well". */
void cw_digest_topic(const struct cw_notice *notice, struct cw_buf *buf);

/* "All is well: nothing fires. Since 28 Nov 08:00: 2 began to fire, 3 ended. 2,000 cards are watched; …" */
void cw_digest_note(const struct cw_notice *notice, struct cw_buf *buf);

/* What fires, or happened since, as headings over the rows. */
const char *cw_digest_heading(enum cw_entry_state state);

#endif
