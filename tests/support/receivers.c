/* SPDX-License-Identifier: Apache-2.0 */
#include "receivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/digest.h"
#include "cardwatch/outbox.h"

static const char *const states[] = {"firing", "resolved", "event"};

static void put_amount(struct cw_buf *buf, const struct cw_entry *entry, struct cw_maybe_amount amount)
{
        if (!amount.known)
                return;
        cw_buf_putc(buf, ' ');
        cw_amount_format(buf, amount.amount, cw_currency_digits(entry->card.currency));
}

static void put_marks(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_buf_printf(buf, " %s", cw_severity_name(entry->severity));
        if (entry->flapping)
                cw_buf_puts(buf, " flapping");
        if (entry->confirmed >= 0)
                cw_buf_puts(buf, entry->confirmed ? " confirmed" : " unconfirmed");
}

static void put_item(struct cw_buf *buf, const struct cw_item *item, bool in_full)
{
        const struct cw_entry *entry = item->entry;

        cw_buf_puts(buf, entry->rule);
        if (entry->has_card)
                cw_buf_printf(buf, "/%" PRId64, entry->card.id);
        cw_buf_printf(buf, " %s", states[entry->state]);
        put_amount(buf, entry, entry->current);
        if (in_full)
                put_marks(buf, entry);
        if (item->previous_severity)
                cw_buf_printf(buf, " was %s", cw_severity_name(item->previous_severity));
        if (item->folded)
                cw_buf_puts(buf, " folded");
        if (item->silenced)
                cw_buf_puts(buf, " silenced");
}

/* "daily +2 -1 !0": what began, ended, happened since the last one. */
static void put_facts(struct cw_buf *buf, const struct cw_digest_facts *facts)
{
        cw_buf_printf(buf, " %s +%" PRIu32 " -%" PRIu32 " !%" PRIu32, facts->name, facts->n_fired, facts->n_ended,
                      facts->n_events);
        if (facts->n_acknowledged)
                cw_buf_printf(buf, " acknowledged %" PRIu32, facts->n_acknowledged);
        if (facts->n_silenced)
                cw_buf_printf(buf, " silenced %" PRIu32, facts->n_silenced);
        if (facts->late)
                cw_buf_puts(buf, " late");
        if (facts->blind)
                cw_buf_puts(buf, " blind");
}

static void put_line(struct cw_buf *buf, const struct cw_notice *notice, bool in_full)
{
        cw_buf_puts(buf, notice->notifier);
        cw_buf_printf(buf, " %s",
                      notice->kind == CW_NOTICE_EVENT    ? "event"
                      : notice->kind == CW_NOTICE_DIGEST ? "digest"
                      : notice->firing                   ? "firing"
                                                         : "resolved");
        if (notice->digest)
                put_facts(buf, notice->digest);
        if (notice->baseline)
                cw_buf_puts(buf, " baseline");
        if (notice->repeat)
                cw_buf_printf(buf, " repeat %" PRIu32, notice->repeat);
        for (size_t i = 0; i < notice->n_listed; i++) {
                cw_buf_puts(buf, i ? ", " : ": ");
                put_item(buf, &notice->items[i], in_full);
        }
        if (notice->n_listed < notice->n_items)
                cw_buf_printf(buf, " and %zu", notice->n_items - notice->n_listed);
        cw_buf_putc(buf, '\n');
}

static void put_entry(struct cw_buf *buf, const struct cw_item *item)
{
        const struct cw_entry *entry = item->entry;

        cw_buf_printf(buf, "entry %016" PRIx64 " %" PRIu32 " %d %d %s %s %s", entry->fingerprint, item->edge,
                      entry->state, item->folded, entry->source, cw_severity_name(entry->severity), entry->reason);
        cw_buf_printf(buf, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, entry->card.customer, entry->started_at,
                      entry->fired_at, entry->resolved_at);
        put_amount(buf, entry, entry->fired);
        put_amount(buf, entry, entry->worst);
        if (entry->has_previous)
                cw_buf_printf(buf, " was %" PRId64, entry->previous.available);
        cw_buf_printf(buf, " %" PRIu32 " %" PRId64 " %" PRId64 " %" PRId64, entry->fired_this_week, entry->empty_at,
                      entry->fall.since_at, entry->fall.fell);
        cw_buf_printf(buf, " %s %s %s %d %d %d\n", entry->limit_label ? entry->limit_label : "-",
                      entry->limit_text ? entry->limit_text : "-", entry->summary ? entry->summary : "-",
                      entry->baseline, entry->flapping, entry->confirmed);
}

/* The first line is what tests compare; the rest makes sure that nothing in a message changes unnoticed. */
static void put_payload(struct cw_buf *buf, const struct cw_notice *notice, bool in_full)
{
        put_line(buf, notice, in_full);
        cw_buf_printf(
                buf,
                "message %d %" PRIu32 " %d thread %s %d at %" PRId64 " counts %" PRIu32 " %" PRIu32 " %" PRIu32 " %s\n",
                notice->kind, notice->repeat, notice->baseline, notice->thread, notice->opens_thread, notice->sent_at,
                notice->n_firing, notice->n_resolved, notice->n_events, cw_severity_name(notice->severity));
        for (size_t i = 0; i < notice->n_group; i++)
                cw_buf_printf(buf, "group %s=%s\n", notice->group[i].name, notice->group[i].value);
        for (size_t i = 0; i < notice->n_items; i++)
                put_entry(buf, &notice->items[i]);
        if (notice->digest)
                cw_buf_printf(buf, "digest due %" PRId64 " since %" PRId64 " cards %" PRIu64 " looked %" PRId64 "\n",
                              notice->digest->due_at, notice->digest->since_at, notice->digest->n_cards,
                              notice->digest->looked_at);
        for (size_t i = 0; i < notice->n_tallies; i++)
                cw_buf_printf(buf, "tally %s %s %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", notice->tallies[i].rule,
                              notice->tallies[i].currency, notice->tallies[i].firing, notice->tallies[i].resolved,
                              notice->tallies[i].events);
}

