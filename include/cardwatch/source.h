/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_H
#define CARDWATCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/http.h"
#include "cardwatch/source_listener.h"

struct cw_http;
struct cw_log;
struct cw_loop;
struct cw_secret;

/*
 * Source: one card API account, polled on its beat.
 *
 * Logs in, makes one-time passwords, fetches every page (several at once), judges each, and hands good pages and the
 * poll's end to its listener. It decides when to ask and whether an answer is one; what the cards mean is the engine's.
 * It never has two polls under way and never loses its beat: polls start at multiples of `every` after the first.
 *
 * Callbacks come from the loop, never from inside a call here.
 */

struct cw_source;

/* Customers that are read more often than the list, through the one-customer endpoint. */
struct cw_source_watch {
        const int64_t *customers;
        size_t n_customers;
        int64_t every_ms;
};

struct cw_source_options {
        const char *name;
        const char *url; /* scheme, host, port, optional path prefix, no trailing slash */
        const char *username;
        const struct cw_secret *password;
        const struct cw_secret *api_key; /* or this */
        const struct cw_secret *totp_secret;
        const struct cw_secret *otp; /* or a fixed one, or neither: no otp header */
        bool otp_single_use;
        int64_t every_ms;
        uint32_t page_size, concurrency, retries;
        int64_t timeout_ms;
        size_t max_response;
        bool reference_decoder; /* pages are decoded the long way (decoder.h) */
        const char *proxy; /* NULL: what the environment says */
        struct cw_http_tls tls;
        const struct cw_source_watch *watches; /* the faster lane */
        size_t n_watches;
        struct cw_source_memory memory; /* from before a restart */
};

/* What of a memory concerns these credentials: that others were refused does not, unless the account is locked. */
struct cw_source_memory cw_source_memory_of(const struct cw_source_options *options,
                                            const struct cw_source_memory *memory);

/* What an API account is asked with; copied, secrets included. */
int cw_source_new(struct cw_loop *loop, struct cw_http *http, struct cw_log *log,
                  const struct cw_source_options *options, const struct cw_source_listener *listener, void *data,
                  struct cw_source **ret_source) __attribute__((warn_unused_result));
void cw_source_free(struct cw_source *source);

/* Begins the beat with a poll now (`once`: one poll and no beat). */
void cw_source_start(struct cw_source *source, bool once);

/* A poll now, if none is under way; the beat goes on as it was. */
void cw_source_poll_now(struct cw_source *source);

/* These customers once each, soon, beside the beat; answered by `read_again`. At most CW_READ_AGAIN_MAX of them wait at
 * once, more are left out; while the API cannot be asked, all are unreadable. */
enum { CW_READ_AGAIN_MAX = 50 };
void cw_source_read_again(struct cw_source *source, const int64_t *customers, size_t n);

/* Somebody changed something: a login that was blocked may be tried once at the next poll. */
void cw_source_unblock(struct cw_source *source);

/* No further polls, requests under way are cancelled; `paused` fires when all is still. A cancelled poll has no end. */
void cw_source_pause(struct cw_source *source);

#endif
