/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/httpd.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/loop.h"
#include "unix_listener.h"
#include "uvloop.h"

/*
 * libmicrohttpd under our loop: its epoll descriptor is watched, it is run when that is readable or when it wants to be
 * called again, and after every run it is asked anew when that is.
 *
 * Its own time-out starts again with every byte, so that a peer who drips would never meet it. Connections therefore
 * stand in a list, the one that has waited longest for an answer first, and are shut when their patience ends.
 */

/* Headers and first line; the body is kept beside it. */
#define CONNECTION_MEMORY (size_t)(32u * 1024)

struct peer {
        int fd;
        int64_t since_mono; /* its begin or its last answer */
        bool listed;
        TAILQ_ENTRY(peer) link;
};

TAILQ_HEAD(peer_list, peer);

/* A request while it comes in. */
struct exchange {
        struct cw_buf body;
        size_t discarded;
        bool too_large;
        struct cw_httpd_later *later; /* not ours any more once it was taken */
        bool taken;
};

/* Outlives whichever of its two ends goes first: the exchange, or who promised to answer. */
struct cw_httpd_later {
        struct MHD_Connection *connection;
        struct exchange *exchange; /* NULL: gone, and its connection with it */
        struct cw_httpd *httpd;
        struct cw_httpd_answer answer;
        bool suspended, answered;
        TAILQ_ENTRY(cw_httpd_later) link;
};

TAILQ_HEAD(later_list, cw_httpd_later);

struct cw_httpd {
        struct cw_httpd_options options;
        char *path;
        struct cw_unix_listener listener;
        struct MHD_Daemon *mhd;
        uv_poll_t *poll; /* lives until libuv has closed it */
        struct cw_timer *timer;
        struct cw_loop *loop;
        struct cw_call call; /* of drive */
        struct peer_list peers; /* oldest first */
        bool left; /* a connection went in this run */
        struct later_list laters; /* suspended connections */
};

CW_DEFINE_CLEANUP(struct cw_httpd *, cw_httpd_free);

static int64_t peer_uid(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct ucred credentials;
        socklen_t len = sizeof(credentials);

        if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0 ||
            credentials.uid == (uid_t)-1)
                return -1;
        return credentials.uid;
}

/* What `data` points to while MHD walks the query. */
struct arguments {
        struct cw_httpd_argument items[CW_HTTPD_ARGUMENTS_MAX];
        size_t n;
};

static enum MHD_Result take_argument(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct arguments *arguments = data;

        (void)kind;
        if (arguments->n < CW_HTTPD_ARGUMENTS_MAX)
                arguments->items[arguments->n++] = (struct cw_httpd_argument){name, value ? value : ""};
        return MHD_YES;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
        return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* What was read may be asked for again by its tag: then only the tag goes out while nothing has changed. */
static void tag_of(const struct cw_httpd_answer *answer, char ret_tag[static 19])
{
        char hex[17];

        cw_hash_hex64(cw_hash64(CW_HASH_KEY_DERIVED, cw_buf_text(&answer->body), answer->body.len), hex);
        snprintf(ret_tag, 19, "\"%s\"", hex);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const char *method,
                                   const struct cw_httpd_answer *answer)
{
        bool tagged = answer->status == 200 && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0);
        const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
        struct MHD_Response *response = NULL;
        enum MHD_Result result = MHD_NO;
        bool good, same;
        char tag[19] = "";

        if (cw_buf_error(&answer->body) < 0)
                return MHD_NO;
        if (tagged)
                tag_of(answer, tag);
        same = tagged && known && strstr(known, tag);
        response = MHD_create_response_from_buffer(same ? 0 : answer->body.len, (void *)cw_buf_text(&answer->body),
                                                   MHD_RESPMEM_MUST_COPY);
        if (!response)
                return MHD_NO;
        good = add_header(response, "Content-Type", answer->content_type ? answer->content_type : "application/json");
        good = good && add_header(response, "Cache-Control", tagged ? "no-cache" : "no-store");
        if (tagged)
                good = good && add_header(response, "ETag", tag);
        good = good && add_header(response, "X-Content-Type-Options", "nosniff");
        if (answer->allow)
                good = good && add_header(response, "Allow", answer->allow);
        if (good)
                result = MHD_queue_response(connection, same ? 304 : answer->status, response);
        MHD_destroy_response(response);
        return result;
}

