/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one sticky verdict in the reader, so that decoders read straight on and ask once, as buf's writers do. */
#include "cardwatch/pack_quick.h"

#include <string.h>

#include "cardwatch/buf_room.h"
#include "cardwatch/hash.h"

#define SEAL_LEN 8

static void pack_long(struct cw_buf *buf, uint64_t value)
{
        size_t n = 1;
        char *to;

        for (uint64_t rest = value; rest >= 0x80; rest >>= 7)
                n++;
        to = cw_buf_reserve(buf, n);
        if (!to)
                return;
        for (; value >= 0x80; value >>= 7)
                *to++ = (char)(value | 0x80);
        *to = (char)value;
        cw_buf_grew(buf, n);
}

/* Most numbers are one byte. */
void cw_pack_u64(struct cw_buf *buf, uint64_t value)
{
        if (value < 0x80)
                cw_buf_putc(buf, (char)value);
        else
                pack_long(buf, value);
}

void cw_pack_i64(struct cw_buf *buf, int64_t value)
{
        uint64_t bits = (uint64_t)value << 1;

        cw_pack_u64(buf, value < 0 ? ~bits : bits);
}

void cw_pack_bytes(struct cw_buf *buf, const void *data, size_t len)
{
        cw_pack_u64(buf, len);
        cw_buf_append(buf, data, len);
}

void cw_pack_string(struct cw_buf *buf, const char *text)
{
        if (text)
                cw_pack_bytes(buf, text, strlen(text) + 1);
        else
                cw_pack_u64(buf, 0);
}

static uint64_t hash_of(const void *data, size_t len)
{
        return cw_hash64(CW_HASH_KEY_DERIVED, data, len);
}

static uint64_t word_at(const unsigned char *bytes, size_t len)
{
        uint64_t word = 0;

        for (size_t i = 0; i < len; i++)
                word |= (uint64_t)bytes[i] << (8 * i);
        return word;
}

/* Written out, it is one load. */
static uint64_t whole_word_at(const unsigned char *bytes)
{
        return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
               (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 |
               (uint64_t)bytes[7] << 56;
}

/* Each word is multiplied into the sum by an odd number, so that any one that differs shows. */
static uint64_t sum_of(const void *data, size_t len)
{
        const unsigned char *bytes = data;
        uint64_t sum = len;

        for (; len >= sizeof(sum); bytes += sizeof(sum), len -= sizeof(sum)) {
                sum = (sum ^ whole_word_at(bytes)) * UINT64_C(0x9e3779b97f4a7c15);
                sum ^= sum >> 32;
        }
        sum = (sum ^ word_at(bytes, len)) * UINT64_C(0x9e3779b97f4a7c15);
        return sum ^ sum >> 32;
}

static void append_seal(struct cw_buf *buf, size_t begin, uint64_t (*check)(const void *data, size_t len))
{
        unsigned char seal[SEAL_LEN];
        uint64_t value;

        if (cw_buf_error(buf) < 0)
                return;
        value = check(cw_buf_text(buf) + begin, buf->len - begin);
        for (unsigned i = 0; i < SEAL_LEN; i++)
                seal[i] = (unsigned char)(value >> (8 * i));
        cw_buf_append(buf, seal, sizeof(seal));
}

void cw_pack_seal(struct cw_buf *buf, size_t begin)
{
        append_seal(buf, begin, hash_of);
}

void cw_pack_seal_quickly(struct cw_buf *buf, size_t begin)
{
        append_seal(buf, begin, sum_of);
}

static void check_seal(struct cw_unpack *unpack, const void *data, size_t len,
                       uint64_t (*check)(const void *data, size_t len))
{
        const unsigned char *bytes = data;

        *unpack = (struct cw_unpack){.bad = true};
        if (len < SEAL_LEN || word_at(bytes + len - SEAL_LEN, SEAL_LEN) != check(bytes, len - SEAL_LEN))
                return;
        *unpack = (struct cw_unpack){.at = bytes, .end = bytes + len - SEAL_LEN};
}

void cw_unpack_init(struct cw_unpack *unpack, const void *data, size_t len)
{
        check_seal(unpack, data, len, hash_of);
}

void cw_unpack_init_quickly(struct cw_unpack *unpack, const void *data, size_t len)
{
        check_seal(unpack, data, len, sum_of);
}

static uint64_t spoil(struct cw_unpack *unpack)
{
        unpack->bad = true;
        return 0;
}

static uint64_t unpack_long(struct cw_unpack *unpack)
{
        uint64_t value = 0;

        if (unpack->bad)
                return 0;
        for (unsigned shift = 0; shift < 64 && unpack->at < unpack->end; shift += 7) {
                unsigned char byte = *unpack->at++;

                /* The tenth byte has room for one bit. */
                if (shift == 63 && byte > 1)
                        break;
                value |= (uint64_t)(byte & 0x7f) << shift;
                if (byte < 0x80)
                        return value;
        }
        return spoil(unpack);
}

/* Likewise. */
uint64_t cw_unpack_u64(struct cw_unpack *unpack)
{
        if (!unpack->bad && unpack->at < unpack->end && *unpack->at < 0x80)
                return *unpack->at++;
        return unpack_long(unpack);
}

int64_t cw_unpack_i64(struct cw_unpack *unpack)
{
        uint64_t bits = cw_unpack_u64(unpack);

        return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
}

uint64_t cw_unpack_most(struct cw_unpack *unpack, uint64_t max)
{
        uint64_t value = cw_unpack_u64(unpack);

        return value <= max ? value : spoil(unpack);
}

const void *cw_unpack_bytes(struct cw_unpack *unpack, size_t *ret_len)
{
        uint64_t len = cw_unpack_u64(unpack);
        const void *bytes = unpack->at;

        *ret_len = 0;
        if (unpack->bad || len > (uint64_t)(unpack->end - unpack->at)) {
                spoil(unpack);
                return NULL;
        }
        unpack->at += len;
        *ret_len = (size_t)len;
        return bytes;
}

const char *cw_unpack_string(struct cw_unpack *unpack)
{
        size_t len;
        const char *text = cw_unpack_bytes(unpack, &len);

        if (len == 0)
                return NULL;
        if (memchr(text, '\0', len) != text + len - 1) {
                spoil(unpack);
                return NULL;
        }
        return text;
}

bool cw_unpack_done(const struct cw_unpack *unpack)
{
        return !unpack->bad && unpack->at == unpack->end;
}
