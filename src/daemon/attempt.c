/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/exec.h"
#include "cardwatch/http.h"
#include "cardwatch/settings.h"
#include "cardwatch/smtp.h"
#include "cardwatch/text.h"
#include "cardwatch/wire.h"

struct cw_attempt {
        struct cw_notifier *notifier;
        struct cw_http *http;
        struct cw_sink_request prepared;
        struct cw_http_transfer *transfer; /* NULL: nothing that curl does */
        struct cw_exec *exec; /* NULL: no command */
        size_t n_answered, n_refused; /* of the requests of the message */
        struct cw_sink_judgement refusal; /* the first */
        int64_t started_mono;
        cw_attempt_fn done;
        void *data;
};

static void attempt_free(struct cw_attempt *attempt)
{
        if (!attempt)
                return;
        cw_sink_request_deinit(&attempt->prepared);
        free(attempt);
}

CW_DEFINE_CLEANUP(struct cw_attempt *, attempt_free);

static void tell(struct cw_attempt *attempt, const struct cw_attempt_result *result)
{
        struct cw_attempt_result told = *result;

        told.took_ms = cw_clock_mono_ms() - attempt->started_mono;
        attempt->done(attempt->data, &told);
        attempt_free(attempt);
}

static void judge(const struct cw_attempt *attempt, const struct cw_sink_answer *answer,
                  struct cw_attempt_result *ret_result)
{
        *ret_result = (struct cw_attempt_result){
                .cancelled = answer->failure == CW_HTTP_CANCELLED,
                .failure = answer->failure,
                .status = answer->status,
        };
        cw_sink_judge(&attempt->notifier->options, answer, &ret_result->judgement);
}

static void finish(struct cw_attempt *attempt, const struct cw_sink_answer *answer)
{
        struct cw_attempt_result result;

        judge(attempt, answer, &result);
        tell(attempt, &result);
}

/* What the requests of a message come to: one that was refused makes it undeliverable, after all the others. */
static void sum_up(const struct cw_attempt *attempt, struct cw_attempt_result *result)
{
        size_t n = attempt->prepared.n_following + 1;
        size_t room = sizeof(result->judgement.reason);

        if (attempt->n_refused == 0 || n == 1)
                return;
        result->judgement = attempt->refusal;
        (void)snprintf(result->judgement.reason, room, "%zu of %zu refused: %.*s", attempt->n_refused, n,
                       (int)cw_text_valid_utf8(attempt->refusal.reason, strnlen(attempt->refusal.reason, room - 80)),
                       attempt->refusal.reason);
}

static void http_done(void *data, struct cw_http_answer *answer)
{
        struct cw_attempt *attempt = data;
        struct cw_attempt_result result;
        struct cw_sink_answer judged = {
                .failure = answer->failure,
                .status = answer->status,
                .body = answer->body,
                .body_len = answer->body_len,
                .retry_after_ms = answer->retry_after_ms,
                .message = answer->message,
        };
        int r;

        attempt->transfer = NULL;
        judge(attempt, &judged, &result);
        if (!result.cancelled && result.judgement.verdict == CW_SINK_PERMANENT && attempt->n_refused++ == 0)
                attempt->refusal = result.judgement;
        if (result.cancelled || result.judgement.verdict == CW_SINK_RETRY) {
                tell(attempt, &result);
                return;
        }
        if (attempt->n_answered++ < attempt->prepared.n_following) {
                r = cw_http_start(attempt->http, &attempt->prepared.following[attempt->n_answered - 1], http_done,
                                  attempt, &attempt->transfer);
                if (r == 0)
                        return;
                result.judgement = (struct cw_sink_judgement){.verdict = CW_SINK_RETRY};
                (void)snprintf(result.judgement.reason, sizeof(result.judgement.reason), "%s", strerror(-r));
                result.cancelled = r == -ESHUTDOWN;
        } else {
                sum_up(attempt, &result);
        }
        tell(attempt, &result);
}

