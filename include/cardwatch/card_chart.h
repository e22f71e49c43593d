/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CARD_CHART_H
#define CARDWATCH_CARD_CHART_H

#include "cardwatch/disguise.h"

struct cw_buf;
struct cw_card_row;

/*
 * Card chart: what an alert is about, over the last days.
 *
 * Decides what is drawn (which balance, from when on, in amounts or percentages), takes the card's recorded past and
 * draws it. Knows no store: whoever has one hands in its rows. Copies what it needs of the entry.
 */

struct cw_card_chart;

enum { CW_CARD_CHART_NOTHING = 1 };

/* As it is drawn at `now` for somebody who may know so much. CW_CARD_CHART_NOTHING: there is nothing to draw. */
int cw_card_chart_new(const struct cw_entry *entry, enum cw_detail detail, int64_t now,
                      struct cw_card_chart **ret_chart) __attribute__((warn_unused_result));
void cw_card_chart_free(struct cw_card_chart *chart);

/* Whose past it wants, and from when on. */
const char *cw_card_chart_source(const struct cw_card_chart *chart);
int64_t cw_card_chart_card(const struct cw_card_chart *chart);
int64_t cw_card_chart_from(const struct cw_card_chart *chart);

/* The first change of that time: where nothing is known of before, the axis begins there. Then all, oldest first. */
int cw_card_chart_begin(struct cw_card_chart *chart, const struct cw_card_row *first)
        __attribute__((warn_unused_result));
void cw_card_chart_see(struct cw_card_chart *chart, const struct cw_card_row *row);

/* The PNG, and the facts in words. CW_CARD_CHART_NOTHING: too little is known. */
int cw_card_chart_draw(struct cw_card_chart *chart, struct cw_buf *png, struct cw_buf *words)
        __attribute__((warn_unused_result));

#endif
