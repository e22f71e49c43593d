/* SPDX-License-Identifier: Apache-2.0 */
#include "unix_listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cardwatch/buf.h"

/*
 * The one way to know whether a name is dead is to knock: connecting is refused only where nobody listens.
 */

#define MODE    0660
#define BACKLOG 64

static int fail(int error, const char *path, const char *what, struct cw_buf *why)
{
        cw_buf_printf(why, "%s: %s", path, what ? what : strerror(error));
        return -error;
}

static int knock(const struct sockaddr_un *address)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int r = 0;

        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
                r = -errno;
        close(fd);
        return r;
}

/* Makes room for a name: nothing is there, or only what a dead process left. */
static int clear_the_way(const struct sockaddr_un *address, struct cw_buf *why)
{
        const char *path = address->sun_path;
        struct stat there;
        int r;

        if (lstat(path, &there) < 0)
                return errno == ENOENT ? 0 : fail(errno, path, NULL, why);
        if (!S_ISSOCK(there.st_mode))
                return fail(EADDRINUSE, path, "something that is no socket has this name", why);
        r = knock(address);
        if (r == 0 || r == -EAGAIN)
                return fail(EADDRINUSE, path, "another process answers there", why);
        if (r != -ECONNREFUSED && r != -ENOENT)
                return fail(-r, path, NULL, why);
        if (unlink(path) < 0 && errno != ENOENT)
                return fail(errno, path, NULL, why);
        return 0;
}

static int bind_and_listen(struct cw_unix_listener *listener, const struct sockaddr_un *address)
{
        struct stat made;

        /* Linux gives the name the mode of the socket, less the umask: nobody slips in before the chmod. */
        if (fchmod(listener->fd, MODE) < 0 ||
            bind(listener->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
                return -errno;
        if (lstat(address->sun_path, &made) < 0)
                return -errno;
        listener->device = made.st_dev;
        listener->inode = made.st_ino;
        if (chmod(address->sun_path, MODE) < 0 || listen(listener->fd, BACKLOG) < 0)
                return -errno;
        return 0;
}

int cw_unix_listener_open(struct cw_unix_listener *listener, const char *path, struct cw_buf *why)
{
        struct cw_unix_listener made = {.fd = -1};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int r;

        if (strlen(path) >= sizeof(address.sun_path))
                return fail(ENAMETOOLONG, path, NULL, why);
        memcpy(address.sun_path, path, strlen(path));
        r = clear_the_way(&address, why);
        if (r < 0)
                return r;
        made.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        r = made.fd < 0 ? -errno : bind_and_listen(&made, &address);
        if (r < 0) {
                if (made.fd >= 0)
                        cw_unix_listener_close(&made, path);
                return fail(-r, path, NULL, why);
        }
        *listener = made;
        return 0;
}

void cw_unix_listener_close(struct cw_unix_listener *listener, const char *path)
{
        close(listener->fd);
        listener->fd = -1;
        cw_unix_listener_remove(listener, path);
}

void cw_unix_listener_remove(const struct cw_unix_listener *listener, const char *path)
{
        struct stat there;

        if (listener->inode != 0 && lstat(path, &there) == 0 && there.st_dev == listener->device &&
            there.st_ino == listener->inode)
                (void)unlink(path);
}
