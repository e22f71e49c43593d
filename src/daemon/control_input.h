/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_INPUT_H
#define CARDWATCH_DAEMON_CONTROL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"

struct cw_alert_match;
struct cw_httpd_argument;

/*
 * Control input: what a request says, strictly: in its body (JSON), in its query, and in its path.
 *
 * Pure. Whatever is not known, stands twice, has another type or is too large is refused in words; nothing is guessed.
 */

/* Terms of an alert match (alert_match.h), each followed by a newline. */
struct cw_control_terms {
        struct cw_buf text;
        size_t n;
};

enum cw_control_kind {
        CW_CONTROL_LINE, /* struct cw_buf: one line of at most `most` bytes, of which some can be seen */
        CW_CONTROL_BOOL, /* bool */
        CW_CONTROL_TIME, /* int64_t: RFC 3339 */
        CW_CONTROL_DURATION, /* int64_t ms: "2h" */
        CW_CONTROL_COUNT, /* int64_t from 1 to `most`; in a query only */
        CW_CONTROL_TERMS, /* struct cw_control_terms; in a query an argument that may stand several times */
};

struct cw_control_field {
        const char *name;
        enum cw_control_kind kind;
        void *value; /* zeroed by the caller: what is not said stays so */
        size_t most;
};

/* False: `why` says what is wrong. An empty body says nothing. */
bool cw_control_read_body(const char *body, size_t len, const struct cw_control_field *fields, size_t n_fields,
                          struct cw_buf *why);
bool cw_control_read_query(const struct cw_httpd_argument *arguments, size_t n_arguments,
                           const struct cw_control_field *fields, size_t n_fields, struct cw_buf *why);

/* 16 digits from 0 to f, and nothing behind them. */
bool cw_control_read_hex64(const char *text, size_t len, uint64_t *ret_value);

/* Integers with a dot between them, as cursors are written: just `n` of them. */
bool cw_control_read_cursor(const char *text, int64_t *ret_numbers, size_t n);

/* The match that the terms make. False: `why` says what is wrong with them. */
bool cw_control_parse_terms(const struct cw_control_terms *terms, struct cw_alert_match **ret_match,
                            struct cw_buf *why);

#endif
