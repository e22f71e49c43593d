/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_REQUEST_H
#define CARDWATCH_SIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cardwatch/buf.h>

/*
 * Request: bytes in, HTTP/1.1 requests out (RFC 9112).
 *
 * A reader collects the bytes of one connection and cuts them into requests, several in a row if the client sent them
 * so. It does no I/O and knows no path. It is strict about what decides where a request ends, lenient about bare line
 * feeds, and bounded: a head of 64 KiB, 100 fields, a body of 1 MiB. A request's texts live until
 * cw_sim_request_deinit.
 */

#define CW_SIM_REQUEST_HEAD_MAX   ((size_t)64 * 1024)
#define CW_SIM_REQUEST_BODY_MAX   ((size_t)1024 * 1024)
#define CW_SIM_REQUEST_FIELDS_MAX 100

struct cw_sim_header {
        const char *name;
        const char *value;
};

struct cw_sim_request {
        char *head; /* what the texts point into */
        const char *method;
        const char *path; /* percent-decoded */
        const char *query; /* as it came, "" if there was none */
        struct cw_sim_header headers[CW_SIM_REQUEST_FIELDS_MAX];
        size_t n_headers;
        char *body; /* followed by a NUL that is not counted */
        size_t body_len;
        bool keep_alive;
};

#define CW_SIM_REQUEST_NULL                                                                                            \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_sim_request_deinit(struct cw_sim_request *request);

/* The first header of that name in any case, or NULL. */
const char *cw_sim_request_header(const struct cw_sim_request *request, const char *name);

/* The query parameter of that name in any case, decoded and cut to `size`; false when it is not there. */
bool cw_sim_request_param(const struct cw_sim_request *request, const char *name, char *ret_text, size_t size);

/* Likewise as a whole number. 0, CW_SIM_PARAM_ABSENT, or -EINVAL. */
#define CW_SIM_PARAM_ABSENT 1
int cw_sim_request_param_int(const struct cw_sim_request *request, const char *name, int64_t *ret_value)
        __attribute__((warn_unused_result));

struct cw_sim_reader {
        struct cw_buf in;
        size_t scanned; /* bytes in which no head ends */
        size_t head_len; /* of the request being read, 0 while its head is not whole */
        size_t body_len;
        bool expects_continue;
};

#define CW_SIM_READER_NULL                                                                                             \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_sim_reader_deinit(struct cw_sim_reader *reader);

/* -ENOMEM, or -EMSGSIZE when more was sent ahead than a request may have: close the connection. */
int cw_sim_reader_feed(struct cw_sim_reader *reader, const char *bytes, size_t len) __attribute__((warn_unused_result));

/* Outcomes of cw_sim_reader_next. */
#define CW_SIM_READER_MORE     1 /* no whole request yet */
#define CW_SIM_READER_CONTINUE 2 /* likewise, and the client waits for "100 Continue": told once a request */
#define CW_SIM_READER_BAD      3 /* no request: answer *ret_status and close */

/* 0 with the next request, an outcome, or -ENOMEM. */
int cw_sim_reader_next(struct cw_sim_reader *reader, struct cw_sim_request *ret_request, int *ret_status)
        __attribute__((warn_unused_result));

#endif
