/* SPDX-License-Identifier: Apache-2.0 */
/* Who may open what: one owner at a time, lookers beside it, and a clear line for every path that is no store. */
#include "rows.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void run_sql(const char *path, const char *sql)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void write_file(const char *path, const char *text, size_t len)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, len, file), len);
        fclose(file);
}

static void assert_refused(const char *path, int expected, const char *words)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct cw_store *store = NULL;

        assert_int_equal(cw_store_open(path, &store, &message), expected);
        assert_null(store);
        if (!strstr(cw_buf_text(&message), words))
                fail_msg("'%s' does not say '%s'", cw_buf_text(&message), words);
        assert_null(strchr(cw_buf_text(&message), '\n'));
}

static void test_a_store_is_created_for_its_owner_and_group_only(void **state)
{
        static const mode_t masks[] = {0, 0022, 0077};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(masks); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                mode_t before = umask(masks[i]);
                struct stat st;

                place_init(&place);
                store = open_store(&place);
                umask(before);
                assert_int_equal(stat(place.path, &st), 0);
                assert_int_equal(st.st_mode & 07777, 0640);
        }
}

static void test_what_is_no_store_is_refused(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        char missing[160], text[4096];

        (void)state;
        place_init(&place);
        snprintf(missing, sizeof(missing), "%s/none/store.db", place.directory);
        assert_refused(missing, -ENOENT, "there is no such directory");
        assert_refused(place.directory, -EISDIR, "is a directory");
        assert_refused("/dev/null", -EINVAL, "is not a regular file");

        memset(text, 'x', sizeof(text));
        write_file(place.path, text, sizeof(text));
        assert_refused(place.path, -EBADMSG, "file is not a database");
        write_file(place.path, text, 5);
        assert_refused(place.path, -EBADMSG, "file is not a database");
        unlink(place.path);
        run_sql(place.path, "CREATE TABLE theirs (a)");
        assert_refused(place.path, -EBADMSG, "is the database of another program");
        unlink(place.path);
        run_sql(place.path, "PRAGMA application_id = 77");
        assert_refused(place.path, -EBADMSG, "is the database of another program");
        unlink(place.path);
        run_sql(place.path, "PRAGMA application_id = 0x43577374; PRAGMA user_version = 9999");
        assert_refused(place.path, -EBADMSG, "is from a newer cardwatch");
}

static void test_an_empty_file_becomes_a_store(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        struct cw_store *looker = NULL;

        (void)state;
        place_init(&place);
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), -ENOENT);
        write_file(place.path, "", 0);
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), -ENOENT);
        cw_store_close(open_store(&place));
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), 0);
        cw_store_close(looker);
}

/* Permissions mean nothing to root, so a child without rights asks; its status is the errno. */
static int open_as_nobody(const char *path, char *message, size_t size)
{
        int pipes[2], status;
        pid_t child;
        ssize_t n;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct cw_buf text = CW_BUF_NULL;
                struct cw_store *store = NULL;
                int r;

                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(255);
                r = cw_store_open(path, &store, &text);
                if (write(pipes[1], cw_buf_text(&text), text.len) < 0)
                        _exit(255);
                _exit(r == 0 ? 0 : -r);
        }
        close(pipes[1]);
        n = read(pipes[0], message, size - 1);
        close(pipes[0]);
        message[n > 0 ? n : 0] = '\0';
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        return -WEXITSTATUS(status);
}

static void test_missing_rights_are_said(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        char message[256];

        (void)state;
        place_init(&place);
        cw_store_close(open_store(&place));
        assert_int_equal(chmod(place.directory, 0555), 0);
        assert_int_equal(open_as_nobody(place.path, message, sizeof(message)), -EACCES);
        assert_non_null(strstr(message, "the directory is not writable for this user"));
        assert_int_equal(chmod(place.directory, 0777), 0);
        assert_int_equal(chmod(place.path, 0444), 0);
        assert_int_equal(open_as_nobody(place.path, message, sizeof(message)), -EACCES);
        assert_non_null(strstr(message, "is not writable for this user"));
        assert_int_equal(chmod(place.directory, 0700), 0);
        assert_int_equal(open_as_nobody(place.path, message, sizeof(message)), -EACCES);
}

/* A child that owns the store until it is killed. */
static pid_t spawn_owner(const struct place *place)
{
        int pipes[2];
        pid_t child;
        char byte;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct cw_store *store = NULL;

                if (cw_store_open(place->path, &store, NULL) < 0 || write(pipes[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(pipes[1]);
        assert_int_equal(read(pipes[0], &byte, 1), 1);
        close(pipes[0]);
        return child;
}

static void test_a_second_owner_is_busy_until_the_first_one_ends(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        char owner[32], link[128];
        pid_t child;

        (void)state;
        place_init(&place);
        child = spawn_owner(&place);
        snprintf(owner, sizeof(owner), "process %d", (int)child);
        assert_refused(place.path, -EBUSY, owner);
        assert_refused(place.path, -EBUSY, "another cardwatchd");
        snprintf(link, sizeof(link), "%s/link.db", place.directory);
        assert_int_equal(symlink("store.db", link), 0);
        assert_refused(link, -EBUSY, "another cardwatchd");
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        cw_store_close(open_store(&place));
}

static void test_the_same_process_cannot_own_it_twice(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_refused(place.path, -EBUSY, "another cardwatchd");
        assert_refused(place.path, -EBUSY, "another cardwatchd");
        add_card(&changes, "main", 1, 1);
        commit(store, &changes, 1);
}

static void test_a_looker_sees_whole_commits_beside_the_owner(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL, *looker = NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), 0);
        for (int64_t i = 1; i <= 20; i++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

                add_card(&changes, "main", i, i);
                commit(store, &changes, i);
                if (i % 7 == 0)
                        maintain(store, i, true);
                load(looker, &rows);
                assert_int_equal(rows.cards.n, i);
        }
        /* The owner leaves first; what it stored is still to be seen, and the next owner is not kept out. */
        cw_store_close(store);
        store = open_store(&place);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_store_is_created_for_its_owner_and_group_only),
                cmocka_unit_test(test_what_is_no_store_is_refused),
                cmocka_unit_test(test_an_empty_file_becomes_a_store),
                cmocka_unit_test(test_missing_rights_are_said),
                cmocka_unit_test(test_a_second_owner_is_busy_until_the_first_one_ends),
                cmocka_unit_test(test_the_same_process_cannot_own_it_twice),
                cmocka_unit_test(test_a_looker_sees_whole_commits_beside_the_owner),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
