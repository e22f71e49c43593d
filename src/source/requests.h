/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_REQUESTS_H
#define CARDWATCH_SOURCE_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Requests: the four that a source sends, each with the judging of its answer, which goes to the poll, the round or
 * the account it is for.
 *
 * Sent only when cw_source_ask_leave allowed it.
 */

struct cw_source;
struct cw_source_lane;

/* login.c */
void cw_source_log_in(struct cw_source *source);
/* The account cannot be used: nothing more is asked for. */
void cw_source_auth_failed(struct cw_source *source, const char *reason);

/* probe.c: whether a doubted token serves what was good before. */
void cw_source_ask_probe(struct cw_source *source);

/* page.c */
void cw_source_ask_page(struct cw_source *source, unsigned slot, uint32_t page);

/* reading.c: one customer, of the poll's look-ups (`lane` NULL) or of a watch. */
void cw_source_ask_customer(struct cw_source *source, struct cw_source_lane *lane, unsigned slot, size_t index);

#endif
