/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a silence is shown with what it would hold before it is made; whoever makes one says who, why and how long. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/alert_match.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/settings.h"
#include "control_alerts.h"
#include "control_aside.h"
#include "control_call.h"

#define SILENCES_MAX 200
#define SHOWN        20 /* of what a silence matches */
#define CURSOR_MAX   40

CW_DEFINE_CLEANUP(struct cw_alert_match *, cw_alert_match_free);

struct wish {
        struct cw_control_terms terms;
        int64_t for_ms, until_at;
        bool all, preview;
        struct cw_alert_match *match;
};

static struct cw_engine *engine_of(const struct cw_control_call *call)
{
        return call->options->calls->engine(call->options->data);
}

static int compare(const void *one, const void *other)
{
        const struct cw_silence_view *a = one, *b = other;

        if (a->until_at != b->until_at)
                return a->until_at < b->until_at ? -1 : 1;
        return strcmp(a->id, b->id);
}

/* All of them, what ends first in front. -ENOMEM. */
static int find_all(const struct cw_engine *engine, struct cw_silence_view **ret_views, size_t *ret_n)
{
        struct cw_silence_view view;
        size_t cursor = 0, n = 0;

        while (cw_engine_next_silence(engine, &cursor, &view))
                n++;
        *ret_views = calloc(n + 1, sizeof(**ret_views));
        if (!*ret_views)
                return -ENOMEM;
        cursor = 0;
        for (size_t i = 0; i < n; i++)
                (void)cw_engine_next_silence(engine, &cursor, &(*ret_views)[i]);
        qsort(*ret_views, n, sizeof(**ret_views), compare);
        *ret_n = n;
        return 0;
}

static void put_terms(struct cw_json_out *out, const struct cw_alert_match *match)
{
        struct cw_buf text = CW_BUF_NULL;
        char *rest, *term;

        cw_alert_match_format(match, '\n', &text);
        cw_json_out_open(out, "match", '[');
        for (rest = text.data; text.len > 0 && (term = strsep(&rest, "\n"));)
                cw_json_out_string(out, NULL, term);
        cw_json_out_close(out, ']');
        if (cw_buf_error(&text) < 0)
                out->buf->error = cw_buf_error(&text);
        cw_buf_deinit(&text);
}

static void put_silence(struct cw_control_call *call, struct cw_json_out *out, const struct cw_silence_view *view)
{
        const struct cw_entry *entry;
        size_t cursor = 0;
        int64_t held = 0;

        while (cw_engine_next_alert(engine_of(call), &cursor, &entry))
                held += cw_alert_match_holds(view->match, entry);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "id", view->id);
        put_terms(out, view->match);
        cw_json_out_string(out, "by", view->by);
        cw_json_out_string(out, "why", view->why);
        cw_json_out_time(out, "made_at", view->made_at);
        cw_json_out_time(out, "until", view->until_at);
        cw_json_out_int(out, "firing", held);
        cw_json_out_close(out, '}');
}

/* Behind the cursor "UNTIL.ID": ids are 16 digits. */
static bool is_behind(const struct cw_silence_view *view, int64_t until_at, const char *id)
{
        return view->until_at > until_at || (view->until_at == until_at && strcmp(view->id, id) > 0);
}

