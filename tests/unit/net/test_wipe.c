/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <inttypes.h>
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"

/*
 * After an answer was told, none of its bytes are left anywhere in the process: the whole memory is searched. The
 * server is another process, and what is searched for is a formula, so that the search does not find itself.
 */

#define CARD_LEN   24
#define CARDS      4000
#define REGION_MAX (256ul << 20)

static char card_byte(size_t i)
{
        return (char)('0' + (i * 7 + i / 3 + 4) % 10);
}

static void serve(int listener)
{
        char request[4096], header[128];
        char *body = malloc(CARDS * (CARD_LEN + 1));
        int fd = accept(listener, NULL, NULL);

        for (size_t i = 0; i < CARDS; i++) {
                for (size_t j = 0; j < CARD_LEN; j++)
                        body[i * (CARD_LEN + 1) + j] = card_byte(j);
                body[i * (CARD_LEN + 1) + CARD_LEN] = '\n';
        }
        while (read(fd, request, sizeof(request)) > 0) {
                snprintf(header, sizeof(header), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                         CARDS * (CARD_LEN + 1));
                (void)!write(fd, header, strlen(header));
                (void)!write(fd, body, CARDS * (CARD_LEN + 1));
        }
        _exit(0);
}

__attribute__((no_sanitize("address", "undefined"))) static size_t count_in(const volatile char *from, size_t len)
{
        size_t found = 0;

        for (size_t i = 0; i + CARD_LEN <= len; i++) {
                size_t j = 0;

                while (j < CARD_LEN && from[i + j] == card_byte(j))
                        j++;
                found += j == CARD_LEN;
        }
        return found;
}

static size_t count_in_memory(void)
{
        FILE *maps = fopen("/proc/self/maps", "re");
        char line[512], perms[8];
        uintptr_t from, to;
        size_t found = 0;

        assert_non_null(maps);
        while (fgets(line, sizeof(line), maps)) {
                if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, perms) != 3 ||
                    strncmp(perms, "rw", 2) != 0)
                        continue;
                if (to - from <= REGION_MAX)
                        found += count_in((const volatile char *)from, to - from);
        }
        fclose(maps);
        return found;
}

struct seen {
        struct cw_loop *loop;
        enum cw_http_failure failure;
        size_t in_body, in_memory;
};

static void done(void *data, struct cw_http_answer *answer)
{
        struct seen *seen = data;

        seen->failure = answer->failure;
        seen->in_body = count_in(answer->body, answer->body_len);
        seen->in_memory = count_in_memory();
        cw_loop_stop(seen->loop);
}

static int listen_anywhere(char url[64])
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM, 0);

        assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
        assert_int_equal(listen(listener, 5), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
        snprintf(url, 64, "http://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
        return listener;
}

static void ask_thrice(struct cw_http *http, struct seen *seen)
{
        struct cw_http_request request = {.method = "GET", .timeout_ms = 5000, .max_response = 1 << 20, .proxy = ""};
        struct cw_http_transfer *transfer;
        char url[64];
        int listener = listen_anywhere(url);
        pid_t pid = fork();

        if (pid == 0)
                serve(listener);
        close(listener);
        request.url = url;
        for (int i = 0; i < 3; i++) {
                assert_int_equal(cw_http_start(http, &request, done, seen, &transfer), 0);
                cw_loop_run(seen->loop);
                assert_int_equal(seen->failure, CW_HTTP_OK);
                assert_int_equal(seen->in_body, CARDS);
                assert_true(seen->in_memory >= CARDS); /* the search finds what is there */
                assert_int_equal(count_in_memory(), 0);
        }
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void test_nothing_of_an_answer_is_left_in_memory(void **state)
{
        struct seen seen = {0};
        struct cw_http *http;

        (void)state;
        assert_int_equal(cw_loop_new(&seen.loop), 0);
        assert_int_equal(cw_http_new(seen.loop, "test", &http), 0);
        ask_thrice(http, &seen);
        cw_http_free(http);
        cw_loop_free(seen.loop);
}

static void given_up(void *data, struct cw_http_answer *answer)
{
        (void)data;
        assert_int_equal(answer->failure, CW_HTTP_CANCELLED);
}

/* However long a receiver takes, what was read meanwhile does not wait for it. */
static void test_nothing_is_left_while_a_receiver_does_not_answer(void **state)
{
        struct cw_http_request request = {
                .method = "POST", .timeout_ms = 60000, .max_response = 1 << 10, .proxy = "", .harmless = true};
        struct cw_http_transfer *transfer;
        struct seen seen = {0};
        struct cw_http *http;
        char url[64];
        int listener = listen_anywhere(url);

        (void)state;
        assert_int_equal(cw_loop_new(&seen.loop), 0);
        assert_int_equal(cw_http_new(seen.loop, "test", &http), 0);
        request.url = url;
        assert_int_equal(cw_http_start(http, &request, given_up, NULL, &transfer), 0);
        ask_thrice(http, &seen);
        cw_http_free(http);
        cw_loop_free(seen.loop);
        close(listener);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_of_an_answer_is_left_in_memory),
                cmocka_unit_test(test_nothing_is_left_while_a_receiver_does_not_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
