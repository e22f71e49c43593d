/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the first line is the message's own text, which phones show; the rest hangs below it as blocks beside a bar in
 * the colour of the severity. Mattermost takes the same message and knows no blocks: its addresses are told by their
 * path, and get the same in Markdown.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"
#include "chat_own.h"

enum {
        BLOCKS_MAX = 50,
        SECTION_MAX = 3000, /* characters */
        PAYLOAD_MAX = 12000, /* bytes */
        ROWS_APART_MAX = 30, /* up to here each alert has a section of its own */
        CODE_MAX = 60,
};

struct layout {
        const struct cw_chat *chat;
        struct cw_json_out out;
        struct cw_buf section;
        size_t n_blocks;
        bool apart, too_long;
};

/* Slack reads three characters; what calls everybody is for Mattermost. */
static void put_text(struct cw_buf *buf, const char *text)
{
        char previous = '\0';

        for (; *text; previous = *text++) {
                if (*text == '&')
                        cw_buf_puts(buf, "&amp;");
                else if (*text == '<')
                        cw_buf_puts(buf, "&lt;");
                else if (*text == '>')
                        cw_buf_puts(buf, "&gt;");
                else
                        cw_buf_putc(buf, *text);
                if (*text == '@' && !isalnum((unsigned char)previous))
                        cw_buf_puts(buf, "\u200b");
        }
}

static void put_link(struct cw_buf *buf, const char *url, const char *text)
{
        cw_buf_putc(buf, '<');
        for (; *url; url++) {
                if (strchr("<>| ", *url))
                        cw_buf_printf(buf, "%%%02X", (unsigned char)*url);
                else if (*url == '&')
                        cw_buf_puts(buf, "&amp;");
                else
                        cw_buf_putc(buf, *url);
        }
        cw_buf_putc(buf, '|');
        put_text(buf, text);
        cw_buf_putc(buf, '>');
}

static const struct cw_chat_style style = {put_text, {"*", "*"}, {"`", "`"}, "\n", false, put_link};

/* `verbatim`: nothing in it becomes a link or a call by itself. */
static void write_mrkdwn(struct layout *layout, const char *name, const char *text)
{
        cw_json_out_open(&layout->out, name, '{');
        cw_json_out_string(&layout->out, "type", "mrkdwn");
        cw_json_out_string(&layout->out, "text", text);
        cw_json_out_bool(&layout->out, "verbatim", true);
        cw_json_out_close(&layout->out, '}');
}

static void begin_block(struct layout *layout, const char *type)
{
        layout->too_long |= ++layout->n_blocks > BLOCKS_MAX;
        cw_json_out_open(&layout->out, NULL, '{');
        cw_json_out_string(&layout->out, "type", type);
}

static void drop_line_end(struct cw_buf *text)
{
        if (text->len > 0 && text->data[text->len - 1] == '\n')
                text->data[--text->len] = '\0';
}

static void flush_section(struct layout *layout)
{
        struct cw_buf *text = &layout->section;

        cw_chat_carry(layout->out.buf, text);
        if (text->len == 0)
                return;
        drop_line_end(text);
        layout->too_long |= cw_chat_units(text->data) > SECTION_MAX;
        begin_block(layout, "section");
        write_mrkdwn(layout, "text", text->data);
        cw_json_out_close(&layout->out, '}');
        cw_buf_clear(text);
}

static void write_context(struct layout *layout, const char *text)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf escaped = CW_BUF_NULL;

        if (!text)
                return;
        put_text(&escaped, text);
        begin_block(layout, "context");
        cw_json_out_open(&layout->out, "elements", '[');
        write_mrkdwn(layout, NULL, cw_buf_text(&escaped));
        cw_chat_carry(layout->out.buf, &escaped);
        cw_json_out_close(&layout->out, ']');
        cw_json_out_close(&layout->out, '}');
}

static void write_row(struct layout *layout, const struct cw_letter_row *row)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_chat_put_row(layout->chat, &style, row, &text);
        cw_chat_carry(layout->out.buf, &text);
        if (layout->apart ||
            cw_chat_units(cw_buf_text(&layout->section)) + cw_chat_units(cw_buf_text(&text)) > SECTION_MAX)
                flush_section(layout);
        cw_buf_append(&layout->section, text.data, text.len);
}

