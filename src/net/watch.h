/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_WATCH_H
#define CARDWATCH_NET_WATCH_H

#include <curl/curl.h>
#include <stddef.h>

#include "rounds.h"

/*
 * Watches: curl's sockets, as the loop sees them.
 *
 * curl asks for a socket to be watched at each request and to be left alone after it. To tell the system so costs three
 * calls each time, so a connection that rests is watched on: its watch lives as long as its socket. If something comes
 * while it rests, the peer closed it or will be asked to explain itself by the next request; until then it is left
 * alone. Of those that are ready at the same time, some may have to wait for the next turn.
 */

struct cw_loop;
struct watch;

/* `flags` are CURL_CSELECT_*. */
typedef void (*cw_watch_fn)(void *data, curl_socket_t fd, int flags);

struct cw_watches {
        struct cw_loop *loop;
        cw_watch_fn ready;
        void *data;
        struct watch **by_fd;
        size_t n;
        struct cw_rounds rounds;
};

void cw_watches_init(struct cw_watches *watches, struct cw_loop *loop, cw_watch_fn ready, void *data);
/* When curl has closed all of its sockets. */
void cw_watches_deinit(struct cw_watches *watches);

/* The handle's connections are watched as long as they live. */
CURLcode cw_watches_follow(struct cw_watches *watches, CURL *easy);

/* What curl wants to hear of a socket: CURL_POLL_*. What cannot be watched, for want of memory, is not heard of. */
void cw_watches_want(struct cw_watches *watches, curl_socket_t fd, int what);

#endif
