/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card API and the receivers of the bench in one process with one clock, so that what happens between an answer and
 * a message is measured without a word between processes. It answers out of memory and asks for no log-in.
 *
 *   bench_server CARDS CUSTOMERS_A_PAGE [uneven]     prints its two ports, ends when its input does
 *
 *   /all/…     the data set; every poll (a request for page 1) first changes so many cards as /bench/set said
 *   /one/…     one page of 400 cards; every poll changes whether the first is below 100
 *   /sN/…      a page of 400 cards for each N; while bursting, every poll has ten more below 100
 *   /hook      takes messages; with `capture` in /bench/set it keeps their bodies
 *   /bench/set?change=N&burst=0|1&capture=0|1    /bench/state    /bench/latencies    /bench/bodies
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "pages.h"

#define CONNECTIONS_MAX 4096
#define SOURCES_MAX     1000
#define SMALL_CARDS     400
#define A_POLL          10 /* further cards below the limit at each poll of a burst */
#define LATENCIES_MAX   100000

struct bytes {
        char *data;
        size_t len, capacity;
};

struct connection {
        bool open;
        struct bytes in;
        char head[256];
        struct iovec out[2];
        bool ends_poll, ends_hook;
        char *own; /* the body, when it was made for this answer */
};

struct server {
        int epoll, listeners[2]; /* the API's and the receiver's: two hosts, to a client */
        struct pages *pages;
        struct connection connections[CONNECTIONS_MAX];
        size_t change, bursting, capturing;
        unsigned burst[SOURCES_MAX];
        unsigned turns; /* of /one */
        uint64_t polls, served, hooks, asked;
        int64_t first_asked_ns, last_page_ns, first_hook_ns, last_hook_ns;
        int64_t waiting_since_ns; /* the last page of /one went out and no message came yet */
        int64_t *latencies;
        size_t n_latencies;
        struct bytes bodies; /* each with its length in eight digits before it */
};

static int64_t clock_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *need(void *memory)
{
        if (!memory) {
                fputs("out of memory\n", stderr);
                exit(1);
        }
        return memory;
}

static void append(struct bytes *bytes, const char *data, size_t len)
{
        if (bytes->len + len + 1 > bytes->capacity) {
                bytes->capacity = (bytes->len + len + 1) * 2;
                bytes->data = need(realloc(bytes->data, bytes->capacity));
        }
        memcpy(bytes->data + bytes->len, data, len);
        bytes->len += len;
        bytes->data[bytes->len] = '\0';
}

/* A page of its own: the first `low` cards have 5, the others 500. */
static char *small_page(unsigned low)
{
        struct bytes page = {0};
        char card[256];

        append(&page, "{\"id\":0,\"details\":[", 19);
        for (unsigned i = 0; i < SMALL_CARDS; i++)
                append(&page, card,
                       (size_t)snprintf(
                               card, sizeof(card),
                               "%s{\"customersId\":%u,\"customersReference\":\"customer-%u\",\"cards\":[{\"id\":"
                               "%u,\"currency\":\"usd\",\"cardNumber\":\"411111******%04u\",\"totalBalance\":"
                               "%s,\"availableBalance\":%s,\"pendingBalance\":0.00,\"bSuppressed\":false}]}",
                               i ? "," : "", i + 1, i + 1, i + 1, i, i < low ? "5.00" : "500.00",
                               i < low ? "5.00" : "500.00"));
        append(&page, "],\"pageSize\":1000,\"pageNumber\":1,\"numberOfPages\":1,\"status\":\"1\",\"errors\":[]}", 78);
        return page.data;
}

static void answer(struct connection *connection, int status, const char *type, char *body, size_t len)
{
        time_t now = time(NULL);
        struct tm utc;
        char date[64];
        int n;

        gmtime_r(&now, &utc);
        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
        n = snprintf(connection->head, sizeof(connection->head),
                     "HTTP/1.1 %d OK\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, date,
                     type, len);
        connection->out[0] = (struct iovec){connection->head, (size_t)n};
        connection->out[1] = (struct iovec){body, len};
}

static void answer_own(struct connection *connection, const char *type, char *body)
{
        connection->own = body;
        answer(connection, 200, type, body, strlen(body));
}

static size_t number_after(const char *text, const char *key, size_t otherwise)
{
        const char *found = strcasestr(text, key);

        return found ? strtoul(found + strlen(key), NULL, 10) : otherwise;
}

static void begin_poll(struct server *server)
{
        if (server->asked++ == 0)
                server->first_asked_ns = clock_ns();
        server->polls++;
}

