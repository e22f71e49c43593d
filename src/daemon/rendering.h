/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_RENDERING_H
#define CARDWATCH_DAEMON_RENDERING_H

#include <stddef.h>
#include <stdint.h>

struct cw_engine;
struct cw_notice;
struct cw_picture;
struct cw_sink_options;

/*
 * Rendering: what a message of the outbox tells becomes the bytes for its channel.
 */

struct cw_rendering {
        struct cw_engine *engine;
        uint64_t sequence;
        const struct cw_sink_options *options;
        const struct cw_picture *pictures;
        size_t n_pictures;
        /* What came of it: */
        int result; /* -ENOENT: there is no such message any more */
        char id[33]; /* of what it tells now */
        char *payload; /* the caller's */
        size_t payload_len;
};

/* What the message tells, until the next one is asked for. -ENOENT, -ENOMEM. */
int cw_rendering_notice(const struct cw_rendering *rendering, const struct cw_notice **ret_notice);

/* Over a `struct cw_rendering`; it may be made aside (work.h). */
void cw_rendering_run(void *rendering);

#endif
