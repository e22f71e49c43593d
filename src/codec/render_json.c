/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the contract of the webhook's body, member by member in its order. Amounts are exact texts; what is not known
 * is null. What the contract does not name comes last (`others`: what is counted and not listed).
 */
#include "render_json.h"
#include "cardwatch/render_alert.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf_room.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/digest.h"
#include "cardwatch/hash.h"
#include "cardwatch/letter.h"
#include "cardwatch/render.h"

enum { BODY_VERSION = 1 };

enum { HEAD_USUAL = 500, ENTRY_USUAL = 1000 }; /* bytes, so that a buffer need not grow and move */

CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

static const char *const kind_names[] = {"alert", "event", "digest", "test"};
static const char *const state_names[] = {"firing", "resolved", "event"};

static const char *status_of(const struct cw_notice *notice)
{
        if (notice->kind != CW_NOTICE_ALERT)
                return kind_names[notice->kind];
        return state_names[notice->firing ? CW_ENTRY_FIRING : CW_ENTRY_RESOLVED];
}

bool cw_render_url(struct cw_buf *buf, const struct cw_render_options *options, const struct cw_entry *entry)
{
        size_t len = options && options->external_url ? strlen(options->external_url) : 0;

        if (len == 0)
                return false;
        while (len > 0 && options->external_url[len - 1] == '/')
                len--;
        cw_buf_append(buf, options->external_url, len);
        if (entry && entry->has_card)
                cw_buf_printf(buf, "/#/cards/%s/%" PRId64, entry->source, entry->card.id);
        else
                cw_buf_puts(buf, "/#/alerts");
        return true;
}

static void put_url(struct cw_json_out *out, const struct cw_render_options *options, const struct cw_entry *entry)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        if (!cw_render_url(&url, options, entry))
                cw_json_out_null(out, "url");
        else
                cw_json_out_string(out, "url", cw_buf_text(&url));
}

/* Null where an entry is disguised (no digits): percentages have a member of their own. */
static void put_amount(struct cw_json_out *out, const char *name, int digits, cw_amount amount)
{
        if (digits >= 0)
                cw_json_out_amount(out, name, amount, (unsigned)digits);
        else
                cw_json_out_null(out, name);
}

static void put_maybe(struct cw_json_out *out, const char *name, int digits, const struct cw_maybe_amount *amount)
{
        put_amount(out, name, amount->known ? digits : -1, amount->amount);
}

/* A name that came before would make an object that strict readers refuse: the first one stands. */
static void put_labels(struct cw_json_out *out, const struct cw_entry *entry)
{
        cw_json_out_open(out, "labels", '{');
        for (size_t i = 0; i < entry->n_labels; i++) {
                size_t first = 0;

                while (strcmp(entry->labels[first].name, entry->labels[i].name) != 0)
                        first++;
                if (first == i)
                        cw_json_out_string(out, entry->labels[i].name, entry->labels[i].value);
        }
        cw_json_out_close(out, '}');
}

static void put_group(struct cw_json_out *out, const struct cw_notice *notice)
{
        cw_json_out_open(out, "group", '{');
        for (size_t i = 0; i < notice->n_group; i++) {
                size_t first = 0;

                while (strcmp(notice->group[first].name, notice->group[i].name) != 0)
                        first++;
                if (first == i)
                        cw_json_out_string(out, notice->group[i].name, notice->group[i].value);
        }
        cw_json_out_close(out, '}');
}

static void put_card(struct cw_json_out *out, const struct cw_entry *entry, int digits)
{
        const struct cw_card *card = &entry->card;

        cw_json_out_open(out, "customer", '{');
        cw_json_out_int(out, "id", card->customer);
        cw_json_out_string(out, "reference", card->reference);
        cw_json_out_close(out, '}');

        cw_json_out_open(out, "card", '{');
        cw_json_out_int(out, "id", card->id);
        cw_json_out_string(out, "currency", card->currency);
        cw_json_out_string(out, "last4", card->last4[0] ? card->last4 : NULL);
        cw_json_out_bool(out, "suppressed", card->suppressed);
        cw_json_out_close(out, '}');

        cw_json_out_open(out, "balances", '{');
        put_amount(out, "available", digits, card->available);
        put_amount(out, "pending", digits, card->pending);
        put_amount(out, "total", digits, card->total);
        cw_json_out_close(out, '}');
}

static void put_previous(struct cw_json_out *out, const struct cw_entry *entry, int digits)
{
        if (!entry->has_previous) {
                cw_json_out_null(out, "previous");
                return;
        }
        cw_json_out_open(out, "previous", '{');
        put_amount(out, "available", digits, entry->previous.available);
        put_amount(out, "pending", digits, entry->previous.pending);
        put_amount(out, "total", digits, entry->previous.total);
        cw_json_out_bool(out, "suppressed", entry->previous.suppressed);
        cw_json_out_close(out, '}');
}

