/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_EXPR_ADVICE_H
#define CARDWATCH_CORE_EXPR_ADVICE_H

#include <stddef.h>

/*
 * What to write instead of words that people bring along from other languages. Constant texts, NULL: nothing is known
 * of that word. Upper and lower case are one.
 */

/* Of a word that stands where an operator should. */
const char *cw_advice_operator(const char *word, size_t len);

/* Of a word that is no name here. */
const char *cw_advice_name(const char *word, size_t len);

/* Of what stands right behind the digits of a number. */
const char *cw_advice_suffix(const char *word, size_t len);

#endif
