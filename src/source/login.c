/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a login is tried again in the same poll only when the API certainly did not judge the password: the account
 * locks after a few wrong ones, and an attempt whose answer was lost may have been one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/backoff.h"
#include "cardwatch/buf.h"
#include "cardwatch/log.h"
#include "cardwatch/provider.h"
#include "cardwatch/secret.h"

#include "request.h"
#include "source_private.h"

#define PATH "/api/v1/public/auth/login"

/* An answer to a login is small, whatever pages may be. */
#define RESPONSE_MAX (1 << 20)

/* From here on a clock is wrong enough to make one-time passwords fail. */
#define SKEW_MS (15 * CW_SECOND_MS)

static const struct cw_backoff_policy backoff_policy = {
        .first_ms = 200,
        .longest_ms = 10 * CW_SECOND_MS,
        .give_up_ms = INT64_MAX,
};

static void log_failure(struct cw_source *source, const char *reason)
{
        cw_log(source->log, CW_LOG_ERROR, "login-failed", "source", "%s", source->name, "reason", "%s", reason, NULL);
}

static void refused(struct cw_source *source, const struct cw_http_answer *answer, const char *code)
{
        struct cw_auth_now now = cw_source_now();
        int64_t skew_ms = answer->date_at >= 0 ? answer->date_at - now.wall : 0;
        char reason[160], hint[80] = "";

        if (llabs(skew_ms) > SKEW_MS)
                snprintf(hint, sizeof(hint), "; its clock is %lld s %s ours", llabs(skew_ms) / 1000,
                         skew_ms > 0 ? "ahead of" : "behind");
        snprintf(reason, sizeof(reason), "the login was refused: %s%s", code, hint);
        log_failure(source, reason);
        cw_auth_refused(&source->auth, code, now);
        cw_source_auth_failed(source, reason);
}

/* Not refused, but not done either. A token that still lives carries the poll on. */
static void failed(struct cw_source *source, const char *why, bool again, int64_t asked_ms)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_backoff backoff = {.failures = poll->login_failures};
        struct cw_auth_now now = cw_source_now();
        int64_t wait_ms = 0;
        char reason[200];

        if (asked_ms > 0)
                cw_source_hold(source, asked_ms);
        if (source->auth.token) {
                cw_auth_postpone(&source->auth, now);
                return;
        }
        if (again && poll->login_failures < source->options.retries &&
            cw_backoff_failed(&backoff, &backoff_policy, now.mono, 0, cw_source_chance(), &wait_ms) == 0) {
                poll->login_failures++;
                poll->login_due = now.mono + wait_ms;
                return;
        }
        snprintf(reason, sizeof(reason), "login: %s", why);
        log_failure(source, why);
        cw_cycle_stop(&poll->cycle, reason);
        cw_source_cancel_requests(source);
}

static void take_token(struct cw_source *source, const struct cw_http_answer *answer)
{
        struct cw_provider_error error = {0};
        struct cw_secret *token = NULL;
        int64_t expires_ms = -1;
        int r = cw_provider_decode_login((char *)answer->body, answer->body_len, &token, &expires_ms, &error);

        switch (r) {
        case CW_PROVIDER_OK:
                cw_auth_logged_in(&source->auth, token, expires_ms, cw_source_now());
                source->poll.auth = CW_POLL_AUTH_OK;
                cw_log(source->log, CW_LOG_INFO, "logged-in", "source", "%s", source->name, NULL);
                break;
        case CW_PROVIDER_REFUSED:
                refused(source, answer, error.code[0] ? error.code : "without a code");
                break;
        default:
                failed(source, r < 0 ? "out of memory" : error.reason, false, 0);
                break;
        }
}

static void take_error(struct cw_source *source, const struct cw_http_answer *answer)
{
        bool asks_to_wait = answer->status == 429 || answer->status == 503;
        struct cw_provider_error error;
        char why[160];

        cw_provider_decode_error((char *)answer->body, answer->body_len, &error);
        snprintf(why, sizeof(why), "the API answered %ld%s%s", answer->status, error.code[0] ? " " : "", error.code);
        if (answer->status == 401 || answer->status == 403)
                refused(source, answer, error.code[0] ? error.code : why);
        else if (answer->status < 500 && !asks_to_wait && error.code[0])
                refused(source, answer, error.code);
        else
                failed(source, why, asks_to_wait, asks_to_wait ? answer->retry_after_ms : 0);
}

static void judge(struct cw_source *source, const struct cw_http_answer *answer)
{
        bool never_arrived = answer->failure == CW_HTTP_RESOLVE || answer->failure == CW_HTTP_CONNECT;

        if (answer->failure != CW_HTTP_OK)
                failed(source, answer->message ? answer->message : "the request failed", never_arrived, 0);
        else if (answer->status >= 200 && answer->status <= 299)
                take_token(source, answer);
        else
                take_error(source, answer);
}

static void on_done(void *data, struct cw_http_answer *answer)
{
        struct cw_source_request *request = data;
        struct cw_source *source = request->source;

        if (cw_source_landed(request))
                judge(source, answer);
        cw_source_pump(source);
        cw_source_unref(source);
}

static int send_login(struct cw_source *source)
{
        struct cw_buf url = CW_BUF_NULL, body = CW_BUF_NULL, otp = CW_BUF_NULL;
        struct cw_http_header headers[3] = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
        struct cw_http_request http = {.method = "POST", .headers = headers, .n_headers = 2};
        int r;

        cw_source_fill_request(source, &http);
        http.max_response = RESPONSE_MAX;
        cw_buf_printf(&url, "%s" PATH, source->url);
        r = cw_source_take_otp(source, cw_source_now().wall, &otp);
        cw_provider_encode_login(source->username, source->password, otp.len > 0 ? cw_buf_text(&otp) : NULL, &body);
        if (cw_buf_error(&url) < 0 || cw_buf_error(&body) < 0 || cw_buf_error(&otp) < 0)
                r = -ENOMEM;
        http.url = cw_buf_text(&url);
        http.body = cw_buf_text(&body);
        http.body_len = body.len;
        if (otp.len > 0)
                headers[http.n_headers++] = (struct cw_http_header){"otp", cw_buf_text(&otp)};
        if (r == 0)
                r = cw_source_send(&source->login, &http, on_done);
        cw_buf_deinit(&url);
        cw_buf_wipe(&body);
        cw_buf_wipe(&otp);
        return r;
}

void cw_source_log_in(struct cw_source *source)
{
        char reason[120];
        int r;

        source->login.source = source;
        r = send_login(source);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "the request could not be sent: %s", strerror(-r));
                failed(source, reason, false, 0);
        }
}
