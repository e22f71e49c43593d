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
 * (framing is the caller's), over a connection that is kept while the target stays the same; a file is opened for
 * append at each send, so that a moved one is made anew, and is synced. Records are copied; `done` fires once, never
 * from inside send. A unix stream send is done when the kernel took the bytes, a TCP or TLS one when the peer's has
 * acknowledged them; beyond that the protocol has no acknowledgement. Records of a unix stream get a line end if they
 * have none. A send to a file is in it whole and synced, or not at all.
 */

enum cw_wire_kind {
        CW_WIRE_UNIX,
        CW_WIRE_UDP,
        CW_WIRE_TCP,
        CW_WIRE_TLS,
        CW_WIRE_FILE
}; /* unix: datagram, else stream */

struct cw_wire_target {
        enum cw_wire_kind kind;
        const char *host; /* udp, tcp, tls */
        uint16_t port;
        const char *path; /* unix, file */
        const char *ca, *cert, *key; /* tls: files; NULL: the system's certificates, none of our own */
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
/* Sends under way are done with -ECANCELED before it returns. May be called from a `done`. */
void cw_wire_free(struct cw_wire *wire);

/* Several sends may be under way, and go out in order; each has `timeout_ms`. */
int cw_wire_send(struct cw_wire *wire, const struct cw_wire_record *records, size_t n_records, int64_t timeout_ms,
                 cw_wire_done_fn done, void *data) __attribute__((warn_unused_result));

#endif
