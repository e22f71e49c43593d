/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/httpd.h"
#include "cardwatch/json_in.h"
#include "cardwatch/json_out.h"
#include "cardwatch/log.h"

/*
 * One table of routes; each has a function that answers, or that finds a problem and says so.
 */

#define BODY_MAX        (size_t)(64u * 1024)
#define CONNECTIONS_MAX 64
#define PATIENCE_MS     (15 * CW_SECOND_MS)
#define BY_MAX          100
#define WHY_MAX         1000

struct cw_control {
        struct cw_control_options options;
        struct cw_httpd *httpd;
};

/* A request while it is answered. */
struct call {
        struct cw_control *control;
        const struct cw_httpd_request *request;
        struct cw_httpd_answer *answer;
        const char *word; /* what stands for `*` in the route's path */
        size_t word_len;
        struct cw_buf by, why;
};

struct route {
        const char *method, *path; /* `*` is one segment */
        void (*run)(struct call *call);
};

CW_DEFINE_CLEANUP(struct cw_control *, cw_control_free);

static const char *title_of(unsigned status)
{
        static const struct {
                unsigned status;
                const char *title;
        } titles[] = {
                {400, "Bad Request"},         {404, "Not Found"},
                {405, "Method Not Allowed"},  {409, "Conflict"},
                {413, "Content Too Large"},   {422, "Unprocessable Content"},
                {503, "Service Unavailable"},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(titles); i++)
                if (titles[i].status == status)
                        return titles[i].title;
        return "Error";
}

