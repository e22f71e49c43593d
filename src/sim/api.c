/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "render.h"
#include "reply.h"
#include "request.h"
#include "sim.h"
#include "sim_json.h"

#define PAGE_SIZE_DEFAULT 10

static void say_error(struct cw_sim_reply *reply, int status, const char *field, const char *code)
{
        reply->status = status;
        cw_sim_render_error(&reply->body, field, code);
}

static bool is_allowed(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now,
                       struct cw_sim_reply *reply)
{
        struct cw_sim_refusal refusal;

        if (cw_sim_access_check(&sim->access, cw_sim_request_header(request, "Authorization"),
                                cw_sim_request_header(request, "otp"), now, &refusal))
                return true;
        say_error(reply, 401, refusal.field, refusal.code);
        return false;
}

static bool take_fault(struct cw_sim *sim, enum cw_sim_endpoint endpoint, int64_t page, int64_t customer,
                       struct cw_sim_fault *ret_fault)
{
        sim->counts.requests[endpoint]++;
        if (!cw_sim_faults_take(&sim->faults, endpoint, page, customer, ret_fault))
                return false;
        sim->counts.faulted++;
        if (ret_fault->kind == CW_SIM_FAULT_TOKEN_EXPIRED)
                cw_sim_access_expire_tokens(&sim->access);
        return true;
}

/* Called with `fault` unset when none applies. */
static void spoil(struct cw_sim_reply *reply, const struct cw_sim_fault *fault, bool faulty)
{
        if (faulty)
                cw_sim_reply_spoil(reply, fault);
}

static void say_token(struct cw_sim_reply *reply, const struct cw_sim *sim, const struct cw_sim_token *token)
{
        cw_buf_printf(&reply->body,
                      "{\"id\":0,\"details\":{\"accessToken\":\"%s\",\"expiresIn\":%" PRId64
                      ",\"refreshToken\":\"refresh-%s\",\"refreshTokenExpiresIn\":%" PRId64
                      "},\"status\":\"1\",\"errors\":[]}",
                      token->text, sim->access.token_lifetime_ms / 1000, token->text,
                      2 * sim->access.token_lifetime_ms / 1000);
}

static void log_in(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        static const char *const names[3] = {"username", "password", "otp"};
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        const char *credentials[3] = {NULL, NULL, NULL};
        const struct cw_sim_token *token;
        struct cw_sim_refusal refusal;

        if (cw_sim_json_parse(request->body, request->body_len, NULL, &json) < 0) {
                sim->access.bad_logins++;
                say_error(reply, 400, "", "Invalid");
                return;
        }
        for (size_t i = 0; i < 3; i++) {
                const struct cw_sim_json *value = NULL;

                if (cw_sim_json_member(json, names[i], &value) && cw_sim_json_kind(value) == CW_SIM_JSON_STRING)
                        credentials[i] = cw_sim_json_text(value);
        }
        if (cw_sim_access_login(&sim->access, credentials, now, &token, &refusal))
                say_token(reply, sim, token);
        else
                say_error(reply, strcmp(refusal.code, "Required") == 0 ? 400 : 401, refusal.field, refusal.code);
}

void cw_sim_api_login(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        bool faulty = take_fault(sim, CW_SIM_ENDPOINT_LOGIN, -1, -1, &fault);

        if (!faulty || !cw_sim_fault_replaces(&fault))
                log_in(sim, request, now, reply);
        spoil(reply, &fault, faulty);
}

static void list(struct cw_sim *sim, const struct cw_sim_request *request, const struct cw_sim_fault *fault,
                 struct cw_sim_reply *reply)
{
        struct cw_sim_page page = {.no_pages_count = sim->no_pages_count};
        int64_t number = 1, size = PAGE_SIZE_DEFAULT;

        if (cw_sim_request_param_int(request, "pageNumber", &number) < 0 || number < 1) {
                say_error(reply, 400, "pageNumber", "Invalid");
                return;
        }
        if (cw_sim_request_param_int(request, "pageSize", &size) < 0 || size < 1) {
                say_error(reply, 400, "pageSize", "Invalid");
                return;
        }
        page.number = page.served = (uint64_t)number;
        page.size = (uint64_t)(size < sim->page_cap ? size : sim->page_cap);
        if (fault) {
                page.empty = fault->kind == CW_SIM_FAULT_EMPTY;
                page.no_pages_count = page.no_pages_count || fault->kind == CW_SIM_FAULT_NO_PAGES_COUNT;
                page.left_out = fault->kind == CW_SIM_FAULT_SHORT_PAGE ? (uint64_t)fault->customers : 0;
                page.zero = fault->kind == CW_SIM_FAULT_LIST_ZERO;
                page.half = fault->kind == CW_SIM_FAULT_LIST_HALF;
                page.served += fault->kind == CW_SIM_FAULT_MISSING_PAGE;
                if (fault->kind == CW_SIM_FAULT_REPEAT_PAGE && page.served > 1)
                        page.served--;
        }
        cw_sim_render_page(&reply->body, &sim->world, &page);
        if (fault && (fault->kind == CW_SIM_FAULT_SLIDE_UP || fault->kind == CW_SIM_FAULT_SLIDE_DOWN))
                cw_sim_world_slide(&sim->world, fault->kind == CW_SIM_FAULT_SLIDE_DOWN);
}

void cw_sim_api_list(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        int64_t number = 1;
        bool faulty;

        (void)!cw_sim_request_param_int(request, "pageNumber", &number);
        sim->counts.polls += number == 1;
        faulty = take_fault(sim, CW_SIM_ENDPOINT_LIST, number, -1, &fault);
        if ((!faulty || !cw_sim_fault_replaces(&fault)) && is_allowed(sim, request, now, reply))
                list(sim, request, faulty ? &fault : NULL, reply);
        spoil(reply, &fault, faulty);
}

static void show_customer(struct cw_sim *sim, const struct cw_sim_request *request, struct cw_sim_reply *reply)
{
        const struct cw_sim_customer *customer = NULL;
        int64_t id;
        int r;

        r = cw_sim_request_param_int(request, "customersId", &id);
        if (r == CW_SIM_PARAM_ABSENT) {
                say_error(reply, 400, "customersId", "Required");
                return;
        }
        if (r == 0)
                customer = cw_sim_world_customer(&sim->world, id);
        if (customer)
                cw_sim_render_customer(&reply->body, customer);
        else
                say_error(reply, 400, "customersId", "Invalid");
}

void cw_sim_api_customer(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now,
                         struct cw_sim_reply *reply)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        int64_t id = -1;
        bool faulty;

        (void)!cw_sim_request_param_int(request, "customersId", &id);
        faulty = take_fault(sim, CW_SIM_ENDPOINT_CUSTOMER, -1, id, &fault);
        if ((!faulty || !cw_sim_fault_replaces(&fault)) && is_allowed(sim, request, now, reply))
                show_customer(sim, request, reply);
        spoil(reply, &fault, faulty);
}

void cw_sim_api_hook(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        bool faulty = take_fault(sim, CW_SIM_ENDPOINT_HOOK, -1, -1, &fault);

        if (!faulty || !cw_sim_fault_replaces(&fault))
                cw_buf_puts(&reply->body, "{\"ok\":true}");
        spoil(reply, &fault, faulty);
        if (cw_sim_hooks_add(&sim->hooks, request, now, reply->headless ? 0 : reply->status) < 0)
                reply->body.error = -ENOMEM;
}
