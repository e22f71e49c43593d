/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_NODE_H
#define CARDWATCH_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "document.h"

/*
 * Node: one value of a YAML file, with its place.
 *
 * Belongs to its document; an alias is one more pointer to the node that it names, so that the tree is a graph without
 * cycles whose size, counted with every alias written out, is bounded.
 */

enum cw_node_kind { CW_NODE_SCALAR, CW_NODE_SEQUENCE, CW_NODE_MAPPING };

enum cw_node_style { CW_STYLE_PLAIN, CW_STYLE_SINGLE, CW_STYLE_DOUBLE, CW_STYLE_LITERAL, CW_STYLE_FOLDED };

struct cw_node {
        struct cw_document *document;
        struct cw_node *link; /* of the document's list */
        struct cw_span span;
        enum cw_node_kind kind;
        enum cw_node_style style; /* of a scalar */
        bool bad; /* already complained about: nobody else should */
        bool open; /* its end has not been read yet */
        size_t weight; /* nodes in it, aliases written out */
        char *text; /* of a scalar, without NUL bytes */
        size_t len;
        struct cw_node **keys; /* of a mapping, scalars */
        struct cw_node **items;
        size_t n_items, capacity;
};

void cw_node_free(struct cw_node *node);

/* The value at `key`, or NULL; also when `node` is no mapping. */
const struct cw_node *cw_node_get(const struct cw_node *node, const char *key);

/* The key itself, or NULL. */
const struct cw_node *cw_node_key(const struct cw_node *node, const char *key);

/* The key itself, or one that was probably meant to be it: its misspelling is complained about, its absence need not
 * be. */
bool cw_node_key_meant(const struct cw_node *node, const char *key);

/* Nothing was written: an empty plain scalar, ~ or null. */
bool cw_node_is_null(const struct cw_node *node);

/* Where `len` bytes at `offset` of a scalar's text stand in the file; the scalar's start where that cannot be told. */
struct cw_span cw_node_locate(const struct cw_node *node, size_t offset, size_t len);

#endif
