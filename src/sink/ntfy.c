/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the first line is the title; tags that are names of emoji stand before it and show the severity, the priority
 * decides how loud a phone gets.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"

enum {
        MESSAGE_MAX = 4096, /* bytes; what is longer becomes a file */
        PAYLOAD_MAX = 8192, /* bytes; the server reads no more */
        TITLE_MAX = 250,
        QUIET = 3, /* how loud a digest is, whatever it says */
};

static const struct {
        const char *tag;
        int priority;
} tones[] = {
        [CW_TONE_INFO] = {"information_source", 3},
        [CW_TONE_WARNING] = {"warning", 4},
        [CW_TONE_CRITICAL] = {"rotating_light", 5},
        [CW_TONE_RESOLVED] = {"white_check_mark", 3},
};

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
        cw_json_out_string(&out, "topic", chat->options->topic);
        cw_json_out_string(&out, "title", cw_buf_text(&title));
        cw_json_out_string(&out, "message", cw_buf_text(&message));
        cw_json_out_int(&out, "priority",
                        chat->notice->kind == CW_NOTICE_DIGEST ? QUIET : tones[chat->letter->tone].priority);
        cw_json_out_open(&out, "tags", '[');
        cw_json_out_string(&out, NULL, tones[chat->letter->tone].tag);
        cw_json_out_close(&out, ']');
        if (chat->letter->url)
                cw_json_out_string(&out, "click", chat->letter->url);
        cw_json_out_close(&out, '}');
        return message.len > MESSAGE_MAX || payload->len > PAYLOAD_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        if (!options->topic)
                return -EINVAL;
        return cw_chat_render(options, notice, lay_out, payload);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        struct cw_chat_post post = {
                .method = "POST", .header = "Authorization", .scheme = "Bearer ", .token = options->token};
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        (void)id;
        (void)now;
        if (!options->server)
                return -EINVAL;
        cw_chat_put_server(&url, options->server);
        cw_buf_puts(&url, "/");
        post.url = cw_chat_keep(ret, &url);
        return post.url ? cw_chat_request(options, &post, payload, payload_len, ret) : -ENOMEM;
}

static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};

        cw_judge_http(answer, judgement);
        if (judgement->verdict != CW_SINK_DELIVERED && cw_chat_answer_read(answer, &said))
                cw_chat_answer_say(&said.json, "error", judgement);
}

const struct cw_channel cw_channel_ntfy = {"ntfy", false, render, request, judge};
