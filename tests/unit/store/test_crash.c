/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is killed while it commits leaves a prefix of its commits, each of them whole. */
#include "rows.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define KILLS 50
#define WIDTH 20 /* things a commit writes, in each of four tables */

/* Commit `n` says n in everything it writes, so that a torn one would be seen. */
static void fill(struct cw_changes *changes, uint32_t n)
{
        struct cw_source_row source = {.source = (char *)"main", .failed_polls = n};

        cw_changes_source(changes, &source);
        for (uint64_t i = 0; i < WIDTH; i++) {
                add_card(changes, "main", (int64_t)i, n);
                cw_changes_ledger(changes,
                                  &(struct cw_ledger_row){.notifier = (char *)"hook", .fingerprint = i, .edge = n});
                cw_changes_intent(changes,
                                  &(struct cw_intent_row){.sequence = i, .notifier = (char *)"hook", .attempts = n});
        }
}

/* Commits n+1, n+2, … and tells each that is said to be on the disk. Never returns. */
static _Noreturn void commit_for_ever(const struct place *place, uint32_t n, int told)
{
        struct cw_store *store = NULL;

        if (cw_store_open(place->path, &store, NULL) < 0)
                _exit(1);
        for (;;) {
                struct cw_changes changes = CW_CHANGES_NULL;

                fill(&changes, ++n);
                if (cw_store_commit(store, &changes, n, NULL) < 0 || write(told, &n, sizeof(n)) != sizeof(n))
                        _exit(2);
                if (n % 5 == 0 && cw_store_maintain(store, n, &keep_an_hour, true, NULL) < 0)
                        _exit(3);
                cw_changes_deinit(&changes);
        }
}

/* The number of the one commit that everything stored is of. */
static uint32_t whole_commit(const struct place *place)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = open_store(place);
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        uint32_t n;

        load(store, &rows);
        if (rows.sources.n == 0) {
                assert_true(cw_changes_empty(&rows));
                return 0;
        }
        n = rows.sources.rows[0].failed_polls;
        assert_int_equal(rows.cards.n, WIDTH);
        assert_int_equal(rows.ledger.n, WIDTH);
        assert_int_equal(rows.intents.n, WIDTH);
        for (size_t i = 0; i < WIDTH; i++) {
                assert_int_equal(rows.cards.rows[i].card.available, n);
                assert_int_equal(rows.ledger.rows[i].edge, n);
                assert_int_equal(rows.intents.rows[i].attempts, n);
        }
        return n;
}

static void test_a_killed_writer_leaves_a_prefix_of_whole_commits(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        unsigned seed = 1;
        uint32_t n = 0;

        (void)state;
        place_init(&place);
        for (int i = 0; i < KILLS; i++) {
                uint32_t told = n, number, stored;
                int pipes[2], status;
                pid_t child;

                assert_int_equal(pipe(pipes), 0);
                child = fork();
                assert_true(child >= 0);
                if (child == 0)
                        commit_for_ever(&place, n, pipes[1]);
                close(pipes[1]);
                usleep((useconds_t)(rand_r(&seed) % 30000));
                kill(child, SIGKILL);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_true(WIFSIGNALED(status));
                while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
                        told = number;
                close(pipes[0]);
                stored = whole_commit(&place);
                /* What was said to be stored is; at most the one that nobody was told of is there besides. */
                assert_true(stored == told || stored == told + 1);
                n = stored;
        }
        print_message("  %u commits survived %d kills\n", n, KILLS);
        assert_true(n > 0);
}

#ifdef CARDWATCH_FAULTS
static void run_with_fault(const struct place *place, const char *fault)
{
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                int nowhere[2];

                setenv("CARDWATCH_FAULT", fault, 1);
                if (pipe(nowhere) < 0)
                        _exit(4);
                commit_for_ever(place, 0, nowhere[1]);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 137);
}

static void test_named_exits_end_the_process_on_their_side_of_the_commit(void **state)
{
        static const struct {
                const char *fault;
                uint32_t stored;
        } cases[] = {{"commit-exit:before:1", 0}, {"commit-exit:after:1", 1}, {"commit-exit:before:8", 7}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;

                print_message("  %s\n", cases[i].fault);
                place_init(&place);
                run_with_fault(&place, cases[i].fault);
                assert_int_equal(whole_commit(&place), cases[i].stored);
        }
}
#endif

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_killed_writer_leaves_a_prefix_of_whole_commits),
#ifdef CARDWATCH_FAULTS
                cmocka_unit_test(test_named_exits_end_the_process_on_their_side_of_the_commit),
#endif
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
