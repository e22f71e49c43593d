/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: however much of a message is cut, what is written out and what is counted make all of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "cardwatch/letter.h"
#include "cardwatch/render.h"
#include "sample_notice.h"

static const struct cw_render_options plain;

/* Four cards in three rules and two currencies, two of them over, and a tally that was not listed to begin with. */
static void make(struct sample *sample)
{
        static const struct cw_tally tallies[] = {{"low-balance", "USD", 5, 6, 0}, {"other", "EUR", 0, 0, 7}};
        struct cw_entry *entry;

        sample_init(sample);
        sample_add(sample, sample_entry(1, "1111", USD(1, 0), USD(2, 0)));
        sample_add(sample, sample_entry(2, "2222", USD(1, 0), USD(2, 0)));
        entry = sample_add(sample,
                           sample_resolved(sample_entry(3, "3333", USD(1, 0), USD(2, 0)), USD(1, 0), USD(9, 0)));
        strcpy(entry->card.currency, "EUR");
        entry = sample_add(sample,
                           sample_resolved(sample_entry(4, "4444", USD(1, 0), USD(2, 0)), USD(1, 0), USD(9, 0)));
        entry->rule = "velocity";
        sample->notice.tallies = tallies;
        sample->notice.n_tallies = CW_ARRAY_SIZE(tallies);
}

/* What all lines count together. */
static unsigned long counted(const struct cw_letter *letter)
{
        unsigned long n = 0;

        for (size_t i = 0; i < letter->n_others; i++)
                for (const char *at = strrchr(letter->others[i], ':'); at && at[1]; at = strpbrk(at + 1, ","))
                        n += strtoul(at + 2, NULL, 10);
        return n;
}

static size_t written(const struct cw_letter *letter)
{
        size_t n = 0;

        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                n += letter->blocks[i].n_rows;
        return n;
}

static void test_nothing_is_lost(void **state)
{
        struct cw_letter letter;
        struct sample sample;
        char head[80];

        (void)state;
        make(&sample);
        assert_int_equal(cw_letter_init(&letter, &sample.notice, &plain), 0);
        assert_int_equal(written(&letter), 4);
        assert_int_equal(counted(&letter), 18);
        assert_string_equal(letter.others[0], "low-balance, USD: 5 firing, 6 resolved");
        for (size_t rows = 0; rows < 6; rows++) {
                for (size_t others = 0; others < 6; others++) {
                        size_t shown = rows < 4 ? rows : 4;

                        assert_int_equal(cw_letter_shorten(&letter, rows, others), 0);
                        assert_int_equal(written(&letter), shown);
                        assert_int_equal(counted(&letter), 18 + 4 - shown);
                        assert_in_range(letter.n_others, 1, others ? others : 1);
                        snprintf(head, sizeof(head),
                                 shown ? "and %zu more, not listed here:" : "%zu, not listed here:", 18 + 4 - shown);
                        assert_string_equal(letter.others_head, head);
                }
        }
        cw_letter_deinit(&letter);
}

static void test_how_it_is_counted(void **state)
{
        struct cw_letter letter;
        struct sample sample;

        (void)state;
        make(&sample);
        assert_int_equal(cw_letter_init(&letter, &sample.notice, &plain), 0);
        assert_int_equal(cw_letter_shorten(&letter, 1, 10), 0);
        assert_int_equal(letter.blocks[CW_ENTRY_FIRING].n_rows, 1);
        assert_int_equal(letter.blocks[CW_ENTRY_RESOLVED].n_rows, 0);
        assert_int_equal(letter.n_others, 4);
        assert_string_equal(letter.others[0], "low-balance, USD: 6 firing, 6 resolved");
        assert_string_equal(letter.others[1], "other, EUR: 7 events");
        assert_string_equal(letter.others[2], "low-balance, EUR: 1 resolved");
        assert_string_equal(letter.others[3], "velocity, USD: 1 resolved");
        assert_string_equal(letter.command, "cardwatch alerts");
        assert_int_equal(cw_letter_shorten(&letter, 1, 2), 0);
        assert_string_equal(letter.others[1], "other rules: 2 resolved, 7 events");
        assert_int_equal(cw_letter_shorten(&letter, 0, 1), 0);
        assert_string_equal(letter.others[0], "all rules: 7 firing, 8 resolved, 7 events");
        cw_letter_deinit(&letter);
}

static void test_a_whole_message_counts_nothing(void **state)
{
        struct cw_letter letter;
        struct sample sample;

        (void)state;
        make(&sample);
        sample.notice.n_tallies = 0;
        assert_int_equal(cw_letter_init(&letter, &sample.notice, &plain), 0);
        assert_null(letter.others_head);
        assert_int_equal(letter.n_others, 0);
        assert_int_equal(cw_letter_shorten(&letter, 3, 5), 0);
        assert_int_equal(counted(&letter), 1);
        assert_int_equal(cw_letter_shorten(&letter, 4, 5), 0);
        assert_null(letter.others_head);
        assert_null(letter.command);
        cw_letter_deinit(&letter);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_lost),
                cmocka_unit_test(test_how_it_is_counted),
                cmocka_unit_test(test_a_whole_message_counts_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
