/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "action.h"
#include "api.h"
#include "inbox.h"
#include "render.h"
#include "reply.h"
#include "request.h"
#include "sim.h"
#include "sim_json.h"

static void act(struct cw_sim *sim, const char *name, const struct cw_sim_json *json, struct cw_sim_reply *reply)
{
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int r;

        r = cw_sim_act(sim, name, json, &why, &reply->body);
        if (r == 0 && reply->body.len == 0)
                cw_buf_puts(&reply->body, "{\"ok\":true}");
        else if (r == -EINVAL || r == -ENOENT || r == -EEXIST)
                cw_sim_reply_refuse(reply, r == -EINVAL ? 400 : r == -ENOENT ? 404 : 409, cw_buf_text(&why));
        else if (r < 0)
                cw_sim_reply_refuse(reply, 500, strerror(-r));
}

/* The body says what to do it with; none at all is an empty object. */
static void act_on_body(struct cw_sim *sim, const char *name, const struct cw_sim_request *request,
                        struct cw_sim_reply *reply)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        bool empty = request->body_len == 0;

        if (cw_sim_json_parse(empty ? "{}" : request->body, empty ? 2 : request->body_len, &why, &json) < 0)
                cw_sim_reply_refuse(reply, 400, cw_buf_text(&why));
        else
                act(sim, name, json, reply);
}

static bool read_id(const char *text, int64_t *ret_id)
{
        char *end;

        if (!text || !*text || strspn(text, "0123456789") != strlen(text))
                return false;
        errno = 0;
        *ret_id = strtoll(text, &end, 10);
        return errno == 0;
}

/* DELETE /sim/<what>/ID. */
static void remove_one(struct cw_sim *sim, const char *what, const char *id_text, struct cw_sim_reply *reply)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL, name cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int64_t id;

        if (!read_id(id_text, &id)) {
                cw_sim_reply_refuse(reply, 404, "an id is wanted");
                return;
        }
        cw_buf_printf(&buf, "{\"%s\":%" PRId64 "}", what, id);
        cw_buf_printf(&name, "%s-%s", strcmp(what, "fault") == 0 ? "clear" : "remove", what);
        if (cw_buf_error(&buf) || cw_buf_error(&name) || cw_sim_json_parse(buf.data, buf.len, NULL, &json) < 0)
                cw_sim_reply_refuse(reply, 500, strerror(ENOMEM));
        else
                act(sim, name.data, json, reply);
}

static void show_state(struct cw_sim *sim, struct cw_sim_reply *reply)
{
        const struct cw_sim_counts *counts = &sim->counts;
        const struct cw_sim_access *access = &sim->access;

        cw_buf_printf(&reply->body,
                      "{\"requests\":{\"list\":%" PRIu64 ",\"customer\":%" PRIu64 ",\"login\":%" PRIu64
                      ",\"hook\":%" PRIu64 ",\"other\":%" PRIu64 "},\n\"logins\":{\"good\":%" PRIu64 ",\"bad\":%" PRIu64
                      "},\"refused\":%" PRIu64 ",\"refused_otp\":%" PRIu64 ",\n",
                      counts->requests[CW_SIM_ENDPOINT_LIST], counts->requests[CW_SIM_ENDPOINT_CUSTOMER],
                      counts->requests[CW_SIM_ENDPOINT_LOGIN], counts->requests[CW_SIM_ENDPOINT_HOOK], counts->other,
                      access->good_logins, access->bad_logins, access->refused, access->refused_otp);
        cw_buf_printf(&reply->body,
                      "\"polls\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"max_concurrent\":%" PRIu64
                      ",\"faulted\":%" PRIu64 ",\"faults\":%zu,\n\"hooks\":%" PRIu64
                      ",\"customers\":%zu,\"cards\":%zu,\"tick\":%" PRIu64 "}\n",
                      counts->polls, counts->connections, counts->max_concurrent, counts->faulted, sim->faults.n,
                      sim->hooks.last, sim->world.n_customers, sim->world.cards_by_id.used, sim->world.tick);
}

static void show_one(struct cw_sim *sim, const char *what, const char *id_text, struct cw_sim_reply *reply)
{
        const struct cw_sim_customer *customer = NULL;
        const struct cw_sim_card *card = NULL;
        int64_t id;

        if (read_id(id_text, &id)) {
                if (strcmp(what, "card") == 0)
                        card = cw_sim_world_card(&sim->world, id);
                else if (strcmp(what, "customer") == 0)
                        customer = cw_sim_world_customer(&sim->world, id);
        }
        if (card)
                cw_sim_render_card(&reply->body, card);
        else if (customer)
                cw_sim_render_customer(&reply->body, customer);
        else
                cw_sim_reply_refuse(reply, 404, "there is no such thing");
}

static void show_hooks(struct cw_sim *sim, const struct cw_sim_request *request, struct cw_sim_reply *reply)
{
        int64_t since = 0;

        if (cw_sim_request_param_int(request, "since", &since) < 0 || since < 0)
                cw_sim_reply_refuse(reply, 400, "\"since\" must be a number of a post");
        else
                cw_sim_hooks_render(&sim->hooks, (uint64_t)since, &reply->body);
}

