/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LISTING_H
#define CARDWATCH_TESTS_LISTING_H

#include "world.h"

/*
 * Listing: a card API as a list of customers with equal numbers of cards.
 *
 * A test says what the pages show and what the one-customer endpoint does; a poll tells the engine all of it, look-ups
 * included, in the order of event.h.
 */

#define CUSTOMERS_MAX 300
#define CARDS_EACH    2 /* card ids: customer * 10, and that plus 1 */

struct shown {
        const char *available[CARDS_EACH];
        bool zero_in_list; /* the pages say 0, the one-customer endpoint the truth */
        bool unlisted;
        bool without_second; /* the second card is no more */
        enum cw_look_up_result read; /* FOUND unless said otherwise */
};

struct listing {
        struct world world;
        struct shown customers[CUSTOMERS_MAX + 1]; /* by id, from 1 */
        int64_t n;
        int64_t goes_on_after; /* this customer, the poll is decided once; 0: not */
        uint32_t pages_bad;
        bool reads_say_the_list; /* the one-customer endpoint agrees with the pages */
        int64_t look_ups[100]; /* of the last poll */
        size_t n_look_ups;
        bool skew_known;
        int64_t skew_ms;
};

/* `n` customers with cards of 600 each, known by a quiet baseline. Without `stale`; more than 10% is suspicious. */
void listing_begin(struct listing *api, int64_t n, const struct rule_spec *rules, size_t n_rules);
void listing_end(struct listing *api);

/* What is wrong with the customers from one to the other. */
void listing_unlist(struct listing *api, int64_t from, int64_t to, bool unlisted);
void listing_zero(struct listing *api, int64_t from, int64_t to, bool zero);

/* A minute passes, then a poll: the lines that it made. */
const char *listing_polled(struct listing *api);

/* The same in parts. */
void listing_read_pages(struct listing *api);
void listing_answer_look_ups(struct listing *api);
const char *listing_end_poll(struct listing *api);

/* And in smaller ones. */
void listing_say(struct listing *api, enum cw_event_kind kind);
void listing_see(struct listing *api, int64_t customer);
struct cw_card listing_card(const struct listing *api, int64_t customer, size_t i, bool zero);
void listing_bring(struct listing *api, enum cw_event_kind kind, const struct cw_card *card, int64_t at);
void listing_bring_customer(struct listing *api, int64_t customer, enum cw_event_kind kind, bool as_listed);

enum cw_poll_result listing_result(const struct listing *api);
size_t listing_n_cards(const struct listing *api);
/* What is known of a card's available balance, in whole units; -1: nothing. */
int64_t listing_known(const struct listing *api, int64_t id);
bool listing_fires(const struct listing *api, const char *rule);
/* Why it fires; NULL: it does not. */
const char *listing_firing_reason(const struct listing *api, const char *rule);
/* Of the last resolution that was stored. */
const char *listing_last_reason(const struct listing *api);

#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100"                                                               \
        }
#define APPEARED                                                                                                       \
        {                                                                                                              \
                .name = "new", .on = "appeared"                                                                        \
        }
#define DISAPPEARED                                                                                                    \
        {                                                                                                              \
                .name = "lost", .on = "disappeared"                                                                    \
        }

#endif