static void put_page(struct cw_control_call *call, const struct cw_silence_view *views, size_t n, int64_t limit)
{
        struct cw_json_out out = {.buf = &call->answer->body};
        char next[48];
        size_t shown = n < (size_t)limit ? n : (size_t)limit;

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_open(&out, "silences", '[');
        for (size_t i = 0; i < shown; i++)
                put_silence(call, &out, &views[i]);
        cw_json_out_close(&out, ']');
        if (shown < n)
                snprintf(next, sizeof(next), "%lld.%s", (long long)views[shown - 1].until_at, views[shown - 1].id);
        cw_json_out_string(&out, "next", shown < n ? next : NULL);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

/* A page that somebody asked for. */
struct page {
        int64_t limit, until_at;
        char id[CURSOR_MAX + 1]; /* of the last one before it; "": it is the first */
};

static void write_page(struct cw_control_call *call, void *data)
{
        cw_autofree struct cw_silence_view *views = NULL;
        const struct page *page = data;
        size_t first = 0, n = 0;

        if (find_all(engine_of(call), &views, &n) < 0) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        while (*page->id && first < n && !is_behind(&views[first], page->until_at, page->id))
                first++;
        put_page(call, views + first, n - first, page->limit);
}

static bool take_page(struct cw_control_call *call, void *data)
{
        struct page *page = data;
        cw_cleanup(cw_buf_deinit) struct cw_buf cursor = CW_BUF_NULL;
        const struct cw_control_field fields[] = {
                {"limit", CW_CONTROL_COUNT, &page->limit, CW_CONTROL_LIMIT_MAX},
                {"cursor", CW_CONTROL_LINE, &cursor, CURSOR_MAX},
        };
        char *dot;

        page->limit = CW_CONTROL_LIMIT;
        if (!cw_control_take_query(call, fields, CW_ARRAY_SIZE(fields)))
                return false;
        if (cursor.len == 0)
                return true;
        dot = strchr(cursor.data, '.');
        if (dot)
                *dot = '\0';
        if (dot && dot[1] && cw_control_read_cursor(cursor.data, &page->until_at, 1)) {
                snprintf(page->id, sizeof(page->id), "%s", dot + 1);
                return true;
        }
        cw_control_refuse(call, 400, "\"cursor\" is none that was given out");
        return false;
}

static void list(struct cw_control_call *call)
{
        static const struct cw_control_gathering page = {sizeof(struct page), take_page, write_page, NULL};

        cw_control_gather(call, &page);
}

static bool take_wish(struct cw_control_call *call, struct wish *wish)
{
        const struct cw_control_field arguments[] = {{"preview", CW_CONTROL_BOOL, &wish->preview, 0}};
        const struct cw_control_field fields[] = {
                {"match", CW_CONTROL_TERMS, &wish->terms, 0},    {"for", CW_CONTROL_DURATION, &wish->for_ms, 0},
                {"until", CW_CONTROL_TIME, &wish->until_at, 0},  {"all", CW_CONTROL_BOOL, &wish->all, 0},
                {"preview", CW_CONTROL_BOOL, &wish->preview, 0},
        };
        cw_cleanup(cw_buf_deinit) struct cw_buf why = CW_BUF_NULL;

        if (!cw_control_take_query(call, arguments, CW_ARRAY_SIZE(arguments)) ||
            !cw_control_take_body(call, fields, CW_ARRAY_SIZE(fields)))
                return false;
        if (!cw_control_parse_terms(&wish->terms, &wish->match, &why)) {
                cw_control_refuse(call, 400, cw_buf_text(&why));
                return false;
        }
        if (wish->all != cw_alert_match_is_everything(wish->match)) {
                cw_control_refuse(call, 422,
                                  wish->all ? "\"all\" means everything: leave \"match\" out, or \"all\""
                                            : "without a match it would hold everything: say so with \"all\"");
                return false;
        }
        if (!wish->for_ms && !wish->until_at && !wish->preview) {
                cw_control_refuse(call, 400, "\"for\" or \"until\" is needed: how long it lasts");
                return false;
        }
        if (!wish->preview && !cw_control_needs_actor(call))
                return false;
        return (!wish->for_ms && !wish->until_at) ||
               cw_control_take_until(call, cw_clock_wall_ms(), wish->for_ms, &wish->until_at);
}

static size_t count(const struct cw_engine *engine)
{
        struct cw_silence_view view;
        size_t cursor = 0, n = 0;

        while (cw_engine_next_silence(engine, &cursor, &view))
                n++;
        return n;
}

/* Whoever misspells a key makes a silence of nothing. */
static void put_hint(struct cw_control_call *call, struct cw_json_out *out, const struct cw_alert_match *match)
{
        struct cw_buf hint = CW_BUF_NULL;

        cw_alert_match_doubt(match, call->options->calls->settings(call->options->data)->config->rules, &hint);
        if (hint.len > 0)
                cw_json_out_string(out, "hint", cw_buf_text(&hint));
        cw_buf_deinit(&hint);
}

/* What it matches stands in the answer before anything is done: acting moves the engine on. */
static bool put_matches(struct cw_control_call *call, struct cw_json_out *out, const struct wish *wish)
{
        cw_cleanup(cw_control_alerts_deinit) struct cw_control_alerts alerts = {.n = 0};

        if (cw_control_find_alerts(engine_of(call), wish->match, NULL, SHOWN, &alerts) < 0 ||
            !cw_control_put_alerts(call, out, &alerts, SHOWN)) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return false;
        }
        cw_json_out_int(out, "total", (int64_t)alerts.n);
        return true;
}

