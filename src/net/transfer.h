/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_TRANSFER_H
#define CARDWATCH_NET_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "cardwatch/http.h"

/*
 * Transfer: what a request of the HTTP client and a mail have in common, and how one ends.
 *
 * running -> ended -> told. The client (client.c) owns every transfer that is not told yet and is the only one that
 * tells: on a turn of its own, or from cw_http_free. A kind (http.c, smtp.c) embeds this as its first member.
 */

struct cw_http_transfer;

struct cw_transfer_kind {
        void (*stop)(struct cw_http_transfer *transfer); /* ends its input and output; it is ended by the caller */
        void (*tell)(struct cw_http_transfer *transfer); /* fires `done` and frees it, or lets it linger */
        void (*settle)(struct cw_http_transfer *transfer); /* of one that lingers: waits for it and frees it */
};

struct cw_http_transfer {
        const struct cw_transfer_kind *kind;
        struct cw_http *http;
        CURL *easy;
        CURLcode result; /* valid when ended and not cancelled */
        int64_t asked_mono, ended_mono;
        int64_t timeout_ms; /* from when it was asked for */
        int64_t waited_ms; /* until curl was told */
        bool waits; /* curl does not know it yet */
        bool ended;
        bool cancelled;
        bool followed; /* its handle's connections are watched already: it was driven before */
        TAILQ_ENTRY(cw_http_transfer) link;
        TAILQ_ENTRY(cw_http_transfer) turn;
};

struct cw_loop *cw_http_loop(struct cw_http *http);
struct cw_spare *cw_http_spare(struct cw_http *http);
const char *cw_http_user_agent(const struct cw_http *http);
bool cw_http_closing(const struct cw_http *http);

/* Hands a transfer over to the client; the first has its easy handle driven, too (-ENOMEM: not handed over), from a
 * later turn on. */
int cw_transfer_begin_multi(struct cw_http *http, struct cw_http_transfer *transfer)
        __attribute__((warn_unused_result));
void cw_transfer_begin(struct cw_http *http, struct cw_http_transfer *transfer);
void cw_transfer_end(struct cw_http_transfer *transfer, CURLcode result);
void cw_transfer_stop_multi(struct cw_http_transfer *transfer);

/* Threads are counted: -EAGAIN when there are too many already. */
int cw_transfer_take_thread(struct cw_http *http) __attribute__((warn_unused_result));
void cw_transfer_give_thread(struct cw_http *http);

/* A told transfer that still has a thread: kept so that cw_http_free can wait for it. */
void cw_transfer_linger(struct cw_http_transfer *transfer);
void cw_transfer_lingered(struct cw_http_transfer *transfer);

#endif
