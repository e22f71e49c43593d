/* SPDX-License-Identifier: Apache-2.0 */
#include "control_job.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/settings.h"
#include "cardwatch/store.h"
#include "cardwatch/work.h"
#include "control_call.h"

#define RUNNING_MAX 2
#define WAITING_MAX 32

struct running {
        const struct cw_control_options *options;
        struct cw_control_jobs *jobs; /* NULL: nobody waits for the end of it */
        cw_control_job_fn run;
        struct cw_control_job job;
        struct cw_httpd_later *later;
        char *path; /* of the store */
        TAILQ_ENTRY(running) link;
};

TAILQ_HEAD(running_list, running);

struct cw_control_jobs {
        struct cw_loop *loop;
        struct running_list running, waiting;
        size_t n_running, n_waiting;
};

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

int cw_control_jobs_new(struct cw_loop *loop, struct cw_control_jobs **ret_jobs)
{
        struct cw_control_jobs *jobs = calloc(1, sizeof(*jobs));

        if (!jobs)
                return -ENOMEM;
        jobs->loop = loop;
        TAILQ_INIT(&jobs->running);
        TAILQ_INIT(&jobs->waiting);
        *ret_jobs = jobs;
        return 0;
}

static void deinit(struct cw_control_job *job)
{
        cw_buf_deinit(&job->text);
        cw_buf_deinit(&job->by);
        cw_buf_deinit(&job->why);
        cw_changes_deinit(&job->rows);
}

static void end(struct running *running)
{
        cw_httpd_answer(running->later, &running->job.answer);
        deinit(&running->job);
        free(running->path);
        free(running);
}

void cw_control_jobs_free(struct cw_control_jobs *jobs)
{
        struct running *running;

        if (!jobs)
                return;
        TAILQ_FOREACH(running, &jobs->running, link)
        running->jobs = NULL;
        while ((running = TAILQ_FIRST(&jobs->waiting))) {
                TAILQ_REMOVE(&jobs->waiting, running, link);
                end(running);
        }
        free(jobs);
}

/* On a worker thread. */
static void work(void *data)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct running *running = data;
        int r = cw_store_open_readonly(running->path, &store, &message);

        if (r == 0)
                r = running->run(&running->job, store, &message);
        if (r == 0)
                r = cw_buf_error(&running->job.answer.body);
        if (r < 0)
                cw_control_problem(&running->job.answer, 503, message.len ? cw_buf_text(&message) : strerror(-r));
}

static void submit(struct cw_control_jobs *jobs, struct running *running);

static void worked(void *data)
{
        struct running *running = data, *next;
        struct cw_control_jobs *jobs = running->jobs;

        if (jobs) {
                TAILQ_REMOVE(&jobs->running, running, link);
                jobs->n_running--;
                if (running->job.then && running->job.answer.status == 200)
                        running->job.then(&running->job);
        }
        end(running);
        next = jobs ? TAILQ_FIRST(&jobs->waiting) : NULL;
        if (!next)
                return;
        TAILQ_REMOVE(&jobs->waiting, next, link);
        jobs->n_waiting--;
        submit(jobs, next);
}

static void begin(void *data)
{
        struct running *running = data;

        if (!running->jobs) {
                end(running);
                return;
        }
        if (cw_work_submit(running->jobs->loop, work, worked, running) == 0)
                return;
        cw_control_problem(&running->job.answer, 503, strerror(ENOMEM));
        worked(running);
}

/* Whoever asks finds what was done before it asked, also what another asked for. */
static void submit(struct cw_control_jobs *jobs, struct running *running)
{
        TAILQ_INSERT_TAIL(&jobs->running, running, link);
        jobs->n_running++;
        running->options->calls->when_written(running->options->data, begin, running);
}

void cw_control_start_job(struct cw_control_call *call, cw_control_job_fn run, struct cw_control_job *job)
{
        const struct cw_settings *settings = call->options->calls->settings(call->options->data);
        struct cw_control_jobs *jobs = call->jobs;
        struct running *running;

        if (jobs->n_waiting == WAITING_MAX) {
                cw_control_refuse(call, 503, "too many are asking already: ask again in a moment");
                deinit(job);
                return;
        }
        running = calloc(1, sizeof(*running));
        if (running)
                running->path = strdup(settings->config->store_path);
        if (!running || !running->path) {
                free(running);
                cw_control_refuse(call, 503, strerror(ENOMEM));
                deinit(job);
                return;
        }
        running->options = call->options;
        running->jobs = jobs;
        running->run = run;
        running->job = *job;
        running->job.answer.status = call->answer->status;
        running->later = cw_httpd_take_later(call->request);
        if (jobs->n_running < RUNNING_MAX) {
                submit(jobs, running);
                return;
        }
        TAILQ_INSERT_TAIL(&jobs->waiting, running, link);
        jobs->n_waiting++;
}
