/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a line is built whole in a bounded buffer and handed to stdio in one piece, so that neither a thread nor a
 * second process writing to the same file can cut it. A value that would need quoting is quoted; what is no printable
 * text is written as its code.
 */
#include "cardwatch/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/buf_room.h"
#include "cardwatch/clock.h"
#include "cardwatch/digits.h"
#include "cardwatch/text.h"

/* No value from outside makes a line longer than this many bytes of its own, before escaping. */
#define VALUE_MAX 2048

#define LINE_USUAL 255

struct cw_log {
        FILE *stream;
        enum cw_log_level least;
        enum cw_log_format format;
};

static const char *const level_names[] = {
        [CW_LOG_DEBUG] = "debug",
        [CW_LOG_INFO] = "info",
        [CW_LOG_WARNING] = "warning",
        [CW_LOG_ERROR] = "error",
};

int cw_log_new(FILE *stream, enum cw_log_level least, enum cw_log_format format, struct cw_log **ret_log)
{
        struct cw_log *log = calloc(1, sizeof(*log));

        if (!log)
                return -ENOMEM;
        log->stream = stream;
        cw_log_configure(log, least, format);
        *ret_log = log;
        return 0;
}

void cw_log_free(struct cw_log *log)
{
        free(log);
}

void cw_log_configure(struct cw_log *log, enum cw_log_level least, enum cw_log_format format)
{
        log->least = least;
        log->format = format;
}

bool cw_log_enabled(const struct cw_log *log, enum cw_log_level level)
{
        return level >= log->least;
}

/* C1 controls, line and paragraph separators, marks that turn the direction of writing: they lie to whoever reads. */
static bool is_deceiving(const unsigned char *text, size_t n)
{
        if (n == 2)
                return text[0] == 0xc2 && text[1] < 0xa0;
        if (n != 3)
                return false;
        if (text[0] == 0xef)
                return text[1] == 0xbb && text[2] == 0xbf;
        if (text[0] != 0xe2)
                return false;
        return (text[1] == 0x80 && (text[2] == 0x8e || text[2] == 0x8f || (text[2] >= 0xa8 && text[2] <= 0xae))) ||
               (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

static bool is_plain(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=' || c == '\'')
                        return false;
        }
        return len > 0;
}

/* The code point of a valid character of `n` bytes. */
static unsigned code_point(const unsigned char *text, size_t n)
{
        unsigned code = n == 1 ? text[0] : n == 2 ? text[0] & 0x1fu : text[0] & 0x0fu;

        for (size_t i = 1; i < n; i++)
                code = code << 6 | (text[i] & 0x3fu);
        return code;
}

/* Backslash escapes that are valid in JSON too; a byte that is no UTF-8 becomes U+FFFD. */
static void put_escaped(struct cw_buf *buf, const char *text, size_t len)
{
        static const char short_names[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

        for (size_t i = 0, n; i < len; i += n) {
                const unsigned char *at = (const unsigned char *)text + i;

                n = cw_text_prefix(text + i, len - i, 1);
                if (cw_text_valid_utf8(text + i, n) != n) {
                        n = 1;
                        cw_buf_puts(buf, "\\ufffd");
                } else if (*at == '"' || *at == '\\') {
                        cw_buf_putc(buf, '\\');
                        cw_buf_putc(buf, text[i]);
                } else if (*at < sizeof(short_names) && short_names[*at]) {
                        cw_buf_putc(buf, '\\');
                        cw_buf_putc(buf, short_names[*at]);
                } else if (*at < ' ' || *at == 0x7f || is_deceiving(at, n)) {
                        cw_buf_printf(buf, "\\u%04x", code_point(at, n));
                } else {
                        cw_buf_append(buf, at, n);
                }
        }
}

static void put_quoted(struct cw_buf *buf, const char *text, size_t len)
{
        cw_buf_putc(buf, '"');
        put_escaped(buf, text, len);
        cw_buf_putc(buf, '"');
}

/* A number by the one conversion of its format: it needs no quotes. */
static void put_number(struct cw_buf *buf, const char *format, va_list *args)
{
        if (strcmp(format, "%d") == 0) {
                cw_digits_put(buf, va_arg(*args, int));
        } else if (strcmp(format, "%u") == 0) {
                cw_digits_put(buf, va_arg(*args, unsigned));
        } else if (strcmp(format, "%ld") == 0) {
                cw_digits_put(buf, va_arg(*args, long));
        } else if (strcmp(format, "%lu") == 0) {
                cw_buf_printf(buf, "%lu", va_arg(*args, unsigned long));
        } else if (strcmp(format, "%lld") == 0) {
                cw_digits_put(buf, va_arg(*args, long long));
        } else if (strcmp(format, "%llu") == 0) {
                cw_buf_printf(buf, "%llu", va_arg(*args, unsigned long long));
        } else if (strcmp(format, "%zu") == 0) {
                cw_buf_printf(buf, "%zu", va_arg(*args, size_t));
        } else {
                assert(!"a format that the log does not know");
        }
}

static void put_value(struct cw_buf *buf, enum cw_log_format format, const char *value_format, va_list *args)
{
        const char *text;
        size_t len;

        if (strcmp(value_format, "%s") != 0) {
                put_number(buf, value_format, args);
                return;
        }
        text = va_arg(*args, const char *);
        text = text ? text : "-";
        len = strnlen(text, VALUE_MAX);
        if (format == CW_LOG_JSON || !is_plain(text, len))
                put_quoted(buf, text, len);
        else
                cw_buf_append(buf, text, len);
}

static void put_field(struct cw_buf *buf, enum cw_log_format format, const char *key, const char *value_format,
                      va_list *args)
{
        bool json = format == CW_LOG_JSON;

        cw_buf_puts(buf, json ? ",\"" : " ");
        cw_buf_puts(buf, key);
        cw_buf_puts(buf, json ? "\":" : "=");
        put_value(buf, format, value_format, args);
}

static void put_head(struct cw_buf *buf, enum cw_log_format format, enum cw_log_level level, const char *event)
{
        bool json = format == CW_LOG_JSON;

        cw_buf_puts(buf, json ? "{\"time\":\"" : "");
        cw_clock_format_utc(buf, cw_clock_wall_ms());
        cw_buf_puts(buf, json ? "\",\"level\":\"" : " ");
        cw_buf_puts(buf, level_names[level]);
        cw_buf_puts(buf, json ? "\",\"event\":\"" : " ");
        cw_buf_puts(buf, event);
        cw_buf_puts(buf, json ? "\"" : "");
}

void cw_log(struct cw_log *log, enum cw_log_level level, const char *event, ...)
{
        struct cw_buf line = CW_BUF_NULL;
        const char *key, *value_format;
        va_list args;

        if (!log || !cw_log_enabled(log, level))
                return;
        (void)cw_buf_reserve(&line, LINE_USUAL); /* without memory the first append fails as well */
        put_head(&line, log->format, level, event);
        va_start(args, event);
        while ((key = va_arg(args, const char *))) {
                value_format = va_arg(args, const char *);
                put_field(&line, log->format, key, value_format, &args);
        }
        va_end(args);
        cw_buf_puts(&line, log->format == CW_LOG_JSON ? "}\n" : "\n");

        /* Half a line would be worse than none, and a log that fails has nobody left to tell. */
        if (cw_buf_error(&line) == 0) {
                (void)!fwrite(line.data, 1, line.len, log->stream);
                fflush(log->stream);
        }
        cw_buf_deinit(&line);
}
