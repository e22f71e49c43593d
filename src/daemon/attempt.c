/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/attempt.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/settings.h"
#include "cardwatch/smtp.h"
#include "cardwatch/wire.h"

struct cw_attempt {
        struct cw_notifier *notifier;
        struct cw_http_transfer *transfer; /* NULL: over a wire */
        int64_t started_mono;
        cw_attempt_fn done;
        void *data;
};

static void finish(struct cw_attempt *attempt, const struct cw_sink_answer *answer)
{
        struct cw_attempt_result result = {
                .cancelled = answer->failure == CW_HTTP_CANCELLED,
                .status = answer->status,
                .took_ms = cw_clock_mono_ms() - attempt->started_mono,
        };

        cw_sink_judge(&attempt->notifier->options, answer, &result.judgement);
        attempt->done(attempt->data, &result);
        free(attempt);
}

static void http_done(void *data, struct cw_http_answer *answer)
{
        struct cw_sink_answer judged = {
                .failure = answer->failure,
                .status = answer->status,
                .body = answer->body,
                .body_len = answer->body_len,
                .retry_after_ms = answer->retry_after_ms,
                .message = answer->message,
        };

        finish(data, &judged);
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

static int start(struct cw_attempt *attempt, const struct cw_attempt_request *request,
                 const struct cw_sink_request *prepared)
{
        struct cw_wire *wire;
        int r;

        switch (prepared->transport) {
        case CW_TRANSPORT_HTTP:
                return cw_http_start(request->http, &prepared->http, http_done, attempt, &attempt->transfer);
        case CW_TRANSPORT_SMTP:
                return cw_smtp_start(request->http, &prepared->smtp, smtp_done, attempt, &attempt->transfer);
        case CW_TRANSPORT_WIRE:
                break;
        }
        r = cw_settings_wire(attempt->notifier, request->loop, &wire);
        if (r < 0)
                return r;
        return cw_wire_send(wire, prepared->records, prepared->n_records, attempt->notifier->options.timeout_ms,
                            wire_done, attempt);
}

int cw_attempt_start(const struct cw_attempt_request *request, cw_attempt_fn done, void *data,
                     struct cw_attempt **ret_attempt)
{
        cw_autofree struct cw_attempt *attempt = calloc(1, sizeof(*attempt));
        struct cw_sink_request prepared = CW_SINK_REQUEST_NULL;
        int r;

        if (!attempt)
                return -ENOMEM;
        attempt->notifier = request->notifier;
        attempt->done = done;
        attempt->data = data;
        attempt->started_mono = cw_clock_mono_ms();
        r = cw_sink_request(&request->notifier->options, request->id, request->payload, request->payload_len,
                            request->now, &prepared);
        if (r == 0)
                r = start(attempt, request, &prepared);
        cw_sink_request_deinit(&prepared);
        if (r < 0)
                return r;
        *ret_attempt = cw_take(attempt);
        return 0;
}

void cw_attempt_cancel(struct cw_attempt *attempt)
{
        if (attempt->transfer)
                cw_http_cancel(attempt->transfer);
}
