/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TESTS_STORE_ROWS_H
#define CW_TESTS_STORE_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/store_settle.h"

/*
 * What the store's tests share: a directory of their own for each test, and short ways to rows.
 */

#define HOUR_MS INT64_C(3600000)

static const struct cw_store_keep keep_an_hour = {.history_ms = HOUR_MS, .audit_ms = HOUR_MS};

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

struct place {
        char directory[64];
        char path[96];
};

static inline void place_init(struct place *place)
{
        snprintf(place->directory, sizeof(place->directory), "/tmp/cw-store-XXXXXX");
        assert_non_null(mkdtemp(place->directory));
        snprintf(place->path, sizeof(place->path), "%s/store.db", place->directory);
}

static inline void place_deinit(struct place *place)
{
        static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "store.db.lock", "link.db",
                                            "copy.db",  "copy.db-wal",  "copy.db-shm",  "copy.db.lock"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s/%s", place->directory, names[i]);
                unlink(path);
        }
        rmdir(place->directory);
}

static inline struct cw_store *open_store(const struct place *place)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct cw_store *store = NULL;
        int r = cw_store_open(place->path, &store, &message);

        if (r < 0)
                print_error("cannot open: %s\n", cw_buf_text(&message));
        assert_int_equal(r, 0);
        return store;
}

static inline void commit(struct cw_store *store, struct cw_changes *changes, int64_t at)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_store_commit(store, changes, at, &message);

        if (r < 0)
                print_error("cannot commit: %s\n", cw_buf_text(&message));
        assert_int_equal(r, 0);
        cw_changes_deinit(changes);
}

/* All there is. */
static inline void settle(struct cw_store *store)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r;

        while ((r = cw_store_settle(store, &message)) == CW_STORE_MORE)
                ;
        if (r < 0)
                print_error("cannot settle: %s\n", cw_buf_text(&message));
        assert_int_equal(r, 0);
        assert_int_equal(cw_store_unsettled(store), 0);
}

static inline void load(struct cw_store *store, struct cw_changes *ret_rows)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_store_load(store, ret_rows, &message);

        if (r < 0)
                print_error("cannot load: %s\n", cw_buf_text(&message));
        assert_int_equal(r, 0);
}

/* One share; whether there is more to do. */
static inline bool maintain_some(struct cw_store *store, int64_t now, bool force)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_store_maintain(store, now, &keep_an_hour, force, &message);

        if (r < 0)
                print_error("cannot maintain: %s\n", cw_buf_text(&message));
        assert_true(r >= 0);
        return r == CW_STORE_MORE;
}

/* All there is to do. */
static inline void maintain(struct cw_store *store, int64_t now, bool force)
{
        while (maintain_some(store, now, force))
                ;
}

static inline void add_card(struct cw_changes *changes, const char *source, int64_t id, cw_amount available)
{
        char reference[32];

        snprintf(reference, sizeof(reference), "acme-%lld", (long long)id / 3);
        cw_changes_card(changes, &(struct cw_card_row){.source = (char *)source,
                                                       .card = {.id = id,
                                                                .customer = id / 3,
                                                                .available = available,
                                                                .total = available,
                                                                .reference = reference,
                                                                .currency = "EUR",
                                                                .last4 = "0042"},
                                                       .first_seen_at = 1000,
                                                       .observed_at = 2000 + id});
}

static inline void drop_card(struct cw_changes *changes, const char *source, int64_t id)
{
        cw_changes_card(changes, &(struct cw_card_row){.source = (char *)source, .card = {.id = id}, .gone = true});
}

static inline void add_source(struct cw_changes *changes, const char *name, bool removed)
{
        cw_changes_source(changes, &(struct cw_source_row){.source = (char *)name, .removed = removed});
}

#endif
