/* SPDX-License-Identifier: Apache-2.0 */
/* A full disk fails the commit, and the handle goes on as soon as there is room. */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../../../src/store/db.h"

#define NOT_PERMITTED 77
#define PAYLOAD       50000

/* Heavy enough that a small disk is full after a few. */
static int commit_heavy(struct cw_store *store, uint64_t n, struct cw_buf *message)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_autofree char *payload = calloc(1, PAYLOAD);

        assert_non_null(payload);
        add_card(&changes, "main", (int64_t)n, 1);
        cw_changes_intent(&changes, &(struct cw_intent_row){.sequence = n,
                                                            .notifier = (char *)"hook",
                                                            .payload = payload,
                                                            .payload_len = PAYLOAD});
        return cw_store_commit(store, &changes, 1, message);
}

static bool holds(struct cw_store *store, uint64_t n)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;

        return cw_store_load(store, &rows, NULL) == 0 && rows.cards.n == n && rows.intents.n == n;
}

static void test_a_full_database_fails_and_recovers(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        uint64_t n = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_db_exec(store, "PRAGMA max_page_count = 100", NULL), 0);
        while (n < 100 && commit_heavy(store, n, &message) == 0)
                n++;
        assert_in_range(n, 1, 10);
        assert_int_equal(commit_heavy(store, n, &message), -ENOSPC);
        assert_non_null(strstr(cw_buf_text(&message), "full"));
        assert_true(holds(store, n));
        assert_int_equal(cw_db_exec(store, "PRAGMA max_page_count = 10000", NULL), 0);
        assert_int_equal(commit_heavy(store, n, &message), 0);
        assert_true(holds(store, n + 1));
}

/* In a child with a mount of its own, which ends with it. The status says at which step it failed. */
static int fill_a_small_disk(const struct place *place)
{
        struct cw_store *store = NULL;
        char ballast[128];
        uint64_t n = 0;
        int r = 0, fd;

        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", place->directory, "tmpfs", 0, "size=1m") < 0)
                return NOT_PERMITTED;
        snprintf(ballast, sizeof(ballast), "%s/ballast", place->directory);
        fd = open(ballast, O_CREAT | O_WRONLY, 0600);
        if (fd < 0 || posix_fallocate(fd, 0, 300000) != 0 || cw_store_open(place->path, &store, NULL) < 0)
                return 1;
        while (n < 1000 && (r = commit_heavy(store, n, NULL)) == 0)
                n++;
        if (r != -ENOSPC || n == 0)
                return 2;
        if (commit_heavy(store, n, NULL) != -ENOSPC)
                return 3;
        if (!holds(store, n))
                return 4;
        if (unlink(ballast) < 0 || close(fd) < 0 || commit_heavy(store, n, NULL) < 0)
                return 5;
        if (!holds(store, n + 1))
                return 6;
        cw_store_close(store);
        return 0;
}

static void test_a_full_disk_fails_and_recovers(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        int status;
        pid_t child;

        (void)state;
        place_init(&place);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
                _exit(fill_a_small_disk(&place));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NOT_PERMITTED) {
                print_message("  mounting is not permitted here\n");
                skip();
        }
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_a_write_error_fails_and_recovers(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct rlimit before, small = {.rlim_cur = 200000};
        uint64_t n = 0;
        int r = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small.rlim_max = before.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        while (n < 100 && (r = commit_heavy(store, n, NULL)) == 0)
                n++;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EIO);
        assert_true(holds(store, n));
        assert_int_equal(commit_heavy(store, n, NULL), 0);
        assert_true(holds(store, n + 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_full_database_fails_and_recovers),
                cmocka_unit_test(test_a_full_disk_fails_and_recovers),
                cmocka_unit_test(test_a_write_error_fails_and_recovers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
