/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: every request goes out and comes back through here, so that the counts of what is under way cannot drift. */
#include "request.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"

#include "source_private.h"
#include "totp.h"

#define LIST_PATH "/api/v1/customer/cards/byuser/list"

static void cancel(struct cw_source_request *request)
{
        request->counts = false;
        if (request->transfer)
                cw_http_cancel(request->transfer);
}

void cw_source_cancel_poll(struct cw_source *source)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(source->pages); i++)
                cancel(&source->pages[i]);
        for (size_t i = 0; i < CW_ARRAY_SIZE(source->look_ups); i++)
                cancel(&source->look_ups[i]);
        cancel(&source->probe);
        source->probe_page = 0;
}

void cw_source_cancel_lane(struct cw_source_lane *lane)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(lane->requests); i++)
                cancel(&lane->requests[i]);
}

void cw_source_cancel_all(struct cw_source *source)
{
        cw_source_cancel_poll(source);
        for (size_t i = 0; i < source->n_lanes; i++)
                cw_source_cancel_lane(source->lanes[i]);
        cancel(&source->login);
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
        if (source->options.otp_single_use)
                cw_auth_used_step(&source->auth, cw_totp_step(wall));
        cw_buf_puts(buf, code);
        explicit_bzero(code, sizeof(code));
        return 0;
}

static enum cw_gate_lane lane_of(const struct cw_source_request *request)
{
        return request->kind == CW_REQUEST_WATCH ? CW_GATE_WATCH : CW_GATE_POLL;
}

int cw_source_send(struct cw_source_request *request, struct cw_http_request *http_request, cw_http_done_fn done)
{
        struct cw_source *source = request->source;
        int r;

        http_request->timeout_ms = source->options.timeout_ms;
        http_request->tls = source->options.tls;
        http_request->proxy = source->options.proxy;
        if (request->kind != CW_REQUEST_WATCH)
                source->poll.requests++;
        r = cw_http_start(source->http, http_request, done, request, &request->transfer);
        if (r < 0)
                return r;
        request->counts = true;
        request->generation = source->auth.generation;
        source->flying++;
        if (request->kind != CW_REQUEST_LOGIN)
                cw_gate_sent(&source->gate, lane_of(request));
        if (request->kind == CW_REQUEST_WATCH)
                request->lane->flying++;
        cw_source_ref(source);
        return 0;
}

static void keep_unknown(void *data, struct cw_buf *body, const char *bytes, size_t n)
{
        struct cw_source_request *request = data;

        cw_arrival_keep(&request->arrival, body, bytes, n);
}

int cw_source_get(struct cw_source_request *request, const char *path, cw_http_done_fn done)
{
        struct cw_source *source = request->source;
        struct cw_buf url = CW_BUF_NULL, authorization = CW_BUF_NULL, otp = CW_BUF_NULL;
        struct cw_http_header headers[3] = {{"Accept", "application/json"}};
        struct cw_http_request http = {.method = "GET", .headers = headers, .n_headers = 2, .compressed = true};
        int r;

        cw_buf_printf(&url, "%s%s", source->url, path);
        cw_auth_append_header(&source->auth, &authorization);
        r = cw_source_take_otp(source, cw_source_now().wall, &otp);
        if (cw_buf_error(&url) < 0 || cw_buf_error(&authorization) < 0 || cw_buf_error(&otp) < 0)
                r = -ENOMEM;
        http.url = cw_buf_text(&url);
        http.max_response = source->options.max_response;
        http.on_piece = request->arrival.known ? keep_unknown : NULL;
        headers[1] = (struct cw_http_header){"Authorization", cw_buf_text(&authorization)};
        if (otp.len > 0)
                headers[http.n_headers++] = (struct cw_http_header){"otp", cw_buf_text(&otp)};
        if (r == 0)
                r = cw_source_send(request, &http, done);
        cw_buf_deinit(&url);
        cw_buf_wipe(&authorization);
        cw_buf_wipe(&otp);
        return r;
}

int cw_source_get_page(struct cw_source_request *request, cw_http_done_fn done)
{
        char path[128];

        snprintf(path, sizeof(path), LIST_PATH "?pageNumber=%" PRIu32 "&pageSize=%" PRIu32, request->page,
                 request->source->options.page_size);
        return cw_source_get(request, path, done);
}

/* The caller gives the request's reference back when it is through with the answer. */
bool cw_source_landed(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;

        request->transfer = NULL;
        source->flying--;
        if (request->kind != CW_REQUEST_LOGIN)
                cw_gate_landed(&source->gate, lane_of(request));
        if (request->kind == CW_REQUEST_WATCH)
                request->lane->flying--;
        if (answer->failure == CW_HTTP_OK && answer->date_at >= 0)
                cw_skew_add(&source->skew, answer->date_at, answer->sent_at, answer->took_ms);
        return !source->freed && request->counts;
}
