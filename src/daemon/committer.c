/* SPDX-License-Identifier: Apache-2.0 */
#include "committer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "cardwatch/buf.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/store_settle.h"
#include "cardwatch/work.h"
#include "settling.h"

#define COMMITS_BETWEEN_MAINTENANCE 16
#define COMMITS_BEFORE_MAINTENANCE  16 /* at most so many go before a share of it that is due */
#define LARGE_PERCENT               80 /* of the size it may have: said, until it is well below */
#define NOT_LARGE_PERCENT           75
#define MANY_CARDS                  4096 /* in one commit: a first poll, or a storm */
#define RETRY_FIRST_MS              1000
#define RETRY_LONGEST_MS            30000

enum committer_state { IDLE, COMMITTING, MAINTAINING, SETTLING, CLOSING, CLOSED };

struct waiter {
        cw_committer_fn fn;
        void *data;
};

struct waiters {
        struct waiter *items;
        size_t n, capacity;
};

struct cw_committer {
        struct cw_committer_options options;
        struct cw_changes pending, under_way;
        struct waiters waiting, released; /* for what is pending, for what is under way */
        enum committer_state state;
        bool again; /* there is more to commit after what is under way */
        bool maintenance_due;
        bool failing; /* the last commit failed */
        bool unkept; /* the last share of maintenance failed */
        struct cw_settling settling;
        bool unsettled; /* the last share of settling failed */
        bool settling_barred; /* ... and it is too early to try again */
        struct cw_store_size size; /* as it was measured last */
        bool large; /* it takes nearly as much room as it may */
        bool told; /* whoever is to know knows that one of them did */
        unsigned failures, commits;
        unsigned commits_before; /* a share of maintenance */
        struct cw_timer *retry, *settle;
        cw_committer_fn closed;
        void *closed_data;
        /* Between the loop and the worker: written by one while the other waits. */
        int64_t at;
        struct cw_store_size measured;
        int result;
        struct cw_buf message;
};

static void submit(struct cw_committer *committer);
static void go_on(struct cw_committer *committer);

static void settling_is_due(void *data)
{
        struct cw_committer *committer = data;

        committer->settling_barred = false;
        cw_settling_ring(&committer->settling);
        go_on(committer);
}

static void retry_due(void *data)
{
        cw_committer_commit(data);
}

int cw_committer_new(const struct cw_committer_options *options, struct cw_committer **ret_committer)
{
        cw_autofree struct cw_committer *committer = calloc(1, sizeof(*committer));
        int r;

        if (!committer)
                return -ENOMEM;
        committer->options = *options;
        r = cw_timer_new(options->loop, retry_due, committer, &committer->retry);
        if (r == 0)
                r = cw_timer_new(options->loop, settling_is_due, committer, &committer->settle);
        if (r < 0) {
                cw_timer_free(committer->retry);
                return r;
        }
        committer->maintenance_due = true; /* and the size is known early */
        *ret_committer = cw_take(committer);
        return 0;
}

void cw_committer_free(struct cw_committer *committer)
{
        if (!committer)
                return;
        assert(committer->state == IDLE || committer->state == CLOSED);
        cw_timer_free(committer->retry);
        cw_timer_free(committer->settle);
        cw_changes_deinit(&committer->pending);
        cw_changes_deinit(&committer->under_way);
        free(committer->waiting.items);
        free(committer->released.items);
        cw_buf_deinit(&committer->message);
        free(committer);
}

struct cw_changes *cw_committer_changes(struct cw_committer *committer)
{
        return &committer->pending;
}

/*
 * What was written is let go of, here and not on the loop: of a storm or a first poll that takes tenths of a second.
 * The latter leaves packed rows between the records that stay: holes that nothing later is large enough to fill, a
 * sixth of all memory. They go back to the system at once.
 */
static void let_go_of_written(struct cw_committer *committer)
{
        bool many = cw_changes_count_cards(&committer->under_way) >= MANY_CARDS;

        if (!many)
                cw_store_hand_over(committer->options.store, &committer->under_way);
        cw_changes_deinit(&committer->under_way);
#if defined(__GLIBC__)
        if (many)
                malloc_trim(0);
#else
        (void)many;
#endif
}

/* On a worker thread. */
static void run(void *data)
{
        struct cw_committer *committer = data;
        const struct cw_committer_options *options = &committer->options;

        cw_buf_clear(&committer->message);
        /* What was said twice since the last commit is written once. */
        committer->result = cw_changes_sort(&committer->under_way);
        if (committer->result == 0)
                committer->result = cw_store_commit(options->store, &committer->under_way, committer->at,
                                                    &committer->message);
        if (committer->result == 0)
                let_go_of_written(committer);
        if (committer->result == 0 && committer->state == CLOSING)
                committer->result = cw_store_maintain(options->store, committer->at, &options->keep, true,
                                                      &committer->message);
}

