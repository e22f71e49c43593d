/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the places of an id are counted on from one hash by another (Kirsch and Mitzenmacher, 2006). */
#include "idset.h"

#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/hash.h"

#define BITS_PER_ID 10
#define PLACES      6

struct places {
        uint64_t at, step;
};

static struct places places_of(int64_t id)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_u64(&hash, (uint64_t)id);
        return (struct places){.at = cw_hash_end(&hash), .step = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

static uint64_t next(struct places *places, size_t len)
{
        uint64_t bit = places->at % (len * 8);

        places->at += places->step;
        return bit;
}

void cw_idset_begin(struct cw_buf *buf, size_t n)
{
        static const char zeroes[64];
        size_t len = (n * BITS_PER_ID + 7) / 8;

        for (; len > sizeof(zeroes); len -= sizeof(zeroes))
                cw_buf_append(buf, zeroes, sizeof(zeroes));
        cw_buf_append(buf, zeroes, len);
}

void cw_idset_add(struct cw_buf *buf, int64_t id)
{
        struct places places = places_of(id);

        for (int i = 0; i < PLACES && buf->len > 0; i++) {
                uint64_t bit = next(&places, buf->len);

                buf->data[bit / 8] = (char)(buf->data[bit / 8] | 1 << bit % 8);
        }
}

bool cw_idset_may_hold(const void *data, size_t len, int64_t id)
{
        const unsigned char *bytes = data;
        struct places places = places_of(id);

        for (int i = 0; i < PLACES && len > 0; i++) {
                uint64_t bit = next(&places, len);

                if (!(bytes[bit / 8] & 1 << bit % 8))
                        return false;
        }
        return true;
}
