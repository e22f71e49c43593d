/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_REPLY_H
#define CARDWATCH_SIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cardwatch/buf.h>

struct cw_sim_fault;

/*
 * Reply: an answer and the way in which it is to be sent, faults included.
 *
 * Pure data: whoever answers fills it in, cw_sim_reply_spoil does a fault to it, and the connection sends it as it
 * says.
 */

struct cw_sim_reply {
        int status;
        char content_type[128];
        struct cw_buf headers; /* further lines, each with its line end */
        struct cw_buf body;
        bool head_only; /* HEAD: the length is told, the body not sent */
        bool close; /* the connection ends with it */

        int64_t retry_date_s; /* Retry-After is the date so far ahead; -1: it is not a date */
        int64_t delay_ms; /* silence before the first byte */
        int64_t drip_ms; /* between pieces of drip_bytes; 0 bytes: as fast as it goes */
        size_t drip_bytes;
        bool cut; /* only cut_at bytes of the body are sent; then the connection closes or is reset */
        bool reset; /* ... is reset, at once if not even the head is to be sent */
        bool headless;
        uint64_t cut_at;
        const char *filler; /* repeated after the body until filler_left bytes are sent */
        size_t filler_len;
        uint64_t filler_left;
};

#define CW_SIM_REPLY_NULL                                                                                              \
        {                                                                                                              \
                .status = 200, .content_type = "application/json; charset=utf-8", .retry_date_s = -1                   \
        }

void cw_sim_reply_deinit(struct cw_sim_reply *reply);

void cw_sim_reply_type(struct cw_sim_reply *reply, const char *content_type);

/* Status and {"error": text}, in place of what it said before. */
void cw_sim_reply_refuse(struct cw_sim_reply *reply, int status, const char *text);

/* Whether the fault makes an answer of its own, so that none need be made for it. */
bool cw_sim_fault_replaces(const struct cw_sim_fault *fault);

/* Does the fault to an answer (to an empty one if it replaces it). */
void cw_sim_reply_spoil(struct cw_sim_reply *reply, const struct cw_sim_fault *fault);

/* Appends status line, headers and body, as far as they are to be sent; `now` is what the Date header says. */
void cw_sim_reply_render(const struct cw_sim_reply *reply, int64_t now, struct cw_buf *buf);

#endif
