/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CARDS_H
#define CW_STORE_CARDS_H

#include <stddef.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/pack.h"

/*
 * Cards: card rows as few bytes, for the journal and the checkpoint alike.
 *
 * Each row is whole; only what it shares with the row before it (customer, currency, the times) is left out or written
 * as a difference, so that a card costs some 20 bytes. A pack is versioned and sealed, and holds rows of one source,
 * whose name is not in it.
 */

struct cw_cards_writer {
        struct cw_buf buf;
        size_t n;
        struct cw_card_row previous; /* its reference is in `buf`, see reference_at */
        size_t reference_at; /* 0: none */
};

void cw_cards_begin(struct cw_cards_writer *writer); /* keeps the buffer's memory */
void cw_cards_add(struct cw_cards_writer *writer, const struct cw_card_row *row);
int cw_cards_end(struct cw_cards_writer *writer)
        __attribute__((warn_unused_result)); /* writer->buf is the pack; -ENOMEM */
void cw_cards_deinit(struct cw_cards_writer *writer);

struct cw_cards_reader {
        struct cw_unpack unpack;
        struct cw_card_row previous;
};

/* The bytes must stay while rows are read. -EBADMSG. */
int cw_cards_read(struct cw_cards_reader *reader, const void *data, size_t len) __attribute__((warn_unused_result));

/* Outcomes besides 0, the end: CW_CARDS_ROW; -EBADMSG. The row's reference points into the bytes, its source is NULL.
 */
#define CW_CARDS_ROW 1

int cw_cards_next(struct cw_cards_reader *reader, struct cw_card_row *ret_row) __attribute__((warn_unused_result));

#endif
