/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/secret.h"

#include "../../../src/source/auth.h"

#define MINUTE CW_MINUTE_MS

static const struct cw_source_memory nothing = {0};

static struct cw_auth_now at(int64_t ms)
{
        return (struct cw_auth_now){.mono = ms, .wall = 1000000 + ms};
}

static struct cw_secret *token(const char *text)
{
        struct cw_secret *secret = NULL;
        size_t len = 0;

        while (text[len])
                len++;
        assert_int_equal(cw_secret_new(text, len, &secret), 0);
        return secret;
}

static enum cw_auth_verdict refused(struct cw_auth *auth, unsigned generation, bool repeated, int64_t page)
{
        struct cw_auth_refusal refusal = {generation, repeated, {.id = page}};
        const char *why = NULL;

        return cw_auth_unauthorized(auth, &refusal, &why);
}

static void test_a_token_is_renewed_at_four_fifths(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_LOGIN);
        cw_auth_logged_in(&auth, token("t"), 100000, at(0));
        assert_int_equal(cw_auth_need(&auth, at(79999)), CW_AUTH_READY);
        assert_int_equal(cw_auth_need(&auth, at(80000)), CW_AUTH_LOGIN);
        cw_auth_postpone(&auth, at(80000));
        assert_int_equal(cw_auth_need(&auth, at(99999)), CW_AUTH_READY);
        assert_int_equal(cw_auth_need(&auth, at(100000)), CW_AUTH_LOGIN);
        assert_null(auth.token);
        cw_auth_deinit(&auth);
}