static void unlist_peer(struct cw_httpd *httpd, struct peer *peer)
{
        if (peer && peer->listed)
                TAILQ_REMOVE(&httpd->peers, peer, link);
        if (peer)
                peer->listed = false;
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info ? info->socket_context : NULL;
}

static enum MHD_Result suspend(struct cw_httpd *httpd, struct MHD_Connection *connection, struct exchange *exchange)
{
        exchange->later->suspended = true;
        unlist_peer(httpd, peer_of(connection));
        TAILQ_INSERT_TAIL(&httpd->laters, exchange->later, link);
        MHD_suspend_connection(connection);
        return MHD_YES;
}

static enum MHD_Result handle(struct cw_httpd *httpd, struct MHD_Connection *connection, const char *method,
                              const char *path, struct exchange *exchange)
{
        struct arguments arguments = {.n = 0};
        struct cw_httpd_request request = {
                .method = method,
                .path = path,
                .arguments = arguments.items,
                .body = cw_buf_text(&exchange->body),
                .body_len = exchange->body.len,
                .peer_uid = peer_uid(connection),
                .later = exchange->later,
        };
        struct cw_httpd_answer answer = {.status = exchange->too_large ? 413 : 200};
        enum MHD_Result result;

        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &arguments);
        request.n_arguments = arguments.n;
        httpd->options.handle(httpd->options.data, &request, &answer);
        if (exchange->taken && !exchange->later->answered)
                result = suspend(httpd, connection, exchange);
        else
                result = send_answer(connection, method, exchange->taken ? &exchange->later->answer : &answer);
        cw_buf_deinit(&answer.body);
        return result;
}

struct cw_httpd_later *cw_httpd_take_later(const struct cw_httpd_request *request)
{
        request->later->exchange->taken = true;
        return request->later;
}

static void free_later(struct cw_httpd_later *later)
{
        cw_buf_deinit(&later->answer.body);
        free(later);
}

void cw_httpd_answer(struct cw_httpd_later *later, struct cw_httpd_answer *answer)
{
        assert(!later->answered);
        later->answer = *answer;
        later->answered = true;
        if (!later->exchange) {
                free_later(later);
                return;
        }
        if (!later->suspended)
                return; /* still within its handler */
        TAILQ_REMOVE(&later->httpd->laters, later, link);
        MHD_resume_connection(later->connection);
        /* What libmicrohttpd does to wake itself is not seen from outside. */
        cw_timer_start(later->httpd->timer, 0);
}

/* What a peer says about its body's length. A lie is found out while it comes. */
static bool announces_too_much(const struct cw_httpd *httpd, struct MHD_Connection *connection)
{
        const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

        return text && strtoull(text, NULL, 10) > httpd->options.max_body;
}

static enum MHD_Result begin(struct cw_httpd *httpd, struct MHD_Connection *connection, const char *method,
                             const char *path, void **state)
{
        struct exchange *exchange = calloc(1, sizeof(*exchange));

        if (!exchange)
                return MHD_NO;
        exchange->later = calloc(1, sizeof(*exchange->later));
        if (!exchange->later) {
                free(exchange);
                return MHD_NO;
        }
        *exchange->later = (struct cw_httpd_later){.connection = connection, .exchange = exchange, .httpd = httpd};
        *state = exchange;
        exchange->too_large = announces_too_much(httpd, connection);
        return exchange->too_large ? handle(httpd, connection, method, path, exchange) : MHD_YES;
}

