/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a notifier's own words are templates over exactly the bytes that a webhook would get, so what can be said in
 * them is what the contract of that body says.
 */
#include "cardwatch/render_template.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "template_code.h"

static void put_json_cleanup(struct json_object **object)
{
        json_object_put(*object);
}

static void free_tokener_cleanup(struct json_tokener **tokener)
{
        if (*tokener)
                json_tokener_free(*tokener);
}

int cw_render_data(const struct cw_buf *json, struct json_object **ret_object)
{
        cw_cleanup(free_tokener_cleanup) struct json_tokener *tokener = json_tokener_new();

        if (!tokener)
                return -ENOMEM;
        if (json->len > INT32_MAX)
                return -EMSGSIZE;
        *ret_object = json_tokener_parse_ex(tokener, json->data, (int)json->len);
        return *ret_object ? 0 : -EMSGSIZE;
}

int cw_render_template(const struct cw_template *template, const struct cw_notice *notice,
                       const struct cw_render_options *options, cw_render_escape_fn escape, struct cw_buf *buf)
{
        struct cw_template_use use = {
                .escape = escape,
                .verbatim = escape == cw_render_escape_json,
                .templates = options ? options->templates : NULL,
        };
        cw_cleanup(put_json_cleanup) struct json_object *message = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf json = CW_BUF_NULL;
        int r;

        r = cw_render_json(notice, options, &json);
        if (r == 0)
                r = cw_render_data(&json, &message);
        if (r == 0)
                r = cw_template_render(template, &message, 1, &use, buf);
        return r == -EMSGSIZE ? CW_RENDER_DEFAULT : r;
}

bool cw_render_is_html(const struct cw_template *template)
{
        return template->text[strspn(template->text, " \t\r\n")] == '<';
}

void cw_render_escape_json(struct cw_buf *buf, const char *text)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf quoted = CW_BUF_NULL;
        struct cw_json_out out = {.buf = &quoted};

        cw_json_out_string(&out, NULL, text);
        if (cw_buf_error(&quoted) < 0)
                buf->error = cw_buf_error(&quoted);
        else
                cw_buf_append(buf, quoted.data + 1, quoted.len - 2);
}
