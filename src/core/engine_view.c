/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: names for states, so that whoever shows them need not know the engine's own. */
#include "cardwatch/engine_view.h"

#include "engine_private.h"

void cw_engine_view_source(const struct cw_engine *engine, size_t source, struct cw_source_view *ret_view)
{
        static const char *const results[] = {
                [CW_POLL_COMPLETE] = "complete",
                [CW_POLL_PARTIAL] = "partial",
                [CW_POLL_FAILED] = "failed",
        };
        static const char *const suspicions[] = {
                [CW_SUSPICION_NONE] = NULL,
                [CW_SUSPICION_RAISED] = "raised",
                [CW_SUSPICION_CONFIRMED] = "confirmed",
                [CW_SUSPICION_ACCEPTED] = "accepted",
        };
        const struct cw_source_state *state = &engine->sources[source];

        *ret_view = (struct cw_source_view){
                .name = state->name,
                .last_result = state->poll > (state->polling ? 1 : 0) ? results[state->result] : NULL,
                .last_poll_at = state->last_poll_at,
                .last_complete_at = state->last_complete_at,
                .last_poll_ms = state->poll_ms,
                .failed_polls = state->failed_polls,
                .cards = state->snapshot.n,
                .suspicion = suspicions[cw_engine_suspicion(state)],
        };
}
