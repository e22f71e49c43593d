/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "uvloop.h"

/*
 * Idea: curl says when it makes and when it closes the socket of a connection, so these are known from end to end.
 * Others it only asks for (the pipe of its resolver): they are let go of when it no longer does. So are those of
 * connections that were never made: these curl closes without a word, and then asks for them no longer.
 */

/* Lives until libuv has closed the handle, which may be after the client. */
struct watch {
        uv_poll_t uv;
        struct cw_watches *watches;
        curl_socket_t fd;
        int events; /* that libuv looks for */
        bool connection; /* its end will be told */
        ino_t socket; /* of a connection: which one stands behind the number */
        bool resting;
        uint64_t round; /* in which it was served last */
};

static void free_watch(uv_handle_t *handle)
{
        free(handle->data);
}

static struct watch *find(const struct cw_watches *watches, curl_socket_t fd)
{
        return fd >= 0 && (size_t)fd < watches->n ? watches->by_fd[fd] : NULL;
}

static void end(struct cw_watches *watches, struct watch *watch)
{
        watches->by_fd[watch->fd] = NULL;
        uv_close((uv_handle_t *)&watch->uv, free_watch);
}

static int make_room(struct cw_watches *watches, curl_socket_t fd)
{
        size_t n = watches->n ? watches->n : 64;
        struct watch **by_fd;

        if ((size_t)fd < watches->n)
                return 0;
        while (n <= (size_t)fd)
                n *= 2;
        by_fd = reallocarray(watches->by_fd, n, sizeof(struct watch *));
        if (!by_fd)
                return -ENOMEM;
        for (size_t i = watches->n; i < n; i++)
                by_fd[i] = NULL;
        watches->by_fd = by_fd;
        watches->n = n;
        return 0;
}

static struct watch *begin(struct cw_watches *watches, curl_socket_t fd)
{
        struct watch *watch;

        if (make_room(watches, fd) < 0)
                return NULL;
        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return NULL;
        if (uv_poll_init_socket(cw_loop_uv(watches->loop), &watch->uv, fd) < 0) {
                free(watch);
                return NULL;
        }
        watch->uv.data = watch;
        watch->watches = watches;
        watch->fd = fd;
        watches->by_fd[fd] = watch;
        return watch;
}

static void look_away(struct watch *watch)
{
        (void)uv_poll_stop(&watch->uv);
        watch->events = 0;
}

/* Else libuv, which tells of what is ready and not only of what becomes so, tells of it again on the next turn. */
static bool is_its_turn(struct watch *watch)
{
        struct cw_watches *watches = watch->watches;
        uint64_t turn = cw_loop_turn(watches->loop);
        bool took_share = cw_rounds_served(&watches->rounds, turn) && cw_loop_took_share(watches->loop);

        return cw_rounds_serve(&watches->rounds, &watch->round, turn, took_share);
}

static void on_ready(uv_poll_t *handle, int status, int events)
{
        struct watch *watch = handle->data;
        int flags = 0;

        if (watch->resting) {
                look_away(watch);
                return;
        }
        if (status == 0 && !is_its_turn(watch))
                return;
        /* On an error libuv stops watching: curl must try all it can, or the transfer would wait for its time-out. */
        if (status < 0) {
                watch->events = 0;
                flags = CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT;
        }
        if (events & UV_READABLE)
                flags |= CURL_CSELECT_IN;
        if (events & UV_WRITABLE)
                flags |= CURL_CSELECT_OUT;
        watch->watches->ready(watch->watches->data, watch->fd, flags);
}

/* A connection that rests keeps no loop turning. */
static void rest(struct watch *watch)
{
        watch->resting = true;
        uv_unref((uv_handle_t *)&watch->uv);
}

static bool identify(curl_socket_t fd, ino_t *ret_socket)
{
        struct stat status;

        if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
                return false;
        *ret_socket = status.st_ino;
        return true;
}

/* Else its number is free, or somebody else's already. */
static bool is_open(const struct watch *watch)
{
        ino_t socket;

        return watch->connection && identify(watch->fd, &socket) && socket == watch->socket;
}

void cw_watches_want(struct cw_watches *watches, curl_socket_t fd, int what)
{
        struct watch *watch = find(watches, fd);
        int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

        if (what == CURL_POLL_REMOVE) {
                if (watch && is_open(watch))
                        rest(watch);
                else if (watch)
                        end(watches, watch);
                return;
        }
        if (!watch)
                watch = begin(watches, fd);
        if (!watch)
                return;
        watch->resting = false;
        uv_ref((uv_handle_t *)&watch->uv);
        if (watch->events == events)
                return;
        watch->events = uv_poll_start(&watch->uv, events, on_ready) < 0 ? 0 : events;
}

static int on_made(void *data, curl_socket_t fd, curlsocktype purpose)
{
        struct cw_watches *watches = data;
        struct watch *watch = find(watches, fd);

        (void)purpose;
        if (watch)
                end(watches, watch); /* of a socket whose end was not told after all */
        watch = begin(watches, fd);
        if (watch) {
                watch->connection = identify(fd, &watch->socket);
                rest(watch);
        }
        return CURL_SOCKOPT_OK;
}

static int on_closed(void *data, curl_socket_t fd)
{
        struct cw_watches *watches = data;
        struct watch *watch = find(watches, fd);

        if (watch)
                end(watches, watch);
        return close(fd);
}

CURLcode cw_watches_follow(struct cw_watches *watches, CURL *easy)
{
        CURLcode r = CURLE_OK;

        r = r ?: curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_made);
        r = r ?: curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, watches);
        r = r ?: curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_closed);
        r = r ?: curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, watches);
        return r;
}

void cw_watches_init(struct cw_watches *watches, struct cw_loop *loop, cw_watch_fn ready, void *data)
{
        *watches = (struct cw_watches){.loop = loop, .ready = ready, .data = data};
}

void cw_watches_deinit(struct cw_watches *watches)
{
        for (size_t i = 0; i < watches->n; i++)
                if (watches->by_fd[i])
                        end(watches, watches->by_fd[i]);
        free(watches->by_fd);
        *watches = (struct cw_watches){0};
}