static char *render(struct world *world, uint64_t sequence)
{
        struct cw_event event = {.kind = CW_EVENT_RENDERED};
        struct cw_buf payload = CW_BUF_NULL;
        const struct cw_notice *notice;
        char *text;

        if (cw_outbox_notice(cw_engine_outbox(world->engine), sequence, world->now, false, &notice) < 0)
                abort();
        put_payload(&payload, notice, world->in_full);
        event.message.sequence = sequence;
        event.message.payload = payload.data;
        event.message.payload_len = payload.len;
        world_step(world, &event);
        world_commit(world);
        if (cw_buf_take(&payload, &text) < 0)
                abort();
        return text;
}

bool receiver_take(struct world *world, size_t notifier, struct message *ret_message)
{
        struct cw_outgoing outgoing;

        if (!cw_outbox_next(cw_engine_outbox(world->engine), notifier, world->now, &outgoing))
                return false;
        *ret_message = (struct message){.sequence = outgoing.sequence, .notifier = notifier};
        memcpy(ret_message->id, outgoing.id, sizeof(ret_message->id));
        if (outgoing.payload)
                ret_message->payload = strndup(outgoing.payload, outgoing.payload_len);
        else
                ret_message->payload = render(world, outgoing.sequence);
        if (!ret_message->payload)
                abort();
        if (world->attempted)
                world->attempted(world->data, ret_message);
        return true;
}

void message_drop(struct message *message)
{
        free(message->payload);
        message->payload = NULL;
}

void receiver_accepts(struct world *world, struct message *message)
{
        struct cw_event event = {.kind = CW_EVENT_DELIVERED, .message = {.sequence = message->sequence}};
        const char *end = strchr(message->payload, '\n');

        cw_buf_append(&world->told, message->payload, (size_t)(end - message->payload) + 1);
        if (world->accepted)
                world->accepted(world->data, message);
        message_drop(message);
        world_step(world, &event);
        world_commit(world);
}

void receiver_fails(struct world *world, struct message *message, bool permanent, int64_t asked_ms)
{
        struct cw_event event = {
                .kind = CW_EVENT_ATTEMPT_FAILED,
                .message = {.sequence = message->sequence,
                            .permanent = permanent,
                            .mishap = world->receivers[message->notifier].mishap,
                            .asked_ms = asked_ms,
                            .chance = UINT32_MAX,
                            .reason = permanent ? "404" : "503"},
        };

        message_drop(message);
        world_step(world, &event);
        world_commit(world);
}

static bool is_poison(const struct receiver *receiver, const struct message *message)
{
        const char *found = receiver->poison ? strstr(message->payload, receiver->poison) : NULL;

        return found && found < strchr(message->payload, '\n');
}

static bool deliver_one(struct world *world, size_t notifier)
{
        const struct receiver *receiver = &world->receivers[notifier];
        struct message message;

        if (!receiver_take(world, notifier, &message))
                return false;
        if (receiver->mood == ACCEPTS && !is_poison(receiver, &message))
                receiver_accepts(world, &message);
        else
                receiver_fails(world, &message, receiver->mood == REFUSES, receiver->asked_ms);
        return true;
}

void world_deliver(struct world *world)
{
        bool any;

        do {
                any = false;
                for (size_t i = 0; i < world->rules->n_notifiers; i++)
                        any |= deliver_one(world, i);
        } while (any);
}

/* The next time at which something wants to happen, or `end`. */
static int64_t next_stop(struct world *world, int64_t end)
{
        int64_t at = cw_engine_wake_at(world->engine);

        if (at && at < end)
                end = at;
        for (size_t i = 0; i < world->rules->n_notifiers; i++) {
                at = cw_outbox_wake_at(cw_engine_outbox(world->engine), i);
                if (at && at < end)
                        end = at;
        }
        return end > world->now ? end : world->now + 1;
}

void world_pass(struct world *world, int64_t ms)
{
        int64_t end = world->now + ms;

        while (world->now < end) {
                int64_t stop = next_stop(world, end);

                world->now = stop < end ? stop : end;
                world_step(world, &(struct cw_event){.kind = CW_EVENT_TICK});
                world_commit(world);
                world_deliver(world);
        }
}

const char *world_told(struct world *world)
{
        static const char nothing[] = "";
        const char *text;

        /* The text of the last time is kept until now. */
        free(world->told_before);
        world->told_before = NULL;
        if (!world->told.len)
                return nothing;
        if (cw_buf_take(&world->told, &world->told_before) < 0)
                abort();
        text = world->told_before;
        return text;
}

const char *world_polled(struct world *world)
{
        world_pass(world, CW_MINUTE_MS);
        world_poll(world, &(struct world_poll){.source = 0});
        world_deliver(world);
        return world_told(world);
}
