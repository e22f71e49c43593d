/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a slot is a page on its way, from the first request until it is settled, so the state is as small as what may
 * be under way at once, however long the list is. Everything else is counters.
 */
#include "cycle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backoffs.h"

#define PAGES_MAX CW_CYCLE_PAGES_MAX

/* A list of unknown length ends after so many failures in a row, one of known length if patience has run out, too. */
#define FAILED_UNKNOWN_MAX 3
#define FAILED_KNOWN_MAX   8

void cw_cycle_init(struct cw_cycle *cycle, const struct cw_cycle_policy *policy, int64_t now)
{
        *cycle = (struct cw_cycle){
                .policy = *policy,
                .next_page = 1,
                .good_mono = now,
        };
        if (cycle->policy.concurrency > CW_CYCLE_SLOTS)
                cycle->policy.concurrency = CW_CYCLE_SLOTS;
        if (cycle->policy.concurrency == 0)
                cycle->policy.concurrency = 1;
}

static unsigned count_busy(const struct cw_cycle *cycle)
{
        unsigned busy = 0;

        for (unsigned i = 0; i < CW_CYCLE_SLOTS; i++)
                busy += cycle->slots[i].state != CW_CYCLE_FREE;
        return busy;
}

/* Whether a page that was not asked for yet may go out beside `busy` others. */
static bool may_go_on(const struct cw_cycle *cycle, unsigned busy)
{
        if (cycle->ended)
                return false;
        if (cycle->total == 0)
                return busy == 0;
        return cycle->next_page <= cycle->total && busy < cycle->policy.concurrency;
}

enum cw_cycle_action cw_cycle_next(const struct cw_cycle *cycle, int64_t now, unsigned *ret_slot, uint32_t *ret_page,
                                   int64_t *ret_due)
{
        unsigned busy = count_busy(cycle), unused = 0;
        int64_t due = INT64_MAX;

        for (unsigned i = 0; i < CW_CYCLE_SLOTS; i++) {
                const struct cw_cycle_slot *slot = &cycle->slots[i];

                if (slot->state == CW_CYCLE_FREE)
                        unused = i;
                if (slot->state != CW_CYCLE_DUE)
                        continue;
                if (slot->due <= now) {
                        *ret_slot = i;
                        *ret_page = slot->page;
                        return CW_CYCLE_ASK;
                }
                due = slot->due < due ? slot->due : due;
        }
        if (may_go_on(cycle, busy)) {
                *ret_slot = unused;
                *ret_page = cycle->next_page;
                return CW_CYCLE_ASK;
        }
        if (busy == 0)
                return CW_CYCLE_DONE;
        *ret_due = due;
        return CW_CYCLE_WAIT;
}

bool cw_cycle_asked(struct cw_cycle *cycle, unsigned slot, uint32_t page)
{
        bool first = cycle->slots[slot].state == CW_CYCLE_FREE;

        if (first) {
                cycle->slots[slot] = (struct cw_cycle_slot){.page = page};
                cycle->next_page = page + 1;
        }
        cycle->slots[slot].state = CW_CYCLE_ASKED;
        return first;
}

static void remember(struct cw_cycle *cycle, const char *reason)
{
        if (cycle->reason[0] == '\0')
                snprintf(cycle->reason, sizeof(cycle->reason), "%s", reason);
}

static void stop_beyond(struct cw_cycle *cycle, int64_t pages)
{
        char reason[sizeof(cycle->reason)];

        if (pages > 0)
                snprintf(reason, sizeof(reason), "the list claims %" PRId64 " pages, more than the %d that are read",
                         pages, PAGES_MAX);
        else
                snprintf(reason, sizeof(reason), "the list has not ended after %d pages", PAGES_MAX);
        remember(cycle, reason);
        cycle->beyond = true;
        /* One page's word against all others' does not keep those from being read. */
        cycle->ended = cycle->total == 0;
}

bool cw_cycle_fits(const struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_answer *answer, char *reason,
                   size_t size)
{
        uint32_t page = cycle->slots[slot].page;

        if (answer->page_number < 0 || answer->page_number == page)
                return true;
        snprintf(reason, size, "the answer says it is page %" PRId64, answer->page_number);
        return false;
}

/* A list of unknown length ends with its first page that is not full: as full as it says, else as the fullest was. */
static void look_for_end(struct cw_cycle *cycle, uint32_t page, const struct cw_cycle_answer *answer)
{
        int64_t in_force = answer->page_size > 0 ? answer->page_size : (int64_t)cycle->fullest;

        if (answer->n_customers == 0 || (int64_t)answer->n_customers < in_force)
                cycle->ended = true;
        else if (page >= PAGES_MAX)
                stop_beyond(cycle, 0);
}

