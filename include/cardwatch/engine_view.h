/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ENGINE_VIEW_H
#define CARDWATCH_ENGINE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_event;
struct cw_buf;
struct cw_engine;
struct cw_entry;
struct cw_item;
struct cw_page_told;

/*
 * Engine view: what an operator may want to know of the engine's state, between two steps.
 *
 * Only looks. Texts belong to the engine and are good until its next step.
 */

struct cw_source_view {
        const char *name;
        const char *last_result; /* "complete", "partial", "failed"; NULL: no poll has ended since the start */
        int64_t last_poll_at, last_complete_at; /* 0: never */
        int64_t last_poll_ms;
        uint32_t failed_polls; /* in a row */
        size_t cards;
        const char *suspicion; /* "raised", "confirmed", "accepted"; NULL: the last list was plausible */
};

/* How times and durations are written: the core has no time zone. */
struct cw_explain_style {
        void (*write_time)(struct cw_buf *buf, int64_t at);
        void (*write_duration)(struct cw_buf *buf, int64_t ms);
};

/*
 * The alert's state, when each edge of it may come, the expressions of its rule with the value of each part as the card
 * was last observed, and who was told what: lines for people, and nothing that the engine did not decide by. An alert
 * that never was anything but inactive is explained too. -ENOENT: no rule and card have this fingerprint.
 */
int cw_engine_explain(const struct cw_engine *engine, uint64_t fingerprint, const struct cw_explain_style *style,
                      struct cw_buf *buf) __attribute__((warn_unused_result));

/* The first time at which polls that change nothing would be more than that: until then nothing happens. INT64_MAX:
 * never. */
int64_t cw_engine_idle_until(const struct cw_engine *engine);

/* What a notifier took as firing and what fires still, at the severity that it knows. Entries borrow from the engine.
 */
struct cw_told {
        struct cw_entry *entries;
        struct cw_item *items;
        size_t n;
};

int cw_engine_told(const struct cw_engine *engine, size_t notifier, struct cw_told *ret_told)
        __attribute__((warn_unused_result));
void cw_told_deinit(struct cw_told *told);

/* Which parts of the page can be told as alike, a bit each from the lowest: the engine knows what they brought, and
 * nothing wants to look at that anew. */
uint64_t cw_engine_knows_page(const struct cw_engine *engine, size_t source, uint32_t number, int64_t at);

/* Whether one of the page's parts that are told anew brings a card of a part that is alike: such a page cannot be told
 * so, for of a card that stands twice the second is set aside. */
bool cw_engine_repeats(const struct cw_engine *engine, size_t source, const struct cw_page_told *page);

/* Whether a step with this event, by what it has to go through, may take longer than a few milliseconds. */
bool cw_engine_takes_long(const struct cw_engine *engine, const struct cw_event *event);
/* Likewise, who goes through all that fires. */
bool cw_engine_has_many_alerts(const struct cw_engine *engine);

void cw_engine_view_source(const struct cw_engine *engine, size_t source, struct cw_source_view *ret_view);

#endif
