/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_WORLD_H
#define CARDWATCH_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cardwatch/map.h>

struct cw_buf;

/*
 * World: the customers and cards that the simulator serves, and how their balances move.
 *
 * The same seed and the same number of moves give the same world. A card that was set from outside stands still from
 * then on, and what was set is served as the text that was given. It knows no JSON but those texts, and no time: a move
 * is asked for.
 */

enum cw_sim_field {
        CW_SIM_FIELD_ID,
        CW_SIM_FIELD_CURRENCY,
        CW_SIM_FIELD_CARD_NUMBER,
        CW_SIM_FIELD_TOTAL,
        CW_SIM_FIELD_AVAILABLE,
        CW_SIM_FIELD_PENDING,
        CW_SIM_FIELD_SUPPRESSED,
        CW_SIM_N_FIELDS,
};

/* The member names of the API, by field. */
extern const char *const cw_sim_field_names[CW_SIM_N_FIELDS];

struct cw_sim_customer;

struct cw_sim_card {
        int64_t id;
        struct cw_sim_customer *customer;
        int64_t available_cents;
        int64_t pending_cents;
        const char *currency; /* the world's */
        char *texts[CW_SIM_N_FIELDS]; /* JSON served in place of the above; "": the member is left out */
        bool suppressed;
        bool still;
};

struct cw_sim_customer {
        int64_t id;
        char *reference; /* NULL: null */
        struct cw_sim_card **cards;
        size_t n_cards;
};

struct cw_sim_world {
        struct cw_sim_customer **customers; /* in the order of the list */
        size_t n_customers, capacity;
        struct cw_map customers_by_id, cards_by_id;
        char **currencies;
        size_t n_currencies;
        uint64_t seed, tick;
};

struct cw_sim_world_plan {
        size_t customers, cards; /* cards of each customer */
        size_t low, suppressed; /* so many cards, from the first on, begin below 100, are deactivated */
        int64_t first_customer;
        const char *currencies; /* "usd,eur": handed out in turn */
        uint64_t seed;
};

/* What a control call says of a card; texts NULL are left as they are. Owned by whoever read it. */
struct cw_sim_card_change {
        int64_t card;
        int64_t customer; /* only when has_customer: where a new card goes */
        char *texts[CW_SIM_N_FIELDS];
        bool has_customer;
        bool total_follows; /* becomes the sum of the two others */
};

void cw_sim_card_change_deinit(struct cw_sim_card_change *change);

/* `world` is all zero before; -EINVAL: the plan has no currency. */
int cw_sim_world_init(struct cw_sim_world *world, const struct cw_sim_world_plan *plan)
        __attribute__((warn_unused_result));
void cw_sim_world_deinit(struct cw_sim_world *world);

/* One tick: `percent` of all cards, at least one, are spent from or topped up. */
void cw_sim_world_move(struct cw_sim_world *world, unsigned percent);

struct cw_sim_customer *cw_sim_world_customer(const struct cw_sim_world *world, int64_t id);
struct cw_sim_card *cw_sim_world_card(const struct cw_sim_world *world, int64_t id);

/* The customer, made at the end of the list if there was none; `reference` (may be NULL) replaces the one before. */
int cw_sim_world_put_customer(struct cw_sim_world *world, int64_t id, const char *reference)
        __attribute__((warn_unused_result));

/* Sets a card, made if its change names a customer. -ENOENT: no such card or customer; -EEXIST: it is another
 * customer's. */
int cw_sim_world_change_card(struct cw_sim_world *world, const struct cw_sim_card_change *change)
        __attribute__((warn_unused_result));

/* The first customer of the list goes to its end; or the last to its front. */
void cw_sim_world_slide(struct cw_sim_world *world, bool down);

/* False: there was none. */
bool cw_sim_world_remove_customer(struct cw_sim_world *world, int64_t id);
bool cw_sim_world_remove_card(struct cw_sim_world *world, int64_t id);

#endif
