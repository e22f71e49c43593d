/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "routing.h"

#define MINUTE CW_MINUTE_MS
#define CARDS  12

void history_draw_rules(struct history *history, struct sim_rules *rules)
{
        static const int64_t times[] = {0, 0, 90 * CW_SECOND_MS, 5 * MINUTE};
        struct chance *chance = &history->chance;

        for (int kind = 0; kind < KINDS; kind++) {
                rules->has[kind] = !chance_one_in(chance, 4);
                rules->variant[kind] = (int)chance_below(chance, 2);
        }
        rules->has_event = !chance_one_in(chance, 3);
        rules->spec.group_wait_ms = times[chance_below(chance, 4)];
        rules->spec.group_interval_ms = times[chance_below(chance, 4)];
        rules->spec.repeat_every_ms = chance_one_in(chance, 3) ? 7 * MINUTE : 0;
        if (history->routed)
                routing_draw(chance, &rules->spec.routing);
}

/* Which group a delivered alert was told in is not remembered over a restart: where that must change nothing, groups
 * are made of what stays as it is. */
void history_draw_groups(struct history *history, struct sim_rules *rules)
{
        rules->spec.one_group = chance_one_in(&history->chance, 4);
        rules->spec.n_group_by = chance_below(&history->chance, 3);
        rules->spec.group_by[0] = (struct cw_group_by){.key = CW_GROUP_CUSTOMER};
        rules->spec.group_by[1] = (struct cw_group_by){.key = history->calm ? CW_GROUP_CARD : CW_GROUP_SEVERITY};
}

/* Two sources forget together which rules are new to them when the process ends: where restarts must change nothing,
 * rules change only with one. */
void history_first_rules(struct history *history)
{
        static const char *const names[] = {"n0", "n1", "n2"};
        struct sim_rules *rules = &history->rules;
        size_t n = 1 + chance_below(&history->chance, 3);

        rules->ladder = history->routed;
        history_draw_rules(history, rules);
        history_draw_groups(history, rules);
        rules->spec.sources[0] = "main";
        if (chance_one_in(&history->chance, 2))
                rules->spec.sources[1] = "second";
        for (size_t i = 0; i < n; i++) {
                history->beliefs.no_ends[i] = chance_one_in(&history->chance, 6);
                rules->spec.notifiers[i] = (struct notifier_spec){
                        .name = names[i], .no_ends = history->beliefs.no_ends[i], .list = 3};
        }
}

void history_draw_cards(struct history *history)
{
        struct world *world = &history->world;

        for (int64_t id = 1; id <= CARDS; id++) {
                int64_t customer = 1 + (id - 1) % HISTORY_CUSTOMERS;
                struct world_card *card = world_card(world, customer, id, "600");

                /* The helper knows one source; the second has customers of its own. */
                if (history->rules.spec.sources[1] && customer > HISTORY_CUSTOMERS / 2) {
                        card->source = 1;
                        world_customer(world, 1, customer);
                }
        }
        for (size_t i = 0; i < world->n_customers;) {
                if (history->rules.spec.sources[1] && world->customers[i].source == 0 &&
                    world->customers[i].id > HISTORY_CUSTOMERS / 2)
                        world->customers[i] = world->customers[--world->n_customers];
                else
                        i++;
        }
}

void history_change_card(struct history *history)
{
        static const int64_t amounts[] = {-60, -1, 0, 50, 99, 100, 110, 119, 120, 290, 300, 590, 600, 700, 701};
        struct chance *chance = &history->chance;
        int64_t id = 1 + chance_below(chance, CARDS);
        struct world_card *card = world_card(&history->world, history->world.cards[id - 1].card.customer, id, NULL);
        bool anchor = id <= HISTORY_CUSTOMERS;

        switch (chance_below(chance, 12)) {
        case 0:
                card->card.suppressed ^= true;
                break;
        case 1:
                strcpy(card->card.currency, chance_one_in(chance, 2) ? "EUR" : "USD");
                break;
        case 2:
                card->absent = !anchor && !card->absent;
                break;
        case 3:
                card->bad = !anchor && chance_one_in(chance, 2);
                break;
        case 4:
                if (!anchor)
                        card->card.customer = (card->card.customer - 1) / 2 * 2 + 1 + chance_below(chance, 2);
                break;
        default:
                card->card.available = amounts[chance_below(chance, CW_ARRAY_SIZE(amounts))] * CW_AMOUNT_UNIT;
        }
}

void history_change_customers(struct history *history)
{
        for (size_t i = 0; i < history->world.n_customers; i++) {
                struct world_customer *customer = &history->world.customers[i];

                customer->unread = chance_one_in(&history->chance, 12);
                if (chance_one_in(&history->chance, customer->absent ? 3 : 40))
                        customer->absent ^= true;
        }
}

void history_change_moods(struct history *history)
{
        for (size_t i = 0; i < SPEC_NOTIFIERS; i++)
                if (chance_one_in(&history->chance, 5))
                        history->world.receivers[i].mood = chance_one_in(&history->chance, 3)   ? FAILS
                                                           : chance_one_in(&history->chance, 4) ? REFUSES
                                                                                                : ACCEPTS;
}
