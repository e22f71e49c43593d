/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a family of routes names what it knows in a table of fields, and reads it from wherever it stands. */
#include "control_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/alert_match.h"
#include "cardwatch/clock.h"
#include "cardwatch/httpd.h"
#include "cardwatch/json_in.h"

/* Of one term; what is longer is no name. */
#define TERM_MAX 300

static bool refuse(struct cw_buf *why, const char *name, const char *what)
{
        cw_buf_printf(why, "\"%s\" %s", name, what);
        return false;
}

/* One line of so many bytes, of which some can be seen. */
static bool is_line(const struct cw_buf *buf, size_t most)
{
        const char *text = cw_buf_text(buf);

        for (size_t i = 0; i < buf->len; i++)
                if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
                        return false;
        return cw_buf_error(buf) == 0 && buf->len <= most && strspn(text, " ") < buf->len;
}

static bool take_line(const struct cw_control_field *field, struct cw_buf *text, struct cw_buf *why)
{
        struct cw_buf *value = field->value;

        if (!is_line(text, field->most)) {
                cw_buf_printf(why, "\"%s\" must be a line of at most %zu bytes", field->name, field->most);
                return false;
        }
        cw_buf_append(value, text->data, text->len);
        return true;
}

static bool take_term(const struct cw_control_field *field, struct cw_buf *text, struct cw_buf *why)
{
        struct cw_control_terms *terms = field->value;

        if (!is_line(text, TERM_MAX))
                return refuse(why, field->name, "has a term that is no KEY=VALUE of at most 300 bytes");
        if (terms->n == CW_ALERT_MATCH_TERMS_MAX)
                return refuse(why, field->name, "has more than 64 terms");
        cw_buf_append(&terms->text, text->data, text->len);
        cw_buf_putc(&terms->text, '\n');
        terms->n++;
        return true;
}

static bool take_count(const struct cw_control_field *field, const char *text, struct cw_buf *why)
{
        int64_t *value = field->value;
        char *end = NULL;
        unsigned long long number = 0;

        errno = 0;
        if (*text >= '0' && *text <= '9')
                number = strtoull(text, &end, 10);
        if (!end || *end || errno || number < 1 || number > field->most) {
                cw_buf_printf(why, "\"%s\" must be a whole number from 1 to %zu", field->name, field->most);
                return false;
        }
        *value = (int64_t)number;
        return true;
}

/* Nothing is no duration: it is how a field says that it was not given. */
static bool take_duration(const struct cw_control_field *field, const struct cw_buf *text, struct cw_buf *why)
{
        int64_t ms;

        if (cw_duration_parse(cw_buf_text(text), text->len, &ms) < 0 || ms == 0)
                return refuse(why, field->name, "must be a duration such as 30m, 2h or 7d");
        *(int64_t *)field->value = ms;
        return true;
}

static bool take_text(const struct cw_control_field *field, struct cw_buf *text, struct cw_buf *why)
{
        switch (field->kind) {
        case CW_CONTROL_LINE:
                return take_line(field, text, why);
        case CW_CONTROL_TERMS:
                return take_term(field, text, why);
        case CW_CONTROL_COUNT:
                return take_count(field, cw_buf_text(text), why);
        case CW_CONTROL_TIME:
                return cw_clock_parse(cw_buf_text(text), field->value) == 0 ||
                       refuse(why, field->name, "must be a time such as 2026-11-22T08:00:00Z");
        case CW_CONTROL_DURATION:
                return take_duration(field, text, why);
        case CW_CONTROL_BOOL:
                break;
        }
        return refuse(why, field->name, "must be true or false");
}

/* What JSON says in a member: a text, a truth, or a list of texts. */
static bool take_member(const struct cw_control_field *field, const struct cw_json *value, struct cw_buf *why)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json item;
        bool good = true;

        if (field->kind == CW_CONTROL_BOOL)
                return cw_json_bool(value, field->value) || refuse(why, field->name, "must be true or false");
        if (field->kind != CW_CONTROL_TERMS) {
                /* What is no string is an empty text, which no kind takes. */
                (void)cw_json_string(value, &text);
                good = take_text(field, &text, why);
        } else if (cw_json_kind(value) != CW_JSON_ARRAY) {
                good = refuse(why, field->name, "must be a list of terms such as [\"customer=11057\"]");
        }
        for (size_t cursor = 0; field->kind == CW_CONTROL_TERMS && good && cw_json_next(value, &cursor, NULL, &item);) {
                cw_buf_clear(&text);
                (void)cw_json_string(&item, &text);
                good = take_text(field, &text, why);
        }
        cw_buf_deinit(&text);
        return good;
}

static void name_known(const struct cw_control_field *fields, size_t n_fields, struct cw_buf *why)
{
        cw_buf_puts(why, " is not known here");
        for (size_t i = 0; i < n_fields; i++)
                cw_buf_printf(why, "%s\"%s\"", i == 0 ? "; known: " : ", ", fields[i].name);
}

static const struct cw_control_field *find(const struct cw_control_field *fields, size_t n_fields, const char *name,
                                           size_t len)
{
        for (size_t i = 0; i < n_fields; i++)
                if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
                        return &fields[i];
        return NULL;
}

