/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_LOAD_FILE_H
#define CARDWATCH_CONFIG_LOAD_FILE_H

#include "document.h"

struct cw_buf;

/*
 * Reads a file into a document that has no tree yet. A negative errno with one line in `message` (NULL: not wanted):
 * what it is that cannot be read.
 */
int cw_load_file(const char *name, struct cw_document **ret_document, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* The same of a file of rows, which must be a regular one and may be larger. */
int cw_load_rows(const char *name, struct cw_document **ret_document, struct cw_buf *message)
        __attribute__((warn_unused_result));

/*
 * Reads at most `limit` bytes of an open file to its end; *ret_text is malloc'd, NUL-terminated, and whatever else
 * memory the bytes went through is wiped. -EFBIG: there are more.
 */
int cw_load_bytes(int fd, size_t limit, char **ret_text, size_t *ret_len) __attribute__((warn_unused_result));

#endif
