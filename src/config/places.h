/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_PLACES_H
#define CARDWATCH_CONFIG_PLACES_H

#include "draft.h"

/*
 * Places: where the templates of rules stand, kept when the files are gone, for mistakes that only the layers above can
 * find.
 */

struct cw_config_places;

int cw_places_new(const struct cw_draft *draft, struct cw_config_places **ret_places)
        __attribute__((warn_unused_result));
void cw_places_free(struct cw_config_places *places);

#endif
