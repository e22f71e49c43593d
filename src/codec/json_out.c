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

/* Nearly every text is such that it stands for itself. */
static bool is_plain(const char *text, size_t len)
{
        static const bool plain[256] = {
                [' ' ... '!'] = true, ['#' ... ';'] = true, ['=' ... '['] = true, [']' ... '~'] = true};
        bool all = true;

        for (size_t i = 0; i < len; i++)
                all &= plain[(unsigned char)text[i]];
        return all;
}

static void put_plain(struct cw_buf *buf, const char *text, size_t len)
{
        char *at = cw_buf_reserve(buf, len + 2);

        if (!at)
                return;
        at[0] = '"';
        memcpy(at + 1, text, len);
        at[len + 1] = '"';
        cw_buf_grew(buf, len + 2);
}

static void put_text(struct cw_buf *buf, const char *text)
{
        size_t len = strlen(text), valid;

        if (is_plain(text, len)) {
                put_plain(buf, text, len);
                return;
        }
        cw_buf_putc(buf, '"');
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
        cw_buf_putc(buf, '"');
}

/* The comma and the name before a value. */
static void begin(struct cw_json_out *out, const char *name)
{
        if (out->comma)
                cw_buf_putc(out->buf, ',');
        out->comma = true;
        if (name) {
                put_text(out->buf, name);
                cw_buf_putc(out->buf, ':');
        }
}

void cw_json_out_open(struct cw_json_out *out, const char *name, char bracket)
{
        begin(out, name);
        cw_buf_putc(out->buf, bracket);
        out->comma = false;
}

void cw_json_out_close(struct cw_json_out *out, char bracket)
{
        cw_buf_putc(out->buf, bracket);
        out->comma = true;
}

void cw_json_out_null(struct cw_json_out *out, const char *name)
{
        begin(out, name);
        cw_buf_puts(out->buf, "null");
}

void cw_json_out_bool(struct cw_json_out *out, const char *name, bool value)
{
        begin(out, name);
        cw_buf_puts(out->buf, value ? "true" : "false");
}

void cw_json_out_int(struct cw_json_out *out, const char *name, int64_t value)
{
        begin(out, name);
        cw_digits_put(out->buf, value);
}

void cw_json_out_string(struct cw_json_out *out, const char *name, const char *text)
{
        if (!text) {
                cw_json_out_null(out, name);
                return;
        }
        begin(out, name);
        put_text(out->buf, text);
}

void cw_json_out_time(struct cw_json_out *out, const char *name, int64_t at)
{
        if (at == 0) {
                cw_json_out_null(out, name);
                return;
        }
        begin(out, name);
        cw_buf_putc(out->buf, '"');
        cw_clock_format_utc(out->buf, at);
        cw_buf_putc(out->buf, '"');
}

void cw_json_out_amount(struct cw_json_out *out, const char *name, cw_amount amount, unsigned digits)
{
        begin(out, name);
        cw_buf_putc(out->buf, '"');
        cw_amount_format(out->buf, amount, digits);
        cw_buf_putc(out->buf, '"');
}
