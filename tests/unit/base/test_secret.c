/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/secret.h"

static struct cw_secret *new_secret(const char *text, size_t len)
{
        struct cw_secret *secret;

        assert_int_equal(cw_secret_new(text, len, &secret), 0);
        return secret;
}

static void test_keeps_its_bytes(void **state)
{
        struct cw_secret *secret = new_secret("a\0b-more", 3);
        struct cw_secret *empty = new_secret(NULL, 0);

        (void)state;
        assert_int_equal(cw_secret_len(secret), 3);
        assert_memory_equal(cw_secret_reveal(secret), "a\0b", 4);
        assert_string_equal(cw_secret_reveal(empty), "");
        assert_null(cw_secret_reveal(NULL));
        assert_int_equal(cw_secret_len(NULL), 0);
        cw_secret_free(secret);
        cw_secret_free(empty);
        cw_secret_free(NULL);
}

static void test_compares_content(void **state)
{
        struct cw_secret *a = new_secret("token", 5), *b = new_secret("token", 5);
        struct cw_secret *other = new_secret("tokem", 5), *longer = new_secret("token1", 6);

        (void)state;
        assert_true(cw_secret_equal(a, b));
        assert_false(cw_secret_equal(a, other));
        assert_false(cw_secret_equal(a, longer));
        assert_false(cw_secret_equal(a, NULL));
        assert_true(cw_secret_equal(NULL, NULL));
        cw_secret_free(a);
        cw_secret_free(b);
        cw_secret_free(other);
        cw_secret_free(longer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keeps_its_bytes),
                cmocka_unit_test(test_compares_content),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
