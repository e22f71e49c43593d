/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"
#include "cardwatch/wire.h"

struct fixture {
        struct cw_loop *loop;
        struct cw_wire *wire;
        struct cw_timer *timer;
        char dir[64], path[96];
        int fd;
        uint16_t port;
        int told, wanted;
        int failures[1200];
        char line[300];
        /* of a TCP listener on the same loop */
        struct cw_server *server;
        struct cw_connection *connection;
        int opened, closed;
        bool reset_each;
        struct cw_buf seen;
        bool free_in_done;
};

static void setup(struct fixture *f)
{
        *f = (struct fixture){.fd = -1, .dir = "/tmp/cw-wire-XXXXXX"};
        assert_non_null(mkdtemp(f->dir));
        snprintf(f->path, sizeof(f->path), "%s/target", f->dir);
        assert_int_equal(cw_loop_new(&f->loop), 0);
}

static void teardown(struct fixture *f)
{
        cw_wire_free(f->wire);
        cw_timer_free(f->timer);
        cw_server_free(f->server);
        cw_loop_free(f->loop);
        if (f->fd >= 0)
                close(f->fd);
        cw_buf_deinit(&f->seen);
        unlink(f->path);
        assert_int_equal(rmdir(f->dir), 0);
}

static void wire_to(struct fixture *f, struct cw_wire_target target)
{
        assert_int_equal(cw_wire_new(f->loop, &target, &f->wire), 0);
}

static void done(void *data, int failure, const char *message)
{
        struct fixture *f = data;

        f->failures[f->told++] = failure;
        snprintf(f->line, sizeof(f->line), "%s", message);
        if (f->free_in_done) {
                struct cw_wire *wire = f->wire;

                f->wire = NULL;
                cw_wire_free(wire);
        }
        if (f->told >= f->wanted)
                cw_loop_stop(f->loop);
}

static void start_for(struct fixture *f, const char *text, int64_t timeout_ms)
{
        struct cw_wire_record record = {text, strlen(text)};
        int told = f->told;

        assert_int_equal(cw_wire_send(f->wire, &record, 1, timeout_ms, done, f), 0);
        assert_int_equal(f->told, told);
}

static void start(struct fixture *f, const char *text)
{
        start_for(f, text, 3000);
}

static void wait_for(struct fixture *f, int wanted)
{
        f->wanted = wanted;
        if (f->told < wanted)
                cw_loop_run(f->loop);
        assert_int_equal(f->told, wanted);
}

static int say(struct fixture *f, const char *text)
{
        start(f, text);
        wait_for(f, f->told + 1);
        return f->failures[f->told - 1];
}

static void expect_bytes(int fd, const char *expected)
{
        char bytes[256] = "";
        ssize_t n = recv(fd, bytes, sizeof(bytes) - 1, 0);

        assert_int_equal(n, (ssize_t)strlen(expected));
        assert_string_equal(bytes, expected);
}

static int listen_unix(const char *path, int type)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, type, 0);

        memcpy(address.sun_path, path, strlen(path));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        if (type == SOCK_STREAM)
                assert_int_equal(listen(fd, 5), 0);
        return fd;
}

static int bind_inet(int type, uint16_t *ret_port)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        int fd = socket(AF_INET, type, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

static void test_udp_gets_one_datagram_a_record(void **state)
{
        const struct cw_wire_record records[] = {{"one", 3}, {"two\n", 4}};
        struct fixture f;

        (void)state;
        setup(&f);
        f.fd = bind_inet(SOCK_DGRAM, &f.port);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UDP, .host = "localhost", .port = f.port});
        assert_int_equal(cw_wire_send(f.wire, records, 2, 3000, done, &f), 0);
        wait_for(&f, 1);
        assert_int_equal(f.failures[0], 0);
        expect_bytes(f.fd, "one");
        expect_bytes(f.fd, "two\n");
        assert_int_equal(say(&f, "three"), 0);
        expect_bytes(f.fd, "three");
        teardown(&f);
}

static void test_udp_that_nobody_hears_is_said(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        close(bind_inet(SOCK_DGRAM, &f.port));
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UDP, .host = "127.0.0.1", .port = f.port});
        assert_int_equal(say(&f, "hello"), -ECONNREFUSED);
        assert_non_null(strstr(f.line, "Connection refused"));
        teardown(&f);
}

