/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STRPOOL_H
#define CARDWATCH_STRPOOL_H

#include <stddef.h>
#include <stdint.h>

/*
 * String pool: each text once, counted.
 *
 * Card references, rule and source names repeat a hundred thousand times; here each distinct text is stored once and
 * dies with its last reference, so that a provider that changes its texts all the time cannot grow the pool. Two
 * strings of one pool are equal exactly when their pointers are; a string never moves. Where there are a million, a
 * link of four bytes stands for the pointer. A text costs some ten bytes more than it is long, and none ever waits for
 * a table of all to grow. Not for secrets, not shared between threads.
 */

struct cw_strpool;

int cw_strpool_new(struct cw_strpool **ret_pool) __attribute__((warn_unused_result));

/* All references must be gone. */
void cw_strpool_free(struct cw_strpool *pool);

/* It will hold so many texts: spares the time for growing. How many it holds. */
void cw_strpool_reserve(struct cw_strpool *pool, size_t n);
size_t cw_strpool_count(const struct cw_strpool *pool);

/* A counted reference to the text (`text` NULL gives NULL), which ends at its first NUL. -ENOMEM. */
int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
        __attribute__((warn_unused_result));

/* One more reference to a string of the pool (NULL is fine). */
const char *cw_strpool_again(const char *string);

/* Gives one reference back (NULL is fine). */
void cw_strpool_unref(struct cw_strpool *pool, const char *string);

/* The same reference as a link; 0 for NULL. Given back as the string that it links to. */
int cw_strpool_link(struct cw_strpool *pool, const char *text, size_t len, uint32_t *ret_link)
        __attribute__((warn_unused_result));

/* The same of each of `n` texts, for less than one by one: where they stand is fetched for many at once. -ENOMEM: no
 * reference was taken. */
int cw_strpool_link_many(struct cw_strpool *pool, const char *const *texts, size_t n, uint32_t *ret_links)
        __attribute__((warn_unused_result));

/* NULL for 0. */
const char *cw_strpool_text(const struct cw_strpool *pool, uint32_t link);

/* Memory taken, for as many texts as there are. */
size_t cw_strpool_bytes(const struct cw_strpool *pool);

#endif