static void show_inbox(struct cw_sim *sim, struct cw_sim_reply *reply)
{
        cw_sim_reply_type(reply, "text/html; charset=utf-8");
        cw_buf_puts(&reply->headers, "Content-Security-Policy: " CW_SIM_INBOX_POLICY
                                     "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                                     "Cache-Control: no-store\r\n");
        cw_sim_inbox_page(&sim->hooks, &reply->body);
}

static void refuse_method(struct cw_sim_reply *reply, const char *allowed)
{
        cw_sim_reply_refuse(reply, 405, "this path has no such method");
        cw_buf_printf(&reply->headers, "Allow: %s\r\n", allowed);
}

/* What is asked for by GET, `rest` being what follows the name. False: no such thing. */
static bool look(struct cw_sim *sim, const struct cw_sim_request *request, const char *path, struct cw_sim_reply *reply)
{
        const char *slash = strchr(path, '/');

        if (strcmp(path, "state") == 0)
                show_state(sim, reply);
        else if (strcmp(path, "faults") == 0)
                cw_sim_faults_render(&sim->faults, &reply->body);
        else if (strcmp(path, "hooks") == 0)
                show_hooks(sim, request, reply);
        else if (strcmp(path, "inbox") == 0 && sim->inbox)
                show_inbox(sim, reply);
        else if (strcmp(path, "inbox.css") == 0 && sim->inbox) {
                cw_sim_reply_type(reply, "text/css; charset=utf-8");
                cw_sim_inbox_style(&reply->body);
        } else if (slash && strncmp(path, "card/", 5) == 0)
                show_one(sim, "card", slash + 1, reply);
        else if (slash && strncmp(path, "customer/", 9) == 0)
                show_one(sim, "customer", slash + 1, reply);
        else
                return false;
        return true;
}

static bool post(struct cw_sim *sim, const struct cw_sim_request *request, const char *path, struct cw_sim_reply *reply)
{
        static const struct {
                const char *path, *action;
        } calls[] = {
                {"card", "card"},         {"customer", "customer"},           {"fault", "fault"},   {"clock", "clock"},
                {"settings", "settings"}, {"tokens/expire", "expire-tokens"}, {"unlock", "unlock"}, {"move", "move"},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(calls); i++) {
                if (strcmp(path, calls[i].path) == 0) {
                        act_on_body(sim, calls[i].action, request, reply);
                        return true;
                }
        }
        return false;
}

static bool erase(struct cw_sim *sim, const char *path, struct cw_sim_reply *reply)
{
        static const char *const things[] = {"card", "customer", "fault"};

        if (strcmp(path, "hooks") == 0) {
                cw_sim_hooks_clear(&sim->hooks);
                cw_buf_puts(&reply->body, "{\"ok\":true}");
                return true;
        }
        if (strcmp(path, "faults") == 0) {
                act(sim, "clear-faults", NULL, reply);
                return true;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(things); i++) {
                size_t len = strlen(things[i]);

                if (strncmp(path, things[i], len) == 0 && path[len] == '/') {
                        remove_one(sim, things[i], path + len + 1, reply);
                        return true;
                }
        }
        return false;
}

/* The methods of a path that is known, to tell 405 from 404. */
static const char *methods_of(const struct cw_sim *sim, const char *path)
{
        static const struct {
                const char *path, *methods;
        } known[] = {
                {"state", "GET, HEAD"},
                {"faults", "GET, HEAD, DELETE"},
                {"hooks", "GET, HEAD, DELETE"},
                {"card", "POST"},
                {"customer", "POST"},
                {"fault", "POST"},
                {"clock", "POST"},
                {"settings", "POST"},
                {"tokens/expire", "POST"},
                {"unlock", "POST"},
                {"move", "POST"},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(known); i++)
                if (strcmp(known[i].path, path) == 0)
                        return known[i].methods;
        if (sim->inbox && (strcmp(path, "inbox") == 0 || strcmp(path, "inbox.css") == 0))
                return "GET, HEAD";
        if (strncmp(path, "card/", 5) == 0 || strncmp(path, "customer/", 9) == 0)
                return "GET, HEAD, DELETE";
        return strncmp(path, "fault/", 6) == 0 ? "DELETE" : NULL;
}

void cw_sim_control(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        const char *path = request->path + strlen("/sim/"), *methods;
        bool known = false;

        if (strcmp(path, "hook") == 0 || strncmp(path, "hook/", 5) == 0) {
                if (strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0)
                        cw_sim_api_hook(sim, request, now, reply);
                else
                        refuse_method(reply, "POST, PUT");
                return;
        }
        sim->counts.other++;
        if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)
                known = look(sim, request, path, reply);
        else if (strcmp(request->method, "POST") == 0)
                known = post(sim, request, path, reply);
        else if (strcmp(request->method, "DELETE") == 0)
                known = erase(sim, path, reply);
        if (known)
                return;
        methods = methods_of(sim, path);
        if (methods)
                refuse_method(reply, methods);
        else
                cw_sim_reply_refuse(reply, 404, "there is no such path");
}
