/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_VALUE_H
#define CARDWATCH_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/money.h"

struct cw_buf;
struct cw_hash;

/*
 * Value: what expressions reckon with.
 *
 * A value has a type even when it is unknown. Who owns a string: that of a value made by cw_value_parse or
 * cw_value_string is malloc'd and belongs to the value (cw_value_deinit); those that cw_expr_eval and cw_expr_limit
 * give are borrowed from the card, the parameters or the expression, and are never released.
 */

enum cw_value_type {
        CW_VALUE_BOOL,
        CW_VALUE_NUMBER, /* a decimal */
        CW_VALUE_AMOUNT, /* a decimal in a currency */
        CW_VALUE_INTEGER, /* an id, exact over 64 bits; also a whole literal too large for a number */
        CW_VALUE_DURATION,
        CW_VALUE_STRING,
};

struct cw_value {
        enum cw_value_type type;
        bool known;
        char currency[4]; /* of an amount, upper case; else "" */
        union {
                bool boolean;
                cw_amount number; /* of CW_VALUE_NUMBER and CW_VALUE_AMOUNT */
                int64_t integer;
                int64_t duration_ms;
                const char *string;
        };
};

/* What is wrong with a text, and where: bytes from its start. `len` is 0 where something is missing at the end. */
struct cw_expr_error {
        size_t offset, len;
        char message[200];
};

/*
 * Reads a literal as parameters have it: `100`, `-5.25`, `100 USD`, `20%`, `48h`, `"text"`, `true`.
 *
 * -EINVAL with *ret_error filled, -ENOMEM without.
 */
int cw_value_parse(const char *text, size_t len, struct cw_value *ret_value, struct cw_expr_error *ret_error)
        __attribute__((warn_unused_result));

/* A text that some other syntax has already unquoted. -ENOMEM. */
int cw_value_string(const char *text, size_t len, struct cw_value *ret_value) __attribute__((warn_unused_result));

/* A copy that owns its string. -ENOMEM. */
int cw_value_copy(const struct cw_value *value, struct cw_value *ret_copy) __attribute__((warn_unused_result));

void cw_value_deinit(struct cw_value *value);

/* Appends it as cw_value_parse reads it; an unknown value as "unknown". */
void cw_value_format(struct cw_buf *buf, const struct cw_value *value);

/* Feeds what the value is, the same in every process. */
void cw_value_meaning(const struct cw_value *value, struct cw_hash *hash);

/* "an amount", "a number" … for messages. */
const char *cw_value_type_name(enum cw_value_type type);

#endif
