/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_BUILTIN_H
#define CARDWATCH_BUILTIN_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/card.h"

/*
 * Built-in alerts: what the daemon tells of itself, as far as the configuration has a say in it.
 */

enum cw_builtin_kind {
        CW_BUILTIN_SOURCE_DOWN,
        CW_BUILTIN_AUTH_FAILED,
        CW_BUILTIN_STALE,
        CW_BUILTIN_SUSPECT_SNAPSHOT,
        CW_BUILTIN_BAD_DATA,
        CW_BUILTIN_NOTIFIER_FAILING,
        CW_BUILTIN_STORE_FAILING,
        CW_BUILTIN_RELOAD_FAILED,
        CW_BUILTIN_CLOCK_SKEW,
        CW_BUILTIN_COUNT
};

struct cw_builtin {
        bool enabled;
        enum cw_severity severity;
        uint32_t after_polls; /* source-down */
        int64_t after_ms; /* notifier-failing */
};

/* "source-down" … */
const char *cw_builtin_name(enum cw_builtin_kind kind);

#endif
