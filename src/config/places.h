/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_PLACES_H
#define CARDWATCH_CONFIG_PLACES_H

#include "draft.h"

/*
 * Places: where templates stand, kept when the files are gone, for mistakes that only the layers above can
 * find.
 */

struct cw_config_places;

/* `root`: of the main file. */
int cw_places_new(const struct cw_draft *draft, const struct cw_node *root, struct cw_config_places **ret_places)
        __attribute__((warn_unused_result));
void cw_places_free(struct cw_config_places *places);

#endif
