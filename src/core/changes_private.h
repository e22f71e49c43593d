/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CORE_CHANGES_PRIVATE_H
#define CW_CORE_CHANGES_PRIVATE_H

#include "cardwatch/changes.h"

/*
 * What merging has to know of the lists: what a row is, and what its key.
 */

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* What every CW_ROWS looks like. The lists are read and written through memcpy, because their row types differ. */
struct cw_changes_list {
        void *rows;
        size_t n, capacity;
};

_Static_assert(sizeof(struct cw_changes_list) == sizeof(((struct cw_changes *)0)->cards),
               "a list is laid out like every CW_ROWS");

struct cw_changes_kind {
        size_t offset, size;
        /* What it points to becomes a copy in the arena; false: out of memory. NULL: it owns what it points to. */
        bool (*own)(struct cw_arena *texts, void *row);
        void (*hold)(void *row); /* its entries; NULL: it has none */
        void (*release)(void *row); /* NULL: there is nothing to let go of */
        int (*compare)(const void *a, const void *b); /* of keys; NULL: rows have none, the list only grows */
        bool (*is_gone)(const void *row); /* it says that the thing is no longer there; of rows with keys */
        void (*absorb)(void *row, const void *older); /* what it takes over from the row it replaces; NULL: nothing */
};

enum {
        CW_CHANGES_PACKED,
        CW_CHANGES_CARDS,
        CW_CHANGES_SOURCES,
        CW_CHANGES_ALERTS,
        CW_CHANGES_LEDGER,
        CW_CHANGES_GROUPS,
        CW_CHANGES_INTENTS,
        CW_CHANGES_RULES,
        CW_CHANGES_DIGESTS,
        CW_CHANGES_HAPPENINGS,
        CW_CHANGES_HISTORY,
        CW_CHANGES_SILENCES,
        CW_CHANGES_AUDIT,
        CW_CHANGES_RECEIVERS,
        CW_CHANGES_KINDS
};

extern const struct cw_changes_kind cw_changes_kinds[CW_CHANGES_KINDS];

struct cw_changes_list cw_changes_get_list(const struct cw_changes *changes, const struct cw_changes_kind *kind);
void cw_changes_set_list(struct cw_changes *changes, const struct cw_changes_kind *kind, struct cw_changes_list list);
char *cw_changes_row_at(const struct cw_changes_list *list, const struct cw_changes_kind *kind, size_t i);

/* Room for so many more. */
int cw_changes_reserve(struct cw_changes *changes, const struct cw_changes_kind *kind, size_t extra)
        __attribute__((warn_unused_result));

/* Of each card the last row is left, also where some are packed. Where memory is short all stay: the last is written
 * last. */
void cw_changes_keep_last_cards(struct cw_changes *changes);

/* Of a row that is no longer in its list. What it pointed to stays in the arena. */
void cw_changes_release(struct cw_changes *changes, const struct cw_changes_kind *kind, void *row);

/* Lets go of what no row points to any more, by copying the rest; without memory for that, it stays. */
void cw_changes_tidy_texts(struct cw_changes *changes);

/* A removal: all that was said of this source's cards and of the source before is void. Costs no memory. */
void cw_changes_forget_source(struct cw_changes *changes, const char *source);

#endif
