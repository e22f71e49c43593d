/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/hash.h>
#include <cardwatch/money.h>

const char *const cw_sim_field_names[CW_SIM_N_FIELDS] = {
        [CW_SIM_FIELD_ID] = "id",
        [CW_SIM_FIELD_CURRENCY] = "currency",
        [CW_SIM_FIELD_CARD_NUMBER] = "cardNumber",
        [CW_SIM_FIELD_TOTAL] = "totalBalance",
        [CW_SIM_FIELD_AVAILABLE] = "availableBalance",
        [CW_SIM_FIELD_PENDING] = "pendingBalance",
        [CW_SIM_FIELD_SUPPRESSED] = "bSuppressed",
};

static void free_texts(char **texts)
{
        for (size_t i = 0; i < CW_SIM_N_FIELDS; i++)
                free(texts[i]);
}

void cw_sim_card_change_deinit(struct cw_sim_card_change *change)
{
        free_texts(change->texts);
        *change = (struct cw_sim_card_change){0};
}

static void card_free(struct cw_sim_card *card)
{
        if (!card)
                return;
        free_texts(card->texts);
        free(card);
}
CW_DEFINE_CLEANUP(struct cw_sim_card *, card_free);

static void customer_free(struct cw_sim_customer *customer)
{
        if (!customer)
                return;
        for (size_t i = 0; i < customer->n_cards; i++)
                card_free(customer->cards[i]);
        free(customer->cards);
        free(customer->reference);
        free(customer);
}
CW_DEFINE_CLEANUP(struct cw_sim_customer *, customer_free);

/* Chance that depends only on the seed and on what it is drawn for. */
static uint64_t draw(const struct cw_sim_world *world, uint64_t what, uint64_t which)
{
        uint64_t input[3] = {world->seed, what, which};

        return cw_hash64(CW_HASH_KEY_DERIVED, input, sizeof(input));
}

/* Cards above `--low` begin between 200.00 and 5200.00, the low ones between 1.00 and 99.99. */
static int64_t first_balance_cents(uint64_t chance, bool low)
{
        return low ? 100 + (int64_t)(chance % 9900) : 20000 + (int64_t)(chance % 500000);
}

static int add_card(struct cw_sim_world *world, struct cw_sim_customer *customer, struct cw_sim_card *card)
{
        struct cw_sim_card **cards;

        cards = reallocarray(customer->cards, customer->n_cards + 1, sizeof(*cards));
        if (!cards)
                return -ENOMEM;
        customer->cards = cards;
        if (cw_map_put(&world->cards_by_id, (uint64_t)card->id, card) < 0)
                return -ENOMEM;
        card->customer = customer;
        customer->cards[customer->n_cards++] = card;
        return 0;
}

static int make_card(struct cw_sim_world *world, const struct cw_sim_world_plan *plan, struct cw_sim_customer *customer,
                     size_t index)
{
        struct cw_sim_card *card cw_cleanup(card_free_cleanup) = calloc(1, sizeof(*card));
        uint64_t chance = draw(world, UINT64_MAX, index);
        int r;

        if (!card)
                return -ENOMEM;
        card->id = (int64_t)index + 1;
        card->currency = world->currencies[index % world->n_currencies];
        card->available_cents = first_balance_cents(chance, index < plan->low);
        card->pending_cents = (chance >> 40) % 4 == 0 ? (int64_t)((chance >> 44) % 5000) : 0;
        card->suppressed = index < plan->suppressed;
        r = add_card(world, customer, card);
        if (r < 0)
                return r;
        card = NULL;
        return 0;
}

static int read_currencies(struct cw_sim_world *world, const char *text)
{
        while (*text) {
                size_t len = strcspn(text, ",");
                char **currencies;

                if (len > 0) {
                        currencies = reallocarray(world->currencies, world->n_currencies + 1, sizeof(*currencies));
                        if (!currencies)
                                return -ENOMEM;
                        world->currencies = currencies;
                        currencies[world->n_currencies] = strndup(text, len);
                        if (!currencies[world->n_currencies])
                                return -ENOMEM;
                        world->n_currencies++;
                }
                text += len + (text[len] == ',');
        }
        return world->n_currencies > 0 ? 0 : -EINVAL;
}

