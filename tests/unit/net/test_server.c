/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/loop.h"
#include "cardwatch/server.h"

enum act { ECHO, ECHO_AND_CLOSE, RESET, FREE_SERVER, MUCH, TOO_MUCH };

struct fixture {
        struct cw_loop *loop;
        struct cw_server *server;
        struct cw_timer *timer;
        uint16_t port;
        enum act act;
        int received, closed, drained;
        int refused;
};

/* A peer that speaks first, reads to the end and remembers how it ended. */
struct peer {
        pthread_t thread;
        uint16_t port;
        const char *says;
        size_t got;
        char first[64];
        int error;
};

static void *peer_run(void *data)
{
        struct peer *peer = data;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(peer->port)};
        char buf[65536];
        ssize_t n;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                peer->error = errno;
                close(fd);
                return NULL;
        }
        if (peer->says)
                (void)!write(fd, peer->says, strlen(peer->says));
        else
                shutdown(fd, SHUT_WR);
        while ((n = read(fd, buf, sizeof(buf))) > 0) {
                if (peer->got < sizeof(peer->first))
                        memcpy(peer->first + peer->got, buf,
                               (size_t)n < sizeof(peer->first) - peer->got ? (size_t)n
                                                                           : sizeof(peer->first) - peer->got);
                peer->got += (size_t)n;
        }
        peer->error = n < 0 ? errno : 0;
        close(fd);
        return NULL;
}

static void end(struct fixture *f)
{
        cw_server_free(f->server);
        f->server = NULL;
        cw_timer_free(f->timer);
        f->timer = NULL;
}

static void send_much(struct cw_connection *connection, size_t megabytes)
{
        char *megabyte = calloc(1, 1 << 20);

        for (size_t i = 0; i < megabytes; i++)
                assert_int_equal(cw_connection_send(connection, megabyte, 1 << 20), 0);
        free(megabyte);
}

static void received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct fixture *f = data;

        f->received++;
        switch (f->act) {
        case ECHO:
                assert_null(cw_connection_user(connection));
                cw_connection_set_user(connection, f);
                assert_int_equal(cw_connection_send(connection, bytes, len), 0);
                break;
        case ECHO_AND_CLOSE:
                assert_int_equal(cw_connection_send(connection, bytes, len), 0);
                cw_connection_close(connection);
                cw_connection_close(connection);
                assert_int_equal(cw_connection_send(connection, bytes, len), -ENOTCONN);
                break;
        case RESET:
                assert_int_equal(cw_connection_send(connection, bytes, len), 0);
                cw_connection_reset(connection);
                cw_connection_reset(connection);
                break;
        case FREE_SERVER:
                end(f);
                break;
        case MUCH:
                send_much(connection, 16);
                cw_connection_close(connection);
                break;
        case TOO_MUCH:
                send_much(connection, 64);
                f->refused = cw_connection_send(connection, bytes, len);
                cw_connection_reset(connection);
                break;
        }
}

static void closed(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        (void)connection;
        f->closed++;
}

static void drained(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        assert_ptr_equal(cw_connection_user(connection), f);
        f->drained++;
        cw_connection_close(connection);
}

static void at_end(void *data)
{
        end(data);
}

static void run(struct fixture *f, struct peer *peer, enum act act, const char *says)
{
        static const struct cw_server_handler handler = {.received = received, .closed = closed, .drained = drained};

        *f = (struct fixture){.act = act};
        *peer = (struct peer){.says = says};
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_server_new(f->loop, "127.0.0.1", 0, &handler, f, &f->server, &f->port), 0);
        assert_int_not_equal(f->port, 0);
        assert_int_equal(cw_timer_new(f->loop, at_end, f, &f->timer), 0);
        cw_timer_start(f->timer, 500);
        peer->port = f->port;
        assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
        cw_loop_run(f->loop);
        pthread_join(peer->thread, NULL);
        cw_loop_free(f->loop);
}

static void test_bytes_come_in_and_go_out(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, ECHO, "hello");
        assert_int_equal(peer.got, 5);
        assert_memory_equal(peer.first, "hello", 5);
        assert_int_equal(peer.error, 0);
        assert_int_equal(f.drained, 1);
        assert_int_equal(f.closed, 0);
}

static void test_close_lets_go_out_what_was_sent(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, ECHO_AND_CLOSE, "bye");
        assert_int_equal(peer.got, 3);
        assert_int_equal(peer.error, 0);
        assert_int_equal(f.closed, 0);
        run(&f, &peer, MUCH, "more");
        assert_int_equal(peer.got, 16 << 20);
        assert_int_equal(peer.error, 0);
}

static void test_reset_is_a_reset(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, RESET, "hit me");
        assert_int_equal(peer.error, ECONNRESET);
        assert_int_equal(f.closed, 0);
}

static void test_output_for_a_peer_that_does_not_read_is_bounded(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, TOO_MUCH, "give");
        assert_int_equal(f.refused, -ENOBUFS);
}

static void test_a_peer_that_goes_is_told_once(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, ECHO, NULL);
        assert_int_equal(f.received, 0);
        assert_int_equal(f.closed, 1);
        assert_int_equal(peer.error, 0);
}

static void test_freeing_the_server_from_a_callback_closes_every_connection(void **state)
{
        struct fixture f;
        struct peer peer;

        (void)state;
        run(&f, &peer, FREE_SERVER, "stop");
        assert_int_equal(f.closed, 1);
}

static void test_a_port_that_is_taken_is_refused(void **state)
{
        static const struct cw_server_handler handler = {0};
        struct cw_loop *loop;
        struct cw_server *first, *second = NULL;
        uint16_t port, other = 7;

        (void)state;
        assert_int_equal(cw_loop_new(&loop), 0);
        assert_int_equal(cw_server_new(loop, "localhost", 0, &handler, NULL, &first, &port), 0);
        assert_int_equal(cw_server_new(loop, "localhost", port, &handler, NULL, &second, &other), -EADDRINUSE);
        assert_int_equal(cw_server_new(loop, "no such host", port, &handler, NULL, &second, &other), -EADDRNOTAVAIL);
        assert_null(second);
        assert_int_equal(other, 7);
        cw_server_free(first);
        cw_server_free(NULL);
        cw_loop_free(loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes_come_in_and_go_out),
                cmocka_unit_test(test_close_lets_go_out_what_was_sent),
                cmocka_unit_test(test_reset_is_a_reset),
                cmocka_unit_test(test_output_for_a_peer_that_does_not_read_is_bounded),
                cmocka_unit_test(test_a_peer_that_goes_is_told_once),
                cmocka_unit_test(test_freeing_the_server_from_a_callback_closes_every_connection),
                cmocka_unit_test(test_a_port_that_is_taken_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
