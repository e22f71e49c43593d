/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what operators have the daemon do besides deciding: believe a list, read its configuration, poll, copy its
 * store. */
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/event.h"
#include "cardwatch/settings.h"
#include "control_call.h"
#include "control_job.h"

#define PATH_MOST 4000

static const struct cw_settings *settings_of(const struct cw_control_call *call)
{
        return call->options->calls->settings(call->options->data);
}

/* The source that the path names; false with a problem. */
static bool find_source(struct cw_control_call *call, size_t *ret_source, struct cw_source_view *ret_view)
{
        struct cw_engine *engine = call->options->calls->engine(call->options->data);

        for (size_t i = 0; i < settings_of(call)->config->n_sources; i++) {
                cw_engine_view_source(engine, i, ret_view);
                if (strlen(ret_view->name) != call->word_len || memcmp(ret_view->name, call->word, call->word_len) != 0)
                        continue;
                *ret_source = i;
                return true;
        }
        cw_control_refuse(call, 404, "there is no source of this name");
        return false;
}

static void accept_source(struct cw_control_call *call)
{
        struct cw_event event = {.kind = CW_EVENT_ACCEPT};
        struct cw_source_view view;

        if (!find_source(call, &event.source, &view) || !cw_control_take_body(call, NULL, 0) ||
            !cw_control_needs_actor(call))
                return;
        if (!view.suspicion) {
                cw_control_refuse(call, 409, "there is nothing to accept: nothing about this source is in doubt");
                return;
        }
        cw_control_log(call, "accept", view.name);
        cw_control_answer_status(call, "accepted");
        cw_control_audit(call, "accept", settings_of(call)->config->sources[event.source].name);
        call->options->calls->step(call->options->data, &event);
        call->options->calls->carry_out(call->options->data);
}

static void reload(struct cw_control_call *call)
{
        struct cw_act act;
        struct cw_buf why = CW_BUF_NULL;

        if (!cw_control_take_body(call, NULL, 0))
                return;
        act = cw_control_act(call);
        cw_control_log(call, "reload", "");
        if (call->options->calls->reload(call->options->data, &act, &why))
                cw_control_answer_status(call, "reloaded");
        else
                cw_control_refuse(call, 422, cw_buf_text(&why));
        cw_buf_deinit(&why);
}

static void poll_now(struct cw_control_call *call)
{
        if (!cw_control_take_body(call, NULL, 0))
                return;
        cw_control_log(call, "poll", "");
        call->options->calls->poll(call->options->data);
        call->answer->status = 202;
        cw_control_answer_status(call, "polling");
}

static int copy_store(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message)
{
        struct cw_json_out out = {.buf = &job->answer.body};
        int r = cw_store_backup(store, cw_buf_text(&job->text), message);

        if (r < 0) {
                cw_control_problem(&job->answer, 422, message->len ? cw_buf_text(message) : strerror(-r));
                return 0;
        }
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "file", cw_buf_text(&job->text));
        cw_json_out_close(&out, '}');
        cw_buf_putc(out.buf, '\n');
        return 0;
}

static void backup(struct cw_control_call *call)
{
        struct cw_control_job job = {.after = 0};
        const struct cw_control_field fields[] = {{"file", CW_CONTROL_LINE, &job.text, PATH_MOST}};
        const char *path;

        if (!cw_control_take_body(call, fields, CW_ARRAY_SIZE(fields))) {
                cw_buf_deinit(&job.text);
                return;
        }
        path = cw_buf_text(&job.text);
        if (*path != '/') {
                cw_control_refuse(call, 400, "\"file\" is needed: a path from the root, where the daemon may write");
                cw_buf_deinit(&job.text);
                return;
        }
        cw_control_log(call, "backup", path);
        cw_control_audit(call, "backup", path);
        cw_control_start_job(call, copy_store, &job);
        call->options->calls->carry_out(call->options->data);
}

static const struct cw_control_route routes[] = {
        {"POST", "/api/v1/sources/*/accept", accept_source},
        {"POST", "/api/v1/reload", reload},
        {"POST", "/api/v1/poll", poll_now},
        {"POST", "/api/v1/backup", backup},
};
const struct cw_control_family cw_control_work_routes = {routes, CW_ARRAY_SIZE(routes)};
