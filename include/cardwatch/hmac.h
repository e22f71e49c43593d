/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_HMAC_H
#define CARDWATCH_HMAC_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_secret;

/*
 * Keyed hashes and random numbers from OpenSSL, and base64.
 */

/* Appends the Standard Webhooks signature "v1,<base64 HMAC-SHA256 of id.timestamp.body>"; `secret` is whsec_ + base64
 * (the key is what it decodes to) or any text (the key is its bytes). -EINVAL: whsec_ with bad base64. */
int cw_hmac_webhook_signature(const struct cw_secret *secret, const char *id, int64_t timestamp_s, const char *body,
                              size_t body_len, struct cw_buf *buf) __attribute__((warn_unused_result));

/* RFC 4648, padded. */
void cw_base64_encode(const void *data, size_t len, struct cw_buf *buf);
int cw_base64_decode(const char *text, size_t len, struct cw_buf *buf) __attribute__((warn_unused_result));

/* Uniform 32 bits from the system. */
uint32_t cw_random_u32(void);

#endif
