/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_INCLUDE_H
#define CARDWATCH_CONFIG_INCLUDE_H

#include <sys/types.h>

#include "draft.h"

#define CW_FILES_MAX 1000

/*
 * Files: the documents of one load, the main one first. Owns them. Included files may bring lists and nothing else.
 */
struct cw_files {
        struct cw_document **documents;
        dev_t *devices; /* which file each is, so that none is read twice */
        ino_t *inodes;
        size_t n;
};

/*
 * Reads one more file to its tree; what is wrong with it is reported, at `node` if it cannot even be read (NULL: about
 * the file). A file that was read already is left out. -ENOMEM.
 */
int cw_files_add(struct cw_files *files, struct cw_reader *reader, const char *path, const struct cw_node *node)
        __attribute__((warn_unused_result));
void cw_files_deinit(struct cw_files *files);

/* All that the draft's `include` names. */
void cw_include_all(struct cw_files *files, struct cw_reader *reader, struct cw_draft *draft);

#endif
