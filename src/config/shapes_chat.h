/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SHAPES_CHAT_H
#define CARDWATCH_CONFIG_SHAPES_CHAT_H

#include "schema.h"

/*
 * Shapes of chats: what their tokens and names must look like, so that they can stand in an address, a header or a
 * form. As in shapes.h, what is secret is never quoted.
 */

/* Can stand in a header or a form; of a bot, in an address too. */
bool cw_shape_token(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_key(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_bot_token(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        const char *text);
/* Where chats are reached: Telegram's, Matrix's and ntfy's names for it. */
bool cw_shape_chat(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_room(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_topic(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

#endif