int cw_sim_world_init(struct cw_sim_world *world, const struct cw_sim_world_plan *plan)
{
        int r;

        world->seed = plan->seed;
        r = read_currencies(world, plan->currencies);
        for (size_t i = 0; r == 0 && i < plan->customers; i++) {
                char reference[32];

                snprintf(reference, sizeof(reference), "acme-%zu", i + 1);
                r = cw_sim_world_put_customer(world, plan->first_customer + (int64_t)i, reference);
                for (size_t j = 0; r == 0 && j < plan->cards; j++)
                        r = make_card(world, plan, world->customers[i], i * plan->cards + j);
        }
        if (r < 0)
                cw_sim_world_deinit(world);
        return r;
}

void cw_sim_world_deinit(struct cw_sim_world *world)
{
        for (size_t i = 0; i < world->n_customers; i++)
                customer_free(world->customers[i]);
        for (size_t i = 0; i < world->n_currencies; i++)
                free(world->currencies[i]);
        free(world->customers);
        free(world->currencies);
        cw_map_deinit(&world->customers_by_id);
        cw_map_deinit(&world->cards_by_id);
        *world = (struct cw_sim_world){0};
}

/*
 * Mostly something small is bought, sometimes something large, a purchase waits as pending before it is settled, and a
 * card that has run low is likely to be topped up soon: thresholds are crossed in both directions.
 */
static void spend(struct cw_sim_card *card, uint64_t chance)
{
        int64_t small_cents = 50 + (int64_t)((chance >> 8) % 6000);
        int64_t large_cents = 5000 + (int64_t)((chance >> 8) % 40000);
        unsigned dice = (unsigned)(chance % 100);
        int64_t cost_cents = dice < 60 ? small_cents : dice < 70 ? large_cents : 0;

        if (card->pending_cents > 0 && dice % 3 == 0) {
                card->pending_cents = 0;
        } else if (dice >= 95 || (card->available_cents < 10000 && dice >= 70)) {
                card->available_cents += 10000 * (1 + (int64_t)((chance >> 24) % 20));
        } else if (cost_cents > 0 && card->available_cents >= cost_cents) {
                card->available_cents -= cost_cents;
                card->pending_cents += dice % 2 ? cost_cents : 0;
        }
}

void cw_sim_world_move(struct cw_sim_world *world, unsigned percent)
{
        size_t n_moves = (world->cards_by_id.used * percent + 99) / 100;

        world->tick++;
        if (percent == 0 || world->n_customers == 0)
                return;
        for (size_t i = 0; i < n_moves; i++) {
                uint64_t chance = draw(world, world->tick, i);
                struct cw_sim_customer *customer = world->customers[chance % world->n_customers];
                struct cw_sim_card *card;

                if (customer->n_cards == 0)
                        continue;
                card = customer->cards[(chance >> 32) % customer->n_cards];
                if (!card->still && !card->suppressed)
                        spend(card, draw(world, ~world->tick, i));
        }
}

struct cw_sim_customer *cw_sim_world_customer(const struct cw_sim_world *world, int64_t id)
{
        return cw_map_get(&world->customers_by_id, (uint64_t)id);
}

struct cw_sim_card *cw_sim_world_card(const struct cw_sim_world *world, int64_t id)
{
        return cw_map_get(&world->cards_by_id, (uint64_t)id);
}

static int add_customer(struct cw_sim_world *world, int64_t id, char *reference)
{
        struct cw_sim_customer *customer cw_cleanup(customer_free_cleanup) = NULL;
        struct cw_sim_customer **customers;

        if (world->n_customers == world->capacity) {
                size_t capacity = world->capacity ? 2 * world->capacity : 64;

                customers = reallocarray(world->customers, capacity, sizeof(*customers));
                if (!customers)
                        return -ENOMEM;
                world->customers = customers;
                world->capacity = capacity;
        }
        customer = calloc(1, sizeof(*customer));
        if (!customer || cw_map_put(&world->customers_by_id, (uint64_t)id, customer) < 0)
                return -ENOMEM;
        customer->id = id;
        customer->reference = reference;
        world->customers[world->n_customers++] = cw_take(customer);
        return 0;
}

int cw_sim_world_put_customer(struct cw_sim_world *world, int64_t id, const char *reference)
{
        struct cw_sim_customer *customer = cw_sim_world_customer(world, id);
        char *copy cw_autofree = NULL;
        int r;

        if (reference) {
                copy = strdup(reference);
                if (!copy)
                        return -ENOMEM;
        }
        if (customer) {
                free(customer->reference);
                customer->reference = cw_take(copy);
                return 0;
        }
        r = add_customer(world, id, copy);
        if (r == 0)
                copy = NULL;
        return r;
}

