/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_SCORE_H
#define CARDWATCH_CTL_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/map.h"

struct cw_alert_row;
struct cw_history_row;
struct cw_settings;

/*
 * Score: what rules did in a time, counted: for each rule, each notifier and each card.
 *
 * Fed by a world's listener; what happens before `from_at` is only kept in mind.
 */

struct cw_score_rule {
        const char *name;
        uint32_t alerts; /* transitions to firing */
        uint32_t events;
        uint32_t flaps; /* alerts that began to flap */
        uint32_t firing; /* at the end, of those counted */
        int64_t *lasted_ms; /* of those counted, also so far; sorted when it is finished */
        size_t n_lasted, capacity;
};

struct cw_score_card {
        size_t source;
        int64_t card, customer;
        uint32_t alerts, events;
        const char *rule; /* the last of it */
};

struct cw_score {
        const struct cw_settings *settings;
        int64_t from_at, to_at;
        struct cw_score_rule *rules;
        size_t n_rules;
        uint32_t *messages; /* of each notifier */
        struct cw_score_card *cards; /* sorted when it is finished: the noisiest first */
        size_t n_cards, cards_capacity;
        struct cw_map cards_index, open; /* places of cards from 1; alerts that fire */
        int error;
};

int cw_score_init(struct cw_score *score, const struct cw_settings *settings, int64_t from_at)
        __attribute__((warn_unused_result));
void cw_score_deinit(struct cw_score *score);

void cw_score_move(struct cw_score *score, int64_t at, const struct cw_history_row *row);
void cw_score_alert(struct cw_score *score, int64_t at, const struct cw_alert_row *row);
void cw_score_message(struct cw_score *score, int64_t at, size_t notifier);

/* What still fires has lasted until `to_at`; sorts. */
void cw_score_finish(struct cw_score *score, int64_t to_at);

/* The middle one, of two the lower; -1: there is none. */
int64_t cw_score_median_ms(const struct cw_score_rule *rule);
int64_t cw_score_longest_ms(const struct cw_score_rule *rule);

#endif
