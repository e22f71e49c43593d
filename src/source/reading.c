/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one request for one customer, and the judging of its answer: found, gone, or to be asked again. Who wanted to
 * know, the poll or the faster lane, hears of it at the end only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/decoder.h"
#include "cardwatch/log.h"

#include "answer.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

#define PATH "/api/v1/customer/cards/byuser"

#define LOGGED_MAX 10

struct outcome {
        enum cw_read_result result;
        const struct cw_page *page; /* NULL: not found */
        const char *reason; /* "" when found */
        int64_t sent_at;
};

static struct cw_round *round_of(struct cw_source_request *request)
{
        return request->lane ? &request->lane->round : &request->source->poll.look_ups;
}

static void tell_look_up(struct cw_source_request *request, const struct outcome *outcome)
{
        struct cw_source *source = request->source;

        if (outcome->result == CW_READ_UNREADABLE && source->poll.failures_logged++ < LOGGED_MAX)
                cw_log(source->log, CW_LOG_WARNING, "look-up-failed", "source", "%s", source->name, "customer", "%lld",
                       (long long)request->customer, "reason", "%s", outcome->reason, NULL);
        if (source->listener.customer_read)
                source->listener.customer_read(source->data, source, request->customer, outcome->result, outcome->page,
                                               outcome->sent_at);
}

static void tell_watch(struct cw_source_request *request, const struct outcome *outcome)
{
        struct cw_source *source = request->source;
        struct cw_source_lane *lane = request->lane;

        if (outcome->result != CW_READ_FOUND) {
                if (lane->n_failed++ == 0)
                        snprintf(lane->reason, sizeof(lane->reason), "customer %" PRId64 ": %s", request->customer,
                                 outcome->reason);
        } else if (source->listener.watched) {
                source->listener.watched(source->data, source, outcome->page, outcome->sent_at);
        }
}

static void tell_again(struct cw_source_request *request, const struct outcome *outcome)
{
        struct cw_source *source = request->source;

        if (outcome->result == CW_READ_UNREADABLE)
                cw_log(source->log, CW_LOG_WARNING, "read-again-failed", "source", "%s", source->name, "customer",
                       "%lld", (long long)request->customer, "reason", "%s", outcome->reason, NULL);
        if (source->listener.read_again)
                source->listener.read_again(source->data, source, request->customer, outcome->result, outcome->page,
                                            outcome->sent_at);
}

static void settled(struct cw_source_request *request, const struct outcome *outcome)
{
        if (request->lane && request->lane->again)
                tell_again(request, outcome);
        else if (request->lane)
                tell_watch(request, outcome);
        else
                tell_look_up(request, outcome);
}

static void failed(struct cw_source_request *request, const char *reason, bool final, int64_t sent_at)
{
        struct outcome outcome = {.result = CW_READ_UNREADABLE, .reason = reason, .sent_at = sent_at};

        if (cw_round_failed(round_of(request), request->slot, final, cw_source_now().mono, cw_source_chance()))
                settled(request, &outcome);
}

/*
 * Only the customer's own id can be said to be wrong by that: what is said of another field is our request's fault. The
 * id is all that is asked with, so it is meant where no field is named.
 */
static bool says_gone(const struct cw_provider_error *error)
{
        return strcasecmp(error->code, "Invalid") == 0 &&
               (error->field[0] == '\0' || strcasecmp(error->field, "customersId") == 0 ||
                strcasecmp(error->field, "customerId") == 0);
}

static void gone(struct cw_source_request *request, int64_t sent_at)
{
        struct outcome outcome = {
                .result = CW_READ_GONE, .reason = "the API knows no such customer", .sent_at = sent_at};

        cw_source_served(request);
        cw_round_settled(round_of(request), request->slot);
        settled(request, &outcome);
}

static void found(struct cw_source_request *request, const struct cw_page *page, int64_t sent_at)
{
        struct outcome outcome = {.result = CW_READ_FOUND, .page = page, .reason = "", .sent_at = sent_at};

        cw_source_served(request);
        cw_round_settled(round_of(request), request->slot);
        settled(request, &outcome);
}

static void take_customer(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        const struct cw_page *page = NULL;
        struct cw_provider_error error = {0};
        int r = cw_decoder_page(request->source->decoder, (char *)answer->body, answer->body_len, 1, &page, &error);

        if (r == CW_PROVIDER_REFUSED && says_gone(&error)) {
                gone(request, answer->sent_at);
                return;
        }
        if (r != CW_PROVIDER_OK) {
                failed(request, r < 0 ? "out of memory" : error.reason, false, answer->sent_at);
                return;
        }
        if (page->n_customers == 1 && page->customers[0].id == request->customer)
                found(request, page, answer->sent_at);
        else
                failed(request, page->n_customers == 0 ? "the answer has no customer" : "the answer is about another",
                       false, answer->sent_at);
}

static bool is_request_error(long status)
{
        return status >= 400 && status <= 499 && status != 403 && status != 408 && status != 429;
}

static void judge(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        struct cw_source_verdict verdict;

        cw_source_judge(source, answer, &verdict);
        if (verdict.kind == CW_VERDICT_BODY) {
                take_customer(request, answer);
        } else if (verdict.kind == CW_VERDICT_FAILED) {
                if (is_request_error(answer->status) && says_gone(&verdict.error))
                        gone(request, answer->sent_at);
                else
                        failed(request, verdict.reason, verdict.final, answer->sent_at);
        } else if (request->lane && source->api_key) {
                /* Whether a key is good is the poll's to say. */
                failed(request, verdict.reason, true, answer->sent_at);
        } else {
                if (cw_source_may_repeat(request, &verdict))
                        cw_round_again(round_of(request), request->slot, cw_source_now().mono);
                else if (request->counts)
                        failed(request, verdict.reason, true, answer->sent_at);
        }
}

static void on_done(void *data, struct cw_http_answer *answer)
{
        struct cw_source_request *request = data;
        struct cw_source *source = request->source;

        if (cw_source_landed(request, answer))
                judge(request, answer);
        cw_source_pump(source);
        cw_source_unref(source);
}

void cw_source_ask_customer(struct cw_source *source, struct cw_source_lane *lane, unsigned slot, size_t index)
{
        struct cw_source_request *request = lane ? &lane->requests[slot] : &source->look_ups[slot];
        struct cw_round *round = lane ? &lane->round : &source->poll.look_ups;
        char path[96], reason[120];
        int r;

        if (cw_round_asked(round, slot, index))
                *request = (struct cw_source_request){.source = source, .lane = lane};
        request->kind = lane ? CW_REQUEST_WATCH : CW_REQUEST_LOOK_UP;
        request->slot = slot;
        request->customer = round->customers[index];
        snprintf(path, sizeof(path), PATH "?customersId=%" PRId64, request->customer);
        r = cw_source_get(request, path, on_done);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "the request could not be sent: %s", strerror(-r));
                failed(request, reason, false, 0);
        }
}
