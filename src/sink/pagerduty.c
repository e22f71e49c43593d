/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: an incident for each alert, known by its fingerprint, so that PagerDuty itself drops what it has and closes
 * what ended; and one for a message that tells of many, known by its group. Whether an alert had an incident of its own
 * is not remembered: that it ended together with many that had fired in the same minute says that it had not. The key
 * of the integration is added by each attempt and is never stored.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/json_out.h"
#include "cardwatch/render.h"
#include "cardwatch/secret.h"
#include "cardwatch/text.h"
#include "chat.h"
#include "lines.h"

enum {
        APART_MAX = 20, /* alerts of a message that have incidents of their own */
        RESOLVES_MAX = 100, /* of a message that tells of many */
        SUMMARY_MAX = 1024, /* characters */
        DETAILS_MAX = 16 * 1024, /* bytes; an event may have 512 KiB */
        TOGETHER_MS = 60 * 1000,
};

CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

static void put_text(struct cw_json_out *out, const char *name, const char *text, size_t characters)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf visible = CW_BUF_NULL;

        /* One character for the ellipsis. */
        cw_render_visible(&visible, text, characters - 1);
        cw_json_out_string(out, name, cw_buf_text(&visible));
        if (cw_buf_error(&visible) < 0)
                out->buf->error = cw_buf_error(&visible);
}

/* As far as the receiver may know it. */
static void put_amount(struct cw_json_out *out, const char *name, cw_amount amount, const struct cw_entry *entry)
{
        char percent[24];

        if (entry->figures == CW_FIGURES_AMOUNTS) {
                cw_json_out_amount(out, name, amount, cw_currency_digits(entry->card.currency));
        } else if (entry->figures == CW_FIGURES_PERCENT) {
                snprintf(percent, sizeof(percent), "%" PRId64 " %%", amount / CW_AMOUNT_UNIT);
                cw_json_out_string(out, name, percent);
        }
}

static void put_resolve(struct cw_buf *payload, const char *key)
{
        struct cw_json_out out = {.buf = payload};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "event_action", "resolve");
        cw_json_out_string(&out, "dedup_key", key);
        cw_json_out_close(&out, '}');
        cw_buf_putc(payload, '\n');
}

static void open_trigger(struct cw_json_out *out, const char *key, enum cw_severity severity)
{
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "event_action", "trigger");
        cw_json_out_string(out, "dedup_key", key);
        cw_json_out_string(out, "client", "cardwatch");
        cw_json_out_open(out, "payload", '{');
        cw_json_out_string(out, "severity", severity == CW_SEVERITY_NONE ? "info" : cw_severity_name(severity));
}

/* Inside the payload still. */
static void close_trigger(struct cw_json_out *out, const struct cw_sink_options *options, const struct cw_entry *entry)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        cw_json_out_close(out, '}');
        if (cw_render_url(&url, &(struct cw_render_options){.external_url = options->external_url}, entry))
                cw_json_out_string(out, "client_url", cw_buf_text(&url));
        cw_json_out_close(out, '}');
        cw_buf_putc(out->buf, '\n');
}

static void put_card(struct cw_json_out *out, const struct cw_entry *entry)
{
        const struct cw_card *card = &entry->card;

        cw_json_out_int(out, "customer", card->customer);
        if (card->reference)
                put_text(out, "reference", card->reference, SUMMARY_MAX);
        cw_json_out_int(out, "card", card->id);
        cw_json_out_string(out, "last4", card->last4);
        cw_json_out_string(out, "currency", card->currency);
        put_amount(out, "available", card->available, entry);
        put_amount(out, "pending", card->pending, entry);
        put_amount(out, "total", card->total, entry);
        if (entry->has_previous)
                put_amount(out, "available_before", entry->previous.available, entry);
        cw_json_out_bool(out, "deactivated", card->suppressed);
}

/* What a trigger is made from. */
struct about {
        const struct cw_sink_options *options;
        const struct cw_notice *notice;
        struct cw_render_words *words;
};

static int put_message(struct cw_json_out *out, const struct about *about, const struct cw_item *item)
{
        const struct cw_notice alone = cw_sink_alone(about->notice, item);
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;
        int r = cw_sink_body(about->options, &alone, &body);

        if (r == 0) {
                body.len = cw_text_prefix(cw_buf_text(&body), body.len, DETAILS_MAX / 4);
                cw_buf_putc(&body, '\0');
                cw_json_out_string(out, "message", cw_buf_text(&body));
        }
        return r < 0 ? r : cw_buf_error(&body);
}

