/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_PAGES_H
#define CARDWATCH_STORE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/acts.h"
#include "cardwatch/rows.h"
#include "cardwatch/store.h"

/*
 * Store pages: the last of what is recorded, newest first, as much of it as somebody wants to look at.
 *
 * Works on any open store, also one that is open for looking only while a daemon writes. Rows are borrowed for the
 * call; a visitor that returns non-zero ends the page with that value. What is recorded meanwhile changes no page
 * behind the first.
 */

/* Where a row stands. */
struct cw_store_place {
        int64_t at, number;
};

struct cw_store_page {
        int64_t from_at, to_at; /* from <= time < to; 0: from the beginning, to the end */
        struct cw_store_place before; /* older than this; at 0: from the newest on */
        size_t limit;
        bool messages; /* of edges: what became of messages, too */
};

typedef int (*cw_store_visit_audit)(void *data, struct cw_store_place place, const struct cw_audit_row *row);
int cw_store_page_audit(struct cw_store *store, const struct cw_store_page *page, cw_store_visit_audit visit,
                        void *data, struct cw_buf *message) __attribute__((warn_unused_result));

typedef int (*cw_store_visit_page_edge)(void *data, struct cw_store_place place, const struct cw_history_row *row);
int cw_store_page_edges(struct cw_store *store, const struct cw_store_page *page, cw_store_visit_page_edge visit,
                        void *data, struct cw_buf *message) __attribute__((warn_unused_result));

/* Messages that are not delivered, dead letters among them, in the order in which they were queued: at most `limit`
 * behind the one with this sequence, appended to `rows`. */
/* The message of the outbox that has this id, the last if there were several; none: no row. */
int cw_store_letter(struct cw_store *store, const char *id, struct cw_changes *rows, struct cw_buf *message)
        __attribute__((warn_unused_result));
int cw_store_page_outbox(struct cw_store *store, uint64_t after, size_t limit, struct cw_changes *rows,
                         struct cw_buf *message) __attribute__((warn_unused_result));

/* A copy of the whole store as one file, complete in itself, mode 0640. -EEXIST: there is something at `path`. What was
 * begun and failed is not left lying about. */
int cw_store_backup(struct cw_store *store, const char *path, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