static void answer_list(struct server *server, struct connection *connection, const char *path)
{
        size_t number = number_after(path, "pageNumber=", 1), len = 0, source;
        char *body;

        if (number == 1)
                begin_poll(server);
        if (strncmp(path, "/all/", 5) == 0) {
                if (number == 1)
                        pages_change(server->pages, server->change);
                body = pages_get(server->pages, number, &len);
                answer(connection, body ? 200 : 404, "application/json", body, len);
        } else if (strncmp(path, "/one/", 5) == 0) {
                answer_own(connection, "application/json", small_page(server->turns++ % 2));
                connection->ends_poll = true;
        } else {
                source = strtoul(path + 2, NULL, 10) % SOURCES_MAX;
                if (server->bursting && server->burst[source] < SMALL_CARDS)
                        server->burst[source] += A_POLL;
                answer_own(connection, "application/json", small_page(server->burst[source]));
        }
        server->served++;
}

static void take_hook(struct server *server, struct connection *connection, const char *body, size_t len)
{
        char digits[16];

        server->hooks++;
        if (server->capturing) {
                append(&server->bodies, digits, (size_t)snprintf(digits, sizeof(digits), "%08zu", len));
                append(&server->bodies, body, len);
        }
        connection->ends_hook = true;
        answer(connection, 200, "text/plain", NULL, 0);
}

static void tell_state(const struct server *server, struct connection *connection)
{
        char *text = need(malloc(1024));

        snprintf(text, 1024,
                 "{\"polls\":%" PRIu64 ",\"pages\":%" PRIu64 ",\"hooks\":%" PRIu64 ",\"first_asked_ns\":%" PRId64
                 ",\"last_page_ns\":%" PRId64 ",\"first_hook_ns\":%" PRId64 ",\"last_hook_ns\":%" PRId64
                 ",\"n_pages\":%zu}",
                 server->polls, server->served, server->hooks, server->first_asked_ns, server->last_page_ns,
                 server->first_hook_ns, server->last_hook_ns, pages_count(server->pages));
        answer_own(connection, "application/json", text);
}

static void tell_latencies(struct server *server, struct connection *connection)
{
        struct bytes text = {0};
        char number[32];

        append(&text, "[", 1);
        for (size_t i = 0; i < server->n_latencies; i++)
                append(&text, number,
                       (size_t)snprintf(number, sizeof(number), "%s%" PRId64, i ? "," : "", server->latencies[i]));
        append(&text, "]", 1);
        server->n_latencies = 0;
        answer_own(connection, "application/json", text.data);
}

static void set(struct server *server, const char *path)
{
        server->change = number_after(path, "change=", server->change);
        server->bursting = number_after(path, "burst=", server->bursting);
        server->capturing = number_after(path, "capture=", server->capturing);
        server->asked = 0;
        server->first_asked_ns = server->first_hook_ns = 0;
}

static void dispatch(struct server *server, struct connection *connection, const char *path, const char *body,
                     size_t len)
{
        connection->ends_poll = connection->ends_hook = false;
        if (strstr(path, "/byuser/list"))
                answer_list(server, connection, path);
        else if (strncmp(path, "/hook", 5) == 0)
                take_hook(server, connection, body, len);
        else if (strncmp(path, "/bench/state", 12) == 0)
                tell_state(server, connection);
        else if (strncmp(path, "/bench/latencies", 16) == 0)
                tell_latencies(server, connection);
        else if (strncmp(path, "/bench/bodies", 13) == 0)
                answer(connection, 200, "application/octet-stream", server->bodies.data, server->bodies.len);
        else if (strncmp(path, "/bench/set", 10) == 0)
                set(server, path), answer(connection, 200, "text/plain", NULL, 0);
        else
                answer(connection, 404, "text/plain", NULL, 0);
}

static void stamp(struct server *server, struct connection *connection)
{
        int64_t now = clock_ns();

        server->last_page_ns = connection->ends_hook ? server->last_page_ns : now;
        if (connection->ends_poll)
                server->waiting_since_ns = now;
        if (!connection->ends_hook)
                return;
        if (!server->first_hook_ns)
                server->first_hook_ns = now;
        server->last_hook_ns = now;
        if (server->waiting_since_ns && server->n_latencies < LATENCIES_MAX)
                server->latencies[server->n_latencies++] = now - server->waiting_since_ns;
        server->waiting_since_ns = 0;
}