static enum MHD_Result take_body(struct cw_httpd *httpd, struct exchange *exchange, const char *bytes, size_t *len)
{
        if (!exchange->too_large && *len <= httpd->options.max_body - exchange->body.len) {
                cw_buf_append(&exchange->body, bytes, *len);
        } else {
                exchange->too_large = true;
                exchange->discarded += *len;
                cw_buf_clear(&exchange->body);
        }
        *len = 0;
        /* An answer can only be sent to one who comes to an end. */
        return cw_buf_error(&exchange->body) < 0 || exchange->discarded > 16 * httpd->options.max_body ? MHD_NO
                                                                                                       : MHD_YES;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *bytes, size_t *len, void **state)
{
        struct exchange *exchange = *state;

        (void)version;
        if (!exchange)
                return begin(data, connection, method, path, state);
        if (exchange->taken)
                return send_answer(connection, method, &exchange->later->answer);
        if (*len > 0)
                return take_body(data, exchange, bytes, len);
        return handle(data, connection, method, path, exchange);
}

static void list_peer(struct cw_httpd *httpd, struct peer *peer)
{
        if (peer->listed)
                TAILQ_REMOVE(&httpd->peers, peer, link);
        peer->since_mono = cw_clock_mono_ms();
        peer->listed = true;
        TAILQ_INSERT_TAIL(&httpd->peers, peer, link);
}

static void free_exchange(struct exchange *exchange)
{
        struct cw_httpd_later *later = exchange->later;

        if (exchange->taken && !later->answered)
                later->exchange = NULL;
        else
                free_later(later);
        cw_buf_deinit(&exchange->body);
        free(exchange);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
        struct exchange *exchange = *state;
        struct peer *peer = peer_of(connection);

        (void)how;
        if (peer && (peer->listed || (exchange && exchange->taken)))
                list_peer(data, peer);
        if (exchange)
                free_exchange(exchange);
        *state = NULL;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct cw_httpd *httpd = data;
        struct peer *peer = *context;

        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                peer = calloc(1, sizeof(*peer));
                if (!peer) {
                        (void)shutdown(info->connect_fd, SHUT_RDWR);
                        return;
                }
                peer->fd = info->connect_fd;
                list_peer(httpd, peer);
                *context = peer;
                return;
        }
        unlist_peer(httpd, peer);
        free(peer);
        *context = NULL;
        httpd->left = true;
}

/* Paths stay as they were sent: two spellings are two paths, and no NUL can hide in one. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
        (void)data;
        (void)connection;
        return strlen(text);
}

static void cut_off_the_slow(struct cw_httpd *httpd, int64_t now_mono)
{
        struct peer *peer;

        while ((peer = TAILQ_FIRST(&httpd->peers)) && now_mono - peer->since_mono >= httpd->options.patience_ms) {
                TAILQ_REMOVE(&httpd->peers, peer, link);
                peer->listed = false;
                /* libmicrohttpd sees an end and closes: the descriptor is its own. */
                (void)shutdown(peer->fd, SHUT_RDWR);
        }
}

static void set_timer(struct cw_httpd *httpd, int64_t now_mono)
{
        const struct peer *oldest = TAILQ_FIRST(&httpd->peers);
        uint64_t wait_ms = UINT64_MAX;
        MHD_UNSIGNED_LONG_LONG asked_ms;

        if (MHD_get_timeout(httpd->mhd, &asked_ms) == MHD_YES)
                wait_ms = asked_ms;
        if (oldest) {
                int64_t left_ms = oldest->since_mono + httpd->options.patience_ms - now_mono;

                if ((uint64_t)left_ms < wait_ms)
                        wait_ms = (uint64_t)left_ms;
        }
        /* When it was full it listens again only from the beginning of a run on, and nothing else would call for one.
         */
        if (httpd->left)
                wait_ms = 0;
        if (wait_ms == UINT64_MAX)
                cw_timer_stop(httpd->timer);
        else
                cw_timer_start(httpd->timer, wait_ms);
}

