/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_KEEP_H
#define CARDWATCH_NET_KEEP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * Keep: curl's handles that stay set up for the next request of the same kind, as the messages to one receiver are, or
 * the pages of one list.
 *
 * Making a handle and telling it all options costs as much as the request. A kept one is handed out again only for a
 * request that is alike in all that lasts (where to, how, as whom), compared text by text: so it does what a new one
 * would. Only what follows the question mark of the address may differ. What belongs to one request - headers, body,
 * whom to tell - is taken out of it when it is given back. One that held an answer with cards still has a piece of it:
 * those are kept for themselves, and not for long (spare.h).
 */

#define CW_KEEP_MOST 32

#define CW_KEEP_TEXTS 7

/* A handle, and what it is set up for. */
struct cw_kept {
        CURL *easy;
        CURLU *address; /* of the request, parsed: the handle goes by it */
        char *peer; /* host:port, for whoever reads of a failure */
        bool used; /* it had a request before, and is set up */
        char *texts[CW_KEEP_TEXTS];
        int64_t timeout_ms;
        bool has_body, compressed, harmless;
};

struct cw_keep {
        struct cw_kept *spare[CW_KEEP_MOST]; /* the last one was given last */
        unsigned n;
};

struct cw_keep *cw_http_keep(struct cw_http *http);

/* One that was kept for such requests, NULL: there is none. */
struct cw_kept *cw_keep_take(struct cw_keep *keep, const struct cw_http_request *request);
/* When there are enough, the one that was given longest ago goes. */
void cw_keep_give(struct cw_keep *keep, struct cw_kept *kept);
void cw_keep_deinit(struct cw_keep *keep);

/* A new handle, or one that is to become its own, still to be set up but for the address. -EINVAL: the URL cannot be
 * used; -ENOMEM: so is a handle of NULL. */
int cw_kept_new(CURL *easy, const struct cw_http_request *request, struct cw_kept **ret_kept)
        __attribute__((warn_unused_result));
void cw_kept_free(struct cw_kept *kept);

#endif
