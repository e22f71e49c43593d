/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: how the daemon is doing, as its engine and its settings say between two steps; nothing here acts. */
#include <string.h>

#include "cardwatch/alert_match.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/expr.h"
#include "cardwatch/loop.h"
#include "cardwatch/outbox.h"
#include "cardwatch/rules.h"
#include "cardwatch/settings.h"
#include "control_aside.h"
#include "control_call.h"

static struct cw_engine *engine_of(const struct cw_control_call *call)
{
        return call->options->calls->engine(call->options->data);
}

static const struct cw_config *config_of(const struct cw_control_call *call)
{
        return call->options->calls->settings(call->options->data)->config;
}

static void healthz(struct cw_control_call *call)
{
        cw_control_answer_status(call, "ok");
}

static void readyz(struct cw_control_call *call)
{
        struct cw_buf detail = CW_BUF_NULL;
        struct cw_source_view view;

        for (size_t i = 0; i < config_of(call)->n_sources; i++) {
                cw_engine_view_source(engine_of(call), i, &view);
                if (view.last_complete_at == 0)
                        cw_buf_printf(&detail, "%ssource %s has had no complete poll", detail.len ? "; " : "",
                                      view.name);
        }
        if (!call->options->calls->store_works(call->options->data))
                cw_buf_printf(&detail, "%sthe store cannot be written", detail.len ? "; " : "");
        if (detail.len > 0)
                cw_control_refuse(call, 503, cw_buf_text(&detail));
        else
                cw_control_answer_status(call, "ready");
        cw_buf_deinit(&detail);
}

static void put_source(struct cw_json_out *out, const struct cw_source_view *view)
{
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "name", view->name);
        cw_json_out_string(out, "last_poll_result", view->last_result);
        cw_json_out_time(out, "last_poll_at", view->last_poll_at);
        if (view->last_poll_at)
                cw_json_out_int(out, "last_poll_ms", view->last_poll_ms);
        else
                cw_json_out_null(out, "last_poll_ms");
        cw_json_out_time(out, "last_complete_at", view->last_complete_at);
        cw_json_out_int(out, "failed_polls", view->failed_polls);
        cw_json_out_int(out, "cards", (int64_t)view->cards);
        cw_json_out_string(out, "suspicion", view->suspicion);
        cw_json_out_close(out, '}');
}

static void put_sources(struct cw_control_call *call, struct cw_json_out *out, size_t from, size_t to)
{
        struct cw_source_view view;

        cw_json_out_open(out, "sources", '[');
        for (size_t i = from; i < to; i++) {
                cw_engine_view_source(engine_of(call), i, &view);
                put_source(out, &view);
        }
        cw_json_out_close(out, ']');
}