static void test_a_datagram_that_is_too_long_fails_and_the_next_does_not(void **state)
{
        struct fixture f;
        char *big = calloc(1, 70001);

        (void)state;
        setup(&f);
        memset(big, 'x', 70000);
        f.fd = bind_inet(SOCK_DGRAM, &f.port);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UDP, .host = "127.0.0.1", .port = f.port});
        assert_int_equal(say(&f, big), -EMSGSIZE);
        assert_int_equal(say(&f, "short"), 0);
        expect_bytes(f.fd, "short");
        free(big);
        teardown(&f);
}

static void test_a_host_that_is_none_is_said(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UDP, .host = "no-such-host.invalid", .port = 514});
        assert_int_equal(say(&f, "hello"), -EADDRNOTAVAIL);
        assert_string_equal(f.line, "no-such-host.invalid:514: no such host");
        teardown(&f);
}

static void test_a_unix_datagram_socket_gets_records_as_they_are(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = f.path});
        assert_int_equal(say(&f, "early"), -ENOENT);
        f.fd = listen_unix(f.path, SOCK_DGRAM);
        assert_int_equal(say(&f, "one"), 0);
        expect_bytes(f.fd, "one");
        /* The log daemon was restarted. */
        close(f.fd);
        assert_int_equal(say(&f, "lost"), -ECONNREFUSED);
        unlink(f.path);
        f.fd = listen_unix(f.path, SOCK_DGRAM);
        assert_int_equal(say(&f, "two"), 0);
        expect_bytes(f.fd, "two");
        teardown(&f);
}

static void drain_one(void *data)
{
        struct fixture *f = data;
        char bytes[64];

        assert_true(recv(f->fd, bytes, sizeof(bytes), 0) > 0);
        cw_timer_start(f->timer, 1);
}

static void test_a_unix_datagram_socket_that_is_full_is_waited_for(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        f.fd = listen_unix(f.path, SOCK_DGRAM);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = f.path});
        for (int i = 0; i < 1000; i++)
                start_for(&f, "line", 300);
        wait_for(&f, 1000);
        assert_int_equal(f.failures[0], 0);
        assert_int_equal(f.failures[999], -ETIMEDOUT);
        assert_non_null(strstr(f.line, "not taken in time"));
        assert_int_equal(cw_timer_new(f.loop, drain_one, &f, &f.timer), 0);
        cw_timer_start(f.timer, 20);
        assert_int_equal(say(&f, "line"), 0);
        teardown(&f);
}

static void test_a_unix_stream_socket_gets_lines(void **state)
{
        const struct cw_wire_record records[] = {{"one", 3}, {"two\n", 4}, {"", 0}};
        struct fixture f;
        int listener, peer;

        (void)state;
        setup(&f);
        listener = listen_unix(f.path, SOCK_STREAM);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = f.path});
        assert_int_equal(cw_wire_send(f.wire, records, 3, 3000, done, &f), 0);
        wait_for(&f, 1);
        assert_int_equal(f.failures[0], 0);
        peer = accept(listener, NULL, NULL);
        expect_bytes(peer, "one\ntwo\n\n");
        close(peer);
        assert_int_equal(say(&f, "three"), 0);
        peer = accept(listener, NULL, NULL);
        expect_bytes(peer, "three\n");
        close(peer);
        close(listener);
        assert_int_equal(say(&f, "four"), -ECONNREFUSED);
        teardown(&f);
}

static void tcp_opened(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        f->opened++;
        f->connection = connection;
}

static void tcp_received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct fixture *f = data;

        cw_buf_append(&f->seen, bytes, len);
        if (f->reset_each)
                cw_connection_reset(connection);
}

static void tcp_closed(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        (void)connection;
        f->closed++;
}

static void setup_tcp(struct fixture *f)
{
        static const struct cw_server_handler handler = {
                .received = tcp_received, .closed = tcp_closed, .opened = tcp_opened};

        setup(f);
        assert_int_equal(cw_server_new(f->loop, "127.0.0.1", 0, &handler, f, &f->server, &f->port), 0);
        wire_to(f, (struct cw_wire_target){.kind = CW_WIRE_TCP, .host = "localhost", .port = f->port});
}

static void test_tcp_keeps_its_connection_and_its_order(void **state)
{
        struct fixture f;

        (void)state;
        setup_tcp(&f);
        start(&f, "3 one");
        start(&f, "3 two");
        wait_for(&f, 2);
        assert_int_equal(say(&f, "5 three"), 0);
        assert_int_equal(f.failures[0], 0);
        assert_int_equal(f.failures[1], 0);
        assert_string_equal(f.seen.data, "3 one3 two5 three");
        assert_int_equal(f.opened, 1);
        teardown(&f);
}

