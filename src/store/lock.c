/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the kernel remembers who lives. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"

#define MODE 0640

static int fail(int error, const char *path, struct cw_buf *message)
{
        if (message)
                cw_buf_printf(message, "cannot lock %s: %s", path, strerror(-error));
        return error;
}

/* 0 when nobody said. */
static long read_owner(int fd)
{
        char text[24] = "";
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

        return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int fail_busy(int fd, const char *path, struct cw_buf *message)
{
        long owner = read_owner(fd);

        if (message && owner > 0)
                cw_buf_printf(message, "another cardwatchd (process %ld) owns this store: %s is locked", owner, path);
        else if (message)
                cw_buf_printf(message, "another cardwatchd owns this store: %s is locked", path);
        return -EBUSY;
}

/* Nothing hangs on it: a full disk must not keep the daemon from starting. */
static void write_owner(int fd)
{
        char text[24];
        int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

        if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) < 0)
                return;
}

int cw_lock_take(const char *path, int *ret_fd, struct cw_buf *message)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
        int r;

        if (fd < 0)
                return fail(-errno, path, message);
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
                r = errno == EAGAIN || errno == EACCES ? fail_busy(fd, path, message) : fail(-errno, path, message);
                close(fd);
                return r;
        }
        write_owner(fd);
        *ret_fd = fd;
        return 0;
}

void cw_lock_release(int fd)
{
        if (fd >= 0)
                close(fd);
}
