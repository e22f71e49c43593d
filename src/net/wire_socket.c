/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "uvloop.h"
#include "wire_private.h"
#include "wire_tls.h"

/*
 * The head of a wire's queue, handed to a socket.
 *
 * closed -> resolving -> connecting -> (tls) greeting -> settling -> sending -> (tcp, tls) awaiting, and back. A
 * datagram socket lives for one send: it follows a log daemon that was restarted and a name that moved. A stream is
 * kept; before each send it is asked whether the peer has closed it meanwhile, and a send that fails on a kept
 * connection is tried once more, whole, on a new one. A TCP send is done when the peer's system has acknowledged every
 * byte: that is how a write to a connection that was being closed shows. In TLS 1.3 a server refuses a client after the
 * client was done with it: so a new connection is listened to for a moment before anything is sent over it.
 */

#define BUSY_RETRY_MS  50
#define ACK_FIRST_MS   1
#define ACK_LONGEST_MS 50
#define DRAIN_MAX      65536
#define SETTLE_MS      300

enum socket_state {
        SOCKET_CLOSED,
        SOCKET_RESOLVING,
        SOCKET_CONNECTING,
        SOCKET_GREETING,
        SOCKET_SETTLING,
        SOCKET_SENDING,
        SOCKET_AWAITING
};

struct watch {
        uv_poll_t uv;
        struct cw_wire_socket *socket; /* NULL: closed */
        int fd;
};

struct lookup {
        uv_getaddrinfo_t uv;
        struct cw_wire_socket *socket; /* NULL: nobody waits for it any more */
};

struct cw_wire_socket {
        struct cw_wire *wire;
        enum socket_state state;
        struct cw_timer *soon;
        struct watch *watch; /* owns the descriptor */
        struct lookup *lookup;
        struct cw_wire_tls *tls; /* over the descriptor */
        struct addrinfo *addresses, *address;
        bool stream;
        bool kept; /* an earlier send went over this connection */
        size_t sent; /* bytes of the head, on a stream */
        size_t record; /* of the head, on datagrams */
        uint64_t ack_ms;
};

static void pump(struct cw_wire_socket *socket);
static void connected(struct cw_wire_socket *socket);

static void on_watch_closed(uv_handle_t *handle)
{
        struct watch *watch = handle->data;

        /* Not before: libuv may still have it in its tables. */
        close(watch->fd);
        free(watch);
}

/* Back to closed from wherever it is; forgets how far the head had come on a stream. */
static void disconnect(struct cw_wire_socket *socket)
{
        cw_timer_stop(socket->soon);
        cw_wire_tls_free(cw_take(socket->tls));
        if (socket->watch) {
                socket->watch->socket = NULL;
                uv_close((uv_handle_t *)&socket->watch->uv, on_watch_closed);
                socket->watch = NULL;
        }
        if (socket->lookup) {
                socket->lookup->socket = NULL;
                (void)uv_cancel((uv_req_t *)&socket->lookup->uv);
                socket->lookup = NULL;
        }
        uv_freeaddrinfo(socket->addresses);
        socket->addresses = socket->address = NULL;
        socket->kept = false;
        socket->sent = 0;
        socket->state = SOCKET_CLOSED;
}

static void forget_head(struct cw_wire_socket *socket)
{
        socket->sent = 0;
        socket->record = 0;
}

/* The head has come to its end: a stream that worked is kept. */
static void finish(struct cw_wire_socket *socket, int failure, const char *reason)
{
        struct cw_wire_send *head = TAILQ_FIRST(&socket->wire->queue);

        if (failure < 0 || !socket->stream) {
                disconnect(socket);
        } else {
                (void)uv_poll_stop(&socket->watch->uv);
                socket->kept = true;
                socket->state = SOCKET_SENDING;
        }
        forget_head(socket);
        cw_wire_end(head, failure, reason);
}

static void failed(struct cw_wire_socket *socket, int failure, const char *reason)
{
        if (!socket->kept) {
                finish(socket, failure, reason);
                return;
        }
        disconnect(socket);
        cw_timer_start(socket->soon, 0);
}

