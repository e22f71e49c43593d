/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: an answer is judged in the same words whatever was asked: did it come, may it be asked for again, must we wait,
 * are we let in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"

#include "answer.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

static void describe_status(const struct cw_http_answer *answer, struct cw_source_verdict *verdict)
{
        const char *code = verdict->error.code, *field = verdict->error.field;

        if (answer->status >= 300 && answer->status <= 399)
                snprintf(verdict->reason, sizeof(verdict->reason),
                         "the API answered %ld, a redirect, and none is followed: is the url right?", answer->status);
        else
                snprintf(verdict->reason, sizeof(verdict->reason), "the API answered %ld%s%s%s%s%s", answer->status,
                         code[0] ? " (" : "", code[0] ? field : "", code[0] && field[0] ? ": " : "", code,
                         code[0] ? ")" : "");
}

static void hold(struct cw_source *source, const struct cw_http_answer *answer, struct cw_source_verdict *verdict)
{
        struct cw_buf wait = CW_BUF_NULL;
        size_t len = strlen(verdict->reason);

        /* Whole seconds: the rest is how long the answer took. */
        cw_duration_format(&wait, (answer->retry_after_ms + CW_SECOND_MS - 1) / CW_SECOND_MS * CW_SECOND_MS);
        snprintf(verdict->reason + len, sizeof(verdict->reason) - len, " and asks to wait %s", cw_buf_text(&wait));
        cw_buf_deinit(&wait);
        cw_source_hold(source, answer->retry_after_ms, verdict->reason);
}

void cw_source_judge(struct cw_source *source, const struct cw_http_answer *answer,
                     struct cw_source_verdict *ret_verdict)
{
        *ret_verdict = (struct cw_source_verdict){.kind = CW_VERDICT_FAILED};
        if (answer->failure != CW_HTTP_OK) {
                snprintf(ret_verdict->reason, sizeof(ret_verdict->reason), "%s",
                         answer->message ? answer->message : "the request failed");
                ret_verdict->final = answer->failure == CW_HTTP_TOO_LARGE;
                return;
        }
        if (answer->status >= 200 && answer->status <= 299) {
                ret_verdict->kind = CW_VERDICT_BODY;
                return;
        }
        /* The transfer's own buffer: cut to four digits in place, then wiped with the transfer. */
        cw_provider_decode_error((char *)answer->body, answer->body_len, &ret_verdict->error);
        describe_status(answer, ret_verdict);
        if (answer->status == 401 || (answer->status == 403 && source->api_key))
                ret_verdict->kind = CW_VERDICT_UNAUTHORIZED;
        else if ((answer->status == 429 || answer->status == 503) && answer->retry_after_ms > 0)
                hold(source, answer, ret_verdict);
}

static struct cw_auth_subject subject_of(const struct cw_source_request *request)
{
        bool customer = request->kind == CW_REQUEST_LOOK_UP || request->kind == CW_REQUEST_WATCH;

        return (struct cw_auth_subject){customer, customer ? request->customer : (int64_t)request->page};
}

static void doubt(const struct cw_source_request *request, const char *why)
{
        struct cw_source *source = request->source;
        struct cw_auth_subject subject = subject_of(request);

        snprintf(source->doubt, sizeof(source->doubt), "%s %" PRId64 ": %s", subject.customer ? "customer" : "page",
                 subject.id, why);
        cw_log(source->log, CW_LOG_INFO, "login-doubted", "source", "%s", source->name, "reason", "%s", source->doubt,
               NULL);
        if (subject.customer || request->page != source->good_page)
                source->probe_page = source->good_page;
}

bool cw_source_may_repeat(struct cw_source_request *request, struct cw_source_verdict *verdict)
{
        struct cw_source *source = request->source;
        struct cw_auth_refusal refusal = {
                .generation = request->generation,
                .repeated = request->repeated,
                .subject = subject_of(request),
        };
        bool doubted = source->auth.doubts > 0;
        size_t len = strlen(verdict->reason);
        const char *why = "";
        enum cw_auth_verdict next = cw_auth_unauthorized(&source->auth, &refusal, &why);

        if (next == CW_AUTH_REPEAT) {
                request->repeated = true;
                return true;
        }
        snprintf(verdict->reason + len, sizeof(verdict->reason) - len, " %s", why);
        if (!doubted && source->auth.doubts > 0)
                doubt(request, verdict->reason);
        if (next == CW_AUTH_DENIED)
                cw_source_settle_doubt(source);
        return false;
}

void cw_source_served(const struct cw_source_request *request)
{
        struct cw_source *source = request->source;
        bool doubted = source->auth.doubts > 0;

        cw_auth_served(&source->auth, request->generation, subject_of(request));
        if (doubted && source->auth.doubts == 0)
                source->probe_page = 0;
        if (request->kind != CW_REQUEST_WATCH)
                source->poll.auth = CW_POLL_AUTH_OK;
}

void cw_source_settle_doubt(struct cw_source *source)
{
        source->probe_page = 0;
        if (!source->api_key && !source->auth.distrusted) {
                cw_log(source->log, CW_LOG_ERROR, "login-refused", "source", "%s", source->name, "reason", "%s",
                       source->doubt, NULL);
                source->login_failed = true;
        }
        source->locked = false;
        cw_auth_refused(&source->auth, false, source->doubt, cw_source_now());
        cw_source_auth_failed(source, source->doubt);
}

void cw_source_hold(struct cw_source *source, int64_t asked_ms, const char *why)
{
        struct cw_buf until = CW_BUF_NULL;
        struct cw_auth_now now = cw_source_now();

        if (cw_gate_hold(&source->gate, asked_ms, now.mono)) {
                cw_clock_format_utc(&until, now.wall + source->gate.held_until - now.mono);
                cw_log(source->log, CW_LOG_WARNING, "held", "source", "%s", source->name, "until", "%s",
                       cw_buf_text(&until), "reason", "%s", why, NULL);
                cw_buf_deinit(&until);
        }
        if (asked_ms > source->options.every_ms)
                cw_poll_give_up(source, why);
}
