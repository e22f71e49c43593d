/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_RECEIVERS_H
#define CARDWATCH_TESTS_RECEIVERS_H

#include "cardwatch/sink.h"
#include "payload.h"

/*
 * Each receiver by its documented schema and limits: what it would refuse fails the test, what it shows is appended as
 * plain text.
 */

#define SITE "https://cardwatch.example"

typedef void (*receiver_fn)(const struct cw_buf *payload, struct cw_buf *shown);

static inline void read_slack_object(const struct cw_json *object, struct cw_buf *shown)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json verbatim;
        bool yes = false;

        expect_members(object, "type text verbatim", "");
        expect_text(object, "type", "mrkdwn");
        verbatim = member(object, "verbatim", CW_JSON_BOOLEAN);
        assert_true(cw_json_bool(&verbatim, &yes) && yes);
        text_of(object, "text", 3000, &text);
        read_mrkdwn(cw_buf_text(&text), SITE, shown);
        cw_buf_putc(shown, '\n');
        cw_buf_deinit(&text);
}

static inline void read_slack_block(const struct cw_json *block, struct cw_buf *shown)
{
        struct cw_json type = member(block, "type", CW_JSON_STRING), inner;
        struct cw_buf name = CW_BUF_NULL;

        assert_true(cw_json_string(&type, &name));
        if (strcmp(cw_buf_text(&name), "section") == 0) {
                expect_members(block, "type text", "");
                inner = member(block, "text", CW_JSON_OBJECT);
        } else {
                assert_string_equal(cw_buf_text(&name), "context");
                expect_members(block, "type elements", "");
                inner = member(block, "elements", CW_JSON_ARRAY);
                inner = only_one(&inner);
        }
        read_slack_object(&inner, shown);
        cw_buf_deinit(&name);
}

static inline void read_slack_message(const struct cw_buf *payload, const char *further, struct cw_buf *shown,
                                      struct cw_buf *markdown)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json attachments, attachment, blocks, block;
        struct payload parsed;
        size_t cursor = 0;

        assert_true(payload->len <= 12 * 1024);
        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "text attachments", "");
        text_of(&parsed.json, "text", 3000, &text);
        if (markdown)
                cw_buf_printf(markdown, "%s\n", text.data);
        else
                read_mrkdwn(cw_buf_text(&text), SITE, shown);
        cw_buf_putc(shown, '\n');
        attachments = member(&parsed.json, "attachments", CW_JSON_ARRAY);
        attachment = only_one(&attachments);
        expect_members(&attachment, "color blocks", further);
        cw_buf_clear(&text);
        text_of(&attachment, "color", 7, &text);
        assert_int_equal(text.len, 7);
        assert_int_equal(strspn(text.data + 1, "0123456789abcdef"), 6);
        blocks = member(&attachment, "blocks", CW_JSON_ARRAY);
        assert_in_range(count_of(&blocks), 1, 50);
        while (cw_json_next(&blocks, &cursor, NULL, &block))
                read_slack_block(&block, shown);
        if (markdown)
                text_of(&attachment, "text", 12000, markdown);
        cw_buf_deinit(&text);
        free(parsed.bytes);
}

static inline void read_slack(const struct cw_buf *payload, struct cw_buf *shown)
{
        read_slack_message(payload, "", shown, NULL);
}

/* Knows no blocks: what it shows is the Markdown. */
static inline void read_mattermost(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct cw_buf markdown = CW_BUF_NULL, ignored = CW_BUF_NULL;

        read_slack_message(payload, "text", &ignored, &markdown);
        read_markdown(cw_buf_text(&markdown), SITE, shown);
        cw_buf_deinit(&markdown);
        cw_buf_deinit(&ignored);
}

static inline void read_discord(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct cw_json embeds, embed, mentions, parse;
        struct cw_buf text = CW_BUF_NULL;
        struct payload parsed;

        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "content embeds allowed_mentions", "");
        text_of(&parsed.json, "content", 2000, &text);
        cw_buf_putc(&text, '\n');
        embeds = member(&parsed.json, "embeds", CW_JSON_ARRAY);
        embed = only_one(&embeds);
        expect_members(&embed, "color description timestamp", "");
        assert_in_range(number_of(&embed, "color"), 1, 0xffffff);
        text_of(&embed, "description", 4096, &text);
        mentions = member(&parsed.json, "allowed_mentions", CW_JSON_OBJECT);
        expect_members(&mentions, "parse", "");
        parse = member(&mentions, "parse", CW_JSON_ARRAY);
        assert_int_equal(count_of(&parse), 0);
        read_markdown(cw_buf_text(&text), SITE, shown);
        cw_buf_deinit(&text);
        free(parsed.bytes);
}

