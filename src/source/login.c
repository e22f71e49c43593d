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
#include <strings.h>

#include "cardwatch/buf.h"
#include "cardwatch/log.h"
#include "cardwatch/provider.h"
#include "cardwatch/secret.h"

#include "answer.h"
#include "backoffs.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

#define PATH "/api/v1/public/auth/login"

/* An answer to a login is small, whatever pages may be. */
#define RESPONSE_MAX (1 << 20)

/* From here on a clock is wrong enough to make one-time passwords fail. */
#define SKEW_MS (15 * CW_SECOND_MS)

static void log_failure(struct cw_source *source, const char *reason)
{
        cw_log(source->log, CW_LOG_ERROR, "login-failed", "source", "%s", source->name, "reason", "%s", reason, NULL);
}

void cw_source_auth_failed(struct cw_source *source, const char *reason)
{
        source->poll.auth = CW_POLL_AUTH_FAILED;
        cw_poll_stop(source, reason);
        cw_watch_stop(source, reason);
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
        source->login_failed = true;
        source->locked = strcasecmp(code, "Account_Locked") == 0;
        cw_auth_refused(&source->auth, true, code, now);
        cw_source_auth_failed(source, reason);
}

/* Not refused, but not done either. A token that still lives carries the poll on. */
static void failed(struct cw_source *source, const char *why, bool again)
{
        struct cw_backoff backoff = {.failures = source->login_failures};
        struct cw_auth_now now = cw_source_now();
        int64_t wait_ms = 0;
        char reason[200];

        if (source->auth.token) {
                cw_auth_postpone(&source->auth, now);
                return;
        }
        if (again && cw_poll_runs(source) && !source->poll.given_up &&
            source->login_failures < source->options.retries &&
            cw_backoff_failed(&backoff, &cw_source_backoff_policy, now.mono, 0, cw_source_chance(), &wait_ms) == 0) {
                source->login_failures++;
                source->login_due_mono = now.mono + wait_ms;
                return;
        }
        snprintf(reason, sizeof(reason), "login: %s", why);
        log_failure(source, why);
        source->login_failed = true;
        cw_poll_stop(source, reason);
        cw_watch_stop(source, reason);
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
                source->login_failed = false;
                source->poll.auth = CW_POLL_AUTH_OK;
                cw_log(source->log, CW_LOG_INFO, "logged-in", "source", "%s", source->name, NULL);
                break;
        case CW_PROVIDER_REFUSED:
                refused(source, answer, error.code[0] ? error.code : "without a code");
                break;
        default:
                failed(source, r < 0 ? "out of memory" : error.reason, false);
                break;
        }
}

/* By these the API says that it did look, whatever status they come with. */
static bool is_about_account(const char *code)
{
        return strcasecmp(code, "Username_Or_Password_Incorrect") == 0 || strncasecmp(code, "Account_", 8) == 0;
}

/* Nobody looked at the password, by what the API says. */
static bool came_too_soon(const struct cw_http_answer *answer)
{
        return answer->status == 429 || answer->status == 503;
}

/* By the status alone: refused, not understood, or locked. A gateway that says no more may well have passed it on. */
static bool is_no(long status)
{
        return status == 400 || status == 401 || status == 403 || status == 422 || status == 423;
}

static void take_error(struct cw_source *source, const struct cw_http_answer *answer,
                       const struct cw_source_verdict *verdict)
{
        const char *code = verdict->error.code;

        if (is_no(answer->status) ||
            (code[0] && (is_about_account(code) || (answer->status < 500 && !came_too_soon(answer)))))
                refused(source, answer, code[0] ? code : verdict->reason);
        else
                failed(source, verdict->reason, came_too_soon(answer));
}

static void judge(struct cw_source *source, const struct cw_http_answer *answer)
{
        bool never_arrived = answer->failure == CW_HTTP_RESOLVE || answer->failure == CW_HTTP_CONNECT;
        struct cw_source_verdict verdict;

        cw_source_judge(source, answer, &verdict);
        if (answer->failure != CW_HTTP_OK)
                failed(source, verdict.reason, never_arrived);
        else if (verdict.kind == CW_VERDICT_BODY)
                take_token(source, answer);
        else
                take_error(source, answer, &verdict);
}

static void on_done(void *data, struct cw_http_answer *answer)
{
        struct cw_source_request *request = data;
        struct cw_source *source = request->source;

        if (cw_source_landed(request, answer))
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

        source->login = (struct cw_source_request){.source = source, .kind = CW_REQUEST_LOGIN};
        source->login_sent_mono = cw_source_now().mono;
        r = send_login(source);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "the request could not be sent: %s", strerror(-r));
                failed(source, reason, false);
        }
}
