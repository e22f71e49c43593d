/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/server.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cardwatch/cleanup.h"
#include "uvloop.h"

/*
 * A TCP listener whose connections are bytes in, bytes out.
 *
 * A connection belongs to its owner while it is open. Once the owner has let go of it, or was told that it closed, it
 * lingers until what was sent has gone out, and its memory goes with libuv's close callback.
 */

#define BACKLOG    512
#define QUEUED_MAX (64u * 1024 * 1024)

enum connection_state {
        CONNECTION_OPEN,
        CONNECTION_LINGERING, /* nobody is told of it any more; output still goes out */
        CONNECTION_CLOSING, /* libuv has it */
};

struct cw_connection {
        uv_tcp_t uv;
        struct cw_server *server;
        enum connection_state state;
        size_t queued;
        void *user;
        char *input;
        TAILQ_ENTRY(cw_connection) link;
};

TAILQ_HEAD(connection_list, cw_connection);

struct cw_server {
        uv_tcp_t uv;
        struct cw_server_handler handler;
        void *data;
        struct connection_list connections;
        bool listener_closed;
        bool freed;
};

struct output {
        uv_write_t uv;
        struct cw_connection *connection;
        size_t len;
        char bytes[];
};

static void release_server_if_unused(struct cw_server *server)
{
        if (server->listener_closed && TAILQ_EMPTY(&server->connections))
                free(server);
}

static void on_connection_closed(uv_handle_t *handle)
{
        struct cw_connection *connection = handle->data;
        struct cw_server *server = connection->server;

        TAILQ_REMOVE(&server->connections, connection, link);
        free(connection->input);
        free(connection);
        release_server_if_unused(server);
}

/* The one place where a connection changes its state; it only ever moves forward. */
static void connection_enter(struct cw_connection *connection, enum connection_state state)
{
        if (state <= connection->state)
                return;
        if (state == CONNECTION_LINGERING && connection->queued == 0)
                state = CONNECTION_CLOSING;
        connection->state = state;
        if (state == CONNECTION_CLOSING)
                uv_close((uv_handle_t *)&connection->uv, on_connection_closed);
}

static void connection_lost(struct cw_connection *connection, enum connection_state state)
{
        bool was_open = connection->state == CONNECTION_OPEN;

        connection_enter(connection, state);
        if (was_open && connection->server->handler.closed)
                connection->server->handler.closed(connection->server->data, connection);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
        struct cw_connection *connection = handle->data;

        if (!connection->input)
                connection->input = malloc(suggested);
        /* Without memory the read fails with UV_ENOBUFS, and the connection with it. */
        *ret_buf = uv_buf_init(connection->input, connection->input ? (unsigned)suggested : 0);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
        struct cw_connection *connection = stream->data;

        if (n == 0)
                return;
        if (n < 0) {
                connection_lost(connection, n == UV_EOF ? CONNECTION_LINGERING : CONNECTION_CLOSING);
                /* What lingers after its peer's last byte has nothing more to read. */
                if (connection->state == CONNECTION_LINGERING)
                        (void)uv_read_stop(stream);
                return;
        }
        /* While lingering the bytes are read and dropped: unread ones would turn the close into a reset. */
        if (connection->state == CONNECTION_OPEN && connection->server->handler.received)
                connection->server->handler.received(connection->server->data, connection, buf->base, (size_t)n);
}

static void on_connection(uv_stream_t *listener, int status)
{
        struct cw_server *server = listener->data;
        struct cw_connection *connection;

        if (status < 0 || server->freed)
                return;
        connection = calloc(1, sizeof(*connection));
        if (!connection)
                return;
        if (uv_tcp_init(listener->loop, &connection->uv) < 0) {
                free(connection);
                return;
        }
        connection->server = server;
        connection->uv.data = connection;
        TAILQ_INSERT_TAIL(&server->connections, connection, link);
        if (uv_accept(listener, (uv_stream_t *)&connection->uv) < 0 ||
            uv_read_start((uv_stream_t *)&connection->uv, on_alloc, on_read) < 0) {
                connection_enter(connection, CONNECTION_CLOSING);
                return;
        }
        (void)uv_tcp_nodelay(&connection->uv, 1);
        if (server->handler.opened)
                server->handler.opened(server->data, connection);
}

