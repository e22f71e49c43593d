/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cardwatch/clock.h>
#include <cardwatch/hash.h>

#include "totp.h"

#define WRONG_LOGINS_MAX 3
#define LOCKED_MS        (10 * CW_MINUTE_MS)

void cw_sim_access_deinit(struct cw_sim_access *access)
{
        cw_sim_totp_free(access->totp);
        access->totp = NULL;
}

static bool refuse(struct cw_sim_refusal *ret_refusal, const char *field, const char *code)
{
        *ret_refusal = (struct cw_sim_refusal){.field = field, .code = code};
        return false;
}

static bool otp_is_good(struct cw_sim_access *access, const char *otp, int64_t now)
{
        int64_t step;

        if (cw_sim_totp_check(access->totp, otp, (now + access->clock_offset_ms) / 1000, &step) != 0 ||
            (access->single_use && step <= access->last_step)) {
                access->refused_otp++;
                return false;
        }
        if (step > access->last_step)
                access->last_step = step;
        return true;
}

static const struct cw_sim_token *issue_token(struct cw_sim_access *access, int64_t now)
{
        struct cw_sim_token *token = &access->tokens[access->next_token % CW_SIM_TOKENS_MAX];
        uint64_t input[3] = {access->seed, access->next_token, (uint64_t)now};
        char digits[17];

        cw_hash_hex64(cw_hash64(CW_HASH_KEY_DERIVED, input, sizeof(input)), digits);
        snprintf(token->text, sizeof(token->text), "sim-%zu-%s", access->next_token, digits);
        token->expires_at = now + access->token_lifetime_ms;
        access->next_token++;
        return token;
}

static bool wrong_login(struct cw_sim_access *access, int64_t now, struct cw_sim_refusal *ret_refusal)
{
        access->bad_logins++;
        if (++access->wrong_in_a_row >= WRONG_LOGINS_MAX) {
                access->wrong_in_a_row = 0;
                access->locked_until = now + LOCKED_MS;
        }
        return refuse(ret_refusal, "", "Username_Or_Password_Incorrect");
}

bool cw_sim_access_login(struct cw_sim_access *access, const char *const credentials[3], int64_t now,
                         const struct cw_sim_token **ret_token, struct cw_sim_refusal *ret_refusal)
{
        static const char *const names[3] = {"username", "password", "otp"};

        if (!access->anybody) {
                for (size_t i = 0; i < 3; i++) {
                        if (!credentials[i] || !*credentials[i]) {
                                access->bad_logins++;
                                return refuse(ret_refusal, names[i], "Required");
                        }
                }
                if (now < access->locked_until) {
                        access->bad_logins++;
                        return refuse(ret_refusal, "", "Account_Locked");
                }
                if (strcmp(credentials[0], access->username) != 0 || strcmp(credentials[1], access->password) != 0 ||
                    !otp_is_good(access, credentials[2], now))
                        return wrong_login(access, now, ret_refusal);
        }
        access->wrong_in_a_row = 0;
        access->locked_until = 0;
        access->good_logins++;
        *ret_token = issue_token(access, now);
        return true;
}

static bool authorization_is_good(const struct cw_sim_access *access, const char *authorization, int64_t now)
{
        const char *token;

        if (strcmp(authorization, access->api_key) == 0)
                return true;
        if (strncasecmp(authorization, "Bearer ", 7) != 0)
                return false;
        token = authorization + 7;
        token += strspn(token, " ");
        for (size_t i = 0; i < CW_SIM_TOKENS_MAX; i++)
                if (access->tokens[i].text[0] && strcmp(access->tokens[i].text, token) == 0)
                        return now < access->tokens[i].expires_at;
        return false;
}

bool cw_sim_access_check(struct cw_sim_access *access, const char *authorization, const char *otp, int64_t now,
                         struct cw_sim_refusal *ret_refusal)
{
        if (access->anybody)
                return true;
        if (authorization && authorization_is_good(access, authorization, now)) {
                if (otp && otp_is_good(access, otp, now))
                        return true;
                access->refused++;
                return refuse(ret_refusal, "otp", otp ? "Invalid" : "Required");
        }
        access->refused++;
        return refuse(ret_refusal, "Authorization", authorization ? "Invalid" : "Required");
}

void cw_sim_access_expire_tokens(struct cw_sim_access *access)
{
        memset(access->tokens, 0, sizeof(access->tokens));
}

void cw_sim_access_unlock(struct cw_sim_access *access)
{
        access->locked_until = 0;
        access->wrong_in_a_row = 0;
}