static void exec_done(void *data, const struct cw_exec_answer *answer)
{
        struct cw_attempt *attempt = data;
        char words[64 + CW_EXEC_LINE_MAX];
        struct cw_sink_answer judged = {.status = answer->status, .retry_after_ms = -1, .message = answer->line};

        attempt->exec = NULL;
        if (answer->failure == -ECANCELED) {
                judged.failure = CW_HTTP_CANCELLED;
        } else if (answer->failure == -ETIMEDOUT) {
                judged.failure = CW_HTTP_TIMEOUT;
        } else if (answer->failure < 0) {
                judged.failure = CW_HTTP_OTHER;
                (void)snprintf(words, sizeof(words), "the command cannot be run: %s", strerror(-answer->failure));
                judged.message = words;
        } else if (answer->signal > 0) {
                judged.failure = CW_HTTP_OTHER;
                (void)snprintf(words, sizeof(words), "the command was ended by signal %d%s%s", answer->signal,
                               *answer->line ? ": " : "", answer->line);
                judged.message = words;
        }
        finish(attempt, &judged);
}

static void smtp_done(void *data, const struct cw_smtp_answer *answer)
{
        struct cw_sink_answer judged = {
                .failure = answer->failure,
                .status = answer->code,
                .retry_after_ms = -1,
                .message = answer->message,
        };

        finish(data, &judged);
}

static void wire_done(void *data, int failure, const char *message)
{
        struct cw_sink_answer judged = {
                .failure = failure == 0            ? CW_HTTP_OK
                           : failure == -ETIMEDOUT ? CW_HTTP_TIMEOUT
                           : failure == -ECANCELED ? CW_HTTP_CANCELLED
                                                   : CW_HTTP_CONNECT,
                .retry_after_ms = -1,
                .message = message,
        };

        finish(data, &judged);
}

static int start(struct cw_attempt *attempt, const struct cw_attempt_request *request)
{
        const struct cw_sink_request *prepared = &attempt->prepared;
        struct cw_wire *wire;
        int r;

        switch (prepared->transport) {
        case CW_TRANSPORT_HTTP:
                return cw_http_start(request->http, &prepared->http, http_done, attempt, &attempt->transfer);
        case CW_TRANSPORT_SMTP:
                return cw_smtp_start(request->http, &prepared->smtp, smtp_done, attempt, &attempt->transfer);
        case CW_TRANSPORT_EXEC:
                return cw_exec_start(request->loop, &prepared->exec, exec_done, attempt, &attempt->exec);
        case CW_TRANSPORT_WIRE:
                break;
        }
        r = cw_settings_wire(attempt->notifier, request->loop, &wire);
        if (r < 0)
                return r;
        return cw_wire_send(wire, prepared->records, prepared->n_records, attempt->notifier->options.timeout_ms,
                            wire_done, attempt);
}

/* Receivers say whether they took it, and no more. */
static void call_harmless(struct cw_sink_request *prepared)
{
        prepared->http.harmless = true;
        for (size_t i = 0; i < prepared->n_following; i++)
                prepared->following[i].harmless = true;
}

int cw_attempt_start(const struct cw_attempt_request *request, cw_attempt_fn done, void *data,
                     struct cw_attempt **ret_attempt)
{
        cw_cleanup(attempt_free_cleanup) struct cw_attempt *attempt = calloc(1, sizeof(*attempt));
        int r;

        if (!attempt)
                return -ENOMEM;
        attempt->notifier = request->notifier;
        attempt->http = request->http;
        attempt->done = done;
        attempt->data = data;
        attempt->started_mono = cw_clock_mono_ms();
        r = cw_sink_request(&request->notifier->options, request->id, request->payload, request->payload_len,
                            request->now, &attempt->prepared);
        if (r == 0) {
                call_harmless(&attempt->prepared);
                r = start(attempt, request);
        }
        if (r < 0)
                return r;
        *ret_attempt = cw_take(attempt);
        return 0;
}

void cw_attempt_cancel(struct cw_attempt *attempt)
{
        if (attempt->transfer)
                cw_http_cancel(attempt->transfer);
        if (attempt->exec)
                cw_exec_cancel(attempt->exec);
}
