/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SECRET_REF_H
#define CARDWATCH_CONFIG_SECRET_REF_H

#include "reader.h"

struct cw_secret;
struct cw_row;

/*
 * Secret references: what a ◆ key's text stands for, resolved. Nothing of a secret gets into a complaint.
 *
 * Fills *ret_secret, or complains. Offline a reference is not followed: the secret is then a placeholder, and
 * *ret_known false, so that nobody judges its content.
 */
void cw_secret_ref_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        struct cw_secret **ret_secret, bool *ret_known);

/* A path relative to the main file's directory. NULL: no memory, remembered in the reader. */
char *cw_reader_path(struct cw_reader *reader, const char *path);

/* $CREDENTIALS_DIRECTORY/name; NULL with a complaint, or because memory ran out. */
char *cw_reader_credential(struct cw_reader *reader, const struct cw_node *node, const char *name);

#endif