/* All that are configured, unless fewer are asked for. */
static void sources(struct cw_control_call *call)
{
        struct cw_json_out out = {.buf = &call->answer->body};
        struct cw_control_range range = {.limit = INT32_MAX};
        size_t n = config_of(call)->n_sources;

        if (!cw_control_take_range(call, &range))
                return;
        cw_json_out_open(&out, NULL, '{');
        put_sources(call, &out, (size_t)range.from, cw_control_range_end(&range, n));
        cw_control_put_next(&out, &range, n);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static bool is_silenced(const struct cw_engine *engine, const struct cw_entry *entry)
{
        struct cw_silence_view view;
        size_t cursor = 0;

        while (cw_engine_next_silence(engine, &cursor, &view))
                if (cw_alert_match_holds(view.match, entry))
                        return true;
        return false;
}

static void put_alerts(struct cw_json_out *out, const struct cw_engine *engine)
{
        int64_t by_severity[CW_SEVERITY_CRITICAL + 1] = {0}, acknowledged = 0, silenced = 0, firing = 0;
        const struct cw_entry *entry;
        size_t cursor = 0;

        while (cw_engine_next_alert(engine, &cursor, &entry)) {
                firing++;
                by_severity[entry->severity]++;
                acknowledged += entry->acknowledged_by != NULL;
                silenced += is_silenced(engine, entry);
        }
        cw_json_out_open(out, "alerts", '{');
        cw_json_out_int(out, "firing", firing);
        for (size_t i = CW_SEVERITY_CRITICAL; i > CW_SEVERITY_NONE; i--)
                cw_json_out_int(out, cw_severity_name((enum cw_severity)i), by_severity[i]);
        cw_json_out_int(out, "acknowledged", acknowledged);
        cw_json_out_int(out, "silenced", silenced);
        cw_json_out_close(out, '}');
}

static void put_notifiers(struct cw_control_call *call, struct cw_json_out *out)
{
        const struct cw_config *config = config_of(call);
        struct cw_outbox *outbox = cw_engine_outbox(engine_of(call));

        cw_json_out_open(out, "notifiers", '[');
        for (size_t i = 0; i < config->n_notifiers; i++) {
                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "name", config->notifiers[i].name);
                cw_json_out_int(out, "waiting", (int64_t)cw_outbox_waiting(outbox, i));
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
}

static void put_store(const struct cw_control_call *call, struct cw_json_out *out)
{
        struct cw_store_size size = call->options->calls->store_size(call->options->data);

        cw_json_out_open(out, "store", '{');
        cw_json_out_int(out, "bytes", size.file_bytes + size.log_bytes);
        cw_json_out_int(out, "used_bytes", size.used_bytes + size.log_bytes);
        cw_json_out_int(out, "max_bytes", (int64_t)config_of(call)->max_store_bytes);
        cw_json_out_close(out, '}');
}

static void put_loop(struct cw_json_out *out, const struct cw_loop_turns *counted)
{
        cw_json_out_open(out, "loop", '{');
        cw_json_out_int(out, "turns", (int64_t)counted->turns);
        cw_json_out_int(out, "busy_us", (int64_t)counted->busy_us);
        cw_json_out_int(out, "longest_us", (int64_t)counted->longest_us);
        cw_json_out_int(out, "longest_cpu_us", (int64_t)counted->longest_cpu_us);
        cw_json_out_int(out, "above_5ms_cpu", (int64_t)counted->long_cpu);
        cw_json_out_open(out, "buckets", '[');
        for (size_t i = 0; i < CW_ARRAY_SIZE(counted->within); i++) {
                cw_json_out_open(out, NULL, '{');
                if (i < CW_LOOP_BOUNDS_COUNT)
                        cw_json_out_int(out, "up_to_us", cw_loop_bounds_us[i]);
                else
                        cw_json_out_null(out, "up_to_us");
                cw_json_out_int(out, "turns", (int64_t)counted->within[i]);
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
        cw_json_out_close(out, '}');
}

static void write_status(struct cw_control_call *call, void *data)
{
        struct cw_json_out out = {.buf = &call->answer->body};
        const struct cw_config *config = config_of(call);
        struct cw_silence_view view;
        size_t cursor = 0;
        int64_t silences = 0;

        while (cw_engine_next_silence(engine_of(call), &cursor, &view))
                silences++;
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "version", CARDWATCH_VERSION);
        cw_json_out_open(&out, "config", '{');
        cw_json_out_string(&out, "path", config->path);
        cw_json_out_string(&out, "hash", config->hash);
        cw_json_out_close(&out, '}');
        cw_json_out_bool(&out, "store_works", call->options->calls->store_works(call->options->data));
        put_store(call, &out);
        put_loop(&out, data);
        put_alerts(&out, engine_of(call));
        cw_json_out_int(&out, "silences", silences);
        put_notifiers(call, &out);
        put_sources(call, &out, 0, config->n_sources);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

/* Here, for the loop goes on counting meanwhile. */
static bool take_turns(struct cw_control_call *call, void *data)
{
        *(struct cw_loop_turns *)data = cw_loop_turns(call->options->loop);
        return true;
}

static void status(struct cw_control_call *call)
{
        static const struct cw_control_gathering page = {sizeof(struct cw_loop_turns), take_turns, write_status, NULL};

        cw_control_gather(call, &page);
}

/* No URL of a notifier and no credential of a source: those are secrets. */
static void config(struct cw_control_call *call)
{
        const struct cw_config *config = config_of(call);
        struct cw_json_out out = {.buf = &call->answer->body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "path", config->path);
        cw_json_out_string(&out, "hash", config->hash);
        cw_json_out_string(&out, "timezone", config->timezone);
        cw_json_out_open(&out, "store", '{');
        cw_json_out_string(&out, "sqlite", config->store_path);
        cw_json_out_int(&out, "keep_history_ms", config->keep_history_ms);
        cw_json_out_int(&out, "keep_audit_ms", config->keep_audit_ms);
        cw_json_out_int(&out, "max_bytes", (int64_t)config->max_store_bytes);
        cw_json_out_close(&out, '}');
        cw_json_out_string(&out, "external_url", config->external_url);
        cw_json_out_open(&out, "sources", '[');
        for (size_t i = 0; i < config->n_sources; i++) {
                cw_json_out_open(&out, NULL, '{');
                cw_json_out_string(&out, "name", config->sources[i].name);
                cw_json_out_string(&out, "url", config->sources[i].url);
                cw_json_out_int(&out, "every_ms", config->sources[i].every_ms);
                cw_json_out_close(&out, '}');
        }
        cw_json_out_close(&out, ']');
        cw_json_out_open(&out, "notifiers", '[');
        for (size_t i = 0; i < config->n_notifiers; i++)
                cw_json_out_string(&out, NULL, config->notifiers[i].name);
        cw_json_out_close(&out, ']');
        cw_json_out_int(&out, "rules", (int64_t)config->rules->n_rules);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static const struct cw_control_route routes[] = {
        {"GET", "/healthz", healthz},        {"GET", "/readyz", readyz},        {"GET", "/api/v1/status", status},
        {"GET", "/api/v1/sources", sources}, {"GET", "/api/v1/config", config},
};
const struct cw_control_family cw_control_look_routes = {routes, CW_ARRAY_SIZE(routes)};
