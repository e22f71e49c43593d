/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: in Markdown a backslash takes from a character whatever it would do. Only those are written that could do
 * something where they stand, because previews on phones show the source.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "chat.h"

static void put_plain(struct cw_buf *buf, const char *text)
{
        cw_buf_puts(buf, text);
}

const struct cw_chat_style cw_chat_plain = {put_plain, {"", ""}, {"", ""}, "\n", false, NULL};

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_';
}

/* What makes a link of an address, an emoji of a word between colons, a heading or a list of a line. */
static bool acts(char previous, const char *at)
{
        if (strchr("\\`*_~|<>[]#", *at))
                return true;
        if (*at == ':')
                return at[1] == '/' || isalpha((unsigned char)at[1]) || at[1] == '+';
        if (*at == '.')
                return isalpha((unsigned char)previous) && isalpha((unsigned char)at[1]);
        return !previous && strchr("-+=", *at);
}

static void put_markdown(struct cw_buf *buf, const char *text)
{
        char previous = '\0';

        for (; *text; previous = *text++) {
                if (acts(previous, text))
                        cw_buf_putc(buf, '\\');
                cw_buf_putc(buf, *text);
                if (*text == '@' && !is_word(previous))
                        cw_buf_puts(buf, "\u200b"); /* some call everybody even so */
        }
}

static void put_markdown_link(struct cw_buf *buf, const char *url, const char *text)
{
        cw_buf_putc(buf, '[');
        put_markdown(buf, text);
        cw_buf_puts(buf, "](");
        for (; *url; url++) { /* a bracket would end it */
                if (strchr("()<> \\", *url))
                        cw_buf_printf(buf, "%%%02X", (unsigned char)*url);
                else
                        cw_buf_putc(buf, *url);
        }
        cw_buf_putc(buf, ')');
}

const struct cw_chat_style cw_chat_markdown = {put_markdown, {"**", "**"}, {"`", "`"}, "\n", false, put_markdown_link};

void cw_chat_put_html(struct cw_buf *buf, const char *text)
{
        static const char special[] = "&<>\"";
        static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
        size_t n;

        while (*text) {
                n = strcspn(text, special);
                cw_buf_append(buf, text, n);
                text += n;
                if (*text)
                        cw_buf_puts(buf, written[strchr(special, *text++) - special]);
        }
}
