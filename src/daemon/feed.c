/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/settings.h"
#include "cardwatch/source.h"
#include "heartbeat.h"

struct feed {
        struct cw_feeds *feeds;
        struct cw_source *source;
        struct cw_heartbeat *heartbeat; /* NULL: it has none */
        struct cw_settings *settings; /* those the source was made with */
        const struct cw_config_source *config;
        size_t index; /* in the ruleset in force */
        bool polling;
        bool well; /* every page of the last poll was good */
        int64_t decided_mono; /* when the poll under way was last decided */
        struct cw_timer *decide; /* that it takes long, and is decided while it goes on */
        const char *judged; /* how the engine judged the poll before; a literal */
        size_t reading; /* customers that are being read again */
        bool finished;
        bool started, early; /* early: its poll began before the engine was there, */
        int64_t began_at; /* at that time */
};

/* So often is a long poll decided while it goes on (observing.md, "Poll"). */
#define DECIDE_EVERY_MS 10000

struct cw_feeds {
        struct cw_feeds_options options;
        struct feed **feeds;
        size_t n_feeds;
        bool ahead; /* of the engine */
};

static void step(const struct feed *feed, struct cw_event *event)
{
        assert(!feed->feeds->ahead);
        event->source = feed->index;
        feed->feeds->options.step(feed->feeds->options.data, event);
}

static void step_aside(struct feed *feed, struct cw_event *event, void (*done)(void *data))
{
        event->source = feed->index;
        feed->feeds->options.step_aside(feed->feeds->options.data, event, done, feed);
}

static void poll_began(void *data, struct cw_source *source, int64_t at)
{
        struct feed *feed = data;
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = at};

        (void)source;
        feed->polling = true;
        feed->decided_mono = cw_clock_mono_ms();
        feed->early = feed->feeds->ahead;
        feed->began_at = at;
        if (!feed->early)
                step(feed, &event);
}

static void tell_cards(const struct feed *feed, const struct cw_page *page, enum cw_event_kind kind, int64_t sent_at)
{
        struct cw_event event = {.kind = kind, .at = sent_at};

        for (size_t i = 0; i < page->n_cards; i++) {
                event.card = &page->cards[i];
                step(feed, &event);
        }
}

static void tell_bad(const struct feed *feed, const struct cw_page *page, bool is_watched, int64_t sent_at)
{
        struct cw_event event = {.kind = CW_EVENT_CARD_BAD, .at = sent_at};

        for (size_t i = 0; i < page->n_bad; i++) {
                const struct cw_bad_card *bad = &page->bad[i];

                event.bad.customer = bad->customer;
                event.bad.card = bad->card;
                event.bad.field = bad->field;
                event.bad.reason = bad->reason;
                event.bad.watched = is_watched;
                cw_log(feed->feeds->options.log, CW_LOG_DEBUG, "card-set-aside", "source", "%s", feed->config->name,
                       "card", "%lld", (long long)bad->card, "field", "%s", bad->field, "reason", "%s", bad->reason,
                       NULL);
                step(feed, &event);
        }
}

static void decided(void *data)
{
        struct feed *feed = data;

        feed->feeds->options.decided(feed->feeds->options.data);
}

static void decide(void *data)
{
        struct feed *feed = data;
        struct cw_event goes_on = {.kind = CW_EVENT_POLL_GOES_ON};

        if (feed->polling)
                step_aside(feed, &goes_on, decided);
}

/* On a turn of its own: the page's source has more to do on this one. */
static void decide_long_poll(struct feed *feed)
{
        int64_t mono = cw_clock_mono_ms();

        if (mono - feed->decided_mono < DECIDE_EVERY_MS)
                return;
        feed->decided_mono = mono;
        cw_timer_start(feed->decide, 0);
}

static struct cw_page_told told(uint32_t number, const struct cw_page *page)
{
        return (struct cw_page_told){.number = number,
                                     .customers = page->customers,
                                     .n_customers = page->n_customers,
                                     .cards = page->cards,
                                     .n_cards = page->n_cards,
                                     .parts = page->parts,
                                     .n_parts = page->n_parts,
                                     .whole = page->n_bad == 0};
}

