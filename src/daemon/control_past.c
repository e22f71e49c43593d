/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: lists of the past, newest first, and of the outbox with its dead letters, written by a worker as the store
 * reads them: a page's worth of memory each, and the loop waits for none of it. */
#include <inttypes.h>
#include <stdio.h>

#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "control_call.h"
#include "control_job.h"

/* A page while it is written; one row more than is shown is asked for, to know whether there is another page. */
struct page {
        struct cw_json_out out;
        size_t n, limit;
        struct cw_store_place last;
        bool more;
};

static void end_page(struct page *page, const char *next)
{
        cw_json_out_close(&page->out, ']');
        cw_json_out_string(&page->out, "next", page->more ? next : NULL);
        cw_json_out_close(&page->out, '}');
        cw_buf_putc(page->out.buf, '\n');
}

/* True: this row is only there to say that there are more. */
static bool is_behind(struct page *page, struct cw_store_place place)
{
        page->more = page->n == page->limit;
        if (page->more)
                return true;
        page->n++;
        page->last = place;
        return false;
}

static int put_audit(void *data, struct cw_store_place place, const struct cw_audit_row *row)
{
        struct page *page = data;
        struct cw_json_out *out = &page->out;

        if (is_behind(page, place))
                return 0;
        cw_json_out_open(out, NULL, '{');
        cw_json_out_time(out, "at", row->at);
        cw_json_out_string(out, "by", row->by);
        if (row->uid < 0)
                cw_json_out_null(out, "uid");
        else
                cw_json_out_int(out, "uid", row->uid);
        cw_json_out_string(out, "what", row->what);
        cw_json_out_string(out, "target", row->target);
        cw_json_out_string(out, "why", row->why);
        cw_json_out_close(out, '}');
        return cw_buf_error(out->buf);
}

/* An alert of the daemon's own is about no customer, and what stands for its card is no card. */
static void put_id(struct cw_json_out *out, const char *name, int64_t id, int64_t customer)
{
        if (customer)
                cw_json_out_int(out, name, id);
        else
                cw_json_out_null(out, name);
}

static int put_edge(void *data, struct cw_store_place place, const struct cw_history_row *row)
{
        struct page *page = data;
        struct cw_json_out *out = &page->out;
        char fingerprint[17];

        if (is_behind(page, place))
                return 0;
        cw_hash_hex64(row->fingerprint, fingerprint);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_time(out, "at", row->at);
        cw_json_out_string(out, "what", row->what);
        cw_json_out_string(out, "severity",
                           row->severity == CW_SEVERITY_NONE ? NULL
                                                             : cw_severity_name((enum cw_severity)row->severity));
        cw_json_out_string(out, "rule", row->rule);
        cw_json_out_string(out, "source", row->source);
        put_id(out, "customer", row->customer, row->customer);
        put_id(out, "card", row->card, row->customer);
        cw_json_out_string(out, "fingerprint", fingerprint);
        cw_json_out_string(out, "reason", row->reason);
        cw_json_out_string(out, "detail", row->detail);
        cw_json_out_string(out, "notifier", row->notifier);
        cw_json_out_string(out, "message", row->message[0] ? row->message : NULL);
        cw_json_out_close(out, '}');
        return cw_buf_error(out->buf);
}

static int write_past(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message, bool audit)
{
        struct page page = {.out = {.buf = &job->answer.body}, .limit = job->page.limit};
        struct cw_store_page asked = job->page;
        char next[48];
        int r;

        asked.limit++;
        cw_json_out_open(&page.out, NULL, '{');
        cw_json_out_open(&page.out, audit ? "audit" : "events", '[');
        r = audit ? cw_store_page_audit(store, &asked, put_audit, &page, message)
                  : cw_store_page_edges(store, &asked, put_edge, &page, message);
        snprintf(next, sizeof(next), "%" PRId64 ".%" PRId64, page.last.at, page.last.number);
        end_page(&page, next);
        return r;
}

static int write_audit(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message)
{
        return write_past(job, store, message, true);
}

static int write_edges(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message)
{
        return write_past(job, store, message, false);
}

