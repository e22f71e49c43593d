/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References of more cards than one text counts (texts.h), over polls that move, change, miss and hold back cards:
 * every card shows its own, and none is left when the engine ends, which asserts that; a sanitizer sees one that is
 * read after its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/changes.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "ruleset.h"

enum { SOURCES = 2, CARDS = 700, POLLS = 60, CUSTOMERS = 3 };

static const struct ruleset_spec spec = {
        .sources = {"one", "other"},
        .rules = {{.name = "low", .when = "available < 100"},
                  {.name = "moved", .on = "changed(reference) or changed(customer)"}},
        .one_group = true,
        .missing_after = 2,
};

struct player {
        struct cw_engine *engine;
        struct cw_changes changes;
        int64_t now;
        uint64_t random;
        struct cw_card cards[SOURCES][CARDS];
        char references[SOURCES][CARDS][24];
};

static unsigned draw(struct player *player, unsigned below)
{
        player->random = player->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(player->random >> 33) % below;
}

static void step(struct player *player, struct cw_event event)
{
        assert_int_equal(cw_engine_step(player->engine, &event, player->now, &player->changes), 0);
}

/* Most have the same one; some have none, some their own. */
static void draw_reference(struct player *player, size_t source, size_t i)
{
        struct cw_card *card = &player->cards[source][i];
        char *reference = player->references[source][i];

        card->reference = reference;
        switch (draw(player, 12)) {
        case 0:
                card->reference = NULL;
                break;
        case 1:
                snprintf(reference, sizeof(player->references[source][i]), "own-%u", draw(player, 100000));
                break;
        default:
                snprintf(reference, sizeof(player->references[source][i]), "acme-%u", draw(player, 10) / 9);
                break;
        }
}

static void poll(struct player *player, size_t source, bool whole)
{
        struct cw_event event = {.source = source};

        player->now += 60000;
        event.at = player->now;
        event.kind = CW_EVENT_POLL_BEGAN;
        step(player, event);
        event.kind = CW_EVENT_CUSTOMER_SEEN;
        for (event.customer = 1; event.customer <= CUSTOMERS; event.customer++)
                step(player, event);
        event.kind = CW_EVENT_CARD_SEEN;
        for (size_t i = 0; i < CARDS; i++) {
                struct cw_card *card = &player->cards[source][i];

                if (draw(player, 50) == 0)
                        continue; /* missing */
                if (draw(player, 8) == 0)
                        draw_reference(player, source, i);
                if (draw(player, 8) == 0)
                        card->available = (cw_amount)draw(player, 200) * CW_AMOUNT_UNIT;
                if (draw(player, 40) == 0)
                        card->customer = 1 + draw(player, CUSTOMERS);
                event.card = card;
                step(player, event);
                if (draw(player, 10) == 0)
                        step(player, event);
                if (draw(player, 200) == 0)
                        step(player, (struct cw_event){.kind = CW_EVENT_POLL_GOES_ON, .source = source});
        }
        if (!whole)
                return; /* the next one begins over it */
        step(player, (struct cw_event){.kind = CW_EVENT_POLL_ENDED,
                                       .source = source,
                                       .poll = {.pages_good = draw(player, 10) > 0, .auth = CW_AUTH_OK}});
}

/* What is shown is a text that its card once had: one that is read after its end is neither. */
static void check(const struct player *player, size_t source)
{
        struct cw_card card;
        size_t cursor = 0;

        while (cw_engine_next_card(player->engine, source, &cursor, &card))
                assert_true(!card.reference || strncmp(card.reference, "acme-", 5) == 0 ||
                            strncmp(card.reference, "own-", 4) == 0);
}

static void test_over_many_polls(void **state)
{
        static struct player player;
        struct cw_ruleset *rules = ruleset_build(&spec);

        (void)state;
        player = (struct player){.now = INT64_C(1700000000000), .random = 42};
        assert_int_equal(cw_engine_new(rules, &player.engine), 0);
        for (size_t source = 0; source < SOURCES; source++)
                for (size_t i = 0; i < CARDS; i++) {
                        player.cards[source][i] = (struct cw_card){.id = (int64_t)i + 1,
                                                                   .customer = (int64_t)i % CUSTOMERS + 1,
                                                                   .available = 500 * CW_AMOUNT_UNIT,
                                                                   .currency = "USD"};
                        draw_reference(&player, source, i);
                }
        for (size_t i = 0; i < POLLS; i++)
                for (size_t source = 0; source < SOURCES; source++) {
                        poll(&player, source, draw(&player, 8) > 0);
                        check(&player, source);
                        cw_changes_deinit(&player.changes);
                        player.changes = (struct cw_changes){0};
                }
        poll(&player, 0, false); /* what is staged at the end is let go of, too */
        cw_changes_deinit(&player.changes);
        cw_engine_free(player.engine);
        cw_ruleset_unref(rules);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_over_many_polls)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
