/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a form, of which the stored message has all but who sends and who gets it: those are secrets, and join it at an
 * attempt. What is critical is repeated by Pushover until somebody confirms that it was seen.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"

enum {
        MESSAGE_MAX = 1024, /* characters */
        TITLE_MAX = 250,
        URL_MAX = 512,
        AGAIN_S = 60,
        EXPIRES_S = 3600,
        PAUSE_MS = 5000, /* the least that is asked for when the service is down */
};

static const char address[] = "https://api.pushover.net/1/messages.json";

static void put_field(struct cw_buf *form, const char *name, const char *value)
{
        if (form->len > 0)
                cw_buf_putc(form, '&');
        cw_buf_puts(form, name);
        cw_buf_putc(form, '=');
        cw_chat_put_encoded(form, value);
}

/* What was already so when watching began wakes nobody, and neither does what is told at its time. */
static const char *priority_of(const struct cw_chat *chat)
{
        if (chat->notice->kind == CW_NOTICE_DIGEST)
                return "0";
        switch (chat->letter->tone) {
        case CW_TONE_CRITICAL:
                return chat->notice->baseline ? "1" : "2";
        case CW_TONE_WARNING:
                return "1";
        default:
                return "0";
        }
}

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        const char *url = chat->letter->url, *priority = priority_of(chat);

        cw_chat_put_title(chat, TITLE_MAX - 1, &title);
        cw_chat_put_body(chat, &cw_chat_plain, &message);
        cw_chat_carry(payload, &title);
        cw_chat_carry(payload, &message);
        put_field(payload, "title", cw_buf_text(&title));
        put_field(payload, "message", cw_buf_text(&message));
        put_field(payload, "priority", priority);
        if (strcmp(priority, "2") == 0)
                cw_buf_printf(payload, "&retry=%d&expire=%d", AGAIN_S, EXPIRES_S);
        cw_buf_printf(payload, "&timestamp=%" PRId64, chat->notice->sent_at / CW_SECOND_MS);
        if (url && strlen(url) <= URL_MAX) {
                put_field(payload, "url", url);
                put_field(payload, "url_title", "All alerts");
        }
        return cw_chat_units(cw_buf_text(&message)) > MESSAGE_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        return cw_chat_render(options, notice, lay_out, payload);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        static const struct cw_chat_post post = {
                .method = "POST", .url = address, .content_type = "application/x-www-form-urlencoded"};
        cw_cleanup(cw_buf_wipe) struct cw_buf form = CW_BUF_NULL;

        (void)id;
        (void)now;
        if (!options->token || !options->user)
                return -EINVAL;
        if (payload_len < 6 || memcmp(payload, "title=", 6) != 0)
                return -EBADMSG;
        cw_buf_append(&form, payload, payload_len);
        put_field(&form, "token", cw_secret_reveal(options->token));
        put_field(&form, "user", cw_secret_reveal(options->user));
        if (cw_buf_error(&form) < 0)
                return cw_buf_error(&form);
        return cw_chat_request(options, &post, form.data, form.len, ret);
}

/* Says the first of the errors. */
static void say_error(const struct cw_json *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf said = CW_BUF_NULL;
        char reason[sizeof(judgement->reason)];
        struct cw_json errors, first;
        size_t cursor = 0;

        if (!cw_json_member(answer, "errors", &errors) || cw_json_kind(&errors) != CW_JSON_ARRAY ||
            !cw_json_next(&errors, &cursor, NULL, &first) || !cw_json_string(&first, &said))
                return;
        memcpy(reason, judgement->reason, sizeof(reason));
        cw_judge_say(judgement, "%s: %s", reason, cw_buf_text(&said));
}

static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_chat_answer_deinit) struct cw_chat_answer said = {0};

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED)
                return;
        if (answer->status >= 500 && judgement->retry_after_ms < PAUSE_MS)
                judgement->retry_after_ms = PAUSE_MS;
        if (cw_chat_answer_read(answer, &said))
                say_error(&said.json, judgement);
}

const struct cw_channel cw_channel_pushover = {"pushover", false, render, request, judge};