static void drop(struct server *server, int fd)
{
        struct connection *connection = &server->connections[fd];

        close(fd);
        free(connection->in.data);
        free(connection->own);
        *connection = (struct connection){0};
}

static void watch(struct server *server, int fd, uint32_t events, int how)
{
        epoll_ctl(server->epoll, how, fd, &(struct epoll_event){.events = events, .data.fd = fd});
}

/* Writes what can be written; true when all is out. */
static bool flush(struct server *server, int fd)
{
        struct connection *connection = &server->connections[fd];

        while (connection->out[0].iov_len + connection->out[1].iov_len > 0) {
                ssize_t n = writev(fd, connection->out, 2);

                if (n < 0 && errno == EAGAIN) {
                        watch(server, fd, EPOLLOUT, EPOLL_CTL_MOD);
                        return false;
                }
                if (n < 0) {
                        drop(server, fd);
                        return false;
                }
                for (int i = 0; i < 2; i++) {
                        size_t part = (size_t)n < connection->out[i].iov_len ? (size_t)n : connection->out[i].iov_len;

                        connection->out[i].iov_base = (char *)connection->out[i].iov_base + part;
                        connection->out[i].iov_len -= part;
                        n -= (ssize_t)part;
                }
        }
        stamp(server, connection);
        free(connection->own);
        connection->own = NULL;
        return true;
}

/* One whole request from what came in; true when it was answered at once. */
static bool take_request(struct server *server, int fd)
{
        struct connection *connection = &server->connections[fd];
        char *end = connection->in.len ? strstr(connection->in.data, "\r\n\r\n") : NULL;
        char *path, *after;
        size_t head, len;

        if (!end)
                return false;
        *end = '\0';
        head = (size_t)(end - connection->in.data) + 4;
        len = number_after(connection->in.data, "\r\nContent-Length:", 0);
        if (connection->in.len < head + len) {
                *end = '\r';
                return false;
        }
        path = strchr(connection->in.data, ' ');
        after = path ? strchr(path + 1, ' ') : NULL;
        if (!after) {
                drop(server, fd);
                return false;
        }
        *after = '\0';
        dispatch(server, connection, path + 1, connection->in.data + head, len);
        memmove(connection->in.data, connection->in.data + head + len, connection->in.len - head - len + 1);
        connection->in.len -= head + len;
        return flush(server, fd);
}

static void read_some(struct server *server, int fd)
{
        static char buffer[1 << 16];
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n <= 0) {
                if (n == 0 || errno != EAGAIN)
                        drop(server, fd);
                return;
        }
        append(&server->connections[fd].in, buffer, (size_t)n);
        while (take_request(server, fd))
                ;
}

static void accept_one(struct server *server, int listener)
{
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), one = 1;

        if (fd < 0)
                return;
        if (fd >= CONNECTIONS_MAX) {
                close(fd);
                return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        server->connections[fd].open = true;
        watch(server, fd, EPOLLIN, EPOLL_CTL_ADD);
}

static int listen_anywhere(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1024) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
                perror("bench_server");
                exit(1);
        }
        printf("%d ", ntohs(address.sin_port));
        return fd;
}

static void serve(struct server *server)
{
        struct epoll_event events[64];

        for (;;) {
                int n = epoll_wait(server->epoll, events, 64, -1);

                for (int i = 0; i < n; i++) {
                        int fd = events[i].data.fd;

                        if (fd == STDIN_FILENO)
                                return;
                        if (fd == server->listeners[0] || fd == server->listeners[1])
                                accept_one(server, fd);
                        else if (events[i].events & EPOLLOUT && flush(server, fd))
                                watch(server, fd, EPOLLIN, EPOLL_CTL_MOD);
                        else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && server->connections[fd].open)
                                read_some(server, fd);
                }
        }
}

int main(int argc, char **argv)
{
        struct server *server = need(calloc(1, sizeof(*server)));

        if (argc < 3) {
                fprintf(stderr, "usage: %s CARDS CUSTOMERS_A_PAGE [uneven]\n", argv[0]);
                return 64;
        }
        server->latencies = need(calloc(LATENCIES_MAX, sizeof(*server->latencies)));
        server->pages = pages_new(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10),
                                  argc > 3 ? PAGES_UNEVEN : PAGES_EVEN);
        server->epoll = epoll_create1(0);
        for (int i = 0; i < 2; i++) {
                server->listeners[i] = listen_anywhere();
                watch(server, server->listeners[i], EPOLLIN, EPOLL_CTL_ADD);
        }
        puts("");
        fflush(stdout);
        watch(server, STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
        serve(server);
        return 0;
}
