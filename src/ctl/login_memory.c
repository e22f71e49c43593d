/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: two places, each opened only for as long as it takes to read or write a row, so that a daemon can start
 * meanwhile. What either of them forbids is forbidden.
 */
#include "login_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/store.h"

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

static char *path_beside(const char *path)
{
        char *beside = NULL;

        return asprintf(&beside, "%s.check", path) < 0 ? NULL : beside;
}

static const struct cw_source_row *find(const struct cw_changes *rows, const char *source)
{
        for (size_t i = 0; i < rows->sources.n; i++)
                if (strcmp(rows->sources.rows[i].source, source) == 0)
                        return &rows->sources.rows[i];
        return NULL;
}

static int read_place(const char *path, const struct cw_source_options *source, struct cw_source_memory *memory,
                      struct cw_buf *message)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        struct cw_source_memory there;
        const struct cw_source_row *row;
        int r = cw_store_open_readonly(path, &store, message);

        if (r == 0)
                r = cw_store_load_sources(store, &rows, message);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        row = find(&rows, source->name);
        if (!row)
                return 0;
        there = (struct cw_source_memory){.blocked_until_at = row->blocked_until_at, .otp_step = row->otp_step};
        there = cw_source_memory_of(source, &there); /* here and there others may have been refused */
        if (there.blocked_until_at > memory->blocked_until_at)
                memory->blocked_until_at = there.blocked_until_at;
        if (there.otp_step > memory->otp_step)
                memory->otp_step = there.otp_step;
        return 0;
}

struct cw_source_memory cw_login_memory_recall(const struct cw_login_memory *where,
                                               const struct cw_source_options *source)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        cw_autofree char *beside = path_beside(where->store_path);
        struct cw_source_memory memory = {0};

        if (read_place(where->store_path, source, &memory, &message) < 0 ||
            (beside && read_place(beside, source, &memory, &message) < 0))
                fprintf(stderr, "cardwatch %s: whether a log-in of %s was refused lately is not known: %s\n",
                        where->command, source->name, cw_buf_text(&message));
        return memory;
}

static int write_place(const char *path, const char *source, const struct cw_source_memory *memory,
                       struct cw_buf *message)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL, changes = CW_CHANGES_NULL;
        struct cw_source_row row = {.source = (char *)source};
        const struct cw_source_row *known;
        int r = cw_store_open(path, &store, message);

        if (r == 0)
                r = cw_store_load_sources(store, &rows, message);
        if (r < 0)
                return r;
        known = find(&rows, source);
        if (known)
                row = *known;
        row.blocked_until_at = memory->blocked_until_at;
        row.otp_step = memory->otp_step;
        cw_changes_source(&changes, &row);
        return cw_store_commit(store, &changes, cw_clock_wall_ms(), message);
}

void cw_login_memory_keep(const struct cw_login_memory *where, const char *source,
                          const struct cw_source_memory *memory)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        cw_autofree char *beside = path_beside(where->store_path);
        int r = write_place(where->store_path, source, memory, &message);

        if (r == -EBUSY && beside) {
                cw_buf_clear(&message);
                r = write_place(beside, source, memory, &message);
        }
        if (r < 0)
                fprintf(stderr,
                        "cardwatch %s: how the log-in of %s went could not be stored: %s; do not repeat this often, "
                        "the "
                        "API locks accounts\n",
                        where->command, source, cw_buf_text(&message));
}
