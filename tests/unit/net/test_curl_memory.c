/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/net/curl_memory.h"

/* Whether the kernel leaves the mapping that holds it out of a core. */
static bool is_left_out(const void *memory)
{
        FILE *maps = fopen("/proc/self/smaps", "r");
        bool inside = false, left_out = false;
        uintptr_t from, to;
        char line[512];

        assert_non_null(maps);
        while (fgets(line, sizeof(line), maps)) {
                if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
                        inside = (uintptr_t)memory >= from && (uintptr_t)memory < to;
                else if (inside && strncmp(line, "VmFlags:", 8) == 0)
                        left_out = strstr(line, " dd") != NULL;
        }
        fclose(maps);
        return left_out;
}

static void test_blocks_that_outlive_an_answer_are_in_no_core(void **state)
{
        static const struct {
                size_t size;
                bool left_out;
        } cases[] = {{0, false},    {1, false},    {16383, false}, {16384, true},   {16401, true},
                     {32768, true}, {49152, true}, {49153, false}, {5000000, false}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                char *memory = cw_curl_malloc(cases[i].size);

                assert_non_null(memory);
                assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
                memset(memory, 'x', cases[i].size);
                if (is_left_out(memory) != cases[i].left_out)
                        fail_msg("%zu bytes", cases[i].size);
                cw_curl_free(memory);
        }
        cw_curl_free(NULL);
}

static void test_bytes_survive_a_change_of_size(void **state)
{
        static const size_t sizes[] = {10, 100, 16383, 16384, 100000, 16384, 16383, 5, 50000, 5};
        size_t kept = 3;
        char *memory = cw_curl_realloc(NULL, kept);

        (void)state;
        assert_non_null(memory);
        memcpy(memory, "abc", 3);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                memory = cw_curl_realloc(memory, sizes[i]);
                assert_non_null(memory);
                assert_memory_equal(memory, "abc", 3);
                if (kept > sizes[i])
                        kept = sizes[i];
                for (size_t at = 3; at < kept; at++)
                        assert_int_equal(memory[at], (char)at);
                for (size_t at = 3; at < sizes[i]; at++)
                        memory[at] = (char)at;
                kept = sizes[i];
        }
        cw_curl_free(memory);
}

static void test_the_others(void **state)
{
        char *zero = cw_curl_calloc(300, 100), *copy = cw_curl_strdup("a text");

        (void)state;
        for (size_t i = 0; i < 30000; i++)
                assert_int_equal(zero[i], 0);
        assert_string_equal(copy, "a text");
        cw_curl_free(zero);
        cw_curl_free(copy);
        zero = cw_curl_calloc(10, 10);
        for (size_t i = 0; i < 100; i++)
                assert_int_equal(zero[i], 0);
        cw_curl_free(zero);
        assert_null(cw_curl_calloc(SIZE_MAX / 2, 3));
        assert_null(cw_curl_malloc(SIZE_MAX - 1));
        copy = cw_curl_strdup("kept");
        assert_null(cw_curl_realloc(copy, SIZE_MAX - 1));
        assert_string_equal(copy, "kept");
        cw_curl_free(copy);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocks_that_outlive_an_answer_are_in_no_core),
                cmocka_unit_test(test_bytes_survive_a_change_of_size),
                cmocka_unit_test(test_the_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
