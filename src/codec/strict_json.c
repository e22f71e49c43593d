/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a state machine with its own small stack. Duplicate keys, where they count, are told by 64-bit hashes of the
 * decoded keys: few keys are compared as they come, many are sorted once when their object closes, so that nothing is
 * quadratic. That a hash collides by accident costs one page in billions; by intent, only the one who sent it.
 */
#include "strict_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/text.h"

#include "card_number.h"
#include "json_text.h"

/* Up to this many keys of one object are compared as they come. */
#define KEYS_FEW 16

enum content { CONTENT_PLAIN, CONTENT_CARD_NUMBER, CONTENT_REFERENCE };

enum expect { EXPECT_VALUE, EXPECT_FIRST_ELEMENT, EXPECT_KEY, EXPECT_FIRST_KEY, EXPECT_NEXT };

struct frame {
        bool object;
        enum content content; /* of what stands in it */
        size_t first_key;
};

struct pass {
        char *bytes;
        size_t len, at;
        enum cw_strict_json_whose whose;
        enum expect expect;
        enum content content; /* of the next value */
        struct frame stack[CW_STRICT_JSON_DEPTH];
        unsigned depth;
        uint64_t *keys; /* hashes, of all open objects one after the other */
        size_t n_keys, capacity;
        struct cw_buf scratch; /* a key with escapes, decoded */
        struct cw_strict_json_error error;
};

static int outcome(struct pass *pass, int verdict, size_t offset, const char *reason)
{
        pass->error = (struct cw_strict_json_error){.offset = offset, .reason = reason};
        return verdict;
}

static int invalid(struct pass *pass, const char *reason)
{
        return outcome(pass, CW_STRICT_JSON_INVALID, pass->at, pass->at < pass->len ? reason : "ends too early");
}

static void skip_space(struct pass *pass)
{
        while (pass->at < pass->len && memchr(" \t\n\r", pass->bytes[pass->at], 4))
                pass->at++;
}

static bool digits(struct pass *pass)
{
        size_t start = pass->at;

        while (pass->at < pass->len && pass->bytes[pass->at] >= '0' && pass->bytes[pass->at] <= '9')
                pass->at++;
        return pass->at > start;
}

static bool take(struct pass *pass, const char *any)
{
        if (pass->at == pass->len || pass->bytes[pass->at] == '\0' || !strchr(any, pass->bytes[pass->at]))
                return false;
        pass->at++;
        return true;
}

static int read_number(struct pass *pass)
{
        size_t start = pass->at;

        take(pass, "-");
        if (!take(pass, "0") && !digits(pass))
                return invalid(pass, "is no number");
        if (take(pass, ".") && !digits(pass))
                return invalid(pass, "has no digit after the point of a number");
        if (take(pass, "eE")) {
                take(pass, "+-");
                if (!digits(pass))
                        return invalid(pass, "has no digit in the exponent of a number");
        }
        if (pass->content != CONTENT_PLAIN)
                cw_card_number_blot(pass->bytes + start, pass->at - start);
        return 0;
}

static int read_literal(struct pass *pass)
{
        static const char *const literals[] = {"true", "false", "null"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(literals); i++) {
                size_t n = strlen(literals[i]);

                if (pass->len - pass->at >= n && memcmp(pass->bytes + pass->at, literals[i], n) == 0) {
                        pass->at += n;
                        return 0;
                }
        }
        return invalid(pass, "is no value");
}

/* At the `u` of an escape that is no character, or none that a text can hold. */
static int read_no_character(struct pass *pass, int verdict, const char *reason)
{
        if (pass->whose == CW_STRICT_JSON_OURS)
                return outcome(pass, verdict, pass->at, reason);
        memcpy(pass->bytes + pass->at + 1, "fffd", 4);
        pass->at += 5;
        return 0;
}

/* At the `u` of an escape. */
static int read_unicode_escape(struct pass *pass)
{
        const char *text = pass->bytes + pass->at;
        size_t left = pass->len - pass->at;
        int32_t unit = left >= 5 ? cw_json_text_hex4(text + 1) : -1, low;

        if (unit < 0)
                return invalid(pass, "has an escape without four hexadecimal digits");
        if (unit == 0)
                return read_no_character(pass, CW_STRICT_JSON_REFUSED, "has \\u0000 in a string");
        if (unit < 0xd800 || unit > 0xdfff) {
                pass->at += 5;
                return 0;
        }
        low = left >= 11 && text[5] == '\\' && text[6] == 'u' ? cw_json_text_hex4(text + 7) : -1;
        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
                return read_no_character(pass, CW_STRICT_JSON_INVALID, "has half a surrogate pair in a string");
        pass->at += 11;
        return 0;
}

