/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: liboath computes; what is ours is that the decoded key is a secret, too. */
#include "totp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "cardwatch/clock.h"
#include "cardwatch/secret.h"

#define STEP_S  30
#define STEP_MS (STEP_S * CW_SECOND_MS)

int cw_totp_key_new(const struct cw_secret *base32, struct cw_secret **ret_key)
{
        char *bytes = NULL;
        size_t len = 0;
        int r;

        r = oath_base32_decode(cw_secret_reveal(base32), cw_secret_len(base32), &bytes, &len);
        if (r == OATH_MALLOC_ERROR)
                return -ENOMEM;
        if (r != OATH_OK)
                return -EINVAL;
        r = len > 0 ? cw_secret_new(bytes, len, ret_key) : -EINVAL;
        if (bytes)
                explicit_bzero(bytes, len);
        free(bytes);
        return r;
}

int cw_totp_code(const struct cw_secret *key, int64_t at, char ret_code[static 7])
{
        char code[16];

        if (oath_totp_generate(cw_secret_reveal(key), cw_secret_len(key), (time_t)(at / CW_SECOND_MS), STEP_S, 0, 6,
                               code) != OATH_OK)
                return -EINVAL;
        memcpy(ret_code, code, 7);
        explicit_bzero(code, sizeof(code));
        return 0;
}

int64_t cw_totp_step(int64_t at)
{
        return at / STEP_MS;
}

int64_t cw_totp_wait_ms(int64_t last_step, int64_t at)
{
        int64_t step = cw_totp_step(at);

        if (last_step < 0 || step > last_step || step < last_step - 1)
                return 0;
        return (last_step + 1) * STEP_MS - at;
}
