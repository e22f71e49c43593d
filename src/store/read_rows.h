/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_READ_ROWS_H
#define CW_STORE_READ_ROWS_H

#include <stdbool.h>

#include "row.h"

struct cw_changes;
struct cw_history_row;

/*
 * Read rows: from the columns of an answer to a row of ours, for whoever else asks for the same columns.
 */

/* Appends it. Outcome besides 0: CW_ROW_DAMAGED; -ENOMEM. */
#define CW_ROW_DAMAGED 1
int cw_read_intent(struct cw_columns *columns, struct cw_changes *rows) __attribute__((warn_unused_result));

/* Its texts live until the next step. False: damaged. The first column, its number, is not read. */
bool cw_read_edge(struct cw_columns *columns, struct cw_history_row *ret_row) __attribute__((warn_unused_result));

/* The literal that stands for it, because rows are copied with a pointer to it. */
const char *cw_read_what(const char *text);

#endif
