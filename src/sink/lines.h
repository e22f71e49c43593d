/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_LINES_H
#define CARDWATCH_SINK_LINES_H

#include "channel.h"

struct cw_buf;

/*
 * Lines: payloads that are several requests.
 *
 * What is stored is one JSON object a line; an attempt makes requests of them, in order, and adds to each object what
 * belongs to the attempt. A request is begun when the one before it has been answered.
 */

/* The next line without its end, from `at` on; false: there is none. */
bool cw_lines_next(const char *payload, size_t payload_len, size_t *at, const char **ret_line, size_t *ret_len);

/* How many there are; -EBADMSG: they are not objects in lines. */
int cw_lines_count(const char *payload, size_t payload_len, size_t *ret_n);

/* Room for `n` requests: POSTs of JSON to "<server><path>", like `options` say, with their headers. -ENOMEM. */
int cw_lines_begin(const struct cw_sink_options *options, const char *path, size_t n, struct cw_sink_request *request);
/* The body of the i-th; copied. -ENOMEM. */
int cw_lines_set_body(struct cw_sink_request *request, size_t i, const struct cw_buf *body);

/* By HTTP status, and with what the answer says beside it. */
void cw_lines_judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement);

#endif
