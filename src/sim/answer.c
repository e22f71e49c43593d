/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the one table of paths, in front of the provider's endpoints and of the simulator's own control. */
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "api.h"
#include "control.h"
#include "reply.h"
#include "request.h"
#include "sim.h"

static bool is_method(const struct cw_sim_request *request, const char *method)
{
        return strcmp(request->method, method) == 0 ||
               (strcmp(method, "GET") == 0 && strcmp(request->method, "HEAD") == 0);
}

static void answer(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        static const struct {
                const char *method, *path;
                void (*handle)(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now,
                               struct cw_sim_reply *reply);
        } routes[] = {
                {"GET", "/api/v1/customer/cards/byuser/list", cw_sim_api_list},
                {"GET", "/api/v1/customer/cards/byuser", cw_sim_api_customer},
                {"POST", "/api/v1/public/auth/login", cw_sim_api_login},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(routes); i++) {
                if (strcmp(request->path, routes[i].path) != 0)
                        continue;
                if (is_method(request, routes[i].method)) {
                        routes[i].handle(sim, request, now, reply);
                        return;
                }
                sim->counts.other++;
                cw_sim_reply_refuse(reply, 405, "this path has no such method");
                cw_buf_printf(&reply->headers, "Allow: %s\r\n", strcmp(routes[i].method, "GET") ? "POST" : "GET, HEAD");
                return;
        }
        if (strncmp(request->path, "/sim/", 5) == 0) {
                cw_sim_control(sim, request, now, reply);
                return;
        }
        sim->counts.other++;
        if (sim->inbox && strcmp(request->path, "/") == 0 && is_method(request, "GET")) {
                reply->status = 302;
                cw_buf_puts(&reply->headers, "Location: /sim/inbox\r\n");
                return;
        }
        cw_sim_reply_refuse(reply, 404, "there is no such path");
}

int cw_sim_answer(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        int r;

        reply->head_only = strcmp(request->method, "HEAD") == 0;
        reply->close = !request->keep_alive;
        answer(sim, request, now, reply);
        r = cw_buf_error(&reply->body);
        return r < 0 ? r : cw_buf_error(&reply->headers);
}