/* On a worker thread. */
static void run_maintenance(void *data)
{
        struct cw_committer *committer = data;
        const struct cw_committer_options *options = &committer->options;
        int measured;

        cw_buf_clear(&committer->message);
        committer->result = cw_store_maintain(options->store, committer->at, &options->keep, false,
                                              &committer->message);
        measured = committer->result < 0 ? committer->result
                                         : cw_store_measure(options->store, &committer->measured, &committer->message);
        if (measured < 0)
                committer->result = measured;
}

/* On a worker thread. */
static void run_settling(void *data)
{
        struct cw_committer *committer = data;

        cw_buf_clear(&committer->message);
        committer->result = cw_store_settle(committer->options.store, &committer->message);
}

static void release(struct waiters *released)
{
        for (size_t i = 0; i < released->n; i++)
                released->items[i].fn(released->items[i].data);
        free(released->items);
}

static bool is_committing(const struct cw_committer *committer)
{
        return committer->state == COMMITTING || committer->state == CLOSING || committer->state == CLOSED;
}

static void report(struct cw_committer *committer)
{
        bool failing = committer->failing || committer->unkept || committer->unsettled;

        if (failing == committer->told)
                return;
        committer->told = failing;
        cw_log(committer->options.log, failing ? CW_LOG_ERROR : CW_LOG_INFO, failing ? "store-failing" : "store-works",
               "reason", "%s", failing ? cw_buf_text(&committer->message) : "", NULL);
        committer->options.result(committer->options.data, failing, cw_buf_text(&committer->message));
}

static void try_again_later(struct cw_committer *committer)
{
        uint64_t wait_ms = RETRY_FIRST_MS;

        for (unsigned i = 0; i < committer->failures && wait_ms < RETRY_LONGEST_MS; i++)
                wait_ms *= 2;
        committer->failures++;
        cw_timer_start(committer->retry, wait_ms < RETRY_LONGEST_MS ? wait_ms : RETRY_LONGEST_MS);
}

/* What was not written stands before what came since. Out of memory here, the newer changes win and the rest is lost
 * from the record only: the alerts of it have gone out. */
static void take_back(struct cw_committer *committer)
{
        struct cw_changes newer = committer->pending;

        committer->pending = committer->under_way;
        committer->under_way = (struct cw_changes)CW_CHANGES_NULL;
        if (cw_changes_merge(&committer->pending, &newer) < 0)
                cw_log(committer->options.log, CW_LOG_ERROR, "changes-lost", "reason", "%s", "out of memory", NULL);
        cw_changes_deinit(&newer);
}

static void time_settling(struct cw_committer *committer)
{
        int64_t wait_ms = cw_settling_wait(&committer->settling, cw_store_unsettled(committer->options.store),
                                           cw_clock_mono_ms());

        if (wait_ms >= 0)
                cw_timer_start(committer->settle, (uint64_t)wait_ms);
        else if (wait_ms == CW_SETTLING_NEVER)
                cw_timer_stop(committer->settle);
}

static void done(void *data)
{
        struct cw_committer *committer = data;
        struct waiters released = committer->released; /* what is called below may begin the next commit */
        bool closing = committer->state == CLOSING;

        committer->released = (struct waiters){0};
        committer->state = closing ? CLOSED : IDLE;
        committer->failing = committer->result < 0;
        if (committer->failing) {
                take_back(committer);
                if (!closing)
                        try_again_later(committer);
        } else {
                committer->failures = 0;
                time_settling(committer);
        }
        if (!closing)
                report(committer);
        release(&released);
        if (closing)
                committer->closed(committer->closed_data);
        else
                go_on(committer);
}

static int64_t bytes_in_use(const struct cw_committer *committer)
{
        return committer->size.used_bytes + committer->size.log_bytes;
}

static void look_at_size(struct cw_committer *committer)
{
        int64_t most = committer->options.keep.max_bytes;
        int64_t edge = most / 100 * (committer->large ? NOT_LARGE_PERCENT : LARGE_PERCENT);
        bool large = most > 0 && bytes_in_use(committer) >= edge;

        if (large == committer->large)
                return;
        committer->large = large;
        cw_log(committer->options.log, large ? CW_LOG_WARNING : CW_LOG_INFO, large ? "store-large" : "store-not-large",
               "bytes", "%lld", (long long)bytes_in_use(committer), "max_size", "%lld", (long long)most, "reason", "%s",
               large ? "before it is full, what is oldest of the history goes" : "", NULL);
}

