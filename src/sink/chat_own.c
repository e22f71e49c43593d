/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a notifier's own words are taken as its author wrote them and cut from the end. A cut never leaves half a
 * character, entity or tag, and in HTML what was opened is closed: receivers refuse a whole message for less.
 */
#include "chat_own.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/render_template.h"
#include "cardwatch/text.h"

enum {
        OPEN_MAX = 32, /* tags inside each other */
        ENTITY_MAX = 10,
};

struct tag {
        const char *name;
        size_t len;
        bool closes, alone; /* </b>; <br> or <br/> */
};

/* The tag that begins at `at`; its end behind it, NULL: it is none. */
static const char *read_tag(const char *at, struct tag *ret_tag)
{
        const char *end = strchr(at, '>'), *name = at + 1;
        struct tag tag = {.closes = *name == '/'};

        name += tag.closes;
        if (!end || !isalpha((unsigned char)*name))
                return NULL;
        while (isalnum((unsigned char)name[tag.len]) || name[tag.len] == '-')
                tag.len++;
        tag.name = name;
        tag.alone = end[-1] == '/' || (tag.len == 2 && strncasecmp(name, "br", 2) == 0) ||
                    (tag.len == 2 && strncasecmp(name, "hr", 2) == 0);
        *ret_tag = tag;
        return end + 1;
}

/* The ends of all that is open at the end of the text. False: what is closed in it was not what is open. */
static bool write_ends(const char *text, struct cw_buf *ret_ends)
{
        struct tag open[OPEN_MAX], tag;
        size_t n = 0;

        for (text = strchr(text, '<'); text; text = strchr(text, '<')) {
                text = read_tag(text, &tag);
                if (!text || (!tag.closes && !tag.alone && n == OPEN_MAX))
                        return false;
                if (tag.closes &&
                    (n == 0 || open[--n].len != tag.len || strncasecmp(open[n].name, tag.name, tag.len) != 0))
                        return false;
                if (!tag.closes && !tag.alone)
                        open[n++] = tag;
        }
        for (; n > 0; n--)
                cw_buf_printf(ret_ends, "</%.*s>", (int)open[n - 1].len, open[n - 1].name);
        return true;
}

static size_t cut_at(const struct cw_buf *text, const struct cw_chat_style *style, size_t most)
{
        size_t len = cw_text_prefix(text->data, text->len, most), at;

        for (at = len; at > 0 && len - at < ENTITY_MAX && text->data[at - 1] != ';'; at--)
                if (text->data[at - 1] == '&')
                        return at - 1;
        for (at = len; style->tags && at > 0 && text->data[at - 1] != '>'; at--)
                if (text->data[at - 1] == '<')
                        return at - 1;
        return len;
}

static void put_cut(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_buf *text,
                    struct cw_buf *ret_cut)
{
        size_t len = cut_at(text, style, chat->own_most);

        cw_buf_append(ret_cut, text->data, len);
        if (len < text->len)
                cw_buf_puts(ret_cut, "\u2026");
}

/* A line's end, where the channel has another than the template. */
static void put_lines(const struct cw_chat *chat, const struct cw_chat_style *style, const char *text,
                      struct cw_buf *buf)
{
        bool as_written = strcmp(style->line, "\n") == 0 || cw_render_is_html(chat->options->body);
        size_t n;

        for (; *text; text += n) {
                n = as_written ? strlen(text) : strcspn(text, "\n");
                cw_buf_append(buf, text, n);
                if (text[n]) {
                        cw_buf_puts(buf, style->line);
                        n++;
                }
        }
}

static void put_tagged(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_buf *text,
                       struct cw_buf *buf)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf ends = CW_BUF_NULL;

        if (write_ends(cw_buf_text(text), &ends)) {
                put_lines(chat, style, cw_buf_text(text), buf);
                cw_buf_puts(buf, cw_buf_text(&ends));
        } else {
                style->text(buf, cw_buf_text(text)); /* shows what is wrong, instead of being refused for it */
        }
        cw_chat_carry(buf, &ends);
}

void cw_chat_put_own(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf)
{
        struct cw_render_options words = cw_sink_words(chat->options);
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf cut = CW_BUF_NULL;
        int r;

        r = cw_render_template(chat->options->body, chat->notice, &words, style->text, &text);
        if (r < 0)
                buf->error = r;
        if (r != 0 || text.len == 0)
                return;
        put_cut(chat, style, &text, &cut);
        if (style->tags)
                put_tagged(chat, style, &cut, buf);
        else
                put_lines(chat, style, cw_buf_text(&cut), buf);
        if (buf->len > 0 && buf->data && buf->data[buf->len - 1] != '\n')
                cw_buf_puts(buf, style->line);
        cw_chat_carry(buf, &cut);
}
