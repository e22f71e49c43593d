/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the same message twice, as text and as Matrix's HTML. The idempotency key is the transaction's id, so that the
 * server itself drops what it has.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/render_template.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"

enum { PAYLOAD_MAX = 48000 }; /* bytes; an event may have 65536, with what the server adds */

static void put_link(struct cw_buf *buf, const char *url, const char *text)
{
        cw_buf_puts(buf, "<a href=\"");
        cw_chat_put_html(buf, url);
        cw_buf_puts(buf, "\">");
        cw_chat_put_html(buf, text);
        cw_buf_puts(buf, "</a>");
}

static const struct cw_chat_style style = {
        cw_chat_put_html, {"<strong>", "</strong>"}, {"<code>", "</code>"}, "<br>\n", true, put_link};

static void write_text(const struct cw_chat *chat, struct cw_json_out *out)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_chat plain = *chat;

        if (plain.own && cw_render_is_html(chat->options->body))
                plain.own = false;
        cw_chat_put_headline(&plain, &cw_chat_plain, &text);
        cw_buf_puts(&text, "\n");
        cw_chat_put_body(&plain, &cw_chat_plain, &text);
        if (chat->letter->url)
                cw_buf_puts(&text, chat->letter->url);
        cw_chat_carry(out->buf, &text);
        cw_json_out_string(out, "body", cw_buf_text(&text));
}

static void write_html(const struct cw_chat *chat, struct cw_json_out *out)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        if (chat->letter->title) {
                cw_chat_put_html(&text, chat->letter->title);
        } else {
                cw_buf_printf(&text, "<font data-mx-color=\"#%06x\"><strong>%s</strong></font> \u00b7 ",
                              cw_letter_colour(chat->letter->tone), chat->letter->word);
                cw_chat_put_html(&text, chat->letter->topic);
        }
        cw_buf_puts(&text, style.line);
        cw_chat_put_body(chat, &style, &text);
        cw_chat_carry(out->buf, &text);
        cw_json_out_string(out, "formatted_body", cw_buf_text(&text));
}

/* `m.mentions` empty: a room name or an "@room" in a text calls nobody. */
static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        struct cw_json_out out = {.buf = payload};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "msgtype", "m.text");
        write_text(chat, &out);
        cw_json_out_string(&out, "format", "org.matrix.custom.html");
        write_html(chat, &out);
        cw_json_out_open(&out, "m.mentions", '{');
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, '}');
        return payload->len > PAYLOAD_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        return cw_chat_render(options, notice, lay_out, payload);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        struct cw_chat_post post = {
                .method = "PUT", .header = "Authorization", .scheme = "Bearer ", .token = options->token};
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        (void)now;
        if (!options->server || !options->room || !options->token)
                return -EINVAL;
        cw_chat_put_server(&url, options->server);
        cw_buf_puts(&url, "/_matrix/client/v3/rooms/");
        cw_chat_put_encoded(&url, options->room);
        cw_buf_puts(&url, "/send/m.room.message/");
        cw_chat_put_encoded(&url, id);
        post.url = cw_chat_keep(ret, &url);
        return post.url ? cw_chat_request(options, &post, payload, payload_len, ret) : -ENOMEM;
}

/* `retry_after_ms` is what servers said before the header came into the specification. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};
        int64_t wait_ms;

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || !cw_chat_answer_read(answer, &said))
                return;
        cw_chat_answer_say(&said.json, "errcode", judgement);
        cw_chat_answer_say(&said.json, "error", judgement);
        wait_ms = cw_chat_answer_wait_ms(&said.json, "retry_after_ms", 1);
        if (judgement->verdict == CW_SINK_RETRY && wait_ms > judgement->retry_after_ms)
                judgement->retry_after_ms = wait_ms;
}

const struct cw_channel cw_channel_matrix = {"matrix", false, render, request, judge};
