/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the webhook's body goes to a command's stdin; where a template says what goes there, that is stored behind it,
 * on lines of its own, because the environment is still made of the body. What a script wants to decide by before it
 * reads JSON stands in its environment, which holds nothing else of ours.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_in.h"
#include "cardwatch/render_template.h"
#include "channel.h"

enum {
        EXIT_WELL = 0,
        EXIT_LATER = 75, /* sysexits.h: EX_TEMPFAIL */
        VARIABLES_MAX = 8,
};

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        struct cw_render_options words = cw_sink_words(options);
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        int r;

        r = cw_render_json(notice, &words, payload);
        if (r < 0 || !options->body)
                return r;
        r = cw_render_template(options->body, notice, &words, cw_render_escape_json, &text);
        if (r == 0 && text.len > 0)
                cw_buf_printf(payload, "\n%s", text.data);
        return r < 0 ? r : cw_buf_error(&text);
}

static int put_variable(struct cw_sink_request *request, const char *name, const char *value, const char **ret_variable)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_buf_printf(&text, "%s=%s", name, value);
        if (cw_buf_error(&text) < 0)
                return cw_buf_error(&text);
        *ret_variable = cw_sink_memory_copy(request, text.data, text.len);
        return *ret_variable ? 0 : -ENOMEM;
}

/* A member of the message that is one of our own words. */
static int put_member(struct cw_sink_request *request, const struct cw_json *message, const char *member,
                      const char *name, const char **ret_variable)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_json value;

        if (!cw_json_member(message, member, &value) || !cw_json_string(&value, &text))
                return -EBADMSG;
        return cw_buf_error(&text) < 0 ? cw_buf_error(&text)
                                       : put_variable(request, name, cw_buf_text(&text), ret_variable);
}

static int put_environment(const struct cw_sink_options *options, const char *id, const char *message_text,
                           size_t message_len, struct cw_sink_request *request)
{
        cw_autofree char *bytes = strndup(message_text, message_len);
        const char **environment = cw_sink_memory_new(request, VARIABLES_MAX * sizeof(*environment));
        struct cw_json message;
        size_t n = 0;
        int r;

        if (!bytes || !environment)
                return -ENOMEM;
        r = cw_json_read(bytes, strlen(bytes), &message, NULL);
        if (r < 0)
                return r;
        environment[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        environment[n++] = "LANG=C.UTF-8";
        r = put_variable(request, "CARDWATCH_ID", id, &environment[n++]);
        if (r == 0)
                r = put_variable(request, "CARDWATCH_NOTIFIER", options->name ?: "", &environment[n++]);
        if (r == 0)
                r = put_member(request, &message, "kind", "CARDWATCH_KIND", &environment[n++]);
        if (r == 0)
                r = put_member(request, &message, "status", "CARDWATCH_STATUS", &environment[n++]);
        if (r == 0)
                r = put_member(request, &message, "severity", "CARDWATCH_SEVERITY", &environment[n++]);
        request->exec.environment = environment;
        return r;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        const char *line_end = memchr(payload, '\n', payload_len); /* JSON has none */
        size_t message_len = line_end ? (size_t)(line_end - payload) : payload_len;
        size_t skipped = line_end ? message_len + 1 : 0;
        const char **command;

        (void)now;
        if (options->n_command == 0)
                return -EINVAL;
        if (message_len < 2 || (line_end && skipped == payload_len) || payload[0] != '{' ||
            payload[message_len - 1] != '}')
                return -EBADMSG;
        command = cw_sink_memory_new(ret, (options->n_command + 1) * sizeof(*command));
        if (!command)
                return -ENOMEM;
        memcpy(command, options->command, options->n_command * sizeof(*command));
        ret->transport = CW_TRANSPORT_EXEC;
        ret->exec = (struct cw_exec_request){
                .command = command,
                .input = cw_sink_memory_copy(ret, payload + skipped, payload_len - skipped),
                .input_len = payload_len - skipped,
                .timeout_ms = options->timeout_ms,
        };
        return ret->exec.input ? put_environment(options, id, payload, message_len, ret) : -ENOMEM;
}

/* The status is the command's exit status, the message the last line it said. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        const char *said = answer->message ?: "";

        if (answer->failure == CW_HTTP_TIMEOUT) {
                cw_judge_say(judgement, "the command took too long%s%s", *said ? ": " : "", said);
                return;
        }
        if (answer->failure != CW_HTTP_OK) {
                cw_judge_say(judgement, "%s", said);
                return;
        }
        if (answer->status == EXIT_WELL) {
                judgement->verdict = CW_SINK_DELIVERED;
                return;
        }
        judgement->verdict = answer->status == EXIT_LATER ? CW_SINK_RETRY : CW_SINK_PERMANENT;
        cw_judge_say(judgement, "exit status %ld%s%s", answer->status, *said ? ": " : "", said);
}

const struct cw_channel cw_channel_exec = {"exec", false, render, request, judge};
