/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

#include <stddef.h>
#include <time.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"

#define LONG_US 5000

uint64_t cw_turns_now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void turn_over(void *data, uint64_t busy_us, uint64_t cpu_us)
{
        struct cw_turns *turns = data;

        if (busy_us > LONG_US)
                cw_log(turns->log, CW_LOG_DEBUG, "long-turn", "took_us", "%llu", (unsigned long long)busy_us, "cpu_us",
                       "%llu", (unsigned long long)cpu_us, "mostly", "%s", turns->longest ? turns->longest : "",
                       "mostly_us", "%llu", (unsigned long long)turns->longest_us, NULL);
        turns->longest = NULL;
        turns->longest_us = 0;
}

void cw_turns_init(struct cw_turns *turns, struct cw_log *log, struct cw_loop *loop)
{
        *turns = (struct cw_turns){.log = log, .loop = loop};
        cw_loop_watch_turns(loop, turn_over, turns);
}

void cw_turns_note(struct cw_turns *turns, const char *what, uint64_t began_us)
{
        uint64_t took_us = cw_turns_now_us() - began_us;

        if (took_us <= turns->longest_us)
                return;
        turns->longest = what;
        turns->longest_us = took_us;
}

const char *cw_turns_event(enum cw_event_kind kind)
{
        static const char *const names[] = {
                [CW_EVENT_POLLS_ALIKE] = "polls-alike",
                [CW_EVENT_POLL_BEGAN] = "poll-began",
                [CW_EVENT_PAGE_SEEN] = "page-seen",
                [CW_EVENT_CUSTOMER_SEEN] = "customer-seen",
                [CW_EVENT_CARD_SEEN] = "card-seen",
                [CW_EVENT_CARD_BAD] = "card-bad",
                [CW_EVENT_POLL_GOES_ON] = "poll-goes-on",
                [CW_EVENT_PAGES_READ] = "pages-read",
                [CW_EVENT_CUSTOMER_READ] = "customer-read",
                [CW_EVENT_CARD_READ] = "card-read",
                [CW_EVENT_REST_SEEN] = "rest-seen",
                [CW_EVENT_POLL_ENDED] = "poll-ended",
                [CW_EVENT_CARD_WATCHED] = "card-watched",
                [CW_EVENT_CARD_AGAIN] = "card-again",
                [CW_EVENT_CUSTOMER_AGAIN] = "customer-again",
                [CW_EVENT_ACCEPT] = "accept",
                [CW_EVENT_SILENCE] = "silence",
                [CW_EVENT_SILENCE_END] = "silence-end",
                [CW_EVENT_ACK] = "ack",
                [CW_EVENT_UNACK] = "unack",
                [CW_EVENT_RETRY] = "retry",
                [CW_EVENT_DROP] = "drop",
                [CW_EVENT_AUDIT] = "audit",
                [CW_EVENT_SOURCE_MEMORY] = "source-memory",
                [CW_EVENT_TICK] = "tick",
                [CW_EVENT_CLOCK_SET] = "clock-set",
                [CW_EVENT_RULES] = "rules",
                [CW_EVENT_STORE_RESULT] = "store-result",
                [CW_EVENT_RELOAD_RESULT] = "reload-result",
                [CW_EVENT_RENDERED] = "rendered",
                [CW_EVENT_DELIVERED] = "delivered",
                [CW_EVENT_ATTEMPT_FAILED] = "attempt-failed",
        };

        return (size_t)kind < CW_ARRAY_SIZE(names) ? names[kind] : "";
}

void cw_turns_sum_up(const struct cw_turns *turns)
{
        struct cw_loop_turns counted = cw_loop_turns(turns->loop);
        uint64_t above_5ms = 0, above_50ms = 0;

        for (size_t i = 0; i < CW_ARRAY_SIZE(counted.within); i++) {
                above_5ms += i > 0 && cw_loop_bounds_us[i - 1] >= 5000 ? counted.within[i] : 0;
                above_50ms += i > 0 && cw_loop_bounds_us[i - 1] >= 50000 ? counted.within[i] : 0;
        }
        cw_log(turns->log, CW_LOG_INFO, "loop", "turns", "%llu", (unsigned long long)counted.turns, "busy_ms", "%llu",
               (unsigned long long)(counted.busy_us / 1000), "above_5ms", "%llu", (unsigned long long)above_5ms,
               "above_50ms", "%llu", (unsigned long long)above_50ms, "longest_ms", "%llu",
               (unsigned long long)(counted.longest_us / 1000), NULL);
}
