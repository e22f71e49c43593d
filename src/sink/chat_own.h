/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_CHAT_OWN_H
#define CARDWATCH_SINK_CHAT_OWN_H

#include "chat.h"

/*
 * Chat, own words: what a notifier's `body` says, as the channel writes, cut to what there is room for.
 */

/* Nothing where the template says nothing. */
void cw_chat_put_own(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf);

#endif
