/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what goes through much is decided aside, what does not at once, and both decide the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/daemon/committer.h"
#include "../../../src/daemon/decider.h"
#include "../../../src/daemon/turns.h"
#include "cardwatch/card.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/money.h"
#include "cardwatch/rule.h"
#include "ruleset.h"

struct fixture {
        struct cw_loop *loop;
        struct cw_log *log;
        FILE *sink;
        struct cw_engine *engine;
        struct cw_committer *committer;
        struct cw_decider *decider;
        struct cw_turns turns;
        struct cw_timer *timer;
        char told[8];
};

static void store_result(void *data, bool failing, const char *reason)
{
        (void)data;
        (void)failing;
        (void)reason;
}

static void idle(void *data)
{
        (void)data;
}

static void decided(void *data)
{
        struct fixture *f = data;

        strcat(f->told, "d");
}

static void timer_told(void *data)
{
        struct fixture *f = data;

        strcat(f->told, "t");
}

static void setup(struct fixture *f)
{
        struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}};
        struct cw_ruleset *rules = ruleset_build(&spec);
        struct cw_committer_options committer = {.result = store_result, .idle = idle};
        struct cw_decider_options decider = {
                .turns = &f->turns,
                .clocks_apart_ms = cw_clock_wall_ms() - cw_clock_mono_ms(),
        };

        *f = (struct fixture){.sink = fopen("/dev/null", "w")};
        assert_non_null(f->sink);
        assert_int_equal(cw_log_new(f->sink, CW_LOG_ERROR, CW_LOG_TEXT, &f->log), 0);
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_timer_new(f->loop, timer_told, f, &f->timer), 0);
        assert_int_equal(cw_engine_new(rules, &f->engine), 0);
        cw_ruleset_unref(rules);
        cw_turns_init(&f->turns, f->log, f->loop);
        committer.loop = decider.loop = f->loop;
        committer.log = decider.log = f->log;
        assert_int_equal(cw_committer_new(&committer, &f->committer), 0);
        decider.engine = f->engine;
        decider.committer = f->committer;
        assert_int_equal(cw_decider_new(&decider, &f->decider), 0);
}

static void teardown(struct fixture *f)
{
        cw_decider_free(f->decider);
        cw_committer_free(f->committer);
        cw_engine_free(f->engine);
        cw_timer_free(f->timer);
        cw_loop_free(f->loop);
        cw_log_free(f->log);
        fclose(f->sink);
}

/* A first poll of so many cards, each of a customer of its own. */
static void poll(struct fixture *f, size_t n)
{
        struct cw_card *cards = calloc(n, sizeof(*cards));
        struct cw_page_customer *customers = calloc(n, sizeof(*customers));
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = cw_clock_wall_ms()};

        assert_true(cards && customers);
        for (size_t i = 0; i < n; i++) {
                customers[i].id = cards[i].customer = cards[i].id = (int64_t)i + 1;
                memcpy(cards[i].currency, "usd", 4);
        }
        cw_decider_step(f->decider, &event);
        event.kind = CW_EVENT_PAGE_SEEN;
        event.page.number = 1;
        event.page.customers = customers;
        event.page.n_customers = n;
        event.page.cards = cards;
        event.page.n_cards = n;
        event.page.whole = true;
        cw_decider_step(f->decider, &event);
        event = (struct cw_event){.kind = CW_EVENT_PAGES_READ, .at = event.at, .poll = {.pages_good = 1}};
        cw_decider_step(f->decider, &event);
        event = (struct cw_event){.kind = CW_EVENT_POLL_ENDED, .at = event.at, .poll = {.pages_good = 1, .reason = ""}};
        cw_decider_step_aside(f->decider, &event, decided, f);
        free(cards);
        free(customers);
}

static void test_what_is_little_is_decided_at_once(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        poll(&f, 100);
        assert_string_equal(f.told, "d");
        assert_int_equal(cw_changes_count_cards(cw_committer_changes(f.committer)), 100);
        teardown(&f);
}

static void test_what_is_much_is_decided_while_the_loop_turns_and_others_wait(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        cw_timer_start(f.timer, 0);
        poll(&f, 20000);
        assert_string_equal(f.told, "");
        cw_loop_run(f.loop);
        assert_string_equal(f.told, "dt");
        assert_int_equal(cw_changes_count_cards(cw_committer_changes(f.committer)), 20000);
        assert_int_equal(cw_engine_poll_result(f.engine, 0), CW_POLL_COMPLETE);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_little_is_decided_at_once),
                cmocka_unit_test(test_what_is_much_is_decided_while_the_loop_turns_and_others_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
