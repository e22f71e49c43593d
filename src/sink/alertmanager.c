/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: Alertmanager knows an alert by its labels and forgets it at its endsAt, so what still fires is sent again
 * before that (the daemon does, see cw_sink_refresh_ms), and ends by itself when nobody speaks for it any more. Until
 * when is counted from each attempt: a message that waited an hour must not tell of alerts that are over. A severity is
 * a label; when it changes, the alert it was is ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/json_out.h"
#include "cardwatch/letter.h"
#include "cardwatch/render.h"
#include "lines.h"

enum {
        LASTS_MS = 15 * 60 * 1000, /* unless it is sent again */
        ALERTS_MAX = 500, /* in one request */
};

#define ENDED "{\"endsAt\":"

CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

static void put_number(struct cw_json_out *out, const char *name, int64_t value)
{
        char text[24];

        snprintf(text, sizeof(text), "%" PRId64, value);
        cw_json_out_string(out, name, text);
}

static bool is_ours(const char *label)
{
        static const char *const ours[] = {"alertname", "severity", "source",     "customer",
                                           "card",      "currency", "fingerprint"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(ours); i++)
                if (strcmp(ours[i], label) == 0)
                        return true;
        return false;
}

/* Alerts of the daemon itself have no card to be told apart by. */
static void put_labels(struct cw_json_out *out, const struct cw_entry *entry, enum cw_severity severity)
{
        char fingerprint[17];

        cw_json_out_open(out, "labels", '{');
        cw_json_out_string(out, "alertname", entry->rule);
        cw_json_out_string(out, "severity", cw_severity_name(severity));
        if (entry->source && *entry->source)
                cw_json_out_string(out, "source", entry->source);
        if (entry->has_card) {
                put_number(out, "customer", entry->card.customer);
                put_number(out, "card", entry->card.id);
                cw_json_out_string(out, "currency", entry->card.currency);
        } else {
                cw_hash_hex64(entry->fingerprint, fingerprint);
                cw_json_out_string(out, "fingerprint", fingerprint);
        }
        for (size_t i = 0; i < entry->n_labels; i++)
                if (!is_ours(entry->labels[i].name))
                        cw_json_out_string(out, entry->labels[i].name, entry->labels[i].value);
        cw_json_out_close(out, '}');
}

static void put_description(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_render_limit(buf, entry);
        if (entry->reason && *entry->reason) {
                cw_buf_puts(buf, buf->len > 0 ? "; " : "");
                cw_render_visible(buf, entry->reason, 1000);
        }
}

/* One alert as it is told at this severity. `ends_at` 0: it goes on, until when is said by each attempt. */
struct line {
        const struct cw_sink_options *options;
        const struct cw_notice *notice;
        struct cw_render_words *words;
        const struct cw_item *item;
        enum cw_severity severity;
        int64_t ends_at;
};

/* What the notifier's own words say of this alert; a buffer that stays empty: nothing. */
static int say_own(const struct line *line, struct cw_buf *summary, struct cw_buf *description)
{
        const struct cw_notice alone = cw_sink_alone(line->notice, line->item);
        struct cw_render_options how = cw_sink_words(line->options);
        int r = 0;

        if (line->options->title)
                r = cw_render_title(&alone, &how, summary);
        if (r == 0)
                r = cw_sink_body(line->options, &alone, description);
        return r < 0 ? r : 0;
}

static int put_annotations(struct cw_json_out *out, const struct line *line)
{
        const struct cw_item *item = line->item;
        cw_cleanup(cw_buf_deinit) struct cw_buf summary = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf description = CW_BUF_NULL;
        int r;

        r = say_own(line, &summary, &description);
        if (r == 0 && summary.len == 0)
                r = cw_render_words_summary(line->words, item, &summary);
        if (r == 0 && description.len == 0)
                r = cw_render_words_description(line->words, item, &description);
        if (r < 0)
                return r;
        if (description.len == 0)
                put_description(&description, item->entry);
        cw_json_out_open(out, "annotations", '{');
        cw_json_out_string(out, "summary", cw_buf_text(&summary));
        if (description.len > 0)
                cw_json_out_string(out, "description", cw_buf_text(&description));
        cw_json_out_close(out, '}');
        return cw_buf_error(&description);
}

