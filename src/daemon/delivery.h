/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_DELIVERY_H
#define CARDWATCH_DAEMON_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "cardwatch/map.h"
#include "cardwatch/receiver_row.h"
#include "dispatcher.h"
#include "rendering.h"

/*
 * Delivery: one message in hand, and the dispatcher as those see it who move one on.
 */

/* A receiver that forgets what it does not hear of again. */
struct cw_refresh {
        int64_t due_at; /* wall clock: a machine that slept is heard of at once */
        bool failing;
};

/* One message in hand: rendered and waiting for its commit or its turn, or on its way. */
struct cw_delivery {
        struct cw_dispatcher *dispatcher;
        struct cw_settings *settings; /* those it began with */
        size_t notifier;
        uint64_t sequence;
        bool refresh; /* of what the receiver knows: no message of the outbox */
        cw_tested_fn tested; /* a test: likewise; NULL: it is none */
        void *tester;
        char id[33];
        char *payload;
        size_t payload_len;
        char *reason; /* why it failed, until the engine knows */
        struct cw_rendering rendering;
        struct cw_pictures *pictures; /* being drawn: it waits for them, then for the commit */
        struct cw_attempt *attempt; /* NULL while it waits */
        bool sending; /* counted as on its way */
        STAILQ_ENTRY(cw_delivery) turn;
        struct cw_delivery *next, **previous;
};

/* What a notifier has in hand. More is made ready than may be on its way, so that one commit serves many; but only as
 * many more as were delivered in a row: what is ready can no longer become one with what comes after it. */
struct cw_lane {
        size_t busy, sending, ahead;
        STAILQ_HEAD(, cw_delivery) waiting; /* committed, until others arrived */
};

struct cw_dispatcher {
        struct cw_dispatcher_options options;
        struct cw_settings *settings;
        struct cw_lane *lanes; /* of each notifier */
        struct cw_refresh *refreshes; /* likewise */
        struct cw_delivery *deliveries;
        size_t n_deliveries, n_failed;
        struct cw_map attempted; /* with `once`: sequences */
        struct cw_timer *timer;
        struct cw_timer *turn; /* what ended on one turn of the loop is followed by one look around and one commit */
        struct cw_painter *painter;
        STAILQ_HEAD(, cw_delivery) large; /* messages that wait to be rendered, each on a turn of its own */
        struct cw_timer *next_large;
        bool turning; /* that is still to come */
        bool closing;
};

const struct cw_sink_options *cw_delivery_options(const struct cw_delivery *delivery);

/* The engine hears that it failed. */
void cw_delivery_failed(const struct cw_delivery *delivery, enum cw_mishap mishap, bool permanent, int64_t asked_ms,
                        const char *reason);

/* Over a delivery: it is over, one way or the other, and the engine knows. */
void cw_delivery_settle(void *delivery);

/* Over a delivery: its bytes are stored. */
void cw_delivery_committed(void *delivery);
int cw_delivery_wait_for_commit(struct cw_delivery *delivery) __attribute__((warn_unused_result));

/* Rendering (delivery_bytes.c): at once, or of the dispatcher's large ones the first, as the last thing of a turn. */
void cw_delivery_set_up_rendering(struct cw_delivery *delivery);
int cw_delivery_render(struct cw_delivery *delivery, const struct cw_picture *pictures, size_t n_pictures)
        __attribute__((warn_unused_result));
void cw_delivery_render_large(void *dispatcher);

/* After it was rendered on a turn of its own, or was not. */
void cw_delivery_go_on(struct cw_delivery *delivery, int r);

#endif
