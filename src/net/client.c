/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"
#include "keep.h"
#include "spare.h"
#include "transfer.h"
#include "uvloop.h"
#include "watch.h"
#include "wipe.h"

/*
 * One curl multi handle driven by the loop, and the lists of transfers on it.
 *
 * To begin a transfer takes curl a while: it sends the request at once where there is a connection. So those that are
 * asked for at the same time wait, and each turn of the loop begins some of them, a few at least.
 *
 * curl says which sockets to watch and when to be called again; what it finished is collected after every call into it,
 * whatever it says is still running, and told on a turn of its own: so nobody is told from inside a call of theirs, and
 * whoever is told may start, cancel or free at will.
 */

/* More than a few sources of the largest concurrency have: one that is closed is opened anew at every poll. */
#define IDLE_CONNECTIONS_MAX 256L
#define THREADS_MAX          64
#define BEGIN_AT_ONCE        4 /* requests */

TAILQ_HEAD(transfer_list, cw_http_transfer);

struct cw_http {
        struct cw_loop *loop;
        CURLM *multi;
        struct cw_timer *curl_timer;
        struct cw_timer *begin_timer;
        struct cw_timer *tell_timer;
        char *user_agent;
        struct transfer_list running;
        struct transfer_list waiting; /* those of the running that curl does not know yet, by `turn` */
        struct transfer_list ended; /* to be told on a later turn */
        struct transfer_list telling; /* to be told on this one */
        struct transfer_list lingering; /* told, with a thread that is not over */
        struct cw_watches watches;
        unsigned telling_depth;
        unsigned threads;
        bool held; /* whatever ends is told later */
        struct cw_keep posts; /* of requests whose answers are harmless */
        struct cw_spare lists; /* of requests whose answers hold cards */
        bool freed;
};

static void collect_finished(struct cw_http *http)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                struct cw_http_transfer *transfer = NULL;
                CURLcode result;

                if (message->msg != CURLMSG_DONE)
                        continue;
                result = message->data.result;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
                cw_transfer_stop_multi(transfer);
                cw_transfer_end(transfer, result);
        }
}

static void on_socket(void *data, curl_socket_t fd, int flags)
{
        struct cw_http *http = data;
        int running;

        (void)curl_multi_socket_action(http->multi, fd, flags, &running);
        collect_finished(http);
}

static void on_curl_timer(void *data)
{
        struct cw_http *http = data;
        int running;

        (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        collect_finished(http);
}

/* Its time runs since it was asked for. */
static CURLcode hand_to_curl(struct cw_http_transfer *transfer)
{
        int64_t left_ms;
        CURLcode r = CURLE_OK;

        transfer->waited_ms = cw_clock_mono_ms() - transfer->asked_mono;
        left_ms = transfer->timeout_ms - transfer->waited_ms;
        if (left_ms <= 0)
                return CURLE_OPERATION_TIMEDOUT;
        if (transfer->waited_ms > 0)
                r = curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
        if (r == CURLE_OK && curl_multi_add_handle(transfer->http->multi, transfer->easy) != CURLM_OK)
                r = CURLE_OUT_OF_MEMORY;
        return r;
}

static void wait_no_longer(struct cw_http_transfer *transfer)
{
        TAILQ_REMOVE(&transfer->http->waiting, transfer, turn);
        transfer->waits = false;
}

/* More than one, for it costs curl something to be called; not many, for the turn is not asked between them. */
static void begin_some(struct cw_http *http)
{
        struct cw_http_transfer *transfer;

        for (int n = 0; n < BEGIN_AT_ONCE && (transfer = TAILQ_FIRST(&http->waiting)); n++) {
                CURLcode r = hand_to_curl(transfer);

                wait_no_longer(transfer);
                if (r != CURLE_OK)
                        cw_transfer_end(transfer, r);
        }
        on_curl_timer(http); /* which curl wants for them */
}

static void on_begin_timer(void *data)
{
        struct cw_http *http = data;

        do
                begin_some(http);
        while (!TAILQ_EMPTY(&http->waiting) && !cw_loop_took_share(http->loop));
        if (!TAILQ_EMPTY(&http->waiting))
                cw_timer_start(http->begin_timer, 0);
}

static int curl_wants_timer(CURLM *multi, long delay_ms, void *data)
{
        struct cw_http *http = data;

        (void)multi;
        if (delay_ms < 0)
                cw_timer_stop(http->curl_timer);
        else
                cw_timer_start(http->curl_timer, (uint64_t)delay_ms);
        return 0;
}

/* Answers 0 also when it cannot: curl takes anything else as the end of all its transfers; this one ends with its time.
 */
static int curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
        struct cw_http *http = data;

        (void)easy;
        (void)socket_data;
        cw_watches_want(&http->watches, fd, what);
        return 0;
}

static void release(struct cw_http *http)
{
        cw_keep_deinit(&http->posts);
        cw_spare_deinit(&http->lists);
        if (http->multi)
                curl_multi_cleanup(http->multi);
        cw_watches_deinit(&http->watches);
        cw_timer_free(http->curl_timer);
        cw_timer_free(http->begin_timer);
        cw_timer_free(http->tell_timer);
        free(http->user_agent);
        free(http);
        curl_global_cleanup();
}

