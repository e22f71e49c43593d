/* SPDX-License-Identifier: Apache-2.0 */
#include "hooks.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>

#include "request.h"
#include "sim_json.h"

#define BYTES_MAX ((size_t)64 * 1024 * 1024)

static void hook_deinit(struct cw_sim_hook *hook)
{
        free(hook->path);
        free(hook->headers);
        free(hook->body);
        *hook = (struct cw_sim_hook){0};
}

void cw_sim_hooks_deinit(struct cw_sim_hooks *hooks)
{
        cw_sim_hooks_clear(hooks);
        free(hooks->ring);
        *hooks = (struct cw_sim_hooks){0};
}

static void drop_oldest(struct cw_sim_hooks *hooks)
{
        struct cw_sim_hook *oldest = &hooks->ring[hooks->first];

        hooks->bytes -= oldest->bytes;
        hook_deinit(oldest);
        hooks->first = (hooks->first + 1) % CW_SIM_HOOKS_MAX;
        hooks->n--;
}

void cw_sim_hooks_clear(struct cw_sim_hooks *hooks)
{
        while (hooks->n > 0)
                drop_oldest(hooks);
}

static int render_headers(const struct cw_sim_request *request, char **ret_text)
{
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

        cw_buf_putc(&buf, '{');
        for (size_t i = 0; i < request->n_headers; i++) {
                const char *name = request->headers[i].name, *value = request->headers[i].value;

                cw_buf_puts(&buf, i ? ",\"" : "\"");
                for (; *name; name++)
                        cw_buf_putc(&buf, (char)tolower((unsigned char)*name));
                cw_buf_puts(&buf, "\":");
                cw_sim_json_quote(&buf, value, strlen(value));
        }
        cw_buf_putc(&buf, '}');
        return cw_buf_take(&buf, ret_text);
}

int cw_sim_hooks_add(struct cw_sim_hooks *hooks, const struct cw_sim_request *request, int64_t now, int status)
{
        struct cw_sim_hook hook cw_cleanup(hook_deinit) = {.at = now, .status = status, .body_len = request->body_len};
        int r;

        if (!hooks->ring) {
                hooks->ring = calloc(CW_SIM_HOOKS_MAX, sizeof(*hooks->ring));
                if (!hooks->ring)
                        return -ENOMEM;
        }
        hook.path = strdup(request->path);
        hook.body = malloc(request->body_len + 1);
        if (!hook.path || !hook.body)
                return -ENOMEM;
        memcpy(hook.body, request->body, request->body_len + 1);
        r = render_headers(request, &hook.headers);
        if (r < 0)
                return r;
        hook.bytes = strlen(hook.path) + strlen(hook.headers) + hook.body_len;
        while (hooks->n == CW_SIM_HOOKS_MAX || (hooks->n > 0 && hooks->bytes + hook.bytes > BYTES_MAX))
                drop_oldest(hooks);
        hook.n = ++hooks->last;
        hooks->bytes += hook.bytes;
        hooks->ring[(hooks->first + hooks->n) % CW_SIM_HOOKS_MAX] = hook;
        hooks->n++;
        memset(&hook, 0, sizeof(hook));
        return 0;
}

const struct cw_sim_hook *cw_sim_hooks_at(const struct cw_sim_hooks *hooks, size_t i)
{
        return &hooks->ring[(hooks->first + i) % CW_SIM_HOOKS_MAX];
}

void cw_sim_hooks_render(const struct cw_sim_hooks *hooks, uint64_t since, struct cw_buf *buf)
{
        const char *separator = "";

        cw_buf_putc(buf, '[');
        for (size_t i = 0; i < hooks->n; i++) {
                const struct cw_sim_hook *hook = cw_sim_hooks_at(hooks, i);

                if (hook->n <= since)
                        continue;
                cw_buf_printf(buf, "%s{\"n\":%" PRIu64 ",\"at\":\"", separator, hook->n);
                cw_clock_format_utc(buf, hook->at);
                cw_buf_printf(buf, "\",\"status\":%d,\"path\":", hook->status);
                cw_sim_json_quote(buf, hook->path, strlen(hook->path));
                cw_buf_printf(buf, ",\"headers\":%s,\"body\":", hook->headers);
                cw_sim_json_quote(buf, hook->body, hook->body_len);
                cw_buf_putc(buf, '}');
                separator = ",\n";
        }
        cw_buf_putc(buf, ']');
}
