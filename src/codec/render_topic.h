/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_RENDER_TOPIC_H
#define CARDWATCH_CODEC_RENDER_TOPIC_H

#include "cardwatch/notice.h"

struct cw_buf;
struct cw_render_options;

/*
 * Topic: a message in one line: how bad, what, how many, whose.
 *
 * For titles, subjects and first lines. Counts distinct cards and customers over all of a notice, listed or not.
 */

/* "WARNING", "RESOLVED", "TEST", "DIGEST": the first word people see. */
const char *cw_topic_word(const struct cw_notice *notice);

/* "WARNING", "INFO", … */
const char *cw_topic_severity(enum cw_severity severity);

/* "low-balance<separator>3 cards of acme-1 (1 resolved)". -ENOMEM. */
int cw_topic_write(const struct cw_notice *notice, const char *separator, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* What the template of the title says, as one harmless line; CW_RENDER_DEFAULT: nothing. -ENOMEM. */
int cw_topic_own(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

#endif