static void append_amount(const struct cw_sim_card *card, enum cw_sim_field field, int64_t cents, struct cw_buf *buf)
{
        if (card->texts[field])
                cw_buf_puts(buf, card->texts[field]);
        else
                cw_amount_format(buf, cents * (CW_AMOUNT_UNIT / 100), 2);
}

/* available + pending as they are served; what is not countable makes the total the available text. */
static int follow_total(struct cw_sim_card *card)
{
        struct cw_buf available cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_buf pending cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_buf total cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        cw_amount a, p, sum;
        char *text = NULL;
        int r;

        append_amount(card, CW_SIM_FIELD_AVAILABLE, card->available_cents, &available);
        append_amount(card, CW_SIM_FIELD_PENDING, card->pending_cents, &pending);
        if (cw_amount_parse(cw_buf_text(&available), available.len, &a) == 0 &&
            cw_amount_parse(cw_buf_text(&pending), pending.len, &p) == 0 && cw_amount_add(a, p, &sum) == 0)
                cw_amount_format(&total, sum, 2);
        else
                cw_buf_puts(&total, cw_buf_text(&available));
        if (total.len == 0)
                cw_buf_putc(&total, '0');
        r = cw_buf_error(&available) ? cw_buf_error(&available) : cw_buf_error(&pending);
        if (r == 0)
                r = cw_buf_take(&total, &text);
        if (r < 0)
                return r;
        free(card->texts[CW_SIM_FIELD_TOTAL]);
        card->texts[CW_SIM_FIELD_TOTAL] = text;
        return 0;
}

static int set_texts(struct cw_sim_card *card, const struct cw_sim_card_change *change)
{
        card->still = true;
        for (size_t i = 0; i < CW_SIM_N_FIELDS; i++) {
                char *copy;

                if (!change->texts[i])
                        continue;
                copy = strdup(change->texts[i]);
                if (!copy)
                        return -ENOMEM;
                free(card->texts[i]);
                card->texts[i] = copy;
        }
        return change->total_follows ? follow_total(card) : 0;
}

int cw_sim_world_change_card(struct cw_sim_world *world, const struct cw_sim_card_change *change)
{
        struct cw_sim_card *card = cw_sim_world_card(world, change->card);
        struct cw_sim_card *made cw_cleanup(card_free_cleanup) = NULL;
        struct cw_sim_customer *customer;
        int r;

        if (card) {
                if (change->has_customer && card->customer->id != change->customer)
                        return -EEXIST;
                return set_texts(card, change);
        }
        customer = change->has_customer ? cw_sim_world_customer(world, change->customer) : NULL;
        if (!customer)
                return -ENOENT;
        made = calloc(1, sizeof(*made));
        if (!made)
                return -ENOMEM;
        made->id = change->card;
        made->currency = world->currencies[0];
        made->available_cents = 100000;
        r = set_texts(made, change);
        if (r == 0)
                r = add_card(world, customer, made);
        if (r == 0)
                made = NULL;
        return r;
}

void cw_sim_world_slide(struct cw_sim_world *world, bool down)
{
        struct cw_sim_customer **list = world->customers, *moved;
        size_t rest = world->n_customers - 1;

        if (world->n_customers < 2)
                return;
        moved = down ? list[rest] : list[0];
        memmove(down ? list + 1 : list, down ? list : list + 1, rest * sizeof(*list));
        list[down ? 0 : rest] = moved;
}

bool cw_sim_world_remove_customer(struct cw_sim_world *world, int64_t id)
{
        struct cw_sim_customer *customer = cw_map_remove(&world->customers_by_id, (uint64_t)id);
        size_t i = 0;

        if (!customer)
                return false;
        while (world->customers[i] != customer)
                i++;
        memmove(&world->customers[i], &world->customers[i + 1],
                (world->n_customers - i - 1) * sizeof(*world->customers));
        world->n_customers--;
        for (i = 0; i < customer->n_cards; i++)
                cw_map_remove(&world->cards_by_id, (uint64_t)customer->cards[i]->id);
        customer_free(customer);
        return true;
}

bool cw_sim_world_remove_card(struct cw_sim_world *world, int64_t id)
{
        struct cw_sim_card *card = cw_map_remove(&world->cards_by_id, (uint64_t)id);
        struct cw_sim_customer *customer;
        size_t i = 0;

        if (!card)
                return false;
        customer = card->customer;
        while (customer->cards[i] != card)
                i++;
        memmove(&customer->cards[i], &customer->cards[i + 1], (customer->n_cards - i - 1) * sizeof(*customer->cards));
        customer->n_cards--;
        card_free(card);
        return true;
}
