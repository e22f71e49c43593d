/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LANES_H
#define CARDWATCH_TESTS_LANES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Lanes: one page through the reference lane and through every build of the scanner that this machine can run, held
 * against each other.
 *
 * What the scanner takes, the reference lane must take with the same customers, cards and counts, and no bad card. What
 * it does not take must mean to the reference lane what it meant before. All builds must take the same pages, and leave
 * their bytes as they are.
 */

struct cw_shape;

/* NULL, or what does not hold. A page that the reference lane accepts is learnt. */
const char *lanes_differ(struct cw_shape *shape, const char *bytes, size_t len, int one_customer, bool *ret_scanned);

#endif
