/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SECRECY_H
#define CARDWATCH_CONFIG_SECRECY_H

#include <stdbool.h>
#include <stddef.h>

struct cw_document;
struct cw_node;

/*
 * Secrecy: which parts of a file must not be shown, whatever is wrong with it.
 *
 * Goes by the names of keys, misspelt ones and misplaced ones included, so that it errs on the side of hiding. It knows
 * nothing of which keys are right.
 */

/* Whether a text is a reference to a secret (env:, file:, credential:) instead of one. */
bool cw_secrecy_is_reference(const char *text, size_t len);

/* Whether what stands at the key is to be hidden, below that key of the file's top. */
bool cw_secrecy_is_key(const struct cw_node *key, const char *top);

/* Whether a text is to be hidden; `secret`: it stands at such a key. A reference is not. */
bool cw_secrecy_conceals(const char *text, size_t len, bool secret);

/* Hides what the document's tree says in secret places. -ENOMEM. */
int cw_secrecy_hide(struct cw_document *document) __attribute__((warn_unused_result));

/* The same for a pair that the tree does not hold. */
int cw_secrecy_hide_pair(struct cw_document *document, const struct cw_node *key, const struct cw_node *item)
        __attribute__((warn_unused_result));

/* Without a tree: the column from which on a line had better not be shown, 0: all of it may be. */
unsigned cw_secrecy_guess(const struct cw_document *document, unsigned line);

#endif
