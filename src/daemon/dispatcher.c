/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatcher.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/attempt.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/hmac.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/outbox.h"
#include "cardwatch/settings.h"
#include "cardwatch/work.h"
#include "committer.h"
#include "delivery.h"
#include "pictures.h"

#define NO_ID           "00000000000000000000000000000000"
#define WAKE_LONGEST_MS 60000 /* the wall clock may jump: look again at least this often */
#define AHEAD_MOST      112

/* How many deliveries a channel has under way at once, so that a slow group keeps no other waiting. Records keep their
 * order best one by one. */
static size_t most_at_once(enum cw_sink_type type)
{
        switch (type) {
        case CW_SINK_WEBHOOK:
                return 16;
        case CW_SINK_SYSLOG:
        case CW_SINK_FILE:
        case CW_SINK_ALERTMANAGER:
                return 1;
        default:
                return 4;
        }
}

static void pump(void *data)
{
        cw_dispatcher_pump(data);
}

/* The engine first: whether it is time it knows only when the wall clock was not set meanwhile. */
static void wake(void *data)
{
        struct cw_dispatcher *dispatcher = data;
        struct cw_event tick = {.kind = CW_EVENT_TICK};

        dispatcher->options.step_aside(dispatcher->options.data, &tick, pump, dispatcher);
}

static void turn(void *data)
{
        struct cw_dispatcher *dispatcher = data;

        dispatcher->turning = false;
        cw_dispatcher_pump(dispatcher);
        cw_committer_commit(dispatcher->options.committer);
        dispatcher->options.progress(dispatcher->options.data);
}

static int make_room(struct cw_dispatcher *dispatcher, const struct cw_settings *settings)
{
        struct cw_lane *lanes = calloc(settings->n_notifiers + 1, sizeof(*lanes));
        struct cw_refresh *refreshes = calloc(settings->n_notifiers + 1, sizeof(*refreshes));

        if (!lanes || !refreshes) {
                free(lanes);
                free(refreshes);
                return -ENOMEM;
        }
        for (size_t i = 0; i < settings->n_notifiers; i++)
                STAILQ_INIT(&lanes[i].waiting);
        free(dispatcher->lanes);
        free(dispatcher->refreshes);
        dispatcher->lanes = lanes;
        dispatcher->refreshes = refreshes;
        return 0;
}

int cw_dispatcher_new(const struct cw_dispatcher_options *options, struct cw_settings *settings,
                      struct cw_dispatcher **ret_dispatcher)
{
        struct cw_dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));
        int r;

        if (!dispatcher)
                return -ENOMEM;
        dispatcher->options = *options;
        STAILQ_INIT(&dispatcher->large);
        r = cw_timer_new(options->loop, wake, dispatcher, &dispatcher->timer);
        if (r == 0)
                r = cw_timer_new(options->loop, turn, dispatcher, &dispatcher->turn);
        if (r == 0)
                r = cw_timer_new(options->loop, cw_delivery_render_large, dispatcher, &dispatcher->next_large);
        if (r == 0)
                r = cw_painter_new(options->loop, &dispatcher->painter);
        if (r == 0)
                r = make_room(dispatcher, settings);
        if (r < 0) {
                cw_dispatcher_free(dispatcher);
                return r;
        }
        dispatcher->settings = cw_settings_ref(settings);
        *ret_dispatcher = dispatcher;
        return 0;
}

void cw_dispatcher_free(struct cw_dispatcher *dispatcher)
{
        if (!dispatcher)
                return;
        assert(dispatcher->n_deliveries == 0);
        cw_timer_free(dispatcher->timer);
        cw_timer_free(dispatcher->turn);
        cw_timer_free(dispatcher->next_large);
        cw_painter_free(dispatcher->painter);
        cw_settings_unref(dispatcher->settings);
        cw_map_deinit(&dispatcher->attempted);
        free(dispatcher->lanes);
        free(dispatcher->refreshes);
        free(dispatcher);
}