static void test_a_token_without_a_believable_end_is_used_until_it_dies(void **state)
{
        static const int64_t lives_ms[] = {-1, 0, 999, INT64_MAX};
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        for (size_t i = 0; i < sizeof(lives_ms) / sizeof(*lives_ms); i++) {
                cw_auth_logged_in(&auth, token("t"), lives_ms[i], at(5));
                assert_int_equal(cw_auth_need(&auth, at(1000 * CW_DAY_MS)), CW_AUTH_READY);
        }
        assert_int_equal(refused(&auth, auth.generation - 1, false, 1), CW_AUTH_REPEAT);
        assert_int_equal(cw_auth_need(&auth, at(6)), CW_AUTH_READY);
        assert_int_equal(refused(&auth, auth.generation, false, 1), CW_AUTH_REPEAT);
        assert_int_equal(cw_auth_need(&auth, at(6)), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_a_refusal_blocks_for_ten_minutes(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_refused(&auth, true, "Account_Locked", at(0));
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_BLOCKED);
        assert_int_equal(cw_auth_need(&auth, at(10 * MINUTE - 1)), CW_AUTH_BLOCKED);
        assert_int_equal(cw_auth_need(&auth, at(10 * MINUTE)), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_a_block_is_what_the_monotonic_clock_says(void **state)
{
        struct cw_auth_now back = {.mono = 10 * MINUTE - 1, .wall = 1000000 - CW_HOUR_MS};
        struct cw_auth_now ahead = {.mono = 1, .wall = 1000000 + CW_DAY_MS};
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_refused(&auth, true, "x", at(0));
        assert_int_equal(cw_auth_need(&auth, ahead), CW_AUTH_BLOCKED);
        assert_int_equal(cw_auth_need(&auth, back), CW_AUTH_BLOCKED);
        back.mono++;
        assert_int_equal(cw_auth_need(&auth, back), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_a_block_survives_a_restart(void **state)
{
        static const struct {
                const char *name;
                int64_t left_ms; /* of the block, by the wall clock at the restart */
                int64_t blocked_ms;
        } cases[] = {
                {"none", -1000000, 0},
                {"long over", -CW_DAY_MS, 0},
                {"just over", 0, 0},
                {"a minute is left", MINUTE, MINUTE},
                {"all of it is left", 10 * MINUTE, 10 * MINUTE},
                {"a clock that was set back does not lengthen it", 3 * CW_HOUR_MS, 10 * MINUTE},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct cw_source_memory memory = {.blocked_until_at = 1000000 + cases[i].left_ms, .otp_step = 7};
                struct cw_auth auth;

                cw_auth_init(&auth, NULL, &memory, at(0));
                if (cases[i].blocked_ms > 0 && cw_auth_need(&auth, at(cases[i].blocked_ms - 1)) != CW_AUTH_BLOCKED)
                        fail_msg("%s: not blocked", cases[i].name);
                if (cw_auth_need(&auth, at(cases[i].blocked_ms)) != CW_AUTH_LOGIN)
                        fail_msg("%s: blocked too long", cases[i].name);
                assert_int_equal(auth.memory.otp_step, 7);
                assert_false(auth.memory_changed);
                cw_auth_deinit(&auth);
        }
}

static void test_memory_changes_are_noticed(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_logged_in(&auth, token("t"), -1, at(0));
        cw_auth_unblock(&auth);
        assert_false(auth.memory_changed);
        cw_auth_refused(&auth, true, "x", at(0));
        assert_true(auth.memory_changed);
        assert_true(auth.memory.blocked_until_at == at(10 * MINUTE).wall);
        auth.memory_changed = false;
        cw_auth_logged_in(&auth, token("t"), -1, at(0));
        assert_true(auth.memory_changed);
        assert_int_equal(auth.memory.blocked_until_at, 0);
        auth.memory_changed = false;
        cw_auth_used_step(&auth, 9);
        assert_true(auth.memory_changed);
        auth.memory_changed = false;
        cw_auth_used_step(&auth, 9);
        assert_false(auth.memory_changed);
        cw_auth_refused(&auth, true, "x", at(0));
        auth.memory_changed = false;
        cw_auth_unblock(&auth);
        assert_true(auth.memory_changed);
        assert_int_equal(cw_auth_need(&auth, at(1)), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

/* Letters: "L" a login, "g" a request that is served, "x" a 401 that is repeated, "X" one that is not; "r" before one
 * of these: the request was repeated; "o": it was sent with the token before. A digit: what follows is about that page.
 * "p": a poll begins; "?" the token is in doubt, "!" it is not. */
static void test_what_follows_from_a_401(void **state)
{
        static const struct {
                const char *name, *story;
        } cases[] = {
                {"a dead token is replaced", "Lgx"},
                {"a token that was never good is replaced once", "LxLX?"},
                {"a request that the new token does not serve either is not asked again", "LgxLrX?"},
                {"a request that is served later ends the doubt", "LgxLrX?2g!"},
                {"one that was served before keeps it from beginning", "LgxL2g1rX!"},
                {"what the old token serves late says nothing", "LgxLrX?2og?"},
                {"in doubt no login is tried", "LgxLrX2X3X4X?"},
                {"nor is one tried again in that poll", "LgxLrX2g3X4X!"},
                {"the next poll tries again for others", "LgxLrX2gp3x"},
                {"but not for the same one", "LgxLrX2gp1X2gp1X!"},
                {"nor with a new token", "LgxLrX2gL1X?2g!1X!"},
                {"unless it was served since", "LgxLrX2gp1gp1x"},
                {"or nothing at all was", "LgxLrX2gp1Xp1x"},
                {"a doubt outlives the token", "LgxLrX?L?X?"},
                {"a token that was good and died is replaced again", "LgxLgx"},
                {"but not for ever", "LgxLgxLgxLgX!"},
                {"the next poll has new patience", "LgxLgxLgxLgXpx"},
                {"several that met the same death cost one login", "LgxxxLggg"},
                {"the old token's death is no news after a renewal", "LgLoxoxg"},
                {"nor is it when it is told twice", "LgLorxg"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                bool repeated = false, old = false;
                int64_t page = 1;
                struct cw_auth auth;

                cw_auth_init(&auth, NULL, &nothing, at(0));
                for (const char *c = cases[i].story; *c; c++) {
                        unsigned generation = auth.generation - (old ? 1 : 0);
                        enum cw_auth_verdict verdict;

                        if (*c == 'L')
                                cw_auth_logged_in(&auth, token("t"), -1, at(0));
                        else if (*c == 'g')
                                cw_auth_served(&auth, generation, (struct cw_auth_subject){.id = page});
                        else if (*c == 'p')
                                cw_auth_renewed_patience(&auth);
                        else if (*c >= '1' && *c <= '9')
                                page = *c - '0';
                        if (*c == 'x' || *c == 'X') {
                                verdict = refused(&auth, generation, repeated, page);
                                if (verdict != (*c == 'x' ? CW_AUTH_REPEAT : CW_AUTH_UNSERVED))
                                        fail_msg("%s: at %s", cases[i].name, c);
                        }
                        if ((*c == '?' || *c == '!') && (auth.doubts > 0) != (*c == '?'))
                                fail_msg("%s: at %s", cases[i].name, c);
                        repeated = *c == 'r' || (repeated && *c == 'o');
                        old = *c == 'o' || (old && *c == 'r');
                }
                cw_auth_deinit(&auth);
        }
}

static void test_a_doubt_has_an_end(void **state)
{
        struct cw_auth auth;
        unsigned n = 1;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_logged_in(&auth, token("t"), 100000, at(0));
        assert_int_equal(refused(&auth, auth.generation, false, 1), CW_AUTH_REPEAT);
        cw_auth_logged_in(&auth, token("t"), 100000, at(0));
        while (refused(&auth, auth.generation, false, (int64_t)n) == CW_AUTH_UNSERVED)
                assert_true(++n < 100);
        assert_int_equal(n, 20);

        /* No renewal meanwhile, but a token that is over is no token. */
        assert_int_equal(cw_auth_need(&auth, at(99999)), CW_AUTH_READY);
        assert_int_equal(cw_auth_need(&auth, at(100000)), CW_AUTH_LOGIN);
        cw_auth_refused(&auth, true, "x", at(0));
        assert_int_equal(auth.doubts, 0);
        cw_auth_deinit(&auth);
}

static void test_no_more_odd_requests_are_remembered_than_there_is_room_for(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_logged_in(&auth, token("t"), -1, at(0));
        cw_auth_served(&auth, auth.generation, (struct cw_auth_subject){.id = -1});
        for (int64_t page = 0; page < 3 * CW_AUTH_ODD_MAX; page++)
                assert_int_equal(refused(&auth, auth.generation, true, page), CW_AUTH_UNSERVED);
        cw_auth_renewed_patience(&auth);
        assert_int_equal(refused(&auth, auth.generation, false, 3 * CW_AUTH_ODD_MAX - 1), CW_AUTH_UNSERVED);
        for (int64_t page = 3 * CW_AUTH_ODD_MAX - 1; page >= 0; page--)
                cw_auth_served(&auth, auth.generation, (struct cw_auth_subject){.id = page});
        assert_int_equal(refused(&auth, auth.generation, false, 3 * CW_AUTH_ODD_MAX - 1), CW_AUTH_REPEAT);
        cw_auth_deinit(&auth);
}

static void test_a_key_is_in_doubt_until_a_poll_is_served(void **state)
{
        struct cw_secret *key = token("key");
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, key, &nothing, at(0));
        assert_int_equal(refused(&auth, 0, false, 1), CW_AUTH_UNSERVED);
        assert_true(auth.doubts > 0);
        cw_auth_served(&auth, 0, (struct cw_auth_subject){.id = 2});
        assert_int_equal(auth.doubts, 0);
        assert_int_equal(refused(&auth, 0, false, 1), CW_AUTH_UNSERVED);
        assert_int_equal(auth.doubts, 0);
        cw_auth_renewed_patience(&auth);
        assert_int_equal(refused(&auth, 0, false, 1), CW_AUTH_UNSERVED);
        assert_true(auth.doubts > 0);
        cw_auth_refused(&auth, true, "x", at(0));
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_READY);
        assert_int_equal(auth.memory.blocked_until_at, 0);
        cw_auth_deinit(&auth);
        cw_secret_free(key);
}

static void test_headers(void **state)
{
        struct cw_secret *key = token("verbatim key");
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, key, &nothing, at(0));
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_READY);
        cw_auth_append_header(&auth, &buf);
        assert_string_equal(buf.data, "verbatim key");
        cw_auth_deinit(&auth);
        cw_buf_clear(&buf);
        cw_auth_init(&auth, NULL, &nothing, at(0));
        cw_auth_logged_in(&auth, token("a.b"), -1, at(0));
        cw_auth_append_header(&auth, &buf);
        assert_string_equal(buf.data, "Bearer a.b");
        cw_auth_deinit(&auth);
        cw_buf_wipe(&buf);
        cw_secret_free(key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_token_is_renewed_at_four_fifths),
                cmocka_unit_test(test_a_token_without_a_believable_end_is_used_until_it_dies),
                cmocka_unit_test(test_a_refusal_blocks_for_ten_minutes),
                cmocka_unit_test(test_a_block_is_what_the_monotonic_clock_says),
                cmocka_unit_test(test_a_block_survives_a_restart),
                cmocka_unit_test(test_memory_changes_are_noticed),
                cmocka_unit_test(test_what_follows_from_a_401),
                cmocka_unit_test(test_a_doubt_has_an_end),
                cmocka_unit_test(test_no_more_odd_requests_are_remembered_than_there_is_room_for),
                cmocka_unit_test(test_a_key_is_in_doubt_until_a_poll_is_served),
                cmocka_unit_test(test_headers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
