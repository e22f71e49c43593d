/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "fields.h"
#include "sim_json.h"

/* More at once is a script that forgot to clear. */
#define FAULTS_MAX 10000

static const char *const endpoint_words[] = {
        [CW_SIM_ENDPOINT_LIST] = "list", [CW_SIM_ENDPOINT_CUSTOMER] = "customer", [CW_SIM_ENDPOINT_LOGIN] = "login",
        [CW_SIM_ENDPOINT_HOOK] = "hook", [CW_SIM_ENDPOINT_ANY] = "any",           NULL,
};

static const char *const kind_words[] = {
        [CW_SIM_FAULT_STATUS] = "status",
        [CW_SIM_FAULT_DELAY] = "delay",
        [CW_SIM_FAULT_RESET] = "reset",
        [CW_SIM_FAULT_TRUNCATE] = "truncate",
        [CW_SIM_FAULT_GARBAGE] = "garbage",
        [CW_SIM_FAULT_DRIP] = "drip",
        [CW_SIM_FAULT_CONTENT_TYPE] = "content-type",
        [CW_SIM_FAULT_HUGE] = "huge",
        [CW_SIM_FAULT_GZIP_BOMB] = "gzip-bomb",
        [CW_SIM_FAULT_RATE_LIMIT] = "rate-limit",
        [CW_SIM_FAULT_ENVELOPE_ERROR] = "envelope-error",
        [CW_SIM_FAULT_EMPTY] = "empty",
        [CW_SIM_FAULT_NO_PAGES_COUNT] = "no-pages-count",
        [CW_SIM_FAULT_TOKEN_EXPIRED] = "token-expired",
        [CW_SIM_FAULT_REPEAT_PAGE] = "repeat-page",
        [CW_SIM_FAULT_SHORT_PAGE] = "short-page",
        [CW_SIM_FAULT_BODY] = "body",
        [CW_SIM_FAULT_LIST_ZERO] = "list-zero",
        [CW_SIM_FAULT_LIST_HALF] = "list-half",
        [CW_SIM_FAULT_MISSING_PAGE] = "missing-page",
        [CW_SIM_FAULT_SLIDE_UP] = "slide-up",
        [CW_SIM_FAULT_SLIDE_DOWN] = "slide-down",
        NULL,
};

void cw_sim_fault_deinit(struct cw_sim_fault *fault)
{
        free(fault->retry_after);
        free(fault->body);
        free(fault->code);
        free(fault->content_type);
        free(fault->location);
        *fault = (struct cw_sim_fault){0};
}

/* A kind that changes the list's content says nothing of other endpoints. */
static bool only_for_list(int64_t kind)
{
        return kind == CW_SIM_FAULT_EMPTY || kind == CW_SIM_FAULT_NO_PAGES_COUNT || kind == CW_SIM_FAULT_REPEAT_PAGE ||
               kind == CW_SIM_FAULT_SHORT_PAGE || kind >= CW_SIM_FAULT_LIST_ZERO;
}

static bool breaks_header(const char *text)
{
        return text && strpbrk(text, "\r\n");
}

static int judge(const struct cw_sim_fault *fault, int64_t endpoint, int64_t kind, struct cw_buf *why)
{
        const char *problem = NULL;

        if (kind < 0)
                problem = "\"kind\" is missing";
        else if (endpoint < 0)
                problem = "\"endpoint\" is missing";
        else if (fault->count == 0)
                problem = "\"count\" must be -1 or at least 1";
        else if (only_for_list(kind) && endpoint != CW_SIM_ENDPOINT_LIST)
                problem = "this kind is for the endpoint list";
        else if (fault->page >= 0 && endpoint != CW_SIM_ENDPOINT_LIST)
                problem = "\"page\" is for the endpoint list";
        else if (fault->customer >= 0 && endpoint != CW_SIM_ENDPOINT_CUSTOMER)
                problem = "\"customer\" is for the endpoint customer";
        else if (kind == CW_SIM_FAULT_STATUS && fault->status == 0)
                problem = "\"status\" is missing";
        else if (kind == CW_SIM_FAULT_DELAY && fault->delay_ms == 0)
                problem = "\"delay_ms\" is missing";
        else if (kind == CW_SIM_FAULT_BODY && !fault->body)
                problem = "\"body\" is missing";
        else if (kind == CW_SIM_FAULT_DRIP && fault->bytes == 0)
                problem = "\"bytes\" must be at least 1";
        else if (breaks_header(fault->retry_after) || breaks_header(fault->content_type) ||
                 breaks_header(fault->location))
                problem = "a header has no line break";
        if (!problem)
                return 0;
        cw_buf_puts(why, problem);
        return -EINVAL;
}

