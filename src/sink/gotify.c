/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: title and text as they are; the extras say that it is no Markdown and where a tap leads. */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"

enum {
        PAYLOAD_MAX = 16000, /* bytes; none is documented, and no phone shows more */
        TITLE_MAX = 250,
        QUIET = 4, /* how loud a digest is, whatever it says */
};

/* From 4 on a phone makes a sound, from 8 on it insists. */
static const int priorities[] = {
        [CW_TONE_INFO] = 3, [CW_TONE_WARNING] = 5, [CW_TONE_CRITICAL] = 8, [CW_TONE_RESOLVED] = 4};

static void write_extras(const struct cw_chat *chat, struct cw_json_out *out)
{
        cw_json_out_open(out, "extras", '{');
        cw_json_out_open(out, "client::display", '{');
        cw_json_out_string(out, "contentType", "text/plain");
        cw_json_out_close(out, '}');
        if (chat->letter->url) {
                cw_json_out_open(out, "client::notification", '{');
                cw_json_out_open(out, "click", '{');
                cw_json_out_string(out, "url", chat->letter->url);
                cw_json_out_close(out, '}');
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, '}');
}

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct cw_json_out out = {.buf = payload};

        cw_chat_put_title(chat, TITLE_MAX, &title);
        cw_chat_put_body(chat, &cw_chat_plain, &message);
        cw_chat_carry(payload, &title);
        cw_chat_carry(payload, &message);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "title", cw_buf_text(&title));
        cw_json_out_string(&out, "message", cw_buf_text(&message));
        cw_json_out_int(&out, "priority",
                        chat->notice->kind == CW_NOTICE_DIGEST ? QUIET : priorities[chat->letter->tone]);
        write_extras(chat, &out);
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
        struct cw_chat_post post = {.method = "POST", .header = "X-Gotify-Key", .scheme = "", .token = options->token};
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        (void)id;
        (void)now;
        if (!options->server || !options->token)
                return -EINVAL;
        cw_chat_put_server(&url, options->server);
        cw_buf_puts(&url, "/message");
        post.url = cw_chat_keep(ret, &url);
        return post.url ? cw_chat_request(options, &post, payload, payload_len, ret) : -ENOMEM;
}

static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || !cw_chat_answer_read(answer, &said))
                return;
        if (!cw_chat_answer_say(&said.json, "errorDescription", judgement))
                cw_chat_answer_say(&said.json, "error", judgement);
}

const struct cw_channel cw_channel_gotify = {"gotify", false, render, request, judge};