static void on_event(uv_poll_t *handle, int status, int events)
{
        struct watch *watch = handle->data;

        /* An error of the descriptor shows when it is used. */
        (void)status;
        (void)events;
        if (!watch->socket)
                return;
        (void)uv_poll_stop(handle);
        if (watch->socket->state == SOCKET_CONNECTING)
                connected(watch->socket);
        else
                pump(watch->socket);
}

static void wait_for(struct cw_wire_socket *socket, int events)
{
        int r = uv_poll_start(&socket->watch->uv, events, on_event);

        if (r < 0)
                finish(socket, r, NULL);
}

static void wait_to_go_on(struct cw_wire_socket *socket)
{
        wait_for(socket, socket->tls && cw_wire_tls_wants_to_read(socket->tls) ? UV_READABLE : UV_WRITABLE);
}

/* Takes the descriptor over, also when it fails. */
static int watch_new(struct cw_wire_socket *socket, int fd)
{
        struct watch *watch = calloc(1, sizeof(*watch));
        int r = watch ? uv_poll_init(cw_loop_uv(socket->wire->loop), &watch->uv, fd) : -ENOMEM;

        if (r < 0) {
                close(fd);
                free(watch);
                return r;
        }
        watch->uv.data = watch;
        watch->socket = socket;
        watch->fd = fd;
        socket->watch = watch;
        return 0;
}

static enum socket_state connected_state(const struct cw_wire_socket *socket)
{
        return socket->wire->target.kind == CW_WIRE_TLS ? SOCKET_GREETING : SOCKET_SENDING;
}

/* Connects a new descriptor; 0 with the state set to what it is now. */
static int connect_to(struct cw_wire_socket *s, int family, int type, const struct sockaddr *address, socklen_t len)
{
        int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, r;

        if (fd < 0)
                return -errno;
        r = connect(fd, address, len) < 0 ? -errno : 0;
        if (r < 0 && r != -EINPROGRESS) {
                close(fd);
                return r;
        }
        if (family != AF_UNIX && type == SOCK_STREAM)
                (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        s->stream = type == SOCK_STREAM;
        s->state = r < 0 ? SOCKET_CONNECTING : connected_state(s);
        return watch_new(s, fd);
}

static int open_unix(struct cw_wire_socket *socket)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t len = strlen(socket->wire->path);
        int r;

        if (len >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, socket->wire->path, len + 1);
        r = connect_to(socket, AF_UNIX, SOCK_DGRAM, (struct sockaddr *)&address, sizeof(address));
        if (r == -EPROTOTYPE)
                r = connect_to(socket, AF_UNIX, SOCK_STREAM, (struct sockaddr *)&address, sizeof(address));
        return r;
}

/* The next address that does not fail at once. */
static int open_next_address(struct cw_wire_socket *socket)
{
        int r = -EADDRNOTAVAIL;

        while (socket->address) {
                const struct addrinfo *address = socket->address;

                socket->address = address->ai_next;
                r = connect_to(socket, address->ai_family, address->ai_socktype, address->ai_addr, address->ai_addrlen);
                if (r == 0)
                        return 0;
        }
        return r;
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
        cw_autofree struct lookup *lookup = request->data;
        struct cw_wire_socket *socket = lookup->socket;
        int r;

        if (!socket) {
                uv_freeaddrinfo(found);
                return;
        }
        socket->lookup = NULL;
        if (status < 0) {
                finish(socket, status == UV_ENOMEM ? -ENOMEM : -EADDRNOTAVAIL, "no such host");
                return;
        }
        socket->addresses = socket->address = found;
        r = open_next_address(socket);
        if (r < 0)
                finish(socket, r, NULL);
        else
                pump(socket);
}

static int look_up(struct cw_wire_socket *socket)
{
        const struct cw_wire_target *target = &socket->wire->target;
        struct addrinfo hints = {.ai_socktype = target->kind == CW_WIRE_UDP ? SOCK_DGRAM : SOCK_STREAM,
                                 .ai_flags = AI_NUMERICSERV};
        struct lookup *lookup = calloc(1, sizeof(*lookup));
        char port[8];
        int r;

        if (!lookup)
                return -ENOMEM;
        lookup->uv.data = lookup;
        lookup->socket = socket;
        snprintf(port, sizeof(port), "%u", (unsigned)target->port);
        r = uv_getaddrinfo(cw_loop_uv(socket->wire->loop), &lookup->uv, on_lookup, target->host, port, &hints);
        if (r < 0) {
                free(lookup);
                return r;
        }
        socket->lookup = lookup;
        socket->state = SOCKET_RESOLVING;
        return 0;
}