void cw_cycle_good(struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_answer *answer, int64_t now)
{
        uint32_t page = cycle->slots[slot].page;

        cycle->slots[slot].state = CW_CYCLE_FREE;
        cycle->good++;
        cycle->failed_in_a_row = 0;
        cycle->good_mono = now;
        if (answer->n_customers > cycle->fullest)
                cycle->fullest = answer->n_customers;

        if (cycle->presumed) {
                cycle->presumed = false;
                cycle->total = 0;
        }
        /* The list may grow while it is read; that it shrank shows by itself: its last pages are empty. */
        if (answer->number_of_pages > PAGES_MAX)
                stop_beyond(cycle, answer->number_of_pages);
        else if (answer->number_of_pages >= 0 && answer->number_of_pages > (int64_t)cycle->total)
                cycle->total = (uint32_t)answer->number_of_pages;
        else if (answer->number_of_pages == 0 && cycle->total == 0 && answer->n_customers == 0)
                cycle->total = page;
        if (cycle->total == 0 && !cycle->ended)
                look_for_end(cycle, page, answer);
}

static void settle_failed(struct cw_cycle *cycle, uint32_t page, const char *why, int64_t now)
{
        char reason[sizeof(cycle->reason)];

        snprintf(reason, sizeof(reason), "page %" PRIu32 ": %s", page, why);
        remember(cycle, reason);
        cycle->failed_in_a_row++;
        if (cycle->good == 0)
                cycle->ended |= cycle->total == 0 || cycle->failed_in_a_row >= FAILED_UNKNOWN_MAX;
        else if (cycle->total == 0 && (cycle->failed_in_a_row >= FAILED_UNKNOWN_MAX || page >= PAGES_MAX))
                cycle->ended = true;
        else if (cycle->failed_in_a_row >= FAILED_KNOWN_MAX && now - cycle->good_mono >= cycle->policy.patience_ms)
                cycle->ended = true;
}

bool cw_cycle_failed(struct cw_cycle *cycle, unsigned slot, const struct cw_cycle_failure *failure, int64_t now)
{
        struct cw_cycle_slot *failed = &cycle->slots[slot];
        int64_t wait_ms = 0;

        /* The others need not wait for what becomes of the first. */
        if (cycle->good == 0 && cycle->total == 0 && cycle->policy.expected_pages > 1) {
                cycle->total = cycle->policy.expected_pages;
                cycle->presumed = true;
        }
        if (failure->final || cycle->given_up || failed->backoff.failures >= cycle->policy.retries ||
            cw_backoff_failed(&failed->backoff, &cw_source_backoff_policy, now, 0, failure->chance, &wait_ms) != 0) {
                failed->state = CW_CYCLE_FREE;
                settle_failed(cycle, failed->page, failure->reason, now);
                return true;
        }
        failed->state = CW_CYCLE_DUE;
        failed->due = now + wait_ms;
        return false;
}

void cw_cycle_again(struct cw_cycle *cycle, unsigned slot, int64_t now)
{
        cycle->slots[slot].state = cycle->given_up ? CW_CYCLE_FREE : CW_CYCLE_DUE;
        cycle->slots[slot].due = now;
}

void cw_cycle_give_up(struct cw_cycle *cycle, const char *reason)
{
        remember(cycle, reason);
        cycle->ended = true;
        cycle->given_up = true;
        for (unsigned i = 0; i < CW_CYCLE_SLOTS; i++)
                if (cycle->slots[i].state == CW_CYCLE_DUE)
                        cycle->slots[i].state = CW_CYCLE_FREE;
}

void cw_cycle_stop(struct cw_cycle *cycle, const char *reason)
{
        remember(cycle, reason);
        cycle->ended = true;
        for (unsigned i = 0; i < CW_CYCLE_SLOTS; i++)
                cycle->slots[i].state = CW_CYCLE_FREE;
}

uint32_t cw_cycle_bad(const struct cw_cycle *cycle)
{
        uint32_t asked = cycle->next_page - 1, known = cycle->total > asked ? cycle->total : asked;
        uint32_t bad = known - cycle->good + (cycle->beyond ? 1 : 0);

        return bad == 0 && cycle->good == 0 ? 1 : bad;
}

uint32_t cw_cycle_pages(const struct cw_cycle *cycle)
{
        if (cycle->good == 0 || cycle->presumed)
                return 0;
        return cycle->total > 0 ? cycle->total : cycle->next_page - 1;
}
