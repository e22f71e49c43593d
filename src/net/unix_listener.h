/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_UNIX_LISTENER_H
#define CARDWATCH_NET_UNIX_LISTENER_H

#include <sys/types.h>

struct cw_buf;

/*
 * Unix listener: a socket with a name in the file system.
 *
 * A process that was killed leaves its name behind: it is taken over when nobody answers there. At no moment can more
 * people connect than mode 0660 lets. Nothing here reads or writes.
 */

struct cw_unix_listener {
        int fd;
        dev_t device; /* which file it was when it was made */
        ino_t inode;
};

/* -errno, with `why` in words. */
int cw_unix_listener_open(struct cw_unix_listener *listener, const char *path, struct cw_buf *why)
        __attribute__((warn_unused_result));

/* Closes `fd`, and removes the name unless it has become another's. */
void cw_unix_listener_close(struct cw_unix_listener *listener, const char *path);

/* Only the name: the socket has been given away. */
void cw_unix_listener_remove(const struct cw_unix_listener *listener, const char *path);

#endif
