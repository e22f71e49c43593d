/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_WIRE_TLS_H
#define CARDWATCH_NET_WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cardwatch/wire.h"

/*
 * TLS over a wire's socket, as RFC 5425 wants it: the server proves who it is, perhaps we too.
 *
 * Never waits: what cannot go on says -EAGAIN, and cw_wire_tls_wants_to_read for what. The descriptor stays the
 * socket's.
 */

struct cw_wire_tls;

/* -EINVAL: a file of the target cannot be used; `reason` says why. */
int cw_wire_tls_new(const struct cw_wire_target *target, int fd, char *reason, size_t size,
                    struct cw_wire_tls **ret_tls) __attribute__((warn_unused_result));
/* Says goodbye if that needs no waiting. */
void cw_wire_tls_free(struct cw_wire_tls *tls);

/* 0: both know each other. -EAGAIN; -EPROTO: it failed, cw_wire_tls_reason says why. */
int cw_wire_tls_greet(struct cw_wire_tls *tls);

/* How many bytes were taken, at least one. -EAGAIN; -ECONNRESET; -EPROTO. */
ssize_t cw_wire_tls_write(struct cw_wire_tls *tls, const char *bytes, size_t len);

/* Reads and drops what the peer says. 0: it is there. -ECONNRESET: it left. -EPROTO: it refuses. */
int cw_wire_tls_hear(struct cw_wire_tls *tls);

/* Whether the peer says something of itself after the greeting, or refuses us only then (TLS 1.3). */
bool cw_wire_tls_answers_late(const struct cw_wire_tls *tls);

bool cw_wire_tls_wants_to_read(const struct cw_wire_tls *tls);
const char *cw_wire_tls_reason(const struct cw_wire_tls *tls);

#endif