static void take_page(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page,
                      int64_t sent_at)
{
        struct feed *feed = data;
        struct cw_event event = {.kind = CW_EVENT_PAGE_SEEN, .at = sent_at, .page = told(number, page)};

        (void)source;
        step(feed, &event);
        tell_bad(feed, page, false, sent_at);
        decide_long_poll(feed);
}

static uint64_t knows_page(void *data, struct cw_source *source, uint32_t number, int64_t sent_at)
{
        struct feed *feed = data;

        (void)source;
        return feed->feeds->options.knows_page(feed->feeds->options.data, feed->index, number, sent_at);
}

static bool repeats(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page)
{
        struct feed *feed = data;
        struct cw_page_told seen = told(number, page);

        (void)source;
        return feed->feeds->options.repeats(feed->feeds->options.data, feed->index, &seen);
}

static size_t pages_read(void *data, struct cw_source *source, const struct cw_poll_summary *summary,
                         int64_t *ret_customers)
{
        struct feed *feed = data;
        struct cw_event event = {
                .kind = CW_EVENT_PAGES_READ,
                .at = summary->began_at,
                .poll = {.pages_good = summary->pages_good, .pages_bad = summary->pages_bad},
        };

        (void)source;
        step(feed, &event);
        return feed->feeds->options.look_ups(feed->feeds->options.data, feed->index, ret_customers, CW_LOOK_UPS_MAX);
}

static const enum cw_look_up_result look_up_results[] = {
        [CW_READ_FOUND] = CW_LOOK_UP_FOUND,
        [CW_READ_GONE] = CW_LOOK_UP_GONE,
        [CW_READ_UNREADABLE] = CW_LOOK_UP_UNREADABLE,
};

static void customer_read(void *data, struct cw_source *source, int64_t customer, enum cw_read_result result,
                          const struct cw_page *page, int64_t sent_at)
{
        struct feed *feed = data;
        struct cw_event event = {
                .kind = CW_EVENT_CUSTOMER_READ,
                .at = sent_at,
                .read = {.customer = customer, .result = look_up_results[result]},
        };

        (void)source;
        if (page) {
                tell_cards(feed, page, CW_EVENT_CARD_READ, sent_at);
                tell_bad(feed, page, false, sent_at);
        }
        step(feed, &event);
}

static void watched(void *data, struct cw_source *source, const struct cw_page *page, int64_t sent_at)
{
        struct feed *feed = data;

        (void)source;
        tell_cards(feed, page, CW_EVENT_CARD_WATCHED, sent_at);
        tell_bad(feed, page, true, sent_at);
        feed->feeds->options.decided(feed->feeds->options.data);
}

static void read_again(void *data, struct cw_source *source, int64_t customer, enum cw_read_result result,
                       const struct cw_page *page, int64_t sent_at)
{
        struct feed *feed = data;
        struct cw_event event = {
                .kind = CW_EVENT_CUSTOMER_AGAIN,
                .at = sent_at,
                .read = {.customer = customer, .result = look_up_results[result]},
        };

        (void)source;
        feed->reading -= feed->reading > 0;
        if (page)
                tell_cards(feed, page, CW_EVENT_CARD_AGAIN, sent_at);
        step(feed, &event);
        feed->feeds->options.decided(feed->feeds->options.data);
}

static void remember(void *data, struct cw_source *source, const struct cw_source_memory *memory)
{
        struct feed *feed = data;
        struct cw_event event = {
                .kind = CW_EVENT_SOURCE_MEMORY,
                .memory = {.blocked_until_at = memory->blocked_until_at, .otp_step = memory->otp_step},
        };

        (void)source;
        step(feed, &event);
        feed->feeds->options.decided(feed->feeds->options.data);
}

/* What the polls prove, once per change: a source that answers every page is still partial while a customer is missing.
 */
static void log_judgement(struct feed *feed)
{
        const char *judged = feed->feeds->options.judgement_of(feed->feeds->options.data, feed->index);

        if (judged == feed->judged)
                return;
        feed->judged = judged;
        cw_log(feed->feeds->options.log, CW_LOG_INFO, "poll-judged", "source", "%s", feed->config->name, "result", "%s",
               judged, NULL);
}

