/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_FAULT_H
#define CW_STORE_FAULT_H

#include <stdint.h>

/*
 * Fault: named points at which a test fails a commit or ends the process, see cardwatch/store.h.
 *
 * Only in builds with CARDWATCH_FAULTS; in others nothing reads the environment and every question is answered with 0.
 */

enum cw_fault_kind { CW_FAULT_NONE, CW_FAULT_FAIL, CW_FAULT_EXIT_BEFORE, CW_FAULT_EXIT_AFTER };

struct cw_fault {
        enum cw_fault_kind kind;
        uint64_t first, last; /* transactions, counted from 1 */
        uint64_t n; /* begun so far */
};

/* `point`: "commit" or "settle". */
void cw_fault_init(struct cw_fault *fault, const char *point);

/* Everything of a transaction is written, it is not yet committed: 0, or the error it shall fail with. May not return.
 */
int cw_fault_before(struct cw_fault *fault);

/* It is on the disk, nobody knows yet. May not return. */
void cw_fault_after(const struct cw_fault *fault);

#endif
