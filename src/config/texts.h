/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_TEXTS_H
#define CARDWATCH_CONFIG_TEXTS_H

#include "draft.h"
#include "reader.h"

/*
 * Texts: the templates of a load under way, shown to the layer above that can read them. Borrows everything, on the
 * stack.
 */

struct cw_config_texts {
        struct cw_reader *reader;
        const struct cw_draft *draft; /* read, not yet composed */
        const struct cw_node *root; /* of the main file */
};

void cw_texts_check(struct cw_reader *reader, const struct cw_draft *draft, const struct cw_node *root,
                    cw_config_text_check *check);

#endif
