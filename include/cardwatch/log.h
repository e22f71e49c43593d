/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_LOG_H
#define CARDWATCH_LOG_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Log: one line per transition of the shell, as key=value or JSON.
 *
 * A line is a stable event name ("poll-failed") and fields. Values are escaped, so that no text from outside can forge
 * a line or reach a terminal raw. The core never logs. Secrets have no way in: their type (secret.h) has no printer.
 *
 *      cw_log(log, CW_LOG_WARNING, "page-failed", "source", "%s", name, "page", "%d", page, NULL);
 */

enum cw_log_level { CW_LOG_DEBUG, CW_LOG_INFO, CW_LOG_WARNING, CW_LOG_ERROR };
enum cw_log_format { CW_LOG_TEXT, CW_LOG_JSON };

struct cw_log;

int cw_log_new(FILE *stream, enum cw_log_level least, enum cw_log_format format, struct cw_log **ret_log)
        __attribute__((warn_unused_result));
void cw_log_free(struct cw_log *log);

/* From the next line on. */
void cw_log_configure(struct cw_log *log, enum cw_log_level least, enum cw_log_format format);
bool cw_log_enabled(const struct cw_log *log, enum cw_log_level level);

/* Triples of key, a printf format with exactly one conversion of %s %d %u %ld %lu %lld %llu %zu, and its value; NULL
 * ends. */
void cw_log(struct cw_log *log, enum cw_log_level level, const char *event, ...) __attribute__((sentinel));

#endif