static void maintained(void *data)
{
        struct cw_committer *committer = data;

        committer->state = IDLE;
        committer->maintenance_due = committer->result == CW_STORE_MORE;
        committer->unkept = committer->result < 0;
        report(committer);
        committer->size = committer->measured;
        look_at_size(committer);
        go_on(committer);
}

static void maintain(struct cw_committer *committer)
{
        committer->state = MAINTAINING;
        committer->commits_before = 0;
        committer->at = cw_clock_wall_ms();
        committer->result = -ENOMEM;
        if (cw_work_submit(committer->options.loop, run_maintenance, maintained, committer) < 0) {
                committer->state = IDLE;
                committer->maintenance_due = false; /* later, then */
        }
}

static void settled(void *data)
{
        struct cw_committer *committer = data;

        committer->state = IDLE;
        committer->settling.due = committer->result == CW_STORE_MORE;
        committer->unsettled = committer->result < 0;
        committer->settling_barred = committer->unsettled;
        report(committer);
        time_settling(committer);
        go_on(committer);
}

static void settle(struct cw_committer *committer)
{
        committer->state = SETTLING;
        committer->commits_before = 0;
        committer->result = -ENOMEM;
        if (cw_work_submit(committer->options.loop, run_settling, settled, committer) < 0)
                settled(committer);
}

static bool is_settling_wanted(const struct cw_committer *committer, bool commit_wanted)
{
        if (committer->failing || committer->settling_barred || committer->closed)
                return false;
        return cw_settling_is_wanted(&committer->settling, cw_store_unsettled(committer->options.store), commit_wanted,
                                     committer->commits_before > 0);
}

/* What comes next, commits before all else, and in turns when there is much of it. */
static void go_on(struct cw_committer *committer)
{
        bool wanted = committer->again || committer->closed;

        if (committer->state != IDLE)
                return; /* who was released began something already */
        if (is_settling_wanted(committer, wanted))
                settle(committer);
        if (committer->state == IDLE && committer->maintenance_due && !committer->failing && !committer->closed &&
            (!wanted || committer->commits_before >= COMMITS_BEFORE_MAINTENANCE))
                maintain(committer);
        if (committer->state == IDLE && wanted)
                submit(committer);
        if (!committer->again && !is_committing(committer))
                committer->options.idle(committer->options.data);
}

static void submit(struct cw_committer *committer)
{
        if (committer->state != IDLE)
                return;
        cw_timer_stop(committer->retry);
        committer->settling_barred = false;
        committer->again = false;
        committer->state = committer->closed ? CLOSING : COMMITTING;
        committer->under_way = committer->pending;
        committer->pending = (struct cw_changes)CW_CHANGES_NULL;
        committer->released = committer->waiting;
        committer->waiting = (struct waiters){0};
        committer->at = cw_clock_wall_ms();
        committer->commits_before++;
        committer->maintenance_due |= ++committer->commits % COMMITS_BETWEEN_MAINTENANCE == 0;
        committer->result = -ENOMEM;
        /* Without a worker the store counts as failing, and the clock tries again. */
        if (cw_work_submit(committer->options.loop, run, done, committer) < 0)
                done(committer);
}

void cw_committer_commit(struct cw_committer *committer)
{
        if (cw_changes_empty(&committer->pending) && committer->waiting.n == 0)
                return;
        if (committer->state == IDLE)
                submit(committer);
        else
                committer->again = true;
}

int cw_committer_wait(struct cw_committer *committer, cw_committer_fn fn, void *data)
{
        struct waiters *waiting = &committer->waiting;

        if (waiting->n == waiting->capacity) {
                size_t capacity = waiting->capacity ? waiting->capacity * 2 : 8;
                struct waiter *items = reallocarray(waiting->items, capacity, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                waiting->items = items;
                waiting->capacity = capacity;
        }
        waiting->items[waiting->n++] = (struct waiter){fn, data};
        return 0;
}

struct cw_store_size cw_committer_size(const struct cw_committer *committer)
{
        return committer->size;
}

bool cw_committer_settled(const struct cw_committer *committer)
{
        return !is_committing(committer) && (committer->failing || cw_changes_empty(&committer->pending));
}

void cw_committer_close(struct cw_committer *committer, cw_committer_fn closed, void *data)
{
        assert(!committer->closed);
        committer->closed = closed;
        committer->closed_data = data;
        cw_timer_stop(committer->settle);
        submit(committer);
}
