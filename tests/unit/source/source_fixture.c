/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source, its listener and a scripted card API on one loop. Included by the tests that need it, not a program of its
 * own.
 *
 * The listener checks on its own that it is never called from inside a call, nor after the source was freed; teardown,
 * that no secret was logged and no request went without a one-time password.
 */
#include "fake_api.c"

#include <errno.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"
#include "cardwatch/source.h"

#define TOTP_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define WATCHDOG_MS 40000

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
        unsigned began, ended, pages, pages_of_poll, cards, pauses;
        unsigned wanted; /* polls until the loop stops */
        enum deed on_began, on_page, on_pages_read, on_customer, on_ended, on_watched, on_remember, on_later;
        struct cw_poll_summary summary;
        char reason[200];
        int64_t began_mono[16];
        int64_t named[CW_LOOK_UPS_MAX + 1]; /* at every poll */
        size_t n_named;
        unsigned asked_names;
        char read[2048]; /* "5 found, 6 gone" */
        unsigned watched;
        int64_t watched_mono[32];
        char watched_order[1024]; /* customers */
        unsigned wanted_watched; /* so many stop the loop */
        uint64_t dice;
        unsigned faults_percent;
        unsigned remembered;
        struct cw_source_memory memory;
};

static inline void do_deed(struct fixture *f, enum deed deed)
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

static inline void check_callback(struct fixture *f)
{
        assert_false(f->in_call);
        assert_false(f->freed);
}

static inline void on_began(void *data, struct cw_source *source, int64_t at)
{
        struct fixture *f = data;

        check_callback(f);
        assert_ptr_equal(source, f->source);
        assert_true(at > 0);
        if (f->began < CW_ARRAY_SIZE(f->began_mono))
                f->began_mono[f->began] = cw_clock_mono_ms();
        f->began++;
        f->pages_of_poll = 0;
        do_deed(f, f->on_began);
}

static inline void on_page(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page,
                           int64_t sent_at)
{
        struct fixture *f = data;

        (void)source;
        (void)number;
        check_callback(f);
        assert_true(sent_at > 0);
        f->pages++;
        f->cards += (unsigned)page->n_cards;
        f->pages_of_poll++;
        do_deed(f, f->on_page);
}

static inline size_t on_pages_read(void *data, struct cw_source *source, const struct cw_poll_summary *summary,
                                   int64_t *ret_customers)
{
        struct fixture *f = data;

        check_callback(f);
        assert_ptr_equal(source, f->source);
        assert_true(summary->pages_good > 0);
        assert_int_equal(summary->pages_good, f->pages_of_poll);
        f->asked_names++;
        for (size_t i = 0; i < f->n_named && i < CW_LOOK_UPS_MAX; i++)
                ret_customers[i] = f->named[i];
        do_deed(f, f->on_pages_read);
        return f->n_named;
}

static inline void on_customer(void *data, struct cw_source *source, int64_t customer, enum cw_read_result result,
                               const struct cw_page *page, int64_t sent_at)
{
        static const char *const names[] = {
                [CW_READ_FOUND] = "found", [CW_READ_GONE] = "gone", [CW_READ_UNREADABLE] = "unreadable"};
        struct fixture *f = data;
        size_t len = strlen(f->read);

        (void)source;
        check_callback(f);
        assert_int_equal(result == CW_READ_FOUND, page != NULL);
        if (page) {
                assert_int_equal(page->n_customers, 1);
                assert_int_equal(page->customers[0].id, customer);
                assert_true(sent_at > 0);
        }
        snprintf(f->read + len, sizeof(f->read) - len, "%s%d %s", len ? ", " : "", (int)customer, names[result]);
        do_deed(f, f->on_customer);
}

