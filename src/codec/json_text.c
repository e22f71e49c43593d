/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one stepping function knows what an escape is; comparing, masking and copying are loops over it. */
#include "json_text.h"

#include <string.h>

#include "cardwatch/buf.h"

static int32_t hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int32_t cw_json_text_hex4(const char *text)
{
        int32_t value = 0;

        for (int i = 0; i < 4; i++) {
                int32_t digit = hex_digit(text[i]);

                if (digit < 0)
                        return -1;
                value = value * 16 + digit;
        }
        return value;
}

static uint32_t short_escape(char c)
{
        switch (c) {
        case 'b':
                return '\b';
        case 'f':
                return '\f';
        case 'n':
                return '\n';
        case 'r':
                return '\r';
        case 't':
                return '\t';
        default:
                return (unsigned char)c;
        }
}

size_t cw_json_text_next(const char *text, size_t len, uint32_t *ret_character)
{
        int32_t high, low;

        if (text[0] != '\\' || len < 2) {
                *ret_character = (unsigned char)text[0];
                return 1;
        }
        if (text[1] != 'u' || len < 6) {
                *ret_character = short_escape(text[1]);
                return 2;
        }
        high = cw_json_text_hex4(text + 2);
        if (high >= 0xd800 && high <= 0xdbff && len >= 12) {
                low = cw_json_text_hex4(text + 8);
                *ret_character = 0x10000u + (((uint32_t)high & 0x3ff) << 10) + ((uint32_t)low & 0x3ff);
                return 12;
        }
        *ret_character = (uint32_t)high;
        return 6;
}

static uint32_t lower(uint32_t c)
{
        return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool cw_json_text_is(const char *text, size_t len, const char *name)
{
        uint32_t character;

        for (size_t i = 0; i < len; name++) {
                i += cw_json_text_next(text + i, len - i, &character);
                if (*name == '\0' || lower(character) != lower((unsigned char)*name))
                        return false;
        }
        return *name == '\0';
}

static void append_utf8(struct cw_buf *buf, uint32_t c)
{
        if (c < 0x80) {
                cw_buf_putc(buf, (char)c);
                return;
        }
        if (c < 0x800) {
                cw_buf_putc(buf, (char)(0xc0 | (c >> 6)));
        } else {
                if (c < 0x10000) {
                        cw_buf_putc(buf, (char)(0xe0 | (c >> 12)));
                } else {
                        cw_buf_putc(buf, (char)(0xf0 | (c >> 18)));
                        cw_buf_putc(buf, (char)(0x80 | ((c >> 12) & 0x3f)));
                }
                cw_buf_putc(buf, (char)(0x80 | ((c >> 6) & 0x3f)));
        }
        cw_buf_putc(buf, (char)(0x80 | (c & 0x3f)));
}

void cw_json_text_append(const char *text, size_t len, struct cw_buf *buf)
{
        uint32_t character;
        size_t i = 0;

        while (i < len) {
                const char *escape = memchr(text + i, '\\', len - i);
                size_t raw = escape ? (size_t)(escape - text) - i : len - i;

                cw_buf_append(buf, text + i, raw);
                i += raw;
                if (i == len)
                        return;
                i += cw_json_text_next(text + i, len - i, &character);
                append_utf8(buf, character);
        }
}
