/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory an answer gets before it is there: what its header says is taken for true within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "http_peer.h"

struct room {
        struct fixture f; /* first: whose `done` is called with it */
        size_t aim;
};

static void note_room(void *data, struct cw_buf *body, const char *bytes, size_t n)
{
        struct room *room = data;

        room->aim = body->aim;
        cw_buf_append(body, bytes, n);
}

static void test_an_answer_gets_the_room_it_announces_within_bounds(void **state)
{
        static const struct {
                const char *name;
                const char *reply;
                size_t aim;
                bool harmless;
        } cases[] = {
                {"what is announced, and its end", "Content-Length: 2\r\n\r\nok", 3, false},
                {"nothing announced", "Connection: close\r\n\r\nok", 0, false},
                {"more than is taken on a word", "Content-Length: 1048577\r\n\r\nok", 0, false},
                {"an answer that is short in any case", "Content-Length: 2\r\n\r\nok", 0, true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_http_request request = request_to(NULL);
                struct room room = {0};
                char reply[200];
                int len = snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\n%s", cases[i].reply);

                setup(&room.f, ANSWER_AND_CLOSE, reply, (size_t)len);
                request.max_response = 1 << 30;
                request.on_piece = note_room;
                request.harmless = cases[i].harmless;
                ask(&room.f, request, "/");
                if (room.aim != cases[i].aim)
                        fail_msg("%s: it aims at %zu", cases[i].name, room.aim);
                teardown(&room.f);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_answer_gets_the_room_it_announces_within_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