int cw_sim_fault_read(const struct cw_sim_json *json, struct cw_buf *why, struct cw_sim_fault *ret_fault)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {
                .page = -1, .customer = -1, .count = 1, .bytes = -1, .customers = 1, .retry_date_s = -1};
        int64_t endpoint = -1, kind = -1;
        const struct cw_sim_row rows[] = {
                {.name = "endpoint", .type = CW_SIM_TYPE_WORD, .place = &endpoint, .words = endpoint_words},
                {.name = "kind", .type = CW_SIM_TYPE_WORD, .place = &kind, .words = kind_words},
                {.name = "page", .type = CW_SIM_TYPE_INT, .place = &fault.page, .least = 1, .most = INT32_MAX},
                {.name = "customer", .type = CW_SIM_TYPE_INT, .place = &fault.customer, .least = 0, .most = INT64_MAX},
                {.name = "count", .type = CW_SIM_TYPE_INT, .place = &fault.count, .least = -1, .most = INT32_MAX},
                {.name = "status", .type = CW_SIM_TYPE_INT, .place = &fault.status, .least = 200, .most = 599},
                {.name = "delay_ms", .type = CW_SIM_TYPE_INT, .place = &fault.delay_ms, .least = 0, .most = 86400000},
                {.name = "bytes", .type = CW_SIM_TYPE_INT, .place = &fault.bytes, .least = 0, .most = INT64_MAX / 2},
                {.name = "customers",
                 .type = CW_SIM_TYPE_INT,
                 .place = &fault.customers,
                 .least = 1,
                 .most = INT32_MAX},
                {.name = "retry_after", .type = CW_SIM_TYPE_TEXT, .place = &fault.retry_after},
                {.name = "retry_date_s",
                 .type = CW_SIM_TYPE_INT,
                 .place = &fault.retry_date_s,
                 .least = 0,
                 .most = 86400},
                {.name = "location", .type = CW_SIM_TYPE_STRING, .place = &fault.location},
                {.name = "body", .type = CW_SIM_TYPE_STRING, .place = &fault.body},
                {.name = "code", .type = CW_SIM_TYPE_STRING, .place = &fault.code},
                {.name = "content_type", .type = CW_SIM_TYPE_STRING, .place = &fault.content_type},
                {.name = "do", .type = CW_SIM_TYPE_SKIP},
                {.name = "at", .type = CW_SIM_TYPE_SKIP},
        };
        int r;

        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r == 0)
                r = judge(&fault, endpoint, kind, why);
        if (r < 0)
                return r;
        fault.endpoint = (enum cw_sim_endpoint)endpoint;
        fault.kind = (enum cw_sim_fault_kind)kind;
        *ret_fault = fault;
        fault = (struct cw_sim_fault){0};
        return 0;
}

static int copy_text(char **place, const char *text)
{
        *place = text ? strdup(text) : NULL;
        return text && !*place ? -ENOMEM : 0;
}

