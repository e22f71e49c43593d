/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "cardwatch/http.h"
#include "cardwatch/json_in.h"
#include "cardwatch/json_out.h"
#include "cardwatch/loop.h"
#include "command.h"

#define TIMEOUT_MS (60 * CW_SECOND_MS) /* a reload resolves and reads what it names */
#define ANSWER_MAX (16u << 20)

/* Only what was typed can be at fault: the daemon knows what a term or a duration is. */
#define MISUNDERSTOOD 400

struct exchange {
        const struct cw_daemon_call *call;
        const char *socket;
        struct cw_loop *loop;
        struct cw_buf *answer;
        int status;
};

static void unreachable(const struct exchange *exchange, const char *reason)
{
        fprintf(stderr, "cardwatch %s: the daemon is not reachable at %s: %s\n", exchange->call->command->name,
                exchange->socket, reason);
}

/* The kernel's reason says more than "could not connect", and the client speaks of a host where there is a socket. */
static const char *reason_of(const struct exchange *exchange, const struct cw_http_answer *answer)
{
        if (answer->failure == CW_HTTP_RESOLVE)
                return "a socket's name has 107 bytes at most";
        if (answer->failure == CW_HTTP_TIMEOUT)
                return "it does not answer";
        if (answer->failure != CW_HTTP_CONNECT)
                return answer->message;
        return access(exchange->socket, R_OK | W_OK) < 0 ? strerror(errno) : "nobody answers there";
}

/* The problem's own words; whatever else came is not worth showing. */
static void refused(const struct exchange *exchange, const struct cw_http_answer *answer)
{
        struct cw_buf body = CW_BUF_NULL, detail = CW_BUF_NULL;
        struct cw_json top, value;

        cw_buf_append(&body, answer->body, answer->body_len);
        if (body.len > 0 && cw_json_read(body.data, body.len, &top, NULL) == 0 &&
            cw_json_member(&top, "detail", &value))
                (void)cw_json_string(&value, &detail);
        if (detail.len == 0)
                cw_buf_printf(&detail, "it answered %ld", answer->status);
        fprintf(stderr, "cardwatch %s: refused: %s\n", exchange->call->command->name, cw_buf_text(&detail));
        cw_buf_deinit(&body);
        cw_buf_deinit(&detail);
}

static void done(void *data, struct cw_http_answer *answer)
{
        struct exchange *exchange = data;

        if (answer->failure != CW_HTTP_OK) {
                unreachable(exchange, reason_of(exchange, answer));
                exchange->status = CW_EXIT_UNAVAILABLE;
        } else if (answer->status < 200 || answer->status > 299) {
                refused(exchange, answer);
                exchange->status = answer->status == MISUNDERSTOOD ? CW_EXIT_USAGE : CW_EXIT_FAILED;
        } else {
                cw_buf_append(exchange->answer, answer->body, answer->body_len);
                exchange->status = cw_buf_error(exchange->answer) < 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
        }
        cw_loop_stop(exchange->loop);
}

static int ask(struct exchange *exchange)
{
        const struct cw_daemon_call *call = exchange->call;
        static const struct cw_http_header headers[] = {{"Content-Type", "application/json"}};
        struct cw_http_transfer *transfer;
        struct cw_buf url = CW_BUF_NULL;
        struct cw_http_request request = {
                .method = call->method,
                .headers = headers,
                .n_headers = call->body ? 1 : 0,
                .body = call->body,
                .body_len = call->body ? strlen(call->body) : 0,
                .timeout_ms = call->timeout_ms ? call->timeout_ms : TIMEOUT_MS,
                .max_response = ANSWER_MAX,
                .unix_socket = exchange->socket,
        };
        struct cw_http *http = NULL;
        int r;

        cw_buf_printf(&url, "http://localhost%s", call->path);
        request.url = cw_buf_text(&url);
        r = cw_loop_new(&exchange->loop);
        if (r == 0)
                r = cw_http_new(exchange->loop, "cardwatch/" CARDWATCH_VERSION, &http);
        if (r == 0)
                r = cw_http_start(http, &request, done, exchange, &transfer);
        if (r == 0)
                cw_loop_run(exchange->loop);
        cw_http_free(http);
        cw_loop_free(exchange->loop);
        cw_buf_deinit(&url);
        return r;
}

int cw_daemon_call(const struct cw_daemon_call *call, struct cw_buf *answer)
{
        struct exchange exchange = {.call = call, .answer = answer, .status = CW_EXIT_FAILED};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_config_load_options offline = {.offline = true};
        struct cw_config *config = NULL;
        struct cw_buf text = CW_BUF_NULL;
        int r = 0;

        exchange.socket = call->place.socket;
        if (!exchange.socket && call->place.config) {
                r = cw_config_load(call->place.config, &offline, &config, &report);
                if (r < 0)
                        cw_config_report_text(&report, &text);
                exchange.socket = config ? config->control_socket : NULL;
        } else if (!exchange.socket) {
                exchange.socket = CW_CONFIG_CONTROL_SOCKET;
        }
        fputs(cw_buf_text(&text), stderr);
        if (r == 0 && !exchange.socket) {
                fprintf(stderr, "cardwatch %s: control.socket is none in %s\n", call->command->name,
                        call->place.config);
                exchange.status = CW_EXIT_UNAVAILABLE;
        } else if (r == 0 && ask(&exchange) < 0) {
                fprintf(stderr, "cardwatch %s: cannot ask\n", call->command->name);
        }
        cw_config_free(config);
        cw_config_report_deinit(&report);
        cw_buf_deinit(&text);
        return r < 0 ? CW_EXIT_CONFIG : exchange.status;
}

void cw_daemon_actor(struct cw_buf *body, const char *by, const char *why)
{
        struct cw_json_out out = {.buf = body};

        cw_json_out_open(&out, NULL, '{');
        if (by)
                cw_json_out_string(&out, "by", by);
        if (why)
                cw_json_out_string(&out, "why", why);
        cw_json_out_close(&out, '}');
}
