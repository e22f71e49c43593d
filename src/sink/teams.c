/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: an Adaptive Card of runs of text, which know no Markdown: nothing in a reference can do anything, and nothing
 * has to be escaped. A bar in the colour of the severity holds the first line.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/secret.h"
#include "chat.h"
#include "chat_http.h"
#include "chat_own.h"

enum { PAYLOAD_MAX = 28000 }; /* bytes; 28 kB however it is counted */

static const char *const container_styles[] = {
        [CW_TONE_INFO] = "accent",
        [CW_TONE_WARNING] = "warning",
        [CW_TONE_CRITICAL] = "attention",
        [CW_TONE_RESOLVED] = "good",
};

/* The only thing that is looked for in a run: a date to be written out. */
static void write_text(struct cw_json_out *out, const char *text)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf apart = CW_BUF_NULL;

        for (; *text; text++) {
                cw_buf_putc(&apart, *text);
                if (text[0] == '{' && text[1] == '{')
                        cw_buf_puts(&apart, "\u200b");
        }
        cw_chat_carry(out->buf, &apart);
        cw_json_out_string(out, "text", cw_buf_text(&apart));
}

static void write_action(struct cw_json_out *out, const char *name, const char *title, const char *url)
{
        cw_json_out_open(out, name, '{');
        cw_json_out_string(out, "type", "Action.OpenUrl");
        cw_json_out_string(out, "title", title);
        cw_json_out_string(out, "url", url);
        cw_json_out_close(out, '}');
}

struct run {
        const char *text;
        bool strong, subtle;
        const char *url;
};

static void write_run(struct cw_json_out *out, const struct run *run)
{
        if (!run->text)
                return;
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "type", "TextRun");
        write_text(out, run->text);
        if (run->strong)
                cw_json_out_string(out, "weight", "Bolder");
        if (run->subtle)
                cw_json_out_bool(out, "isSubtle", true);
        if (run->url)
                write_action(out, "selectAction", "Show the card", run->url);
        cw_json_out_close(out, '}');
}

/* `spacing`: to the line above. */
static void write_line(struct cw_json_out *out, const char *spacing, const struct run *runs, size_t n_runs)
{
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "type", "RichTextBlock");
        cw_json_out_string(out, "spacing", spacing);
        cw_json_out_open(out, "inlines", '[');
        for (size_t i = 0; i < n_runs; i++)
                write_run(out, &runs[i]);
        cw_json_out_close(out, ']');
        cw_json_out_close(out, '}');
}

/* What the shared layout writes below one another, as lines of their own. */
static void write_lines(struct cw_json_out *out, const char *spacing, struct cw_buf *text, bool subtle)
{
        char *at = text->data, *end;

        cw_chat_carry(out->buf, text);
        for (; at && *at && text->error == 0; at = end + 1) {
                end = strchr(at, '\n');
                *end = '\0';
                write_line(out, spacing, &(struct run){.text = at, .subtle = subtle}, 1);
                spacing = "None";
        }
}

static void write_row(struct cw_json_out *out, const struct cw_chat *chat, const struct cw_letter_row *row)
{
        const struct run runs[] = {
                {.text = row->mark, .url = row->url}, {.text = "  "}, {.text = row->amount, .strong = true}};
        cw_cleanup(cw_buf_deinit) struct cw_buf details = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf words = CW_BUF_NULL;

        if (row->amount)
                write_line(out, "Medium", runs, CW_ARRAY_SIZE(runs));
        cw_chat_put_details(&cw_chat_plain, row, &details);
        cw_chat_put_words(chat, &cw_chat_plain, row, &words);
        if (!row->amount)
                write_lines(out, "Medium", &words, false);
        write_lines(out, "None", &details, true);
        if (row->amount)
                write_lines(out, "None", &words, false);
}