static void delivery_free(struct cw_delivery *delivery)
{
        struct cw_dispatcher *dispatcher = delivery->dispatcher;

        *delivery->previous = delivery->next;
        if (delivery->next)
                delivery->next->previous = delivery->previous;
        dispatcher->n_deliveries--;
        if (delivery->settings == dispatcher->settings) {
                dispatcher->lanes[delivery->notifier].busy--;
                dispatcher->lanes[delivery->notifier].sending -= delivery->sending;
        }
        cw_settings_unref(delivery->settings);
        free(delivery->payload);
        free(delivery->reason);
        free(delivery);
}

static struct cw_delivery *delivery_new(struct cw_dispatcher *dispatcher, size_t notifier,
                                        const struct cw_outgoing *outgoing)
{
        struct cw_delivery *delivery = calloc(1, sizeof(*delivery));

        if (!delivery)
                return NULL;
        delivery->dispatcher = dispatcher;
        delivery->settings = cw_settings_ref(dispatcher->settings);
        delivery->notifier = notifier;
        delivery->sequence = outgoing->sequence;
        memcpy(delivery->id, outgoing->id, sizeof(delivery->id));
        delivery->next = dispatcher->deliveries;
        delivery->previous = &dispatcher->deliveries;
        if (delivery->next)
                delivery->next->previous = &delivery->next;
        dispatcher->deliveries = delivery;
        dispatcher->n_deliveries++;
        dispatcher->lanes[notifier].busy++;
        return delivery;
}

const struct cw_sink_options *cw_delivery_options(const struct cw_delivery *delivery)
{
        return &delivery->settings->notifiers[delivery->notifier].options;
}

static const char *name_of(const struct cw_delivery *delivery)
{
        return cw_delivery_options(delivery)->name;
}

static void step(struct cw_dispatcher *dispatcher, const struct cw_event *event)
{
        dispatcher->options.step(dispatcher->options.data, event);
}

static enum cw_mishap mishap_of(enum cw_http_failure failure)
{
        switch (failure) {
        case CW_HTTP_RESOLVE:
        case CW_HTTP_CONNECT:
                return CW_MISHAP_UNREACHABLE;
        case CW_HTTP_OK:
        case CW_HTTP_TOO_LARGE:
                return CW_MISHAP_ANSWER;
        default:
                return CW_MISHAP_SILENCE;
        }
}

/* That it failed is said, and counted; the engine is still to hear of it. */
static struct cw_event note_failed(const struct cw_delivery *delivery, enum cw_mishap mishap, bool permanent,
                                   int64_t asked_ms, const char *reason)
{
        delivery->dispatcher->n_failed++;
        cw_log(delivery->dispatcher->options.log, CW_LOG_WARNING, permanent ? "message-dead" : "message-failed",
               "notifier", "%s", name_of(delivery), "id", "%s", delivery->id, "reason", "%s", reason, NULL);
        return (struct cw_event){
                .kind = CW_EVENT_ATTEMPT_FAILED,
                .message = {.sequence = delivery->sequence,
                            .permanent = permanent,
                            .mishap = mishap,
                            .asked_ms = asked_ms,
                            .chance = cw_random_u32(),
                            .reason = reason},
        };
}

void cw_delivery_failed(const struct cw_delivery *delivery, enum cw_mishap mishap, bool permanent, int64_t asked_ms,
                        const char *reason)
{
        struct cw_event event = note_failed(delivery, mishap, permanent, asked_ms, reason);

        step(delivery->dispatcher, &event);
}

static void look_around_soon(struct cw_dispatcher *dispatcher)
{
        dispatcher->turning = true;
        cw_timer_start(dispatcher->turn, 0);
}

/* After an attempt ended, one way or the other, and the engine knows. */
void cw_delivery_settle(void *data)
{
        struct cw_delivery *delivery = data;
        struct cw_dispatcher *dispatcher = delivery->dispatcher;

        delivery_free(delivery);
        look_around_soon(dispatcher);
}

static void report_success(struct cw_delivery *delivery, int64_t took_ms)
{
        struct cw_event event = {.kind = CW_EVENT_DELIVERED, .message = {.sequence = delivery->sequence}};

        cw_log(delivery->dispatcher->options.log, CW_LOG_INFO, "message-delivered", "notifier", "%s", name_of(delivery),
               "id", "%s", delivery->id, "took_ms", "%lld", (long long)took_ms, NULL);
        delivery->dispatcher->options.step_aside(delivery->dispatcher->options.data, &event, cw_delivery_settle,
                                                 delivery);
}

