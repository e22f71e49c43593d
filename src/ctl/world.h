/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_WORLD_H
#define CARDWATCH_CTL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"

struct cw_alert_row;
struct cw_changes;
struct cw_engine;
struct cw_history_row;
struct cw_notice;
struct cw_settings;

/*
 * World: sources, a clock and receivers that are only thought of, around the engine that the daemon runs.
 *
 * Sources are polled at their beats, messages are delivered as soon as they may go, and neither takes time. Time in
 * which nothing can happen is not gone through poll by poll. Who owns a world says what its sources show, moves the
 * clock, and is told what came of it.
 */

struct cw_world;

enum cw_world_poll { CW_WORLD_COMPLETE, CW_WORLD_PARTIAL, CW_WORLD_FAILED };

/* One message that its receiver has now. */
struct cw_world_message {
        size_t notifier;
        const struct cw_notice *notice;
        const char *json; /* the webhook's body, whatever the channel; NULL unless the world renders */
        size_t json_len;
};

/* What is told, each of them as it happens, to who is not NULL; borrowed for the call. */
struct cw_world_listener {
        void (*moved)(void *data, int64_t at, const struct cw_history_row *row);
        void (*alert)(void *data, int64_t at, const struct cw_alert_row *row);
        void (*sent)(void *data, int64_t at, const struct cw_world_message *message);
        /* A poll that is worth a word: it brought something new, or was not complete. */
        void (*polled)(void *data, int64_t at, size_t source, enum cw_world_poll result, size_t n_named);
};

struct cw_world_options {
        struct cw_settings *settings; /* outlives the world */
        int64_t start_at;
        const struct cw_changes *stored; /* what the engine begins with; NULL: nothing */
        bool renders; /* every message as its channel would have it; else notices are all there is */
        const struct cw_world_listener *listener;
        void *data;
};

/* The first polls are due at the start. */
int cw_world_new(const struct cw_world_options *options, struct cw_world **ret_world)
        __attribute__((warn_unused_result));
void cw_world_free(struct cw_world *world);

/* From now on the source shows the card so, and its next look names it. The reference is copied. */
int cw_world_show(struct cw_world *world, size_t source, const struct cw_card *card)
        __attribute__((warn_unused_result));

/* From now on the source does not show the card; it must have been shown. */
void cw_world_hide(struct cw_world *world, size_t source, int64_t card);

/* What the source shows of a card. NULL: nothing yet. A hidden card is shown as it was last. */
const struct cw_card *cw_world_card(const struct cw_world *world, size_t source, int64_t card);

/* How the source's poll of this instant goes, should there be one. */
void cw_world_spoil(struct cw_world *world, size_t source, enum cw_world_poll result);

/* Whether the source is polled at `at`. */
bool cw_world_has_beat(const struct cw_world *world, size_t source, int64_t at);

/* When that is next. */
int64_t cw_world_next_beat(const struct cw_world *world, size_t source);

/* Moves a beat: the source's next poll is at `at`, not before the clock, and the others follow it. */
void cw_world_set_beat(struct cw_world *world, size_t source, int64_t at);

/* Lives through everything before `at`, which becomes the present. -ENOMEM; -ELOOP: it never came to rest. */
int cw_world_advance(struct cw_world *world, int64_t at) __attribute__((warn_unused_result));

/* Then what the present brings: polls that are due, cards that were named and no poll looked at, what must go. */
int cw_world_look(struct cw_world *world) __attribute__((warn_unused_result));

/* For questions. */
struct cw_engine *cw_world_engine(struct cw_world *world);

#endif
