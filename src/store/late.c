/* SPDX-License-Identifier: Apache-2.0 */
#include "late.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "change_log.h"
#include "db.h"

static int compare(const void *one, const void *other)
{
        const struct cw_late_record *a = one, *b = other;

        return cw_place_is_before(b->place, a->place) - cw_place_is_before(a->place, b->place);
}

/* What is settled gets the numbers that follow the table's last. */
static int find_places(struct cw_store *store, bool audit, struct cw_late *late, struct cw_buf *message)
{
        int64_t last;
        int r = cw_db_number(store,
                             audit ? "SELECT ifnull(max(number), 0) FROM audit"
                                   : "SELECT ifnull(max(number), 0) FROM alert_history",
                             &last, message);

        if (r < 0)
                return r;
        late->records = calloc(late->n, sizeof(*late->records));
        if (!late->records)
                return -ENOMEM;
        for (size_t i = 0; i < late->n; i++)
                late->records[i] = (struct cw_late_record){
                        .place = {.at = audit ? late->rows.audit.rows[i].at : late->rows.history.rows[i].at,
                                  .number = last + 1 + (int64_t)i},
                        .row = i};
        qsort(late->records, late->n, sizeof(*late->records), compare);
        return 0;
}

int cw_late_read(struct cw_store *store, bool audit, struct cw_late *ret_late, struct cw_buf *message)
{
        cw_cleanup(cw_late_deinit) struct cw_late late = {.n = 0};
        int r = cw_change_log_read(store, &late.rows, message);

        if (r < 0)
                return r;
        late.n = audit ? late.rows.audit.n : late.rows.history.n;
        if (late.n > 0)
                r = find_places(store, audit, &late, message);
        if (r < 0)
                return r;
        *ret_late = late;
        late = (struct cw_late){.n = 0};
        return 0;
}

void cw_late_deinit(struct cw_late *late)
{
        cw_changes_deinit(&late->rows);
        free(late->records);
        *late = (struct cw_late){.n = 0};
}
