/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one flag, whether a value stands before, is all the state that commas need: opening clears it, closing sets it.
 */
#include "cardwatch/json_out.h"

#include <string.h>

#include "cardwatch/buf_room.h"
#include "cardwatch/clock.h"
#include "cardwatch/digits.h"
#include "cardwatch/text.h"

/* What a browser could take for markup when the JSON is pasted into a page's script. "a < b" stays readable. */
static bool opens_markup(char next)
{
        return next == '/' || next == '!' || next == '?' || (next >= 'a' && next <= 'z') ||
               (next >= 'A' && next <= 'Z');
}

/* U+2028 and U+2029 end a line in older JavaScript. */
static bool is_line_separator(const char *text, size_t len)
{
        return len >= 3 && text[0] == '\xe2' && text[1] == '\x80' && (text[2] == '\xa8' || text[2] == '\xa9');
}

/* Bytes at `text` that cannot stand for themselves and are written as one escape, 0: none. */
static size_t needs_escape(const char *text, size_t len)
{
        unsigned char c = (unsigned char)text[0];

        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
                return 1;
        if (c == '<' && len > 1 && opens_markup(text[1]))
                return 1;
        return is_line_separator(text, len) ? 3 : 0;
}

static void put_escape(struct cw_buf *buf, const char *text, size_t len)
{
        static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
        const char *found = memchr(plain, text[0], sizeof(plain) - 1);

        if (found) {
                cw_buf_putc(buf, '\\');
                cw_buf_putc(buf, letters[found - plain]);
        } else if (len == 3) {
                cw_buf_puts(buf, text[2] == '\xa8' ? "\\u2028" : "\\u2029");
        } else {
                cw_buf_printf(buf, "\\u%04x", (unsigned char)text[0]);
        }
}

static void put_valid(struct cw_buf *buf, const char *text, size_t len)
{
        size_t done = 0, n;

        for (size_t i = 0; i < len;) {
                n = needs_escape(text + i, len - i);
                if (n == 0) {
                        i++;
                        continue;
                }
                cw_buf_append(buf, text + done, i - done);
                put_escape(buf, text + i, n);
                i += n;
                done = i;
        }
        cw_buf_append(buf, text + done, len - done);
}

/* Nearly every text is such that it stands for itself. Copies it up to what does not; returns how much that was. */
static size_t copy_plain(char *at, const char *text)
{
        static const bool plain[256] = {
                [' ' ... '!'] = true, ['#' ... ';'] = true, ['=' ... '['] = true, [']' ... '~'] = true};
        size_t n = 0;

        for (; plain[(unsigned char)text[n]]; n++)
                at[n] = text[n];
        return n;
}

static void put_any(struct cw_buf *buf, const char *text, size_t len)
{
        size_t valid;

        while (len > 0) {
                valid = cw_text_valid_utf8(text, len);
                put_valid(buf, text, valid);
                text += valid;
                len -= valid;
                if (len > 0) {
                        cw_buf_puts(buf, "\ufffd");
                        text++;
                        len--;
                }
        }
}

/* What was written to where begin() said is there. */
static void end(struct cw_json_out *out, const char *at)
{
        cw_buf_grew(out->buf, (size_t)(at - (out->buf->data + out->buf->len)));
}

/* A name that does not stand for itself, from there on where it does not. */
static char *put_name(struct cw_json_out *out, char *at, const char *rest, size_t room)
{
        end(out, at);
        put_any(out->buf, rest, strlen(rest));
        return cw_buf_reserve(out->buf, room);
}

/* The comma and the name before a value. Returns where there is room for the value's `len` bytes; NULL: there is none.
 */
static char *begin(struct cw_json_out *out, const char *name, size_t len)
{
        static const size_t around = 4; /* a comma, quotes, a colon */
        size_t name_len = name ? strlen(name) : 0, n;
        char *at = cw_buf_reserve(out->buf, name_len + len + around);

        if (!at)
                return NULL;
        if (out->comma)
                *at++ = ',';
        out->comma = true;
        if (!name)
                return at;
        *at++ = '"';
        n = copy_plain(at, name);
        at += n;
        if (n < name_len)
                at = put_name(out, at, name + n, len + around);
        if (!at)
                return NULL;
        *at++ = '"';
        *at++ = ':';
        return at;
}

static void put_word(struct cw_json_out *out, const char *name, const char *word, size_t len)
{
        char *at = begin(out, name, len);

        if (!at)
                return;
        memcpy(at, word, len);
        end(out, at + len);
}

void cw_json_out_open(struct cw_json_out *out, const char *name, char bracket)
{
        put_word(out, name, &bracket, 1);
        out->comma = false;
}

void cw_json_out_close(struct cw_json_out *out, char bracket)
{
        cw_buf_putc(out->buf, bracket);
        out->comma = true;
}

void cw_json_out_null(struct cw_json_out *out, const char *name)
{
        put_word(out, name, "null", 4);
}

void cw_json_out_bool(struct cw_json_out *out, const char *name, bool value)
{
        put_word(out, name, value ? "true" : "false", value ? 4 : 5);
}

void cw_json_out_int(struct cw_json_out *out, const char *name, int64_t value)
{
        char *at = begin(out, name, CW_DIGITS_MAX);

        if (at)
                end(out, cw_digits_write(at, value, 1));
}

void cw_json_out_string(struct cw_json_out *out, const char *name, const char *text)
{
        size_t len, n;
        char *at;

        if (!text) {
                cw_json_out_null(out, name);
                return;
        }
        len = strlen(text);
        at = begin(out, name, len + 2);
        if (!at)
                return;
        *at++ = '"';
        n = copy_plain(at, text);
        at += n;
        if (n == len) {
                *at++ = '"';
                end(out, at);
                return;
        }
        end(out, at);
        put_any(out->buf, text + n, len - n);
        cw_buf_putc(out->buf, '"');
}

void cw_json_out_time(struct cw_json_out *out, const char *name, int64_t wall)
{
        char *at;

        if (wall == 0) {
                cw_json_out_null(out, name);
                return;
        }
        at = begin(out, name, CW_CLOCK_UTC_MAX + 2);
        if (!at)
                return;
        *at++ = '"';
        at = cw_clock_write_utc(at, wall);
        *at++ = '"';
        end(out, at);
}

void cw_json_out_amount(struct cw_json_out *out, const char *name, cw_amount amount, unsigned digits)
{
        char *at = begin(out, name, CW_AMOUNT_TEXT_MAX + 2);

        if (!at)
                return;
        *at++ = '"';
        at = cw_amount_write(at, amount, digits);
        *at++ = '"';
        end(out, at);
}
