/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: SipHash-2-4 as its authors' reference implementation computes it, fed in pieces. The 128-bit variant differs in
 * two constants and a second round of finalisation. Byte order never depends on the machine.
 */
#include "cardwatch/hash.h"

#include <string.h>

static uint64_t rotate(uint64_t value, unsigned bits)
{
        return value << bits | value >> (64 - bits);
}

static uint64_t load(const unsigned char *bytes, unsigned len)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < len; i++)
                value |= (uint64_t)bytes[i] << (8 * i);
        return value;
}

/* Eight bytes: the compiler makes one load of it. */
static uint64_t load64(const unsigned char *bytes)
{
        return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
               (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 |
               (uint64_t)bytes[7] << 56;
}

static inline void one_round(uint64_t v[4])
{
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
}

static void last_rounds(uint64_t v[4])
{
        for (unsigned i = 0; i < 4; i++)
                one_round(v);
}

/* Written out: a loop would keep the words in memory. */
static inline void compress(struct cw_hash *hash, uint64_t word)
{
        hash->v[3] ^= word;
        one_round(hash->v);
        one_round(hash->v);
        hash->v[0] ^= word;
}

void cw_hash_init(struct cw_hash *hash, struct cw_hash_key key)
{
        *hash = (struct cw_hash){
                .v =
                        {
                                UINT64_C(0x736f6d6570736575) ^ key.k0,
                                UINT64_C(0x646f72616e646f6d) ^ key.k1,
                                UINT64_C(0x6c7967656e657261) ^ key.k0,
                                UINT64_C(0x7465646279746573) ^ key.k1,
                        },
        };
}

void cw_hash_init128(struct cw_hash *hash, struct cw_hash_key key)
{
        cw_hash_init(hash, key);
        hash->v[1] ^= 0xee;
        hash->wide = 1;
}

/* Up to eight bytes, in a word whose rest is zero. */
static void feed(struct cw_hash *hash, uint64_t word, unsigned len)
{
        unsigned held = (unsigned)(hash->total & 7);

        hash->total += len;
        hash->tail |= word << (8 * held);
        if (held + len < 8)
                return;
        compress(hash, hash->tail);
        hash->tail = held > 0 ? word >> (8 * (8 - held)) : 0;
}

void cw_hash_bytes(struct cw_hash *hash, const void *data, size_t len)
{
        const unsigned char *bytes = data;

        for (; len >= 8; bytes += 8, len -= 8)
                feed(hash, load64(bytes), 8);
        if (len > 0)
                feed(hash, load(bytes, (unsigned)len), (unsigned)len);
}

void cw_hash_u64(struct cw_hash *hash, uint64_t value)
{
        feed(hash, value, 8);
}

void cw_hash_string(struct cw_hash *hash, const char *text)
{
        size_t len = text ? strlen(text) : 0;

        cw_hash_u64(hash, text ? (uint64_t)len : UINT64_MAX);
        if (len > 0)
                cw_hash_bytes(hash, text, len);
}

static uint64_t fold(const uint64_t v[4])
{
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The last word: the bytes left over and the length's lowest byte. */
static uint64_t finish(struct cw_hash *hash)
{
        compress(hash, hash->tail | hash->total << 56);
        hash->v[2] ^= hash->wide ? 0xee : 0xff;
        last_rounds(hash->v);
        return fold(hash->v);
}

uint64_t cw_hash_end(struct cw_hash *hash)
{
        return finish(hash);
}

struct cw_hash128 cw_hash_end128(struct cw_hash *hash)
{
        struct cw_hash128 result;

        /* The reference puts the first half at the lower addresses, little-endian. */
        result.low = finish(hash);
        hash->v[1] ^= 0xdd;
        last_rounds(hash->v);
        result.high = fold(hash->v);
        return result;
}

uint64_t cw_hash64(struct cw_hash_key key, const void *data, size_t len)
{
        struct cw_hash hash;

        cw_hash_init(&hash, key);
        cw_hash_bytes(&hash, data, len);
        return cw_hash_end(&hash);
}

void cw_hash_hex64(uint64_t value, char ret_text[static 17])
{
        for (int i = 15; i >= 0; i--, value >>= 4)
                ret_text[i] = "0123456789abcdef"[value & 15];
        ret_text[16] = '\0';
}

void cw_hash_hex128(struct cw_hash128 value, char ret_text[static 33])
{
        cw_hash_hex64(value.high, ret_text);
        cw_hash_hex64(value.low, ret_text + 16);
}
