/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SERVER_H
#define CARDWATCH_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct cw_loop;

/*
 * Server: a TCP listener that hands out connections as bytes in, bytes out.
 *
 * For the simulator, whose answers must be able to be reset, cut off, dripped or garbage: a well-behaved HTTP library
 * cannot say those. It bounds what is buffered on the way out and knows no protocol.
 */

struct cw_server;
struct cw_connection;

struct cw_server_handler {
        /* Bytes came; valid during the call. */
        void (*received)(void *data, struct cw_connection *connection, const char *bytes, size_t len);
        /* The peer closed, the connection failed or the server is being freed; the last call about it. What was sent
         * before still goes out. Not called after cw_connection_close or _reset: whoever calls those forgets the
         * connection. */
        void (*closed)(void *data, struct cw_connection *connection);
        /* All that was sent has been handed to the kernel. May be NULL. */
        void (*drained)(void *data, struct cw_connection *connection);
        /* A peer connected. May be NULL. */
        void (*opened)(void *data, struct cw_connection *connection);
};

/* Listens on host:port, port 0 picks one: *ret_port tells. */
int cw_server_new(struct cw_loop *loop, const char *host, uint16_t port, const struct cw_server_handler *handler,
                  void *data, struct cw_server **ret_server, uint16_t *ret_port) __attribute__((warn_unused_result));
/* Closes the listener and every connection, calling `closed` for those that were open. */
void cw_server_free(struct cw_server *server);

/* The owner's pointer beside a connection, NULL at first. */
void cw_connection_set_user(struct cw_connection *connection, void *user);
void *cw_connection_user(const struct cw_connection *connection);

/* Copies the bytes. -ENOBUFS: the peer does not read and 64 MiB wait for it; -ENOTCONN: it is closed. */
int cw_connection_send(struct cw_connection *connection, const char *bytes, size_t len)
        __attribute__((warn_unused_result));
/* After what was sent has gone out. */
void cw_connection_close(struct cw_connection *connection);
/* At once, with a TCP reset. */
void cw_connection_reset(struct cw_connection *connection);

#endif