static inline void read_action(const struct cw_json *action)
{
        struct cw_buf url = CW_BUF_NULL;

        expect_members(action, "type title url", "");
        expect_text(action, "type", "Action.OpenUrl");
        text_of(action, "url", 2000, &url);
        assert_int_equal(strncmp(cw_buf_text(&url), SITE, strlen(SITE)), 0);
        cw_buf_deinit(&url);
}

static inline void read_rich_text(const struct cw_json *block, struct cw_buf *shown)
{
        struct cw_json inlines, run, action;
        size_t cursor = 0;

        expect_members(block, "type spacing inlines", "");
        expect_text(block, "type", "RichTextBlock");
        inlines = member(block, "inlines", CW_JSON_ARRAY);
        assert_true(count_of(&inlines) > 0);
        while (cw_json_next(&inlines, &cursor, NULL, &run)) {
                expect_members(&run, "type text", "weight isSubtle selectAction");
                expect_text(&run, "type", "TextRun");
                text_of(&run, "text", 10000, shown);
                if (cw_json_member(&run, "selectAction", &action))
                        read_action(&action);
        }
        cw_buf_putc(shown, '\n');
        assert_null(strstr(cw_buf_text(shown), "{{"));
}

static inline void read_teams(const struct cw_buf *payload, struct cw_buf *shown)
{
        static const char schema[] = "http://adaptivecards.io/schemas/adaptive-card.json";
        struct cw_json attachments, attachment, card, body, block, items, actions;
        struct payload parsed;
        size_t cursor = 0;

        assert_true(payload->len <= 28 * 1000);
        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "type attachments", "");
        expect_text(&parsed.json, "type", "message");
        attachments = member(&parsed.json, "attachments", CW_JSON_ARRAY);
        attachment = only_one(&attachments);
        expect_members(&attachment, "contentType contentUrl content", "");
        expect_text(&attachment, "contentType", "application/vnd.microsoft.card.adaptive");
        card = member(&attachment, "content", CW_JSON_OBJECT);
        expect_members(&card, "$schema type version fallbackText body msteams", "actions");
        expect_text(&card, "$schema", schema);
        expect_text(&card, "type", "AdaptiveCard");
        expect_text(&card, "version", "1.4");
        body = member(&card, "body", CW_JSON_ARRAY);
        assert_true(cw_json_next(&body, &cursor, NULL, &block));
        expect_members(&block, "type style bleed items", "");
        expect_text(&block, "type", "Container");
        items = member(&block, "items", CW_JSON_ARRAY);
        items = only_one(&items);
        read_rich_text(&items, shown);
        while (cw_json_next(&body, &cursor, NULL, &block))
                read_rich_text(&block, shown);
        if (cw_json_member(&card, "actions", &actions)) {
                block = only_one(&actions);
                read_action(&block);
        }
        free(parsed.bytes);
}

static inline void read_telegram(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json preview;
        struct payload parsed;

        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "chat_id text parse_mode link_preview_options", "");
        expect_text(&parsed.json, "chat_id", "-1001");
        expect_text(&parsed.json, "parse_mode", "HTML");
        preview = member(&parsed.json, "link_preview_options", CW_JSON_OBJECT);
        expect_members(&preview, "is_disabled", "");
        text_of(&parsed.json, "text", 4096, &text);
        read_html(cw_buf_text(&text), "<b> </b> <code> </code> </a>", SITE, shown);
        cw_buf_deinit(&text);
        free(parsed.bytes);
}

static inline void read_matrix(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json mentions;
        struct payload parsed;

        assert_true(payload->len <= 60000);
        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "msgtype body format formatted_body m.mentions", "");
        expect_text(&parsed.json, "msgtype", "m.text");
        expect_text(&parsed.json, "format", "org.matrix.custom.html");
        mentions = member(&parsed.json, "m.mentions", CW_JSON_OBJECT);
        expect_members(&mentions, "", "");
        text_of(&parsed.json, "body", 60000, &text);
        cw_buf_clear(&text);
        text_of(&parsed.json, "formatted_body", 60000, &text);
        read_html(cw_buf_text(&text), "<strong> </strong> <code> </code> </a> </font> <br>", SITE, shown);
        cw_buf_deinit(&text);
        free(parsed.bytes);
}

