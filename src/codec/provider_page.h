/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_PROVIDER_PAGE_H
#define CARDWATCH_CODEC_PROVIDER_PAGE_H

#include <stddef.h>

struct cw_page_store;
struct cw_provider_error;

/*
 * Provider page: the reference lane, which says what any bytes mean as a page (provider.h). It goes through json-c, and
 * is what every other way to read a page is measured by.
 */

/* Into a cleared store, whose content counts for nothing unless the verdict is CW_PROVIDER_OK. Or -ENOMEM. */
int cw_provider_page_read(char *bytes, size_t len, int one_customer, struct cw_page_store *store,
                          struct cw_provider_error *ret_error) __attribute__((warn_unused_result));

#endif
