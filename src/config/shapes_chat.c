/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what chats and push services call a token, a chat, a room, a topic; what could be none is refused at once. */
#include "shapes_chat.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { TOPIC_MAX = 64, ROOM_MAX = 255 };

static bool is_made_of(const char *text, const char *characters)
{
        return *text && strspn(text, characters) == strlen(text);
}

static bool is_visible_ascii(const char *text)
{
        for (const char *c = text; *c; c++)
                if (*c <= 0x20 || *c >= 0x7f)
                        return false;
        return *text != '\0';
}

bool cw_shape_token(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (is_visible_ascii(text))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be of ASCII letters, digits and signs, without blanks",
                           row->name);
        return false;
}

bool cw_shape_key(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (is_made_of(text, DIGITS LETTERS "_-"))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be of letters and digits", row->name);
        return false;
}

bool cw_shape_bot_token(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        const char *text)
{
        if (is_made_of(text, DIGITS LETTERS ":_-"))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must look like 123456:ABC-DEF, as the BotFather gives it", row->name);
        return false;
}

bool cw_shape_chat(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (text[0] == '@' ? is_made_of(text + 1, DIGITS LETTERS "_") : is_made_of(text + (text[0] == '-'), DIGITS))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be a number such as -1001234567890, or @name of a channel",
                           row->name);
        return false;
}

bool cw_shape_room(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (text[0] == '!' && text[1] && is_visible_ascii(text) && strlen(text) <= ROOM_MAX)
                return true;
        cw_reader_complain(reader, node,
                           "\"%s\" must be the id of a room, which begins with \"!\" (a room's settings show it)",
                           row->name);
        return false;
}

bool cw_shape_topic(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (is_made_of(text, DIGITS LETTERS "_-") && strlen(text) <= TOPIC_MAX)
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be at most 64 letters, digits, \"_\" and \"-\"", row->name);
        return false;
}
