/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: printable ASCII goes as it is; anything else goes through base64, where nothing can break out. What is put
 * together from configured parts is filtered to the characters that such a part may have.
 */
#include "mail_header.h"

#include <string.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hmac.h"
#include "cardwatch/text.h"

enum {
        ENCODED_BYTES_MAX = 45, /* 60 characters of base64 and 12 around them: an encoded word has at most 75 */
        ENCODED_WORDS_MAX = 12, /* 900 characters */
        PLAIN_MAX = 900,
};

static bool is_printable(char c)
{
        return c >= 0x20 && c < 0x7f;
}

static bool is_plain(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!is_printable(text[i]) || (text[i] == '=' && i + 1 < len && text[i + 1] == '?'))
                        return false;
        return len <= PLAIN_MAX;
}

/* Bytes of the longest run of whole characters that fits an encoded word. */
static size_t whole_characters(const char *text, size_t len)
{
        size_t n = 0, next;

        while (n < len) {
                next = n + cw_text_prefix(text + n, len - n, 1);
                if (next > ENCODED_BYTES_MAX)
                        break;
                n = next;
        }
        return n;
}

static void put_encoded(struct cw_buf *buf, const char *text, size_t len)
{
        size_t n;

        for (unsigned words = 0; len > 0 && words < ENCODED_WORDS_MAX; words++) {
                n = whole_characters(text, len);
                cw_buf_puts(buf, words > 0 ? " =?UTF-8?B?" : "=?UTF-8?B?");
                cw_base64_encode(text, n, buf);
                cw_buf_puts(buf, "?=");
                text += n;
                len -= n;
        }
}

static void put_text(struct cw_buf *buf, const char *text, size_t len)
{
        if (is_plain(text, len))
                cw_buf_append(buf, text, len);
        else
                put_encoded(buf, text, len);
}

void cw_mail_text(struct cw_buf *buf, const char *text)
{
        put_text(buf, text, strlen(text));
}

/* The part before '<' without spaces and quotes around; empty when there is none. */
static const char *display_name(const char *text, size_t *ret_len)
{
        const char *bracket = strrchr(text, '<');
        size_t len = bracket ? (size_t)(bracket - text) : 0;

        while (len > 0 && (text[0] == ' ' || text[0] == '"')) {
                text++;
                len--;
        }
        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '"'))
                len--;
        *ret_len = len;
        return text;
}

void cw_mail_bare_address(struct cw_buf *buf, const char *text)
{
        const char *bracket = strrchr(text, '<');

        for (text = bracket ? bracket + 1 : text; *text && *text != '>'; text++)
                if (is_printable(*text) && *text != ' ' && *text != '<' && *text != ',')
                        cw_buf_putc(buf, *text);
}

void cw_mail_address(struct cw_buf *buf, const char *text)
{
        size_t len;
        const char *name = display_name(text, &len);

        if (len == 0) {
                cw_mail_bare_address(buf, text);
                return;
        }
        if (is_plain(name, len)) {
                cw_buf_putc(buf, '"');
                for (size_t i = 0; i < len; i++) {
                        if (name[i] == '"' || name[i] == '\\')
                                cw_buf_putc(buf, '\\');
                        cw_buf_putc(buf, name[i]);
                }
                cw_buf_putc(buf, '"');
        } else {
                put_encoded(buf, name, len);
        }
        cw_buf_puts(buf, " <");
        cw_mail_bare_address(buf, text);
        cw_buf_putc(buf, '>');
}

void cw_mail_addresses(struct cw_buf *buf, const char *const *texts, size_t n_texts)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf one = CW_BUF_NULL;
        size_t begin = buf->len;

        for (size_t i = 0; i < n_texts; i++) {
                cw_buf_clear(&one);
                cw_mail_address(&one, texts[i]);
                if (i > 0 && buf->len - begin + one.len > PLAIN_MAX)
                        return;
                cw_buf_printf(buf, "%s%s", i > 0 ? ", " : "", cw_buf_text(&one));
        }
}

static void put_filtered(struct cw_buf *buf, const char *text)
{
        static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

        for (; text && *text; text++)
                if (strchr(accepted, *text))
                        cw_buf_putc(buf, *text);
}

void cw_mail_domain(struct cw_buf *buf, const char *text)
{
        const char *at = text ? strrchr(text, '@') : NULL;
        size_t begin = buf->len;

        put_filtered(buf, at ? at + 1 : NULL);
        if (buf->len == begin)
                cw_buf_puts(buf, "cardwatch.invalid");
}

void cw_mail_id(struct cw_buf *buf, const char *left, const char *from)
{
        cw_buf_putc(buf, '<');
        put_filtered(buf, left);
        cw_buf_putc(buf, '@');
        cw_mail_domain(buf, from);
        cw_buf_putc(buf, '>');
}

/* The names are fixed by the standard, not by the locale. */
void cw_mail_date(struct cw_buf *buf, int64_t at)
{
        static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        time_t at_s = (time_t)(at / CW_SECOND_MS);
        struct tm tm = {.tm_mday = 1, .tm_year = 70, .tm_wday = 4};

        gmtime_r(&at_s, &tm);
        cw_buf_printf(buf, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                      tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
