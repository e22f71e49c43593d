/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: everything that people get wrong about a path is asked first and answered in a line of its own, because SQLite
 * says "unable to open database file" to all of it. Then the lock, then whose database it is, and only then anything is
 * written.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "change_log.h"
#include "db.h"
#include "fold.h"
#include "given.h"
#include "lock.h"
#include "schema.h"

#define MODE    0640
#define BUSY_MS 5000

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

static int fail_path(int error, const char *path, struct cw_buf *message, const char *what)
{
        if (message)
                cw_buf_printf(message, "%s: %s", path, what);
        return error;
}

/* The directory must be there and, for an owner, take the files that SQLite keeps beside the database. */
static int check_directory(const char *path, bool readonly, struct cw_buf *message)
{
        cw_autofree char *copy = strdup(path);
        const char *directory;

        if (!copy)
                return -ENOMEM;
        directory = dirname(copy);
        if (access(directory, F_OK) < 0)
                return fail_path(-errno, directory, message,
                                 errno == ENOENT ? "there is no such directory" : strerror(errno));
        if (!readonly && faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0) {
                int error = errno;

                return fail_path(-error, directory, message,
                                 error == EROFS ? "the directory is on a read-only file system"
                                                : "the directory is not writable for this user");
        }
        return 0;
}

/* Outcome besides 0: there is no such file. */
#define NO_FILE 1

static int check_file(const char *path, bool readonly, struct cw_buf *message)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOENT ? NO_FILE : fail_path(-errno, path, message, strerror(errno));
        if (S_ISDIR(st.st_mode))
                return fail_path(-EISDIR, path, message, "is a directory");
        if (!S_ISREG(st.st_mode))
                return fail_path(-EINVAL, path, message, "is not a regular file");
        if (faccessat(AT_FDCWD, path, readonly ? R_OK : R_OK | W_OK, AT_EACCESS) < 0) {
                int error = errno;

                return fail_path(-error, path, message,
                                 error == EROFS ? "is on a read-only file system"
                                 : readonly     ? "is not readable for this user"
                                                : "is not writable for this user");
        }
        return 0;
}

/* What root makes while looking after a daemon of another user is that user's: of whom the model is. */
static void hand_over(int fd, const char *model)
{
        struct stat st;

        /* Who cannot is told by whatever cannot be opened then. */
        if (geteuid() == 0 && stat(model, &st) == 0 && (st.st_uid != 0 || st.st_gid != 0) &&
            fchown(fd, st.st_uid, st.st_gid) < 0)
                return;
}

static int hand_to_owner_of_directory(int fd, const char *path)
{
        cw_autofree char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        hand_over(fd, dirname(copy));
        return 0;
}

/* The mode is set whatever the umask is: the group may look, nobody else. */
static int create_file(const char *path, struct cw_buf *message)
{
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
        int r;

        if (fd < 0)
                return fail_path(-errno, path, message, strerror(errno));
        r = fchmod(fd, MODE) < 0 ? fail_path(-errno, path, message, strerror(errno)) : 0;
        if (r == 0)
                r = hand_to_owner_of_directory(fd, path);
        close(fd);
        return r;
}

/* Two names of one file must meet at one lock, so links are followed first. */
static int lock_store(struct cw_store *store, struct cw_buf *message)
{
        cw_autofree char *real = realpath(store->path, NULL);
        cw_autofree char *lock = NULL;
        int r;

        if (!real)
                return fail_path(-errno, store->path, message, strerror(errno));
        if (asprintf(&lock, "%s.lock", real) < 0) {
                lock = NULL;
                return -ENOMEM;
        }
        r = cw_lock_take(lock, &store->lock_fd, message);
        if (r == 0)
                hand_over(store->lock_fd, real);
        return r;
}

static int new_store(const char *path, bool readonly, struct cw_store **ret_store)
{
        struct cw_store *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        store->lock_fd = -1;
        store->readonly = readonly;
        store->path = strdup(path);
        if (!store->path) {
                free(store);
                return -ENOMEM;
        }
        cw_fault_init(&store->commit_fault, "commit");
        cw_fault_init(&store->settle_fault, "settle");
        *ret_store = store;
        return 0;
}

