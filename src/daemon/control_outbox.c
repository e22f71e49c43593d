/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a message that waits is the engine's, and is acted upon at once; a dead letter is only in the store, and is
 * read from there by a worker before the engine hears of it. What came of it the engine says.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/event.h"
#include "cardwatch/log.h"
#include "cardwatch/outbox.h"
#include "control_call.h"
#include "control_job.h"

#define NOT_THERE "there is no message with this id in the outbox: it was delivered or dropped, or never was"

/* Who acts on which message, how, and where that is told. */
struct act {
        const struct cw_control_options *options;
        struct cw_httpd_answer *answer;
        struct cw_act by;
        bool drop;
};

static void put_status(struct cw_httpd_answer *answer, const char *status)
{
        struct cw_json_out out = {.buf = &answer->body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "status", status);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&answer->body, '\n');
}

static void tell(struct act *act, enum cw_letter_verdict verdict)
{
        switch (verdict) {
        case CW_LETTER_DONE:
                put_status(act->answer, act->drop ? "dropped" : "queued");
                return;
        case CW_LETTER_GONE:
                cw_control_problem(act->answer, 404, NOT_THERE);
                return;
        case CW_LETTER_IN_HAND:
                cw_control_problem(act->answer, 409, "it is being sent just now: see in a moment what came of it");
                return;
        case CW_LETTER_NO_NOTIFIER:
                cw_control_problem(act->answer, 409, "its notifier is no longer configured: it can only be dropped");
                return;
        case CW_LETTER_OVERTAKEN:
                cw_control_problem(act->answer, 409,
                                   "something newer about the same alerts is on its way: it would come too late");
                return;
        }
}

static void carry_out(struct act *act, const struct cw_intent_row *letter)
{
        struct cw_event event = {.kind = act->drop ? CW_EVENT_DROP : CW_EVENT_RETRY,
                                 .act = {.by = act->by, .letter = letter}};
        const struct cw_control_calls *calls = act->options->calls;
        enum cw_letter_verdict verdict;

        calls->step(act->options->data, &event);
        verdict = cw_engine_letter_verdict(calls->engine(act->options->data));
        tell(act, verdict);
        if (verdict != CW_LETTER_DONE)
                return;
        cw_log(act->options->log, CW_LOG_INFO, "control", "act", "%s", act->drop ? "outbox-drop" : "outbox-retry",
               "object", "%s", letter->id, "by", "%s", act->by.by, "why", "%s", act->by.why, "uid", "%lld",
               (long long)act->by.uid, NULL);
        calls->carry_out(act->options->data);
}

/* On a worker. */
static int read_letter(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message)
{
        int r = cw_store_letter(store, cw_buf_text(&job->text), &job->rows, message);

        if (r == 0 && job->rows.intents.n == 0)
                cw_control_problem(&job->answer, 404, NOT_THERE);
        return r;
}

static void act_on_read(struct cw_control_job *job)
{
        struct act act = {
                .options = job->options,
                .answer = &job->answer,
                .by = {.by = cw_buf_text(&job->by), .why = cw_buf_text(&job->why), .uid = job->uid},
                .drop = job->drop,
        };

        carry_out(&act, &job->rows.intents.rows[0]);
}

static void act_on_dead(struct cw_control_call *call, const char *id, bool drop)
{
        struct cw_control_job job = {
                .then = act_on_read, .options = call->options, .uid = call->request->peer_uid, .drop = drop};

        cw_buf_puts(&job.text, id);
        cw_buf_puts(&job.by, cw_buf_text(&call->by));
        cw_buf_puts(&job.why, cw_buf_text(&call->why));
        cw_control_start_job(call, read_letter, &job);
}

static void act_on(struct cw_control_call *call, bool drop)
{
        struct cw_intent_row letter = {.state = CW_INTENT_DELIVERED};
        struct act act = {.options = call->options, .answer = call->answer, .drop = drop};
        const struct cw_control_calls *calls = call->options->calls;

        if (!cw_control_take_body(call, NULL, 0))
                return;
        if (call->word_len != sizeof(letter.id) - 1) {
                cw_control_refuse(call, 404, NOT_THERE);
                return;
        }
        memcpy(letter.id, call->word, call->word_len);
        letter.sequence = cw_outbox_sequence(cw_engine_outbox(calls->engine(call->options->data)), letter.id);
        act.by = cw_control_act(call);
        if (letter.sequence)
                carry_out(&act, &letter);
        else
                act_on_dead(call, letter.id, drop);
}

static void retry(struct cw_control_call *call)
{
        act_on(call, false);
}

static void drop(struct cw_control_call *call)
{
        act_on(call, true);
}

static const struct cw_control_route routes[] = {
        {"POST", "/api/v1/outbox/*/retry", retry},
        {"DELETE", "/api/v1/outbox/*", drop},
};
const struct cw_control_family cw_control_outbox_routes = {routes, CW_ARRAY_SIZE(routes)};
