/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_LEAVES_H
#define CARDWATCH_CORE_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Leaves: the pages of one source's list, part by part as they were told last, so that a part that comes again with the
 * same bytes need not be told card by card.
 *
 * Each telling of a part is a leaf. The cards and customers that it brought belong to it (they keep its number, and it
 * counts them), until another leaf brings them. A leaf is *settled* when everything it brought was decided and is shown
 * by its records as the page said. It is *stirred* when that may be true no more, whatever the reason: then its part
 * has to be told anew. When a settled leaf that nobody stirred is *seen again*, that is written down here alone, and
 * its cards find out when somebody looks at them (cw_snapshot_find): a part that is as it was costs nothing.
 *
 * The leaves of a page are a chain, as its parts stand on it. Numbers begin at 1; 0 is no leaf, and everything here
 * takes it. A number is used again only in a later poll.
 */

#define CW_LEAVES_MOST 131071 /* as a record has bits for */

struct cw_leaf {
        int64_t observed_at; /* when its page was asked for last */
        int64_t heard_at; /* and when it was seen again last */
        uint32_t told_in, seen_in; /* polls: that told it, that saw it again last (0: none) */
        uint32_t n_cards, n_customers;
        uint32_t n_settled : 31;
        bool stirred : 1;
        uint32_t references; /* cards and customers that belong to it, and its page */
};

struct cw_leaves {
        struct cw_leaf *rows;
        uint32_t *next; /* of each: the one behind it, of its page or of those that are free */
        uint32_t *places; /* page number -> its first leaf */
        uint32_t n, capacity, n_places;
        uint32_t free, freed; /* to be used, and not before the next poll */
        uint32_t turned; /* the page being told, its last leaf so far, and what is left of those that it had */
        uint32_t last, left;
};

void cw_leaves_deinit(struct cw_leaves *leaves);

/* A poll begins. */
void cw_leaves_begin(struct cw_leaves *leaves);

/* A page is told: then its `n` parts, from the first. A part that stays as it is keeps its leaf, which is there. One
 * that is told anew gets another, or 0 when there is none to be had: then it is told anew next time, too. */
void cw_leaves_turn(struct cw_leaves *leaves, uint32_t place, uint32_t n);
uint32_t cw_leaves_keep(struct cw_leaves *leaves);
uint32_t cw_leaves_tell(struct cw_leaves *leaves, uint32_t poll, int64_t at);

/* The first leaf of a page, and the one behind another; 0: there is none. */
uint32_t cw_leaves_first(const struct cw_leaves *leaves, uint32_t place);
static inline uint32_t cw_leaves_next(const struct cw_leaves *leaves, uint32_t leaf)
{
        return leaf ? leaves->next[leaf] : 0;
}

/* NULL: of no leaf. */
static inline struct cw_leaf *cw_leaves_at(const struct cw_leaves *leaves, uint32_t leaf)
{
        return leaf ? &leaves->rows[leaf] : NULL;
}

/* A card or a customer belongs to `to`, no longer to `from`; the answer is `to`. */
uint32_t cw_leaves_move(struct cw_leaves *leaves, uint32_t from, uint32_t to);

/* What it brought may not be shown as it said. */
static inline void cw_leaves_stir(struct cw_leaves *leaves, uint32_t leaf)
{
        if (leaf)
                leaves->rows[leaf].stirred = true;
}

bool cw_leaf_is_settled(const struct cw_leaf *leaf);

/* The wall clock was set. */
void cw_leaves_clock_set(struct cw_leaves *leaves, int64_t by_ms);

#endif