/* At the opening quote; *ret_start and *ret_len are what lies between the quotes. */
static int read_string(struct pass *pass, size_t *ret_start, size_t *ret_len, bool *ret_escaped)
{
        size_t start = ++pass->at;
        bool escaped = false;
        int r;

        for (;; pass->at++) {
                unsigned char c = pass->at < pass->len ? (unsigned char)pass->bytes[pass->at] : 0;

                if (c < 0x20)
                        return invalid(pass, "has a raw control character in a string");
                if (c == '"')
                        break;
                if (c != '\\')
                        continue;
                escaped = true;
                pass->at++;
                if (pass->at < pass->len && pass->bytes[pass->at] == 'u') {
                        r = read_unicode_escape(pass);
                        if (r != 0)
                                return r;
                        pass->at--;
                } else if (pass->at == pass->len || !memchr("\"\\/bfnrt", pass->bytes[pass->at], 8)) {
                        return invalid(pass, "has an unknown escape in a string");
                }
        }
        *ret_start = start;
        *ret_len = pass->at++ - start;
        *ret_escaped = escaped;
        return 0;
}

static int push_key(struct pass *pass, uint64_t key)
{
        if (pass->n_keys == CW_STRICT_JSON_KEYS)
                return outcome(pass, CW_STRICT_JSON_REFUSED, pass->at, "has too many keys");
        if (pass->n_keys == pass->capacity) {
                size_t capacity = pass->capacity ? pass->capacity * 2 : 64;
                uint64_t *keys = reallocarray(pass->keys, capacity, sizeof(*keys));

                if (!keys)
                        return -ENOMEM;
                pass->keys = keys;
                pass->capacity = capacity;
        }
        pass->keys[pass->n_keys++] = key;
        return 0;
}

static int duplicate(struct pass *pass)
{
        return outcome(pass, CW_STRICT_JSON_REFUSED, pass->at, "has a key twice in one object");
}

static int note_key(struct pass *pass, size_t start, size_t len, bool escaped)
{
        size_t first = pass->stack[pass->depth - 1].first_key;
        const char *text = pass->bytes + start;
        uint64_t key;

        if (escaped) {
                cw_buf_clear(&pass->scratch);
                cw_json_text_append(text, len, &pass->scratch);
                if (cw_buf_error(&pass->scratch) < 0)
                        return cw_buf_error(&pass->scratch);
                text = cw_buf_text(&pass->scratch);
                len = pass->scratch.len;
        }
        key = cw_hash64(CW_HASH_KEY_DERIVED, text, len);
        if (pass->n_keys - first < KEYS_FEW) {
                for (size_t i = first; i < pass->n_keys; i++)
                        if (pass->keys[i] == key)
                                return duplicate(pass);
        }
        return push_key(pass, key);
}

/* Also when what is no character stands in it: whoever writes such a key means the number all the same. */
static bool means(const char *key, size_t len, const char *name)
{
        uint32_t character;
        size_t n;

        for (size_t i = 0; i < len; i += n) {
                n = cw_json_text_next(key + i, len - i, &character);
                if (character == 0xfffd)
                        continue;
                if (*name == '\0' || character >= 0x80 || !cw_json_text_is(key + i, n, (const char[]){*name, '\0'}))
                        return false;
                name++;
        }
        return *name == '\0';
}

static enum content content_of(const char *key, size_t len)
{
        if (means(key, len, "cardNumber"))
                return CONTENT_CARD_NUMBER;
        if (means(key, len, "customersReference") || means(key, len, "reference"))
                return CONTENT_REFERENCE;
        return CONTENT_PLAIN;
}

/* A key, its colon, and what its value will be. */
static int read_key(struct pass *pass)
{
        size_t start = 0, len = 0;
        bool escaped = false;
        int r;

        if (pass->at == pass->len || pass->bytes[pass->at] != '"')
                return invalid(pass, "has no key where one must stand");
        r = read_string(pass, &start, &len, &escaped);
        if (r == 0 && pass->whose == CW_STRICT_JSON_OURS)
                r = note_key(pass, start, len, escaped);
        if (r != 0)
                return r;
        skip_space(pass);
        if (!take(pass, ":"))
                return invalid(pass, "has no colon after a key");

        /* Whatever stands inside a card number is one, too. */
        pass->content = content_of(pass->bytes + start, len);
        if (pass->stack[pass->depth - 1].content == CONTENT_CARD_NUMBER)
                pass->content = CONTENT_CARD_NUMBER;
        pass->expect = EXPECT_VALUE;
        return 0;
}

