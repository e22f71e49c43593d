/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what fires is looked at, and acknowledged one by one or as many as a match means; each is an event of its own.
 */
#include "control_alerts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/alert_match.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/hash.h"
#include "cardwatch/render.h"
#include "cardwatch/render_alert.h"
#include "cardwatch/settings.h"
#include "control_aside.h"
#include "control_call.h"

#define ACK_FOR_MS   (24 * CW_HOUR_MS)
#define ACKS_AT_ONCE 1000

CW_DEFINE_CLEANUP(struct cw_alert_match *, cw_alert_match_free);

static struct cw_engine *engine_of(const struct cw_control_call *call)
{
        return call->options->calls->engine(call->options->data);
}

static int compare(const void *one, const void *other)
{
        const struct cw_control_alert *a = one, *b = other;

        if (a->severity != b->severity)
                return a->severity > b->severity ? -1 : 1;
        if (a->fired_at != b->fired_at)
                return a->fired_at < b->fired_at ? -1 : 1;
        return a->fingerprint < b->fingerprint ? -1 : a->fingerprint > b->fingerprint;
}

/* Brings what comes at or before the last one to the front; returns how many those are. */
static size_t divide(struct cw_control_alert *items, size_t n, struct cw_control_alert last)
{
        size_t before = 0;

        for (size_t i = 0; i < n; i++) {
                struct cw_control_alert item = items[i];

                if (compare(&item, &last) > 0)
                        continue;
                items[i] = items[before];
                items[before++] = item;
        }
        return before;
}

/* Brings the first of all to the front, in order: of two parts the one in which their last one is is divided again. */
static void order_first(struct cw_control_alert *items, size_t n, size_t wanted)
{
        size_t from = 0, to = n;

        while (to - from > 2 * wanted + 16) {
                size_t before = divide(items + from, to - from, items[from + (to - from) / 2]);

                if (from + before < wanted)
                        from += before;
                else if (before < to - from)
                        to = from + before;
                else
                        break; /* it was the very last of them */
        }
        qsort(items, to, sizeof(*items), compare);
}

