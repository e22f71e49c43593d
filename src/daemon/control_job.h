/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_JOB_H
#define CARDWATCH_DAEMON_CONTROL_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/httpd.h"
#include "cardwatch/store_pages.h"

struct cw_control_call;
struct cw_control_options;
struct cw_loop;
struct cw_store;

/*
 * Control job: an answer that needs the store, written on a worker.
 *
 * Few at once, because the workers are those that commit; as many more wait as somebody could mean. Each opens the
 * store for looking, so that it never meets the committer.
 */

struct cw_control_jobs;

struct cw_control_job {
        /* What the worker is told, by whoever starts the job. */
        struct cw_store_page page;
        uint64_t after;
        struct cw_buf text; /* a path, or whatever the job is about */
        /* What it says. */
        struct cw_httpd_answer answer;
        /* NULL: that is all. Else on the loop, when the worker found no fault: it acts by what was read. */
        void (*then)(struct cw_control_job *job);
        const struct cw_control_options *options;
        struct cw_changes rows;
        struct cw_buf by, why;
        int64_t uid;
        bool drop;
};

/* On a worker thread. Negative: it failed, the message says how. */
typedef int (*cw_control_job_fn)(struct cw_control_job *job, struct cw_store *store, struct cw_buf *message);

int cw_control_jobs_new(struct cw_loop *loop, struct cw_control_jobs **ret_jobs) __attribute__((warn_unused_result));

/* Those that run go on and end by themselves. Takes NULL. */
void cw_control_jobs_free(struct cw_control_jobs *jobs);

/* Takes the call for later, or says a problem; `job` is copied, its text taken over. */
void cw_control_start_job(struct cw_control_call *call, cw_control_job_fn run, struct cw_control_job *job);

#endif