static bool read_members(const struct cw_json *top, const struct cw_control_field *fields, size_t n_fields,
                         struct cw_buf *why)
{
        struct cw_json name = {0}, value;

        for (size_t cursor = 0; cw_json_next(top, &cursor, &name, &value);) {
                const struct cw_control_field *field = find(fields, n_fields, name.text, name.len);

                if (!field) {
                        cw_buf_printf(why, "\"%.*s\"", (int)(name.len < 40 ? name.len : 40), name.text);
                        name_known(fields, n_fields, why);
                        return false;
                }
                if (!take_member(field, &value, why))
                        return false;
        }
        return true;
}

bool cw_control_read_body(const char *body, size_t len, const struct cw_control_field *fields, size_t n_fields,
                          struct cw_buf *why)
{
        struct cw_buf copy = CW_BUF_NULL;
        struct cw_json top;
        bool good = false;

        if (len == 0)
                return true;
        cw_buf_append(&copy, body, len);
        if (cw_buf_error(&copy) < 0)
                cw_buf_puts(why, "out of memory");
        else if (cw_json_read(copy.data, copy.len, &top, why) < 0)
                cw_buf_puts(why, ": the body is no JSON");
        else if (cw_json_kind(&top) != CW_JSON_OBJECT)
                cw_buf_puts(why, "the body must be an object");
        else
                good = read_members(&top, fields, n_fields, why);
        cw_buf_deinit(&copy);
        return good;
}

static int nibble(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

        return at ? (int)(at - digits) : -1;
}

/* False: an escape that is none, or one of NUL. */
static bool unescape(const char *text, struct cw_buf *buf)
{
        for (; *text; text++) {
                int high, low;

                if (*text != '%') {
                        cw_buf_putc(buf, *text);
                        continue;
                }
                high = nibble(text[1]);
                low = high < 0 ? -1 : nibble(text[2]);
                if (low < 0 || (high == 0 && low == 0))
                        return false;
                cw_buf_putc(buf, (char)(high << 4 | low));
                text += 2;
        }
        return cw_buf_error(buf) == 0;
}

static bool take_argument(const struct cw_control_field *field, const char *escaped, struct cw_buf *why)
{
        struct cw_buf text = CW_BUF_NULL;
        bool good = unescape(escaped, &text);

        if (!good) {
                refuse(why, field->name, "has an escape that is none");
        } else if (field->kind == CW_CONTROL_BOOL) {
                *(bool *)field->value = strcmp(cw_buf_text(&text), "true") == 0;
                good = *(bool *)field->value || strcmp(cw_buf_text(&text), "false") == 0 ||
                       refuse(why, field->name, "must be true or false");
        } else {
                good = take_text(field, &text, why);
        }
        cw_buf_deinit(&text);
        return good;
}

bool cw_control_read_query(const struct cw_httpd_argument *arguments, size_t n_arguments,
                           const struct cw_control_field *fields, size_t n_fields, struct cw_buf *why)
{
        if (n_arguments == CW_HTTPD_ARGUMENTS_MAX) {
                cw_buf_puts(why, "there are too many arguments");
                return false;
        }
        for (size_t i = 0; i < n_arguments; i++) {
                const char *name = arguments[i].name;
                const struct cw_control_field *field = find(fields, n_fields, name, strlen(name));

                if (!field) {
                        cw_buf_printf(why, "the argument \"%.40s\"", name);
                        name_known(fields, n_fields, why);
                        return false;
                }
                for (size_t k = 0; k < i; k++)
                        if (field->kind != CW_CONTROL_TERMS && strcmp(arguments[k].name, name) == 0)
                                return refuse(why, field->name, "stands twice");
                if (!take_argument(field, arguments[i].value, why))
                        return false;
        }
        return true;
}

bool cw_control_read_hex64(const char *text, size_t len, uint64_t *ret_value)
{
        uint64_t value = 0;

        if (len != 16)
                return false;
        for (size_t i = 0; i < len; i++) {
                int digit = text[i] >= 'A' && text[i] <= 'F' ? -1 : nibble(text[i]);

                if (digit < 0)
                        return false;
                value = value << 4 | (uint64_t)digit;
        }
        *ret_value = value;
        return true;
}

bool cw_control_read_cursor(const char *text, int64_t *ret_numbers, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char *end;

                errno = 0;
                if (!((*text >= '0' && *text <= '9') || *text == '-'))
                        return false;
                ret_numbers[i] = strtoll(text, &end, 10);
                if (errno || end == text || *end != (i + 1 < n ? '.' : '\0'))
                        return false;
                text = end + 1;
        }
        return true;
}

bool cw_control_parse_terms(const struct cw_control_terms *terms, struct cw_alert_match **ret_match, struct cw_buf *why)
{
        int r = cw_buf_error(&terms->text) < 0 ? -ENOMEM
                                               : cw_alert_match_parse_text(cw_buf_text(&terms->text), ret_match, why);

        if (r == -ENOMEM)
                cw_buf_puts(why, "out of memory");
        return r == 0;
}
