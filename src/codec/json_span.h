/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_JSON_SPAN_H
#define CARDWATCH_CODEC_JSON_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * JSON span: where the members and elements of a container stand.
 *
 * Walks bytes that the strict pass (strict_json.h) has accepted, without building anything, so that a page of a hundred
 * thousand cards is handed to the decoder one customer at a time. Spans point into the caller's bytes.
 */

struct cw_json_span {
        const char *text; /* the value without the space around it */
        size_t len;
        size_t weight; /* estimate of the bytes that a tree of it would take */
};

struct cw_json_walk {
        const char *at, *end;
};

/* '{', '[', '"', 't', 'f', 'n' or '0' for any number. */
char cw_json_span_kind(const struct cw_json_span *span);

/* The one value of a whole document. */
struct cw_json_span cw_json_span_of(const char *bytes, size_t len);

/* Into an object or array. */
struct cw_json_walk cw_json_walk_begin(const struct cw_json_span *container);

/* The next element of an array; false at its end. */
bool cw_json_walk_element(struct cw_json_walk *walk, struct cw_json_span *ret_value);

/* The next member of an object; *ret_key is a string with its quotes. */
bool cw_json_walk_member(struct cw_json_walk *walk, struct cw_json_span *ret_key, struct cw_json_span *ret_value);

/*
 * The member called `name` in any case. 0 with *ret_value, 1 if there is none, 2 if there are two (*ret_value untouched
 * by both).
 */
int cw_json_span_member(const struct cw_json_span *object, const char *name, struct cw_json_span *ret_value);

/*
 * How often each of the `n` names stands in the object, in any case, and the last value of each (untouched if there is
 * none). One walk, whatever `n` is.
 */
void cw_json_span_count(const struct cw_json_span *object, const char *const *names, size_t n, unsigned *ret_counts,
                        struct cw_json_span *ret_values);

/* Whether the span is a string equal to `text`, escapes resolved, upper and lower case alike. */
bool cw_json_span_is(const struct cw_json_span *span, const char *text);

#endif