static void put_value(struct cw_json_out *out, const struct cw_entry *entry, int digits)
{
        if (!entry->fired.known && !entry->worst.known && !entry->current.known) {
                cw_json_out_null(out, "value");
                return;
        }
        cw_json_out_open(out, "value", '{');
        put_maybe(out, "fired", digits, &entry->fired);
        put_maybe(out, "worst", digits, &entry->worst);
        put_maybe(out, "current", digits, &entry->current);
        cw_json_out_close(out, '}');
}

static void put_percentage(struct cw_json_out *out, const char *name, bool known, cw_amount percent)
{
        if (known)
                cw_json_out_int(out, name, percent / CW_AMOUNT_UNIT);
        else
                cw_json_out_null(out, name);
}

/* Of the threshold. */
static void put_percentages(struct cw_json_out *out, const struct cw_entry *entry)
{
        cw_json_out_open(out, "percent", '{');
        put_percentage(out, "available", true, entry->card.available);
        put_percentage(out, "pending", true, entry->card.pending);
        put_percentage(out, "total", true, entry->card.total);
        put_percentage(out, "previous", entry->has_previous, entry->previous.available);
        put_percentage(out, "fired", entry->fired.known, entry->fired.amount);
        put_percentage(out, "worst", entry->worst.known, entry->worst.amount);
        put_percentage(out, "current", entry->current.known, entry->current.amount);
        cw_json_out_close(out, '}');
}

static void put_amounts(struct cw_json_out *out, const struct cw_entry *entry)
{
        int digits = entry->figures == CW_FIGURES_AMOUNTS ? (int)cw_currency_digits(entry->card.currency) : -1;

        put_card(out, entry, digits);
        put_previous(out, entry, digits);
        put_value(out, entry, digits);
        if (entry->figures == CW_FIGURES_PERCENT)
                put_percentages(out, entry);
}

static void put_no_amounts(struct cw_json_out *out)
{
        static const char *const names[] = {"customer", "card", "balances", "previous", "value"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++)
                cw_json_out_null(out, names[i]);
}

static void open_entry(struct cw_json_out *out, const struct cw_item *item, const struct cw_render_options *options,
                       const char *summary, const char *description)
{
        const struct cw_entry *entry = item->entry;
        char fingerprint[17];

        cw_hash_hex64(entry->fingerprint, fingerprint);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "fingerprint", fingerprint);
        cw_json_out_string(out, "rule", entry->rule);
        cw_json_out_string(out, "state", state_names[entry->state]);
        cw_json_out_string(out, "severity", cw_severity_name(entry->severity));
        cw_json_out_string(out, "previous_severity",
                           item->previous_severity ? cw_severity_name(item->previous_severity) : NULL);
        cw_json_out_string(out, "source", entry->source);
        put_labels(out, entry);
        if (entry->has_card)
                put_amounts(out, entry);
        else
                put_no_amounts(out);
        if (summary) {
                cw_json_out_string(out, "summary", summary);
                cw_json_out_string(out, "description", description);
        }
        cw_json_out_string(out, "reason", entry->reason ? entry->reason : "");
        cw_json_out_time(out, "started_at", entry->started_at);
        cw_json_out_time(out, "fired_at", entry->fired_at);
        cw_json_out_time(out, "resolved_at", entry->resolved_at);
        cw_json_out_string(out, "acknowledged_by", entry->acknowledged_by);
        cw_json_out_bool(out, "flapping", entry->flapping);
        cw_json_out_bool(out, "folded", item->folded);
        if (item->silenced)
                cw_json_out_bool(out, "silenced", true);
        if (entry->confirmed < 0)
                cw_json_out_null(out, "confirmed");
        else
                cw_json_out_bool(out, "confirmed", entry->confirmed > 0);
        put_url(out, options, entry);
        if (entry->fired_this_week > 0)
                cw_json_out_int(out, "fired_this_week", entry->fired_this_week);
        else
                cw_json_out_null(out, "fired_this_week");
        cw_json_out_time(out, "empty_at", entry->empty_at);
}

void cw_render_json_entry(struct cw_json_out *out, const struct cw_item *item, const struct cw_render_options *options,
                          const char *summary, const char *description)
{
        open_entry(out, item, options, summary, description);
        cw_json_out_close(out, '}');
}

