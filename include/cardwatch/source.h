/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_H
#define CARDWATCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/http.h"
#include "cardwatch/provider.h"

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
        struct cw_http_tls tls;
};

enum cw_poll_auth { CW_POLL_AUTH_UNTRIED, CW_POLL_AUTH_OK, CW_POLL_AUTH_FAILED };

/* What a poll's end says; `reason` is one line about the first page that failed, "" if none did. */
struct cw_poll_summary {
        uint32_t pages_good, pages_bad; /* pages_bad counts pages known to exist that did not come */
        enum cw_poll_auth auth;
        int64_t began_at, took_ms;
        uint32_t requests;
        const char *reason;
};

struct cw_source_listener {
        void (*poll_began)(void *data, struct cw_source *source, int64_t at);
        /* One good page; `sent_at` is when its request was sent. The page is the source's; valid during the call. */
        void (*page)(void *data, struct cw_source *source, const struct cw_page *page, int64_t sent_at);
        void (*poll_ended)(void *data, struct cw_source *source, const struct cw_poll_summary *summary);
        /* A paused source has nothing under way any more. */
        void (*paused)(void *data, struct cw_source *source);
};

/* What an API account is asked with; copied, secrets included. */
int cw_source_new(struct cw_loop *loop, struct cw_http *http, struct cw_log *log,
                  const struct cw_source_options *options, const struct cw_source_listener *listener, void *data,
                  struct cw_source **ret_source) __attribute__((warn_unused_result));
void cw_source_free(struct cw_source *source);

const char *cw_source_name(const struct cw_source *source);

/* Begins the beat with a poll now (`once`: one poll and no beat). */
void cw_source_start(struct cw_source *source, bool once);

/* A poll now, if none is under way; the beat goes on as it was. */
void cw_source_poll_now(struct cw_source *source);

/* No further polls, requests under way are cancelled; `paused` fires when all is still. A cancelled poll has no end. */
void cw_source_pause(struct cw_source *source);

#endif