static int put_details(struct cw_json_out *out, const struct about *about, const struct cw_item *item,
                       const char *limit)
{
        const struct cw_entry *entry = item->entry;
        cw_cleanup(cw_buf_deinit) struct cw_buf description = CW_BUF_NULL;
        char fingerprint[17];
        int r;

        r = cw_render_words_description(about->words, item, &description);
        if (r < 0)
                return r;
        cw_hash_hex64(entry->fingerprint, fingerprint);
        cw_json_out_open(out, "custom_details", '{');
        cw_json_out_string(out, "rule", entry->rule);
        if (entry->has_card)
                put_card(out, entry);
        if (*limit)
                cw_json_out_string(out, "limit", limit);
        if (entry->reason && *entry->reason)
                put_text(out, "reason", entry->reason, SUMMARY_MAX);
        if (description.len > 0)
                cw_json_out_string(out, "description", description.data);
        for (size_t i = 0; i < entry->n_labels; i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf name = CW_BUF_NULL;

                cw_buf_printf(&name, "label_%s", entry->labels[i].name);
                put_text(out, cw_buf_text(&name), entry->labels[i].value, SUMMARY_MAX);
        }
        cw_json_out_string(out, "fingerprint", fingerprint);
        r = put_message(out, about, item);
        cw_json_out_close(out, '}');
        return r < 0 ? r : cw_buf_error(&description);
}

/* "low-balance: Card 1 of acme-1 is down to 95.10 USD (floor 100)", or what `title` says of this alert. */
static int put_summary(struct cw_json_out *out, const struct about *about, const struct cw_item *item,
                       const char *limit)
{
        const struct cw_notice alone = cw_sink_alone(about->notice, item);
        struct cw_render_options how = cw_sink_words(about->options);
        struct cw_render_words *words = about->words;
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        int r;

        if (about->options->title) {
                r = cw_render_title(&alone, &how, &text);
                if (r == 0)
                        put_text(out, "summary", cw_buf_text(&text), SUMMARY_MAX);
                return r < 0 ? r : cw_buf_error(&text);
        }
        cw_buf_printf(&text, "%s: ", item->entry->rule);
        r = cw_render_words_summary(words, item, &text);
        if (r < 0)
                return r;
        if (*limit && item->entry->state == CW_ENTRY_FIRING)
                cw_buf_printf(&text, " (%s)", limit);
        put_text(out, "summary", cw_buf_text(&text), SUMMARY_MAX);
        return cw_buf_error(&text);
}

static int put_trigger(const struct about *about, const struct cw_item *item, const char *key, struct cw_buf *payload)
{
        const struct cw_entry *entry = item->entry;
        cw_cleanup(cw_buf_deinit) struct cw_buf limit = CW_BUF_NULL;
        int64_t at = entry->fired_at ? entry->fired_at : entry->started_at;
        struct cw_json_out out = {.buf = payload};
        int r;

        cw_render_limit(&limit, entry);
        open_trigger(&out, key, entry->severity);
        r = put_summary(&out, about, item, cw_buf_text(&limit));
        if (r < 0)
                return r;
        cw_json_out_string(&out, "source", entry->source && *entry->source ? entry->source : "cardwatch");
        if (at)
                cw_json_out_time(&out, "timestamp", at);
        if (entry->has_card && entry->card.reference)
                put_text(&out, "group", entry->card.reference, SUMMARY_MAX);
        cw_json_out_string(&out, "class", entry->rule);
        r = put_details(&out, about, item, cw_buf_text(&limit));
        close_trigger(&out, about->options, entry);
        return r < 0 ? r : cw_buf_error(&limit);
}

static int put_each(const struct about *about, struct cw_buf *payload)
{
        const struct cw_notice *notice = about->notice;
        char key[17];
        int r = 0;

        for (size_t i = 0; r == 0 && i < notice->n_items; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                cw_hash_hex64(entry->fingerprint, key);
                if (entry->state == CW_ENTRY_RESOLVED)
                        put_resolve(payload, key);
                else
                        r = put_trigger(about, &notice->items[i], key, payload);
        }
        return r;
}

/* The same for all messages about a group, in all its episodes. */
static void key_of_group(const struct cw_notice *notice, char ret_key[static 33])
{
        struct cw_hash hash;

        cw_hash_init128(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, notice->notifier);
        for (size_t i = 0; i < notice->n_group; i++) {
                cw_hash_string(&hash, notice->group[i].name);
                cw_hash_string(&hash, notice->group[i].value);
        }
        /* What has no group of its own has no other message. */
        if (notice->n_items == 0 || notice->baseline || notice->kind != CW_NOTICE_ALERT)
                cw_hash_string(&hash, notice->id);
        cw_hash_hex128(cw_hash_end128(&hash), ret_key);
}

