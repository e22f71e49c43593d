/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_JSON_OUT_H
#define CARDWATCH_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/money.h"

/*
 * JSON writer: strict RFC 8259 text, member by member.
 *
 * It knows where commas go and how texts are escaped; which members there are is the caller's business, and so is
 * closing what was opened. Inside an object every value has a name, inside an array none (NULL). Whatever bytes a text
 * holds, the result is valid UTF-8: what is no character becomes U+FFFD. Memory is the buffer's; errors stick there.
 */

struct cw_json_out {
        struct cw_buf *buf;
        bool comma; /* a value stands before the next one */
};

void cw_json_out_open(struct cw_json_out *out, const char *name, char bracket);
void cw_json_out_close(struct cw_json_out *out, char bracket);

void cw_json_out_null(struct cw_json_out *out, const char *name);
void cw_json_out_bool(struct cw_json_out *out, const char *name, bool value);
void cw_json_out_int(struct cw_json_out *out, const char *name, int64_t value);

/* NULL gives null. */
void cw_json_out_string(struct cw_json_out *out, const char *name, const char *text);

/* RFC 3339 in UTC; 0 gives null. */
void cw_json_out_time(struct cw_json_out *out, const char *name, int64_t wall);

/* A string with at least `digits` decimals. */
void cw_json_out_amount(struct cw_json_out *out, const char *name, cw_amount amount, unsigned digits);

#endif
