/* SPDX-License-Identifier: Apache-2.0 */
#include "readings.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

static void show_again(struct world *world, const struct world_card *card)
{
        struct cw_card shown = card->card;
        struct cw_event event = {.kind = CW_EVENT_CARD_AGAIN, .source = card->source, .at = world->now, .card = &shown};

        if (card->again && cw_amount_parse(card->again, strlen(card->again), &shown.available) < 0)
                abort();
        if (card->again)
                shown.total = shown.available;
        world_step(world, &event);
}

static void answer(struct world *world, struct world_customer *customer)
{
        static const enum cw_look_up_result results[] = {
                [AGAIN_FOUND] = CW_LOOK_UP_FOUND,
                [AGAIN_GONE] = CW_LOOK_UP_GONE,
                [AGAIN_UNREADABLE] = CW_LOOK_UP_UNREADABLE,
        };
        struct cw_event event = {.kind = CW_EVENT_CUSTOMER_AGAIN, .source = customer->source, .at = world->now};

        customer->n_again++;
        if (customer->again == AGAIN_SILENT)
                return;
        for (size_t i = 0; i < world->n_cards && customer->again == AGAIN_FOUND; i++) {
                const struct world_card *card = &world->cards[i];

                if (card->source == customer->source && card->card.customer == customer->id && !card->absent &&
                    !card->bad)
                        show_again(world, card);
        }
        event.read.customer = customer->id;
        event.read.result = results[customer->again];
        world_step(world, &event);
        world_commit(world);
}

void world_read_again(struct world *world, size_t source)
{
        int64_t customers[8];
        size_t n;

        do {
                n = cw_engine_read_again(world->engine, source, customers, CW_ARRAY_SIZE(customers));
                for (size_t i = 0; i < n; i++)
                        answer(world, world_customer(world, source, customers[i]));
        } while (n > 0);
}

void world_watch(struct world *world, int64_t id)
{
        for (size_t i = 0; i < world->n_cards; i++) {
                struct cw_event event = {.kind = CW_EVENT_CARD_WATCHED, .at = world->now};

                if (world->cards[i].card.id != id)
                        continue;
                event.source = world->cards[i].source;
                event.card = &world->cards[i].card;
                world_step(world, &event);
                world_commit(world);
                world_read_again(world, event.source);
                return;
        }
        abort();
}

void world_polls_alike(struct world *world, size_t source)
{
        world_step(world, &(struct cw_event){.kind = CW_EVENT_POLLS_ALIKE, .source = source, .at = world->now});
        world_commit(world);
}
