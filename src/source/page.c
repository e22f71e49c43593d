/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one request for one page, and the judging of its answer: good, to be asked again, or the account's fault. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/log.h"
#include "cardwatch/provider.h"

#include "request.h"
#include "source_private.h"

#define PATH "/api/v1/customer/cards/byuser/list"

/* New logins after a 401 in one poll; an API that kills its tokens faster is not usable. */
#define LOGINS_AGAIN_MAX 3

/* Failures of pages that are logged one by one in a poll: the rest is in the count at its end. */
#define LOGGED_MAX 10

static void log_failure(struct cw_source *source, uint32_t page, const char *reason)
{
        if (source->poll.pages_logged++ < LOGGED_MAX)
                cw_log(source->log, CW_LOG_WARNING, "page-failed", "source", "%s", source->name, "page", "%u", page,
                       "reason", "%s", reason, NULL);
}

static void failed(struct cw_source_request *request, const char *reason, int64_t asked_ms, bool final)
{
        struct cw_source *source = request->source;
        struct cw_cycle_failure failure = {
                .reason = reason,
                .asked_ms = asked_ms,
                .final = final,
                .chance = cw_source_chance(),
        };

        if (asked_ms > 0)
                cw_source_hold(source, asked_ms);
        if (cw_cycle_failed(&source->poll.cycle, request->slot, &failure, cw_source_now().mono))
                log_failure(source, request->page, reason);
}

void cw_source_auth_failed(struct cw_source *source, const char *reason)
{
        source->poll.auth = CW_POLL_AUTH_FAILED;
        cw_cycle_stop(&source->poll.cycle, reason);
        cw_source_cancel_requests(source);
}

static void describe_status(const struct cw_http_answer *answer, char *reason, size_t size)
{
        struct cw_provider_error error;

        /* The transfer's own buffer: cut to four digits in place, then wiped with the transfer. */
        cw_provider_decode_error((char *)answer->body, answer->body_len, &error);
        if (error.code[0])
                snprintf(reason, size, "the API answered %ld (%s)", answer->status, error.code);
        else
                snprintf(reason, size, "the API answered %ld", answer->status);
}

/* A token can die early: one new login, then the request once more. */
static void unauthorized(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        struct cw_source_poll *poll = &source->poll;
        bool current = request->generation == source->auth.generation;
        char reason[200], why[120];

        describe_status(answer, why, sizeof(why));
        if (source->api_key) {
                snprintf(reason, sizeof(reason), "page %" PRIu32 ": %s to the API key", request->page, why);
        } else if (request->repeated_page == request->page) {
                snprintf(reason, sizeof(reason), "page %" PRIu32 ": %s again after a new login", request->page, why);
        } else if (current && poll->logins_again == LOGINS_AGAIN_MAX) {
                snprintf(reason, sizeof(reason), "page %" PRIu32 ": %s after %d new logins", request->page, why,
                         LOGINS_AGAIN_MAX);
        } else {
                request->repeated_page = request->page;
                /* The current one is gone already when another page's 401 came first. */
                if (current && source->auth.token) {
                        poll->logins_again++;
                        cw_auth_token_died(&source->auth, request->generation);
                }
                cw_cycle_again(&poll->cycle, request->slot, cw_source_now().mono);
                return;
        }
        log_failure(source, request->page, why);
        cw_auth_token_died(&source->auth, request->generation);
        cw_source_auth_failed(source, reason);
}

static void take_page(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        struct cw_cycle_answer facts;
        char why[120];
        int r = cw_provider_decode_page((char *)answer->body, answer->body_len, 0, &page, &error);

        if (r != CW_PROVIDER_OK) {
                failed(request, r < 0 ? "out of memory" : error.reason, 0, false);
                return;
        }
        facts = (struct cw_cycle_answer){
                .n_customers = page.n_customers,
                .page_size = page.page_size,
                .page_number = page.page_number,
                .number_of_pages = page.number_of_pages,
        };
        if (cw_cycle_fits(&source->poll.cycle, request->slot, &facts, why, sizeof(why))) {
                cw_cycle_good(&source->poll.cycle, request->slot, &facts, cw_source_now().mono);
                source->poll.auth = CW_POLL_AUTH_OK;
                source->listener.page(source->data, source, &page, answer->sent_at);
        } else {
                failed(request, why, 0, false);
        }
        cw_page_deinit(&page);
}

static void judge(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        bool asks_to_wait = answer->status == 429 || answer->status == 503;
        char reason[160];

        if (answer->failure != CW_HTTP_OK) {
                snprintf(reason, sizeof(reason), "%s", answer->message ? answer->message : "the request failed");
                failed(request, reason, 0, answer->failure == CW_HTTP_TOO_LARGE);
        } else if (answer->status == 401 || (answer->status == 403 && source->api_key)) {
                unauthorized(request, answer);
        } else if (answer->status >= 200 && answer->status <= 299) {
                take_page(request, answer);
        } else {
                describe_status(answer, reason, sizeof(reason));
                failed(request, reason, asks_to_wait ? answer->retry_after_ms : 0, false);
        }
}

static void on_done(void *data, struct cw_http_answer *answer)
{
        struct cw_source_request *request = data;
        struct cw_source *source = request->source;

        if (cw_source_landed(request))
                judge(request, answer);
        cw_source_pump(source);
        cw_source_unref(source);
}

static int send_page(struct cw_source_request *request)
{
        struct cw_source *source = request->source;
        struct cw_buf url = CW_BUF_NULL, authorization = CW_BUF_NULL, otp = CW_BUF_NULL;
        struct cw_http_header headers[3] = {{"Accept", "application/json"}};
        struct cw_http_request http = {.method = "GET", .headers = headers, .n_headers = 2, .compressed = true};
        int r;

        cw_source_fill_request(source, &http);
        cw_buf_printf(&url, "%s" PATH "?pageNumber=%" PRIu32 "&pageSize=%" PRIu32, source->url, request->page,
                      source->options.page_size);
        cw_auth_append_header(&source->auth, &authorization);
        r = cw_source_take_otp(source, cw_source_now().wall, &otp);
        if (cw_buf_error(&url) < 0 || cw_buf_error(&authorization) < 0 || cw_buf_error(&otp) < 0)
                r = -ENOMEM;
        http.url = cw_buf_text(&url);
        headers[1] = (struct cw_http_header){"Authorization", cw_buf_text(&authorization)};
        if (otp.len > 0)
                headers[http.n_headers++] = (struct cw_http_header){"otp", cw_buf_text(&otp)};
        if (r == 0)
                r = cw_source_send(request, &http, on_done);
        cw_buf_deinit(&url);
        cw_buf_wipe(&authorization);
        cw_buf_wipe(&otp);
        return r;
}

void cw_source_ask_page(struct cw_source *source, unsigned slot, uint32_t page)
{
        struct cw_source_request *request = &source->pages[slot];
        char reason[120];
        int r;

        cw_cycle_asked(&source->poll.cycle, slot, page);
        request->source = source;
        request->slot = slot;
        request->page = page;
        request->generation = source->auth.generation;
        r = send_page(request);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "the request could not be sent: %s", strerror(-r));
                failed(request, reason, 0, false);
        }
}