/* By us, the next process tries again with the same bytes. The attempt and its words end with this call. */
static void report_failure(struct cw_delivery *delivery, const struct cw_attempt_result *result)
{
        const struct cw_sink_judgement *judgement = &result->judgement;
        struct cw_event event;

        delivery->reason = strdup(judgement->reason);
        event = note_failed(delivery, mishap_of(result->failure), judgement->verdict == CW_SINK_PERMANENT,
                            judgement->retry_after_ms, delivery->reason ? delivery->reason : "");
        delivery->dispatcher->options.step_aside(delivery->dispatcher->options.data, &event, cw_delivery_settle,
                                                 delivery);
}

static void count_success(const struct cw_delivery *delivery, bool delivered)
{
        struct cw_lane *lane = &delivery->dispatcher->lanes[delivery->notifier];

        if (delivery->settings != delivery->dispatcher->settings)
                return;
        if (!delivered)
                lane->ahead = 0;
        else if (lane->ahead < AHEAD_MOST)
                lane->ahead++;
}

static void note_refreshed(const struct cw_delivery *delivery, const struct cw_attempt_result *result)
{
        struct cw_dispatcher *dispatcher = delivery->dispatcher;
        struct cw_refresh *refresh = &dispatcher->refreshes[delivery->notifier];
        bool failed = result->judgement.verdict != CW_SINK_DELIVERED;

        if (result->cancelled || delivery->settings != dispatcher->settings || refresh->failing == failed)
                return;
        refresh->failing = failed;
        cw_log(dispatcher->options.log, failed ? CW_LOG_WARNING : CW_LOG_INFO,
               failed ? "refresh-failed" : "refresh-works-again", "notifier", "%s", name_of(delivery), "reason", "%s",
               result->judgement.reason, NULL);
}

static void note_tested(const struct cw_delivery *delivery, const struct cw_attempt_result *result)
{
        bool failed = result->judgement.verdict != CW_SINK_DELIVERED;

        if (!result->cancelled)
                cw_log(delivery->dispatcher->options.log, failed ? CW_LOG_WARNING : CW_LOG_INFO,
                       failed ? "test-failed" : "test-delivered", "notifier", "%s", name_of(delivery), "id", "%s",
                       delivery->id, "reason", "%s", result->judgement.reason, NULL);
        delivery->tested(delivery->tester, result->cancelled ? NULL : result);
}

static void attempt_done(void *data, const struct cw_attempt_result *result)
{
        struct cw_delivery *delivery = data;
        bool delivered = !result->cancelled && result->judgement.verdict == CW_SINK_DELIVERED;

        if (!delivery->tested)
                count_success(delivery, delivered);
        if (delivery->tested)
                note_tested(delivery, result);
        else if (delivery->refresh)
                note_refreshed(delivery, result);
        if (delivery->tested || delivery->refresh || result->cancelled)
                cw_delivery_settle(delivery);
        else if (delivered)
                report_success(delivery, result->took_ms);
        else
                report_failure(delivery, result);
}

static void mark_sending(struct cw_delivery *delivery)
{
        delivery->sending = true;
        if (delivery->settings == delivery->dispatcher->settings)
                delivery->dispatcher->lanes[delivery->notifier].sending++;
}

static int start(struct cw_delivery *delivery, const char *payload, size_t payload_len)
{
        struct cw_attempt_request request = {
                .loop = delivery->dispatcher->options.loop,
                .http = delivery->dispatcher->options.http,
                .notifier = &delivery->settings->notifiers[delivery->notifier],
                .id = delivery->id,
                .payload = payload,
                .payload_len = payload_len,
                .now = cw_clock_wall_ms(),
        };

        mark_sending(delivery);
        return cw_attempt_start(&request, attempt_done, delivery, &delivery->attempt);
}

