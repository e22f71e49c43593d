/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_HOOKS_H
#define CARDWATCH_SIM_HOOKS_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_sim_request;

/*
 * Hooks: what was posted to the sink, as it came.
 *
 * Keeps the last 10,000 posts, or fewer when they are more than 64 MiB together: the oldest give way. An attempt that a
 * fault answered is kept too, with the status it was given, so that what was sent again can be compared with what was
 * sent before.
 */

#define CW_SIM_HOOKS_MAX 10000

struct cw_sim_hook {
        uint64_t n; /* from 1, never used twice */
        int64_t at;
        int status; /* answered; 0: the connection was reset */
        char *path;
        char *headers; /* a JSON object, names in lower case */
        char *body;
        size_t body_len;
        size_t bytes; /* of all its texts */
};

struct cw_sim_hooks {
        struct cw_sim_hook *ring; /* CW_SIM_HOOKS_MAX places, made at the first post */
        size_t first, n;
        size_t bytes;
        uint64_t last;
};

void cw_sim_hooks_deinit(struct cw_sim_hooks *hooks);

int cw_sim_hooks_add(struct cw_sim_hooks *hooks, const struct cw_sim_request *request, int64_t now, int status)
        __attribute__((warn_unused_result));
void cw_sim_hooks_clear(struct cw_sim_hooks *hooks);

/* The i-th kept, oldest first. */
const struct cw_sim_hook *cw_sim_hooks_at(const struct cw_sim_hooks *hooks, size_t i);

/* Appends those with a number above `since` as a JSON array, oldest first. */
void cw_sim_hooks_render(const struct cw_sim_hooks *hooks, uint64_t since, struct cw_buf *buf);

#endif
