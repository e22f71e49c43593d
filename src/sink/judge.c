/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what a later attempt could change is tried again; what it could not is permanent. A receiver that says when to
 * come back is obeyed.
 */
#include <stdarg.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "channel.h"

void cw_judge_say(struct cw_sink_judgement *judgement, const char *format, ...)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf said = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf line = CW_BUF_NULL;
        size_t len, most = sizeof(judgement->reason) - 1;
        va_list args;

        va_start(args, format);
        cw_buf_vprintf(&said, format, args);
        va_end(args);
        cw_render_visible(&line, cw_buf_text(&said), most);
        len = line.len <= most ? line.len : cw_text_valid_utf8(line.data, most);
        memcpy(judgement->reason, cw_buf_text(&line), len);
        judgement->reason[len] = '\0';
}

static bool is_worth_retrying(long status)
{
        static const long retried[] = {408, 425, 429};

        for (size_t i = 0; i < CW_ARRAY_SIZE(retried); i++)
                if (status == retried[i])
                        return true;
        return status < 200 || status >= 500;
}

static void say_failure(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        const char *name = cw_http_failure_name(answer->failure);

        judgement->verdict = CW_SINK_RETRY;
        if (answer->message && *answer->message)
                cw_judge_say(judgement, "%s: %s", name, answer->message);
        else
                cw_judge_say(judgement, "%s", name);
}

/* An answer that was too long to read has been given all the same. */
void cw_judge_http(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        if (answer->failure != CW_HTTP_OK && answer->failure != CW_HTTP_TOO_LARGE) {
                say_failure(answer, judgement);
                return;
        }
        if (answer->status >= 200 && answer->status < 300) {
                judgement->verdict = CW_SINK_DELIVERED;
                return;
        }
        cw_judge_say(judgement, "HTTP status %ld", answer->status);
        if (!is_worth_retrying(answer->status)) {
                judgement->verdict = CW_SINK_PERMANENT;
                return;
        }
        judgement->verdict = CW_SINK_RETRY;
        judgement->retry_after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0;
}

void cw_judge_wire(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        if (answer->failure == CW_HTTP_OK)
                judgement->verdict = CW_SINK_DELIVERED;
        else
                say_failure(answer, judgement);
}
