/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_REHEARSAL_H
#define CARDWATCH_CTL_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expect.h"

struct cw_config_report;
struct cw_scenario;
struct cw_scenario_expectation;
struct cw_scenario_file;
struct cw_settings;

/*
 * Rehearsal: one test, lived through in a world of its own, and what of it was not as expected.
 *
 * Collects what happened so that a failure can be told with what led to it; how it is told is rehearsal_text.c.
 */

/* One thing that happened: set, observed, decided or sent. */
struct cw_trace_line {
        int64_t at_ms; /* since the beginning */
        char *text;
};

struct cw_failure {
        const struct cw_scenario_expectation *expectation;
        bool is_messages; /* its `messages`, else its `alerts` */
        struct cw_actual *actual; /* all that fired, or that was sent, then */
        size_t n_actual;
        size_t n_lines; /* that the trace had by then */
        char *explanations; /* of the alerts in question; "" */
};

struct cw_rehearsal {
        const struct cw_settings *settings;
        const struct cw_scenario_file *file;
        const struct cw_scenario *test;
        struct cw_failure *failures;
        size_t n_failures;
        struct cw_trace_line *lines;
        size_t n_lines;
        char *text; /* the whole story of its failures; NULL: it passed */
        int64_t took_ms;
};

/* What is wrong with a file under this configuration: sources, cards and beats that there are not. -ENOMEM. */
int cw_rehearsal_check(const struct cw_settings *settings, const struct cw_scenario_file *file,
                       struct cw_config_report *report) __attribute__((warn_unused_result));

/* Fills `rehearsal`, also on failure: deinit it. -ENOMEM, -ELOOP. */
int cw_rehearse(struct cw_settings *settings, const struct cw_scenario_file *file, const struct cw_scenario *test,
                struct cw_rehearsal *rehearsal) __attribute__((warn_unused_result));
void cw_rehearsal_deinit(struct cw_rehearsal *rehearsal);

/* Which source an entry is about: SIZE_MAX, there is none of that name. */
size_t cw_rehearsal_source(const struct cw_settings *settings, const char *name);

/* Whether these are what is expected, one by one; messages of one instant to different receivers have no order. */
bool cw_rehearsal_agrees(const struct cw_failure *failure, int64_t start_at);

/* Appends the story of its failures. */
void cw_rehearsal_tell(struct cw_buf *buf, const struct cw_rehearsal *rehearsal);

#endif
