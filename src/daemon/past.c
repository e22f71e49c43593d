/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the store shows one state for as long as it is held, so the past can be read in as many slices of time as it
 * takes to keep each of them small. A slice that turns out too large is read again in shorter ones.
 */
#include "past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"
#include "cardwatch/recall.h"
#include "cardwatch/rules.h"
#include "cardwatch/store_history.h"
#include "cardwatch/work.h"
#include "committer.h"

#define SLICE_FIRST_MS INT64_C(3600000)
#define SLICE_ROWS     20000 /* some hundredths of a second for the loop */

enum past_state { IDLE, COMMITTING, READING };

struct cw_past {
        struct cw_past_options options;
        enum past_state state;
        bool again, cancelled;
        int64_t back_ms; /* how far */
        struct cw_changes rest; /* what was observed and could not be committed */
        /* Between the loop and the worker: written by one while the other waits. */
        char *path;
        struct cw_store *store;
        int64_t oldest, now; /* 0: nothing is stored */
        int64_t from_at, to_at; /* of the slice; to_at 0: the last one */
        int64_t slice_ms;
        struct cw_changes rows;
        bool too_many;
        int result;
        struct cw_buf message;
};

static void submit(struct cw_past *past);

static bool knows(const struct cw_ruleset *rules, uint64_t meaning)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                if (rules->rules[i].enabled && rules->rules[i].looks_far && rules->rules[i].meaning == meaning)
                        return true;
        return false;
}

bool cw_past_differs(const struct cw_ruleset *before, const struct cw_ruleset *after)
{
        if (cw_recall_ms(after) == 0)
                return false;
        for (size_t i = 0; i < after->n_rules; i++)
                if (after->rules[i].enabled && after->rules[i].looks_far && !knows(before, after->rules[i].meaning))
                        return true;
        return false;
}

/* 0: from the beginning. */
static int64_t begin_of(int64_t now, int64_t back_ms)
{
        return back_ms < now ? now - back_ms : 0;
}

static int recall(void *data, int64_t at, const struct cw_card_row *row)
{
        (void)at;
        return cw_recall_card(data, row);
}

/* Whether the cards say when they changed last, as far back as anything is known. */
static int knows_changes(struct cw_store *store, bool *ret_knows, struct cw_buf *message)
{
        int64_t from_at, oldest_at;
        int r = cw_store_past_from(store, &from_at, message);

        if (r == 0)
                r = cw_store_oldest(store, &oldest_at, message);
        if (r == 0)
                *ret_knows = from_at == 0 || (from_at < INT64_MAX && (oldest_at == 0 || oldest_at >= from_at));
        return r;
}

int cw_past_load(struct cw_engine *engine, struct cw_store *store, const struct cw_ruleset *rules, int64_t now,
                 struct cw_buf *message)
{
        int64_t back_ms = cw_recall_ms(rules);
        struct cw_store_span span = {.source = NULL};
        bool knows = false;
        int r = back_ms > 0 ? knows_changes(store, &knows, message) : 0;

        if (r < 0 || back_ms == 0)
                return r;
        if (knows)
                back_ms = cw_recall_windows_ms(rules);
        else
                cw_recall_begin(engine);
        span.from_at = begin_of(now, back_ms);
        if (back_ms > 0)
                r = cw_store_walk_cards(store, &span, recall, engine, message);
        return r < 0 ? r : cw_recall_end(engine);
}

int cw_past_new(const struct cw_past_options *options, struct cw_past **ret_past)
{
        struct cw_past *past = calloc(1, sizeof(*past));

        if (!past)
                return -ENOMEM;
        past->options = *options;
        *ret_past = past;
        return 0;
}

static void let_go(struct cw_past *past)
{
        cw_store_close(cw_take(past->store));
        cw_changes_deinit(&past->rows);
        cw_changes_deinit(&past->rest);
        free(cw_take(past->path));
}

void cw_past_free(struct cw_past *past)
{
        if (!past)
                return;
        let_go(past);
        cw_buf_deinit(&past->message);
        free(past);
}

bool cw_past_busy(const struct cw_past *past)
{
        return past->state != IDLE;
}

void cw_past_cancel(struct cw_past *past)
{
        past->cancelled = true;
}

static void check(struct cw_past *past, int r)
{
        if (r >= 0)
                return;
        cw_log(past->options.log, CW_LOG_ERROR, "out-of-memory", NULL);
        _exit(1);
}

static int hand_in_row(void *data, const struct cw_card_row *row)
{
        return cw_recall_card(data, row);
}

static void hand_in(struct cw_past *past, const struct cw_changes *changes)
{
        check(past, cw_changes_walk_cards(changes, hand_in_row, past->options.engine));
}

