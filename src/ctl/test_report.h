/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_TEST_REPORT_H
#define CARDWATCH_CTL_TEST_REPORT_H

#include <stddef.h>

struct cw_buf;
struct cw_rehearsal;

/* Test report: the outcome of tests, for people, programs and build servers. */

enum cw_test_format { CW_TEST_TEXT, CW_TEST_JSON, CW_TEST_JUNIT };

struct cw_test_report {
        struct cw_rehearsal *rehearsals;
        size_t n_rehearsals, n_passed, n_failed;
};

void cw_test_report(struct cw_buf *buf, const struct cw_test_report *report, enum cw_test_format format);

#endif
