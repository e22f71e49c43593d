/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evaluating costs beside decoding: pages of cards are decoded and told to the engine, poll after poll, with a
 * week of changes behind every card and one card in a hundred changing at each poll.
 *
 *   bench_evaluation [CARDS [POLLS]]
 *
 * Prints the time of both, the memory, and what a card's past takes. Under callgrind the inclusive counts of
 * measure_decoding and measure_evaluation are the same comparison in instructions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "cardwatch/config_report.h"
#include "cardwatch/engine.h"
#include "cardwatch/provider.h"
#include "cardwatch/recall.h"

#define NOW            INT64_C(1700000000000)
#define WEEK_MS        (7 * CW_DAY_MS)
#define PAST_CHANGES   100 /* of each card in the week: one poll in a hundred */
#define PAGE_CUSTOMERS 1000

struct bench {
        struct cw_engine *engine;
        struct cw_changes changes;
        int64_t *available; /* of each card, in cents */
        size_t n_cards;
        uint64_t random;
        int64_t decoding_us, evaluation_us;
};

static uint64_t next_random(struct bench *bench)
{
        bench->random = bench->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return bench->random >> 33;
}

static int64_t clock_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void must(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        exit(1);
}

static void step(struct bench *bench, const struct cw_event *event, int64_t now)
{
        must(cw_engine_step(bench->engine, event, now, &bench->changes), "step");
}

static void write_page(const struct bench *bench, size_t first, struct cw_buf *buf)
{
        size_t end = first + PAGE_CUSTOMERS < bench->n_cards ? first + PAGE_CUSTOMERS : bench->n_cards;

        cw_buf_puts(buf, "{\"id\":0,\"details\":[");
        for (size_t i = first; i < end; i++)
                cw_buf_printf(buf,
                              "%s{\"customersId\":%zu,\"customersReference\":\"customer-%zu\",\"cards\":[{\"id\":%zu,"
                              "\"currency\":\"usd\",\"cardNumber\":\"4111111111111111\",\"totalBalance\":%" PRId64
                              ".%02d,\"availableBalance\":%" PRId64 ".%02d,\"pendingBalance\":0.0,"
                              "\"bSuppressed\":false}]}",
                              i > first ? "," : "", i + 1, i + 1, i + 1, bench->available[i] / 100,
                              (int)(bench->available[i] % 100), bench->available[i] / 100,
                              (int)(bench->available[i] % 100));
        cw_buf_puts(buf, "],\"pageSize\":1000,\"pageNumber\":1,\"numberOfPages\":1,\"status\":\"1\",\"errors\":[]}");
        must(cw_buf_error(buf), "page");
}

__attribute__((noinline)) static void measure_decoding(struct bench *bench, struct cw_buf *bytes, struct cw_page *page)
{
        struct cw_provider_error error;
        int64_t begun = clock_us();

        if (cw_provider_decode_page((char *)bytes->data, bytes->len, 0, page, &error) != CW_PROVIDER_OK) {
                fprintf(stderr, "%s\n", error.reason);
                exit(1);
        }
        bench->decoding_us += clock_us() - begun;
}

__attribute__((noinline)) static void measure_evaluation(struct bench *bench, const struct cw_page *page, int64_t now)
{
        struct cw_event event = {.kind = CW_EVENT_CUSTOMER_SEEN, .at = now};
        int64_t begun = clock_us();

        for (size_t i = 0; i < page->n_customers; i++) {
                event.customer = page->customers[i].id;
                step(bench, &event, now);
        }
        event.kind = CW_EVENT_CARD_SEEN;
        for (size_t i = 0; i < page->n_cards; i++) {
                event.card = &page->cards[i];
                step(bench, &event, now);
        }
        bench->evaluation_us += clock_us() - begun;
}

__attribute__((noinline)) static void measure_evaluation_end(struct bench *bench, struct cw_event *event, int64_t now)
{
        int64_t begun = clock_us();

        event->kind = CW_EVENT_PAGES_READ;
        step(bench, event, now);
        event->kind = CW_EVENT_POLL_ENDED;
        step(bench, event, now);
        bench->evaluation_us += clock_us() - begun;
}

