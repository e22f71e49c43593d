/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_LOCK_H
#define CW_STORE_LOCK_H

struct cw_buf;

/*
 * Lock: at most one process owns a store.
 *
 * An exclusive lock of an open file description (F_OFD_SETLK) on `path`, which stands beside the database. The kernel
 * lets go of it when its holder ends, however it ends, so that there is nothing stale to clean up after kill -9. Why
 * not on the database itself: SQLite keeps its own locks there, and closing any descriptor of that file would drop
 * them. Why not the file's mere existence or the number written in it: both outlive a crash. The number is for the
 * message only.
 *
 * The file is never deleted: whoever opened it before that would hold a lock on a file that nobody else can find.
 */

/* -EBUSY with who owns it, or what opening the file failed with. The lock lives as long as *ret_fd is open. */
int cw_lock_take(const char *path, int *ret_fd, struct cw_buf *message) __attribute__((warn_unused_result));

/* Takes -1. */
void cw_lock_release(int fd);

#endif
