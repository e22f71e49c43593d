/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_RENDER_H
#define CARDWATCH_SIM_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_sim_card;
struct cw_sim_customer;
struct cw_sim_world;

/*
 * Render: the world as the API's answers.
 *
 * A page is written in one go into one buffer, at a cost that follows its own length. Errors of the buffer are its
 * owner's to ask for. Nothing is decided here: which page, and what is wrong with it, comes from outside.
 */

struct cw_sim_page {
        uint64_t number; /* as the answer says, from 1 */
        uint64_t served; /* the page whose customers are listed: `number`, unless a fault says otherwise */
        uint64_t size; /* customers a page, at least 1 */
        uint64_t left_out; /* customers missing at the page's end */
        bool empty; /* nothing in `details` */
        bool no_pages_count;
        bool zero; /* every balance is */
        bool half; /* every second customer is left out */
};

void cw_sim_render_page(struct cw_buf *buf, const struct cw_sim_world *world, const struct cw_sim_page *page);

/* The one-customer answer: `details` is an object. */
void cw_sim_render_customer(struct cw_buf *buf, const struct cw_sim_customer *customer);

/* One card as the API shows it. */
void cw_sim_render_card(struct cw_buf *buf, const struct cw_sim_card *card);

/* The error envelope with one error; `field` may be "". */
void cw_sim_render_error(struct cw_buf *buf, const char *field, const char *code);

#endif
