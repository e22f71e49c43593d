/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the stored payload is the body itself, whatever a template made of it; an attempt adds the Standard Webhooks
 * headers, which carry its time and the signature over it. What the configuration says of headers goes along, except
 * where it would speak for those.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/digits.h"
#include "cardwatch/hmac.h"
#include "cardwatch/render_template.h"
#include "cardwatch/secret.h"
#include "cardwatch/text.h"
#include "channel.h"

enum {
        OWN_HEADERS = 4,
        ANSWER_MAX = 64 * 1024, /* nothing in the answer is needed */
};

static const char *content_type(const struct cw_sink_options *options)
{
        for (size_t i = 0; i < options->n_headers; i++)
                if (cw_text_equal_nocase(options->headers[i].name, "Content-Type"))
                        return options->headers[i].value;
        return "application/json";
}

/* What a template's values are written into. */
static cw_render_escape_fn escape_of(const struct cw_sink_options *options)
{
        const char *type = content_type(options);

        if (strcasestr(type, "json"))
                return cw_render_escape_json;
        return strcasestr(type, "html") || strcasestr(type, "xml") ? cw_render_escape_html : NULL;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        struct cw_render_options words = cw_sink_words(options);
        int r = CW_RENDER_DEFAULT;

        if (options->body)
                r = cw_render_template(options->body, notice, &words, escape_of(options), payload);
        return r == CW_RENDER_DEFAULT || (r == 0 && payload->len == 0) ? cw_render_json(notice, &words, payload) : r;
}

static bool is_named(const struct cw_http_header *headers, size_t n_headers, const char *name)
{
        for (size_t i = 0; i < n_headers; i++)
                if (cw_text_equal_nocase(headers[i].name, name))
                        return true;
        return false;
}

static int timestamp(struct cw_sink_request *request, int64_t now_s, const char **ret_text)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_digits_put(&text, now_s);
        *ret_text = cw_sink_memory_copy(request, cw_buf_text(&text), text.len);
        return cw_buf_error(&text) < 0 || !*ret_text ? -ENOMEM : 0;
}

static int signature(const struct cw_sink_options *options, const char *id, int64_t now_s,
                     struct cw_sink_request *request, const char **ret_text)
{
        cw_cleanup(cw_buf_wipe) struct cw_buf text = CW_BUF_NULL;
        int r;

        r = cw_hmac_webhook_signature(options->secret, id, now_s, request->http.body, request->http.body_len, &text);
        if (r < 0)
                return r;
        *ret_text = cw_sink_memory_copy(request, cw_buf_text(&text), text.len);
        return cw_buf_error(&text) < 0 || !*ret_text ? -ENOMEM : 0;
}

static int add_headers(const struct cw_sink_options *options, const char *id, int64_t now_s,
                       struct cw_sink_request *request)
{
        struct cw_http_header *headers;
        size_t n = 0;
        int r;

        headers = cw_sink_memory_new(request, (OWN_HEADERS + options->n_headers) * sizeof(*headers));
        if (!headers)
                return -ENOMEM;
        headers[n].name = "webhook-id";
        headers[n++].value = id;
        headers[n].name = "webhook-timestamp";
        r = timestamp(request, now_s, &headers[n++].value);
        if (r == 0 && options->secret) {
                headers[n].name = "webhook-signature";
                r = signature(options, id, now_s, request, &headers[n++].value);
        }
        if (r < 0)
                return r;
        for (size_t i = 0, n_own = n; i < options->n_headers; i++)
                if (!is_named(headers, n_own, options->headers[i].name))
                        headers[n++] = options->headers[i];
        if (!is_named(headers, n, "Content-Type"))
                headers[n++] = (struct cw_http_header){"Content-Type", "application/json"};
        request->http.headers = headers;
        request->http.n_headers = n;
        return 0;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        const char *body, *own_id;

        if (!options->url)
                return -EINVAL;
        if (!options->body && (payload_len < 2 || payload[0] != '{' || payload[payload_len - 1] != '}'))
                return -EBADMSG;
        body = cw_sink_memory_copy(ret, payload, payload_len);
        own_id = cw_sink_memory_copy(ret, id, strlen(id));
        if (!body || !own_id)
                return -ENOMEM;
        ret->transport = CW_TRANSPORT_HTTP;
        ret->http = (struct cw_http_request){
                .method = "POST",
                .url = cw_secret_reveal(options->url),
                .body = body,
                .body_len = payload_len,
                .timeout_ms = options->timeout_ms,
                .max_response = ANSWER_MAX,
                .tls = options->tls,
                .proxy = options->proxy,
        };
        return add_headers(options, own_id, now / CW_SECOND_MS, ret);
}

const struct cw_channel cw_channel_webhook = {"webhook", false, render, request, cw_judge_http};
