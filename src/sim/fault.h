/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_FAULT_H
#define CARDWATCH_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_sim_json;

/*
 * Fault: what is to go wrong, where and how often.
 *
 * Reads faults from JSON and keeps those in force, in the order in which they were asked for. It decides which one
 * applies to a request; what a fault does to an answer is the business of those who make and send answers.
 */

enum cw_sim_endpoint {
        CW_SIM_ENDPOINT_LIST,
        CW_SIM_ENDPOINT_CUSTOMER,
        CW_SIM_ENDPOINT_LOGIN,
        CW_SIM_ENDPOINT_HOOK,
        CW_SIM_ENDPOINT_ANY,
};

enum cw_sim_fault_kind {
        CW_SIM_FAULT_STATUS,
        CW_SIM_FAULT_DELAY,
        CW_SIM_FAULT_RESET,
        CW_SIM_FAULT_TRUNCATE,
        CW_SIM_FAULT_GARBAGE,
        CW_SIM_FAULT_DRIP,
        CW_SIM_FAULT_CONTENT_TYPE,
        CW_SIM_FAULT_HUGE,
        CW_SIM_FAULT_GZIP_BOMB,
        CW_SIM_FAULT_RATE_LIMIT,
        CW_SIM_FAULT_ENVELOPE_ERROR,
        CW_SIM_FAULT_EMPTY,
        CW_SIM_FAULT_NO_PAGES_COUNT,
        CW_SIM_FAULT_TOKEN_EXPIRED,
        CW_SIM_FAULT_REPEAT_PAGE,
        CW_SIM_FAULT_SHORT_PAGE,
        CW_SIM_FAULT_BODY,
        /* From here on only what the list shows. */
        CW_SIM_FAULT_LIST_ZERO, /* the list says that every balance is zero */
        CW_SIM_FAULT_LIST_HALF, /* the list leaves out every second customer */
        CW_SIM_FAULT_MISSING_PAGE, /* the page is left out: the next one's customers stand in its place */
        CW_SIM_FAULT_SLIDE_UP, /* after the page the first customer goes to the end: one falls between two pages */
        CW_SIM_FAULT_SLIDE_DOWN, /* after the page the last customer goes to the front: one stands on two pages */
};

struct cw_sim_fault {
        int64_t id;
        enum cw_sim_endpoint endpoint;
        enum cw_sim_fault_kind kind;
        int64_t page; /* -1: any */
        int64_t customer; /* of the one-customer endpoint; -1: any */
        int64_t count; /* times it still applies; -1: until it is cleared */
        int64_t status; /* 0: what fits the kind */
        int64_t delay_ms;
        int64_t bytes; /* -1: what fits the kind */
        int64_t customers;
        int64_t retry_date_s; /* Retry-After as a date so far ahead; -1: none */
        char *retry_after, *body, *code, *content_type, *location; /* may be NULL */
};

void cw_sim_fault_deinit(struct cw_sim_fault *fault);

/* -EINVAL: not a fault, with the reason appended to `why`. Nothing is guessed: an unknown member is refused too. */
int cw_sim_fault_read(const struct cw_sim_json *json, struct cw_buf *why, struct cw_sim_fault *ret_fault)
        __attribute__((warn_unused_result));

/* Deep copy of what outlives the list's own entry. */
int cw_sim_fault_copy(const struct cw_sim_fault *fault, struct cw_sim_fault *ret_fault)
        __attribute__((warn_unused_result));

struct cw_sim_faults {
        struct cw_sim_fault *list;
        size_t n, capacity;
        int64_t last_id;
};

void cw_sim_faults_deinit(struct cw_sim_faults *faults);

/* Takes the fault over and empties the caller's; its id in *ret_id. */
int cw_sim_faults_add(struct cw_sim_faults *faults, struct cw_sim_fault *fault, int64_t *ret_id)
        __attribute__((warn_unused_result));

/* Takes the first fault that applies (`page`, `customer` -1: the request has none), counting it. False: none does. */
bool cw_sim_faults_take(struct cw_sim_faults *faults, enum cw_sim_endpoint endpoint, int64_t page, int64_t customer,
                        struct cw_sim_fault *ret_fault);

/* False: there is none of that id. */
bool cw_sim_faults_clear(struct cw_sim_faults *faults, int64_t id);
void cw_sim_faults_clear_all(struct cw_sim_faults *faults);

/* Appends them as a JSON array. */
void cw_sim_faults_render(const struct cw_sim_faults *faults, struct cw_buf *buf);

#endif
