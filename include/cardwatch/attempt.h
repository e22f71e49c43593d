/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ATTEMPT_H
#define CARDWATCH_ATTEMPT_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/sink.h"

struct cw_http;
struct cw_loop;
struct cw_notifier;

/*
 * Attempt: one message handed to one receiver, over whatever its channel speaks.
 *
 * Turns stored bytes into a request, carries it out and has the answer judged. `done` fires exactly once, never from
 * inside start; a cancelled attempt ends with `cancelled` set, which says nothing about the receiver.
 */

struct cw_attempt;

struct cw_attempt_request {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_notifier *notifier; /* outlives the attempt */
        const char *id;
        const char *payload; /* copied as far as it is needed */
        size_t payload_len;
        int64_t now;
};

struct cw_attempt_result {
        bool cancelled;
        struct cw_sink_judgement judgement;
        enum cw_http_failure failure; /* how far it came */
        long status;
        int64_t took_ms;
};

typedef void (*cw_attempt_fn)(void *data, const struct cw_attempt_result *result);

/* -EBADMSG: the bytes are not this channel's. -EINVAL: its options cannot be used. -ENOMEM. */
int cw_attempt_start(const struct cw_attempt_request *request, cw_attempt_fn done, void *data,
                     struct cw_attempt **ret_attempt) __attribute__((warn_unused_result));

/* Its `done` fires soon; a record handed to the kernel cannot be called back, and is waited for. */
void cw_attempt_cancel(struct cw_attempt *attempt);

#endif
