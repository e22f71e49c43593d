/* SPDX-License-Identifier: Apache-2.0 */
/* Polls whose requests meet anything at random, by a seed that is printed: what holds all the same. */
#include "source_fixture.c"

#define POLLS 80
#define PAGES 6

static uint32_t dice(struct fixture *f, uint32_t sides)
{
        f->dice = f->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(f->dice >> 33) % sides;
}

static struct fixture *the_fixture(struct fake_api *api)
{
        return (struct fixture *)((char *)api - offsetof(struct fixture, api));
}

static void misbehave(struct fake_api *api, unsigned page)
{
        static const enum fault faults[] = {FAULT_500, FAULT_REFUSED, FAULT_GARBAGE, FAULT_RESET, FAULT_HUGE,
                                            FAULT_302, FAULT_NUMBER,  FAULT_HEADER,  FAULT_SILENT};
        struct fixture *f = the_fixture(api);

        api->script.fault = FAULT_NONE;
        if (dice(f, 100) >= f->faults_percent)
                return;
        api->script.fault = faults[dice(f, CW_ARRAY_SIZE(faults))];
        api->script.fault_page = page;
        api->script.fault_times = api->faults_made + 1;
}

static void name_some(struct fixture *f)
{
        f->n_named = dice(f, 6);
        for (size_t i = 0; i < f->n_named; i++)
                f->named[i] = 1 + dice(f, 70);
        f->api.script.one = 1 + dice(f, 20);
        f->api.script.one_manner = (enum one_manner)dice(f, ONE_404 + 1);
        /* These two end or hold more than a reading. */
        if (f->api.script.one_manner == ONE_401 || f->api.script.one_manner == ONE_429)
                f->api.script.one_manner = ONE_SILENT;
        if (dice(f, 10) == 0)
                f->api.dead_token = f->api.tokens;
}

static void check_poll(struct fixture *f)
{
        unsigned read = count(f->read, "found") + count(f->read, "gone") + count(f->read, "unreadable");

        assert_int_equal(f->began, f->ended);
        assert_int_equal(f->summary.auth, f->summary.pages_good ? CW_POLL_AUTH_OK : f->summary.auth);
        assert_true(f->summary.auth != CW_POLL_AUTH_FAILED);
        assert_int_equal(f->pages_of_poll, f->summary.pages_good);
        /* A busy machine may let a login's time pass, and then nobody asked how many there are. */
        if (!strstr(f->reason, "login: "))
                assert_int_equal(f->summary.pages_good + f->summary.pages_bad, PAGES);
        assert_int_equal(read, f->summary.pages_good > 0 ? f->n_named : 0);
        assert_int_equal(f->summary.pages_bad == 0, f->reason[0] == '\0');
}

static void test_random_polls(void **state)
{
        static const int64_t watched[] = {1, 2, 70};
        struct cw_source_watch watch = {watched, 3, 70};
        struct fake_script script = {.customers = PAGES * 10};
        struct cw_source_options options = usual_options();
        const char *seed = getenv("CARDWATCH_SEED");
        struct fixture f;

        (void)state;
        options.concurrency = 3;
        options.timeout_ms = 200;
        options.watches = &watch;
        options.n_watches = 1;
        setup(&f, &script, options);
        f.dice = seed ? strtoull(seed, NULL, 10) : (uint64_t)cw_clock_wall_ms();
        print_message("CARDWATCH_SEED=%llu\n", (unsigned long long)f.dice);
        run(&f, false);
        f.api.before_page = misbehave;
        for (unsigned i = 0; i < POLLS; i++) {
                bool calm = i % 4 == 3;

                cw_timer_start(f.watchdog, WATCHDOG_MS);
                f.faults_percent = calm ? 0 : 30;
                f.read[0] = f.watched_order[0] = '\0';
                name_some(&f);
                poll_again(&f, 1);
                check_poll(&f);
                /* A busy machine may let a time-out pass for a fault. */
                if (calm && f.summary.pages_bad > 0)
                        assert_non_null(strstr(f.reason, "within"));
        }
        assert_true(f.watched > 0);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_random_polls),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