static void test_a_tcp_peer_that_closes_while_idle_loses_nothing(void **state)
{
        struct fixture f;
        char expected[1000] = "", record[16];

        (void)state;
        setup_tcp(&f);
        for (int i = 0; i < 30; i++) {
                snprintf(record, sizeof(record), "[%d]", i);
                strcat(expected, record);
                assert_int_equal(say(&f, record), 0);
                /* Seen before the next send or only by it: both must be right. */
                if (i % 3 == 0)
                        cw_connection_close(f.connection);
                else if (i % 3 == 1)
                        cw_connection_reset(f.connection);
        }
        cw_buf_putc(&f.seen, '\0');
        assert_string_equal(f.seen.data, expected);
        assert_in_range(f.opened, 20, 30);
        teardown(&f);
}

static void test_a_tcp_peer_that_is_restarted_is_found_again(void **state)
{
        static const struct cw_server_handler handler = {
                .received = tcp_received, .closed = tcp_closed, .opened = tcp_opened};
        struct fixture f;
        uint16_t port;

        (void)state;
        setup_tcp(&f);
        assert_int_equal(say(&f, "one"), 0);
        cw_server_free(f.server);
        f.server = NULL;
        assert_int_equal(say(&f, "lost"), -ECONNREFUSED);
        assert_int_equal(cw_server_new(f.loop, "127.0.0.1", f.port, &handler, &f, &f.server, &port), 0);
        assert_int_equal(say(&f, "two"), 0);
        assert_string_equal(f.seen.data, "onetwo");
        teardown(&f);
}

static void test_a_tcp_peer_that_takes_nothing_times_out(void **state)
{
        char *big = calloc(1, (32 << 20) + 1);
        struct fixture f;
        int64_t begun;

        (void)state;
        setup(&f);
        memset(big, 'x', 32 << 20);
        f.fd = bind_inet(SOCK_STREAM, &f.port);
        assert_int_equal(listen(f.fd, 5), 0);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_TCP, .host = "127.0.0.1", .port = f.port});
        begun = cw_clock_mono_ms();
        start_for(&f, big, 200);
        start_for(&f, "small", 3000);
        wait_for(&f, 2);
        assert_int_equal(f.failures[0], -ETIMEDOUT);
        assert_int_equal(f.failures[1], 0); /* on a connection of its own, not behind half a record */
        assert_in_range(cw_clock_mono_ms() - begun, 200, 2000);
        free(big);
        teardown(&f);
}

static void test_a_file_gets_lines_and_is_made_anew_when_moved(void **state)
{
        struct fixture f;
        char moved[100], bytes[64] = "";
        struct stat st;
        int fd;

        (void)state;
        setup(&f);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = f.path});
        start(&f, "one\n");
        start(&f, "two\n");
        wait_for(&f, 2);
        assert_int_equal(stat(f.path, &st), 0);
        assert_int_equal(st.st_mode & 0137, 0);
        snprintf(moved, sizeof(moved), "%s.1", f.path);
        assert_int_equal(rename(f.path, moved), 0);
        assert_int_equal(say(&f, "three\n"), 0);
        fd = open(moved, O_RDONLY);
        assert_int_equal(read(fd, bytes, sizeof(bytes)), 8);
        assert_string_equal(bytes, "one\ntwo\n");
        close(fd);
        unlink(moved);
        fd = open(f.path, O_RDONLY);
        assert_int_equal(read(fd, bytes, sizeof(bytes)), 6);
        assert_memory_equal(bytes, "three\n", 6);
        close(fd);
        teardown(&f);
}

static void test_a_file_that_cannot_take_a_record_holds_no_part_of_it(void **state)
{
        struct rlimit before, limit;
        struct fixture f;
        struct stat st;

        (void)state;
        setup(&f);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = f.path});
        assert_int_equal(say(&f, "0123456789\n"), 0);
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        limit = before;
        limit.rlim_cur = 15; /* as a disk that is full in the middle of the next line */
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        start(&f, "abcdefghij\n");
        wait_for(&f, 2);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(f.failures[1], -EFBIG);
        assert_int_equal(stat(f.path, &st), 0);
        assert_int_equal(st.st_size, 11);
        assert_int_equal(say(&f, "abcdefghij\n"), 0);
        assert_int_equal(stat(f.path, &st), 0);
        assert_int_equal(st.st_size, 22);
        teardown(&f);
}