static void poll(struct bench *bench, int64_t now)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = now};

        step(bench, &event, now);
        for (size_t first = 0; first < bench->n_cards; first += PAGE_CUSTOMERS) {
                struct cw_buf bytes = CW_BUF_NULL;
                struct cw_page page = CW_PAGE_NULL;

                write_page(bench, first, &bytes);
                measure_decoding(bench, &bytes, &page);
                measure_evaluation(bench, &page, now);
                cw_page_deinit(&page);
                cw_buf_deinit(&bytes);
        }
        event.poll.pages_good = 1;
        event.poll.auth = CW_AUTH_OK;
        measure_evaluation_end(bench, &event, now);
        cw_changes_deinit(&bench->changes);
}

/* A week of changes behind every card, as a journal would hand them in. */
static void recall(struct bench *bench)
{
        int64_t first_seen_at = NOW - 2 * WEEK_MS;

        cw_recall_begin(bench->engine);
        for (size_t i = 0; i < bench->n_cards; i++) {
                struct cw_card_row row = {.source = (char *)"main",
                                          .card = {.id = (int64_t)i + 1, .customer = (int64_t)i + 1, .currency = "USD"},
                                          .changed = 1,
                                          .has_before = true,
                                          .first_seen_at = first_seen_at};

                for (int k = 0; k < PAST_CHANGES; k++) {
                        row.observed_at = NOW - WEEK_MS + (int64_t)(next_random(bench) % 60000) + k * (WEEK_MS / 100);
                        row.before.available = row.card.available;
                        row.card.available = (int64_t)(next_random(bench) % 100000) * 10000;
                        must(cw_recall_card(bench->engine, &row), "recall");
                }
        }
        must(cw_recall_end(bench->engine), "recall");
}

static long resident_kb(void)
{
        FILE *file = fopen("/proc/self/statm", "r");
        long pages = 0;

        if (file && fscanf(file, "%*d %ld", &pages) != 1)
                pages = 0;
        if (file)
                fclose(file);
        return pages * 4;
}

int main(int argc, char **argv)
{
        struct bench bench = {.n_cards = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000, .random = 1};
        int polls = argc > 2 ? atoi(argv[2]) : 10;
        struct cw_config_load_options offline = {.offline = true};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_config *config;
        long before_kb, without_kb, with_kb;

        must(cw_config_load(BENCH_FOLDER "/rules.yaml", &offline, &config, &report), "rules.yaml");
        must(cw_engine_new(config->rules, &bench.engine), "engine");
        bench.available = calloc(bench.n_cards, sizeof(*bench.available));
        for (size_t i = 0; i < bench.n_cards; i++)
                bench.available[i] = 50000 + (int64_t)(next_random(&bench) % 100000);
        before_kb = resident_kb();
        poll(&bench, NOW - 2 * WEEK_MS);
        without_kb = resident_kb();
        recall(&bench);
        with_kb = resident_kb();
        poll(&bench, NOW); /* after two weeks of which nobody saw anything */
        bench.decoding_us = bench.evaluation_us = 0;
        for (int k = 1; k <= polls; k++) {
                for (size_t i = 0; i < bench.n_cards / 100; i++)
                        bench.available[next_random(&bench) % bench.n_cards] += 100;
                poll(&bench, NOW + k * CW_MINUTE_MS);
        }
        printf("%zu cards, %d polls: decoding %" PRId64 " ms, evaluation %" PRId64 " ms a poll\n", bench.n_cards, polls,
               bench.decoding_us / polls / 1000, bench.evaluation_us / polls / 1000);
        printf("resident: %ld kB for the cards, %ld kB more for a week of %d changes of each\n", without_kb - before_kb,
               with_kb - without_kb, PAST_CHANGES);
        cw_engine_free(bench.engine);
        cw_config_free(config);
        cw_config_report_deinit(&report);
        free(bench.available);
        return 0;
}