static void attempt(struct cw_delivery *delivery)
{
        int r = start(delivery, delivery->payload, delivery->payload_len);

        if (r == 0)
                return;
        cw_delivery_failed(delivery, CW_MISHAP_ANSWER, r == -EBADMSG || r == -EINVAL, 0, strerror(-r));
        cw_delivery_settle(delivery);
}

/* Whose turn it is. When all ends, or the notifier is no more what it was, nobody is waited for. */
static void send_waiting(struct cw_dispatcher *dispatcher, size_t notifier, size_t most)
{
        struct cw_lane *lane = &dispatcher->lanes[notifier];
        struct cw_delivery *delivery;

        while (lane->sending < most && (delivery = STAILQ_FIRST(&lane->waiting))) {
                STAILQ_REMOVE_HEAD(&lane->waiting, turn);
                if (dispatcher->closing)
                        cw_delivery_settle(delivery);
                else
                        attempt(delivery);
        }
}

void cw_delivery_committed(void *data)
{
        struct cw_delivery *delivery = data;
        struct cw_dispatcher *dispatcher = delivery->dispatcher;

        if (dispatcher->closing) {
                cw_delivery_settle(delivery);
        } else if (delivery->settings != dispatcher->settings) {
                attempt(delivery);
        } else {
                STAILQ_INSERT_TAIL(&dispatcher->lanes[delivery->notifier].waiting, delivery, turn);
                send_waiting(dispatcher, delivery->notifier, most_at_once(cw_delivery_options(delivery)->type));
        }
}

int cw_dispatcher_configure(struct cw_dispatcher *dispatcher, struct cw_settings *settings)
{
        int r;

        for (size_t i = 0; i < dispatcher->settings->n_notifiers; i++)
                send_waiting(dispatcher, i, SIZE_MAX);
        r = make_room(dispatcher, settings);
        if (r < 0)
                return r;
        cw_settings_unref(dispatcher->settings);
        dispatcher->settings = cw_settings_ref(settings);
        return 0;
}

/* The bytes are stored since an earlier attempt: no commit to wait for, and none of a message with others to come
 * first. */
static int take_stored(struct cw_delivery *delivery, const struct cw_outgoing *outgoing)
{
        delivery->payload = malloc(outgoing->payload_len + 1);
        if (!delivery->payload)
                return -ENOMEM;
        memcpy(delivery->payload, outgoing->payload, outgoing->payload_len);
        delivery->payload[outgoing->payload_len] = '\0';
        delivery->payload_len = outgoing->payload_len;
        return cw_delivery_wait_for_commit(delivery);
}

static void drawn(void *data, const struct cw_picture *pictures, size_t n)
{
        struct cw_delivery *delivery = data;

        delivery->pictures = NULL;
        cw_delivery_go_on(delivery,
                          delivery->dispatcher->closing ? -ENOENT : cw_delivery_render(delivery, pictures, n));
}

/* Pictures first, where the channel shows them and the message has cards. */
static int prepare(struct cw_dispatcher *dispatcher, struct cw_delivery *delivery)
{
        struct cw_event rendered = {.kind = CW_EVENT_RENDERED, .message = {.sequence = delivery->sequence}};
        const struct cw_sink_options *options = cw_delivery_options(delivery);
        const struct cw_notice *notice;
        int r;

        cw_delivery_set_up_rendering(delivery);
        if (cw_sink_shows_pictures(options->type)) {
                r = cw_rendering_notice(&delivery->rendering, &notice);
                if (r == 0)
                        r = cw_pictures_start(dispatcher->painter, delivery->settings->config->store_path, notice,
                                              options->detail, drawn, delivery, &delivery->pictures);
                if (r == 0)
                        return 0;
        }
        if (!cw_engine_takes_long(dispatcher->options.engine, &rendered))
                return cw_delivery_render(delivery, NULL, 0);
        STAILQ_INSERT_TAIL(&dispatcher->large, delivery, turn);
        cw_timer_start(dispatcher->next_large, 0);
        return 0;
}

