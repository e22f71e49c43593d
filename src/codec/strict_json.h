/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_STRICT_JSON_H
#define CARDWATCH_CODEC_STRICT_JSON_H

#include <stddef.h>

/*
 * Strict JSON: one pass over the bytes of an answer before anything else reads them.
 *
 * Accepts what RFC 8259 says and nothing more: json-c takes much that is no JSON and drops what would tell
 * (architecture.md). On top of the grammar it refuses nesting beyond CW_STRICT_JSON_DEPTH. What RFC 8259 allows and a
 * careless reader gets wrong depends on whose document it is:
 *
 * - ours: a key twice in one object, \u0000, half a surrogate pair and more than CW_STRICT_JSON_KEYS keys in objects
 *   open at once are refused;
 * - theirs: an escape that stands for no character that a text can hold becomes \ufffd, so that no reader cuts a text
 *   there or takes one key for another. Keys are for the reader to count (json_span.h).
 *
 * It uses no recursion and, beside the bytes, at most a few words per open key of ours.
 *
 * On its way it cuts card numbers (card_number.h): values of `cardNumber`, at any depth, and references that are one.
 * The length and the validity of the document do not change. Numbers that stand behind an error are left as they are:
 * such bytes are not for reading on, only for wiping.
 */

#define CW_STRICT_JSON_DEPTH 64
#define CW_STRICT_JSON_KEYS  (1u << 20)

enum cw_strict_json_whose { CW_STRICT_JSON_OURS, CW_STRICT_JSON_THEIRS };

/* Outcomes beside 0. */
#define CW_STRICT_JSON_INVALID 1 /* no JSON */
#define CW_STRICT_JSON_REFUSED 2 /* JSON, but one of the things above */

struct cw_strict_json_error {
        size_t offset;
        const char *reason; /* static text */
};

/* 0, an outcome with *ret_error, or -ENOMEM. */
int cw_strict_json_check(char *bytes, size_t len, enum cw_strict_json_whose whose,
                         struct cw_strict_json_error *ret_error) __attribute__((warn_unused_result));

#endif
