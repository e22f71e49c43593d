/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_CARD_NUMBER_H
#define CARDWATCH_CODEC_CARD_NUMBER_H

#include <stddef.h>

/*
 * Card number: cutting one down to its last four digits where it stands.
 *
 * Works in the bytes of a JSON document, in place and without changing its length or making it invalid, so that no
 * later reader (json-c's tree, a copy, a core dump) ever meets the whole number. It does not look for numbers: the
 * strict pass (strict_json.h) says which values are such.
 */

/* The inside of a string: every character but the last four becomes '*'; all of them when those are not four ASCII
 * digits. */
void cw_card_number_mask(char *text, size_t len);

/* The same, if the text is a card number by its look: 13 to 19 digits, spaces and dashes among them, the check digit
 * right. */
void cw_card_number_mask_if_one(char *text, size_t len);

/* A JSON number: all of its digits become 1. */
void cw_card_number_blot(char *number, size_t len);

#endif
