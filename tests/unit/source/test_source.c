/* SPDX-License-Identifier: Apache-2.0 */
/* The source against a scripted card API over real HTTP. */
#include "fake_api.h"

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"
#include "cardwatch/source.h"

#define TOTP_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define WATCHDOG_MS 20000

enum deed { DEED_NONE, DEED_FREE, DEED_PAUSE };

struct fixture {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        struct cw_timer *watchdog, *later;
        struct cw_source *source;
        struct fake_api api;
        FILE *stream;
        char *log_text;
        size_t log_len;
        struct cw_secret *password, *totp, *key;
        /* what the listener saw */
        bool in_call, freed;
        unsigned began, ended, pages, cards, pauses;
        unsigned wanted; /* polls until the loop stops */
        enum deed on_began, on_page, on_ended, on_later;
        struct cw_poll_summary summary;
        char reason[200];
        int64_t began_mono[16];
};

static void do_deed(struct fixture *f, enum deed deed)
{
        if (deed == DEED_FREE) {
                cw_source_free(cw_take(f->source));
                f->freed = true;
        } else if (deed == DEED_PAUSE) {
                f->in_call = true;
                cw_source_pause(f->source);
                f->in_call = false;
        }
}

static void check_callback(struct fixture *f)
{
        assert_false(f->in_call);
        assert_false(f->freed);
}

static void on_began(void *data, struct cw_source *source, int64_t at)
{
        struct fixture *f = data;

        check_callback(f);
        assert_ptr_equal(source, f->source);
        assert_true(at > 0);
        if (f->began < CW_ARRAY_SIZE(f->began_mono))
                f->began_mono[f->began] = cw_clock_mono_ms();
        f->began++;
        do_deed(f, f->on_began);
}

static void on_page(void *data, struct cw_source *source, const struct cw_page *page, int64_t sent_at)
{
        struct fixture *f = data;

        (void)source;
        check_callback(f);
        assert_true(sent_at > 0);
        f->pages++;
        f->cards += (unsigned)page->n_cards;
        do_deed(f, f->on_page);
}

static void on_ended(void *data, struct cw_source *source, const struct cw_poll_summary *summary)
{
        struct fixture *f = data;

        (void)source;
        check_callback(f);
        f->ended++;
        f->summary = *summary;
        snprintf(f->reason, sizeof(f->reason), "%s", summary->reason);
        f->summary.reason = NULL;
        do_deed(f, f->on_ended);
        if (f->ended >= f->wanted)
                cw_loop_stop(f->loop);
}

static void on_paused(void *data, struct cw_source *source)
{
        struct fixture *f = data;

        (void)source;
        check_callback(f);
        f->pauses++;
        cw_loop_stop(f->loop);
}

static void on_watchdog(void *data)
{
        (void)data;
        fail_msg("nothing happened for %d ms", WATCHDOG_MS);
}

static void on_later(void *data)
{
        struct fixture *f = data;

        if (f->on_later == DEED_NONE)
                cw_loop_stop(f->loop);
        else
                do_deed(f, f->on_later);
        if (f->on_later == DEED_FREE)
                cw_loop_stop(f->loop);
}

static struct cw_secret *secret(const char *text)
{
        struct cw_secret *new_secret = NULL;

        assert_int_equal(cw_secret_new(text, strlen(text), &new_secret), 0);
        return new_secret;
}

static struct cw_source_options usual_options(void)
{
        return (struct cw_source_options){
                .every_ms = 60000,
                .page_size = 10,
                .concurrency = 2,
                .retries = 1,
                .timeout_ms = 5000,
                .max_response = 50000,
        };
}

static void setup(struct fixture *f, const struct fake_script *script, struct cw_source_options options)
{
        static const struct cw_source_listener listener = {on_began, on_page, on_ended, on_paused};
        char url[64];

        *f = (struct fixture){.wanted = 1};
        f->stream = open_memstream(&f->log_text, &f->log_len);
        assert_non_null(f->stream);
        assert_int_equal(cw_log_new(f->stream, CW_LOG_DEBUG, CW_LOG_TEXT, &f->log), 0);
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_http_new(f->loop, "cardwatchd/test", &f->http), 0);
        assert_int_equal(cw_timer_new(f->loop, on_watchdog, f, &f->watchdog), 0);
        assert_int_equal(cw_timer_new(f->loop, on_later, f, &f->later), 0);
        cw_timer_start(f->watchdog, WATCHDOG_MS);
        fake_start(&f->api, f->loop, script);
        f->password = secret("pass-word");
        f->totp = secret(TOTP_SECRET);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", (unsigned)f->api.port);
        options.name = "main";
        options.url = url;
        options.totp_secret = options.otp ? NULL : f->totp;
        if (!options.api_key) {
                options.username = "ops";
                options.password = f->password;
        }
        assert_int_equal(cw_source_new(f->loop, f->http, f->log, &options, &listener, f, &f->source), 0);
        memset(url, 'x', sizeof(url));
}

