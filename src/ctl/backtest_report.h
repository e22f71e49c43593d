/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_BACKTEST_REPORT_H
#define CARDWATCH_CTL_BACKTEST_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"

struct cw_score;

/* Backtest report: one score, or two side by side, for people and programs. */

struct cw_backtest_report {
        const struct cw_score *score, *other; /* `other` NULL: nothing is compared */
        const char *only; /* the one rule that was asked for; NULL: all */
        int64_t asked_at, from_at, to_at; /* from when it was asked for; what could be counted */
        const struct cw_buf *notes; /* what could not be known, a line each */
};

void cw_backtest_text(struct cw_buf *buf, const struct cw_backtest_report *report);
void cw_backtest_json(struct cw_buf *buf, const struct cw_backtest_report *report);

#endif
