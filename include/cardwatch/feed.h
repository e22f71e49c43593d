/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_FEED_H
#define CARDWATCH_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/source_listener.h"

struct cw_config_source;
struct cw_event;
struct cw_http;
struct cw_log;
struct cw_loop;
struct cw_page_told;
struct cw_settings;

/*
 * Feeds: every configured source, and what its polls bring as events of the engine.
 *
 * Owns the sources. At a reload those that are asked as before keep their beat; the others begin anew.
 */

struct cw_feeds;

struct cw_feeds_options {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        bool once;
        void (*step)(void *data, const struct cw_event *event);
        /* The same for the last thing of a turn: `done` follows, at once or after a while in which nobody is called. */
        void (*step_aside)(void *data, const struct cw_event *event, void (*done)(void *data), void *done_data);
        /* Which parts of a page can be told as being as they were (cw_engine_knows_page, cw_engine_repeats). */
        uint64_t (*knows_page)(void *data, size_t source, uint32_t number, int64_t sent_at);
        bool (*repeats)(void *data, size_t source, const struct cw_page_told *page);
        /* The customers that the engine wants read one by one, after PAGES_READ. */
        size_t (*look_ups)(void *data, size_t source, int64_t *ret_customers, size_t most);
        /* Likewise before an alert fires; after any step. */
        size_t (*read_again)(void *data, size_t source, int64_t *ret_customers, size_t most);
        /* How the engine judged the last poll of a source: "complete", "partial", "failed". */
        const char *(*judgement_of)(void *data, size_t source);
        /* What a source of this name remembered when its state was last stored. */
        struct cw_source_memory (*memory_of)(void *data, const char *name);
        /* Something was decided between the ends of polls: whatever it caused may go. */
        void (*decided)(void *data);
        /* A poll was decided: whatever it caused may go. `well`: every page was good. */
        void (*polled)(void *data, bool well);
        void *data;
};

int cw_feeds_new(const struct cw_feeds_options *options, struct cw_feeds **ret_feeds)
        __attribute__((warn_unused_result));
void cw_feeds_free(struct cw_feeds *feeds);

/* The sources of this configuration, in its order, started. */
int cw_feeds_configure(struct cw_feeds *feeds, struct cw_settings *settings) __attribute__((warn_unused_result));

/*
 * The same while the engine is not there yet: sources that can ask for their list at once do so. Whatever they are
 * answered must be held back (cw_http_hold) until cw_feeds_begin, which tells the engine of their polls and starts the
 * others. A source that logs in is one of these: what it knows of refused log-ins and used passwords must be sound
 * first, and stored soon.
 */
int cw_feeds_ahead(struct cw_feeds *feeds, struct cw_settings *settings) __attribute__((warn_unused_result));
void cw_feeds_begin(struct cw_feeds *feeds);

/* Asks for whatever the engine wants read again. */
void cw_feeds_read_again(struct cw_feeds *feeds);

/* Every source polls now. */
void cw_feeds_poll_now(struct cw_feeds *feeds);

/* No further polls; what is under way is dropped. */
void cw_feeds_stop(struct cw_feeds *feeds);

/* After a stop: each begins its beat again, with a poll now. */
void cw_feeds_start(struct cw_feeds *feeds);

/* With `once`: sources whose poll has not ended, or that still read somebody again. */
size_t cw_feeds_unfinished(const struct cw_feeds *feeds);

#endif
