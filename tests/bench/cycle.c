/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cycle without its input and output, for callgrind: pages are decoded and told to the engine, poll after poll, as
 * the daemon does it. The inclusive count of `measured` is decoding, comparing and rules.
 *
 *   bench_cycle CARDS CUSTOMERS_A_PAGE POLLS CHANGED_A_POLL      after two polls that are not measured
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/arrival.h"
#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "cardwatch/config_report.h"
#include "cardwatch/decoder.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/provider.h"

#include "pages.h"

#define NOW     INT64_C(1700000000000)
#define WARM_UP 2
#define PIECE   61440 /* as the daemon's client reads them */

struct cycle {
        struct cw_decoder *decoder;
        struct cw_engine *engine;
        struct cw_changes changes;
        struct pages *pages;
        struct cw_buf body;
        int64_t now;
};

static void must(int r, const char *what)
{
        if (r == 0)
                return;
        fprintf(stderr, "bench_cycle: %s: %s\n", what, strerror(-r));
        exit(1);
}

static void step(struct cycle *cycle, const struct cw_event *event)
{
        must(cw_engine_step(cycle->engine, event, cycle->now, &cycle->changes), "step");
}

/* As it arrives. */
static void keep(struct cycle *cycle, struct cw_arrival *arrival, const char *bytes, size_t len)
{
        cw_buf_clear(&cycle->body);
        for (size_t at = 0; at < len; at += PIECE)
                cw_arrival_keep(arrival, &cycle->body, bytes + at, len - at < PIECE ? len - at : PIECE);
        must(cw_buf_error(&cycle->body), "memory");
}

static void tell_page(struct cycle *cycle, uint32_t number, const char *bytes, size_t len)
{
        struct cw_event event = {.kind = CW_EVENT_PAGE_SEEN, .at = cycle->now};
        uint64_t known = cw_engine_knows_page(cycle->engine, 0, number, cycle->now);
        struct cw_provider_error error;
        struct cw_arrival arrival;
        const struct cw_page *page;

        cw_decoder_expect(cycle->decoder, number, known, &arrival);
        keep(cycle, &arrival, bytes, len);
        known = cw_engine_knows_page(cycle->engine, 0, number, cycle->now);
        must(cw_decoder_list_page(cycle->decoder, &arrival, known, cycle->body.data, cycle->body.len, &page, &error),
             "page");
        event.page = (struct cw_page_told){.number = number,
                                           .customers = page->customers,
                                           .n_customers = page->n_customers,
                                           .cards = page->cards,
                                           .n_cards = page->n_cards,
                                           .parts = page->parts,
                                           .n_parts = page->n_parts,
                                           .whole = page->n_bad == 0};
        must(cw_engine_repeats(cycle->engine, 0, &event.page) ? -EINVAL : 0, "a card stands twice");
        cw_decoder_told(cycle->decoder);
        step(cycle, &event);
}

static void end_poll(struct cycle *cycle, struct cw_event *event)
{
        event->kind = CW_EVENT_PAGES_READ;
        step(cycle, event);
        event->kind = CW_EVENT_POLL_ENDED;
        step(cycle, event);
}

/* One of the two: a page, or the end of the poll. */
__attribute__((noinline, used)) static void measured(struct cycle *cycle, uint32_t number, const char *bytes,
                                                     size_t len, struct cw_event *end)
{
        if (bytes)
                tell_page(cycle, number, bytes, len);
        else
                end_poll(cycle, end);
}

static void poll(struct cycle *cycle, bool counts)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = cycle->now};

        step(cycle, &event);
        for (size_t i = 1; i <= pages_count(cycle->pages); i++) {
                size_t len = 0;
                const char *bytes = pages_get(cycle->pages, i, &len);

                if (counts)
                        measured(cycle, (uint32_t)i, bytes, len, NULL);
                else
                        tell_page(cycle, (uint32_t)i, bytes, len);
        }
        event.poll.pages_good = (unsigned)pages_count(cycle->pages);
        event.poll.auth = CW_AUTH_OK;
        if (counts)
                measured(cycle, 0, NULL, 0, &event);
        else
                end_poll(cycle, &event);
        cw_changes_deinit(&cycle->changes);
        cycle->now += CW_MINUTE_MS;
}

int main(int argc, char **argv)
{
        struct cw_config_load_options offline = {.offline = true};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cycle cycle = {.now = NOW};
        struct cw_config *config;
        int polls;

        if (argc < 5) {
                fprintf(stderr, "usage: %s CARDS CUSTOMERS_A_PAGE POLLS CHANGED_A_POLL\n", argv[0]);
                return 64;
        }
        cycle.pages = pages_new(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10), PAGES_EVEN);
        must(cw_config_load(BENCH_FOLDER "/ten_rules.yaml", &offline, &config, &report), "ten_rules.yaml");
        must(cw_decoder_new(false, &cycle.decoder), "decoder");
        must(cw_engine_new(config->rules, &cycle.engine), "engine");
        polls = WARM_UP + atoi(argv[3]);
        for (int i = 0; i < polls; i++) {
                if (i > 0)
                        pages_change(cycle.pages, strtoul(argv[4], NULL, 10));
                poll(&cycle, i >= WARM_UP);
        }
        cw_engine_free(cycle.engine);
        cw_decoder_free(cycle.decoder);
        cw_buf_deinit(&cycle.body);
        cw_config_free(config);
        cw_config_report_deinit(&report);
        pages_free(cycle.pages);
        return 0;
}
