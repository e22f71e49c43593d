/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_EASY_H
#define CARDWATCH_NET_EASY_H

#include <curl/curl.h>

/*
 * Easy: curl's handles, used again. A new one costs dozens of allocations, each of which is wiped at its end.
 *
 * One that is taken is as good as new. Only one that never held an answer with cards may be given back.
 */

struct cw_http;

CURL *cw_transfer_take_easy(struct cw_http *http);
void cw_transfer_give_easy(struct cw_http *http, CURL *easy);

#endif
