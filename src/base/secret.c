/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one allocation of the right size that never grows, so that the wipe at the end reaches the only copy we made.
 */
#include "cardwatch/secret.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cw_secret {
        size_t len;
        char text[]; /* len bytes and a NUL */
};

int cw_secret_new(const char *text, size_t len, struct cw_secret **ret_secret)
{
        struct cw_secret *secret;

        if (len > SIZE_MAX - sizeof(*secret) - 1)
                return -ENOMEM;
        secret = malloc(sizeof(*secret) + len + 1);
        if (!secret)
                return -ENOMEM;
        secret->len = len;
        if (len > 0)
                memcpy(secret->text, text, len);
        secret->text[len] = '\0';
        *ret_secret = secret;
        return 0;
}

void cw_secret_free(struct cw_secret *secret)
{
        if (!secret)
                return;
        explicit_bzero(secret->text, secret->len);
        free(secret);
}

const char *cw_secret_reveal(const struct cw_secret *secret)
{
        return secret ? secret->text : NULL;
}

size_t cw_secret_len(const struct cw_secret *secret)
{
        return secret ? secret->len : 0;
}

bool cw_secret_equal(const struct cw_secret *a, const struct cw_secret *b)
{
        volatile unsigned char difference = 0;

        if (!a || !b)
                return a == b;
        if (a->len != b->len)
                return false;
        for (size_t i = 0; i < a->len; i++)
                difference = (unsigned char)(difference | (a->text[i] ^ b->text[i]));
        return difference == 0;
}
