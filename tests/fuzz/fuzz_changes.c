/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the change log: any bytes are refused or read, what was read is written as the same again, and a log of
 * such records shows the same before it is settled and afterwards.
 *
 * An input is several records without their versions and seals, each but the last behind its length.
 */
#include <errno.h>
#include <unistd.h>

#include "../../src/store/change_log.h"
#include "../../src/store/changes_pack.h"
#include "../../src/store/db.h"
#include "../../src/store/late.h"
#include "../../src/store/row.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/pack_quick.h"
#include "fuzz.h"

#define RECORDS_MOST   4
#define RECORD_VERSION 1

static void must_be_whole(const struct cw_buf *buf)
{
        must(cw_buf_error(buf) == 0);
}

static int unpack(const void *data, size_t len, struct cw_changes *changes)
{
        char *bytes = fuzz_copy(data, len, 0);
        int r = cw_changes_unpack(bytes, len, changes);

        must(r == 0 || r == -EBADMSG);
        free(bytes);
        return r;
}

/* What was read can be written, and read again as the same. */
static void check_round(const struct cw_changes *changes)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes again = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf first = CW_BUF_NULL, second = CW_BUF_NULL;

        cw_changes_pack(changes, &first);
        must_be_whole(&first);
        must(unpack(first.data, first.len, &again) == 0);
        cw_changes_pack(&again, &second);
        must_be_whole(&second);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
}

static bool check_record(const void *data, size_t len)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        if (unpack(data, len, &changes) < 0)
                return false;
        check_round(&changes);
        return true;
}

/* One for all inputs, which leave nothing in it; its files have no names any more. */
static struct cw_store *get_store(void)
{
        static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
        static struct cw_store *store;
        char directory[] = "/tmp/cw-fuzz-XXXXXX", path[64];

        if (store)
                return store;
        must(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/store.db", directory);
        must(cw_store_open(path, &store, NULL) == 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(ends); i++) {
                snprintf(path, sizeof(path), "%s/store.db%s", directory, ends[i]);
                must(unlink(path) == 0);
        }
        must(rmdir(directory) == 0);
        return store;
}

static void add_record(struct cw_store *store, int64_t sequence, const struct cw_buf *record)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;

        must(cw_db_statement(store, CW_SQL_LOG_ADD, &statement, NULL) == 0);
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, sequence);
        cw_bind_i64(&bind, sequence * 1000);
        cw_bind_blob(&bind, record->data, record->len);
        must(bind.rc == SQLITE_OK && cw_db_step(store, statement, NULL) == 0);
        sqlite3_clear_bindings(statement);
}

static void give_entry_of_its_own(struct cw_entry **entry)
{
        struct cw_entry *copy;

        if (!*entry)
                return;
        must(cw_entry_new(*entry, &copy) == 0);
        cw_entry_unref(*entry);
        *entry = copy;
}

/* As bytes. What is read from tables shares no entries. */
static void note(struct cw_changes *rows, struct cw_buf *seen)
{
        for (size_t i = 0; i < rows->alerts.n; i++)
                give_entry_of_its_own(&rows->alerts.rows[i].entry);
        for (size_t i = 0; i < rows->happenings.n; i++)
                give_entry_of_its_own(&rows->happenings.rows[i].entry);
        for (size_t i = 0; i < rows->intents.n; i++)
                for (size_t k = 0; k < rows->intents.rows[i].n_items; k++)
                        give_entry_of_its_own(&rows->intents.rows[i].items[k].entry);
        cw_changes_pack(rows, seen);
        must_be_whole(seen);
}

static void see_rows(struct cw_store *store, struct cw_buf *seen)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;

        store->held = true;
        must(cw_store_load(store, &rows, NULL) == 0);
        store->held = false;
        note(&rows, seen);
}

static int see_edge(void *data, struct cw_store_place place, const struct cw_history_row *row)
{
        cw_buf_printf(data, "%lld %lld %s %u %s %s\n", (long long)place.at, (long long)place.number, row->rule,
                      row->edge, row->what, row->detail ? row->detail : "-");
        return 0;
}

static int see_act(void *data, struct cw_store_place place, const struct cw_audit_row *row)
{
        cw_buf_printf(data, "%lld %lld %s %s %s\n", (long long)place.at, (long long)place.number, row->what, row->by,
                      row->target);
        return 0;
}

static void see_past(struct cw_store *store, struct cw_buf *seen)
{
        const struct cw_store_page page = {.limit = 1000, .messages = true};

        store->held = true;
        must(cw_store_page_edges(store, &page, see_edge, seen, NULL) == 0);
        must(cw_store_page_audit(store, &page, see_act, seen, NULL) == 0);
        store->held = false;
        must_be_whole(seen);
}

static void see(struct cw_store *store, struct cw_buf *seen)
{
        see_rows(store, seen);
        see_past(store, seen);
}

static void check_log(const struct cw_buf records[], size_t n)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf before = CW_BUF_NULL, after = CW_BUF_NULL, message = CW_BUF_NULL;
        struct cw_store *store = get_store();
        size_t settled = 0;
        int r;

        must(cw_transaction_begin(&transaction, store, true, NULL) == 0);
        for (size_t i = 0; i < n; i++)
                add_record(store, (int64_t)i + 1, &records[i]);
        see(store, &before);
        r = cw_change_log_settle(store, SIZE_MAX, &settled, &message);
        if (r < 0)
                fprintf(stderr, "%s\n", cw_buf_text(&message));
        must(r == 0 && settled > 0);
        see(store, &after);
        must(before.len == after.len && memcmp(before.data, after.data, before.len) == 0);
        /* Whatever is in it goes with the transaction. */
        store->outbox_top = 0;
}

static void seal(const void *body, size_t len, struct cw_buf *record)
{
        cw_pack_u64(record, RECORD_VERSION);
        cw_buf_append(record, body, len);
        cw_pack_seal_quickly(record, 0);
        must_be_whole(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_unpack input = {.at = data, .end = data + size};
        struct cw_buf records[RECORDS_MOST] = {CW_BUF_NULL};
        bool good = true;
        size_t n = 0;

        (void)check_record(data, size);
        while (n < RECORDS_MOST && (n == 0 || input.at < input.end)) {
                const unsigned char *rest = input.at;
                size_t len;
                const void *body = n + 1 < RECORDS_MOST ? cw_unpack_bytes(&input, &len) : NULL;

                if (!body) {
                        body = rest;
                        len = (size_t)(input.end - rest);
                        input.at = input.end;
                }
                seal(body, len, &records[n]);
                good &= check_record(records[n].data, records[n].len);
                n++;
        }
        if (good)
                check_log(records, n);
        for (size_t i = 0; i < n; i++)
                cw_buf_deinit(&records[i]);
        return 0;
}
