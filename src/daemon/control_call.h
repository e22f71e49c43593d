/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_CALL_H
#define CARDWATCH_DAEMON_CONTROL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/acts.h"
#include "cardwatch/buf.h"
#include "cardwatch/httpd.h"
#include "cardwatch/json_out.h"
#include "control.h"
#include "control_input.h"

/*
 * Control call: one request while it is answered, and what all families of routes share.
 *
 * A route's function answers, or says a problem; whatever reads input here says the problem itself and returns false.
 */

struct cw_control_asides;
struct cw_control_jobs;

struct cw_control_call {
        const struct cw_control_options *options;
        struct cw_control_jobs *jobs;
        struct cw_control_asides *asides;
        const struct cw_httpd_request *request;
        struct cw_httpd_answer *answer;
        const char *word; /* what stands for `*` in the route's path */
        size_t word_len;
        struct cw_buf by, why; /* who acts, and why, as they say themselves */
};

struct cw_control_route {
        const char *method, *path; /* `*` is one segment */
        void (*run)(struct cw_control_call *call);
};

/* A family of routes. */
struct cw_control_family {
        const struct cw_control_route *routes;
        size_t n;
};

extern const struct cw_control_family cw_control_look_routes, cw_control_alert_routes, cw_control_silence_routes,
        cw_control_rule_routes, cw_control_past_routes, cw_control_outbox_routes, cw_control_work_routes,
        cw_control_notify_routes;

enum { CW_CONTROL_LIMIT = 100, CW_CONTROL_LIMIT_MAX = 1000, CW_CONTROL_BY_MAX = 100, CW_CONTROL_WHY_MAX = 1000 };

/* RFC 9457. What was written so far is dropped. */
void cw_control_problem(struct cw_httpd_answer *answer, unsigned status, const char *detail);
void cw_control_refuse(struct cw_control_call *call, unsigned status, const char *detail);

/* In the record of who did what. */
void cw_control_audit(const struct cw_control_call *call, const char *what, const char *target);

/* {"status": …} */
void cw_control_answer_status(struct cw_control_call *call, const char *status);

/* The body's fields, "by" and "why" besides. */
bool cw_control_take_body(struct cw_control_call *call, const struct cw_control_field *fields, size_t n_fields);
bool cw_control_take_query(struct cw_control_call *call, const struct cw_control_field *fields, size_t n_fields);

/* A part of what is configured, in its order: the cursor is a place in it. */
struct cw_control_range {
        int64_t limit, from; /* as asked for; `limit` is set before, for who asks for none */
};

bool cw_control_take_range(struct cw_control_call *call, struct cw_control_range *range);
/* Where it ends, of `n`. */
size_t cw_control_range_end(const struct cw_control_range *range, size_t n);
/* The member `next`: the cursor of what follows, or null. */
void cw_control_put_next(struct cw_json_out *out, const struct cw_control_range *range, size_t n);

/* Both were said. */
bool cw_control_needs_actor(struct cw_control_call *call);
struct cw_act cw_control_act(const struct cw_control_call *call);
void cw_control_log(const struct cw_control_call *call, const char *what, const char *object);

#endif