static void carry_out(struct cw_control_call *call, struct cw_json_out *out, const struct wish *wish)
{
        struct cw_buf match = CW_BUF_NULL;
        struct cw_silence_row row = {.until_at = wish->until_at};
        struct cw_event event = {.kind = CW_EVENT_SILENCE, .act = {.by = cw_control_act(call), .silence = &row}};
        const char *id;

        cw_alert_match_format(wish->match, '\n', &match);
        row.match = (char *)cw_buf_text(&match);
        if (cw_buf_error(&match) == 0)
                call->options->calls->step(call->options->data, &event);
        id = cw_buf_error(&match) == 0 ? cw_engine_made_silence(engine_of(call)) : NULL;
        if (id) {
                call->answer->status = 201;
                cw_json_out_string(out, "id", id);
                cw_json_out_close(out, '}');
                cw_buf_putc(&call->answer->body, '\n');
                cw_control_log(call, "silence", id);
                call->options->calls->carry_out(call->options->data);
        } else {
                cw_control_refuse(call, 409, "there is just this silence already");
        }
        cw_buf_deinit(&match);
}

static void make(struct cw_control_call *call, const struct wish *wish)
{
        struct cw_json_out out = {.buf = &call->answer->body};

        if (!wish->preview && count(engine_of(call)) >= SILENCES_MAX) {
                cw_control_refuse(call, 409, "there are 200 silences already: end one first");
                return;
        }
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_bool(&out, "preview", wish->preview);
        put_terms(&out, wish->match);
        put_hint(call, &out, wish->match);
        cw_json_out_time(&out, "until", wish->until_at);
        if (!put_matches(call, &out, wish))
                return;
        if (!wish->preview) {
                carry_out(call, &out, wish);
                return;
        }
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static void add(struct cw_control_call *call)
{
        struct wish wish = {.all = false};

        if (take_wish(call, &wish))
                make(call, &wish);
        cw_alert_match_free(wish.match);
        cw_buf_deinit(&wish.terms.text);
}

static bool exists(const struct cw_engine *engine, const char *id)
{
        struct cw_silence_view view;
        size_t cursor = 0;

        while (cw_engine_next_silence(engine, &cursor, &view))
                if (strcmp(view.id, id) == 0)
                        return true;
        return false;
}

static void end(struct cw_control_call *call)
{
        char id[CW_SILENCE_ID_SIZE] = "";
        struct cw_event event = {.kind = CW_EVENT_SILENCE_END, .act = {.id = id}};

        if (!cw_control_take_body(call, NULL, 0))
                return;
        if (call->word_len < sizeof(id))
                memcpy(id, call->word, call->word_len);
        if (!exists(engine_of(call), id)) {
                cw_control_refuse(call, 404,
                                  "there is no silence with this id: it has run out, was ended, or never was");
                return;
        }
        event.act.by = cw_control_act(call);
        cw_control_log(call, "silence-end", id);
        cw_control_answer_status(call, "ended");
        call->options->calls->step(call->options->data, &event);
        call->options->calls->carry_out(call->options->data);
}

static const struct cw_control_route routes[] = {
        {"GET", "/api/v1/silences", list},
        {"POST", "/api/v1/silences", add},
        {"DELETE", "/api/v1/silences/*", end},
};
const struct cw_control_family cw_control_silence_routes = {routes, CW_ARRAY_SIZE(routes)};
