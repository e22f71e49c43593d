/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_FINGERPRINT_H
#define CARDWATCH_FINGERPRINT_H

#include <stdint.h>

/*
 * Fingerprint: the name of the alert that a rule has for a card, whether it ever fired or not; the same for ever.
 *
 * Of the daemon's own alerts the rule is their name and card and customer are 0, or whom they are about.
 */
uint64_t cw_fingerprint(const char *rule, const char *source, int64_t customer, int64_t card);

#endif
