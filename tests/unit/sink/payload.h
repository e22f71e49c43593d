/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_PAYLOAD_H
#define CARDWATCH_TESTS_PAYLOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_in.h"
#include "cardwatch/text.h"

/*
 * Payloads as a receiver reads them: strictly, and then as the text that a person sees. Whatever is not in a channel's
 * documented schema fails the test; so does markup that is not of our own making.
 */

struct payload {
        char *bytes;
        struct cw_json json;
};

static inline void payload_parse(struct payload *payload, const struct cw_buf *text)
{
        struct cw_buf why = CW_BUF_NULL;

        payload->bytes = strndup(cw_buf_text(text), text->len);
        assert_non_null(payload->bytes);
        if (cw_json_read(payload->bytes, text->len, &payload->json, &why) < 0)
                fail_msg("%s: %.300s", cw_buf_text(&why), cw_buf_text(text));
        cw_buf_deinit(&why);
}

static inline bool is_listed_in(const char *list, const char *name, size_t len)
{
        for (const char *at = list + strspn(list, " "); *at; at += strspn(at, " ")) {
                size_t n = strcspn(at, " ");

                if (n == len && memcmp(at, name, len) == 0)
                        return true;
                at += n;
        }
        return false;
}

/* An object that has all of `required` and nothing beyond `optional`; names are separated by blanks. */
static inline void expect_members(const struct cw_json *object, const char *required, const char *optional)
{
        struct cw_json name, value;
        size_t cursor = 0, n = 0, wanted = *required ? 1 : 0;

        assert_int_equal(cw_json_kind(object), CW_JSON_OBJECT);
        for (const char *c = required; *c; c++)
                wanted += *c == ' ';
        while (cw_json_next(object, &cursor, &name, &value)) {
                bool must = is_listed_in(required, name.text, name.len);

                if (!must && !is_listed_in(optional, name.text, name.len))
                        fail_msg("a member that is in no schema: %.*s", (int)name.len, name.text);
                n += must;
        }
        assert_int_equal(n, wanted);
}

static inline struct cw_json member(const struct cw_json *object, const char *name, enum cw_json_kind kind)
{
        struct cw_json value;

        if (!cw_json_member(object, name, &value))
                fail_msg("no %s in %.*s", name, (int)object->len, object->text);
        assert_int_equal(cw_json_kind(&value), kind);
        return value;
}

static inline size_t count_of(const struct cw_json *array)
{
        struct cw_json value;
        size_t cursor = 0, n = 0;

        while (cw_json_next(array, &cursor, NULL, &value))
                n++;
        return n;
}

static inline struct cw_json only_one(const struct cw_json *array)
{
        struct cw_json value;
        size_t cursor = 0;

        assert_int_equal(cw_json_kind(array), CW_JSON_ARRAY);
        assert_int_equal(count_of(array), 1);
        assert_true(cw_json_next(array, &cursor, NULL, &value));
        return value;
}

/* Appends the text; it is not empty and at most so many characters (UTF-16 code units, which is the most anybody
 * counts). */
static inline void text_of(const struct cw_json *object, const char *name, size_t most, struct cw_buf *text)
{
        struct cw_json value = member(object, name, CW_JSON_STRING);
        size_t begin = text->len, units = 0;

        assert_true(cw_json_string(&value, text));
        assert_true(text->len > begin);
        assert_int_equal(cw_text_valid_utf8(text->data + begin, text->len - begin), text->len - begin);
        for (const char *c = text->data + begin; *c; c++)
                units += (((unsigned char)*c & 0xc0) != 0x80) + (((unsigned char)*c & 0xf8) == 0xf0);
        if (units > most)
                fail_msg("%s has %zu characters of %zu", name, units, most);
}

static inline void expect_text(const struct cw_json *object, const char *name, const char *expected)
{
        struct cw_buf text = CW_BUF_NULL;

        text_of(object, name, SIZE_MAX, &text);
        assert_string_equal(cw_buf_text(&text), expected);
        cw_buf_deinit(&text);
}

