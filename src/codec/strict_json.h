/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_STRICT_JSON_H
#define CARDWATCH_CODEC_STRICT_JSON_H

#include <stddef.h>

/*
 * Strict JSON: one pass over the bytes of an answer before anything else reads them.
 *
 * Accepts what RFC 8259 says and nothing more: json-c takes much that is no JSON and drops what would tell
 * (architecture.md). On top of the grammar it refuses what no honest answer has and a careless reader would get wrong:
 * a key twice in one object, \u0000, nesting beyond CW_STRICT_JSON_DEPTH, more than CW_STRICT_JSON_KEYS keys in objects
 * open at once. It uses no recursion and, beside the bytes, at most a few words per open key.
 *
 * On its way it cuts card numbers (card_number.h): values of `cardNumber`, at any depth, and references that are one.
 * The length and the validity of the document do not change. Numbers that stand behind an error are left as they are:
 * such bytes are not for reading on, only for wiping.
 */

#define CW_STRICT_JSON_DEPTH 64
#define CW_STRICT_JSON_KEYS  (1u << 20)

/* Outcomes beside 0. */
#define CW_STRICT_JSON_INVALID 1 /* no JSON */
#define CW_STRICT_JSON_REFUSED 2 /* JSON, but one of the four things above */

struct cw_strict_json_error {
        size_t offset;
        const char *reason; /* static text */
};

/* 0, an outcome with *ret_error, or -ENOMEM. */
int cw_strict_json_check(char *bytes, size_t len, struct cw_strict_json_error *ret_error)
        __attribute__((warn_unused_result));

#endif
