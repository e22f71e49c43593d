/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_LISTENER_H
#define CARDWATCH_SOURCE_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/provider.h"

struct cw_source;

/*
 * Source listener: what a source tells whoever it polls for. All callbacks come from the loop.
 */

/* What must survive a restart, so that neither a restart loop nor a check can lock the account. */
struct cw_source_memory {
        int64_t blocked_until_at; /* no login before, wall time, and for whom: cw_source_memory_of; 0: not blocked */
        int64_t otp_step; /* the last one-time password's step that was used; 0: none */
};

enum cw_poll_auth { CW_POLL_AUTH_UNTRIED, CW_POLL_AUTH_OK, CW_POLL_AUTH_FAILED };

/* What a poll's end says; `reason` is one line about the first page that failed, "" if none did. */
struct cw_poll_summary {
        uint32_t pages_good, pages_bad; /* pages_bad counts pages known to exist that did not come */
        enum cw_poll_auth auth;
        int64_t began_at, took_ms;
        uint32_t requests;
        const char *reason;
        bool skew_known;
        int64_t skew_ms; /* the API's clock minus ours, median of the last answers */
        struct cw_source_memory memory; /* as it is now */
};

/* What the one-customer endpoint said. */
enum cw_read_result { CW_READ_FOUND, CW_READ_GONE, CW_READ_UNREADABLE };

enum { CW_LOOK_UPS_MAX = 100 };

struct cw_source_listener {
        void (*poll_began)(void *data, struct cw_source *source, int64_t at);
        /*
         * One good page, by its number in the list; `sent_at` is when its request was sent. The page is the source's;
         * valid during the call.
         */
        void (*page)(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page,
                     int64_t sent_at);
        /*
         * Which parts of the page need not be told again by `page` if they come with the same bytes: a bit for each,
         * from the lowest. And whether a page with parts that are alike cannot be told so, because one of its other
         * parts brings a card of theirs: then all of it is told. NULL: everything always is.
         */
        uint64_t (*knows_page)(void *data, struct cw_source *source, uint32_t number, int64_t sent_at);
        bool (*repeats)(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page);
        /*
         * Every page has come or failed. The listener names the customers it wants to read one by one before the poll
         * ends: at most CW_LOOK_UPS_MAX, written to ret_customers; returns how many. Not called when no page was good.
         */
        size_t (*pages_read)(void *data, struct cw_source *source, const struct cw_poll_summary *summary,
                             int64_t *ret_customers);
        /* One of them was read, or not. `page` holds that customer alone when found, else NULL. */
        void (*customer_read)(void *data, struct cw_source *source, int64_t customer, enum cw_read_result result,
                              const struct cw_page *page, int64_t sent_at);
        void (*poll_ended)(void *data, struct cw_source *source, const struct cw_poll_summary *summary);
        /* The faster lane read a customer; readings that failed are only logged. */
        void (*watched)(void *data, struct cw_source *source, const struct cw_page *page, int64_t sent_at);
        /* A customer of cw_source_read_again was read, or not; as customer_read. */
        void (*read_again)(void *data, struct cw_source *source, int64_t customer, enum cw_read_result result,
                           const struct cw_page *page, int64_t sent_at);
        /* The memory changed (a login was refused, a one-time password was used up): it should be stored soon. */
        void (*remember)(void *data, struct cw_source *source, const struct cw_source_memory *memory);
        /* A paused source has nothing under way any more. */
        void (*paused)(void *data, struct cw_source *source);
};

#endif