static void finish(struct cw_past *past)
{
        if (!past->cancelled) {
                hand_in(past, &past->rest);
                check(past, cw_recall_end(past->options.engine));
        }
        let_go(past);
        past->state = IDLE;
        past->cancelled = false;
        past->options.done(past->options.data);
}

static int collect(void *data, int64_t at, const struct cw_card_row *row)
{
        struct cw_past *past = data;

        (void)at;
        /* What changed within one ms was one commit: it fits in memory, it was there before. */
        if (past->rows.cards.n >= SLICE_ROWS && past->slice_ms > 1 && past->to_at) {
                past->too_many = true;
                return 1;
        }
        cw_changes_card(&past->rows, row);
        return past->rows.error;
}

/* On a worker thread: the store as it is now, and where its past begins. */
static int begin(struct cw_past *past)
{
        int r = cw_store_open_readonly(past->path, &past->store, &past->message);

        if (r == 0)
                r = cw_store_hold(past->store, &past->message);
        return r < 0 ? r : cw_store_oldest(past->store, &past->oldest, &past->message);
}

/* On a worker thread: one slice. */
static void run(void *data)
{
        struct cw_past *past = data;
        struct cw_store_span span;
        int r = past->store ? 0 : begin(past);

        if (past->from_at < past->oldest || past->oldest == 0)
                past->from_at = past->oldest ? past->oldest : past->now;
        /* Behind the present there may be what was committed before the clock was set back. */
        past->to_at = past->from_at < past->now ? past->from_at + past->slice_ms : 0;
        past->too_many = false;
        span = (struct cw_store_span){.from_at = past->from_at, .to_at = past->to_at};
        if (r == 0)
                r = cw_store_walk_cards(past->store, &span, collect, past, &past->message);
        past->result = r < 0 ? r : 0;
}

static void read_more(struct cw_past *past)
{
        if (past->too_many) {
                past->slice_ms = past->slice_ms > 4 ? past->slice_ms / 4 : 1;
        } else {
                hand_in(past, &past->rows);
                past->from_at = past->to_at;
                if (past->rows.cards.n < SLICE_ROWS / 4)
                        past->slice_ms *= 2;
        }
        cw_changes_deinit(&past->rows);
        if (past->from_at)
                submit(past);
        else
                finish(past);
}

static void begin_anew(struct cw_past *past)
{
        past->again = false;
        cw_changes_deinit(&past->rows);
        past->from_at = begin_of(past->now, past->back_ms);
        past->slice_ms = SLICE_FIRST_MS;
        cw_recall_begin(past->options.engine);
        submit(past);
}

static void ran(void *data)
{
        struct cw_past *past = data;

        if (past->cancelled) {
                finish(past);
        } else if (past->result < 0) {
                /* What is known of windows begins later than it might: said, and lived with. */
                cw_log(past->options.log, CW_LOG_ERROR, "past-unreadable", "reason", "%s",
                       past->message.len ? cw_buf_text(&past->message) : strerror(-past->result), NULL);
                finish(past);
        } else if (past->again) {
                begin_anew(past);
        } else {
                read_more(past);
        }
}

static void submit(struct cw_past *past)
{
        cw_buf_clear(&past->message);
        past->result = -ENOMEM;
        if (cw_work_submit(past->options.loop, run, ran, past) < 0)
                ran(past);
}

static int keep_for_the_end(void *data, const struct cw_card_row *row)
{
        struct cw_changes *rest = data;

        cw_changes_card(rest, row);
        if (rest->cards.n >= CW_CARDS_TOGETHER)
                cw_changes_pack_cards(rest);
        return rest->error;
}

/* All that was observed is in the store, or in what it did not take. */
static void committed(void *data)
{
        struct cw_past *past = data;
        const struct cw_changes *pending = cw_committer_changes(past->options.committer);

        if (past->cancelled) {
                finish(past);
                return;
        }
        check(past, cw_changes_walk_cards(pending, keep_for_the_end, &past->rest));
        past->state = READING;
        past->now = cw_clock_wall_ms();
        begin_anew(past);
}

int cw_past_start(struct cw_past *past, const char *path, const struct cw_ruleset *rules)
{
        int r;

        past->back_ms = cw_recall_ms(rules);
        if (past->state != IDLE) {
                past->again = true;
                return 0;
        }
        past->path = strdup(path);
        if (!past->path)
                return -ENOMEM;
        r = cw_committer_wait(past->options.committer, committed, past);
        if (r < 0)
                return r;
        past->state = COMMITTING;
        return 0;
}