static int open_container(struct pass *pass, bool object)
{
        if (pass->depth == CW_STRICT_JSON_DEPTH)
                return outcome(pass, CW_STRICT_JSON_REFUSED, pass->at, "is nested too deep");
        pass->stack[pass->depth++] = (struct frame){
                .object = object,
                .content = pass->content == CONTENT_CARD_NUMBER ? CONTENT_CARD_NUMBER : CONTENT_PLAIN,
                .first_key = pass->n_keys,
        };
        pass->at++;
        pass->content = pass->stack[pass->depth - 1].content;
        pass->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
        return 0;
}

static int compare_keys(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static int close_container(struct pass *pass)
{
        const struct frame *frame = &pass->stack[--pass->depth];
        size_t n = pass->n_keys - frame->first_key;

        if (n > KEYS_FEW) {
                uint64_t *keys = pass->keys + frame->first_key;

                qsort(keys, n, sizeof(*keys), compare_keys);
                for (size_t i = 1; i < n; i++)
                        if (keys[i] == keys[i - 1])
                                return duplicate(pass);
        }
        pass->n_keys = frame->first_key;
        pass->at++;
        pass->expect = EXPECT_NEXT;
        return 0;
}

static int read_string_value(struct pass *pass)
{
        size_t start = 0, len = 0;
        bool escaped = false;
        int r = read_string(pass, &start, &len, &escaped);

        if (r != 0)
                return r;
        if (pass->content == CONTENT_CARD_NUMBER)
                cw_card_number_mask(pass->bytes + start, len);
        else if (pass->content == CONTENT_REFERENCE)
                cw_card_number_mask_if_one(pass->bytes + start, len);
        return 0;
}

static int read_value(struct pass *pass)
{
        char c = pass->at < pass->len ? pass->bytes[pass->at] : '\0';

        if (c == '{' || c == '[')
                return open_container(pass, c == '{');
        pass->expect = EXPECT_NEXT;
        if (c == '"')
                return read_string_value(pass);
        if (c == '-' || (c >= '0' && c <= '9'))
                return read_number(pass);
        return read_literal(pass);
}

/* After a value inside a container. */
static int read_next(struct pass *pass)
{
        const struct frame *frame = &pass->stack[pass->depth - 1];

        if (pass->at < pass->len && pass->bytes[pass->at] == (frame->object ? '}' : ']'))
                return close_container(pass);
        if (!take(pass, ","))
                return invalid(pass, "has no comma where one must stand");
        pass->content = frame->content;
        pass->expect = frame->object ? EXPECT_KEY : EXPECT_VALUE;
        return 0;
}

static int step(struct pass *pass)
{
        char c = pass->at < pass->len ? pass->bytes[pass->at] : '\0';

        switch (pass->expect) {
        case EXPECT_FIRST_ELEMENT:
                return c == ']' ? close_container(pass) : read_value(pass);
        case EXPECT_FIRST_KEY:
                return c == '}' ? close_container(pass) : read_key(pass);
        case EXPECT_KEY:
                return read_key(pass);
        case EXPECT_NEXT:
                return read_next(pass);
        case EXPECT_VALUE:
        default:
                return read_value(pass);
        }
}

static int run(struct pass *pass)
{
        size_t valid = cw_text_valid_utf8(pass->bytes, pass->len);
        int r;

        if (pass->len == 0)
                return outcome(pass, CW_STRICT_JSON_INVALID, 0, "is empty");
        if (valid != pass->len)
                return outcome(pass, CW_STRICT_JSON_INVALID, valid, "is not UTF-8");
        do {
                skip_space(pass);
                r = step(pass);
                if (r != 0)
                        return r;
        } while (pass->depth > 0 || pass->expect != EXPECT_NEXT);
        skip_space(pass);
        if (pass->at < pass->len)
                return invalid(pass, "goes on after its end");
        return 0;
}

int cw_strict_json_check(char *bytes, size_t len, enum cw_strict_json_whose whose,
                         struct cw_strict_json_error *ret_error)
{
        struct pass pass = {.bytes = bytes, .len = len, .whose = whose, .expect = EXPECT_VALUE};
        int r = run(&pass);

        if (r > 0)
                *ret_error = pass.error;
        free(pass.keys);
        cw_buf_wipe(&pass.scratch);
        return r;
}