static void tell(struct cw_http *http)
{
        struct cw_http_transfer *transfer;

        http->telling_depth++;
        TAILQ_CONCAT(&http->telling, &http->ended, link);
        do {
                transfer = TAILQ_FIRST(&http->telling);
                if (!transfer)
                        break;
                TAILQ_REMOVE(&http->telling, transfer, link);
                transfer->kind->tell(transfer);
        } while (http->freed || !cw_loop_has_enough(http->loop));
        http->telling_depth--;
        if (!TAILQ_EMPTY(&http->telling))
                cw_timer_start(http->tell_timer, 0);
        cw_spare_rest(&http->lists);
        if (!http->freed || http->telling_depth > 0)
                return;
        while ((transfer = TAILQ_FIRST(&http->lingering))) {
                TAILQ_REMOVE(&http->lingering, transfer, link);
                transfer->kind->settle(transfer);
        }
        release(http);
}

static void on_tell_timer(void *data)
{
        tell(data);
}

static int client_init(struct cw_http *http, const char *user_agent)
{
        int r;

        http->user_agent = strdup(user_agent);
        http->multi = curl_multi_init();
        if (!http->user_agent || !http->multi)
                return -ENOMEM;
        r = cw_timer_new(http->loop, on_curl_timer, http, &http->curl_timer);
        if (r < 0)
                return r;
        cw_timer_serves_sockets(http->curl_timer);
        r = cw_timer_new(http->loop, on_begin_timer, http, &http->begin_timer);
        if (r < 0)
                return r;
        cw_timer_serves_sockets(http->begin_timer);
        r = cw_timer_new(http->loop, on_tell_timer, http, &http->tell_timer);
        if (r < 0)
                return r;
        if (curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX) != CURLM_OK)
                return -ENOMEM;
        return 0;
}

int cw_http_new(struct cw_loop *loop, const char *user_agent, struct cw_http **ret_http)
{
        struct cw_http *http = calloc(1, sizeof(*http));
        int r;

        if (!http)
                return -ENOMEM;
        r = cw_wipe_curl_init();
        if (r < 0) {
                free(http);
                return r;
        }
        http->loop = loop;
        cw_watches_init(&http->watches, loop, on_socket, http);
        TAILQ_INIT(&http->running);
        TAILQ_INIT(&http->waiting);
        TAILQ_INIT(&http->ended);
        TAILQ_INIT(&http->telling);
        TAILQ_INIT(&http->lingering);
        r = client_init(http, user_agent);
        if (r < 0) {
                release(http);
                return r;
        }
        *ret_http = http;
        return 0;
}

void cw_http_free(struct cw_http *http)
{
        struct cw_http_transfer *transfer;

        if (!http || http->freed)
                return;
        http->freed = true;
        while ((transfer = TAILQ_FIRST(&http->running)))
                cw_http_cancel(transfer);
        TAILQ_FOREACH(transfer, &http->ended, link)
        transfer->cancelled = true;
        TAILQ_FOREACH(transfer, &http->telling, link)
        transfer->cancelled = true;
        tell(http);
}

void cw_http_cancel(struct cw_http_transfer *transfer)
{
        transfer->cancelled = true;
        if (transfer->ended)
                return;
        transfer->kind->stop(transfer);
        cw_transfer_end(transfer, CURLE_ABORTED_BY_CALLBACK);
}

void cw_http_hold(struct cw_http *http)
{
        http->held = true;
}

void cw_http_release(struct cw_http *http)
{
        http->held = false;
        cw_timer_start(http->tell_timer, 0);
}

struct cw_loop *cw_http_loop(struct cw_http *http)
{
        return http->loop;
}

struct cw_keep *cw_http_keep(struct cw_http *http)
{
        return &http->posts;
}

struct cw_spare *cw_http_spare(struct cw_http *http)
{
        return &http->lists;
}

const char *cw_http_user_agent(const struct cw_http *http)
{
        return http->user_agent;
}

bool cw_http_closing(const struct cw_http *http)
{
        return http->freed;
}

void cw_transfer_begin(struct cw_http *http, struct cw_http_transfer *transfer)
{
        transfer->http = http;
        TAILQ_INSERT_TAIL(&http->running, transfer, link);
}

int cw_transfer_begin_multi(struct cw_http *http, struct cw_http_transfer *transfer)
{
        if (curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, (char *)transfer) != CURLE_OK ||
            (!transfer->followed && cw_watches_follow(&http->watches, transfer->easy) != CURLE_OK))
                return -ENOMEM;
        cw_transfer_begin(http, transfer);
        TAILQ_INSERT_TAIL(&http->waiting, transfer, turn);
        transfer->waits = true;
        cw_timer_start(http->begin_timer, 0);
        return 0;
}

int cw_transfer_take_thread(struct cw_http *http)
{
        if (http->threads >= THREADS_MAX)
                return -EAGAIN;
        http->threads++;
        return 0;
}

void cw_transfer_give_thread(struct cw_http *http)
{
        assert(http->threads > 0);
        http->threads--;
}

void cw_transfer_stop_multi(struct cw_http_transfer *transfer)
{
        if (transfer->waits)
                wait_no_longer(transfer);
        else
                (void)curl_multi_remove_handle(transfer->http->multi, transfer->easy);
}

void cw_transfer_end(struct cw_http_transfer *transfer, CURLcode result)
{
        struct cw_http *http = transfer->http;

        assert(!transfer->ended);
        transfer->ended = true;
        transfer->result = result;
        transfer->ended_mono = cw_clock_mono_ms();
        TAILQ_REMOVE(&http->running, transfer, link);
        TAILQ_INSERT_TAIL(&http->ended, transfer, link);
        if (!http->held)
                cw_timer_start(http->tell_timer, 0);
}

void cw_transfer_linger(struct cw_http_transfer *transfer)
{
        TAILQ_INSERT_TAIL(&transfer->http->lingering, transfer, link);
}

void cw_transfer_lingered(struct cw_http_transfer *transfer)
{
        TAILQ_REMOVE(&transfer->http->lingering, transfer, link);
}