/* With `once` somebody may have waited for this. */
static void beat_over(void *data)
{
        struct feed *feed = data;

        if (feed->feeds->options.once)
                feed->feeds->options.decided(feed->feeds->options.data);
}

static void poll_decided(void *data)
{
        struct feed *feed = data;

        log_judgement(feed);
        feed->finished = true;
        if (strcmp(feed->judged, "complete") == 0)
                cw_heartbeat_ping(feed->heartbeat, beat_over, feed);
        feed->feeds->options.polled(feed->feeds->options.data, feed->well);
}

static void poll_ended(void *data, struct cw_source *source, const struct cw_poll_summary *summary)
{
        static const enum cw_auth_result auth[] = {
                [CW_POLL_AUTH_UNTRIED] = CW_AUTH_UNTRIED,
                [CW_POLL_AUTH_OK] = CW_AUTH_OK,
                [CW_POLL_AUTH_FAILED] = CW_AUTH_FAILED,
        };
        struct feed *feed = data;
        struct cw_event event = {
                .kind = CW_EVENT_POLL_ENDED,
                .at = summary->began_at,
                .poll = {.pages_good = summary->pages_good,
                         .pages_bad = summary->pages_bad,
                         .auth = auth[summary->auth],
                         .took_ms = summary->took_ms,
                         .reason = summary->reason,
                         .skew_known = summary->skew_known,
                         .skew_ms = summary->skew_ms},
        };

        (void)source;
        if (feed->feeds->ahead) {
                feed->started = feed->early = false; /* it could not even ask: once more from the beginning */
                return;
        }
        feed->polling = false;
        feed->well = summary->pages_good > 0 && summary->pages_bad == 0;
        step_aside(feed, &event, poll_decided);
}

static void paused(void *data, struct cw_source *source)
{
        (void)data;
        (void)source;
}

static void feed_free(struct feed *feed)
{
        if (!feed)
                return;
        cw_source_free(feed->source);
        cw_heartbeat_free(feed->heartbeat);
        cw_timer_free(feed->decide);
        cw_settings_unref(feed->settings);
        free(feed);
}

CW_DEFINE_CLEANUP(struct feed *, feed_free);

int cw_feeds_new(const struct cw_feeds_options *options, struct cw_feeds **ret_feeds)
{
        struct cw_feeds *feeds = calloc(1, sizeof(*feeds));

        if (!feeds)
                return -ENOMEM;
        feeds->options = *options;
        *ret_feeds = feeds;
        return 0;
}

void cw_feeds_free(struct cw_feeds *feeds)
{
        if (!feeds)
                return;
        for (size_t i = 0; i < feeds->n_feeds; i++)
                feed_free(feeds->feeds[i]);
        free(feeds->feeds);
        free(feeds);
}

static void start(struct feed *feed)
{
        feed->started = true;
        cw_source_start(feed->source, feed->feeds->options.once);
}

/* With a key nothing is refused for good; only a password that serves once is used up. */
static bool may_ask_ahead(const struct cw_source_options *options)
{
        return options->api_key && !options->otp_single_use;
}