static int append(struct cw_control_alerts *alerts, size_t *capacity, const struct cw_entry *entry)
{
        if (alerts->n == *capacity) {
                size_t more = *capacity ? *capacity * 2 : 64;
                struct cw_control_alert *grown = reallocarray(alerts->items, more, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                alerts->items = grown;
                *capacity = more;
        }
        alerts->items[alerts->n++] = (struct cw_control_alert){
                .entry = entry,
                .fired_at = entry->fired_at,
                .fingerprint = entry->fingerprint,
                .severity = (int)entry->severity,
        };
        return 0;
}

int cw_control_find_alerts(const struct cw_engine *engine, const struct cw_alert_match *match,
                           const struct cw_control_alert *after, size_t wanted, struct cw_control_alerts *ret_alerts)
{
        const struct cw_entry *entry;
        size_t cursor = 0, capacity = 0;

        *ret_alerts = (struct cw_control_alerts){.n = 0};
        while (cw_engine_next_alert(engine, &cursor, &entry))
                if (cw_alert_match_holds(match, entry) && append(ret_alerts, &capacity, entry) < 0)
                        return -ENOMEM;
        if (after)
                ret_alerts->first = divide(ret_alerts->items, ret_alerts->n, *after);
        if (ret_alerts->n > ret_alerts->first)
                order_first(ret_alerts->items + ret_alerts->first, ret_alerts->n - ret_alerts->first, wanted);
        return 0;
}

void cw_control_alerts_deinit(struct cw_control_alerts *alerts)
{
        free(alerts->items);
}

static const char *silence_of(const struct cw_engine *engine, const struct cw_entry *entry)
{
        struct cw_silence_view view;
        size_t cursor = 0;

        while (cw_engine_next_silence(engine, &cursor, &view))
                if (cw_alert_match_holds(view.match, entry))
                        return view.id;
        return NULL;
}

static int put_alert(struct cw_control_call *call, struct cw_json_out *out, const struct cw_entry *entry)
{
        const struct cw_settings *settings = call->options->calls->settings(call->options->data);
        struct cw_render_options options = {.external_url = settings->config->external_url,
                                            .names_source = settings->config->n_sources > 1,
                                            .templates = settings->templates};
        struct cw_buf limit = CW_BUF_NULL;
        int r = cw_render_alert_open(out, (struct cw_entry *)entry, &options);

        if (r < 0)
                return r;
        cw_render_limit(&limit, entry);
        cw_json_out_string(out, "limit", limit.len ? cw_buf_text(&limit) : NULL);
        cw_json_out_string(out, "silenced_by", silence_of(engine_of(call), entry));
        cw_json_out_close(out, '}');
        r = cw_buf_error(&limit);
        cw_buf_deinit(&limit);
        return r;
}

bool cw_control_put_alerts(struct cw_control_call *call, struct cw_json_out *out,
                           const struct cw_control_alerts *alerts, size_t limit)
{
        int r = 0;

        cw_json_out_open(out, "alerts", '[');
        for (size_t i = alerts->first; r == 0 && i < alerts->n && i - alerts->first < limit; i++)
                r = put_alert(call, out, alerts->items[i].entry);
        cw_json_out_close(out, ']');
        return r == 0;
}

/* The place that a cursor names, "SEVERITY.FIRED.FINGERPRINT". False: it is none. */
static bool read_place(const char *cursor, struct cw_control_alert *ret_last)
{
        int64_t numbers[3];

        if (!cw_control_read_cursor(cursor, numbers, 3))
                return false;
        *ret_last = (struct cw_control_alert){
                .severity = (int)numbers[0],
                .fired_at = numbers[1],
                .fingerprint = (uint64_t)numbers[2],
        };
        return true;
}

static void put_page(struct cw_control_call *call, const struct cw_control_alerts *alerts, size_t limit)
{
        struct cw_json_out out = {.buf = &call->answer->body};
        const struct cw_control_alert *last;
        char next[80] = "";

        if (alerts->n - alerts->first > limit) {
                last = &alerts->items[alerts->first + limit - 1];
                snprintf(next, sizeof(next), "%d.%lld.%lld", last->severity, (long long)last->fired_at,
                         (long long)last->fingerprint);
        }
        cw_json_out_open(&out, NULL, '{');
        if (!cw_control_put_alerts(call, &out, alerts, limit)) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        cw_json_out_int(&out, "total", (int64_t)alerts->n);
        cw_json_out_string(&out, "next", *next ? next : NULL);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

/* The alerts that the terms mean; false with a problem. */
static bool find(struct cw_control_call *call, const struct cw_control_terms *terms,
                 const struct cw_control_alert *after, size_t wanted, struct cw_control_alerts *ret_alerts)
{
        cw_cleanup(cw_alert_match_free_cleanup) struct cw_alert_match *match = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf why = CW_BUF_NULL;

        if (!cw_control_parse_terms(terms, &match, &why)) {
                cw_control_refuse(call, 400, cw_buf_text(&why));
                return false;
        }
        if (cw_control_find_alerts(engine_of(call), match, after, wanted, ret_alerts) < 0) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return false;
        }
        return true;
}

/* A page that somebody asked for. */
struct page {
        struct cw_control_terms terms;
        bool goes_on; /* behind the last one */
        struct cw_control_alert last;
        int64_t limit;
};

static void drop_page(void *data)
{
        cw_buf_deinit(&((struct page *)data)->terms.text);
}

static void write_page(struct cw_control_call *call, void *data)
{
        cw_cleanup(cw_control_alerts_deinit) struct cw_control_alerts alerts = {.n = 0};
        const struct page *page = data;

        if (find(call, &page->terms, page->goes_on ? &page->last : NULL, (size_t)page->limit, &alerts))
                put_page(call, &alerts, (size_t)page->limit);
}

static bool take_page(struct cw_control_call *call, void *data)
{
        struct page *page = data;
        cw_cleanup(cw_buf_deinit) struct cw_buf cursor = CW_BUF_NULL;
        const struct cw_control_field fields[] = {
                {"limit", CW_CONTROL_COUNT, &page->limit, CW_CONTROL_LIMIT_MAX},
                {"cursor", CW_CONTROL_LINE, &cursor, 80},
                {"match", CW_CONTROL_TERMS, &page->terms, 0},
        };

        page->limit = CW_CONTROL_LIMIT;
        if (!cw_control_take_query(call, fields, CW_ARRAY_SIZE(fields)))
                return false;
        page->goes_on = cursor.len > 0;
        if (!page->goes_on || read_place(cw_buf_text(&cursor), &page->last))
                return true;
        cw_control_refuse(call, 400, "\"cursor\" is none that was given out");
        return false;
}

static void list(struct cw_control_call *call)
{
        static const struct cw_control_gathering page = {sizeof(struct page), take_page, write_page, drop_page};

        cw_control_gather(call, &page);
}

static bool take_fingerprint(struct cw_control_call *call, uint64_t *ret_fingerprint)
{
        if (cw_control_read_hex64(call->word, call->word_len, ret_fingerprint))
                return true;
        cw_control_refuse(call, 404, "a fingerprint has 16 digits from 0 to f, as messages show them");
        return false;
}

static const struct cw_entry *take_firing(struct cw_control_call *call, uint64_t *ret_fingerprint)
{
        const struct cw_entry *entry;

        if (!take_fingerprint(call, ret_fingerprint))
                return NULL;
        entry = cw_engine_firing(engine_of(call), *ret_fingerprint);
        if (!entry)
                cw_control_refuse(call, 404, "no alert with this fingerprint fires");
        return entry;
}

static void show(struct cw_control_call *call)
{
        struct cw_json_out out = {.buf = &call->answer->body};
        const struct cw_entry *entry;
        uint64_t fingerprint;

        entry = take_firing(call, &fingerprint);
        if (!entry)
                return;
        if (put_alert(call, &out, entry) < 0)
                cw_control_refuse(call, 503, strerror(ENOMEM));
        else
                cw_buf_putc(&call->answer->body, '\n');
}

static void explain(struct cw_control_call *call)
{
        static const struct cw_explain_style style = {.write_time = cw_clock_format_utc,
                                                      .write_duration = cw_duration_format_human};
        cw_cleanup(cw_buf_deinit) struct cw_buf words = CW_BUF_NULL;
        struct cw_json_out out = {.buf = &call->answer->body};
        uint64_t fingerprint;
        char hex[17];
        int r;

        if (!take_fingerprint(call, &fingerprint))
                return;
        r = cw_engine_explain(engine_of(call), fingerprint, &style, &words);
        if (r < 0) {
                cw_control_refuse(call, r == -ENOENT ? 404 : 503,
                                  r == -ENOENT ? "no rule and card have this fingerprint" : strerror(-r));
                return;
        }
        cw_hash_hex64(fingerprint, hex);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "fingerprint", hex);
        cw_json_out_string(&out, "explanation", cw_buf_text(&words));
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

bool cw_control_take_until(struct cw_control_call *call, int64_t now, int64_t for_ms, int64_t *until_at)
{
        if (for_ms && *until_at) {
                cw_control_refuse(call, 400, "give \"until\" or \"for\", not both");
                return false;
        }
        if (for_ms)
                *until_at = for_ms > CW_CONTROL_LONGEST_MS ? INT64_MAX : now + for_ms;
        if (*until_at <= now) {
                cw_control_refuse(call, 422, "it would end before it began");
                return false;
        }
        if (*until_at - now > CW_CONTROL_LONGEST_MS) {
                cw_control_refuse(call, 422, "30 days at most: what lasts longer belongs into the configuration");
                return false;
        }
        return true;
}

/* How long, and by whom; false with a problem. */
static bool take_ack(struct cw_control_call *call, struct cw_control_terms *terms, bool *preview, int64_t *until_at)
{
        int64_t for_ms = 0;
        const struct cw_control_field fields[] = {
                {"for", CW_CONTROL_DURATION, &for_ms, 0},
                {"until", CW_CONTROL_TIME, until_at, 0},
                {"match", CW_CONTROL_TERMS, terms, 0},
                {"preview", CW_CONTROL_BOOL, preview, 0},
        };

        if (!cw_control_take_body(call, fields, terms ? 4 : 2))
                return false;
        if (!(preview && *preview) && !cw_control_needs_actor(call))
                return false;
        if (!for_ms && !*until_at)
                for_ms = ACK_FOR_MS;
        return cw_control_take_until(call, cw_clock_wall_ms(), for_ms, until_at);
}

static void act(struct cw_control_call *call, enum cw_event_kind kind, const uint64_t *fingerprints, size_t n,
                int64_t until_at)
{
        struct cw_event event = {.kind = kind, .act = {.by = cw_control_act(call), .until_at = until_at}};
        char hex[17];

        for (size_t i = 0; i < n; i++) {
                event.act.fingerprint = fingerprints[i];
                cw_hash_hex64(fingerprints[i], hex);
                cw_control_log(call, kind == CW_EVENT_ACK ? "ack" : "unack", hex);
                call->options->calls->step(call->options->data, &event);
        }
        call->options->calls->carry_out(call->options->data);
}

static void answer_ack(struct cw_control_call *call, const char *hex, int64_t until_at)
{
        struct cw_json_out out = {.buf = &call->answer->body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "fingerprint", hex);
        cw_json_out_string(&out, "acknowledged_by", until_at ? cw_buf_text(&call->by) : NULL);
        cw_json_out_time(&out, "until", until_at);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static void acknowledge(struct cw_control_call *call)
{
        int64_t until_at = 0;
        uint64_t fingerprint;
        char hex[17];

        if (!take_firing(call, &fingerprint) || !take_ack(call, NULL, NULL, &until_at))
                return;
        cw_hash_hex64(fingerprint, hex);
        answer_ack(call, hex, until_at);
        act(call, CW_EVENT_ACK, &fingerprint, 1, until_at);
}

static void unacknowledge(struct cw_control_call *call)
{
        const struct cw_entry *entry;
        uint64_t fingerprint;
        char hex[17];

        entry = take_firing(call, &fingerprint);
        if (!entry || !cw_control_take_body(call, NULL, 0))
                return;
        if (!entry->acknowledged_by) {
                cw_control_refuse(call, 409, "nobody has acknowledged it");
                return;
        }
        cw_hash_hex64(fingerprint, hex);
        answer_ack(call, hex, 0);
        act(call, CW_EVENT_UNACK, &fingerprint, 1, 0);
}

static void acknowledge_found(struct cw_control_call *call, const struct cw_control_alerts *alerts, bool preview,
                              int64_t until_at)
{
        cw_autofree uint64_t *fingerprints = calloc(alerts->n + 1, sizeof(*fingerprints));
        struct cw_json_out out = {.buf = &call->answer->body};

        if (!fingerprints) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        for (size_t i = 0; i < alerts->n; i++)
                fingerprints[i] = alerts->items[i].fingerprint;
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_bool(&out, "preview", preview);
        cw_json_out_time(&out, "until", until_at);
        if (!cw_control_put_alerts(call, &out, alerts, CW_CONTROL_LIMIT)) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        cw_json_out_int(&out, "total", (int64_t)alerts->n);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
        if (!preview)
                act(call, CW_EVENT_ACK, fingerprints, alerts->n, until_at);
}

/* Whoever misspells a key means no alert. */
static void refuse_unmatched(struct cw_control_call *call, const struct cw_control_terms *terms)
{
        cw_cleanup(cw_alert_match_free_cleanup) struct cw_alert_match *match = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf hint = CW_BUF_NULL, why = CW_BUF_NULL;

        if (cw_control_parse_terms(terms, &match, &why))
                cw_alert_match_doubt(match, call->options->calls->settings(call->options->data)->config->rules, &hint);
        cw_buf_clear(&why);
        cw_buf_printf(&why, "no alert that fires matches%s%s", hint.len ? ": " : "", cw_buf_text(&hint));
        cw_control_refuse(call, 404, cw_buf_text(&why));
}

static void acknowledge_many(struct cw_control_call *call)
{
        cw_cleanup(cw_control_alerts_deinit) struct cw_control_alerts alerts = {.n = 0};
        struct cw_control_terms terms = {.n = 0};
        int64_t until_at = 0;
        bool preview = false;

        if (take_ack(call, &terms, &preview, &until_at) && find(call, &terms, NULL, ACKS_AT_ONCE, &alerts)) {
                if (terms.n == 0)
                        cw_control_refuse(call, 422, "\"match\" is needed: at least one term");
                else if (alerts.n == 0)
                        refuse_unmatched(call, &terms);
                else if (alerts.n > ACKS_AT_ONCE)
                        cw_control_refuse(call, 422,
                                          "more than 1000 alerts match: a silence holds as many as there are");
                else
                        acknowledge_found(call, &alerts, preview, until_at);
        }
        cw_buf_deinit(&terms.text);
}

static const struct cw_control_route routes[] = {
        {"GET", "/api/v1/alerts", list},
        {"POST", "/api/v1/alerts/ack", acknowledge_many},
        {"GET", "/api/v1/alerts/*", show},
        {"GET", "/api/v1/alerts/*/explain", explain},
        {"POST", "/api/v1/alerts/*/ack", acknowledge},
        {"DELETE", "/api/v1/alerts/*/ack", unacknowledge},
};
const struct cw_control_family cw_control_alert_routes = {routes, CW_ARRAY_SIZE(routes)};
