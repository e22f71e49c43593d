/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_PACK_H
#define CARDWATCH_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Pack: numbers and texts as few bytes, and back.
 *
 * For records that we write and only we read. Numbers are base-128 varints (signed ones zigzag), texts carry their
 * length and their NUL, so that a reader can point into the record. A record ends with a check of its bytes
 * (cw_pack_seal), which finds what a disk or a curious editor changed; it is no protection against forgery.
 *
 * The reader takes any bytes: a wrong one makes `bad` stick, every later answer zero, and is asked for once at the end.
 * It does not copy; what it returns lives as long as the bytes it was given.
 */

void cw_pack_u64(struct cw_buf *buf, uint64_t value);
void cw_pack_i64(struct cw_buf *buf, int64_t value);
void cw_pack_string(struct cw_buf *buf, const char *text); /* NULL differs from "" */
void cw_pack_bytes(struct cw_buf *buf, const void *data, size_t len);

/* Appends the check of everything from offset `begin` on. */
void cw_pack_seal(struct cw_buf *buf, size_t begin);

struct cw_unpack {
        const unsigned char *at, *end;
        bool bad;
};

/* Begins reading a sealed record; `bad` at once when its check does not hold. */
void cw_unpack_init(struct cw_unpack *unpack, const void *data, size_t len);

uint64_t cw_unpack_u64(struct cw_unpack *unpack);
int64_t cw_unpack_i64(struct cw_unpack *unpack);

/* The same, `bad` above `max`. */
uint64_t cw_unpack_most(struct cw_unpack *unpack, uint64_t max);

const char *cw_unpack_string(struct cw_unpack *unpack);
const void *cw_unpack_bytes(struct cw_unpack *unpack, size_t *ret_len);

/* True when nothing was wrong and nothing is left. */
bool cw_unpack_done(const struct cw_unpack *unpack);

#endif
