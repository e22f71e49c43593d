/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_MODEL_STORE_H
#define CARDWATCH_TESTS_MODEL_STORE_H

#include "cardwatch/changes.h"

/*
 * What a store holds after commits were merged into `stored`: rows that are gone or delivered have left, the rest come
 * in the store's order, and entries went through their packed form. `stored` is left with only that.
 */
void model_store_load(struct cw_changes *stored, struct cw_changes *ret_loaded);

#endif
