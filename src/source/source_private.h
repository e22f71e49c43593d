/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_SOURCE_PRIVATE_H
#define CARDWATCH_SOURCE_SOURCE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"
#include "cardwatch/source.h"

#include "auth.h"
#include "cycle.h"

/*
 * The source's state, shared by the four files that are one machine: source.c (life and beat), poll.c (what happens
 * next), page.c and login.c (one request each and the judging of its answer), request.c (what those share).
 *
 * Memory: the owner holds one reference, every request under way one, and so does whoever calls the listener. A
 * request's memory is in the source, so the last reference is given back no earlier than the last `done`.
 */

struct cw_source_request {
        struct cw_source *source;
        struct cw_http_transfer *transfer; /* NULL: not under way */
        uint64_t serial; /* of the poll it belongs to */
        unsigned slot;
        uint32_t page;
        uint32_t repeated_page; /* whose 401 was answered by a new login */
        unsigned generation; /* of the token it was sent with */
};

struct cw_source_poll {
        bool running;
        uint64_t serial;
        struct cw_cycle cycle;
        enum cw_poll_auth auth;
        int64_t began_at, began_mono;
        uint32_t requests;
        uint32_t pages_logged; /* failures of pages that were logged */
        uint32_t logins_again; /* after a 401 */
        uint32_t login_failures; /* that may be tried again */
        int64_t login_due; /* monotonic */
};

struct cw_source {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        struct cw_source_listener listener;
        void *data;

        char *name, *url, *username;
        char *tls_ca, *tls_cert, *tls_key;
        struct cw_secret *password, *api_key, *totp_key, *otp;
        struct cw_source_options options; /* its pointers are those above */

        unsigned references;
        bool freed;

        struct cw_timer *beat, *pump;
        bool wanted; /* a poll is to begin */
        bool pausing, paused; /* pausing: to be told when all is still */
        int64_t first_mono, beat_mono; /* the first poll's start, the next beat */
        int64_t held_until; /* monotonic: what the API asked for outlives the poll */

        struct cw_auth auth;
        struct cw_source_poll poll;
        struct cw_source_request pages[CW_CYCLE_SLOTS];
        struct cw_source_request login;
        unsigned flying; /* requests under way, cancelled ones too */
        int last_result; /* of the last poll's end, for the log; -1: none */
};

void cw_source_ref(struct cw_source *source);
void cw_source_unref(struct cw_source *source);

struct cw_auth_now cw_source_now(void);
uint32_t cw_source_chance(void);

/* Does whatever can be done now and sets the timer for what comes later. From the loop's callbacks only. */
void cw_source_pump(struct cw_source *source);

void cw_source_ask_page(struct cw_source *source, unsigned slot, uint32_t page);
void cw_source_log_in(struct cw_source *source);

/* The account cannot be used: the poll asks for nothing more. */
void cw_source_auth_failed(struct cw_source *source, const char *reason);

#endif
