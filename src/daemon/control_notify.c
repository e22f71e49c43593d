/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a test message goes the daemon's own way to the receiver, and whoever asked for it waits for what became of it,
 * as long as a request may wait. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/attempt.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "control_call.h"

#define WAIT_MS (10 * CW_SECOND_MS)

struct test {
        struct cw_httpd_later *later; /* NULL: whoever asked has an answer */
        struct cw_timer *timer;
        char *name;
};

static void test_free(struct test *test)
{
        if (!test)
                return;
        cw_timer_free(test->timer);
        free(test->name);
        free(test);
}

CW_DEFINE_CLEANUP(struct test *, test_free);

static void answer(struct test *test, unsigned status, const char *word, const struct cw_attempt_result *result)
{
        struct cw_httpd_answer answer = {.status = status};
        struct cw_json_out out = {.buf = &answer.body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "notifier", test->name);
        cw_json_out_string(&out, "status", word);
        if (result) {
                cw_json_out_string(&out, "reason", result->judgement.reason[0] ? result->judgement.reason : NULL);
                cw_json_out_int(&out, "took_ms", result->took_ms);
        }
        cw_json_out_close(&out, '}');
        cw_buf_putc(&answer.body, '\n');
        cw_httpd_answer(cw_take(test->later), &answer);
}

/* It goes on; the log will say what became of it. */
static void waited(void *data)
{
        struct test *test = data;

        if (test->later)
                answer(test, 202, "under way", NULL);
}

static void done(void *data, const struct cw_attempt_result *result)
{
        struct test *test = data;

        if (test->later && result)
                answer(test, 200, result->judgement.verdict == CW_SINK_DELIVERED ? "delivered" : "failed", result);
        else if (test->later)
                answer(test, 202, "cancelled", NULL);
        test_free(test);
}

static void refuse(struct cw_control_call *call, int r)
{
        if (r == -ENOENT)
                cw_control_refuse(call, 404, "there is no notifier of this name");
        else if (r == -EBUSY)
                cw_control_refuse(call, 409, "a test message to this notifier is under way");
        else
                cw_control_refuse(call, r == -ENOMEM ? 503 : 422, strerror(-r));
}

static void notify(struct cw_control_call *call)
{
        cw_cleanup(test_free_cleanup) struct test *test = calloc(1, sizeof(*test));
        int r = test ? 0 : -ENOMEM;

        if (!cw_control_take_body(call, NULL, 0))
                return;
        if (r == 0 && !(test->name = strndup(call->word, call->word_len)))
                r = -ENOMEM;
        if (r == 0)
                r = cw_timer_new(call->options->loop, waited, test, &test->timer);
        if (r == 0)
                r = call->options->calls->test(call->options->data, test->name, done, test);
        if (r < 0) {
                refuse(call, r);
                return;
        }
        cw_control_log(call, "notify", test->name);
        cw_control_audit(call, "notify", test->name);
        cw_timer_start(test->timer, WAIT_MS);
        test->later = cw_httpd_take_later(call->request);
        (void)cw_take(test);
        call->options->calls->carry_out(call->options->data);
}

static const struct cw_control_route routes[] = {
        {"POST", "/api/v1/notify/*", notify},
};
const struct cw_control_family cw_control_notify_routes = {routes, CW_ARRAY_SIZE(routes)};
