/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_TURNS_H
#define CARDWATCH_DAEMON_TURNS_H

#include <stdint.h>

#include "cardwatch/event.h"

struct cw_log;
struct cw_loop;

/*
 * Turns: which turns of the loop kept everybody else waiting, and what with.
 */

struct cw_turns {
        struct cw_log *log;
        struct cw_loop *loop;
        const char *longest; /* part of the turn under way; a literal, NULL: none was noted */
        uint64_t longest_us;
};

/* From now on turns above 5 ms are in the log at level debug. */
void cw_turns_init(struct cw_turns *turns, struct cw_log *log, struct cw_loop *loop);

uint64_t cw_turns_now_us(void);

/* A part of the turn under way is over, which began at `began_us`. `what` is a literal. */
void cw_turns_note(struct cw_turns *turns, const char *what, uint64_t began_us);

/* The name of a step. */
const char *cw_turns_event(enum cw_event_kind kind);

/* At the end: whether anything had to wait for long. */
void cw_turns_sum_up(const struct cw_turns *turns);

#endif