/* RFC 9457. What was written so far is dropped. */
static void problem(struct call *call, unsigned status, const char *detail)
{
        struct cw_json_out out = {.buf = &call->answer->body};

        call->answer->status = status;
        call->answer->content_type = "application/problem+json";
        cw_buf_clear(&call->answer->body);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "type", "about:blank");
        cw_json_out_string(&out, "title", title_of(status));
        cw_json_out_int(&out, "status", status);
        cw_json_out_string(&out, "detail", detail);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static void answer_status(struct call *call, const char *status)
{
        struct cw_json_out out = {.buf = &call->answer->body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "status", status);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static void healthz(struct call *call)
{
        answer_status(call, "ok");
}

static void readyz(struct call *call)
{
        const struct cw_control_options *options = &call->control->options;
        struct cw_buf detail = CW_BUF_NULL;
        struct cw_source_view view;

        for (size_t i = 0; i < options->calls->n_sources(options->data); i++) {
                options->calls->view_source(options->data, i, &view);
                if (view.last_complete_at == 0)
                        cw_buf_printf(&detail, "%ssource %s has had no complete poll", detail.len ? "; " : "",
                                      view.name);
        }
        if (!options->calls->store_works(options->data))
                cw_buf_printf(&detail, "%sthe store cannot be written", detail.len ? "; " : "");
        if (detail.len > 0)
                problem(call, 503, cw_buf_text(&detail));
        else
                answer_status(call, "ready");
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

static void sources(struct call *call)
{
        const struct cw_control_options *options = &call->control->options;
        struct cw_json_out out = {.buf = &call->answer->body};
        struct cw_source_view view;

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_open(&out, "sources", '[');
        for (size_t i = 0; i < options->calls->n_sources(options->data); i++) {
                options->calls->view_source(options->data, i, &view);
                put_source(&out, &view);
        }
        cw_json_out_close(&out, ']');
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

/* One line of so many bytes, of which some can be seen. */
static bool is_line(const struct cw_buf *buf, size_t most)
{
        const char *text = cw_buf_text(buf);

        for (size_t i = 0; i < buf->len; i++)
                if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
                        return false;
        return buf->len <= most && strspn(text, " ") < buf->len;
}

/* Reads {"by", "why"}; false with a problem. An empty body says neither. */
static bool read_actor(struct call *call)
{
        struct cw_buf body = CW_BUF_NULL, detail = CW_BUF_NULL;
        struct cw_json top, name, value;
        bool good = true;
        int r = 0;

        cw_buf_append(&body, call->request->body, call->request->body_len);
        if (body.len > 0)
                r = cw_json_read(body.data, body.len, &top, &detail);
        if (r < 0)
                cw_buf_puts(&detail, ": the body is no JSON");
        else if (body.len > 0 && cw_json_kind(&top) != CW_JSON_OBJECT)
                cw_buf_puts(&detail, "the body must be an object");
        for (size_t cursor = 0; body.len > 0 && detail.len == 0 && cw_json_next(&top, &cursor, &name, &value);) {
                bool by = name.len == 2 && memcmp(name.text, "by", 2) == 0;
                bool why = name.len == 3 && memcmp(name.text, "why", 3) == 0;

                if (!by && !why)
                        cw_buf_puts(&detail, "only \"by\" and \"why\" are known");
                else if (!cw_json_string(&value, by ? &call->by : &call->why) ||
                         !is_line(by ? &call->by : &call->why, by ? BY_MAX : WHY_MAX))
                        cw_buf_printf(&detail, "\"%s\" must be a line of at most %d bytes", by ? "by" : "why",
                                      by ? BY_MAX : WHY_MAX);
        }
        if (detail.len > 0) {
                problem(call, 400, cw_buf_text(&detail));
                good = false;
        }
        cw_buf_deinit(&body);
        cw_buf_deinit(&detail);
        return good;
}

static struct cw_control_actor actor_of(const struct call *call)
{
        return (struct cw_control_actor){
                .by = cw_buf_text(&call->by),
                .why = cw_buf_text(&call->why),
                .uid = call->request->peer_uid,
        };
}

static void log_act(const struct call *call, const char *what, const char *object)
{
        struct cw_control_actor actor = actor_of(call);

        cw_log(call->control->options.log, CW_LOG_INFO, "control", "act", "%s", what, "object", "%s", object, "by",
               "%s", actor.by, "why", "%s", actor.why, "uid", "%lld", (long long)actor.uid, NULL);
}

/* The source that the path names; false with a problem. */
static bool find_source(struct call *call, size_t *ret_source, struct cw_source_view *ret_view)
{
        const struct cw_control_options *options = &call->control->options;

        for (size_t i = 0; i < options->calls->n_sources(options->data); i++) {
                options->calls->view_source(options->data, i, ret_view);
                if (strlen(ret_view->name) != call->word_len || memcmp(ret_view->name, call->word, call->word_len) != 0)
                        continue;
                *ret_source = i;
                return true;
        }
        problem(call, 404, "there is no source of this name");
        return false;
}

static void accept_source(struct call *call)
{
        const struct cw_control_options *options = &call->control->options;
        struct cw_control_actor actor;
        struct cw_source_view view;
        size_t source;

        if (!find_source(call, &source, &view) || !read_actor(call))
                return;
        if (call->by.len == 0 || call->why.len == 0) {
                problem(call, 400, "\"by\" and \"why\" are needed: who accepts it, and for what reason");
                return;
        }
        if (!view.suspicion) {
                problem(call, 409, "there is nothing to accept: nothing about this source is in doubt");
                return;
        }
        actor = actor_of(call);
        log_act(call, "accept", view.name);
        answer_status(call, "accepted");
        options->calls->accept(options->data, source, &actor);
}

static void reload(struct call *call)
{
        const struct cw_control_options *options = &call->control->options;
        struct cw_buf why = CW_BUF_NULL;

        if (!read_actor(call))
                return;
        log_act(call, "reload", "");
        if (options->calls->reload(options->data, &why))
                answer_status(call, "reloaded");
        else
                problem(call, 422, cw_buf_text(&why));
        cw_buf_deinit(&why);
}

static void poll_now(struct call *call)
{
        const struct cw_control_options *options = &call->control->options;

        if (!read_actor(call))
                return;
        log_act(call, "poll", "");
        options->calls->poll(options->data);
        call->answer->status = 202;
        answer_status(call, "polling");
}

/* True also says what stood for the `*`. */
static bool path_matches(const char *pattern, const char *path, struct call *call)
{
        const char *star = strchr(pattern, '*');
        size_t head = star ? (size_t)(star - pattern) : 0;

        if (!star)
                return strcmp(pattern, path) == 0;
        if (strncmp(pattern, path, head) != 0)
                return false;
        call->word = path + head;
        call->word_len = strcspn(call->word, "/");
        return call->word_len > 0 && strcmp(call->word + call->word_len, star + 1) == 0;
}

static void answer(void *data, const struct cw_httpd_request *request, struct cw_httpd_answer *ret_answer)
{
        static const struct route routes[] = {
                {"GET", "/healthz", healthz},        {"GET", "/readyz", readyz},
                {"GET", "/api/v1/sources", sources}, {"POST", "/api/v1/sources/*/accept", accept_source},
                {"POST", "/api/v1/reload", reload},  {"POST", "/api/v1/poll", poll_now},
        };
        struct call call = {.control = data, .request = request, .answer = ret_answer};
        const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
        const struct route *route = NULL;

        for (size_t i = 0; !route && i < CW_ARRAY_SIZE(routes); i++)
                if (path_matches(routes[i].path, request->path, &call))
                        route = &routes[i];
        if (ret_answer->status == 413) {
                problem(&call, 413, "the request's body is larger than 64 KiB");
        } else if (!route) {
                problem(&call, 404, "there is nothing at this path");
        } else if (strcmp(route->method, method) != 0) {
                problem(&call, 405, "the path is right, the method is not");
                ret_answer->allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
        } else {
                route->run(&call);
        }
        cw_buf_deinit(&call.by);
        cw_buf_deinit(&call.why);
}

int cw_control_new(const struct cw_control_options *options, struct cw_control **ret_control, struct cw_buf *why)
{
        cw_cleanup(cw_control_free_cleanup) struct cw_control *control = calloc(1, sizeof(*control));
        struct cw_httpd_options httpd = {
                .socket_path = options->socket_path,
                .max_body = BODY_MAX,
                .max_connections = CONNECTIONS_MAX,
                .patience_ms = PATIENCE_MS,
                .handle = answer,
                .data = control,
        };
        int r;

        if (!control)
                return -ENOMEM;
        control->options = *options;
        r = cw_httpd_new(options->loop, &httpd, &control->httpd, why);
        if (r < 0)
                return r;
        control->options.socket_path = NULL;
        *ret_control = cw_take(control);
        return 0;
}

void cw_control_free(struct cw_control *control)
{
        if (!control)
                return;
        cw_httpd_free(control->httpd);
        free(control);
}