static inline int64_t number_of(const struct cw_json *object, const char *name)
{
        struct cw_json value = member(object, name, CW_JSON_NUMBER);
        int64_t number = 0;

        assert_true(cw_json_int(&value, &number));
        return number;
}

/* Past one of the entities, appended as what it stands for; anything else fails. */
static inline const char *read_entity(const char *at, struct cw_buf *text)
{
        static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
        static const char meant[] = "&<>\"";

        for (size_t i = 0; i < CW_ARRAY_SIZE(entities); i++)
                if (strncmp(at, entities[i], strlen(entities[i])) == 0) {
                        cw_buf_putc(text, meant[i]);
                        return at + strlen(entities[i]);
                }
        fail_msg("an ampersand that is none of ours: %.40s", at);
        return at + 1;
}

/* HTML of the given tags only, as text; links must go to `site`. */
static inline void read_html(const char *html, const char *tags, const char *site, struct cw_buf *text)
{
        while (*html) {
                size_t len = strcspn(html, ">");

                if (*html == '&') {
                        html = read_entity(html, text);
                } else if (*html != '<') {
                        assert_int_not_equal(*html, '>');
                        cw_buf_putc(text, *html++);
                } else {
                        assert_int_equal(html[len], '>');
                        if (strncmp(html, "<a href=\"", 9) == 0)
                                assert_int_equal(strncmp(html + 9, site, strlen(site)), 0);
                        else if (!is_listed_in(tags, html, len + 1) &&
                                 strncmp(html, "<font data-mx-color=\"#", 22) != 0)
                                fail_msg("a tag that is none of ours: %.*s", (int)len + 1, html);
                        html += len + 1;
                }
        }
}

/* Slack's own markup, as text: the three entities, and links to `site`. */
static inline void read_mrkdwn(const char *mrkdwn, const char *site, struct cw_buf *text)
{
        while (*mrkdwn) {
                if (*mrkdwn == '&') {
                        mrkdwn = read_entity(mrkdwn, text);
                } else if (*mrkdwn == '<') {
                        if (strncmp(mrkdwn + 1, site, strlen(site)) != 0)
                                fail_msg("a link or a call that is none of ours: %.60s", mrkdwn);
                        mrkdwn += strcspn(mrkdwn, "|");
                        assert_int_equal(*mrkdwn, '|');
                        mrkdwn++;
                } else if (*mrkdwn == '>') {
                        mrkdwn++; /* of a link: one in a text is an entity */
                } else {
                        cw_buf_putc(text, *mrkdwn++);
                }
        }
}

/* What becomes a link, an emoji or a call without any markup. */
static inline void expect_inert(const char *begin, const char *at)
{
        char before = at > begin ? at[-1] : ' ', after = at[1];
        bool letter = (after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z');
        bool word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');

        if ((*at == ':' && (letter || after == '/')) || (*at == '.' && word && letter) ||
            (*at == '@' && !word && letter))
                fail_msg("something that acts: %.60s", at);
}

/* Markdown, as text: what is not behind a backslash is markup and vanishes. */
static inline void read_markdown(const char *markdown, const char *site, struct cw_buf *text)
{
        for (const char *begin = markdown; *markdown;) {
                if (*markdown == '\\') {
                        assert_non_null(strchr("\\`*_~|<>[]#:.-+=", markdown[1]));
                        cw_buf_putc(text, markdown[1]);
                        markdown += 2;
                } else if (strncmp(markdown, "](", 2) == 0) {
                        assert_int_equal(strncmp(markdown + 2, site, strlen(site)), 0);
                        markdown += strcspn(markdown, ")") + 1;
                } else if (strchr("*`_~|<>[]#", *markdown)) {
                        markdown++;
                } else {
                        expect_inert(begin, markdown);
                        cw_buf_putc(text, *markdown++);
                }
        }
}

/* Without the marks that keep a name from calling somebody. */
static inline void drop_marks(struct cw_buf *text)
{
        char *at;

        while (text->data && (at = strstr(text->data, "\u200b"))) {
                memmove(at, at + 3, strlen(at + 3) + 1);
                text->len -= 3;
        }
}

#endif
