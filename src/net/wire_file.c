/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/work.h"
#include "wire_private.h"

/*
 * Records appended to a file, by a worker, one send at a time.
 *
 * All of a send's bytes are in the file and synced, or none of them: what a full disk leaves of a line is cut off
 * again. A job outlives a send that timed out, and the wire that was freed; then nobody waits for it.
 */

struct cw_wire_job {
        struct cw_wire *wire; /* NULL: gone */
        char *path;
        char *bytes;
        size_t len;
        atomic_bool abandoned; /* before a worker got to it: the bytes are not wanted any more */
        bool unwanted; /* the send has ended without it */
        int failure;
};

static void job_free(struct cw_wire_job *job)
{
        if (!job)
                return;
        free(job->path);
        free(job->bytes);
        free(job);
}

CW_DEFINE_CLEANUP(struct cw_wire_job *, job_free);

static int write_all(int fd, const char *bytes, size_t len, size_t *ret_written)
{
        *ret_written = 0;
        while (*ret_written < len) {
                ssize_t n = write(fd, bytes + *ret_written, len - *ret_written);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                *ret_written += (size_t)n;
        }
        return 0;
}

/* Pipes and terminals have nothing to sync. */
static int sync_all(int fd)
{
        if (fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS)
                return -errno;
        return 0;
}

/* Only while nobody else has written behind it. */
static void cut_off(int fd, off_t before, size_t written)
{
        struct stat now;

        if (written > 0 && fstat(fd, &now) == 0 && now.st_size == before + (off_t)written)
                (void)!ftruncate(fd, before);
}

/* A file that is new is there after a crash only if its folder says so. */
static void sync_folder(const char *path)
{
        cw_autofree char *copy = strdup(path);
        int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd < 0)
                return;
        (void)fsync(fd);
        close(fd);
}

static int append(int fd, const struct cw_wire_job *job)
{
        struct stat before;
        size_t written;
        int r;

        if (fstat(fd, &before) < 0)
                return -errno;
        r = write_all(fd, job->bytes, job->len, &written);
        if (r == 0)
                r = sync_all(fd);
        if (!S_ISREG(before.st_mode))
                return r;
        if (r < 0)
                cut_off(fd, before.st_size, written);
        else if (before.st_size == 0)
                sync_folder(job->path);
        return r;
}

static void run(void *data)
{
        struct cw_wire_job *job = data;
        int fd;

        if (atomic_load(&job->abandoned))
                return;
        /* O_NONBLOCK: a pipe without a reader must not hold a worker for ever. */
        fd = open(job->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
        if (fd < 0) {
                job->failure = -errno;
                return;
        }
        job->failure = append(fd, job);
        if (close(fd) < 0 && job->failure == 0)
                job->failure = -errno;
}

static void ran(void *data)
{
        cw_cleanup(job_free_cleanup) struct cw_wire_job *job = data;
        struct cw_wire *wire = job->wire;
        struct cw_wire_send *head;
        int r;

        if (!wire)
                return;
        wire->job = NULL;
        head = TAILQ_FIRST(&wire->queue);
        if (!head)
                return;
        if (!job->unwanted) {
                cw_wire_end(head, job->failure, NULL);
                return;
        }
        r = cw_wire_file_wake(wire);
        if (r < 0)
                cw_wire_end(head, r, NULL);
}

int cw_wire_file_wake(struct cw_wire *wire)
{
        cw_cleanup(job_free_cleanup) struct cw_wire_job *job = NULL;
        struct cw_wire_send *send = TAILQ_FIRST(&wire->queue);
        int r;

        if (wire->job)
                return 0; /* its end wakes the next */
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        job->len = send->len;
        job->path = strdup(wire->path);
        job->bytes = malloc(job->len > 0 ? job->len : 1);
        if (!job->path || !job->bytes)
                return -ENOMEM;
        memcpy(job->bytes, send->bytes, job->len);
        job->wire = wire;
        r = cw_work_submit(wire->loop, run, ran, job);
        if (r < 0)
                return r;
        wire->job = cw_take(job);
        return 0;
}

void cw_wire_file_abandon(struct cw_wire *wire)
{
        if (!wire->job)
                return;
        atomic_store(&wire->job->abandoned, true);
        wire->job->unwanted = true;
        if (wire->freed)
                wire->job->wire = NULL;
}
