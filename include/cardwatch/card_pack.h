/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CARD_PACK_H
#define CARDWATCH_CARD_PACK_H

#include <stddef.h>

#include "cardwatch/buf.h"
#include "cardwatch/card_row.h"
#include "cardwatch/pack.h"

/*
 * Cards: card rows as few bytes, for the journal and the checkpoint alike.
 *
 * Each row is whole; only what it shares with the row before it (customer, the beginning of the reference, currency,
 * the times) is left out or written as a difference, and what the card was before as a difference to what it is, so
 * that a change costs some 25 bytes. A pack is versioned and sealed, and holds rows of one source, whose name is not in
 * it. Packs of every version are read. Those of a checkpoint also say when the fields of each card changed last, and
 * from when on that is known.
 */

struct cw_cards_writer {
        struct cw_buf buf;
        size_t n;
        struct cw_card_row previous; /* its texts are gone */
        struct cw_buf reference; /* of the row before */
        bool has_reference;
        bool with_past;
};

void cw_cards_begin(struct cw_cards_writer *writer); /* keeps the buffers' memory */
/* For a checkpoint: the changes of before `past_from` are not known; 0: all are. */
void cw_cards_begin_present(struct cw_cards_writer *writer, int64_t past_from);
void cw_cards_add(struct cw_cards_writer *writer, const struct cw_card_row *row);
/* A row that can be read without the one before it, at the place in the buffer where it begins (cw_cards_read_alone).
 */
void cw_cards_add_alone(struct cw_cards_writer *writer, const struct cw_card_row *row);
int cw_cards_end(struct cw_cards_writer *writer)
        __attribute__((warn_unused_result)); /* writer->buf is the pack; -ENOMEM */
void cw_cards_deinit(struct cw_cards_writer *writer);

struct cw_cards_reader {
        struct cw_unpack unpack;
        uint64_t version;
        int64_t past_from; /* as above; of packs that know of no past, INT64_MAX */
        struct cw_card_row previous;
        struct cw_card_past past; /* what the row points to */
        struct cw_buf reference; /* what rows point to */
};

/* Begins, or begins again with other bytes; they must stay while rows are read. -EBADMSG. */
int cw_cards_read(struct cw_cards_reader *reader, const void *data, size_t len) __attribute__((warn_unused_result));

/* Begins at one row that was added alone, of a pack that is not sealed and that nobody else has touched. */
void cw_cards_read_alone(struct cw_cards_reader *reader, const void *data, size_t len);

/* Outcomes besides 0, the end: CW_CARDS_ROW; -EBADMSG, -ENOMEM. The row's reference is good until the next call, its
 * source is NULL. */
#define CW_CARDS_ROW 1

int cw_cards_next(struct cw_cards_reader *reader, struct cw_card_row *ret_row) __attribute__((warn_unused_result));
void cw_cards_reader_deinit(struct cw_cards_reader *reader);

/* Of a row: a change of its card, not of what is counted about it. */
bool cw_cards_is_change(const struct cw_card_row *row);

/* What stays of a row once it is the present state: no change any more. */
void cw_cards_settle(struct cw_card_row *row);

#endif
