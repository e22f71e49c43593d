/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "chat_http.h"

enum {
        ANSWER_MAX = 64 * 1024,
        SAID_MAX = 300, /* bytes of an answer that may become part of a reason */
};

bool cw_lines_next(const char *payload, size_t payload_len, size_t *at, const char **ret_line, size_t *ret_len)
{
        const char *end;

        if (*at >= payload_len)
                return false;
        end = memchr(payload + *at, '\n', payload_len - *at);
        *ret_line = payload + *at;
        *ret_len = end ? (size_t)(end - *ret_line) : payload_len - *at;
        *at += *ret_len + 1;
        return true;
}

int cw_lines_count(const char *payload, size_t payload_len, size_t *ret_n)
{
        size_t at = 0, len, n = 0;
        const char *line;

        for (; cw_lines_next(payload, payload_len, &at, &line, &len); n++)
                if (len < 4 || line[0] != '{' || line[1] != '"' || line[len - 1] != '}')
                        return -EBADMSG;
        if (n == 0 || payload[payload_len - 1] != '\n')
                return -EBADMSG;
        *ret_n = n;
        return 0;
}

static bool names_content_type(const struct cw_sink_options *options)
{
        for (size_t i = 0; i < options->n_headers; i++)
                if (cw_text_equal_nocase(options->headers[i].name, "Content-Type"))
                        return true;
        return false;
}

static int add_headers(const struct cw_sink_options *options, struct cw_sink_request *request)
{
        struct cw_http_header *headers = cw_sink_memory_new(request, (options->n_headers + 1) * sizeof(*headers));
        size_t n = options->n_headers;

        if (!headers)
                return -ENOMEM;
        if (n > 0)
                memcpy(headers, options->headers, n * sizeof(*headers));
        if (!names_content_type(options))
                headers[n++] = (struct cw_http_header){"Content-Type", "application/json"};
        request->http.headers = headers;
        request->http.n_headers = n;
        return 0;
}

int cw_lines_begin(const struct cw_sink_options *options, const char *path, size_t n, struct cw_sink_request *request)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;

        cw_chat_put_server(&url, options->server);
        cw_buf_puts(&url, path);
        request->transport = CW_TRANSPORT_HTTP;
        request->http = (struct cw_http_request){
                .method = "POST",
                .url = cw_chat_keep(request, &url),
                .timeout_ms = options->timeout_ms,
                .max_response = ANSWER_MAX,
                .tls = options->tls,
                .proxy = options->proxy,
        };
        request->following = cw_sink_memory_new(request, n * sizeof(*request->following));
        if (!request->http.url || !request->following || add_headers(options, request) < 0)
                return -ENOMEM;
        request->n_following = n - 1;
        for (size_t i = 0; i < request->n_following; i++)
                request->following[i] = request->http;
        return 0;
}

int cw_lines_set_body(struct cw_sink_request *request, size_t i, const struct cw_buf *body)
{
        struct cw_http_request *http = i == 0 ? &request->http : &request->following[i - 1];

        http->body = cw_chat_keep(request, body);
        http->body_len = body->len;
        return http->body ? 0 : -ENOMEM;
}

void cw_lines_judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        char reason[sizeof(judgement->reason)];
        int len = answer->body_len < SAID_MAX ? (int)answer->body_len : SAID_MAX;

        cw_judge_http(answer, judgement);
        if (judgement->verdict == CW_SINK_DELIVERED || answer->failure != CW_HTTP_OK || len == 0)
                return;
        memcpy(reason, judgement->reason, sizeof(reason));
        cw_judge_say(judgement, "%s: %.*s", reason, len, answer->body);
}