static int lay_out_message(const struct cw_chat *chat, struct cw_buf *payload)
{
        const struct cw_notice *notice = chat->notice;
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_render_options words = cw_sink_words(chat->options);
        struct cw_json_out out = {.buf = payload};
        char key[33];
        int r;

        r = cw_render_title(notice, &words, &title);
        if (r < 0)
                return r;
        key_of_group(notice, key);
        cw_chat_put_body(chat, &cw_chat_plain, &text);
        open_trigger(&out, key, notice->severity);
        put_text(&out, "summary", cw_buf_text(&title), SUMMARY_MAX);
        cw_json_out_string(&out, "source",
                           notice->n_items ? notice->items[0].entry->source ?: "cardwatch" : "cardwatch");
        cw_json_out_time(&out, "timestamp", notice->sent_at);
        cw_json_out_open(&out, "custom_details", '{');
        cw_json_out_int(&out, "firing", notice->n_firing);
        cw_json_out_int(&out, "resolved", notice->n_resolved);
        cw_json_out_int(&out, "events", notice->n_events);
        cw_json_out_string(&out, "message", cw_buf_text(&text));
        cw_json_out_close(&out, '}');
        close_trigger(&out, chat->options, NULL);
        return cw_buf_error(&text) < 0 ? cw_buf_error(&text) : text.len > DETAILS_MAX ? CW_CHAT_TOO_LONG : 0;
}

static int by_number(const void *left, const void *right)
{
        int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

        return (a > b) - (a < b);
}

/* How many of them are less than `limit`. */
static size_t below(const int64_t *times, size_t n, int64_t limit)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (times[middle] < limit)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Resolutions of alerts that had incidents of their own. */
static int put_resolutions(const struct cw_notice *notice, struct cw_buf *payload)
{
        cw_autofree int64_t *times = calloc(notice->n_items, sizeof(*times));
        size_t n = 0;
        char key[17];

        if (!times)
                return -ENOMEM;
        for (size_t i = 0; i < notice->n_items; i++)
                times[i] = notice->items[i].entry->fired_at;
        qsort(times, notice->n_items, sizeof(*times), by_number);
        for (size_t i = 0; n < RESOLVES_MAX && i < notice->n_items; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                if (entry->state != CW_ENTRY_RESOLVED ||
                    below(times, notice->n_items, entry->fired_at + TOGETHER_MS + 1) -
                                    below(times, notice->n_items, entry->fired_at - TOGETHER_MS) >
                            APART_MAX)
                        continue;
                cw_hash_hex64(entry->fingerprint, key);
                put_resolve(payload, key);
                n++;
        }
        return 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        struct cw_render_options words_options = cw_sink_words(options); /* as long as the words */
        /* What is only counted belongs into the message, too. */
        bool many = notice->n_items > APART_MAX || notice->n_events > notice->n_items;
        char key[33];
        int r;

        if (notice->n_items == 0 || (many && notice->n_firing + notice->n_events > 0))
                r = cw_chat_render(options, notice, lay_out_message, payload);
        else
                r = cw_render_words_new(notice, &words_options, &words);
        if (r < 0)
                return r;
        if (many)
                r = put_resolutions(notice, payload);
        else if (words)
                r = put_each(&(struct about){options, notice, words}, payload);
        /* A group that never had many alerts has no incident of its own. */
        if (r == 0 && notice->over && notice->n_firing == 0 && notice->n_resolved > 0 &&
            (many || notice->most_members > APART_MAX)) {
                key_of_group(notice, key);
                put_resolve(payload, key);
        }
        /* Nothing that PagerDuty has. */
        if (r == 0 && payload->len == 0) {
                cw_hash_hex64(notice->items[0].entry->fingerprint, key);
                put_resolve(payload, key);
        }
        return r;
}

static int put_bodies(const struct cw_sink_options *options, const char *payload, size_t payload_len,
                      struct cw_sink_request *request)
{
        size_t at = 0, len;
        const char *line;
        int r = 0;

        for (size_t i = 0; r == 0 && cw_lines_next(payload, payload_len, &at, &line, &len); i++) {
                cw_cleanup(cw_buf_wipe) struct cw_buf body = CW_BUF_NULL;
                struct cw_json_out out = {.buf = &body};

                cw_json_out_open(&out, NULL, '{');
                cw_json_out_string(&out, "routing_key", cw_secret_reveal(options->routing_key));
                cw_buf_putc(&body, ',');
                cw_buf_append(&body, line + 1, len - 1);
                r = cw_lines_set_body(request, i, &body);
        }
        return r;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        size_t n;
        int r;

        (void)id;
        (void)now;
        if (!options->server || !options->routing_key)
                return -EINVAL;
        r = cw_lines_count(payload, payload_len, &n);
        if (r == 0)
                r = cw_lines_begin(options, "/v2/enqueue", n, ret);
        return r < 0 ? r : put_bodies(options, payload, payload_len, ret);
}

const struct cw_channel cw_channel_pagerduty = {"pagerduty", false, render, request, cw_lines_judge};
