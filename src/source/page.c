/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one request for one page, and the judging of its answer: good, to be asked again, or the account's fault. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/decoder.h"
#include "cardwatch/log.h"

#include "answer.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

/* Failures that are logged one by one in a poll: the rest is in the count at its end. */
#define LOGGED_MAX 10

static void failed(struct cw_source_request *request, const char *reason, bool final)
{
        struct cw_source *source = request->source;
        struct cw_cycle_failure failure = {.reason = reason, .final = final, .chance = cw_source_chance()};

        if (!cw_cycle_failed(&source->poll.cycle, request->slot, &failure, cw_source_now().mono))
                return;
        if (source->poll.failures_logged++ < LOGGED_MAX)
                cw_log(source->log, CW_LOG_WARNING, "page-failed", "source", "%s", source->name, "page", "%u",
                       request->page, "reason", "%s", reason, NULL);
}

static void settle_good(struct cw_source_request *request, const struct cw_cycle_answer *facts)
{
        struct cw_source *source = request->source;

        cw_cycle_good(&source->poll.cycle, request->slot, facts, cw_source_now().mono);
        source->good_page = request->page;
}

static bool has_alike(const struct cw_page *page)
{
        return page->n_listed > page->n_customers;
}

static uint64_t known_parts(const struct cw_source_request *request, int64_t sent_at)
{
        const struct cw_source *source = request->source;

        if (!source->listener.knows_page || !cw_decoder_knows(source->decoder, request->page))
                return 0;
        return source->listener.knows_page(source->data, request->source, request->page, sent_at);
}

/* What the listener knows is passed over, unless it cannot be told so. -EAGAIN: the whole page is needed for that. */
static int decode(struct cw_source_request *request, const struct cw_http_answer *answer,
                  const struct cw_page **ret_page, struct cw_provider_error *ret_error)
{
        struct cw_source *source = request->source;
        const struct cw_source_listener *listener = &source->listener;
        const struct cw_arrival *arrival = &request->arrival;
        uint64_t known = known_parts(request, answer->sent_at);
        char *body = (char *)answer->body;
        int r = cw_decoder_list_page(source->decoder, arrival, known, body, answer->body_len, ret_page, ret_error);

        if (r == CW_PROVIDER_OK && has_alike(*ret_page) && (*ret_page)->n_cards > 0 &&
            listener->repeats(source->data, source, request->page, *ret_page))
                r = cw_decoder_list_page(source->decoder, arrival, 0, body, answer->body_len, ret_page, ret_error);
        return r;
}

static void take_page(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        const struct cw_page *page = NULL;
        struct cw_provider_error error = {0};
        struct cw_cycle_answer facts;
        char why[120];
        int r = decode(request, answer, &page, &error);

        if (r == -EAGAIN) {
                cw_log(source->log, CW_LOG_DEBUG, "page-again", "source", "%s", source->name, "page", "%u",
                       request->page, NULL);
                request->keep_all = true;
                cw_cycle_again(&source->poll.cycle, request->slot, cw_source_now().mono);
                return;
        }
        if (r != CW_PROVIDER_OK) {
                failed(request, r < 0 ? "out of memory" : error.reason, false);
                return;
        }
        cw_source_served(request);
        facts = (struct cw_cycle_answer){
                .n_customers = page->n_listed,
                .page_size = page->page_size,
                .page_number = page->page_number,
                .number_of_pages = page->number_of_pages,
        };
        if (!cw_cycle_fits(&source->poll.cycle, request->slot, &facts, why, sizeof(why))) {
                failed(request, why, false);
                return;
        }
        settle_good(request, &facts);
        cw_decoder_told(source->decoder);
        source->listener.page(source->data, source, request->page, page, answer->sent_at);
}

static void judge(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        struct cw_source_verdict verdict;

        cw_source_judge(source, answer, &verdict);
        switch (verdict.kind) {
        case CW_VERDICT_BODY:
                take_page(request, answer);
                break;
        case CW_VERDICT_UNAUTHORIZED:
                if (cw_source_may_repeat(request, &verdict))
                        cw_cycle_again(&source->poll.cycle, request->slot, cw_source_now().mono);
                else if (request->counts)
                        failed(request, verdict.reason, true);
                break;
        case CW_VERDICT_FAILED:
        default:
                failed(request, verdict.reason, verdict.final);
                break;
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

void cw_source_ask_page(struct cw_source *source, unsigned slot, uint32_t page)
{
        struct cw_source_request *request = &source->pages[slot];
        char reason[120];
        int r;

        if (cw_cycle_asked(&source->poll.cycle, slot, page))
                *request = (struct cw_source_request){.source = source, .kind = CW_REQUEST_PAGE};
        request->slot = slot;
        request->page = page;
        cw_decoder_expect(source->decoder, page, request->keep_all ? 0 : known_parts(request, cw_source_now().wall),
                          &request->arrival);
        r = cw_source_get_page(request, on_done);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "the request could not be sent: %s", strerror(-r));
                failed(request, reason, false);
        }
}