static void begin(struct cw_dispatcher *dispatcher, size_t notifier, const struct cw_outgoing *outgoing)
{
        struct cw_delivery *delivery = delivery_new(dispatcher, notifier, outgoing);
        int r;

        if (!delivery) {
                cw_log(dispatcher->options.log, CW_LOG_ERROR, "delivery-failed", "reason", "%s", "out of memory", NULL);
                return;
        }
        r = outgoing->payload ? take_stored(delivery, outgoing) : prepare(dispatcher, delivery);
        if (r < 0) {
                cw_delivery_failed(delivery, CW_MISHAP_ANSWER, r != -ENOMEM, 0, strerror(-r));
                delivery_free(delivery);
        }
}

/* What the receiver knows to fire, once more. It takes no part in the ledger, and fails until the next time. */
static int refresh(struct cw_dispatcher *dispatcher, size_t notifier, const struct cw_told *told)
{
        const struct cw_sink_options *options = &dispatcher->settings->notifiers[notifier].options;
        struct cw_notice notice = {
                .id = "refresh",
                .thread = "refresh",
                .notifier = options->name,
                .kind = CW_NOTICE_ALERT,
                .firing = true,
                .repeat = 1,
                .sent_at = cw_clock_wall_ms(),
                .n_firing = (uint32_t)told->n,
                .items = told->items,
                .n_items = told->n,
                .n_listed = told->n,
        };
        cw_cleanup(cw_buf_deinit) struct cw_buf payload = CW_BUF_NULL;
        struct cw_delivery *delivery;
        int r;

        r = cw_sink_render(options, &notice, &payload);
        if (r == 0)
                r = cw_buf_error(&payload);
        if (r < 0)
                return r;
        delivery = delivery_new(dispatcher, notifier, &(struct cw_outgoing){.id = NO_ID});
        if (!delivery)
                return -ENOMEM;
        delivery->refresh = true;
        r = start(delivery, payload.data, payload.len);
        if (r < 0)
                delivery_free(delivery);
        return r;
}

/* As it was written, not one made of it for each customer. SIZE_MAX: there is none. */
static size_t find_notifier(const struct cw_settings *settings, const char *name)
{
        for (size_t i = 0; i < settings->n_notifiers; i++)
                if (strcmp(settings->notifiers[i].options.name, name) == 0 && !settings->notifiers[i].customers)
                        return i;
        return SIZE_MAX;
}

static int send_test(struct cw_delivery *delivery)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf payload = CW_BUF_NULL;
        int r;

        for (size_t i = 0; i < 4; i++)
                snprintf(delivery->id + 8 * i, 9, "%08" PRIx32, cw_random_u32());
        r = cw_sink_render_test(cw_delivery_options(delivery), delivery->id, cw_clock_wall_ms(), &payload);
        return r < 0 ? r : start(delivery, payload.data, payload.len);
}

int cw_dispatcher_test(struct cw_dispatcher *dispatcher, const char *name, cw_tested_fn done, void *data)
{
        size_t notifier = find_notifier(dispatcher->settings, name);
        struct cw_delivery *delivery;
        int r;

        if (notifier == SIZE_MAX || dispatcher->closing)
                return -ENOENT;
        for (delivery = dispatcher->deliveries; delivery; delivery = delivery->next)
                if (delivery->tested && delivery->notifier == notifier && delivery->settings == dispatcher->settings)
                        return -EBUSY;
        delivery = delivery_new(dispatcher, notifier, &(struct cw_outgoing){.id = NO_ID});
        if (!delivery)
                return -ENOMEM;
        delivery->tested = done;
        delivery->tester = data;
        r = send_test(delivery);
        if (r < 0)
                delivery_free(delivery);
        return r;
}

