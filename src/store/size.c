/* SPDX-License-Identifier: Apache-2.0 */
#include "size.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cardwatch/cleanup.h"
#include "db.h"

#define RESERVE_MOST (INT64_C(64) << 20)

/* What the log grows to before it is copied into the database, and how large its pages are there. */
#define LOG_MOST  (INT64_C(8) << 20)
#define LOG_LEAST (INT64_C(1) << 16)
#define LOG_PAGE  4096

/* A share of making the file shorter. */
#define SHRINK_PAGES "500"

static int64_t log_bytes(const struct cw_store *store)
{
        cw_autofree char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s-wal", store->path) < 0) {
                path = NULL;
                return 0;
        }
        return stat(path, &st) < 0 ? 0 : (int64_t)st.st_size;
}

int cw_size_look(struct cw_store *store, struct cw_store_size *ret_size, struct cw_buf *message)
{
        int64_t page, pages, free_pages;
        int r = cw_db_number(store, "PRAGMA page_size", &page, message);

        if (r == 0)
                r = cw_db_number(store, "PRAGMA page_count", &pages, message);
        if (r == 0)
                r = cw_db_number(store, "PRAGMA freelist_count", &free_pages, message);
        if (r < 0)
                return r;
        *ret_size = (struct cw_store_size){
                .file_bytes = pages * page, .used_bytes = (pages - free_pages) * page, .log_bytes = log_bytes(store)};
        return 0;
}

static int64_t reserve(int64_t max_bytes)
{
        return max_bytes / 4 < RESERVE_MOST ? max_bytes / 4 : RESERVE_MOST;
}

int cw_size_limit(struct cw_store *store, int64_t max_bytes, struct cw_buf *message)
{
        int64_t share = reserve(max_bytes) / 4, most = share < LOG_MOST ? share : LOG_MOST;
        char sql[96];
        int r;

        if (store->max_bytes == max_bytes)
                return 0;
        if (most < LOG_LEAST)
                most = LOG_LEAST;
        snprintf(sql, sizeof(sql), "PRAGMA wal_autocheckpoint = %" PRId64 "; PRAGMA journal_size_limit = %" PRId64,
                 most / LOG_PAGE, 2 * most);
        r = cw_db_exec(store, sql, message);
        if (r == 0)
                store->max_bytes = max_bytes;
        return r;
}

bool cw_size_is_over(const struct cw_store_size *size, int64_t max_bytes)
{
        return size->used_bytes > max_bytes - reserve(max_bytes);
}

int cw_size_shrink(struct cw_store *store, const struct cw_store_size *size, int64_t max_bytes, struct cw_buf *message)
{
        struct cw_store_size after;
        int r;

        /* Half of the reserve apart from where history begins to go, or pages would be given away that are wanted. */
        if (size->file_bytes <= max_bytes - reserve(max_bytes) / 2 || size->file_bytes == size->used_bytes)
                return 0;
        r = cw_db_exec(store, "PRAGMA incremental_vacuum(" SHRINK_PAGES ")", message);
        if (r == 0)
                r = cw_size_look(store, &after, message);
        return r < 0 ? r : after.file_bytes < size->file_bytes;
}

int cw_store_measure(struct cw_store *store, struct cw_store_size *ret_size, struct cw_buf *message)
{
        return cw_size_look(store, ret_size, message);
}
