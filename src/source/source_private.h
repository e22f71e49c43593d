/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_SOURCE_PRIVATE_H
#define CARDWATCH_SOURCE_SOURCE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth.h"
#include "cardwatch/arrival.h"
#include "cardwatch/http.h"
#include "cardwatch/source.h"
#include "cycle.h"
#include "gate.h"
#include "phase.h"
#include "round.h"
#include "skew.h"

/*
 * The source's state, shared by the files that are one machine: source.c (life), pump.c (what happens next), poll.c
 * (the poll's phases), watch.c (the faster lane), again.c (a lane without a beat), page.c, reading.c, login.c and
 * probe.c (one request each and the judging of its answer), request.c and answer.c (what those share).
 *
 * Memory: the owner holds one reference, every request under way one, and so does whoever calls the listener. A
 * request's memory is in the source, so the last reference is given back no earlier than the last `done`.
 */

struct cw_source_request {
        struct cw_source *source;
        struct cw_http_transfer *transfer; /* NULL: not under way */
        enum { CW_REQUEST_LOGIN, CW_REQUEST_PROBE, CW_REQUEST_PAGE, CW_REQUEST_LOOK_UP, CW_REQUEST_WATCH } kind;
        bool counts, repeated; /* its answer is still wanted; a 401 was answered by a new login */
        unsigned generation, slot; /* of the token it was sent with, and where it stands */
        uint32_t page;
        struct cw_arrival arrival; /* of the page */
        bool keep_all; /* as it comes */
        int64_t customer;
        struct cw_source_lane *lane;
};

struct cw_source_poll {
        struct cw_cycle cycle;
        bool given_up; /* what is left to look up is not asked for */
        enum cw_poll_auth auth;
        int64_t began_at, began_mono;
        uint32_t requests;
        uint32_t failures_logged;
        int64_t look_up_customers[CW_LOOK_UPS_MAX];
        struct cw_round look_ups;
};

/* One watch: its customers, its beat and the round that is under way, if one is. */
struct cw_source_lane {
        int64_t *customers;
        size_t n_customers;
        int64_t every_ms, first_mono, beat_mono;
        bool running, failing;
        struct cw_round round;
        size_t n_failed;
        char reason[200]; /* about the first that failed */
        unsigned flying;
        bool again; /* no beat: customers that the engine wants read once more (again.c) */
        int64_t *waiting; /* for the next round of it */
        size_t n_waiting;
        struct cw_source_request requests[CW_ROUND_SLOTS];
};

struct cw_source {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        struct cw_source_listener listener;
        void *data;
        struct cw_decoder *decoder; /* the page it decoded last is done with before the next is asked of it */
        char *name, *url, *username, *proxy, *tls_ca, *tls_cert, *tls_key;
        struct cw_secret *password, *api_key, *totp_key, *otp;
        struct cw_source_options options; /* its pointers are those above */

        unsigned references;
        bool freed;

        struct cw_timer *pump;
        int64_t due_mono; /* while pumping: when something is to be done next */
        enum cw_phase phase;
        bool once, told_end; /* of a poll, on this turn */
        int64_t first_mono, beat_mono; /* the first poll's start, the next beat */
        struct cw_gate gate;
        struct cw_skew skew;

        struct cw_auth auth;
        unsigned credentials; /* block.h */
        bool locked; /* so is the block, for all of them */
        struct cw_source_request login;
        uint32_t login_failures; /* in this poll, that may be tried again */
        int64_t login_due_mono, login_sent_mono;
        bool login_failed; /* the last one did; only a poll tries again */
        char doubt[300]; /* the first request that put the token in doubt, and why */
        struct cw_source_request probe;
        uint32_t probe_page; /* to be asked for; 0: none */
        uint32_t good_page; /* the last that was good, in any poll; 0: none */

        struct cw_source_poll poll;
        uint32_t expected_pages; /* as the last poll that learned it knew them */
        struct cw_source_request pages[CW_CYCLE_SLOTS];
        struct cw_source_request look_ups[CW_ROUND_SLOTS];
        unsigned flying; /* requests under way, cancelled ones too */
        int last_result; /* of the last poll's end, for the log; -1: none */

        struct cw_source_lane **lanes;
        size_t n_lanes, next_lane;
        bool lanes_open; /* a poll has ended */
};

void cw_source_ref(struct cw_source *source);
void cw_source_unref(struct cw_source *source);

struct cw_auth_now cw_source_now(void);
struct cw_source_memory cw_source_memory_now(const struct cw_source *source); /* as it is to be stored */
uint32_t cw_source_chance(void);

#endif