static void check_log(struct fixture *f)
{
        static const char *const hidden[] = {"pass-word", "to-ken",           TOTP_SECRET,
                                             "api-key",   "4111111111111111", "?page"};

        fflush(f->stream);
        for (size_t i = 0; i < CW_ARRAY_SIZE(hidden); i++)
                if (strstr(f->log_text, hidden[i]))
                        fail_msg("the log tells %s: %s", hidden[i], f->log_text);
}

static void teardown(struct fixture *f)
{
        check_log(f);
        assert_int_equal(f->api.without_otp, 0);
        cw_source_free(f->source);
        f->freed = true;
        cw_http_free(f->http);
        fake_stop(&f->api);
        cw_timer_free(f->watchdog);
        cw_timer_free(f->later);
        cw_loop_free(f->loop);
        cw_log_free(f->log);
        fclose(f->stream);
        free(f->log_text);
        cw_secret_free(f->password);
        cw_secret_free(f->totp);
}

static void run(struct fixture *f, bool once)
{
        f->in_call = true;
        cw_source_start(f->source, once);
        f->in_call = false;
        cw_loop_run(f->loop);
}

/* Runs on until `polls` more have ended. */
static void poll_again(struct fixture *f, unsigned polls)
{
        for (unsigned i = 0; i < polls; i++) {
                f->wanted = f->ended + 1;
                f->in_call = true;
                cw_source_poll_now(f->source);
                f->in_call = false;
                cw_loop_run(f->loop);
        }
}

static unsigned count(const char *text, const char *word)
{
        unsigned n = 0;

        for (; (text = strstr(text, word)); text += strlen(word))
                n++;
        return n;
}

