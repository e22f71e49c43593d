/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the clock jumps from one instant at which something may happen to the next: a beat that is not idle, a time
 * that the engine wants to be woken at, and the end of the way. Beats that were jumped over are made up for in one go
 * before anything else happens, so that the engine never sees a gap.
 */
#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/event.h"
#include "cardwatch/settings.h"
#include "world_private.h"

#define ROUNDS_MOST 100000 /* of one instant: nothing that is sound goes on for so long */

CW_DEFINE_CLEANUP(struct cw_world *, cw_world_free);

static int begin(struct cw_world *world)
{
        struct cw_changes nothing = CW_CHANGES_NULL;
        int r;

        r = cw_engine_new(world->options.settings->config->rules, &world->engine);
        if (r == 0)
                r = cw_engine_load(world->engine, world->options.stored ? world->options.stored : &nothing, world->now,
                                   &world->changes);
        cw_changes_deinit(&world->changes);
        cw_changes_deinit(&nothing);
        return r;
}

int cw_world_new(const struct cw_world_options *options, struct cw_world **ret_world)
{
        cw_cleanup(cw_world_free_cleanup) struct cw_world *world = calloc(1, sizeof(*world));
        const struct cw_config *config = options->settings->config;
        int r;

        if (!world)
                return -ENOMEM;
        world->options = *options;
        world->now = options->start_at;
        world->sources = calloc(config->n_sources + 1, sizeof(*world->sources));
        if (!world->sources)
                return -ENOMEM;
        world->n_sources = config->n_sources;
        world->n_notifiers = config->n_notifiers;
        for (size_t i = 0; i < world->n_sources; i++) {
                world->sources[i].every_ms = config->sources[i].every_ms;
                world->sources[i].next_at = options->start_at;
        }
        r = begin(world);
        if (r < 0)
                return r;
        *ret_world = cw_take(world);
        return 0;
}

void cw_world_free(struct cw_world *world)
{
        if (!world)
                return;
        for (size_t i = 0; i < world->n_sources; i++) {
                struct cw_world_source *source = &world->sources[i];

                for (size_t j = 0; j < source->n_cards; j++)
                        free((char *)source->cards[j].card.reference);
                free(source->cards);
                free(source->named);
                cw_map_deinit(&source->index);
        }
        free(world->sources);
        cw_engine_free(world->engine);
        cw_changes_deinit(&world->changes);
        free(world);
}

struct cw_engine *cw_world_engine(struct cw_world *world)
{
        return world->engine;
}

/* The map holds places counted from 1 as if they were pointers. */
static struct cw_world_card *find(const struct cw_world_source *source, int64_t card)
{
        uintptr_t place = (uintptr_t)cw_map_get(&source->index, (uint64_t)card);

        return place ? &source->cards[place - 1] : NULL;
}

/* Room for one more than `n`; NULL: out of memory, the array is as it was. */
static void *grow(void *array, size_t n, size_t *capacity, size_t size)
{
        size_t wanted = *capacity ? *capacity * 2 : 16;
        void *grown;

        if (n < *capacity)
                return array;
        grown = reallocarray(array, wanted, size);
        if (grown)
                *capacity = wanted;
        return grown;
}

static int add_card(struct cw_world_source *source, int64_t id)
{
        struct cw_world_card *cards = grow(source->cards, source->n_cards, &source->capacity, sizeof(*cards));

        if (!cards)
                return -ENOMEM;
        source->cards = cards;
        cards[source->n_cards] = (struct cw_world_card){0};
        source->n_cards++;
        return cw_map_put(&source->index, (uint64_t)id, (void *)(uintptr_t)source->n_cards);
}

static int name_card(struct cw_world_source *source, struct cw_world_card *card)
{
        size_t *named = grow(source->named, source->n_named, &source->named_capacity, sizeof(*named));

        if (!named)
                return -ENOMEM;
        source->named = named;
        if (!card->named)
                named[source->n_named++] = (size_t)(card - source->cards);
        card->named = true;
        source->restful = false;
        return 0;
}

int cw_world_show(struct cw_world *world, size_t source, const struct cw_card *card)
{
        struct cw_world_source *of = &world->sources[source];
        struct cw_world_card *known = find(of, card->id);
        char *reference = card->reference && *card->reference ? strdup(card->reference) : NULL;

        if ((card->reference && *card->reference && !reference) || (!known && add_card(of, card->id) < 0)) {
                free(reference);
                return -ENOMEM;
        }
        if (known && (!known->shown || known->card.customer != card->customer))
                of->in_step = false;
        known = find(of, card->id);
        free((char *)known->card.reference);
        of->n_shown += !known->shown;
        known->card = *card;
        known->card.reference = reference;
        known->shown = true;
        return name_card(of, known);
}

void cw_world_hide(struct cw_world *world, size_t source, int64_t card)
{
        struct cw_world_card *known = find(&world->sources[source], card);

        assert(known);
        world->sources[source].n_shown -= known->shown;
        world->sources[source].in_step = world->sources[source].restful = false;
        known->shown = false;
}

const struct cw_card *cw_world_card(const struct cw_world *world, size_t source, int64_t card)
{
        const struct cw_world_card *known = find(&world->sources[source], card);

        return known ? &known->card : NULL;
}

