/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the whole machine is one table; a phase that an event does not change stands in it once, as itself. */
#include "phase.h"

#define STAY(phase)                                                                                                    \
        [CW_PHASE_START] = (phase), [CW_PHASE_WANT] = (phase), [CW_PHASE_BEGIN] = (phase), [CW_PHASE_NAMED] = (phase), \
        [CW_PHASE_END] = (phase), [CW_PHASE_STILL] = (phase), [CW_PHASE_PAUSE] = CW_PHASE_STOPPING

/* A row says first what changes nothing, then what does. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const enum cw_phase next_phases[CW_N_PHASES][CW_N_PHASE_EVENTS] = {
        [CW_PHASE_STOPPED] = {STAY(CW_PHASE_STOPPED), [CW_PHASE_START] = CW_PHASE_WANTED},
        [CW_PHASE_RESTING] =
                {STAY(CW_PHASE_RESTING), [CW_PHASE_START] = CW_PHASE_WANTED, [CW_PHASE_WANT] = CW_PHASE_WANTED},
        [CW_PHASE_WANTED] = {STAY(CW_PHASE_WANTED), [CW_PHASE_BEGIN] = CW_PHASE_PAGES},
        [CW_PHASE_PAGES] =
                {STAY(CW_PHASE_PAGES), [CW_PHASE_NAMED] = CW_PHASE_LOOK_UPS, [CW_PHASE_END] = CW_PHASE_RESTING},
        [CW_PHASE_LOOK_UPS] = {STAY(CW_PHASE_LOOK_UPS), [CW_PHASE_END] = CW_PHASE_RESTING},
        [CW_PHASE_STOPPING] =
                {STAY(CW_PHASE_STOPPING), [CW_PHASE_START] = CW_PHASE_WANTED, [CW_PHASE_STILL] = CW_PHASE_STOPPED},
};
#pragma GCC diagnostic pop

static const char *const phase_names[CW_N_PHASES] = {
        [CW_PHASE_STOPPED] = "stopped", [CW_PHASE_RESTING] = "resting",   [CW_PHASE_WANTED] = "wanted",
        [CW_PHASE_PAGES] = "pages",     [CW_PHASE_LOOK_UPS] = "look-ups", [CW_PHASE_STOPPING] = "stopping",
};

enum cw_phase cw_phase_next(enum cw_phase phase, enum cw_phase_event event)
{
        return next_phases[phase][event];
}

const char *cw_phase_name(enum cw_phase phase)
{
        return phase_names[phase];
}
