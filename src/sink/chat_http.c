/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: secrets join a message only here, in the memory of an attempt that is wiped afterwards: what is stored and
 * shown has none. An answer's body is only read for how long to wait and for what to tell the operator.
 */
#include "chat_http.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/secret.h"

enum {
        ANSWER_MAX = 64 * 1024,
        HEADERS = 2,
};

const char *cw_chat_keep(struct cw_sink_request *request, const struct cw_buf *text)
{
        if (cw_buf_error(text) < 0)
                return NULL;
        return cw_sink_memory_copy(request, cw_buf_text(text), text->len);
}

void cw_chat_put_encoded(struct cw_buf *buf, const char *text)
{
        for (; *text; text++) {
                if (isalnum((unsigned char)*text) || strchr("-._~", *text))
                        cw_buf_putc(buf, *text);
                else
                        cw_buf_printf(buf, "%%%02X", (unsigned char)*text);
        }
}

void cw_chat_put_server(struct cw_buf *buf, const char *server)
{
        size_t len = strlen(server);

        while (len > 0 && server[len - 1] == '/')
                len--;
        cw_buf_append(buf, server, len);
}

static int add_headers(const struct cw_chat_post *post, struct cw_sink_request *request)
{
        struct cw_http_header *headers = cw_sink_memory_new(request, HEADERS * sizeof(*headers));
        cw_cleanup(cw_buf_wipe) struct cw_buf value = CW_BUF_NULL;
        size_t n = 0;

        if (!headers)
                return -ENOMEM;
        headers[n++] = (struct cw_http_header){"Content-Type", post->content_type ?: "application/json; charset=utf-8"};
        if (post->token) {
                cw_buf_puts(&value, post->scheme);
                cw_buf_puts(&value, cw_secret_reveal(post->token));
                headers[n].name = post->header;
                headers[n].value = cw_chat_keep(request, &value);
                if (!headers[n++].value)
                        return -ENOMEM;
        }
        request->http.headers = headers;
        request->http.n_headers = n;
        return 0;
}

int cw_chat_request(const struct cw_sink_options *options, const struct cw_chat_post *post, const char *payload,
                    size_t payload_len, struct cw_sink_request *request)
{
        const char *body;

        if (!post->content_type && (payload_len < 2 || payload[0] != '{' || payload[payload_len - 1] != '}'))
                return -EBADMSG;
        body = cw_sink_memory_copy(request, payload, payload_len);
        if (!body)
                return -ENOMEM;
        request->transport = CW_TRANSPORT_HTTP;
        request->http = (struct cw_http_request){
                .method = post->method,
                .url = post->url,
                .body = body,
                .body_len = payload_len,
                .timeout_ms = options->timeout_ms,
                .max_response = ANSWER_MAX,
                .tls = options->tls,
                .proxy = options->proxy,
        };
        return add_headers(post, request);
}

bool cw_chat_answer_read(const struct cw_sink_answer *answer, struct cw_chat_answer *ret_answer)
{
        cw_autofree char *bytes = NULL;

        if (answer->failure != CW_HTTP_OK || !answer->body || answer->body_len == 0)
                return false;
        bytes = strndup(answer->body, answer->body_len);
        if (!bytes || cw_json_read(bytes, strlen(bytes), &ret_answer->json, NULL) < 0)
                return false;
        ret_answer->bytes = cw_take(bytes);
        return true;
}

void cw_chat_answer_deinit(struct cw_chat_answer *answer)
{
        free(answer->bytes);
}

/* Rounded up: who comes a millisecond early is sent away again. */
static int64_t wait_of(const struct cw_json *number, int64_t unit_ms)
{
        int64_t ms = 0, scale = unit_ms;
        size_t i = 0;

        for (; i < number->len && isdigit((unsigned char)number->text[i]); i++) {
                ms = ms * 10 + (number->text[i] - '0') * unit_ms;
                if (ms > CW_DAY_MS)
                        return CW_DAY_MS;
        }
        if (i == 0 || (i < number->len && number->text[i] != '.')) /* negative, or with an exponent */
                return 0;
        for (i++; i < number->len && isdigit((unsigned char)number->text[i]); i++) {
                int64_t digit = number->text[i] - '0';

                ms += digit * scale / 10;
                if (digit * scale % 10 != 0)
                        return ms + 1;
                scale /= 10;
        }
        return ms;
}

int64_t cw_chat_answer_wait_ms(const struct cw_json *object, const char *name, int64_t unit_ms)
{
        struct cw_json value;

        if (!cw_json_member(object, name, &value) || cw_json_kind(&value) != CW_JSON_NUMBER)
                return 0;
        return wait_of(&value, unit_ms);
}

bool cw_chat_answer_say(const struct cw_json *object, const char *name, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf said = CW_BUF_NULL;
        char reason[sizeof(judgement->reason)];
        struct cw_json value;

        if (!cw_json_member(object, name, &value) || !cw_json_string(&value, &said) || said.len == 0)
                return false;
        memcpy(reason, judgement->reason, sizeof(reason));
        cw_judge_say(judgement, "%s: %s", reason, said.data);
        return true;
}
