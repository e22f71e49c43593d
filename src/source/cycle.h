/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_CYCLE_H
#define CARDWATCH_SOURCE_CYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/backoff.h"

/*
 * Cycle: which page to ask for next, and when a poll is over.
 *
 * Page 1 goes alone, for it tells how many there are; then up to `concurrency` at once, up to the largest number that
 * any page gave. When nobody says how many, pages go one by one until one has fewer customers than the page size in
 * force. A page that failed is asked again up to `retries` times; its slot is held until it is settled. When page 1
 * fails, the others are read all the same if an earlier poll knew of them. Pure: time (monotonic ms) and chance come
 * from outside, requests are the caller's, and so is what a page contains.
 *
 *      cw_cycle_next -> CW_CYCLE_ASK -> cw_cycle_asked -> cw_cycle_good | cw_cycle_failed | cw_cycle_again
 */

#define CW_CYCLE_SLOTS     64 /* most pages at once */
#define CW_CYCLE_PAGES_MAX 100000 /* a list that claims more is not read to its end */

struct cw_cycle_policy {
        uint32_t page_size, concurrency, retries;
        int64_t patience_ms; /* so long without a good page, and many in a row failed: the rest is given up */
        uint32_t expected_pages; /* as the last poll knew them; 0: unknown */
};

struct cw_cycle_slot {
        enum { CW_CYCLE_FREE, CW_CYCLE_ASKED, CW_CYCLE_DUE } state;
        uint32_t page;
        int64_t due; /* CW_CYCLE_DUE: when to ask again */
        struct cw_backoff backoff;
};

struct cw_cycle {
        struct cw_cycle_policy policy;
        struct cw_cycle_slot slots[CW_CYCLE_SLOTS];
        uint32_t next_page;
        uint32_t total; /* 0: nobody said */
        bool presumed; /* `total` is the last poll's */
        uint32_t good;
        size_t fullest; /* most customers on one page */
        uint32_t failed_in_a_row;
        int64_t good_mono; /* of the last good page, or the beginning */
        bool ended; /* no page beyond those in slots */
        bool given_up; /* nor any of those again */
        bool beyond; /* there were more than are read */
        char reason[200]; /* about the first page that failed, "" if none did */
};

/* What a good page said about the list; -1: not said. */
struct cw_cycle_answer {
        size_t n_customers;
        int64_t page_size, page_number, number_of_pages;
};

enum cw_cycle_action {
        CW_CYCLE_ASK, /* *ret_slot and *ret_page: ask now and say so with cw_cycle_asked */
        CW_CYCLE_WAIT, /* until *ret_due, or an answer (INT64_MAX: only for that) */
        CW_CYCLE_DONE,
};

void cw_cycle_init(struct cw_cycle *cycle, const struct cw_cycle_policy *policy, int64_t now);

enum cw_cycle_action cw_cycle_next(const struct cw_cycle *cycle, int64_t now, unsigned *ret_slot, uint32_t *ret_page,
                                   int64_t *ret_due);
/* Returns whether it is the page's first request. */
bool cw_cycle_asked(struct cw_cycle *cycle, unsigned slot, uint32_t page);

/* Whether the answer is about the page that was asked for; if not, why, for cw_cycle_failed. */
bool cw_cycle_fits(const struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_answer *answer, char *reason,
                   size_t size);

void cw_cycle_good(struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_answer *answer, int64_t now);

struct cw_cycle_failure {
        const char *reason;
        bool final; /* asking again is no use */
        uint32_t chance;
};

/* Returns whether the page is settled: it will not be asked again in this poll. */
bool cw_cycle_failed(struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_failure *failure, int64_t now);

/* The same page once more, at once and not counted as a failure. */
void cw_cycle_again(struct cw_cycle *cycle, unsigned slot, int64_t now);

/* Nothing further is asked; answers under way still count. */
void cw_cycle_give_up(struct cw_cycle *cycle, const char *reason);

/* Over: nothing further is asked, answers under way no longer count. */
void cw_cycle_stop(struct cw_cycle *cycle, const char *reason);

/* Pages known to exist that did not come; at least one when none came. */
uint32_t cw_cycle_bad(const struct cw_cycle *cycle);

/* What the next poll may expect; 0: this one learned nothing. */
uint32_t cw_cycle_pages(const struct cw_cycle *cycle);

#endif