static inline void read_ntfy(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct payload parsed;
        struct cw_json tags;
        size_t begin;

        assert_true(payload->len <= 8192);
        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "topic title message priority tags", "click");
        expect_text(&parsed.json, "topic", "cards");
        text_of(&parsed.json, "title", 251, shown);
        cw_buf_putc(shown, '\n');
        begin = shown->len;
        text_of(&parsed.json, "message", 4096, shown);
        assert_true(shown->len - begin <= 4096);
        assert_in_range(number_of(&parsed.json, "priority"), 1, 5);
        tags = member(&parsed.json, "tags", CW_JSON_ARRAY);
        assert_int_equal(count_of(&tags), 1);
        free(parsed.bytes);
}

static inline void read_gotify(const struct cw_buf *payload, struct cw_buf *shown)
{
        struct cw_json extras, display;
        struct payload parsed;

        payload_parse(&parsed, payload);
        expect_members(&parsed.json, "title message priority extras", "");
        text_of(&parsed.json, "title", 251, shown);
        cw_buf_putc(shown, '\n');
        text_of(&parsed.json, "message", 16000, shown);
        assert_in_range(number_of(&parsed.json, "priority"), 0, 10);
        extras = member(&parsed.json, "extras", CW_JSON_OBJECT);
        expect_members(&extras, "client::display", "client::notification");
        display = member(&extras, "client::display", CW_JSON_OBJECT);
        expect_text(&display, "contentType", "text/plain");
        free(parsed.bytes);
}

/* Past one field of a form, whose value is appended decoded. */
static inline const char *read_field(const char *at, struct cw_buf *value)
{
        char hex[3] = "";

        at += strcspn(at, "=");
        assert_int_equal(*at, '=');
        for (at++; *at && *at != '&'; at++) {
                assert_true((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                            strchr("-._~%", *at));
                if (*at == '%') {
                        memcpy(hex, at + 1, 2);
                        assert_int_equal(strspn(hex, "0123456789ABCDEF"), 2);
                        cw_buf_putc(value, (char)strtol(hex, NULL, 16));
                        at += 2;
                } else {
                        cw_buf_putc(value, *at);
                }
        }
        return *at ? at + 1 : at;
}

static inline bool is_field(const char *at, const char *name)
{
        return strncmp(at, name, strlen(name)) == 0 && at[strlen(name)] == '=';
}

static inline void read_pushover(const struct cw_buf *payload, struct cw_buf *shown)
{
        static const char known[] = "title message priority retry expire timestamp url url_title";
        bool insists = false, says_how = false;
        unsigned n_texts = 0;

        for (const char *at = cw_buf_text(payload), *field; *at;) {
                struct cw_buf value = CW_BUF_NULL;
                size_t characters = 0;

                field = at;
                assert_true(is_listed_in(known, at, strcspn(at, "=")));
                insists |= strncmp(at, "priority=2", 10) == 0;
                says_how |= is_field(at, "retry");
                at = read_field(at, &value);
                assert_int_equal(cw_text_valid_utf8(value.data, value.len), value.len);
                for (size_t i = 0; i < value.len; i++)
                        characters += ((unsigned char)value.data[i] & 0xc0) != 0x80;
                assert_in_range(characters, 1, is_field(field, "title") ? 250 : 1024);
                if (is_field(field, "title") || is_field(field, "message")) {
                        cw_buf_printf(shown, "%s\n", value.data);
                        n_texts++;
                }
                cw_buf_deinit(&value);
        }
        assert_int_equal(n_texts, 2);
        assert_int_equal(insists, says_how);
}

static const struct receiver {
        const char *name;
        enum cw_sink_type type;
        const char *url;
        receiver_fn read;
} receivers[] = {
        {"slack", CW_SINK_SLACK, "https://hooks.slack.com/services/T0/B0/XXXXXXXXXXXX", read_slack},
        {"mattermost", CW_SINK_SLACK, "https://chat.example/hooks/abcdefghijkl", read_mattermost},
        {"discord", CW_SINK_DISCORD, "https://discord.example/api/webhooks/1234567890/abcdefghijkl", read_discord},
        {"teams", CW_SINK_TEAMS, "https://x.logic.azure.example/workflows/0123456789?sig=abcdefghijkl", read_teams},
        {"telegram", CW_SINK_TELEGRAM, NULL, read_telegram},
        {"matrix", CW_SINK_MATRIX, NULL, read_matrix},
        {"ntfy", CW_SINK_NTFY, NULL, read_ntfy},
        {"gotify", CW_SINK_GOTIFY, NULL, read_gotify},
        {"pushover", CW_SINK_PUSHOVER, NULL, read_pushover},
};

#endif
