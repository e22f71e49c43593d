/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_LEAVES_H
#define CARDWATCH_CORE_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Leaves: the pages of one source's list as they were told last, so that a page that comes again with the same bytes
 * need not be told card by card.
 *
 * Each telling of a page is a leaf. The cards and customers that it brought belong to it (they keep its number, and it
 * counts them), until another leaf brings them. A leaf is *settled* when everything it brought was decided and is shown
 * by its records as the page said. It is *stirred* when that may be true no more, whatever the reason: then its page
 * has to be told anew. When a settled leaf that nobody stirred is *seen again*, that is written down here alone, and
 * its cards find out when somebody looks at them (cw_snapshot_find): a page that is as it was costs nothing.
 *
 * Numbers begin at 1; 0 is no leaf, and everything here takes it. A number is used again only in a later poll.
 */

#define CW_LEAVES_MOST 131071 /* as a record has bits for */

struct cw_leaf {
        int64_t observed_at; /* when its page was asked for last */
        int64_t heard_at; /* and when it was seen again last */
        uint32_t told_in, seen_in; /* polls: that told it, that saw it again last (0: none) */
        uint32_t n_cards, n_customers, n_settled;
        uint32_t references; /* cards and customers that belong to it, and its place */
        uint32_t next; /* of those that are free */
        bool stirred;
};

struct cw_leaves {
        struct cw_leaf *rows;
        uint32_t *places; /* page number -> leaf */
        uint32_t n, capacity, n_places;
        uint32_t free, freed; /* to be used, and not before the next poll */
};

void cw_leaves_deinit(struct cw_leaves *leaves);

/* A poll begins. */
void cw_leaves_begin(struct cw_leaves *leaves);

/* A page is told whole: its leaf. 0 when there is none to be had: then it is told whole again. */
uint32_t cw_leaves_tell(struct cw_leaves *leaves, uint32_t place, uint32_t poll, int64_t at);

/* The leaf of a page; NULL: none. */
struct cw_leaf *cw_leaves_find(const struct cw_leaves *leaves, uint32_t place);

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
