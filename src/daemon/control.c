/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/event.h"
#include "cardwatch/log.h"
#include "control_aside.h"
#include "control_call.h"
#include "control_job.h"

/*
 * Idea: families of routes, each in a file of its own; here a request finds its route, and stands what all share.
 */

#define BODY_MAX        (size_t)(64u * 1024)
#define CONNECTIONS_MAX 64
#define PATIENCE_MS     (15 * CW_SECOND_MS)
#define FIELDS_MAX      8

struct cw_control {
        struct cw_control_options options;
        struct cw_httpd *httpd;
        struct cw_control_jobs *jobs;
        struct cw_control_asides *asides;
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

void cw_control_problem(struct cw_httpd_answer *answer, unsigned status, const char *detail)
{
        struct cw_json_out out = {.buf = &answer->body};

        answer->status = status;
        answer->content_type = "application/problem+json";
        cw_buf_clear(&answer->body);
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "type", "about:blank");
        cw_json_out_string(&out, "title", title_of(status));
        cw_json_out_int(&out, "status", status);
        cw_json_out_string(&out, "detail", detail);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&answer->body, '\n');
}

void cw_control_refuse(struct cw_control_call *call, unsigned status, const char *detail)
{
        cw_control_problem(call->answer, status, detail);
}

void cw_control_answer_status(struct cw_control_call *call, const char *status)
{
        struct cw_json_out out = {.buf = &call->answer->body};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "status", status);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

bool cw_control_take_body(struct cw_control_call *call, const struct cw_control_field *fields, size_t n_fields)
{
        struct cw_control_field all[FIELDS_MAX] = {
                {"by", CW_CONTROL_LINE, &call->by, CW_CONTROL_BY_MAX},
                {"why", CW_CONTROL_LINE, &call->why, CW_CONTROL_WHY_MAX},
        };
        struct cw_buf why = CW_BUF_NULL;
        bool good;

        for (size_t i = 0; i < n_fields; i++)
                all[2 + i] = fields[i];
        good = cw_control_read_body(call->request->body, call->request->body_len, all, 2 + n_fields, &why);
        if (!good)
                cw_control_refuse(call, 400, cw_buf_text(&why));
        cw_buf_deinit(&why);
        return good;
}

bool cw_control_take_query(struct cw_control_call *call, const struct cw_control_field *fields, size_t n_fields)
{
        struct cw_buf why = CW_BUF_NULL;
        bool good;

        good = cw_control_read_query(call->request->arguments, call->request->n_arguments, fields, n_fields, &why);
        if (!good)
                cw_control_refuse(call, 400, cw_buf_text(&why));
        cw_buf_deinit(&why);
        return good;
}

bool cw_control_take_range(struct cw_control_call *call, struct cw_control_range *range)
{
        const struct cw_control_field fields[] = {
                {"limit", CW_CONTROL_COUNT, &range->limit, CW_CONTROL_LIMIT_MAX},
                {"cursor", CW_CONTROL_COUNT, &range->from, INT32_MAX},
        };

        return cw_control_take_query(call, fields, CW_ARRAY_SIZE(fields));
}

size_t cw_control_range_end(const struct cw_control_range *range, size_t n)
{
        size_t end = (size_t)(range->from + range->limit);

        return end < n ? end : n;
}

void cw_control_put_next(struct cw_json_out *out, const struct cw_control_range *range, size_t n)
{
        size_t end = cw_control_range_end(range, n);
        char next[24];

        snprintf(next, sizeof(next), "%zu", end);
        cw_json_out_string(out, "next", end < n ? next : NULL);
}

bool cw_control_needs_actor(struct cw_control_call *call)
{
        if (call->by.len > 0 && call->why.len > 0)
                return true;
        cw_control_refuse(call, 400, "\"by\" and \"why\" are needed: who does this, and for what reason");
        return false;
}

struct cw_act cw_control_act(const struct cw_control_call *call)
{
        return (struct cw_act){
                .by = cw_buf_text(&call->by),
                .why = cw_buf_text(&call->why),
                .uid = call->request->peer_uid,
        };
}

void cw_control_log(const struct cw_control_call *call, const char *what, const char *object)
{
        struct cw_act act = cw_control_act(call);

        cw_log(call->options->log, CW_LOG_INFO, "control", "act", "%s", what, "object", "%s", object, "by", "%s",
               act.by, "why", "%s", act.why, "uid", "%lld", (long long)act.uid, NULL);
}

void cw_control_audit(const struct cw_control_call *call, const char *what, const char *target)
{
        struct cw_event event = {.kind = CW_EVENT_AUDIT,
                                 .act = {.by = cw_control_act(call), .what = what, .target = target}};

        call->options->calls->step(call->options->data, &event);
}

/* True also says what stood for the `*`. */
static bool path_matches(const char *pattern, const char *path, struct cw_control_call *call)
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

/* The route, or NULL with the problem said: nothing stands at the path, or nothing by this method. */
static const struct cw_control_route *find_route(struct cw_control_call *call)
{
        static const struct cw_control_family *const families[] = {
                &cw_control_look_routes,    &cw_control_rule_routes,   &cw_control_alert_routes,
                &cw_control_silence_routes, &cw_control_past_routes,   &cw_control_outbox_routes,
                &cw_control_work_routes,    &cw_control_notify_routes,
        };
        const char *method = strcmp(call->request->method, "HEAD") == 0 ? "GET" : call->request->method;
        const char *allow = NULL;

        for (size_t f = 0; f < CW_ARRAY_SIZE(families); f++)
                for (size_t i = 0; i < families[f]->n; i++) {
                        const struct cw_control_route *route = &families[f]->routes[i];

                        if (!path_matches(route->path, call->request->path, call))
                                continue;
                        if (strcmp(route->method, method) == 0)
                                return route;
                        /* At most two methods share a path: a third would need another word here. */
                        allow = !allow                                 ? route->method
                                : strcmp(route->method, "DELETE") == 0 ? "POST, DELETE"
                                                                       : "GET, HEAD, POST";
                }
        cw_control_refuse(call, allow ? 405 : 404,
                          allow ? "the path is right, the method is not" : "there is nothing at this path");
        call->answer->allow = allow && strcmp(allow, "GET") == 0 ? "GET, HEAD" : allow;
        return NULL;
}

static void answer(void *data, const struct cw_httpd_request *request, struct cw_httpd_answer *ret_answer)
{
        struct cw_control *control = data;
        struct cw_control_call call = {.options = &control->options,
                                       .jobs = control->jobs,
                                       .asides = control->asides,
                                       .request = request,
                                       .answer = ret_answer};
        const struct cw_control_route *route = NULL;

        if (ret_answer->status == 413)
                cw_control_refuse(&call, 413, "the request's body is larger than 64 KiB");
        else
                route = find_route(&call);
        if (route)
                route->run(&call);
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
        r = cw_control_jobs_new(options->loop, &control->jobs);
        if (r == 0)
                r = cw_control_asides_new(options->loop, &control->asides);
        if (r == 0)
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
        cw_control_jobs_free(control->jobs);
        cw_control_asides_free(control->asides);
        free(control);
}
