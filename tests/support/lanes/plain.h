/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LANES_PLAIN_H
#define CARDWATCH_TESTS_LANES_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

struct cw_id_set;
struct cw_page_store;
struct cw_scan_input;

/* The scanner as machines without vectors have it (scan.h). */
bool cw_scan_page_plain(const struct cw_scan_input *input, struct cw_id_set *ids, struct cw_page_store *store);

#endif
