/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the first line is the content, which phones show; the rest is one embed beside a bar in the colour of the
 * severity. Nobody is called by what a text says: no mention is parsed.
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

enum { CONTENT_MAX = 2000, DESCRIPTION_MAX = 4096 }; /* characters; with no more than that, 6000 in all holds too */

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf headline = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;
        struct cw_json_out out = {.buf = payload};

        cw_chat_put_headline(chat, &cw_chat_markdown, &headline);
        cw_chat_put_body(chat, &cw_chat_markdown, &body);
        cw_chat_carry(payload, &headline);
        cw_chat_carry(payload, &body);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "content", cw_buf_text(&headline));
        cw_json_out_open(&out, "embeds", '[');
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_int(&out, "color", cw_letter_colour(chat->letter->tone));
        cw_json_out_string(&out, "description", cw_buf_text(&body));
        cw_json_out_time(&out, "timestamp", chat->notice->sent_at);
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, ']');
        cw_json_out_open(&out, "allowed_mentions", '{');
        cw_json_out_open(&out, "parse", '[');
        cw_json_out_close(&out, ']');
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, '}');
        return cw_chat_units(cw_buf_text(&headline)) > CONTENT_MAX ||
                               cw_chat_units(cw_buf_text(&body)) > DESCRIPTION_MAX
                       ? CW_CHAT_TOO_LONG
                       : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        return cw_chat_render(options, notice, lay_out, payload);
}

/* `wait`: the answer comes when the message is stored, and says if it is not. */
static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        cw_cleanup(cw_buf_wipe) struct cw_buf url = CW_BUF_NULL;
        struct cw_chat_post post = {.method = "POST"};

        (void)id;
        (void)now;
        if (!options->url)
                return -EINVAL;
        cw_buf_puts(&url, cw_secret_reveal(options->url));
        if (!strstr(cw_buf_text(&url), "wait="))
                cw_buf_puts(&url, strchr(cw_buf_text(&url), '?') ? "&wait=true" : "?wait=true");
        post.url = cw_chat_keep(ret, &url);
        return post.url ? cw_chat_request(options, &post, payload, payload_len, ret) : -ENOMEM;
}

/* The body says it more exactly than the header. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};
        int64_t wait_ms;

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || !cw_chat_answer_read(answer, &said))
                return;
        cw_chat_answer_say(&said.json, "message", judgement);
        wait_ms = cw_chat_answer_wait_ms(&said.json, "retry_after", CW_SECOND_MS);
        if (judgement->verdict == CW_SINK_RETRY && wait_ms > 0)
                judgement->retry_after_ms = wait_ms;
}

const struct cw_channel cw_channel_discord = {"discord", false, render, request, judge};