/* Alone: neither what ended meanwhile nor what is on its way may be overtaken. */
static void refresh_if_due(struct cw_dispatcher *dispatcher, size_t notifier)
{
        int64_t every_ms = cw_sink_refresh_ms(dispatcher->settings->notifiers[notifier].options.type);
        struct cw_refresh *due = &dispatcher->refreshes[notifier];
        int64_t now = cw_clock_wall_ms();
        struct cw_told told;
        int r;

        if (every_ms == 0 || dispatcher->lanes[notifier].busy > 0 ||
            (due->due_at > now && due->due_at <= now + every_ms))
                return;
        due->due_at = now + every_ms;
        r = cw_engine_told(dispatcher->options.engine, notifier, &told);
        if (r == 0) {
                r = told.n > 0 ? refresh(dispatcher, notifier, &told) : 0;
                cw_told_deinit(&told);
        }
        if (r < 0)
                cw_log(dispatcher->options.log, CW_LOG_ERROR, "refresh-failed", "notifier", "%s",
                       dispatcher->settings->notifiers[notifier].options.name, "reason", "%s", strerror(-r), NULL);
}

/* With `once` a message that was tried is left alone: it stays in hand until the process ends. */
static bool tried_before(struct cw_dispatcher *dispatcher, uint64_t sequence)
{
        if (!dispatcher->options.once)
                return false;
        if (cw_map_get(&dispatcher->attempted, sequence))
                return true;
        return cw_map_put(&dispatcher->attempted, sequence, dispatcher) < 0;
}

static void pump_notifier(struct cw_dispatcher *dispatcher, size_t notifier)
{
        struct cw_outbox *outbox = cw_engine_outbox(dispatcher->options.engine);
        size_t most = most_at_once(dispatcher->settings->notifiers[notifier].options.type);
        struct cw_outgoing outgoing;

        send_waiting(dispatcher, notifier, most);
        refresh_if_due(dispatcher, notifier);
        /* With `once` nobody will be there when a wait is over: whatever is first in its group goes now. */
        while (dispatcher->lanes[notifier].busy < most + dispatcher->lanes[notifier].ahead &&
               cw_outbox_next(outbox, notifier, dispatcher->options.once ? CW_OUTBOX_ALL_NOW : cw_clock_wall_ms(),
                              &outgoing)) {
                if (!tried_before(dispatcher, outgoing.sequence))
                        begin(dispatcher, notifier, &outgoing);
                if (cw_loop_has_enough(dispatcher->options.loop)) {
                        look_around_soon(dispatcher);
                        return;
                }
        }
}

static void set_timer(struct cw_dispatcher *dispatcher)
{
        int64_t now = cw_clock_wall_ms(), wait_ms = WAKE_LONGEST_MS;

        for (size_t i = 0; i < dispatcher->settings->n_notifiers; i++) {
                int64_t at = cw_outbox_wake_at(cw_engine_outbox(dispatcher->options.engine), i);

                if (at && at > now && at - now < wait_ms)
                        wait_ms = at - now;
                at = dispatcher->refreshes[i].due_at - now;
                /* Who is busy is looked at when that is over. */
                if (dispatcher->refreshes[i].due_at && dispatcher->lanes[i].busy == 0 && at < wait_ms)
                        wait_ms = at > 0 ? at : 1;
        }
        cw_timer_start(dispatcher->timer, (uint64_t)wait_ms);
}

void cw_dispatcher_pump(struct cw_dispatcher *dispatcher)
{
        if (dispatcher->closing)
                return;
        for (size_t i = 0; i < dispatcher->settings->n_notifiers; i++)
                pump_notifier(dispatcher, i);
        cw_committer_commit(dispatcher->options.committer);
        set_timer(dispatcher);
}

size_t cw_dispatcher_busy(const struct cw_dispatcher *dispatcher)
{
        return dispatcher->n_deliveries + dispatcher->turning;
}

size_t cw_dispatcher_failed(const struct cw_dispatcher *dispatcher)
{
        return dispatcher->n_failed;
}

void cw_dispatcher_cancel(struct cw_dispatcher *dispatcher)
{
        dispatcher->closing = true;
        cw_timer_stop(dispatcher->timer);
        for (size_t i = 0; i < dispatcher->settings->n_notifiers; i++)
                send_waiting(dispatcher, i, SIZE_MAX);
        for (struct cw_delivery *delivery = dispatcher->deliveries; delivery; delivery = delivery->next)
                if (delivery->attempt)
                        cw_attempt_cancel(delivery->attempt);
                else if (delivery->pictures)
                        cw_pictures_give_up(delivery->pictures);
}
