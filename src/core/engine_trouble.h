/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_TROUBLE_H
#define CARDWATCH_CORE_ENGINE_TROUBLE_H

#include "engine_state.h"

/*
 * The daemon's own alerts: one begins, one is over (engine_builtin.c). A reason for the end may hold "{source}".
 */

struct cw_trouble {
        enum cw_builtin_kind kind;
        const char *source; /* "" for none */
        int64_t customer, card; /* tell alerts of one kind and source apart */
        const struct cw_label *labels;
        size_t n_labels;
        const char *summary, *advice, *reason;
};
void cw_engine_trouble(struct cw_engine *engine, const struct cw_trouble *trouble);
/* The same with a summary that was built in a buffer, which is let go of. */
void cw_engine_report(struct cw_engine *engine, struct cw_trouble *trouble, struct cw_buf *summary);
void cw_engine_trouble_over(struct cw_engine *engine, enum cw_builtin_kind kind, const char *source,
                            const char *reason);

#endif
