/* SPDX-License-Identifier: Apache-2.0 */
/* When the fields of cards changed last: the present says it, whatever was folded into checkpoints in between. */
#include "rows.h"

#include <sqlite3.h>

#include "cardwatch/store_history.h"
#include "old_store.h"

#define CARDS 12
#define FIRST 1000

/* Every row that was committed, oldest first. */
struct story {
        struct place place;
        struct cw_store *store;
        struct cw_changes rows;
        int64_t now;
        int64_t first_seen_at[CARDS]; /* 0: it is not there */
        unsigned seed;
};

static unsigned below(struct story *story, unsigned n)
{
        return (unsigned)rand_r(&story->seed) % n;
}

static void begin(struct story *story, unsigned seed)
{
        *story = (struct story){.now = FIRST, .seed = seed};
        place_init(&story->place);
        story->store = open_store(&story->place);
}

static void end(struct story *story)
{
        cw_store_close(story->store);
        cw_changes_deinit(&story->rows);
        place_deinit(&story->place);
}

/* What may happen to a card. */
static void add_something(struct story *story, struct cw_changes *changes)
{
        unsigned id = below(story, CARDS);
        struct cw_card_row row = {.source = (char *)"main", .card = {.id = id, .currency = "EUR"}};
        bool is_new = !story->first_seen_at[id];

        /* A clock that was set back also dates a card anew. */
        if (is_new || below(story, 20) == 0)
                story->first_seen_at[id] = story->now;
        row.first_seen_at = story->first_seen_at[id];
        row.observed_at = story->now;
        row.changed = is_new ? UINT16_MAX : (uint16_t)below(story, 512);
        row.has_before = !is_new && below(story, 5) > 0;
        row.before.available = below(story, 3);
        if (below(story, 9) == 0)
                row.changed = 0; /* it is counted only */
        if (!is_new && below(story, 9) == 0) {
                row.gone = true;
                row.changed = 0;
                story->first_seen_at[id] = 0;
        }
        cw_changes_card(changes, &row);
        cw_changes_card(&story->rows, &row);
}

static void commit_some(struct story *story)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        for (unsigned n = 1 + below(story, 6); n > 0; n--, story->now += below(story, 4))
                add_something(story, &changes);
        commit(story->store, &changes, story->now);
}

/* As whoever reads the journal would say: the last row of the card's present life that changed the field. */
static int64_t changed_at(const struct story *story, const struct cw_card_row *card, unsigned field)
{
        for (size_t i = story->rows.cards.n; i-- > 0;) {
                const struct cw_card_row *row = &story->rows.cards.rows[i];
                bool anew = !row->has_before && field <= 2 && row->changed;

                if (row->card.id != card->card.id)
                        continue;
                if (row->gone || row->first_seen_at != card->first_seen_at || row->observed_at <= row->first_seen_at)
                        return 0;
                if (anew || row->changed & 1u << field)
                        return row->observed_at;
        }
        return 0;
}

static int check_card(void *data, const struct cw_card_row *row)
{
        struct story *story = data;

        for (unsigned field = 0; field < CW_CARD_FIELDS; field++) {
                bool known = row->past && row->past->fields & 1u << field;

                assert_int_equal(known ? row->past->changed_at[field] : 0, changed_at(story, row, field));
        }
        assert_int_equal(row->first_seen_at, story->first_seen_at[row->card.id]);
        assert_true(row->changed == 0 && !row->has_before);
        return 0;
}

static int64_t past_from(struct cw_store *store)
{
        int64_t at = -1;

        assert_int_equal(cw_store_past_from(store, &at, NULL), 0);
        return at;
}

static void test_the_present_knows_what_the_journal_says(void **state)
{
        (void)state;
        for (unsigned seed = 1; seed <= 5; seed++) {
                struct story story;

                begin(&story, seed);
                for (int round = 0; round < 60; round++) {
                        commit_some(&story);
                        if (below(&story, 4) == 0)
                                maintain(story.store, FIRST, true);
                        if (below(&story, 8) == 0) {
                                cw_store_close(story.store);
                                story.store = open_store(&story.place);
                        }
                        assert_int_equal(cw_store_walk_present(story.store, check_card, &story, NULL), 0);
                        assert_int_equal(past_from(story.store), 0);
                }
                end(&story);
        }
}

static void exec(const struct place *place, const char *sql)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static int find_past(void *data, const struct cw_card_row *row)
{
        if (row->card.id == 4)
                *(struct cw_card_past *)data = row->past ? *row->past : (struct cw_card_past){.fields = 0};
        return 0;
}

/* Of before the first checkpoint that knows a past only the journal can tell; once that has forgotten it, nobody. */
static void test_an_old_store_knows_from_its_next_checkpoint_on(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_card_past past = {.fields = UINT16_MAX};
        int64_t from, oldest = -1;

        (void)state;
        place_init(&place);
        exec(&place, old_store);
        store = open_store(&place);
        assert_true(past_from(store) == INT64_MAX);
        maintain(store, 1500, true);
        from = past_from(store);
        assert_int_equal(from, 1501);
        add_card(&changes, "main", 4, 7);
        changes.cards.rows[0].changed = 1;
        changes.cards.rows[0].has_before = true;
        commit(store, &changes, 2100);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(cw_store_walk_present(store, find_past, &past, NULL), 0);
                assert_true(past.fields & 1 && past.changed_at[0] == 2004);
                assert_int_equal(past_from(store), from);
                maintain(store, 2100, true);
        }
        maintain(store, 2100 + HOUR_MS, true);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        assert_true(oldest == 0 || oldest >= from);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_present_knows_what_the_journal_says),
                cmocka_unit_test(test_an_old_store_knows_from_its_next_checkpoint_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