static void drive(void *data)
{
        struct cw_httpd *httpd = data;
        int64_t now_mono;

        httpd->left = false;
        (void)MHD_run(httpd->mhd);
        now_mono = cw_clock_mono_ms();
        cut_off_the_slow(httpd, now_mono);
        set_timer(httpd, now_mono);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
        struct cw_httpd *httpd = poll->data;

        (void)status;
        (void)events;
        if (cw_loop_holds_back(httpd->loop, &httpd->call))
                (void)uv_poll_stop(poll); /* it stays readable */
        else
                drive(httpd);
}

static void drive_again(void *data)
{
        struct cw_httpd *httpd = data;

        (void)uv_poll_start(httpd->poll, UV_READABLE, on_readable);
        drive(httpd);
}

static void free_poll(uv_handle_t *handle)
{
        free(handle);
}

static int start_mhd(struct cw_httpd *httpd)
{
        /* Not MHD_USE_ERROR_LOG: what a peer does wrong is the peer's trouble. */
        httpd->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, httpd,
                                      MHD_OPTION_LISTEN_SOCKET, httpd->listener.fd, MHD_OPTION_CONNECTION_LIMIT,
                                      httpd->options.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                      CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                      MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                                      httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd,
                                      MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, httpd, MHD_OPTION_END);
        return httpd->mhd ? 0 : -ENOMEM;
}

static int watch(struct cw_httpd *httpd, struct cw_loop *loop)
{
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->mhd, MHD_DAEMON_INFO_EPOLL_FD);
        uv_poll_t *poll;
        int r;

        if (!info)
                return -ENOTSUP;
        poll = calloc(1, sizeof(*poll));
        if (!poll)
                return -ENOMEM;
        r = uv_poll_init(cw_loop_uv(loop), poll, info->epoll_fd);
        if (r < 0) {
                free(poll);
                return r;
        }
        poll->data = httpd;
        httpd->poll = poll;
        return uv_poll_start(poll, UV_READABLE, on_readable);
}

int cw_httpd_new(struct cw_loop *loop, const struct cw_httpd_options *options, struct cw_httpd **ret_httpd,
                 struct cw_buf *why)
{
        cw_cleanup(cw_httpd_free_cleanup) struct cw_httpd *httpd = calloc(1, sizeof(*httpd));
        int r;

        if (!httpd)
                return -ENOMEM;
        httpd->options = *options;
        httpd->loop = loop;
        httpd->call = (struct cw_call){.fn = drive_again, .data = httpd};
        httpd->listener.fd = -1;
        TAILQ_INIT(&httpd->peers);
        TAILQ_INIT(&httpd->laters);
        httpd->path = strdup(options->socket_path);
        if (!httpd->path)
                return -ENOMEM;
        r = cw_unix_listener_open(&httpd->listener, httpd->path, why);
        if (r < 0)
                return r;
        r = start_mhd(httpd);
        if (r == 0)
                r = watch(httpd, loop);
        if (r == 0)
                r = cw_timer_new(loop, drive, httpd, &httpd->timer);
        if (r < 0) {
                cw_buf_printf(why, "%s: %s", httpd->path, strerror(-r));
                return r;
        }
        httpd->options.socket_path = httpd->path;
        *ret_httpd = cw_take(httpd);
        return 0;
}

void cw_httpd_free(struct cw_httpd *httpd)
{
        struct cw_httpd_later *later;

        if (!httpd)
                return;
        cw_timer_free(httpd->timer);
        cw_loop_forget(httpd->loop, &httpd->call);
        if (httpd->poll)
                uv_close((uv_handle_t *)httpd->poll, free_poll);
        /* Stopping closes every descriptor, the listener's included, and wants nothing suspended. */
        while ((later = TAILQ_FIRST(&httpd->laters))) {
                TAILQ_REMOVE(&httpd->laters, later, link);
                MHD_resume_connection(later->connection);
        }
        if (httpd->mhd) {
                MHD_stop_daemon(httpd->mhd);
                cw_unix_listener_remove(&httpd->listener, httpd->path);
        } else if (httpd->listener.fd >= 0) {
                cw_unix_listener_close(&httpd->listener, httpd->path);
        }
        assert(TAILQ_EMPTY(&httpd->peers));
        free(httpd->path);
        free(httpd);
}
