/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_PAST_H
#define CARDWATCH_CTL_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/changes.h"
#include "cardwatch/map.h"
#include "world.h"

struct cw_buf;
struct cw_settings;
struct cw_store;

/*
 * Past: what a store remembers of cards, played once more in a world.
 *
 * First the state is wound back to the beginning: a card whose first change after it says what was before was that, one
 * that was seen later appears later, and one without a change was as it is now. Then the changes follow, each at the
 * time it was committed, which was the end of its poll. Polls between them are assumed, each complete.
 */

struct cw_past_source {
        const char *name;
        int64_t every_ms;
        uint32_t missing_after;
        bool known; /* the store has heard of it */
        int64_t first_poll_at, last_poll_at;
        bool begins_later; /* it had not been polled when the past begins */
        int64_t baseline_at; /* then: when its first list was taken in, 0: it never was */
};

/* When a card went missing. */
struct cw_past_leave {
        int64_t at;
        size_t source;
        int64_t card;
};

struct cw_past {
        struct cw_store *store;
        int64_t from_at, to_at; /* to the last poll */
        int64_t first_poll_at; /* the first of all that the store knows, 0: it knows of none */
        bool is_cut; /* the store was there before `from_at`, but what changed then is no longer kept */
        struct cw_past_source *sources; /* of the configuration */
        size_t n_sources;
        struct cw_map *cards; /* of each source: struct past_card */
        struct cw_past_leave *leaves; /* in order of time */
        size_t n_leaves, leaves_capacity;
        struct cw_changes stored; /* what an engine knew at the beginning */
};

/* Opens the store of the settings for looking only and winds back to `from_at`, or as far as all is known: changes
 * since `kept_at` are. What went wrong is in `message`. The strings of the settings are used as long as the past lives.
 */
int cw_past_open(struct cw_past *past, const struct cw_settings *settings, int64_t from_at, int64_t kept_at,
                 struct cw_buf *message) __attribute__((warn_unused_result));
void cw_past_close(struct cw_past *past);

/* Lives through all of it; the world begins at `from_at`, with `stored`. May be called for one world after another. */
int cw_past_play(struct cw_past *past, struct cw_world *world, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
