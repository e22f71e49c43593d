/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_LATE_H
#define CW_STORE_LATE_H

#include "cardwatch/changes.h"
#include "cardwatch/store_pages.h"

/*
 * Late records: what the change log holds of a table that only grows, for whoever walks along that table by time.
 *
 * Each stands where it will stand once it is settled.
 */

struct cw_late_record {
        struct cw_store_place place;
        size_t row; /* of the list that was asked for */
};

struct cw_late {
        struct cw_changes rows;
        struct cw_late_record *records; /* by time, and in the order of writing */
        size_t n;
};

/* Of history, or of the audit. Inside the transaction in which the table is read. */
int cw_late_read(struct cw_store *store, bool audit, struct cw_late *ret_late, struct cw_buf *message)
        __attribute__((warn_unused_result));
void cw_late_deinit(struct cw_late *late);

static inline bool cw_place_is_before(struct cw_store_place a, struct cw_store_place b)
{
        return a.at != b.at ? a.at < b.at : a.number < b.number;
}

#endif
