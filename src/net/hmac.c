/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/hmac.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cardwatch/buf.h"
#include "cardwatch/buf_room.h"
#include "cardwatch/secret.h"

/*
 * The webhook's signature, base64, and chance from the system.
 */

#define PREFIX     "whsec_"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void cw_base64_encode(const void *data, size_t len, struct cw_buf *buf)
{
        const unsigned char *bytes = data;

        for (size_t i = 0; i < len; i += 3) {
                size_t left = len - i;
                uint32_t group = (uint32_t)bytes[i] << 16;
                char out[4] = {'=', '=', '=', '='};

                if (left > 1)
                        group |= (uint32_t)bytes[i + 1] << 8;
                if (left > 2)
                        group |= bytes[i + 2];
                out[0] = alphabet[group >> 18];
                out[1] = alphabet[group >> 12 & 63];
                if (left > 1)
                        out[2] = alphabet[group >> 6 & 63];
                if (left > 2)
                        out[3] = alphabet[group & 63];
                cw_buf_append(buf, out, sizeof(out));
        }
}

static int digit_of(char c)
{
        const char *found = c ? strchr(alphabet, c) : NULL;

        return found ? (int)(found - alphabet) : -1;
}

/* One group of four; `digits` of them are no padding. Bits that belong to no byte must be zero (RFC 4648, 3.5). */
static int decode_group(const char *text, size_t digits, unsigned char out[3])
{
        uint32_t group = 0;

        for (size_t i = 0; i < 4; i++) {
                int digit = i < digits ? digit_of(text[i]) : 0;

                if (digit < 0)
                        return -EINVAL;
                group = group << 6 | (uint32_t)digit;
        }
        if ((digits == 2 && (group & 0xffff)) || (digits == 3 && (group & 0xff)))
                return -EINVAL;
        out[0] = (unsigned char)(group >> 16);
        out[1] = (unsigned char)(group >> 8);
        out[2] = (unsigned char)group;
        return 0;
}

int cw_base64_decode(const char *text, size_t len, struct cw_buf *buf)
{
        size_t at_first = buf->len;
        char *out;

        if (len % 4 != 0)
                return -EINVAL;
        if (len == 0)
                return cw_buf_error(buf);
        /* At once, and filled in only when all of it is right. */
        out = cw_buf_reserve(buf, len / 4 * 3);
        if (!out)
                return cw_buf_error(buf);
        for (size_t i = 0; i < len; i += 4) {
                size_t digits = i + 4 < len
                                        ? 4
                                        : 4 - (text[len - 1] == '=') - (text[len - 1] == '=' && text[len - 2] == '=');
                unsigned char bytes[3];

                if (decode_group(text + i, digits, bytes) < 0) {
                        explicit_bzero(buf->data + at_first, i / 4 * 3);
                        return -EINVAL;
                }
                memcpy(out + i / 4 * 3, bytes, digits - 1);
        }
        cw_buf_grew(buf, len / 4 * 3 - (text[len - 1] == '=') - (text[len - 1] == '=' && text[len - 2] == '='));
        return 0;
}

static int key_of(const struct cw_secret *secret, struct cw_buf *key)
{
        const char *text = cw_secret_reveal(secret);
        size_t len = cw_secret_len(secret);
        int r;

        if (len < PREFIX_LEN || memcmp(text, PREFIX, PREFIX_LEN) != 0) {
                cw_buf_append(key, text, len);
                return cw_buf_error(key);
        }
        r = cw_base64_decode(text + PREFIX_LEN, len - PREFIX_LEN, key);
        if (r < 0)
                return r;
        return key->len > 0 ? 0 : -EINVAL;
}

static int digest_of(const struct cw_buf *key, const struct cw_buf *content, unsigned char digest[32])
{
        unsigned len = 0;

        if (cw_buf_error(content) < 0)
                return cw_buf_error(content);
        if (key->len > INT_MAX)
                return -EINVAL;
        if (!HMAC(EVP_sha256(), cw_buf_text(key), (int)key->len, (const unsigned char *)content->data, content->len,
                  digest, &len) ||
            len != 32)
                return -ENOMEM;
        return 0;
}

int cw_hmac_webhook_signature(const struct cw_secret *secret, const char *id, int64_t timestamp_s, const char *body,
                              size_t body_len, struct cw_buf *buf)
{
        struct cw_buf key = CW_BUF_NULL, content = CW_BUF_NULL;
        unsigned char digest[32];
        int r;

        r = key_of(secret, &key);
        if (r == 0) {
                cw_buf_printf(&content, "%s.%" PRId64 ".", id, timestamp_s);
                cw_buf_append(&content, body, body_len);
                r = digest_of(&key, &content, digest);
        }
        cw_buf_wipe(&key);
        cw_buf_deinit(&content);
        if (r < 0)
                return r;
        cw_buf_puts(buf, "v1,");
        cw_base64_encode(digest, sizeof(digest), buf);
        return cw_buf_error(buf);
}

uint32_t cw_random_u32(void)
{
        uint32_t chance;

        /* Fails only where the system has no randomness at all; nothing here may go on guessing then. */
        if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
                abort();
        return chance;
}