int cw_render_alert_open(struct cw_json_out *out, struct cw_entry *entry, const struct cw_render_options *options)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf summary = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf description = CW_BUF_NULL;
        struct cw_item item = {.entry = entry};
        struct cw_notice alone = {
                .id = "", .notifier = "", .severity = entry->severity, .items = &item, .n_items = 1, .n_listed = 1};
        int r = cw_render_words_new(&alone, options, &words);

        if (r == 0)
                r = cw_render_words_summary(words, &item, &summary);
        if (r == 0)
                r = cw_render_words_description(words, &item, &description);
        if (r < 0)
                return r;
        open_entry(out, &item, options, cw_buf_text(&summary), cw_buf_text(&description));
        return cw_buf_error(out->buf);
}

void cw_render_json_head(struct cw_json_out *out, const struct cw_notice *notice, const char *title)
{
        cw_json_out_int(out, "version", BODY_VERSION);
        cw_json_out_string(out, "id", notice->id);
        cw_json_out_string(out, "kind", kind_names[notice->kind]);
        cw_json_out_string(out, "status", status_of(notice));
        cw_json_out_string(out, "notifier", notice->notifier);
        cw_json_out_bool(out, "baseline", notice->baseline);
        cw_json_out_int(out, "repeat", notice->repeat);
        cw_json_out_time(out, "sent_at", notice->sent_at);
        cw_json_out_string(out, "severity", cw_severity_name(notice->severity));
        cw_json_out_string(out, "title", title);
        put_group(out, notice);
        cw_json_out_open(out, "counts", '{');
        cw_json_out_int(out, "firing", notice->n_firing);
        cw_json_out_int(out, "resolved", notice->n_resolved);
        cw_json_out_int(out, "events", notice->n_events);
        cw_json_out_int(out, "listed", (int64_t)notice->n_listed);
        cw_json_out_close(out, '}');
}

static void put_others(struct cw_json_out *out, const struct cw_notice *notice)
{
        cw_json_out_open(out, "others", '[');
        for (size_t i = 0; i < notice->n_tallies; i++) {
                const struct cw_tally *tally = &notice->tallies[i];

                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "rule", tally->rule);
                cw_json_out_string(out, "currency", tally->currency);
                cw_json_out_int(out, "firing", tally->firing);
                cw_json_out_int(out, "resolved", tally->resolved);
                cw_json_out_int(out, "events", tally->events);
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
}

static int put_alerts(struct cw_json_out *out, const struct cw_notice *notice, const struct cw_render_options *options)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf summary = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf description = CW_BUF_NULL;
        int r;

        r = cw_render_words_new(notice, options, &words);
        cw_json_out_open(out, "alerts", '[');
        for (size_t i = 0; r == 0 && i < notice->n_listed; i++) {
                cw_buf_clear(&summary);
                cw_buf_clear(&description);
                r = cw_render_words_summary(words, &notice->items[i], &summary);
                if (r == 0)
                        r = cw_render_words_description(words, &notice->items[i], &description);
                if (r == 0)
                        cw_render_json_entry(out, &notice->items[i], options, cw_buf_text(&summary),
                                             cw_buf_text(&description));
        }
        cw_json_out_close(out, ']');
        return r;
}

static void put_digest(struct cw_json_out *out, const struct cw_digest_facts *facts)
{
        cw_json_out_open(out, "digest", '{');
        cw_json_out_string(out, "name", facts->name);
        cw_json_out_time(out, "due_at", facts->due_at);
        cw_json_out_time(out, "since", facts->since_at);
        cw_json_out_bool(out, "late", facts->late);
        cw_json_out_int(out, "fired", facts->n_fired);
        cw_json_out_int(out, "ended", facts->n_ended);
        cw_json_out_int(out, "events", facts->n_events);
        cw_json_out_int(out, "acknowledged", facts->n_acknowledged);
        cw_json_out_int(out, "silenced", facts->n_silenced);
        if (facts->n_cards > 0)
                cw_json_out_int(out, "cards", (int64_t)facts->n_cards);
        else
                cw_json_out_null(out, "cards");
        cw_json_out_time(out, "looked_at", facts->looked_at);
        cw_json_out_bool(out, "blind", facts->blind);
        cw_json_out_close(out, '}');
}

int cw_render_json(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        struct cw_json_out out = {.buf = buf};
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        int r;

        r = cw_render_title(notice, options, &title);
        if (r < 0)
                return r;
        if (!buf->limit)
                (void)cw_buf_reserve(buf, HEAD_USUAL + notice->n_listed * ENTRY_USUAL); /* a failure sticks */
        cw_json_out_open(&out, NULL, '{');
        cw_render_json_head(&out, notice, cw_buf_text(&title));
        r = put_alerts(&out, notice, options);
        if (r < 0)
                return r;
        put_url(&out, options, NULL);
        put_others(&out, notice);
        if (notice->digest)
                put_digest(&out, notice->digest);
        cw_json_out_close(&out, '}');
        return cw_buf_error(buf);
}
