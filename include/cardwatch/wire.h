/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_WIRE_H
#define CARDWATCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_loop;

/*
 * Wire: hands records to a datagram or stream socket, or to a file.
 *
 * For syslog and the file notifier. A datagram target gets one datagram a record; a stream gets the records as they are
 * (framing is the caller's), over a connection that is kept while the target stays the same; a file is opened for append at
 * each send, so that a moved one is made anew, and is synced. Records are copied; `done` fires once, never from inside send.
 * A stream send is done when the kernel took the bytes and the peer had not closed: the protocol has no acknowledgement.
 */

enum cw_wire_kind { CW_WIRE_UNIX, CW_WIRE_UDP, CW_WIRE_TCP, CW_WIRE_FILE }; /* unix: datagram, else stream */

struct cw_wire_target {
        enum cw_wire_kind kind;
        const char *host; /* udp, tcp */
        uint16_t port;
        const char *path; /* unix, file */
};

struct cw_wire_record {
        const char *data;
        size_t len;
};

struct cw_wire; /* the sender of one notifier */

/* `failure` 0: handed over; else a negative errno, with one line in `message`. */
typedef void (*cw_wire_done_fn)(void *data, int failure, const char *message);

int cw_wire_new(struct cw_loop *loop, const struct cw_wire_target *target, struct cw_wire **ret_wire)
        __attribute__((warn_unused_result));
/* A send under way is done with -ECANCELED. */
void cw_wire_free(struct cw_wire *wire);

/* Several sends may be under way; each has `timeout_ms`. */
int cw_wire_send(struct cw_wire *wire, const struct cw_wire_record *records, size_t n_records, int64_t timeout_ms,
                 cw_wire_done_fn done, void *data) __attribute__((warn_unused_result));

#endif
