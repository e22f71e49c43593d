/* SPDX-License-Identifier: Apache-2.0 */
#include "totp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#define STEP_S 30
#define DIGITS 6

struct cw_sim_totp {
        char *key;
        size_t len;
};

int cw_sim_totp_new(const char *base32, struct cw_sim_totp **ret_totp)
{
        struct cw_sim_totp *totp cw_cleanup(cw_sim_totp_free_cleanup) = NULL;
        int r;

        totp = calloc(1, sizeof(*totp));
        if (!totp)
                return -ENOMEM;
        r = oath_base32_decode(base32, strlen(base32), &totp->key, &totp->len);
        if (r == OATH_MALLOC_ERROR)
                return -ENOMEM;
        if (r != OATH_OK || totp->len == 0)
                return -EINVAL;
        *ret_totp = cw_take(totp);
        return 0;
}

void cw_sim_totp_free(struct cw_sim_totp *totp)
{
        if (!totp)
                return;
        free(totp->key);
        free(totp);
}

int cw_sim_totp_generate(const struct cw_sim_totp *totp, int64_t at_s, char ret_code[static 7])
{
        if (oath_totp_generate(totp->key, totp->len, (time_t)at_s, STEP_S, 0, DIGITS, ret_code) != OATH_OK)
                return -EIO;
        return 0;
}

int cw_sim_totp_check(const struct cw_sim_totp *totp, const char *code, int64_t at_s, int64_t *ret_step)
{
        char expected[DIGITS + 1];

        for (int64_t near = -1; near <= 1; near++) {
                int64_t moment_s = at_s + near * STEP_S;
                int r;

                if (moment_s < 0)
                        continue;
                r = cw_sim_totp_generate(totp, moment_s, expected);
                if (r)
                        return r;
                if (strcmp(code, expected) == 0) {
                        *ret_step = moment_s / STEP_S;
                        return 0;
                }
        }
        return CW_SIM_TOTP_WRONG;
}
