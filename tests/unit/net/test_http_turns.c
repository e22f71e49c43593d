/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that are made, and answers that come, at the same time share turns of the loop. Each turn here takes its
 * share before it begins, so it does the least that it has to. The server is a socket that is looked at between turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "http_peer.h"

#define REQUESTS   9
#define BEGUN_MOST 4 /* on a turn */

struct crowd {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_timer *tick;
        struct cw_http_transfer *transfers[REQUESTS];
        char path[64];
        int listener, connections[REQUESTS];
        int n_ticks, n_connections, n_pieces, pieces_before, n_told, turns_left;
};

static void crowd_told(void *data, struct cw_http_answer *answer)
{
        struct crowd *crowd = data;

        crowd->n_told += answer->failure == CW_HTTP_OK;
        if (crowd->n_told == REQUESTS)
                cw_loop_stop(crowd->loop);
}

static void count_piece(void *data, struct cw_buf *body, const char *bytes, size_t n)
{
        struct crowd *crowd = data;

        (void)body;
        (void)bytes;
        (void)n;
        crowd->n_pieces++;
}

static void start_all(struct crowd *crowd)
{
        struct cw_http_request request = request_to("http://crowd/");

        request.unix_socket = crowd->path;
        request.on_piece = count_piece;
        for (size_t i = 0; i < REQUESTS; i++)
                assert_int_equal(cw_http_start(crowd->http, &request, crowd_told, crowd, &crowd->transfers[i]), 0);
}

/* Turns go on, whether something comes or not. The first of all has nothing before it. */
static void tick(void *data)
{
        struct crowd *crowd = data;

        if (++crowd->n_ticks == 3)
                start_all(crowd);
        cw_timer_start(crowd->tick, 1);
}

static void answer_all(const struct crowd *crowd)
{
        static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

        for (int i = 0; i < crowd->n_connections; i++)
                assert_int_equal(write(crowd->connections[i], reply, sizeof(reply) - 1), sizeof(reply) - 1);
}

/* Between two turns; what is slept belongs to the next one. */
static void between_turns(void *data, uint64_t busy_us, uint64_t cpu_us)
{
        struct crowd *crowd = data;
        int fd, came = 0;

        (void)busy_us;
        (void)cpu_us;
        while ((fd = accept4(crowd->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                crowd->connections[crowd->n_connections++] = fd;
                came++;
        }
        assert_in_range(came, 0, BEGUN_MOST);
        if (came > 0 && crowd->n_connections == REQUESTS)
                crowd->turns_left = REQUESTS; /* until the last of the requests was sent, too */
        else if (crowd->turns_left > 0 && --crowd->turns_left == 0)
                answer_all(crowd);
        assert_in_range(crowd->n_pieces - crowd->pieces_before, 0, 1);
        crowd->pieces_before = crowd->n_pieces;
        usleep(2500);
}

static void listen_at(struct crowd *crowd)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        snprintf(crowd->path, sizeof(crowd->path), "/tmp/cardwatch-turns-%d", (int)getpid());
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", crowd->path);
        (void)unlink(crowd->path);
        crowd->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(crowd->listener >= 0);
        assert_int_equal(bind(crowd->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(crowd->listener, REQUESTS), 0);
}

static void test_each_turn_begins_few_requests_and_takes_one_answer_where_it_has_no_time_left(void **state)
{
        struct crowd crowd = {0};

        (void)state;
        assert_int_equal(cw_loop_new(&crowd.loop), 0);
        assert_int_equal(cw_http_new(crowd.loop, "cardwatchd/test", &crowd.http), 0);
        assert_int_equal(cw_timer_new(crowd.loop, tick, &crowd, &crowd.tick), 0);
        listen_at(&crowd);
        cw_loop_watch_turns(crowd.loop, between_turns, &crowd);
        cw_timer_start(crowd.tick, 1);
        cw_loop_run(crowd.loop);
        assert_int_equal(crowd.n_connections, REQUESTS);
        assert_int_equal(crowd.n_pieces, REQUESTS);
        assert_int_equal(crowd.n_told, REQUESTS);
        for (int i = 0; i < REQUESTS; i++)
                close(crowd.connections[i]);
        close(crowd.listener);
        unlink(crowd.path);
        cw_timer_free(crowd.tick);
        cw_http_free(crowd.http);
        cw_loop_free(crowd.loop);
}

static void test_a_request_that_waited_out_its_time_is_never_made(void **state)
{
        struct cw_http_request request = request_to(NULL);
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
        ask(&f, request, "/");
        assert_int_equal(f.answer.failure, CW_HTTP_OK);
        request.timeout_ms = 20;
        start(&f, request, "/");
        usleep(40000);
        cw_loop_run(f.loop);
        assert_int_equal(f.answer.failure, CW_HTTP_TIMEOUT);
        assert_ptr_equal(strstr(f.message, "no connection to 127.0.0.1:"), f.message);
        assert_int_equal(f.requests, 1);
        teardown(&f);
}

static void test_the_time_of_a_request_runs_while_it_waits(void **state)
{
        struct cw_http_request request = request_to(NULL);
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
        request.harmless = true;
        request.timeout_ms = 1500;
        start(&f, request, "/");
        usleep(1200000);
        cw_loop_run(f.loop);
        assert_int_equal(f.answer.failure, CW_HTTP_OK);

        /* The next one has the handle, and all of its own time. */
        f.manner = SILENT;
        ask(&f, request, "/");
        assert_int_equal(f.answer.failure, CW_HTTP_TIMEOUT);
        assert_in_range(f.answer.took_ms, 1400, 60000);

        start(&f, request, "/");
        usleep(1200000);
        cw_loop_run(f.loop);
        assert_int_equal(f.answer.failure, CW_HTTP_TIMEOUT);
        assert_in_range(f.answer.took_ms, 1400, 2600);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_turn_begins_few_requests_and_takes_one_answer_where_it_has_no_time_left),
                cmocka_unit_test(test_a_request_that_waited_out_its_time_is_never_made),
                cmocka_unit_test(test_the_time_of_a_request_runs_while_it_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