/* The page cache is small: what is read again and again is a few pages, the rest passes through once. */
static int connect_store(struct cw_store *store, struct cw_buf *message)
{
        int flags = (store->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
        int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

        if (rc != SQLITE_OK)
                return store->db ? cw_db_error(store, rc, message) : -ENOMEM;
        sqlite3_extended_result_codes(store->db, 1);
        sqlite3_busy_timeout(store->db, BUSY_MS);
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        /* The system caches the file as well: a storm was no slower with a quarter of SQLite's usual 2 MB. */
        return cw_db_exec(store,
                          "PRAGMA cache_size = -512; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;"
                          "PRAGMA cell_size_check = ON",
                          message);
}

static int own(struct cw_store *store, struct cw_buf *message)
{
        int64_t synchronous;
        int r = cw_given_declare(store, message);

        if (r == 0)
                r = cw_schema_check(store, message);
        /* Can only be said of a file with nothing in it: pages that are free can be given back one day (size.h). */
        if (r == CW_SCHEMA_EMPTY)
                r = cw_db_exec(store, "PRAGMA auto_vacuum = INCREMENTAL", message);
        if (r < 0)
                return r;
        /* Some systems build SQLite to write zeros over every page that is dropped: settling would write each twice. */
        r = cw_db_exec(store,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608;"
                       "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY;"
                       "PRAGMA wal_autocheckpoint = 2000",
                       message);
        if (r == 0)
                r = cw_db_number(store, "PRAGMA synchronous", &synchronous, message);
        if (r == 0 && synchronous != 2)
                return cw_db_fail(store, -EIO, message, "does not take synchronous=FULL");
        if (r == 0)
                r = cw_schema_migrate(store, message);
        if (r == 0)
                r = cw_db_number(store, "SELECT ifnull(max(sequence), 0) FROM outbox", &store->outbox_top, message);
        if (r == 0)
                r = cw_change_log_measure(store, &store->unsettled, message);
        if (r == 0)
                cw_recent_begin(&store->recent, store->unsettled);
        return r;
}

int cw_store_open(const char *path, struct cw_store **ret_store, struct cw_buf *message)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        int r = check_directory(path, false, message);

        if (r == 0)
                r = check_file(path, false, message);
        if (r == NO_FILE)
                r = create_file(path, message);
        if (r == 0)
                r = new_store(path, false, &store);
        if (r == 0)
                r = lock_store(store, message);
        if (r == 0)
                r = connect_store(store, message);
        if (r == 0)
                r = own(store, message);
        if (r < 0)
                return r;
        *ret_store = cw_take(store);
        return 0;
}

static int look(struct cw_store *store, struct cw_buf *message)
{
        int r = cw_schema_check(store, message);

        if (r == CW_SCHEMA_EMPTY)
                return cw_db_fail(store, -ENOENT, message, "no daemon has stored anything there yet");
        if (r == CW_SCHEMA_OLD)
                return cw_db_fail(store, -EBADMSG, message, "is from an older cardwatch; start cardwatchd once");
        return r < 0 ? r : cw_db_exec(store, "PRAGMA query_only = ON", message);
}

int cw_store_open_readonly(const char *path, struct cw_store **ret_store, struct cw_buf *message)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        int r = check_directory(path, true, message);

        if (r == 0)
                r = check_file(path, true, message);
        if (r == NO_FILE)
                return fail_path(-ENOENT, path, message, "there is no such store");
        if (r == 0)
                r = new_store(path, true, &store);
        if (r == 0)
                r = connect_store(store, message);
        if (r == 0)
                r = look(store, message);
        if (r < 0)
                return r;
        *ret_store = cw_take(store);
        return 0;
}

void cw_store_close(struct cw_store *store)
{
        if (!store)
                return;
        cw_fold_free(store->fold);
        for (size_t i = 0; i < CW_SQL_COUNT; i++)
                sqlite3_finalize(store->statements[i]);
        sqlite3_close(store->db);
        cw_lock_release(store->lock_fd);
        cw_changes_deinit(&store->recent.rows);
        cw_buf_deinit(&store->record);
        free(store->path);
        free(store);
}
