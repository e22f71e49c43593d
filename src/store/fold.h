/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_FOLD_H
#define CW_STORE_FOLD_H

struct cw_buf;
struct cw_store;

/*
 * Fold: a new checkpoint out of the old one and the journal since, in shares of some milliseconds each, so that commits
 * go on between them.
 *
 * The new chunks are written beside the old ones, under the sequence of the commit that they are as of, and take their
 * place in one transaction; whoever is interrupted finds the old checkpoint, and the next fold sweeps up.
 */

struct cw_fold;

/* Of the source's cards as of the last commit. */
int cw_fold_new(struct cw_store *store, const char *source, struct cw_fold **ret_fold, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Takes NULL. What was written of an unfinished one stays for the next to sweep up. */
void cw_fold_free(struct cw_fold *fold);

/* Outcomes besides 0, it is done (or the source was removed meanwhile, and there is nothing to do): CW_FOLD_MORE. After
 * an error the fold is only good for being freed. */
#define CW_FOLD_MORE 1

int cw_fold_step(struct cw_fold *fold, struct cw_buf *message) __attribute__((warn_unused_result));

#endif
