/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: json-c is asked for a value's type and text only. Integers beyond 64 bits are clamped by it to where they are
 * still out of range: an amount holds fewer digits than an int64_t, and an id may be neither of the two ends.
 */
#include "provider_field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>

#include "cardwatch/text.h"

static const char *find(struct json_object *object, const char *name, struct json_object **ret_value)
{
        struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
        struct json_object *found = NULL;
        unsigned hits = 0;

        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
                if (!cw_text_equal_nocase(json_object_iter_peek_name(&at), name))
                        continue;
                found = json_object_iter_peek_value(&at);
                hits++;
        }
        if (hits == 0)
                return "is missing";
        if (hits > 1)
                return "stands twice";
        *ret_value = found;
        return NULL;
}

const char *cw_provider_field(struct json_object *object, const char *name, const char *alias,
                              struct json_object **ret_value)
{
        struct json_object *value = NULL;
        const char *reason = find(object, name, &value);

        if (reason && alias && strcmp(reason, "is missing") == 0)
                reason = find(object, alias, &value);
        if (!reason)
                *ret_value = value;
        return reason;
}

const char *cw_provider_field_id(struct json_object *value, int64_t *ret_id)
{
        int64_t id;

        if (!value)
                return "is null";
        if (!json_object_is_type(value, json_type_int))
                return "is no integer";
        id = json_object_get_int64(value);
        if (id == INT64_MIN || json_object_get_uint64(value) > INT64_MAX)
                return "is out of range";
        *ret_id = id;
        return NULL;
}

static const char *parse_amount(const char *text, size_t len, cw_amount *ret_amount)
{
        switch (cw_amount_parse(text, len, ret_amount)) {
        case 0:
                return NULL;
        case -EDOM:
                return "has more than six decimals";
        case -ERANGE:
                return "is out of range";
        default:
                return "is no number";
        }
}

const char *cw_provider_field_amount(struct json_object *value, cw_amount *ret_amount)
{
        const char *text;
        char digits[24];

        switch (json_object_get_type(value)) {
        case json_type_null:
                return "is null";
        case json_type_int:
                snprintf(digits, sizeof(digits), "%" PRId64, json_object_get_int64(value));
                return parse_amount(digits, strlen(digits), ret_amount);
        case json_type_double:
                text = json_object_get_userdata(value); /* the number as it was written */
                return text ? parse_amount(text, strlen(text), ret_amount) : "is no number";
        case json_type_string:
                return parse_amount(json_object_get_string(value), (size_t)json_object_get_string_len(value),
                                    ret_amount);
        default:
                return "is no number";
        }
}

const char *cw_provider_field_currency(struct json_object *value, char ret_currency[static 4])
{
        const char *text;
        char currency[4] = "";

        if (!value)
                return "is null";
        if (!json_object_is_type(value, json_type_string))
                return "is no string";
        text = json_object_get_string(value);
        if (json_object_get_string_len(value) != 3)
                return "is no three-letter code";
        for (size_t i = 0; i < 3; i++) {
                char upper = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];

                if (upper < 'A' || upper > 'Z')
                        return "is no three-letter code";
                currency[i] = upper;
        }
        memcpy(ret_currency, currency, sizeof(currency));
        return NULL;
}

const char *cw_provider_field_bool(struct json_object *value, bool *ret_bool)
{
        if (!value)
                return "is null";
        if (!json_object_is_type(value, json_type_boolean))
                return "is neither true nor false";
        *ret_bool = json_object_get_boolean(value);
        return NULL;
}

void cw_provider_field_last4(struct json_object *value, char ret_last4[static 5])
{
        const char *text;
        size_t len;

        ret_last4[0] = '\0';
        if (!json_object_is_type(value, json_type_string))
                return;
        text = json_object_get_string(value);
        len = (size_t)json_object_get_string_len(value);
        if (len < 4)
                return;
        text += len - 4;
        for (size_t i = 0; i < 4; i++)
                if (text[i] < '0' || text[i] > '9')
                        return;
        memcpy(ret_last4, text, 4);
        ret_last4[4] = '\0';
}
