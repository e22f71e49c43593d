/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SECRET_H
#define CARDWATCH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Secret: a text that is used and never shown.
 *
 * Opaque, so that no printf takes it by accident; wiped when freed. cw_secret_reveal is the one way to its bytes, and a
 * grep for it lists every place that touches a secret.
 */

struct cw_secret;

int cw_secret_new(const char *text, size_t len, struct cw_secret **ret_secret) __attribute__((warn_unused_result));
void cw_secret_free(struct cw_secret *secret);

/* The bytes, NUL-terminated, owned by the secret; NULL gives NULL. */
const char *cw_secret_reveal(const struct cw_secret *secret);
size_t cw_secret_len(const struct cw_secret *secret);

/* Equal content, in time that depends on the lengths only. */
bool cw_secret_equal(const struct cw_secret *a, const struct cw_secret *b);

#endif
