/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_HASH_H
#define CARDWATCH_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Hash: SipHash-2-4 (Aumasson and Bernstein, 2012) with 64 and 128 bits.
 *
 * For derived ids (key zero: they must be the same in every process, today and in ten years) and for tables filled from
 * outside (a key drawn at start-up, so that nobody can aim for collisions). Fields are fed length-prefixed, so that
 * ("ab", "c") and ("a", "bc") differ. It is no message authentication: those live in the net layer with OpenSSL.
 */

struct cw_hash_key {
        uint64_t k0, k1;
};

#define CW_HASH_KEY_DERIVED ((struct cw_hash_key){0, 0})

struct cw_hash128 {
        uint64_t high, low;
};

/* Streaming: init, fields, end. The state is opaque to callers but lives on their stack. */
struct cw_hash {
        uint64_t v[4];
        uint64_t total;
        uint64_t tail; /* the bytes that are no whole word yet, the first one lowest */
        int wide;
};

void cw_hash_init(struct cw_hash *hash, struct cw_hash_key key);
void cw_hash_init128(struct cw_hash *hash, struct cw_hash_key key);
void cw_hash_bytes(struct cw_hash *hash, const void *data, size_t len); /* raw, no prefix */
void cw_hash_string(struct cw_hash *hash, const char *text); /* length-prefixed; NULL differs from "" */
void cw_hash_u64(struct cw_hash *hash, uint64_t value); /* little-endian */
uint64_t cw_hash_end(struct cw_hash *hash);
struct cw_hash128 cw_hash_end128(struct cw_hash *hash);

/* One call: 64 bits of `len` bytes. */
uint64_t cw_hash64(struct cw_hash_key key, const void *data, size_t len);

/* Lower-case hexadecimal with a NUL: 16 and 32 digits. */
void cw_hash_hex64(uint64_t value, char ret_text[static 17]);
void cw_hash_hex128(struct cw_hash128 value, char ret_text[static 33]);

#endif