static int error_of(int fd)
{
        int error = 0;
        socklen_t len = sizeof(error);

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
                return -errno;
        return -error;
}

static void connected(struct cw_wire_socket *socket)
{
        int r = error_of(socket->watch->fd);

        if (r == 0) {
                socket->state = connected_state(socket);
                pump(socket);
                return;
        }
        socket->watch->socket = NULL;
        uv_close((uv_handle_t *)&socket->watch->uv, on_watch_closed);
        socket->watch = NULL;
        if (socket->address)
                r = open_next_address(socket);
        if (r < 0)
                finish(socket, r, NULL);
        else
                pump(socket);
}

static void greet(struct cw_wire_socket *socket)
{
        char reason[CW_WIRE_LINE] = "";
        int r = 0;

        if (!socket->tls)
                r = cw_wire_tls_new(&socket->wire->target, socket->watch->fd, reason, sizeof(reason), &socket->tls);
        if (r < 0) {
                finish(socket, r, *reason ? reason : NULL);
                return;
        }
        r = cw_wire_tls_greet(socket->tls);
        if (r == -EAGAIN) {
                wait_to_go_on(socket);
        } else if (r < 0) {
                snprintf(reason, sizeof(reason), "%s",
                         r == -EPROTO ? cw_wire_tls_reason(socket->tls) : "closed by the peer");
                finish(socket, r, reason);
        } else if (cw_wire_tls_answers_late(socket->tls)) {
                socket->state = SOCKET_SETTLING;
                cw_timer_start(socket->soon, SETTLE_MS);
                wait_for(socket, UV_READABLE);
        } else {
                socket->state = SOCKET_SENDING;
                pump(socket);
        }
}

/* It said something, or nothing for long enough: what it refuses shows when it is spoken to. */
static void settle(struct cw_wire_socket *socket)
{
        cw_timer_stop(socket->soon);
        (void)uv_poll_stop(&socket->watch->uv);
        socket->state = SOCKET_SENDING;
        pump(socket);
}

/* Reads and drops what the peer says. 0: it is there; negative: it is not. */
static int peer_is_there(int fd)
{
        char dropped[4096];
        size_t total = 0;
        int r = error_of(fd);

        if (r < 0)
                return r;
        while (total < DRAIN_MAX) {
                ssize_t n = recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT);

                if (n == 0)
                        return -ECONNRESET;
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                total += (size_t)n;
        }
        return 0;
}

