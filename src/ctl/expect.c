/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/money.h"
#include "cardwatch/scenario.h"
#include "cardwatch/text.h"

/* Where short keys lead. */
static const struct {
        const char *key, *object, *member;
} short_keys[] = {
        {"currency", "card", "currency"},       {"last4", "card", "last4"},
        {"suppressed", "card", "suppressed"},   {"reference", "customer", "reference"},
        {"available", "balances", "available"}, {"pending", "balances", "pending"},
        {"total", "balances", "total"},
};

int cw_actual_init(struct cw_actual *actual, const char *body, size_t len)
{
        int r;

        *actual = (struct cw_actual){.bytes = malloc(len + 1)};
        if (!actual->bytes)
                return -ENOMEM;
        memcpy(actual->bytes, body, len);
        actual->bytes[len] = '\0';
        r = cw_json_read(actual->bytes, len, &actual->json, NULL);
        if (r < 0)
                cw_actual_deinit(actual);
        return r;
}

void cw_actual_deinit(struct cw_actual *actual)
{
        free(actual->bytes);
        *actual = (struct cw_actual){0};
}

/* A scalar that stands for an object means what identifies it. */
static void narrow(const struct cw_expected *expected, struct cw_json *value)
{
        struct cw_json object = *value;

        if (expected->kind != CW_EXPECTED_TEXT || cw_json_kind(value) != CW_JSON_OBJECT)
                return;
        if (!cw_json_member(&object, "id", value))
                (void)cw_json_member(&object, "current", value);
}

static bool find(const struct cw_json *object, const struct cw_expected *expected, struct cw_json *ret_value)
{
        struct cw_json inner;

        if (cw_json_member(object, expected->key, ret_value)) {
                narrow(expected, ret_value);
                return true;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(short_keys); i++)
                if (strcmp(short_keys[i].key, expected->key) == 0 &&
                    cw_json_member(object, short_keys[i].object, &inner))
                        return cw_json_member(&inner, short_keys[i].member, ret_value);
        return false;
}

static bool same_number(const char *a, const char *b)
{
        cw_amount x, y;

        return cw_amount_parse(a, strlen(a), &x) == 0 && cw_amount_parse(b, strlen(b), &y) == 0 && x == y;
}

static bool same_time(const char *expected, const char *actual, int64_t start_at)
{
        int64_t wanted, at;

        if (cw_clock_parse(actual, &at) < 0)
                return false;
        if (cw_duration_parse(expected, strlen(expected), &wanted) == 0)
                return at == start_at + wanted;
        return cw_clock_parse(expected, &wanted) == 0 && at == wanted;
}

static bool same_text(const struct cw_expected *expected, const struct cw_json *value, int64_t start_at)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        const char *actual;

        if (cw_json_kind(value) == CW_JSON_NUMBER)
                cw_buf_append(&text, value->text, value->len);
        else if (!cw_json_string(value, &text))
                return false;
        actual = cw_buf_text(&text);
        if (strcmp(expected->text, actual) == 0 || cw_text_glob(expected->text, actual))
                return true;
        return !expected->quoted &&
               (same_number(expected->text, actual) || same_time(expected->text, actual, start_at));
}

static bool same(const struct cw_expected *expected, const struct cw_json *value, int64_t start_at);

static bool same_map(const struct cw_expected *expected, const struct cw_json *value, int64_t start_at)
{
        struct cw_json member;

        if (cw_json_kind(value) != CW_JSON_OBJECT)
                return false;
        for (size_t i = 0; i < expected->n_items; i++)
                if (!find(value, &expected->items[i], &member) || !same(&expected->items[i], &member, start_at))
                        return false;
        return true;
}

/* Each of the list takes the first that nobody took: lists in messages are short, and their items differ. */
static bool same_list(const struct cw_expected *expected, const struct cw_json *value, int64_t start_at)
{
        cw_autofree bool *taken = calloc(expected->n_items + 1, sizeof(*taken));
        struct cw_json item;
        size_t cursor = 0, n = 0;

        if (!taken || cw_json_kind(value) != CW_JSON_ARRAY)
                return false;
        while (cw_json_next(value, &cursor, NULL, &item)) {
                size_t i = 0;

                while (i < expected->n_items && (taken[i] || !same(&expected->items[i], &item, start_at)))
                        i++;
                if (i == expected->n_items)
                        return false;
                taken[i] = true;
                n++;
        }
        return n == expected->n_items;
}

static bool same(const struct cw_expected *expected, const struct cw_json *value, int64_t start_at)
{
        bool truth;

        switch (expected->kind) {
        case CW_EXPECTED_NULL:
                return cw_json_kind(value) == CW_JSON_NULL;
        case CW_EXPECTED_BOOL:
                return cw_json_bool(value, &truth) && truth == (strcmp(expected->text, "true") == 0);
        case CW_EXPECTED_TEXT:
                return same_text(expected, value, start_at);
        case CW_EXPECTED_LIST:
                return same_list(expected, value, start_at);
        case CW_EXPECTED_MAP:
                return same_map(expected, value, start_at);
        }
        return false;
}

