/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SIZE_H
#define CARDWATCH_CONFIG_SIZE_H

#include <stdbool.h>
#include <stdint.h>

struct cw_buf;

/* Sizes as people write them: a whole number and one of B, KiB, MiB, GiB, TiB. False: it is none, or more than
 * INT64_MAX. */
bool cw_size_parse(const char *text, uint64_t *ret_size);
void cw_size_format(struct cw_buf *buf, uint64_t size);

#endif