static int bind_to(uv_tcp_t *listener, const char *host, uint16_t port)
{
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
        char service[8];
        int r;

        snprintf(service, sizeof(service), "%u", (unsigned)port);
        r = getaddrinfo(host, service, &hints, &found);
        if (r != 0)
                return r == EAI_MEMORY ? -ENOMEM : r == EAI_SYSTEM ? -errno : -EADDRNOTAVAIL;
        r = uv_tcp_bind(listener, found->ai_addr, 0);
        freeaddrinfo(found);
        return r;
}

static int bound_port(const uv_tcp_t *listener, uint16_t *ret_port)
{
        struct sockaddr_storage address;
        int len = sizeof(address), r;

        r = uv_tcp_getsockname(listener, (struct sockaddr *)&address, &len);
        if (r < 0)
                return r;
        if (address.ss_family == AF_INET6)
                *ret_port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
        else
                *ret_port = ntohs(((struct sockaddr_in *)&address)->sin_port);
        return 0;
}

static int server_listen(struct cw_server *server, const char *host, uint16_t port, uint16_t *ret_port)
{
        int r;

        r = bind_to(&server->uv, host, port);
        if (r < 0)
                return r;
        r = uv_listen((uv_stream_t *)&server->uv, BACKLOG, on_connection);
        if (r < 0)
                return r;
        return bound_port(&server->uv, ret_port);
}

int cw_server_new(struct cw_loop *loop, const char *host, uint16_t port, const struct cw_server_handler *handler,
                  void *data, struct cw_server **ret_server, uint16_t *ret_port)
{
        struct cw_server *server = calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        r = uv_tcp_init(cw_loop_uv(loop), &server->uv);
        if (r < 0) {
                free(server);
                return r;
        }
        server->uv.data = server;
        server->handler = *handler;
        server->data = data;
        TAILQ_INIT(&server->connections);
        r = server_listen(server, host, port, ret_port);
        if (r < 0) {
                cw_server_free(server);
                return r;
        }
        *ret_server = server;
        return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
        struct cw_server *server = handle->data;

        server->listener_closed = true;
        release_server_if_unused(server);
}

void cw_server_free(struct cw_server *server)
{
        struct cw_connection *connection;

        if (!server || server->freed)
                return;
        server->freed = true;
        uv_close((uv_handle_t *)&server->uv, on_listener_closed);
        /* Closing is asynchronous, so that the list stays as it is while `closed` runs. */
        TAILQ_FOREACH(connection, &server->connections, link)
        connection_lost(connection, CONNECTION_CLOSING);
}

void cw_connection_set_user(struct cw_connection *connection, void *user)
{
        connection->user = user;
}

void *cw_connection_user(const struct cw_connection *connection)
{
        return connection->user;
}

static void on_written(uv_write_t *request, int status)
{
        struct output *output = request->data;
        struct cw_connection *connection = output->connection;

        assert(connection->queued >= output->len);
        connection->queued -= output->len;
        free(output);
        if (status < 0) {
                if (status != UV_ECANCELED)
                        connection_lost(connection, CONNECTION_CLOSING);
                return;
        }
        if (connection->queued > 0)
                return;
        if (connection->state == CONNECTION_LINGERING)
                connection_enter(connection, CONNECTION_CLOSING);
        else if (connection->state == CONNECTION_OPEN && connection->server->handler.drained)
                connection->server->handler.drained(connection->server->data, connection);
}

int cw_connection_send(struct cw_connection *connection, const char *bytes, size_t len)
{
        struct output *output;
        uv_buf_t buf;
        int r;

        if (connection->state != CONNECTION_OPEN)
                return -ENOTCONN;
        if (len > QUEUED_MAX - connection->queued)
                return -ENOBUFS;
        output = malloc(sizeof(*output) + len);
        if (!output)
                return -ENOMEM;
        output->uv.data = output;
        output->connection = connection;
        output->len = len;
        if (len > 0)
                memcpy(output->bytes, bytes, len);
        buf = uv_buf_init(output->bytes, (unsigned)len);
        r = uv_write(&output->uv, (uv_stream_t *)&connection->uv, &buf, 1, on_written);
        if (r < 0) {
                free(output);
                return r;
        }
        connection->queued += len;
        return 0;
}

void cw_connection_close(struct cw_connection *connection)
{
        connection_enter(connection, CONNECTION_LINGERING);
}

void cw_connection_reset(struct cw_connection *connection)
{
        if (connection->state == CONNECTION_CLOSING)
                return;
        if (uv_tcp_close_reset(&connection->uv, on_connection_closed) < 0) {
                connection_enter(connection, CONNECTION_CLOSING);
                return;
        }
        connection->state = CONNECTION_CLOSING;
}
