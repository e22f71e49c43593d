/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_TABLES_H
#define CW_STORE_TABLES_H

#include <stdint.h>

struct cw_buf;
struct cw_changes;
struct cw_store;

/*
 * Tables: all rows of changes but those of cards, each where people and readers look for it.
 */

/* Inside a transaction. `at` is when what was delivered was, where the row does not say. Removals of sources are left
 * to the commit. */
int cw_tables_write(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