static void describe(struct cw_buf *buf, const struct cw_json *value)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        if (cw_json_string(value, &text))
                cw_buf_puts(buf, text.len ? cw_buf_text(&text) : "\"\"");
        else
                cw_buf_append(buf, value->text, value->len);
}

static void say(struct cw_buf *why, const char *indent, const struct cw_expected *expected, const struct cw_json *value)
{
        if (!why)
                return;
        cw_buf_printf(why, "%s%s: expected ", indent, expected->key);
        cw_expected_format(why, expected);
        if (value) {
                cw_buf_puts(why, ", is ");
                describe(why, value);
        } else {
                cw_buf_puts(why, ", and there is none");
        }
        cw_buf_putc(why, '\n');
}

static bool next_alert(const struct cw_actual *actual, size_t *cursor, struct cw_json *ret_alert)
{
        struct cw_json alerts;

        return cw_json_member(&actual->json, "alerts", &alerts) && cw_json_next(&alerts, cursor, NULL, ret_alert);
}

/* A message says of its alerts what all of them say. */
static bool expect_key(const struct cw_expected *expected, const struct cw_actual *actual, int64_t start_at,
                       const char *indent, struct cw_buf *why)
{
        bool of_message = !actual->is_alert || strcmp(expected->key, "baseline") == 0, found = false;
        struct cw_json value, alert;
        size_t cursor = 0;

        if (of_message && find(&actual->json, expected, &value)) {
                if (same(expected, &value, start_at))
                        return true;
                say(why, indent, expected, &value);
                return false;
        }
        while (next_alert(actual, &cursor, &alert)) {
                bool known = find(&alert, expected, &value);

                found = true;
                if (known && same(expected, &value, start_at))
                        continue;
                say(why, indent, expected, known ? &value : NULL);
                return false;
        }
        if (!found)
                say(why, indent, expected, NULL);
        return found;
}

bool cw_expect(const struct cw_expected *expected, const struct cw_actual *actual, int64_t start_at, const char *indent,
               struct cw_buf *why)
{
        bool right = true;

        for (size_t i = 0; i < expected->n_items; i++)
                right &= expect_key(&expected->items[i], actual, start_at, indent, why);
        return right;
}

const char *cw_expected_text(const struct cw_expected *mapping, const char *key)
{
        for (size_t i = 0; i < mapping->n_items; i++)
                if (mapping->items[i].key && strcmp(mapping->items[i].key, key) == 0)
                        return mapping->items[i].text;
        return NULL;
}

void cw_expected_format(struct cw_buf *buf, const struct cw_expected *expected)
{
        bool is_map = expected->kind == CW_EXPECTED_MAP;

        if (expected->kind == CW_EXPECTED_NULL) {
                cw_buf_puts(buf, "null");
        } else if (!is_map && expected->kind != CW_EXPECTED_LIST) {
                cw_buf_printf(buf, expected->quoted ? "\"%s\"" : "%s", expected->text);
        } else {
                cw_buf_putc(buf, is_map ? '{' : '[');
                for (size_t i = 0; i < expected->n_items; i++) {
                        cw_buf_puts(buf, i ? ", " : "");
                        if (is_map)
                                cw_buf_printf(buf, "%s: ", expected->items[i].key);
                        cw_expected_format(buf, &expected->items[i]);
                }
                cw_buf_putc(buf, is_map ? '}' : ']');
        }
}

/* Only what is there, in the order in which people ask. */
static void format_keys(struct cw_buf *buf, const struct cw_json *object, const char *const *keys, size_t n)
{
        struct cw_expected key = {.kind = CW_EXPECTED_TEXT};
        struct cw_json value;

        for (size_t i = 0; i < n; i++) {
                key.key = (char *)keys[i];
                if (!find(object, &key, &value) || cw_json_kind(&value) == CW_JSON_NULL)
                        continue;
                if ((cw_json_kind(&value) == CW_JSON_BOOLEAN && value.len == strlen("false")) ||
                    (cw_json_kind(&value) == CW_JSON_NUMBER && value.len == 1 && *value.text == '0'))
                        continue;
                cw_buf_printf(buf, "%s%s: ", buf->len && buf->data[buf->len - 1] == '{' ? "" : ", ", keys[i]);
                describe(buf, &value);
        }
}

void cw_actual_format(struct cw_buf *buf, const struct cw_actual *actual)
{
        static const char *const of_message[] = {"notifier", "kind",   "status", "severity",
                                                 "baseline", "repeat", "title"};
        static const char *const of_alert[] = {"rule",  "card",     "customer", "source",    "severity", "state",
                                               "value", "currency", "flapping", "confirmed", "folded"};
        struct cw_json alert;
        size_t cursor = 0;

        cw_buf_putc(buf, '{');
        if (!actual->is_alert)
                format_keys(buf, &actual->json, of_message, CW_ARRAY_SIZE(of_message));
        else if (next_alert(actual, &cursor, &alert)) {
                format_keys(buf, &alert, of_alert, CW_ARRAY_SIZE(of_alert));
                format_keys(buf, &actual->json, &of_message[4], 1);
        }
        cw_buf_putc(buf, '}');
}
