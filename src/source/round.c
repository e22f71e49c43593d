/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the list is read from its front; only what may be under way at once has a state of its own. */
#include "round.h"

#include "backoffs.h"

void cw_round_init(struct cw_round *round, const int64_t *customers, size_t n, unsigned at_once, unsigned retries)
{
        *round = (struct cw_round){.customers = customers, .n = n, .at_once = at_once, .retries = retries};
        if (round->at_once > CW_ROUND_SLOTS)
                round->at_once = CW_ROUND_SLOTS;
        if (round->at_once == 0)
                round->at_once = 1;
}

enum cw_round_action cw_round_next(const struct cw_round *round, int64_t now, unsigned *ret_slot, size_t *ret_index,
                                   int64_t *ret_due)
{
        unsigned busy = 0, unused = 0;
        int64_t due = INT64_MAX;

        for (unsigned i = 0; i < CW_ROUND_SLOTS; i++) {
                const struct cw_round_slot *slot = &round->slots[i];

                if (slot->state == CW_ROUND_FREE) {
                        unused = i;
                        continue;
                }
                busy++;
                if (slot->state == CW_ROUND_DUE && slot->due <= now) {
                        *ret_slot = i;
                        *ret_index = slot->index;
                        return CW_ROUND_ASK;
                }
                if (slot->state == CW_ROUND_DUE && slot->due < due)
                        due = slot->due;
        }
        if (round->next < round->n && busy < round->at_once) {
                *ret_slot = unused;
                *ret_index = round->next;
                return CW_ROUND_ASK;
        }
        if (round->next == round->n && busy == 0)
                return CW_ROUND_DONE;
        *ret_due = due;
        return CW_ROUND_WAIT;
}

bool cw_round_asked(struct cw_round *round, unsigned slot, size_t index)
{
        bool first = round->slots[slot].state == CW_ROUND_FREE;

        if (first) {
                round->slots[slot] = (struct cw_round_slot){.index = index};
                round->next = index + 1;
        }
        round->slots[slot].state = CW_ROUND_ASKED;
        return first;
}

void cw_round_settled(struct cw_round *round, unsigned slot)
{
        round->slots[slot].state = CW_ROUND_FREE;
}

bool cw_round_failed(struct cw_round *round, unsigned slot, bool final, int64_t now, uint32_t chance)
{
        struct cw_round_slot *failed = &round->slots[slot];
        int64_t wait_ms = 0;

        if (final || failed->backoff.failures >= round->retries ||
            cw_backoff_failed(&failed->backoff, &cw_source_backoff_policy, now, 0, chance, &wait_ms) != 0) {
                failed->state = CW_ROUND_FREE;
                return true;
        }
        failed->state = CW_ROUND_DUE;
        failed->due = now + wait_ms;
        return false;
}

void cw_round_again(struct cw_round *round, unsigned slot, int64_t now)
{
        round->slots[slot].state = CW_ROUND_DUE;
        round->slots[slot].due = now;
}

bool cw_round_drop(struct cw_round *round, size_t *ret_index)
{
        for (unsigned i = 0; i < CW_ROUND_SLOTS; i++) {
                if (round->slots[i].state == CW_ROUND_FREE)
                        continue;
                round->slots[i].state = CW_ROUND_FREE;
                *ret_index = round->slots[i].index;
                return true;
        }
        if (round->next == round->n)
                return false;
        *ret_index = round->next++;
        return true;
}
