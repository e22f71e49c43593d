/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_WIRE_PRIVATE_H
#define CARDWATCH_NET_WIRE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "cardwatch/wire.h"

/*
 * What the parts of wire share: the queue of sends (wire.c), and the two that work its head off, one at a time and in
 * order (wire_socket.c for sockets, wire_file.c for files).
 *
 * A send is queued -> ended -> told. Only wire.c tells.
 */

#define CW_WIRE_LINE 256

struct cw_wire_span {
        size_t at, len;
};

struct cw_wire_send {
        struct cw_wire *wire;
        char *bytes; /* of all records, one after the other as a stream wants them */
        size_t len;
        struct cw_wire_span *records; /* where in it each of them is, as a datagram wants it */
        size_t n_records;
        cw_wire_done_fn done;
        void *data;
        struct cw_timer *timer;
        int failure;
        char line[CW_WIRE_LINE];
        TAILQ_ENTRY(cw_wire_send) link;
};

TAILQ_HEAD(cw_wire_queue, cw_wire_send);

struct cw_wire_socket;
struct cw_wire_job;

struct cw_wire {
        struct cw_loop *loop;
        struct cw_wire_target target;
        char *host, *path, *ca, *cert, *key; /* what the target's point to */
        struct cw_wire_queue queue, ended;
        struct cw_timer *tell_timer;
        struct cw_wire_socket *socket; /* of a socket target */
        struct cw_wire_job *job; /* of a file target, while a worker has it */
        bool telling, freed;
};

/* How the target is called in messages. */
void cw_wire_describe(const struct cw_wire *wire, char *text, size_t size);

/* The head of the queue is done with: 0, or a negative errno and why. */
void cw_wire_end(struct cw_wire_send *send, int failure, const char *reason);

int cw_wire_socket_new(struct cw_wire *wire) __attribute__((warn_unused_result));
void cw_wire_socket_free(struct cw_wire_socket *socket);
/* The queue has a new head. Never ends a send from inside. */
void cw_wire_socket_wake(struct cw_wire_socket *socket);
/* The head was taken out of the queue before it was handed over. */
void cw_wire_socket_abandon(struct cw_wire_socket *socket);

int cw_wire_file_wake(struct cw_wire *wire);
/* The head is no longer wanted, or with it the wire. */
void cw_wire_file_abandon(struct cw_wire *wire);

#endif
