/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_json.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include <cardwatch/buf.h>
#include <cardwatch/text.h>

#define DEPTH_MAX 64

/* The opaque type is json-c's own under another name; these two are the only places that know. */
static struct json_object *inner(const struct cw_sim_json *json)
{
        return (struct json_object *)(uintptr_t)json;
}

static struct cw_sim_json *outer(struct json_object *object)
{
        return (struct cw_sim_json *)object;
}

static bool only_space(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
                        return false;
        return true;
}

int cw_sim_json_parse(const char *text, size_t len, struct cw_buf *why, struct cw_sim_json **ret_json)
{
        struct json_tokener *tokener;
        struct json_object *object;
        enum json_tokener_error error;
        const char *reason = NULL;
        size_t end;

        if (len > INT32_MAX)
                return -EINVAL;
        tokener = json_tokener_new_ex(DEPTH_MAX);
        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
        object = json_tokener_parse_ex(tokener, text, (int)len);
        error = json_tokener_get_error(tokener);
        end = json_tokener_get_parse_end(tokener);
        json_tokener_free(tokener);

        if (error == json_tokener_continue)
                reason = "it ends too early";
        else if (error != json_tokener_success)
                reason = json_tokener_error_desc(error);
        else if (!only_space(text + end, len - end))
                reason = "something follows the value";
        else if (!object)
                reason = "null says nothing";
        if (reason) {
                if (why)
                        cw_buf_printf(why, "not JSON: %s", reason);
                json_object_put(object);
                return -EINVAL;
        }
        *ret_json = outer(object);
        return 0;
}

void cw_sim_json_free(struct cw_sim_json *json)
{
        json_object_put(inner(json));
}

enum cw_sim_json_kind cw_sim_json_kind(const struct cw_sim_json *json)
{
        switch (json_object_get_type(inner(json))) {
        case json_type_boolean:
                return CW_SIM_JSON_BOOL;
        case json_type_double:
        case json_type_int:
                return CW_SIM_JSON_NUMBER;
        case json_type_string:
                return CW_SIM_JSON_STRING;
        case json_type_array:
                return CW_SIM_JSON_ARRAY;
        case json_type_object:
                return CW_SIM_JSON_OBJECT;
        case json_type_null:
                break;
        }
        return CW_SIM_JSON_NULL;
}

bool cw_sim_json_member(const struct cw_sim_json *json, const char *name, const struct cw_sim_json **ret_value)
{
        struct json_object *value;

        if (cw_sim_json_kind(json) != CW_SIM_JSON_OBJECT || !json_object_object_get_ex(inner(json), name, &value))
                return false;
        *ret_value = outer(value);
        return true;
}

bool cw_sim_json_next(const struct cw_sim_json *json, const void **cursor, const char **ret_name,
                      const struct cw_sim_json **ret_value)
{
        const struct lh_entry *entry;

        if (cw_sim_json_kind(json) != CW_SIM_JSON_OBJECT)
                return false;
        entry = *cursor ? lh_entry_next((const struct lh_entry *)*cursor)
                        : lh_table_head(json_object_get_object(inner(json)));
        if (!entry)
                return false;
        *ret_name = lh_entry_k(entry);
        *ret_value = outer(lh_entry_v(entry));
        *cursor = entry;
        return true;
}

size_t cw_sim_json_length(const struct cw_sim_json *json)
{
        return cw_sim_json_kind(json) == CW_SIM_JSON_ARRAY ? json_object_array_length(inner(json)) : 0;
}

const struct cw_sim_json *cw_sim_json_at(const struct cw_sim_json *json, size_t i)
{
        return i < cw_sim_json_length(json) ? outer(json_object_array_get_idx(inner(json), i)) : NULL;
}

const char *cw_sim_json_text(const struct cw_sim_json *json)
{
        switch (cw_sim_json_kind(json)) {
        case CW_SIM_JSON_BOOL:
        case CW_SIM_JSON_NUMBER:
        case CW_SIM_JSON_STRING:
                return json_object_get_string(inner(json));
        default:
                return NULL;
        }
}

int cw_sim_json_int(const struct cw_sim_json *json, int64_t *ret_value)
{
        if (json_object_get_type(inner(json)) != json_type_int)
                return -EINVAL;
        *ret_value = json_object_get_int64(inner(json));
        return 0;
}

void cw_sim_json_pretty(const struct cw_sim_json *json, struct cw_buf *buf)
{
        const char *text = json_object_to_json_string_ext(inner(json),
                                                          JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

        cw_buf_puts(buf, text ? text : "");
}

static void quote_ascii(struct cw_buf *buf, unsigned char c)
{
        static const char *const short_forms[0x20] = {
                ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};

        if (c == '"' || c == '\\')
                cw_buf_printf(buf, "\\%c", c);
        else if (c < 0x20 && short_forms[c])
                cw_buf_puts(buf, short_forms[c]);
        else if (c < 0x20 || c == 0x7f)
                cw_buf_printf(buf, "\\u%04x", c);
        else
                cw_buf_puts(buf, "\\ufffd");
}

void cw_sim_json_quote(struct cw_buf *buf, const char *text, size_t len)
{
        size_t at = 0;

        cw_buf_putc(buf, '"');
        while (at < len) {
                size_t end = at + cw_text_valid_utf8(text + at, len - at);

                while (at < end) {
                        size_t plain = at;

                        while (plain < end && (unsigned char)text[plain] >= 0x20 && text[plain] != 0x7f &&
                               text[plain] != '"' && text[plain] != '\\')
                                plain++;
                        cw_buf_append(buf, text + at, plain - at);
                        at = plain;
                        if (at < end)
                                quote_ascii(buf, (unsigned char)text[at++]);
                }
                if (at < len)
                        quote_ascii(buf, (unsigned char)text[at++] | 0x80);
        }
        cw_buf_putc(buf, '"');
}
