/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: whoever asks for pictures is told exactly once, whatever there is to draw from and however many ask at once; a
 * message never waits longer than it must.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../../src/daemon/pictures.h"
#include "../codec/sample_notice.h"
#include "cardwatch/changes.h"
#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "cardwatch/picture.h"
#include "cardwatch/store.h"

struct asked {
        struct cw_loop *loop;
        struct cw_painter *painter;
        char path[64];
        struct sample sample;
        unsigned told;
        size_t n_pictures; /* of the last */
        uint64_t fingerprints[3];
};

static void done(void *data, const struct cw_picture *pictures, size_t n)
{
        struct asked *asked = data;

        asked->told++;
        asked->n_pictures = n;
        for (size_t i = 0; i < n; i++) {
                assert_true(pictures[i].len > 1000 && pictures[i].words[0]);
                asked->fingerprints[i] = pictures[i].fingerprint;
        }
}

/* A store in which card 1 fell from 300 to 95.10. */
static void fill_store(const char *path)
{
        struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_card_row row = {.source = (char *)"main",
                                  .card = {.id = 1, .customer = 11057, .available = USD(95, 10), .currency = "USD"},
                                  .changed = 1,
                                  .has_before = true,
                                  .before = {USD(300, 0), 0, USD(300, 0), false},
                                  .observed_at = SAMPLE_AT - CW_HOUR_MS};
        struct cw_store *store;

        assert_int_equal(cw_store_open(path, &store, NULL), 0);
        cw_changes_card(&changes, &row);
        assert_int_equal(cw_store_commit(store, &changes, SAMPLE_AT - CW_HOUR_MS, NULL), 0);
        cw_changes_deinit(&changes);
        cw_store_close(store);
}

static void begin(struct asked *asked, bool with_store)
{
        static const char folder[] = "/tmp/cardwatch-pictures-XXXXXX";

        *asked = (struct asked){.told = 0};
        strcpy(asked->path, folder);
        assert_non_null(mkdtemp(asked->path));
        strcat(asked->path, "/store.db");
        if (with_store)
                fill_store(asked->path);
        assert_int_equal(cw_loop_new(&asked->loop), 0);
        assert_int_equal(cw_painter_new(asked->loop, &asked->painter), 0);
        sample_init(&asked->sample);
}

static void end(struct asked *asked)
{
        static const char *const rests[] = {"", "-wal", "-shm", ".lock"};
        char path[80];

        cw_painter_free(asked->painter);
        cw_loop_free(asked->loop);
        for (size_t i = 0; i < CW_ARRAY_SIZE(rests); i++) {
                (void)snprintf(path, sizeof(path), "%s%s", asked->path, rests[i]);
                (void)unlink(path);
        }
        *strrchr(asked->path, '/') = '\0';
        assert_int_equal(rmdir(asked->path), 0);
}

static int ask(struct asked *asked, enum cw_detail detail, struct cw_pictures **ret_pictures)
{
        return cw_pictures_start(asked->painter, asked->path, &asked->sample.notice, detail, done, asked, ret_pictures);
}

static void test_the_worst_cards_are_drawn_each_once(void **state)
{
        struct cw_pictures *pictures;
        struct asked asked;

        (void)state;
        begin(&asked, true);
        sample_add(&asked.sample, sample_builtin());
        for (int64_t id = 1; id <= 4; id++) {
                sample_add(&asked.sample, sample_entry(id, "1234", USD(95, 10), USD(130, 0)));
                if (id == 1)
                        sample_add(&asked.sample, sample_entry(id, "1234", USD(95, 10), USD(130, 0)))->fingerprint = 99;
        }
        assert_int_equal(ask(&asked, CW_DETAIL_FULL, &pictures), 0);
        assert_int_equal(asked.told, 0);
        cw_loop_run(asked.loop);
        assert_int_equal(asked.told, 1);
        assert_int_equal(asked.n_pictures, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(asked.fingerprints[i], UINT64_C(0x9f86d081884c7d65) + i);
        end(&asked);
}

static void test_nothing_to_draw(void **state)
{
        struct cw_pictures *pictures;
        struct asked asked;

        (void)state;
        begin(&asked, true);
        assert_int_equal(ask(&asked, CW_DETAIL_FULL, &pictures), CW_PICTURES_NONE);
        sample_add(&asked.sample, sample_builtin());
        assert_int_equal(ask(&asked, CW_DETAIL_FULL, &pictures), CW_PICTURES_NONE);
        sample_add(&asked.sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(ask(&asked, CW_DETAIL_NONE, &pictures), CW_PICTURES_NONE);
        cw_loop_run(asked.loop);
        assert_int_equal(asked.told, 0);
        end(&asked);
}

static void test_a_store_that_cannot_be_read(void **state)
{
        struct cw_pictures *pictures;
        struct asked asked;

        (void)state;
        begin(&asked, false);
        sample_add(&asked.sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(ask(&asked, CW_DETAIL_FULL, &pictures), 0);
        cw_loop_run(asked.loop);
        assert_int_equal(asked.told, 1);
        assert_int_equal(asked.n_pictures, 0);
        end(&asked);
}

/* More than run at once, some of which nobody waits for any more. */
static void test_many_at_once(void **state)
{
        enum { MANY = 12 };
        struct cw_pictures *pictures[MANY];
        int64_t began_mono = cw_clock_mono_ms();
        struct asked asked;

        (void)state;
        begin(&asked, true);
        sample_add(&asked.sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        for (size_t i = 0; i < MANY; i++)
                assert_int_equal(ask(&asked, CW_DETAIL_FULL, &pictures[i]), 0);
        for (size_t i = 0; i < MANY; i += 2)
                cw_pictures_give_up(pictures[i]);
        assert_int_equal(asked.told, 0);
        cw_loop_run(asked.loop);
        assert_int_equal(asked.told, MANY);
        assert_true(cw_clock_mono_ms() - began_mono < 60 * CW_SECOND_MS);
        end(&asked);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_worst_cards_are_drawn_each_once),
                cmocka_unit_test(test_nothing_to_draw),
                cmocka_unit_test(test_a_store_that_cannot_be_read),
                cmocka_unit_test(test_many_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
