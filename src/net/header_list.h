/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_HEADER_LIST_H
#define CARDWATCH_NET_HEADER_LIST_H

#include <curl/curl.h>
#include <stddef.h>

#include "cardwatch/http.h"

/*
 * Header list: the headers of a request as curl wants them, in one piece of memory that is wiped: some are secrets.
 */

struct cw_header_list {
        size_t size; /* of all of it */
        struct curl_slist lines[];
};

/* The headers, then lines that are curl's own ("Expect:"). -EINVAL: one could break out of its line; -ENOMEM. */
int cw_header_list_new(const struct cw_http_header *headers, size_t n_headers, const char *const *lines, size_t n_lines,
                       struct cw_header_list **ret_list) __attribute__((warn_unused_result));
void cw_header_list_free(struct cw_header_list *list);

#endif