int cw_sim_fault_copy(const struct cw_sim_fault *fault, struct cw_sim_fault *ret_fault)
{
        struct cw_sim_fault copy cw_cleanup(cw_sim_fault_deinit) = *fault;

        copy.retry_after = copy.body = copy.code = copy.content_type = copy.location = NULL;
        if (copy_text(&copy.retry_after, fault->retry_after) < 0 || copy_text(&copy.body, fault->body) < 0 ||
            copy_text(&copy.code, fault->code) < 0 || copy_text(&copy.content_type, fault->content_type) < 0 ||
            copy_text(&copy.location, fault->location) < 0)
                return -ENOMEM;
        *ret_fault = copy;
        memset(&copy, 0, sizeof(copy));
        return 0;
}

void cw_sim_faults_deinit(struct cw_sim_faults *faults)
{
        cw_sim_faults_clear_all(faults);
        free(faults->list);
        *faults = (struct cw_sim_faults){0};
}

int cw_sim_faults_add(struct cw_sim_faults *faults, struct cw_sim_fault *fault, int64_t *ret_id)
{
        if (faults->n >= FAULTS_MAX)
                return -ENOSPC;
        if (faults->n == faults->capacity) {
                size_t capacity = faults->capacity ? 2 * faults->capacity : 8;
                struct cw_sim_fault *list = reallocarray(faults->list, capacity, sizeof(*list));

                if (!list)
                        return -ENOMEM;
                faults->list = list;
                faults->capacity = capacity;
        }
        fault->id = ++faults->last_id;
        *ret_id = fault->id;
        faults->list[faults->n++] = *fault;
        *fault = (struct cw_sim_fault){0};
        return 0;
}

/* Closes the gap; the texts belong to the caller from here on. */
static void take_out(struct cw_sim_faults *faults, size_t i)
{
        memmove(&faults->list[i], &faults->list[i + 1], (faults->n - i - 1) * sizeof(*faults->list));
        faults->n--;
}

bool cw_sim_faults_take(struct cw_sim_faults *faults, enum cw_sim_endpoint endpoint, int64_t page, int64_t customer,
                        struct cw_sim_fault *ret_fault)
{
        for (size_t i = 0; i < faults->n; i++) {
                struct cw_sim_fault *fault = &faults->list[i];

                if ((fault->endpoint != CW_SIM_ENDPOINT_ANY && fault->endpoint != endpoint) ||
                    (fault->page >= 0 && fault->page != page) || (fault->customer >= 0 && fault->customer != customer))
                        continue;
                if (fault->count == 1) {
                        *ret_fault = *fault;
                        take_out(faults, i);
                        return true;
                }
                if (cw_sim_fault_copy(fault, ret_fault) < 0)
                        return false;
                if (fault->count > 0)
                        fault->count--;
                return true;
        }
        return false;
}

bool cw_sim_faults_clear(struct cw_sim_faults *faults, int64_t id)
{
        for (size_t i = 0; i < faults->n; i++) {
                if (faults->list[i].id == id) {
                        cw_sim_fault_deinit(&faults->list[i]);
                        take_out(faults, i);
                        return true;
                }
        }
        return false;
}

void cw_sim_faults_clear_all(struct cw_sim_faults *faults)
{
        for (size_t i = 0; i < faults->n; i++)
                cw_sim_fault_deinit(&faults->list[i]);
        faults->n = 0;
}

void cw_sim_faults_render(const struct cw_sim_faults *faults, struct cw_buf *buf)
{
        cw_buf_putc(buf, '[');
        for (size_t i = 0; i < faults->n; i++) {
                const struct cw_sim_fault *fault = &faults->list[i];

                cw_buf_printf(buf, "%s{\"id\":%" PRId64 ",\"endpoint\":\"%s\",\"kind\":\"%s\",\"count\":%" PRId64,
                              i ? "," : "", fault->id, endpoint_words[fault->endpoint], kind_words[fault->kind],
                              fault->count);
                if (fault->page >= 0)
                        cw_buf_printf(buf, ",\"page\":%" PRId64, fault->page);
                if (fault->customer >= 0)
                        cw_buf_printf(buf, ",\"customer\":%" PRId64, fault->customer);
                cw_buf_putc(buf, '}');
        }
        cw_buf_putc(buf, ']');
}
