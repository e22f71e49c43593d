/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DIGITS_H
#define CARDWATCH_DIGITS_H

#include <stdint.h>

struct cw_buf;

/*
 * Digits: whole numbers as text, as printf would write them and without a format that is read for each of them.
 *
 * A message has some thirty numbers; interpreting their formats cost more than everything else in it.
 */

/* "%lld" */
void cw_digits_put(struct cw_buf *buf, int64_t value);

/* "%0*lld": `width` characters at least, the sign among them. */
void cw_digits_put_padded(struct cw_buf *buf, int64_t value, unsigned width);

/* The same, to where there is room for CW_DIGITS_MAX characters, without a NUL. Returns their end. */
#define CW_DIGITS_MAX 20
char *cw_digits_write(char *at, int64_t value, unsigned width);

#endif
