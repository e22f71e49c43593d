/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ENGINE_ACTS_H
#define CARDWATCH_ENGINE_ACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_alert_match;
struct cw_engine;
struct cw_entry;

/*
 * What operators did and may do, seen between two steps. The acts themselves are events; who sends them looks here
 * first whether they make sense. Texts belong to the engine and are good until its next step.
 */

struct cw_silence_view {
        const char *id;
        const struct cw_alert_match *match;
        const char *by, *why;
        int64_t made_at, until_at;
};

/* Walks the silences, in no order: start with *cursor = 0; false at the end. */
bool cw_engine_next_silence(const struct cw_engine *engine, size_t *cursor, struct cw_silence_view *ret_view);

/* After CW_EVENT_SILENCE: the one that it made. NULL: it made none, because there is just that one already. */
const char *cw_engine_made_silence(const struct cw_engine *engine);

/* What came of CW_EVENT_RETRY and CW_EVENT_DROP. */
enum cw_letter_verdict {
        CW_LETTER_DONE,
        CW_LETTER_GONE, /* it was delivered or dropped meanwhile */
        CW_LETTER_IN_HAND, /* it is being sent just now */
        CW_LETTER_NO_NOTIFIER, /* its notifier is no longer configured */
        CW_LETTER_OVERTAKEN /* something newer about the same alerts is on its way */
};
enum cw_letter_verdict cw_engine_letter_verdict(const struct cw_engine *engine);

/* What a firing alert shows; NULL: none of this fingerprint fires. */
const struct cw_entry *cw_engine_firing(const struct cw_engine *engine, uint64_t fingerprint);

#endif