static void test_files_that_are_none_fail_and_hang_nobody(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = f.dir});
        assert_int_equal(say(&f, "x\n"), -EISDIR);
        cw_wire_free(f.wire);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = "/no/such/folder/file"});
        assert_int_equal(say(&f, "x\n"), -ENOENT);
        assert_string_equal(f.line, "/no/such/folder/file: No such file or directory");
        cw_wire_free(f.wire);
        assert_int_equal(mkfifo(f.path, 0600), 0);
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = f.path});
        assert_int_equal(say(&f, "x\n"), -ENXIO);
        teardown(&f);
}

static void test_freeing_a_wire_ends_what_is_under_way(void **state)
{
        static const enum cw_wire_kind kinds[] = {CW_WIRE_UNIX, CW_WIRE_UDP, CW_WIRE_TCP, CW_WIRE_FILE};

        (void)state;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
                struct fixture f;

                setup(&f);
                f.fd = bind_inet(SOCK_STREAM, &f.port);
                wire_to(&f,
                        (struct cw_wire_target){.kind = kinds[i], .host = "localhost", .port = f.port, .path = f.path});
                start(&f, "x\n");
                start(&f, "y\n");
                cw_wire_free(f.wire);
                f.wire = NULL;
                assert_int_equal(f.told, 2);
                assert_int_equal(f.failures[0], -ECANCELED);
                assert_int_equal(f.failures[1], -ECANCELED);
                teardown(&f);
        }
}

static void test_a_wire_can_be_freed_by_whom_it_tells(void **state)
{
        struct fixture f;

        (void)state;
        setup_tcp(&f);
        f.free_in_done = true;
        start(&f, "x");
        start(&f, "y");
        wait_for(&f, 2);
        assert_int_equal(f.failures[0], 0);
        assert_true(f.failures[1] == -ECANCELED || f.failures[1] == 0); /* it may have gone out by then */
        teardown(&f);
}

static void test_targets_that_are_none_are_refused(void **state)
{
        static const struct cw_wire_target bad[] = {{.kind = CW_WIRE_UNIX},
                                                    {.kind = CW_WIRE_FILE, .path = ""},
                                                    {.kind = CW_WIRE_UDP, .host = "", .port = 514},
                                                    {.kind = CW_WIRE_TCP, .host = "localhost"}};
        struct fixture f;
        char longest[200];

        (void)state;
        setup(&f);
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
                assert_int_equal(cw_wire_new(f.loop, &bad[i], &f.wire), -EINVAL);
        memset(longest, 'a', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        wire_to(&f, (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = longest});
        assert_int_equal(say(&f, "x"), -ENAMETOOLONG);
        assert_int_equal(cw_wire_send(f.wire, NULL, 0, 0, done, &f), -EINVAL);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_udp_gets_one_datagram_a_record),
                cmocka_unit_test(test_udp_that_nobody_hears_is_said),
                cmocka_unit_test(test_a_datagram_that_is_too_long_fails_and_the_next_does_not),
                cmocka_unit_test(test_a_host_that_is_none_is_said),
                cmocka_unit_test(test_a_unix_datagram_socket_gets_records_as_they_are),
                cmocka_unit_test(test_a_unix_datagram_socket_that_is_full_is_waited_for),
                cmocka_unit_test(test_a_unix_stream_socket_gets_lines),
                cmocka_unit_test(test_tcp_keeps_its_connection_and_its_order),
                cmocka_unit_test(test_a_tcp_peer_that_closes_while_idle_loses_nothing),
                cmocka_unit_test(test_a_tcp_peer_that_is_restarted_is_found_again),
                cmocka_unit_test(test_a_tcp_peer_that_takes_nothing_times_out),
                cmocka_unit_test(test_a_file_gets_lines_and_is_made_anew_when_moved),
                cmocka_unit_test(test_a_file_that_cannot_take_a_record_holds_no_part_of_it),
                cmocka_unit_test(test_files_that_are_none_fail_and_hang_nobody),
                cmocka_unit_test(test_freeing_a_wire_ends_what_is_under_way),
                cmocka_unit_test(test_a_wire_can_be_freed_by_whom_it_tells),
                cmocka_unit_test(test_targets_that_are_none_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
