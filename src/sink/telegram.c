/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: Telegram's HTML knows three characters to escape and no colours, so a circle of the severity's colour comes
 * first. The token is part of the address, which only an attempt has.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/json_out.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"

enum { TEXT_MAX = 4096 }; /* characters; tags counted along */

static const char public_server[] = "https://api.telegram.org";

static void put_link(struct cw_buf *buf, const char *url, const char *text)
{
        cw_buf_puts(buf, "<a href=\"");
        cw_chat_put_html(buf, url);
        cw_buf_puts(buf, "\">");
        cw_chat_put_html(buf, text);
        cw_buf_puts(buf, "</a>");
}

static const struct cw_chat_style style = {cw_chat_put_html, {"<b>", "</b>"}, {"<code>", "</code>"}, "\n", true,
                                           put_link};

static const char *circle_of(const struct cw_chat *chat)
{
        static const char *const circles[] = {
                [CW_TONE_INFO] = "\U0001f535",
                [CW_TONE_WARNING] = "\U0001f7e0",
                [CW_TONE_CRITICAL] = "\U0001f534",
                [CW_TONE_RESOLVED] = "\U0001f7e2",
        };

        return circles[chat->letter->tone];
}

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_json_out out = {.buf = payload};

        cw_buf_printf(&text, "%s ", circle_of(chat));
        cw_chat_put_headline(chat, &style, &text);
        cw_buf_puts(&text, style.line);
        cw_chat_put_body(chat, &style, &text);
        cw_chat_carry(payload, &text);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "chat_id", chat->options->chat_id);
        cw_json_out_string(&out, "text", cw_buf_text(&text));
        cw_json_out_string(&out, "parse_mode", "HTML");
        cw_json_out_open(&out, "link_preview_options", '{');
        cw_json_out_bool(&out, "is_disabled", true);
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, '}');
        return cw_chat_units(cw_buf_text(&text)) > TEXT_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        if (!options->chat_id)
                return -EINVAL;
        return cw_chat_render(options, notice, lay_out, payload);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        cw_cleanup(cw_buf_wipe) struct cw_buf url = CW_BUF_NULL;
        struct cw_chat_post post = {.method = "POST"};

        (void)id;
        (void)now;
        if (!options->token)
                return -EINVAL;
        cw_chat_put_server(&url, options->server ? options->server : public_server);
        cw_buf_puts(&url, "/bot");
        cw_buf_puts(&url, cw_secret_reveal(options->token));
        cw_buf_puts(&url, "/sendMessage");
        post.url = cw_chat_keep(ret, &url);
        return post.url ? cw_chat_request(options, &post, payload, payload_len, ret) : -ENOMEM;
}

static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};
        struct cw_json parameters;
        int64_t wait_ms;

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || !cw_chat_answer_read(answer, &said))
                return;
        cw_chat_answer_say(&said.json, "description", judgement);
        if (!cw_json_member(&said.json, "parameters", &parameters))
                return;
        wait_ms = cw_chat_answer_wait_ms(&parameters, "retry_after", CW_SECOND_MS);
        if (judgement->verdict == CW_SINK_RETRY && wait_ms > 0)
                judgement->retry_after_ms = wait_ms;
}

const struct cw_channel cw_channel_telegram = {"telegram", false, render, request, judge};
