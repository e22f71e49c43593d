/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_PHASE_H
#define CARDWATCH_SOURCE_PHASE_H

/*
 * Phase: where a source is between two polls, and the one function that moves it.
 *
 * Decides which events mean something in which phase, and nothing else: what is done in a phase is poll.c's. An event
 * that means nothing leaves the phase as it is, so a beat can never begin a second poll, nor wake a source that was
 * paused.
 */

enum cw_phase {
        CW_PHASE_STOPPED, /* nothing is asked until it is started */
        CW_PHASE_RESTING, /* between two polls */
        CW_PHASE_WANTED, /* a poll begins as soon as the API lets it and the last one's requests have landed */
        CW_PHASE_PAGES,
        CW_PHASE_LOOK_UPS, /* the customers that the listener named are read one by one */
        CW_PHASE_STOPPING, /* paused; requests are still landing */
        CW_N_PHASES,
};

enum cw_phase_event {
        CW_PHASE_START,
        CW_PHASE_WANT, /* the beat, or somebody who asked for a poll */
        CW_PHASE_BEGIN,
        CW_PHASE_NAMED, /* all pages are settled and somebody is to be looked up */
        CW_PHASE_END,
        CW_PHASE_PAUSE,
        CW_PHASE_STILL, /* nothing is under way */
        CW_N_PHASE_EVENTS,
};

enum cw_phase cw_phase_next(enum cw_phase phase, enum cw_phase_event event);

const char *cw_phase_name(enum cw_phase phase);

#endif