void cw_world_spoil(struct cw_world *world, size_t source, enum cw_world_poll result)
{
        world->sources[source].next_poll = result;
}

bool cw_world_has_beat(const struct cw_world *world, size_t source, int64_t at)
{
        const struct cw_world_source *of = &world->sources[source];

        return at >= of->next_at && (at - of->next_at) % of->every_ms == 0;
}

int64_t cw_world_next_beat(const struct cw_world *world, size_t source)
{
        return world->sources[source].next_at;
}

void cw_world_set_beat(struct cw_world *world, size_t source, int64_t at)
{
        assert(at >= world->now);
        world->sources[source].next_at = at;
}

static void tell_changes(struct cw_world *world)
{
        const struct cw_world_listener *listener = world->options.listener;

        for (size_t i = 0; listener->alert && i < world->changes.alerts.n; i++)
                listener->alert(world->options.data, world->now, &world->changes.alerts.rows[i]);
        for (size_t i = 0; listener->moved && i < world->changes.history.n; i++)
                listener->moved(world->options.data, world->now, &world->changes.history.rows[i]);
}

void cw_world_step(struct cw_world *world, struct cw_event *event)
{
        int r;

        if (world->error)
                return;
        r = cw_engine_step(world->engine, event, world->now, &world->changes);
        if (r < 0)
                world->error = r;
        if (cw_changes_empty(&world->changes))
                return;
        tell_changes(world);
        cw_changes_deinit(&world->changes);
}

/* What is due at this instant, and what comes of that, until nothing is. */
static void settle(struct cw_world *world)
{
        struct cw_event tick = {.kind = CW_EVENT_TICK};
        int rounds = 0;
        bool moved;

        do {
                int64_t wake_at;

                moved = cw_world_read_again(world);
                moved |= cw_world_deliver(world);
                wake_at = cw_engine_wake_at(world->engine);
                if (!world->error && !moved && wake_at && wake_at <= world->now) {
                        cw_world_step(world, &tick);
                        moved = cw_engine_wake_at(world->engine) != wake_at;
                        moved |= cw_world_deliver(world);
                }
                if (++rounds > ROUNDS_MOST)
                        world->error = -ELOOP;
        } while (moved && !world->error);
}

/* The last beat of the source that is not after `at`; its next one is not. */
static int64_t beat_until(const struct cw_world_source *source, int64_t at)
{
        return source->next_at + (at - source->next_at) / source->every_ms * source->every_ms;
}

/* The next beat at which the source may bring something; INT64_MAX: none. */
static int64_t busy_at(const struct cw_world_source *source, int64_t idle_until)
{
        if (!source->restful || idle_until <= source->next_at)
                return source->next_at;
        if (idle_until == INT64_MAX)
                return INT64_MAX;
        return beat_until(source, idle_until - 1) + source->every_ms;
}

/* The source whose polls were jumped over for longest, up to `at`. NULL: none were. */
static struct cw_world_source *next_behind(const struct cw_world *world, int64_t at)
{
        struct cw_world_source *behind = NULL;

        for (size_t i = 0; i < world->n_sources; i++) {
                struct cw_world_source *source = &world->sources[i];

                if (source->next_at <= at && (!behind || beat_until(source, at) < beat_until(behind, at)))
                        behind = source;
        }
        return behind;
}

static void catch_up(struct cw_world *world, int64_t at)
{
        struct cw_world_source *behind;

        while (!world->error && (behind = next_behind(world, at))) {
                world->now = beat_until(behind, at);
                cw_world_pass(world, (size_t)(behind - world->sources));
                settle(world);
        }
}

/* Where the clock stops next on its way to `at`, which it does not reach; INT64_MAX: nowhere. */
static int64_t next_stop(const struct cw_world *world, int64_t at)
{
        int64_t idle_until = cw_engine_idle_until(world->engine), stop = INT64_MAX;
        int64_t wake_at = cw_engine_wake_at(world->engine);

        for (size_t i = 0; i < world->n_sources; i++) {
                int64_t busy = busy_at(&world->sources[i], idle_until);

                if (busy < stop)
                        stop = busy;
        }
        if (wake_at > world->now && wake_at < stop)
                stop = wake_at;
        return stop < at ? stop : INT64_MAX;
}

static void poll_due(struct cw_world *world)
{
        for (size_t i = 0; i < world->n_sources && !world->error; i++)
                if (world->sources[i].next_at == world->now)
                        cw_world_poll(world, i);
}

int cw_world_advance(struct cw_world *world, int64_t at)
{
        int64_t stop;

        assert(at >= world->now);
        while (!world->error && (stop = next_stop(world, at)) != INT64_MAX) {
                catch_up(world, stop - 1);
                if (next_stop(world, at) > stop)
                        continue; /* polls moved the time to be woken at */
                world->now = stop;
                poll_due(world);
                settle(world);
        }
        catch_up(world, at - 1);
        world->now = at;
        return world->error;
}

int cw_world_look(struct cw_world *world)
{
        poll_due(world);
        for (size_t i = 0; i < world->n_sources && !world->error; i++) {
                if (world->sources[i].n_named && world->sources[i].polled_at != world->now)
                        cw_world_watch(world, i);
                world->sources[i].next_poll = CW_WORLD_COMPLETE;
        }
        settle(world);
        return world->error;
}
