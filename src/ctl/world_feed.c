/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a source that answers at once and never lies, told in the order that event.h lays down. Of a poll the engine is
 * told in full what it knows otherwise than the source; when both know the same cards, only what was named, and that
 * the rest is as it was.
 */
#include <string.h>

#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/event.h"
#include "cardwatch/settings.h"
#include "world_private.h"

#define CUSTOMERS_AT_ONCE 128

static void tell_customer(struct cw_world *world, size_t source, int64_t customer)
{
        struct cw_event event = {
                .kind = CW_EVENT_CUSTOMER_SEEN, .source = source, .at = world->now, .customer = customer};

        cw_world_step(world, &event);
}

static void tell_card(struct cw_world *world, size_t source, const struct cw_card *card, enum cw_event_kind kind)
{
        struct cw_event event = {.kind = kind, .source = source, .at = world->now, .card = card};

        cw_world_step(world, &event);
}

/* Customers stay in the list when their cards are gone from it. */
static void tell_all(struct cw_world *world, size_t source)
{
        const struct cw_world_source *of = &world->sources[source];

        for (size_t i = 0; i < of->n_cards; i++) {
                tell_customer(world, source, of->cards[i].card.customer);
                if (of->cards[i].shown)
                        tell_card(world, source, &of->cards[i].card, CW_EVENT_CARD_SEEN);
        }
}

static void tell_named(struct cw_world *world, size_t source)
{
        const struct cw_world_source *of = &world->sources[source];

        for (size_t i = 0; i < of->n_named; i++) {
                const struct cw_world_card *card = &of->cards[of->named[i]];

                tell_customer(world, source, card->card.customer);
                if (card->shown)
                        tell_card(world, source, &card->card, CW_EVENT_CARD_SEEN);
        }
}

static void forget_names(struct cw_world_source *of)
{
        for (size_t i = 0; i < of->n_named; i++)
                of->cards[of->named[i]].named = false;
        of->n_named = 0;
}

/* A customer read alone: all of its cards. */
static enum cw_look_up_result tell_customer_cards(struct cw_world *world, size_t source, int64_t customer,
                                                  enum cw_event_kind kind)
{
        const struct cw_world_source *of = &world->sources[source];
        enum cw_look_up_result result = CW_LOOK_UP_GONE;

        for (size_t i = 0; i < of->n_cards; i++) {
                if (of->cards[i].card.customer != customer)
                        continue;
                result = CW_LOOK_UP_FOUND;
                if (of->cards[i].shown)
                        tell_card(world, source, &of->cards[i].card, kind);
        }
        return result;
}

static void look_up(struct cw_world *world, size_t source)
{
        struct cw_event read = {.kind = CW_EVENT_CUSTOMER_READ, .source = source, .at = world->now};
        int64_t customers[CUSTOMERS_AT_ONCE];
        size_t n = world->error ? 0 : cw_engine_look_ups(world->engine, source, customers, CUSTOMERS_AT_ONCE);

        for (size_t i = 0; i < n; i++) {
                read.read.customer = customers[i];
                read.read.result = tell_customer_cards(world, source, customers[i], CW_EVENT_CARD_READ);
                cw_world_step(world, &read);
        }
}

static void end_poll(struct cw_world *world, size_t source, enum cw_world_poll result)
{
        struct cw_event event = {
                .kind = CW_EVENT_PAGES_READ,
                .source = source,
                .at = world->now,
                .poll = {.pages_good = result != CW_WORLD_FAILED,
                         .pages_bad = result != CW_WORLD_COMPLETE,
                         .auth = result == CW_WORLD_FAILED ? CW_AUTH_UNTRIED : CW_AUTH_OK,
                         .reason = result == CW_WORLD_COMPLETE ? "" : "as the test has it"},
        };

        cw_world_step(world, &event);
        look_up(world, source);
        event.kind = CW_EVENT_POLL_ENDED;
        cw_world_step(world, &event);
}

/* A list that was told in full and believed leaves nothing that only one of the two knows, but for cards that are
 * missing and not given up yet. */
static void compare(struct cw_world *world, size_t source)
{
        struct cw_world_source *of = &world->sources[source];
        struct cw_source_view view;

        cw_engine_view_source(world->engine, source, &view);
        of->in_step = cw_engine_poll_result(world->engine, source) == CW_POLL_COMPLETE && view.cards == of->n_shown;
}

static void tell_cards(struct cw_world *world, size_t source, enum cw_world_poll result)
{
        struct cw_event event = {.kind = CW_EVENT_REST_SEEN, .source = source, .at = world->now};

        if (result == CW_WORLD_COMPLETE && !world->sources[source].in_step) {
                tell_all(world, source);
        } else if (result != CW_WORLD_FAILED) {
                tell_named(world, source);
                if (result == CW_WORLD_COMPLETE)
                        cw_world_step(world, &event);
        }
}

void cw_world_poll(struct cw_world *world, size_t source)
{
        struct cw_world_source *of = &world->sources[source];
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .source = source, .at = world->now};
        enum cw_world_poll result = of->next_poll;
        size_t n_named = of->n_named;

        if (world->options.listener->polled && (n_named || result != CW_WORLD_COMPLETE))
                world->options.listener->polled(world->options.data, world->now, source, result, n_named);
        cw_world_step(world, &event);
        tell_cards(world, source, result);
        of->polled_at = world->now;
        of->next_at += of->every_ms;
        if (result != CW_WORLD_FAILED)
                forget_names(of);
        end_poll(world, source, result);
        if (result == CW_WORLD_COMPLETE)
                compare(world, source);
        of->restful = result == CW_WORLD_COMPLETE && of->in_step && n_named == 0;
}

void cw_world_pass(struct cw_world *world, size_t source)
{
        struct cw_event event = {.kind = CW_EVENT_POLLS_ALIKE, .source = source, .at = world->now};

        cw_world_step(world, &event);
        world->sources[source].polled_at = world->now;
        world->sources[source].next_at = world->now + world->sources[source].every_ms;
}

void cw_world_watch(struct cw_world *world, size_t source)
{
        struct cw_world_source *of = &world->sources[source];

        for (size_t i = 0; i < of->n_named; i++)
                if (of->cards[of->named[i]].shown)
                        tell_card(world, source, &of->cards[of->named[i]].card, CW_EVENT_CARD_WATCHED);
        forget_names(of);
}

bool cw_world_read_again(struct cw_world *world)
{
        int64_t customers[CUSTOMERS_AT_ONCE];
        bool any = false;

        for (size_t source = 0; source < world->n_sources && !world->error; source++) {
                size_t n = cw_engine_read_again(world->engine, source, customers, CUSTOMERS_AT_ONCE);

                for (size_t i = 0; i < n; i++) {
                        struct cw_event read = {.kind = CW_EVENT_CUSTOMER_AGAIN, .source = source, .at = world->now};

                        read.read.customer = customers[i];
                        read.read.result = tell_customer_cards(world, source, customers[i], CW_EVENT_CARD_AGAIN);
                        cw_world_step(world, &read);
                }
                any |= n > 0;
        }
        return any;
}