static int feed_new(struct cw_feeds *feeds, struct cw_settings *settings, size_t index, struct feed **ret_feed)
{
        static const struct cw_source_listener listener = {
                .poll_began = poll_began,
                .page = take_page,
                .knows_page = knows_page,
                .repeats = repeats,
                .pages_read = pages_read,
                .customer_read = customer_read,
                .poll_ended = poll_ended,
                .watched = watched,
                .read_again = read_again,
                .remember = remember,
                .paused = paused,
        };
        cw_cleanup(feed_free_cleanup) struct feed *feed = calloc(1, sizeof(*feed));
        struct cw_source_options options = cw_settings_watching_source(settings, index);
        int r;

        if (!feed)
                return -ENOMEM;
        feed->feeds = feeds;
        feed->settings = cw_settings_ref(settings);
        feed->config = &settings->config->sources[index];
        feed->index = index;
        options.memory = feeds->options.memory_of(feeds->options.data, feed->config->name);
        if (feeds->n_feeds > 0)
                options.memory.blocked_until_at = 0; /* a reload is somebody's word that the credentials were mended */
        r = cw_timer_new(feeds->options.loop, decide, feed, &feed->decide);
        if (r < 0)
                return r;
        r = cw_heartbeat_new(feeds->options.http, feeds->options.log, feed->config, &feed->heartbeat);
        if (r < 0)
                return r;
        r = cw_source_new(feeds->options.loop, feeds->options.http, feeds->options.log, &options, &listener, feed,
                          &feed->source);
        if (r < 0)
                return r;
        if (!feeds->ahead || may_ask_ahead(&options))
                start(feed);
        *ret_feed = cw_take(feed);
        return 0;
}

/* The feed that asks just so already, taken out of the old ones. */
static struct feed *take_same(struct cw_feeds *feeds, const struct cw_config_source *config)
{
        for (size_t i = 0; i < feeds->n_feeds; i++)
                if (feeds->feeds[i] && cw_settings_same_source(feeds->feeds[i]->config, config))
                        return cw_take(feeds->feeds[i]);
        return NULL;
}

int cw_feeds_configure(struct cw_feeds *feeds, struct cw_settings *settings)
{
        size_t n = settings->config->n_sources;
        struct feed **next = calloc(n + 1, sizeof(struct feed *));
        int r = 0;

        if (!next)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; i++) {
                next[i] = take_same(feeds, &settings->config->sources[i]);
                if (next[i]) {
                        next[i]->index = i;
                        cw_source_unblock(next[i]->source);
                } else {
                        r = feed_new(feeds, settings, i, &next[i]);
                }
        }
        for (size_t i = 0; i < feeds->n_feeds; i++)
                feed_free(feeds->feeds[i]);
        free(feeds->feeds);
        feeds->feeds = next;
        feeds->n_feeds = n;
        return r;
}

int cw_feeds_ahead(struct cw_feeds *feeds, struct cw_settings *settings)
{
        feeds->ahead = true;
        return cw_feeds_configure(feeds, settings);
}

void cw_feeds_begin(struct cw_feeds *feeds)
{
        feeds->ahead = false;
        for (size_t i = 0; i < feeds->n_feeds; i++) {
                struct feed *feed = feeds->feeds[i];

                if (feed->early)
                        poll_began(feed, feed->source, feed->began_at);
                else if (!feed->started)
                        start(feed);
        }
}

void cw_feeds_read_again(struct cw_feeds *feeds)
{
        int64_t customers[CW_READ_AGAIN_MAX];

        for (size_t i = 0; i < feeds->n_feeds; i++) {
                struct feed *feed = feeds->feeds[i];
                size_t n = feeds->options.read_again(feeds->options.data, i, customers, CW_READ_AGAIN_MAX);

                feed->reading += n;
                cw_source_read_again(feed->source, customers, n);
        }
}

void cw_feeds_poll_now(struct cw_feeds *feeds)
{
        for (size_t i = 0; i < feeds->n_feeds; i++)
                cw_source_poll_now(feeds->feeds[i]->source);
}

void cw_feeds_stop(struct cw_feeds *feeds)
{
        for (size_t i = 0; i < feeds->n_feeds; i++) {
                feeds->feeds[i]->polling = false;
                cw_source_pause(feeds->feeds[i]->source);
        }
}

void cw_feeds_start(struct cw_feeds *feeds)
{
        for (size_t i = 0; i < feeds->n_feeds; i++)
                cw_source_start(feeds->feeds[i]->source, feeds->options.once);
}

size_t cw_feeds_unfinished(const struct cw_feeds *feeds)
{
        size_t n = 0;

        for (size_t i = 0; i < feeds->n_feeds; i++)
                n += !feeds->feeds[i]->finished || feeds->feeds[i]->reading > 0 ||
                     cw_heartbeat_is_busy(feeds->feeds[i]->heartbeat);
        return n;
}