/* An end before the beginning, which a clock that was set may bring, is refused. */
static int put_line(const struct line *line, struct cw_buf *payload)
{
        const struct cw_entry *entry = line->item->entry;
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;
        int64_t starts_at = entry->fired_at ? entry->fired_at : entry->started_at;
        struct cw_json_out out = {.buf = payload};
        int r;

        if (starts_at == 0 || starts_at > line->notice->sent_at)
                starts_at = line->notice->sent_at;
        cw_json_out_open(&out, NULL, '{');
        if (line->ends_at)
                cw_json_out_time(&out, "endsAt", line->ends_at > starts_at ? line->ends_at : starts_at);
        cw_json_out_time(&out, "startsAt", starts_at);
        put_labels(&out, entry, line->severity);
        r = put_annotations(&out, line);
        if (r < 0)
                return r;
        if (cw_render_url(&url, &(struct cw_render_options){.external_url = line->options->external_url}, entry))
                cw_json_out_string(&out, "generatorURL", cw_buf_text(&url));
        cw_json_out_close(&out, '}');
        cw_buf_putc(payload, '\n');
        return cw_buf_error(&url);
}

static int put_item(struct line *line, struct cw_buf *payload)
{
        const struct cw_item *item = line->item;
        int r = 0;

        if (item->entry->state == CW_ENTRY_FIRING && item->previous_severity != CW_SEVERITY_NONE) {
                line->severity = item->previous_severity;
                line->ends_at = line->notice->sent_at;
                r = put_line(line, payload);
        }
        line->severity = item->entry->severity;
        line->ends_at = item->entry->state == CW_ENTRY_RESOLVED ? item->entry->resolved_at ?: line->notice->sent_at : 0;
        return r < 0 ? r : put_line(line, payload);
}

static void put_test(const struct cw_notice *notice, struct cw_buf *payload)
{
        struct cw_json_out out = {.buf = payload};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_time(&out, "startsAt", notice->sent_at);
        cw_json_out_open(&out, "labels", '{');
        cw_json_out_string(&out, "alertname", "test");
        cw_json_out_string(&out, "severity", "info");
        cw_json_out_close(&out, '}');
        cw_json_out_open(&out, "annotations", '{');
        cw_json_out_string(&out, "summary", "TEST message: nothing is wrong");
        cw_json_out_close(&out, '}');
        cw_json_out_close(&out, '}');
        cw_buf_putc(payload, '\n');
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        struct line line = {.options = options, .notice = notice};
        struct cw_render_options how = cw_sink_words(options);
        int r;

        r = cw_render_words_new(notice, &how, &words);
        line.words = words;
        if (r == 0 && notice->n_items == 0)
                put_test(notice, payload);
        for (size_t i = 0; r == 0 && i < notice->n_items; i++) {
                line.item = &notice->items[i];
                r = put_item(&line, payload);
        }
        return r;
}

static void put_alert(struct cw_buf *body, const char *line, size_t len, const char *ends_at)
{
        cw_buf_putc(body, body->len == 0 ? '[' : ',');
        if (strncmp(line, ENDED, strlen(ENDED)) == 0)
                cw_buf_append(body, line, len);
        else
                cw_buf_printf(body, ENDED "\"%s\",%.*s", ends_at, (int)(len - 1), line + 1);
}

static int put_bodies(const char *payload, size_t payload_len, const char *ends_at, struct cw_sink_request *request)
{
        size_t at = 0, len, n = 0;
        const char *line;
        int r = 0;

        for (size_t i = 0; r == 0 && at < payload_len; i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;

                for (n = 0; n < ALERTS_MAX && cw_lines_next(payload, payload_len, &at, &line, &len); n++)
                        put_alert(&body, line, len, ends_at);
                cw_buf_putc(&body, ']');
                r = cw_lines_set_body(request, i, &body);
        }
        return r;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf ends_at = CW_BUF_NULL;
        size_t n;
        int r;

        (void)id;
        if (!options->server)
                return -EINVAL;
        r = cw_lines_count(payload, payload_len, &n);
        if (r < 0)
                return r;
        cw_clock_format_utc(&ends_at, now + LASTS_MS);
        r = cw_lines_begin(options, "/api/v2/alerts", (n + ALERTS_MAX - 1) / ALERTS_MAX, ret);
        if (r == 0)
                r = cw_buf_error(&ends_at);
        return r < 0 ? r : put_bodies(payload, payload_len, cw_buf_text(&ends_at), ret);
}

const struct cw_channel cw_channel_alertmanager = {"alertmanager", true, render, request, cw_lines_judge};