static ssize_t send_some(struct cw_wire_socket *socket, const char *bytes, size_t len)
{
        ssize_t n;

        if (socket->tls)
                return cw_wire_tls_write(socket->tls, bytes, len);
        n = send(socket->watch->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        return n < 0 ? -errno : n;
}

/* 0: all is in the socket; -EAGAIN: it is full. */
static int send_stream(struct cw_wire_socket *socket, const struct cw_wire_send *head)
{
        int fd = socket->watch->fd, r;

        if (socket->sent == 0) {
                r = socket->tls ? cw_wire_tls_hear(socket->tls) : peer_is_there(fd);
                if (r < 0)
                        return r;
        }
        while (socket->sent < head->len) {
                ssize_t n = send_some(socket, head->bytes + socket->sent, head->len - socket->sent);

                if (n == -EINTR)
                        continue;
                if (n < 0)
                        return (int)n;
                socket->sent += (size_t)n;
        }
        return 0;
}

static int send_datagrams(struct cw_wire_socket *socket, const struct cw_wire_send *head)
{
        int fd = socket->watch->fd;

        while (socket->record < head->n_records) {
                const struct cw_wire_span *record = &head->records[socket->record];

                if (send(fd, head->bytes + record->at, record->len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                        socket->record++;
                else if (errno != EINTR)
                        return -errno;
        }
        /* Where nobody listens the system may say so only after the datagram went. */
        return error_of(fd);
}

static void broke(struct cw_wire_socket *socket, int failure)
{
        char reason[CW_WIRE_LINE];

        if (failure == -EPROTO && socket->tls) {
                snprintf(reason, sizeof(reason), "%s", cw_wire_tls_reason(socket->tls));
                failed(socket, failure, reason);
        } else {
                failed(socket, failure, failure == -ECONNRESET || failure == -EPIPE ? "closed by the peer" : NULL);
        }
}

static void send_head(struct cw_wire_socket *socket, const struct cw_wire_send *head)
{
        int r = socket->stream ? send_stream(socket, head) : send_datagrams(socket, head);

        if (r == -EAGAIN) {
                wait_to_go_on(socket);
        } else if (r < 0) {
                broke(socket, r);
        } else if (socket->wire->target.kind == CW_WIRE_TCP || socket->tls) {
                socket->state = SOCKET_AWAITING;
                socket->ack_ms = ACK_FIRST_MS;
                pump(socket);
        } else {
                finish(socket, 0, NULL);
        }
}

static void await_ack(struct cw_wire_socket *socket)
{
        int waiting = 0, r;

        r = error_of(socket->watch->fd);
        if (r == 0 && ioctl(socket->watch->fd, SIOCOUTQ, &waiting) < 0)
                r = -errno;
        if (r == 0 && waiting == 0 && socket->tls)
                r = cw_wire_tls_hear(socket->tls);
        if (r < 0) {
                broke(socket, r);
        } else if (waiting == 0) {
                finish(socket, 0, NULL);
        } else {
                cw_timer_start(socket->soon, socket->ack_ms);
                socket->ack_ms = socket->ack_ms * 2 < ACK_LONGEST_MS ? socket->ack_ms * 2 : ACK_LONGEST_MS;
        }
}

static void open_target(struct cw_wire_socket *socket)
{
        int r = socket->wire->target.kind == CW_WIRE_UNIX ? open_unix(socket) : look_up(socket);

        /* A unix stream whose listener is behind says so at once; its time-out bounds the asking. */
        if (r == -EAGAIN)
                cw_timer_start(socket->soon, BUSY_RETRY_MS);
        else if (r < 0)
                finish(socket, r, NULL);
        else if (socket->state != SOCKET_RESOLVING)
                pump(socket);
}

/* One step from where the socket is; whatever happens next comes back here. */
static void pump(struct cw_wire_socket *socket)
{
        struct cw_wire_send *head = TAILQ_FIRST(&socket->wire->queue);

        if (!head)
                return;
        switch (socket->state) {
        case SOCKET_CLOSED:
                open_target(socket);
                break;
        case SOCKET_RESOLVING:
                break;
        case SOCKET_CONNECTING:
                wait_for(socket, UV_WRITABLE);
                break;
        case SOCKET_GREETING:
                greet(socket);
                break;
        case SOCKET_SETTLING:
                settle(socket);
                break;
        case SOCKET_SENDING:
                send_head(socket, head);
                break;
        case SOCKET_AWAITING:
                await_ack(socket);
                break;
        }
}

static void on_soon(void *data)
{
        pump(data);
}

int cw_wire_socket_new(struct cw_wire *wire)
{
        cw_autofree struct cw_wire_socket *socket = calloc(1, sizeof(*socket));
        int r;

        if (!socket)
                return -ENOMEM;
        socket->wire = wire;
        r = cw_timer_new(wire->loop, on_soon, socket, &socket->soon);
        if (r < 0)
                return r;
        wire->socket = cw_take(socket);
        return 0;
}

void cw_wire_socket_free(struct cw_wire_socket *socket)
{
        if (!socket)
                return;
        disconnect(socket);
        cw_timer_free(socket->soon);
        free(socket);
}

void cw_wire_socket_wake(struct cw_wire_socket *socket)
{
        cw_timer_start(socket->soon, 0);
}

void cw_wire_socket_abandon(struct cw_wire_socket *socket)
{
        disconnect(socket);
        forget_head(socket);
}
