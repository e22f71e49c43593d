/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_JSON_IN_H
#define CARDWATCH_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * JSON reader: small documents of our own making or asking (the control API), read where they stand.
 *
 * Strict: what the bytes are is settled once, by cw_json_read; after it nothing can be wrong but the shape, and no
 * question needs memory. The card API's answers have a decoder of their own (provider.h). Values point into the
 * caller's bytes.
 */

struct cw_json {
        const char *text;
        size_t len;
};

enum cw_json_kind {
        CW_JSON_NULL,
        CW_JSON_BOOLEAN,
        CW_JSON_NUMBER,
        CW_JSON_STRING,
        CW_JSON_ARRAY,
        CW_JSON_OBJECT,
};

/*
 * The one value of a document. Refuses a key that stands twice in an object, and \u0000. -EBADMSG: it is none, `why`
 * (may be NULL) says so in words; -ENOMEM.
 */
int cw_json_read(char *bytes, size_t len, struct cw_json *ret_value, struct cw_buf *why)
        __attribute__((warn_unused_result));

enum cw_json_kind cw_json_kind(const struct cw_json *value);

/* The member of an object, its name written without escapes; false: there is none, or it is no object. */
bool cw_json_member(const struct cw_json *object, const char *name, struct cw_json *ret_value);

/*
 * Walks an object or an array: begin with a cursor of 0; false at the end, and at once of anything else. `ret_name`
 * (without its quotes, escapes as they are) may be NULL, and is not touched in arrays.
 */
bool cw_json_next(const struct cw_json *container, size_t *cursor, struct cw_json *ret_name, struct cw_json *ret_value);

/* Appends a string's text; false: it is none. */
bool cw_json_string(const struct cw_json *value, struct cw_buf *buf);

/* False: no number that is an integer of 64 bits written without fraction and exponent. */
bool cw_json_int(const struct cw_json *value, int64_t *ret_value);

/* False: no boolean. */
bool cw_json_bool(const struct cw_json *value, bool *ret_value);

#endif