static inline void on_watched(void *data, struct cw_source *source, const struct cw_page *page, int64_t sent_at)
{
        struct fixture *f = data;
        size_t len = strlen(f->watched_order);

        (void)source;
        check_callback(f);
        assert_true(f->ended > 0);
        assert_true(sent_at > 0);
        assert_int_equal(page->n_customers, 1);
        if (f->watched < CW_ARRAY_SIZE(f->watched_mono))
                f->watched_mono[f->watched] = cw_clock_mono_ms();
        f->watched++;
        snprintf(f->watched_order + len, sizeof(f->watched_order) - len, "%s%d", len ? " " : "",
                 (int)page->customers[0].id);
        do_deed(f, f->on_watched);
        if (f->wanted_watched > 0 && f->watched >= f->wanted_watched)
                cw_loop_stop(f->loop);
}

static inline void on_remember(void *data, struct cw_source *source, const struct cw_source_memory *memory)
{
        struct fixture *f = data;

        (void)source;
        check_callback(f);
        f->remembered++;
        f->memory = *memory;
        do_deed(f, f->on_remember);
}

static inline void on_ended(void *data, struct cw_source *source, const struct cw_poll_summary *summary)
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

static inline void on_paused(void *data, struct cw_source *source)
{
        struct fixture *f = data;

        (void)source;
        check_callback(f);
        f->pauses++;
        cw_loop_stop(f->loop);
}

static inline void on_watchdog(void *data)
{
        (void)data;
        fail_msg("nothing happened for %d ms", WATCHDOG_MS);
}

static inline void on_later(void *data)
{
        struct fixture *f = data;

        if (f->on_later == DEED_NONE)
                cw_loop_stop(f->loop);
        else
                do_deed(f, f->on_later);
        if (f->on_later == DEED_FREE)
                cw_loop_stop(f->loop);
}

static inline struct cw_secret *secret(const char *text)
{
        struct cw_secret *new_secret = NULL;

        assert_int_equal(cw_secret_new(text, strlen(text), &new_secret), 0);
        return new_secret;
}

static inline struct cw_source_options usual_options(void)
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

static const struct cw_source_listener all_listener = {
        .poll_began = on_began,
        .page = on_page,
        .pages_read = on_pages_read,
        .customer_read = on_customer,
        .poll_ended = on_ended,
        .watched = on_watched,
        .remember = on_remember,
        .paused = on_paused,
};

static inline void setup_with(struct fixture *f, const struct fake_script *script, struct cw_source_options options,
                              const struct cw_source_listener *listener)
{
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
        assert_int_equal(cw_source_new(f->loop, f->http, f->log, &options, listener, f, &f->source), 0);
        memset(url, 'x', sizeof(url));
}

static inline void setup(struct fixture *f, const struct fake_script *script, struct cw_source_options options)
{
        setup_with(f, script, options, &all_listener);
}

static inline void check_log(struct fixture *f)
{
        static const char *const hidden[] = {"pass-word", "to-ken",           TOTP_SECRET,
                                             "api-key",   "4111111111111111", "?page"};

        fflush(f->stream);
        for (size_t i = 0; i < CW_ARRAY_SIZE(hidden); i++)
                if (strstr(f->log_text, hidden[i]))
                        fail_msg("the log tells %s: %s", hidden[i], f->log_text);
}

static inline void teardown(struct fixture *f)
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

static inline void run(struct fixture *f, bool once)
{
        f->in_call = true;
        cw_source_start(f->source, once);
        f->in_call = false;
        cw_loop_run(f->loop);
}

/* Runs on until `polls` more have ended. */
static inline void poll_again(struct fixture *f, unsigned polls)
{
        for (unsigned i = 0; i < polls; i++) {
                f->wanted = f->ended + 1;
                f->in_call = true;
                cw_source_poll_now(f->source);
                f->in_call = false;
                cw_loop_run(f->loop);
        }
}

static inline unsigned count(const char *text, const char *word)
{
        unsigned n = 0;

        for (; (text = strstr(text, word)); text += strlen(word))
                n++;
        return n;
}
