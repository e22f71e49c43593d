/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bytes a file holds, there is an answer, and it is well formed. */
#include "cardwatch/text.h"
#include "loading.h"

static void defaults_into(struct cw_buf *buf)
{
        cw_config_defaults(buf);
        cw_buf_puts(buf, "include: [none/*.yaml]\n");
}

static void try(const char *text, size_t len)
{
        struct loaded loaded;

        write_file("cardwatch.yaml", text, len);
        load_file(&loaded, "cardwatch.yaml", true);
        assert_true(loaded.result == 0 || loaded.result == -EINVAL);
        assert_int_equal(cw_text_valid_utf8(cw_buf_text(&loaded.text), loaded.text.len), loaded.text.len);
        for (size_t i = 0; i < loaded.report.n_items; i++) {
                const struct cw_config_diagnostic *item = &loaded.report.items[i];

                assert_int_equal(item->line == 0, item->column == 0);
                assert_true(item->width >= 1);
                assert_null(strpbrk(item->message, "\n\r\t\x1b"));
                assert_int_equal(item->excerpt != NULL, item->line > 0);
                if (!item->excerpt)
                        continue;
                assert_true(item->caret >= 1 && item->caret <= strlen(item->excerpt) + 1);
                assert_null(strpbrk(item->excerpt, "\n\r\t\x1b"));
        }
        loaded_deinit(&loaded);
}

static void test_files_that_end_early(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;

        (void)state;
        defaults_into(&yaml);
        for (size_t len = 0; len <= yaml.len; len += 13)
                try(yaml.data, len);
        cw_buf_deinit(&yaml);
}

/* A small generator of its own: the same bytes in every run. */
static uint32_t draw(uint64_t *state)
{
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(*state >> 33);
}

static void test_files_with_bytes_that_do_not_belong(void **state)
{
        static const char odd[] = "{}[]:,&*!|>'\"%@`#- \t\n\0\xff\xc3\x1b?<~";
        uint64_t seed = 2026;

        (void)state;
        for (int round = 0; round < 600; round++) {
                struct cw_buf yaml = CW_BUF_NULL;

                cw_buf_puts(&yaml, BASE "log: {level: &a info}\n"
                                        "builtin:\n  stale: off\n"
                                        "route: {group_by: [rule, customer], group_wait: 1s}\n"
                                        "timezone: \"Europe/London\"\n"
                                        "include: >\n  none/*.yaml\n");
                for (unsigned n = draw(&seed) % 4 + 1; n > 0; n--)
                        yaml.data[draw(&seed) % yaml.len] = odd[draw(&seed) % (sizeof(odd) - 1)];
                try(yaml.data, yaml.len);
                cw_buf_deinit(&yaml);
        }
}

static void test_noise(void **state)
{
        uint64_t seed = 1;
        char noise[300];

        (void)state;
        for (int round = 0; round < 300; round++) {
                for (size_t i = 0; i < sizeof(noise); i++)
                        noise[i] = round % 2 ? (char)draw(&seed) : "ab:- {}[]\n\"'&*"[draw(&seed) % 14];
                try(noise, sizeof(noise));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_that_end_early),
                cmocka_unit_test(test_files_with_bytes_that_do_not_belong),
                cmocka_unit_test(test_noise),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