static void test_polls(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                unsigned concurrency; /* 0: the usual */
                int64_t timeout_ms;
                const char *order;
                unsigned good, bad;
                enum cw_poll_auth auth;
                const char *reason; /* a part of it, "" none */
        } cases[] = {
                {"all pages", {.customers = 25}, 1, 0, "L 1 2 3", 3, 0, CW_POLL_AUTH_OK, ""},
                {"an empty list", {.customers = 0}, 1, 0, "L 1", 1, 0, CW_POLL_AUTH_OK, ""},
                {"a smaller page than asked", {.customers = 9, .cap = 4}, 1, 0, "L 1 2 3", 3, 0, CW_POLL_AUTH_OK, ""},
                {"no number of pages",
                 {.customers = 20, .silent_about_pages = true},
                 4,
                 0,
                 "L 1 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"no number of pages and a smaller page",
                 {.customers = 9, .cap = 4, .silent_about_pages = true},
                 4,
                 0,
                 "L 1 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 3 of 5 fails once",
                 {.customers = 50, .fault = FAULT_500, .fault_page = 3, .fault_times = 1},
                 1,
                 0,
                 "L 1 2 3 3 4 5",
                 5,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 3 of 5 fails",
                 {.customers = 50, .fault = FAULT_500, .fault_page = 3, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 3 3 4 5",
                 4,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 3: the API answered 500"},
                {"page 2 is refused",
                 {.customers = 30, .fault = FAULT_REFUSED, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: the API refused: Required"},
                {"page 2 is cut off",
                 {.customers = 30, .fault = FAULT_GARBAGE, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: not strict JSON: at byte 25 it ends too early"},
                {"page 2 is reset",
                 {.customers = 30, .fault = FAULT_RESET, .fault_page = 2, .fault_times = 1},
                 1,
                 0,
                 NULL,
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 2 is too large",
                 {.customers = 30, .fault = FAULT_HUGE, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: "},
                {"page 2 repeats page 1",
                 {.customers = 30, .fault = FAULT_NUMBER, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: the answer says it is page 1"},
                {"page 2 times out",
                 {.customers = 30, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9},
                 1,
                 100,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: "},
                {"the first page fails",
                 {.customers = 30, .fault = FAULT_500, .fault_page = 1, .fault_times = 9},
                 1,
                 0,
                 "L 1 1",
                 0,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 1: the API answered 500"},
                {"only page 1 comes back",
                 {.customers = 30, .fault = FAULT_500, .fault_page = 2, .fault_times = 99, .fault_after = true},
                 1,
                 0,
                 "L 1 2 2 3 3",
                 1,
                 2,
                 CW_POLL_AUTH_OK,
                 "page 2: the API answered 500"},
                {"a token that dies is replaced",
                 {.customers = 30, .token_dies_at = 2},
                 1,
                 0,
                 "L 1 2 L 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"a second 401 is an authentication failure",
                 {.customers = 30, .fault = FAULT_401, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 L 2",
                 1,
                 2,
                 CW_POLL_AUTH_FAILED,
                 "page 2: the API answered 401 (Unauthorized) again after a new login"},
                {"a wrong password",
                 {.customers = 30, .login = LOGIN_WRONG},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: Username_Or_Password_Incorrect"},
                {"a wrong password without words",
                 {.customers = 30, .login = LOGIN_WRONG_401},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: the API answered 401"},
                {"a locked account",
                 {.customers = 30, .login = LOGIN_LOCKED},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: Account_Locked"},
                {"a login that fails is tried once",
                 {.customers = 30, .login = LOGIN_500},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: the API answered 500"},
                {"a login that is no JSON",
                 {.customers = 30, .login = LOGIN_GARBAGE},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: not strict JSON"},
                {"a login that times out",
                 {.customers = 30, .login = LOGIN_SILENT},
                 1,
                 100,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: "},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                if (cases[i].concurrency)
                        options.concurrency = cases[i].concurrency;
                if (cases[i].timeout_ms)
                        options.timeout_ms = cases[i].timeout_ms;
                setup(&f, &cases[i].script, options);
                run(&f, true);
                if ((cases[i].order && strcmp(f.api.order, cases[i].order) != 0) ||
                    f.summary.pages_good != cases[i].good || f.summary.pages_bad != cases[i].bad ||
                    f.summary.auth != cases[i].auth || !strstr(f.reason, cases[i].reason) ||
                    (cases[i].reason[0] == '\0' && f.reason[0]))
                        fail_msg("%s: \"%s\", %u good, %u bad, auth %d, \"%s\"", cases[i].name, f.api.order,
                                 f.summary.pages_good, f.summary.pages_bad, (int)f.summary.auth, f.reason);
                assert_int_equal(f.began, 1);
                assert_int_equal(f.ended, 1);
                assert_int_equal(f.pages, cases[i].good);
                if (cases[i].bad == 0)
                        assert_int_equal(f.cards, cases[i].script.customers);
                /* curl repeats by itself what a reset met on a connection that was used before. */
                if (cases[i].order)
                        assert_int_equal(f.summary.requests, f.api.logins + f.api.requests);
                teardown(&f);
        }
}

static void test_several_pages_at_once_come_whole(void **state)
{
        struct fake_script script = {.customers = 500};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 8;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 50);
        assert_int_equal(f.cards, 500);
        assert_int_equal(f.api.requests, 50);
        teardown(&f);
}

static void test_one_login_serves_all_pages_that_met_a_dead_token(void **state)
{
        struct fake_script script = {.customers = 200, .token_dies_at = 5};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 6;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 20);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        assert_int_equal(f.cards, 200);
        assert_int_equal(f.api.logins, 2);
        teardown(&f);
}

static void test_a_password_for_one_use_is_used_once(void **state)
{
        struct fake_script script = {.customers = 200};
        struct cw_source_options options = usual_options();
        int64_t step = cw_clock_wall_ms() / 30000;
        struct fixture f;

        (void)state;
        options.otp_single_use = true;
        setup(&f, &script, options);
        cw_timer_start(f.later, 200);
        run(&f, true);
        /* Unless a step has just begun, the first page still waits for one. */
        if (cw_clock_wall_ms() / 30000 == step)
                assert_string_equal(f.api.order, "L");
        else
                assert_true(f.api.logins + f.api.requests <= 2);
        teardown(&f);
}

static void test_a_refused_login_is_not_tried_again_soon(void **state)
{
        struct fake_script script = {.customers = 30, .login = LOGIN_WRONG};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        poll_again(&f, 5);
        assert_int_equal(f.ended, 6);
        assert_int_equal(f.api.logins, 1);
        assert_int_equal(f.api.requests, 0);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        assert_int_equal(f.summary.requests, 0);
        assert_non_null(strstr(f.reason, "(Username_Or_Password_Incorrect); none is tried before 2"));
        fflush(f.stream);
        assert_int_equal(count(f.log_text, "login-failed"), 1);
        assert_int_equal(count(f.log_text, "INFO poll-ended") + count(f.log_text, "info poll-ended"), 1);
        teardown(&f);
}

static void test_a_token_is_kept_over_polls(void **state)
{
        struct fake_script script = {.customers = 5, .expires_s = 3600};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        poll_again(&f, 3);
        assert_string_equal(f.api.order, "L 1 1 1 1");
        teardown(&f);
}

static void test_a_token_is_renewed_in_time(void **state)
{
        struct fake_script script = {.customers = 5, .expires_s = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 850;
        setup(&f, &script, options);
        f.wanted = 2;
        run(&f, false);
        assert_string_equal(f.api.order, "L 1 L 1");
        teardown(&f);
}

static void test_api_keys(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                const char *order;
                enum cw_poll_auth auth;
        } cases[] = {
                {"a key goes verbatim", {.customers = 15, .key = "api-key 1"}, "1 2", CW_POLL_AUTH_OK},
                {"a wrong key fails at once", {.customers = 15, .key = "another"}, "1", CW_POLL_AUTH_FAILED},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct cw_secret *key = secret("api-key 1"), *otp = secret("123456");
                struct fixture f;

                options.api_key = key;
                options.otp = otp;
                setup(&f, &cases[i].script, options);
                cw_secret_free(key);
                cw_secret_free(otp);
                run(&f, true);
                if (strcmp(f.api.order, cases[i].order) != 0 || f.summary.auth != cases[i].auth)
                        fail_msg("%s: \"%s\", %d, %s", cases[i].name, f.api.order, (int)f.summary.auth, f.reason);
                teardown(&f);
        }
}

static void test_a_wait_that_is_asked_for_is_obeyed_up_to_the_beat(void **state)
{
        struct fake_script script = {.customers = 5, .fault = FAULT_429, .fault_page = 1, .fault_times = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 400;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 1);
        assert_in_range(f.summary.took_ms, 395, 3000);
        teardown(&f);

        /* It holds the next poll's first request, too. */
        options.retries = 0;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 0);
        poll_again(&f, 1);
        assert_int_equal(f.summary.pages_good, 1);
        assert_in_range(f.summary.took_ms, 300, 3000);
        teardown(&f);
}

static void test_polls_keep_the_beat(void **state)
{
        struct fake_script script = {.customers = 5};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 100;
        setup(&f, &script, options);
        f.wanted = 5;
        run(&f, false);
        for (unsigned i = 1; i < 5; i++)
                assert_in_range(f.began_mono[i] - f.began_mono[0], i * 100 - 5, i * 100 + 80);
        teardown(&f);
}

static void test_a_late_poll_leaves_out_the_beats_it_missed(void **state)
{
        struct fake_script script = {.customers = 5, .fault = FAULT_SILENT, .fault_page = 1, .fault_times = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 200;
        options.timeout_ms = 500;
        options.retries = 0;
        setup(&f, &script, options);
        f.wanted = 3;
        run(&f, false);
        assert_int_equal(f.began, 3);
        assert_in_range(f.began_mono[1] - f.began_mono[0], 595, 790);
        assert_in_range(f.began_mono[2] - f.began_mono[0], 795, 990);
        teardown(&f);
}

static void test_never_two_polls_at_once(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        cw_source_start(f.source, true);
        cw_source_poll_now(f.source);
        cw_source_poll_now(f.source);
        cw_loop_run(f.loop);
        f.on_later = DEED_NONE;
        cw_timer_start(f.later, 100);
        cw_loop_run(f.loop);
        assert_int_equal(f.began, 1);
        assert_int_equal(f.ended, 1);
        teardown(&f);
}

static void test_a_nobody_is_a_failed_poll(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        fake_stop(&f.api);
        f.api.server = NULL;
        f.api.connections = NULL;
        run(&f, true);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_UNTRIED);
        assert_int_equal(f.summary.pages_bad, 1);
        assert_int_equal(f.summary.requests, 2);
        assert_non_null(strstr(f.reason, "login: "));
        teardown(&f);
}

static void test_free_in_any_state(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                enum deed began, page, ended, later;
        } cases[] = {
                {"when a poll begins", {.customers = 50}, DEED_FREE, 0, 0, 0},
                {"at a page, with others under way", {.customers = 50}, 0, DEED_FREE, 0, 0},
                {"at the end", {.customers = 50}, 0, 0, DEED_FREE, 0},
                {"while a page is awaited",
                 {.customers = 50, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9, .fault_after = true},
                 0,
                 0,
                 0,
                 DEED_FREE},
                {"while a retry is awaited",
                 {.customers = 5, .fault = FAULT_429, .fault_page = 1, .fault_times = 9},
                 0,
                 0,
                 0,
                 DEED_FREE},
                {"while a login is awaited", {.customers = 5, .login = LOGIN_SILENT}, 0, 0, 0, DEED_FREE},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct fixture f;

                setup(&f, &cases[i].script, usual_options());
                f.on_began = cases[i].began;
                f.on_page = cases[i].page;
                f.on_ended = cases[i].ended;
                f.on_later = cases[i].later;
                cw_source_start(f.source, false);
                cw_timer_start(f.later, 150);
                cw_loop_run(f.loop);
                if (f.source)
                        fail_msg("%s: the source still lives", cases[i].name);
                f.on_later = DEED_NONE;
                cw_timer_start(f.later, 50);
                cw_loop_run(f.loop);
                teardown(&f);
        }
}

static void test_free_right_after_start(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        cw_source_start(f.source, false);
        cw_source_free(cw_take(f.source));
        f.freed = true;
        cw_timer_start(f.later, 20);
        cw_loop_run(f.loop);
        assert_int_equal(f.began, 0);
        teardown(&f);
}

static void test_pause(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                enum deed began, page, ended, later;
                unsigned polls_ended;
        } cases[] = {
                {"at rest", {.customers = 5}, 0, 0, DEED_PAUSE, 0, 1},
                {"when a poll begins", {.customers = 50}, DEED_PAUSE, 0, 0, 0, 0},
                {"at a page", {.customers = 50}, 0, DEED_PAUSE, 0, 0, 0},
                {"while a page is awaited",
                 {.customers = 50, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9, .fault_after = true},
                 0,
                 0,
                 0,
                 DEED_PAUSE,
                 0},
                {"while a login is awaited", {.customers = 5, .login = LOGIN_SILENT}, 0, 0, 0, DEED_PAUSE, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.every_ms = 300;
                setup(&f, &cases[i].script, options);
                f.wanted = 99;
                f.on_began = cases[i].began;
                f.on_page = cases[i].page;
                f.on_ended = cases[i].ended;
                f.on_later = cases[i].later;
                cw_source_start(f.source, false);
                if (cases[i].later)
                        cw_timer_start(f.later, 100);
                cw_loop_run(f.loop);
                if (f.pauses != 1 || f.ended != cases[i].polls_ended)
                        fail_msg("%s: %u pauses, %u ends", cases[i].name, f.pauses, f.ended);

                /* Nothing more comes, not even when asked for. */
                cw_source_poll_now(f.source);
                f.on_later = DEED_NONE;
                cw_timer_start(f.later, 400);
                cw_loop_run(f.loop);
                assert_int_equal(f.began, 1);
                assert_int_equal(f.pauses, 1);

                /* And it starts again. */
                f.api.script = (struct fake_script){.customers = 5};
                f.on_began = f.on_page = f.on_ended = DEED_NONE;
                f.wanted = f.ended + 1;
                run(&f, true);
                assert_int_equal(f.summary.pages_bad, 0);
                teardown(&f);
        }
}

static void test_a_bad_totp_secret_is_refused(void **state)
{
        static const struct cw_source_listener listener = {on_began, on_page, on_ended, on_paused};
        struct fake_script script = {.customers = 5};
        struct cw_source_options options = usual_options();
        struct cw_source *source = NULL;
        struct fixture f;

        (void)state;
        setup(&f, &script, options);
        options.name = "x";
        options.url = "http://127.0.0.1:1";
        options.username = "ops";
        options.totp_secret = f.password;
        assert_int_not_equal(cw_source_new(f.loop, f.http, f.log, &options, &listener, &f, &source), 0);
        assert_null(source);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_polls),
                cmocka_unit_test(test_several_pages_at_once_come_whole),
                cmocka_unit_test(test_one_login_serves_all_pages_that_met_a_dead_token),
                cmocka_unit_test(test_a_password_for_one_use_is_used_once),
                cmocka_unit_test(test_a_refused_login_is_not_tried_again_soon),
                cmocka_unit_test(test_a_token_is_kept_over_polls),
                cmocka_unit_test(test_a_token_is_renewed_in_time),
                cmocka_unit_test(test_api_keys),
                cmocka_unit_test(test_a_wait_that_is_asked_for_is_obeyed_up_to_the_beat),
                cmocka_unit_test(test_polls_keep_the_beat),
                cmocka_unit_test(test_a_late_poll_leaves_out_the_beats_it_missed),
                cmocka_unit_test(test_never_two_polls_at_once),
                cmocka_unit_test(test_a_nobody_is_a_failed_poll),
                cmocka_unit_test(test_free_in_any_state),
                cmocka_unit_test(test_free_right_after_start),
                cmocka_unit_test(test_pause),
                cmocka_unit_test(test_a_bad_totp_secret_is_refused),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
