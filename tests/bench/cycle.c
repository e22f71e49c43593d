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

struct cycle {
        struct cw_decoder *decoder;
        struct cw_engine *engine;
        struct cw_changes changes;
        struct pages *pages;
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

static void tell_page(struct cycle *cycle, uint32_t number, char *bytes, size_t len)
{
        struct cw_event event = {.kind = CW_EVENT_PAGE_SEEN, .at = cycle->now};
        uint64_t known = cw_engine_knows_page(cycle->engine, 0, number, cycle->now);
        struct cw_provider_error error;
        const struct cw_page *page;

        must(cw_decoder_list_page(cycle->decoder, number, known, bytes, len, &page, &error), "page");
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
__attribute__((noinline, used)) static void measured(struct cycle *cycle, uint32_t number, char *bytes, size_t len,
                                                     struct cw_event *end)
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
                char *page = pages_get(cycle->pages, i, &len), *bytes = malloc(len + 1);

                must(bytes ? 0 : -1, "memory");
                memcpy(bytes, page, len);
                bytes[len] = '\0';
                if (counts)
                        measured(cycle, (uint32_t)i, bytes, len, NULL);
                else
                        tell_page(cycle, (uint32_t)i, bytes, len);
                free(bytes);
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
        cw_config_free(config);
        cw_config_report_deinit(&report);
        pages_free(cycle.pages);
        return 0;
}