static void write_block(struct cw_json_out *out, const struct cw_chat *chat, const struct cw_letter_block *block)
{
        if (block->n_rows == 0)
                return;
        if (block->heading)
                write_line(out, "Large", &(struct run){.text = block->heading, .strong = true}, 1);
        for (size_t i = 0; i < block->n_rows; i++)
                write_row(out, chat, &block->rows[i]);
        if (block->foot)
                write_line(out, "Medium", &(struct run){.text = block->foot, .subtle = true}, 1);
}

static void write_headline(struct cw_json_out *out, const struct cw_letter *letter)
{
        const struct run runs[] = {
                {.text = letter->word, .strong = true}, {.text = " \u00b7 "}, {.text = letter->topic}};
        const struct run title = {.text = letter->title, .strong = true};

        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "type", "Container");
        cw_json_out_string(out, "style", container_styles[letter->tone]);
        cw_json_out_bool(out, "bleed", true);
        cw_json_out_open(out, "items", '[');
        if (letter->title)
                write_line(out, "None", &title, 1);
        else
                write_line(out, "None", runs, CW_ARRAY_SIZE(runs));
        cw_json_out_close(out, ']');
        cw_json_out_close(out, '}');
}

static void write_body(struct cw_json_out *out, const struct cw_chat *chat)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf rest = CW_BUF_NULL;
        const struct cw_letter *letter = chat->letter;

        cw_json_out_open(out, "body", '[');
        write_headline(out, letter);
        if (chat->own) {
                cw_chat_put_own(chat, &cw_chat_plain, &rest);
        } else {
                if (letter->note)
                        write_line(out, "Medium", &(struct run){.text = letter->note}, 1);
                for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                        write_block(out, chat, &letter->blocks[i]);
                cw_chat_put_others(chat, &cw_chat_plain, &rest);
        }
        write_lines(out, "Medium", &rest, false);
        cw_json_out_close(out, ']');
}

static void write_card(struct cw_json_out *out, const struct cw_chat *chat)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf headline = CW_BUF_NULL;

        cw_chat_put_headline(chat, &cw_chat_plain, &headline);
        cw_chat_carry(out->buf, &headline);
        cw_json_out_open(out, "content", '{');
        cw_json_out_string(out, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
        cw_json_out_string(out, "type", "AdaptiveCard");
        cw_json_out_string(out, "version", "1.4");
        cw_json_out_string(out, "fallbackText", cw_buf_text(&headline));
        write_body(out, chat);
        if (chat->letter->url) {
                cw_json_out_open(out, "actions", '[');
                write_action(out, NULL, "All alerts", chat->letter->url);
                cw_json_out_close(out, ']');
        }
        cw_json_out_open(out, "msteams", '{');
        cw_json_out_string(out, "width", "Full");
        cw_json_out_close(out, '}');
        cw_json_out_close(out, '}');
}

static int lay_out(const struct cw_chat *chat, struct cw_buf *payload)
{
        struct cw_json_out out = {.buf = payload};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "type", "message");
        cw_json_out_open(&out, "attachments", '[');
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "contentType", "application/vnd.microsoft.card.adaptive");
        cw_json_out_null(&out, "contentUrl");
        write_card(&out, chat);
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, ']');
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
        (void)id;
        (void)now;
        if (!options->url)
                return -EINVAL;
        return cw_chat_request(options, &(struct cw_chat_post){.method = "POST", .url = cw_secret_reveal(options->url)},
                               payload, payload_len, ret);
}

/* Older addresses (connectors) say 200 and tell in the body that it went wrong. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        static const char failed[] = "Microsoft Teams endpoint returned HTTP error";

        cw_judge_http(answer, judgement);
        if (judgement->verdict != CW_SINK_DELIVERED || answer->body_len == 0 ||
            !memmem(answer->body, answer->body_len, failed, sizeof(failed) - 1))
                return;
        judgement->verdict = CW_SINK_RETRY;
        judgement->retry_after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0;
        cw_judge_say(judgement, "HTTP status %ld, and in its body that Teams did not take it", answer->status);
}

const struct cw_channel cw_channel_teams = {"teams", false, render, request, judge};
