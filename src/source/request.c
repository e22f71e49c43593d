/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what the source's requests have in common, their one-time password and their way out and back. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"

#include "request.h"
#include "source_private.h"
#include "totp.h"

static void cancel(struct cw_source_request *request)
{
        request->serial = 0;
        if (request->transfer)
                cw_http_cancel(request->transfer);
}

void cw_source_cancel_requests(struct cw_source *source)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(source->pages); i++)
                cancel(&source->pages[i]);
        cancel(&source->login);
}

void cw_source_hold(struct cw_source *source, int64_t asked_ms)
{
        int64_t most_ms = source->options.every_ms;
        int64_t until = cw_source_now().mono + (asked_ms < most_ms ? asked_ms : most_ms);

        if (until > source->held_until)
                source->held_until = until;
}

int64_t cw_source_otp_wait_ms(const struct cw_source *source, int64_t wall)
{
        if (!source->options.otp_single_use || !source->totp_key)
                return 0;
        return cw_totp_wait_ms(source->auth.memory.otp_step, wall);
}

int cw_source_take_otp(struct cw_source *source, int64_t wall, struct cw_buf *buf)
{
        char code[7];
        int r;

        if (source->otp)
                cw_buf_puts(buf, cw_secret_reveal(source->otp));
        if (source->otp || !source->totp_key)
                return 0;
        r = cw_totp_code(source->totp_key, wall, code);
        if (r < 0)
                return r;
        source->auth.memory.otp_step = cw_totp_step(wall);
        cw_buf_puts(buf, code);
        return 0;
}

void cw_source_fill_request(const struct cw_source *source, struct cw_http_request *request)
{
        request->timeout_ms = source->options.timeout_ms;
        request->max_response = source->options.max_response;
        request->tls = source->options.tls;
}

int cw_source_send(struct cw_source_request *request, const struct cw_http_request *http_request, cw_http_done_fn done)
{
        struct cw_source *source = request->source;
        int r;

        source->poll.requests++;
        r = cw_http_start(source->http, http_request, done, request, &request->transfer);
        if (r < 0)
                return r;
        request->serial = source->poll.serial;
        source->flying++;
        cw_source_ref(source);
        return 0;
}

/* The caller gives the request's reference back when it is through with the answer. */
bool cw_source_landed(struct cw_source_request *request)
{
        struct cw_source *source = request->source;

        request->transfer = NULL;
        source->flying--;
        return !source->freed && source->poll.running && request->serial == source->poll.serial;
}
