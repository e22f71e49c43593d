/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_TEXTS_H
#define CARDWATCH_CORE_TEXTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Texts: the references of cards, of which there may be a million.
 *
 * A text costs two bytes more than it is long, and a link of four stands for it. What was kept lately is shared, so
 * that the cards of one customer, or of a thousand with the same few references, have one text; but no table of all
 * finds each text again, for it would cost more than most texts share: of two equal ones that come far apart there may
 * be two, and equal texts are compared as texts. A text never moves, and dies with its last reference: a provider that
 * changes its texts all the time cannot make them more. There is room for 4 GB of them, or for half a million that are
 * longer than 510 bytes. Not for secrets, not shared between threads.
 */

struct cw_texts;

int cw_texts_new(struct cw_texts **ret_texts) __attribute__((warn_unused_result));

/* All references must be gone. */
void cw_texts_free(struct cw_texts *texts);

/* A counted reference to the text: a link, 0 for NULL. -ENOMEM. */
int cw_texts_keep(struct cw_texts *texts, const char *text, uint32_t *ret_link) __attribute__((warn_unused_result));

/* One more reference to what is linked to: to an equal text, if that has as many as are counted. -ENOMEM. */
int cw_texts_again(struct cw_texts *texts, uint32_t link, uint32_t *ret_link) __attribute__((warn_unused_result));

/* Gives one reference back (0 is fine). */
void cw_texts_release(struct cw_texts *texts, uint32_t link);

/* NULL for 0. */
const char *cw_texts_get(const struct cw_texts *texts, uint32_t link);

/* How many there are, and the memory that they take. */
size_t cw_texts_count(const struct cw_texts *texts);
size_t cw_texts_bytes(const struct cw_texts *texts);

#endif
