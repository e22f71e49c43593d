/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of several parts that change, are cut off or refused, while what the listener knows of them changes between
 * request and answer and the source pauses in the middle: what was told is what the pages say, and none is asked for
 * for ever.
 */
#include "source_fixture.c"

#include <inttypes.h>

#include "list.h"
#include "pages.h"

#define CUSTOMERS 500
#define PAGE_SIZE 200
#define PAGES     3
#define HISTORIES 6
#define POLLS     60
#define LONGEST   24000 /* bytes of a page, about */

/* Without retries: once, again after a login, and again as a whole. */
#define ASKED_MOST 3

struct history {
        struct fixture f;
        uint64_t chance;
        struct lanes_list told[PAGES + 1];
        struct cw_buf sent[PAGES + 1];
        bool whole[PAGES + 1]; /* and not cut off */
        size_t digits[PAGES + 1][4]; /* which bytes of the page are other digits than usual */
        unsigned alike, all, bad; /* customers; pages */
        unsigned page_now;
        unsigned of_page[PAGES + 1]; /* requests of this poll */
};

static uint64_t on_knows(void *data, struct cw_source *source, uint32_t number, int64_t sent_at)
{
        struct history *history = data;

        (void)source;
        (void)number;
        (void)sent_at;
        switch (pages_chance(&history->chance, 12)) {
        case 0:
                return 0;
        case 1:
                return pages_chance(&history->chance, UINT32_MAX);
        default:
                return UINT64_MAX;
        }
}

static bool on_repeats(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page)
{
        struct history *history = data;

        (void)source;
        return lanes_list_repeats(&history->told[number], page);
}

static void on_told(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page, int64_t sent_at)
{
        struct history *history = data;
        struct cw_page truth = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        const char *what;
        cw_autofree char *copy = strdup(cw_buf_text(&history->sent[number]));

        assert_true(history->whole[number]);
        assert_int_equal(cw_provider_decode_page(copy, strlen(copy), 0, &truth, &error), 0);
        what = lanes_list_differs(&history->told[number], page, &truth);
        if (what)
                fail_msg("page %u: %s", (unsigned)number, what);
        history->alike += (unsigned)(page->n_listed - page->n_customers);
        history->all += (unsigned)page->n_listed;
        cw_page_deinit(&truth);
        on_page(&history->f, source, number, page, sent_at);
}

static void before_page(struct fake_api *api, unsigned page)
{
        struct history *history = api->with_data;

        history->page_now = page;
        history->of_page[page]++;
}

static void change_body(void *data, char *body)
{
        struct history *history = data;
        unsigned page = history->page_now;
        size_t len = strlen(body);

        for (size_t i = 0; i < CW_ARRAY_SIZE(history->digits[page]); i++) {
                size_t at = history->digits[page][i];

                if (at > 0 && at < len && body[at] >= '0' && body[at] <= '9')
                        body[at] = body[at] == '9' ? '8' : (char)(body[at] + 1);
        }
        history->whole[page] = true;
        if (pages_chance(&history->chance, 25) == 0) {
                history->whole[page] = false;
                body[pages_chance(&history->chance, (unsigned)len)] = '\0';
        }
        cw_buf_clear(&history->sent[page]);
        cw_buf_puts(&history->sent[page], body);
}

/* What is under way is cancelled, and the next poll has its slots. */
static void pause_and_start(struct history *history)
{
        struct fixture *f = &history->f;

        f->wanted = f->ended + 1;
        f->api.script.delay_ms = 4;
        f->on_later = DEED_PAUSE;
        cw_timer_start(f->later, 2 + pages_chance(&history->chance, 10));
        cw_source_poll_now(f->source);
        while (f->pauses == 0)
                cw_loop_run(f->loop);
        f->pauses = 0;
        f->api.script.delay_ms = 0;
        f->wanted = f->ended + 1;
        run(f, false);
}

static void poll(struct history *history)
{
        memset(history->of_page, 0, sizeof(history->of_page));
        poll_again(&history->f, 1);
        for (unsigned page = 1; page <= PAGES; page++)
                if (history->of_page[page] > ASKED_MOST)
                        fail_msg("page %u was asked for %u times", page, history->of_page[page]);
}

/* What is other in the next poll. */
static void change(struct history *history, unsigned page)
{
        static const enum fault faults[] = {FAULT_500, FAULT_401, FAULT_RESET, FAULT_GARBAGE, FAULT_NUMBER};
        struct fake_api *api = &history->f.api;

        for (unsigned n = pages_chance(&history->chance, 3); n > 0; n--) {
                size_t at = pages_chance(&history->chance, 2 * LONGEST);

                history->digits[page][pages_chance(&history->chance, 4)] = at < LONGEST ? at : 0;
        }
        api->script.fault = faults[pages_chance(&history->chance, CW_ARRAY_SIZE(faults))];
        api->script.fault_page = page;
        api->script.fault_times = api->faults_made + (pages_chance(&history->chance, 4) == 0);
}

static void play(uint64_t seed, unsigned *alike, unsigned *all)
{
        static struct history history;
        struct cw_source_options options = usual_options();
        struct cw_source_listener listener = all_listener;

        print_message("CARDWATCH_SEED=%" PRIu64 "\n", seed);
        history = (struct history){.chance = seed};
        listener.page = on_told;
        listener.knows_page = on_knows;
        listener.repeats = on_repeats;
        options.page_size = PAGE_SIZE;
        options.max_response = 500000;
        options.retries = 0;
        setup_with(&history.f, &(struct fake_script){.customers = CUSTOMERS}, options, &listener);
        history.f.api.before_page = before_page;
        history.f.api.with_body = change_body;
        history.f.api.with_data = &history;
        run(&history.f, false);
        for (int i = 0; i < POLLS; i++) {
                change(&history, 1 + pages_chance(&history.chance, PAGES));
                if (pages_chance(&history.chance, 6) == 0)
                        pause_and_start(&history);
                else
                        poll(&history);
                history.bad += history.f.summary.pages_bad;
        }
        print_message("%u of %u customers alike, %u pages bad\n", history.alike, history.all, history.bad);
        *alike += history.alike;
        *all += history.all;
        for (unsigned page = 1; page <= PAGES; page++) {
                lanes_list_deinit(&history.told[page]);
                cw_buf_deinit(&history.sent[page]);
        }
        teardown(&history.f);
}

static void test_what_was_told_is_what_the_pages_say(void **state)
{
        const char *seed = getenv("CARDWATCH_SEED");
        uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
        unsigned alike = 0, all = 0;

        (void)state;
        for (uint64_t i = first; i < first + (seed ? 1 : HISTORIES); i++)
                play(i, &alike, &all);
        assert_true(alike > all / 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_told_is_what_the_pages_say),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
