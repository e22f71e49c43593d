/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_PICTURE_H
#define CARDWATCH_PICTURE_H

#include "cardwatch/notice.h"

/*
 * Picture: the past of a card that a message is about, drawn. A message is complete without.
 */

struct cw_picture {
        uint64_t fingerprint; /* of the alert it belongs to */
        const char *png;
        size_t len;
        const char *words; /* the facts, for who does not see it */
};

/* By what the HTML refers to the notice's i-th picture: a Content-ID without its brackets (RFC 2392). */
void cw_picture_id(const struct cw_notice *notice, size_t i, struct cw_buf *buf);

#endif
