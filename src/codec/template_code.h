/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_TEMPLATE_CODE_H
#define CARDWATCH_CODEC_TEMPLATE_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "template.h"

/*
 * Template code: what the compiler leaves for the renderer, and nobody else's business.
 *
 * A flat list of nodes: a section knows where it ends and an end where its section begins, so that rendering is a loop.
 * Positions are in the template's own copy of the text. In it a name ends with a NUL, and so does each of its dotted
 * parts.
 */

enum {
        CW_TEMPLATE_TEXT_MAX = 1 << 20,
        CW_TEMPLATE_NESTING_MAX = 64,
};

enum cw_template_kind {
        CW_TEMPLATE_TEXT,
        CW_TEMPLATE_LINE, /* a line of the template begins: in a partial that is indented, its indentation stands here
                           */
        CW_TEMPLATE_VARIABLE,
        CW_TEMPLATE_RAW,
        CW_TEMPLATE_SECTION,
        CW_TEMPLATE_SECTION_END,
        CW_TEMPLATE_INVERTED,
        CW_TEMPLATE_INVERTED_END,
        CW_TEMPLATE_PARTIAL,
};

struct cw_template_node {
        enum cw_template_kind kind;
        uint32_t start, len; /* the text, or the name with its NULs between parts */
        uint32_t partner; /* of a section its end, of an end its section */
        uint32_t indent, indent_len; /* of a partial that stands alone on its line */
        uint32_t offset; /* of the tag */
};

struct cw_template {
        char *text;
        struct cw_template_node *nodes;
        size_t n_nodes, capacity;
};

#endif
