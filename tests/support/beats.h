/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_BEATS_H
#define CARDWATCH_TESTS_BEATS_H

#include "receivers.h"

/*
 * Beats: the life of one alert as a table of what happens at each poll, and what is then told.
 *
 * Card 1 of customer 1 begins at 500 with a complete poll (`baseline`: that is the first beat), and rules are about it
 * only; a second customer keeps polls from failing. A beat is a minute and a poll; its words, from left to right:
 *
 *   99.99  what the card has available      EUR              its currency
 *   suppressed active                       gone back        in the list or not
 *   bad good    with or without a field that cannot be trusted
 *   unread read        its page fails       fails            no page is good, this once
 *   partial     the page of the other customer fails, this once
 *   +90s +2h    so long instead of a minute idle             no poll
 *   clock+2h clock-2h  the clock is set     x5               five times this beat
 *   restart reload     other: a reload to the case's other rules
 *   watch       the faster lane reads the card before the poll
 *   again=120 again=same again=gone again=unreadable again=silent: when it is read once more
 *   mute loud refuse   receivers fail, accept or refuse
 *
 * What was told is compared with "firing 99.00 warning; resolved 120.00 warning": lines of receivers.h after the name
 * of the card, with "baseline", "repeat" or "event" before. The daemon's own alerts are off. A case is played as it is,
 * with a restart before every beat, with a look at every card forced at every poll, and by pages, of which those that
 * are as they were are skipped: it must tell the same each time.
 */

#define BEATS_MOST 48

struct beat {
        const char *what, *told;
};

struct beats_case {
        const char *name;
        struct ruleset_spec spec, other;
        bool baseline;
        bool as_it_is; /* a restart between beats changes what is told, as the name says */
        struct beat beats[BEATS_MOST];
};

/* Plays them all and says of each that told something else at which beat; returns how many. */
size_t beats_play(const struct beats_case *cases, size_t n);

#endif
