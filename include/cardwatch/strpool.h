/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STRPOOL_H
#define CARDWATCH_STRPOOL_H

#include <stddef.h>

/*
 * String pool: each text once, counted.
 *
 * Names of rules, sources and notifiers repeat a hundred thousand times; here each distinct text is stored once and
 * dies with its last reference. Two strings of one pool are equal exactly when their pointers are; a string never
 * moves. The references of cards, which are many, have a place of their own (core/texts.h). Not for secrets, not shared
 * between threads.
 */

struct cw_strpool;

int cw_strpool_new(struct cw_strpool **ret_pool) __attribute__((warn_unused_result));

/* All references must be gone. */
void cw_strpool_free(struct cw_strpool *pool);

/* A counted reference to the text (`text` NULL gives NULL), which ends at its first NUL. -ENOMEM. */
int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
        __attribute__((warn_unused_result));

/* Gives one reference back (NULL is fine). */
void cw_strpool_unref(struct cw_strpool *pool, const char *string);

#endif