static void write_letter_block(struct layout *layout, const struct cw_letter_block *block)
{
        if (block->n_rows == 0)
                return;
        write_context(layout, block->heading);
        for (size_t i = 0; i < block->n_rows; i++)
                write_row(layout, &block->rows[i]);
        flush_section(layout);
        write_context(layout, block->foot);
}

/* Sections end between lines. */
static void write_own(struct layout *layout)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        const char *at, *end;

        cw_chat_put_own(layout->chat, &style, &text);
        cw_chat_carry(layout->out.buf, &text);
        for (at = cw_buf_text(&text); *at; at = end) {
                cw_autofree char *line = NULL;

                end = strchrnul(at, '\n');
                end += *end == '\n';
                line = strndup(at, (size_t)(end - at));
                if (!line)
                        layout->out.buf->error = -ENOMEM;
                else if (cw_chat_units(cw_buf_text(&layout->section)) + cw_chat_units(line) > SECTION_MAX)
                        flush_section(layout);
                cw_buf_append(&layout->section, at, (size_t)(end - at));
        }
}

static void write_blocks(struct layout *layout)
{
        const struct cw_letter *letter = layout->chat->letter;

        cw_json_out_open(&layout->out, "blocks", '[');
        if (layout->chat->own) {
                write_own(layout);
        } else {
                write_context(layout, letter->note);
                for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                        write_letter_block(layout, &letter->blocks[i]);
                cw_chat_put_others(layout->chat, &style, &layout->section);
                if (letter->url)
                        put_link(&layout->section, letter->url, "All alerts");
        }
        flush_section(layout);
        cw_json_out_close(&layout->out, ']');
}

/* https://chat.example.com/hooks/…; Slack's own are /services/… and /triggers/…. */
static bool is_mattermost(const struct cw_sink_options *options)
{
        const char *url = options->url ? cw_secret_reveal(options->url) : "", *path = strstr(url, "://");

        path = path ? strchr(path + 3, '/') : NULL;
        return path && strstr(path, "/hooks/") && !strstr(url, "://hooks.slack.com/");
}

/* What Mattermost shows of the attachment. */
static void write_markdown(struct layout *layout)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_chat_put_body(layout->chat, &cw_chat_markdown, &text);
        cw_chat_carry(layout->out.buf, &text);
        cw_json_out_string(&layout->out, "text", cw_buf_text(&text));
}

static void write_colour(struct layout *layout)
{
        char colour[8];

        snprintf(colour, sizeof(colour), "#%06x", cw_letter_colour(layout->chat->letter->tone));
        cw_json_out_string(&layout->out, "color", colour);
}

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        struct layout layout = {
                .chat = chat, .out = {.buf = payload}, .apart = chat->notice->n_listed <= ROWS_APART_MAX};
        cw_cleanup(cw_buf_deinit) struct cw_buf headline = CW_BUF_NULL;
        bool mattermost = is_mattermost(chat->options);
        struct cw_json_out *out = &layout.out;

        cw_chat_put_headline(chat, mattermost ? &cw_chat_markdown : &style, &headline);
        cw_chat_carry(payload, &headline);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "text", cw_buf_text(&headline));
        cw_json_out_open(out, "attachments", '[');
        cw_json_out_open(out, NULL, '{');
        write_colour(&layout);
        if (mattermost)
                write_markdown(&layout);
        write_blocks(&layout);
        cw_json_out_close(out, '}');
        cw_json_out_close(out, ']');
        cw_json_out_close(out, '}');
        cw_buf_deinit(&layout.section);
        return layout.too_long || payload->len > PAYLOAD_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        return cw_chat_render(options, notice, lay_out, payload);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        (void)id;
        (void)now;
        if (!options->url)
                return -EINVAL;
        return cw_chat_request(options, &(struct cw_chat_post){.method = "POST", .url = cw_secret_reveal(options->url)},
                               payload, payload_len, ret);
}

/* Slack answers with the name of an error: no_service, invalid_payload. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        char name[CODE_MAX + 1] = "", reason[sizeof(judgement->reason)];

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || answer->failure != CW_HTTP_OK || answer->body_len == 0 ||
            answer->body_len > CODE_MAX)
                return;
        memcpy(name, answer->body, answer->body_len);
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != answer->body_len)
                return;
        memcpy(reason, judgement->reason, sizeof(reason));
        cw_judge_say(judgement, "%s: %s", reason, name);
}

const struct cw_channel cw_channel_slack = {"slack", false, render, request, judge};
