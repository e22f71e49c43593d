/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the strict pass, then spans: the same two tools that open the card API's answers, without its vocabulary. */
#include "cardwatch/json_in.h"

#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "json_span.h"
#include "json_text.h"
#include "strict_json.h"

static struct cw_json_span span_of(const struct cw_json *value)
{
        return (struct cw_json_span){.text = value->text, .len = value->len};
}

int cw_json_read(char *bytes, size_t len, struct cw_json *ret_value, struct cw_buf *why)
{
        struct cw_strict_json_error error;
        struct cw_json_span span;
        int r = cw_strict_json_check(bytes, len, CW_STRICT_JSON_OURS, &error);

        if (r < 0)
                return r;
        if (r > 0) {
                if (why)
                        cw_buf_printf(why, "%s at byte %zu", error.reason, error.offset);
                return -EBADMSG;
        }
        span = cw_json_span_of(bytes, len);
        *ret_value = (struct cw_json){.text = span.text, .len = span.len};
        return 0;
}

enum cw_json_kind cw_json_kind(const struct cw_json *value)
{
        struct cw_json_span span = span_of(value);

        switch (cw_json_span_kind(&span)) {
        case '{':
                return CW_JSON_OBJECT;
        case '[':
                return CW_JSON_ARRAY;
        case '"':
                return CW_JSON_STRING;
        case 't':
        case 'f':
                return CW_JSON_BOOLEAN;
        case 'n':
                return CW_JSON_NULL;
        default:
                return CW_JSON_NUMBER;
        }
}

bool cw_json_member(const struct cw_json *object, const char *name, struct cw_json *ret_value)
{
        struct cw_json key, value;

        for (size_t cursor = 0;
             cw_json_kind(object) == CW_JSON_OBJECT && cw_json_next(object, &cursor, &key, &value);) {
                if (key.len != strlen(name) || memcmp(key.text, name, key.len) != 0)
                        continue;
                *ret_value = value;
                return true;
        }
        return false;
}

bool cw_json_next(const struct cw_json *container, size_t *cursor, struct cw_json *ret_name, struct cw_json *ret_value)
{
        enum cw_json_kind kind = cw_json_kind(container);
        struct cw_json_span span = span_of(container), name, value;
        struct cw_json_walk walk;

        if (kind != CW_JSON_OBJECT && kind != CW_JSON_ARRAY)
                return false;
        walk = cw_json_walk_begin(&span);
        walk.at += *cursor;
        if (kind == CW_JSON_OBJECT ? !cw_json_walk_member(&walk, &name, &value) : !cw_json_walk_element(&walk, &value))
                return false;
        *cursor = (size_t)(walk.at - container->text) - 1;
        if (kind == CW_JSON_OBJECT && ret_name)
                *ret_name = (struct cw_json){.text = name.text + 1, .len = name.len - 2};
        *ret_value = (struct cw_json){.text = value.text, .len = value.len};
        return true;
}

bool cw_json_string(const struct cw_json *value, struct cw_buf *buf)
{
        if (cw_json_kind(value) != CW_JSON_STRING)
                return false;
        cw_json_text_append(value->text + 1, value->len - 2, buf);
        return true;
}

bool cw_json_int(const struct cw_json *value, int64_t *ret_value)
{
        bool negative = value->len > 0 && value->text[0] == '-';
        int64_t number = 0;

        if (cw_json_kind(value) != CW_JSON_NUMBER)
                return false;
        for (size_t i = negative; i < value->len; i++) {
                int digit = value->text[i] - '0';

                if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
                    (negative ? __builtin_sub_overflow(number, digit, &number)
                              : __builtin_add_overflow(number, digit, &number)))
                        return false;
        }
        *ret_value = number;
        return true;
}

bool cw_json_bool(const struct cw_json *value, bool *ret_value)
{
        if (cw_json_kind(value) != CW_JSON_BOOLEAN)
                return false;
        *ret_value = value->text[0] == 't';
        return true;
}