static void put_intent(struct cw_json_out *out, const struct cw_intent_row *row)
{
        static const char *const states[] = {"queued", "rendered", "dead", "delivered"};
        static const char *const kinds[] = {"alert", "event", "digest", "test"};

        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "id", row->id);
        cw_json_out_string(out, "notifier", row->notifier);
        cw_json_out_string(out, "kind", kinds[row->kind]);
        cw_json_out_string(out, "state", states[row->state]);
        cw_json_out_int(out, "alerts", (int64_t)row->n_items);
        cw_json_out_string(out, "rule", row->n_items ? row->items[0].entry->rule : NULL);
        cw_json_out_int(out, "repeat", row->repeat);
        cw_json_out_time(out, "queued_at", row->queued_at);
        cw_json_out_time(out, "failing_since", row->failing_since_at);
        cw_json_out_time(out, "next_attempt_at", row->state == CW_INTENT_DEAD ? 0 : row->next_at);
        cw_json_out_int(out, "attempts", row->attempts);
        cw_json_out_string(out, "error", row->error);
        cw_json_out_close(out, '}');
}

static int write_outbox(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        struct page page = {.out = {.buf = &job->answer.body}, .limit = job->page.limit};
        char next[24] = "";
        int r = cw_store_page_outbox(store, job->after, page.limit + 1, &rows, message);

        if (r < 0)
                return r;
        page.more = rows.intents.n > page.limit;
        cw_json_out_open(&page.out, NULL, '{');
        cw_json_out_open(&page.out, "messages", '[');
        for (size_t i = 0; i < rows.intents.n && i < page.limit; i++) {
                put_intent(&page.out, &rows.intents.rows[i]);
                snprintf(next, sizeof(next), "%" PRIu64, rows.intents.rows[i].sequence);
        }
        end_page(&page, next);
        return 0;
}

static void refuse_cursor(struct cw_control_call *call)
{
        cw_control_refuse(call, 400, "\"cursor\" is none that was given out");
}

static void start_past(struct cw_control_call *call, bool audit)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf cursor = CW_BUF_NULL;
        struct cw_control_job job = {.after = 0};
        int64_t limit = CW_CONTROL_LIMIT, place[2] = {0, 0};
        const struct cw_control_field fields[] = {
                {"limit", CW_CONTROL_COUNT, &limit, CW_CONTROL_LIMIT_MAX},
                {"cursor", CW_CONTROL_LINE, &cursor, 48},
                {"since", CW_CONTROL_TIME, &job.page.from_at, 0},
                {"until", CW_CONTROL_TIME, &job.page.to_at, 0},
                {"messages", CW_CONTROL_BOOL, &job.page.messages, 0},
        };

        if (!cw_control_take_query(call, fields, audit ? 4 : 5))
                return;
        if (cursor.len > 0 && !cw_control_read_cursor(cw_buf_text(&cursor), place, 2)) {
                refuse_cursor(call);
                return;
        }
        job.page.before = (struct cw_store_place){place[0], place[1]};
        job.page.limit = (size_t)limit;
        cw_control_start_job(call, audit ? write_audit : write_edges, &job);
}

static void events(struct cw_control_call *call)
{
        start_past(call, false);
}

static void audit(struct cw_control_call *call)
{
        start_past(call, true);
}

static void outbox(struct cw_control_call *call)
{
        struct cw_control_job job = {.after = 0};
        int64_t limit = CW_CONTROL_LIMIT, after = 0;
        const struct cw_control_field fields[] = {
                {"limit", CW_CONTROL_COUNT, &limit, CW_CONTROL_LIMIT_MAX},
                {"cursor", CW_CONTROL_COUNT, &after, INT64_MAX},
        };

        if (!cw_control_take_query(call, fields, CW_ARRAY_SIZE(fields)))
                return;
        job.after = (uint64_t)after;
        job.page.limit = (size_t)limit;
        cw_control_start_job(call, write_outbox, &job);
}

static const struct cw_control_route routes[] = {
        {"GET", "/api/v1/events", events},
        {"GET", "/api/v1/audit", audit},
        {"GET", "/api/v1/outbox", outbox},
};
const struct cw_control_family cw_control_past_routes = {routes, CW_ARRAY_SIZE(routes)};
