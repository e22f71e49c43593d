/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_WORLD_PRIVATE_H
#define CARDWATCH_CTL_WORLD_PRIVATE_H

#include "cardwatch/changes.h"
#include "cardwatch/map.h"
#include "world.h"

struct cw_event;

/*
 * World, inside: its frame and clock are world.c, what a look at a source tells the engine world_feed.c, what becomes
 * of messages world_post.c.
 */

struct cw_world_card {
        struct cw_card card; /* `reference` is owned */
        bool shown;
        bool named; /* since the last look */
};

struct cw_world_source {
        int64_t every_ms;
        int64_t next_at; /* the next beat */
        int64_t polled_at; /* the last one, 0: none yet */
        bool in_step; /* the engine knows just the cards that are shown, and those that are not named as they are */
        bool restful; /* and the last poll brought nothing new */
        enum cw_world_poll next_poll;
        struct cw_world_card *cards;
        size_t n_cards, capacity;
        struct cw_map index; /* id -> place in `cards`, from 1 */
        size_t *named; /* places, each once */
        size_t n_named, named_capacity;
        size_t n_shown;
};

struct cw_world {
        struct cw_world_options options;
        struct cw_engine *engine;
        struct cw_changes changes; /* of the last step */
        struct cw_world_source *sources;
        size_t n_sources, n_notifiers;
        int64_t now;
        int error; /* sticky */
};

/* One step at the present, and what its changes tell. Failures stick in world->error. */
void cw_world_step(struct cw_world *world, struct cw_event *event);

/* A poll of the source, now. */
void cw_world_poll(struct cw_world *world, size_t source);

/* Instead of every poll up to the present, which is a beat: none of them would bring anything. */
void cw_world_pass(struct cw_world *world, size_t source);

/* The named cards alone, without a poll. */
void cw_world_watch(struct cw_world *world, size_t source);

/* Customers that are to be read once more. True: there were some. */
bool cw_world_read_again(struct cw_world *world);

/* Whatever may go goes and arrives. True: something did. */
bool cw_world_deliver(struct cw_world *world);

#endif
