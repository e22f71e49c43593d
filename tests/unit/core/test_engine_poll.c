/* SPDX-License-Identifier: Apache-2.0 */
/* What a poll and the faster lane prove: who is missing, what two readings say of one card. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "listing.h"
#include "receivers.h"

/* One line that tells these two things and no other, in whatever order. */
static bool tells_both(const char *told, const char *one, const char *other)
{
        const char *line_end = strchr(told, '\n'), *comma = strchr(told, ',');

        return line_end && comma && comma < line_end && !strchr(comma + 1, ',') && strstr(told, one) < line_end &&
               strstr(told, other) < line_end && strstr(told, one) && strstr(told, other);
}

static void test_who_is_read_one_by_one_and_found_was_only_between_pages(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        api.customers[2].available[0] = "50";
        assert_string_equal(listing_polled(&api), "chat firing: low/20 firing 50.00\n");
        listing_unlist(&api, 2, 2, true);
        for (int i = 0; i < 5; i++) {
                assert_string_equal(listing_polled(&api), "");
                assert_int_equal(api.n_look_ups, 1);
                assert_int_equal(api.look_ups[0], 2);
                assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        }
        api.customers[2].available[0] = "700"; /* what a look-up shows is an observation */
        assert_string_equal(listing_polled(&api), "chat resolved: low/20 resolved 700.00\n");
        assert_int_equal(listing_n_cards(&api), 6);
        listing_end(&api);
}

static void test_who_is_gone_disappears_after_enough_complete_polls(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        api.customers[2].available[0] = "50";
        listing_polled(&api);
        listing_unlist(&api, 2, 2, true);
        api.customers[2].read = CW_LOOK_UP_GONE;
        assert_string_equal(listing_polled(&api), "");
        assert_int_equal(api.n_look_ups, 1);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_n_cards(&api), 6);
        api.pages_bad = 1; /* a poll that is not complete neither counts nor breaks the row */
        assert_string_equal(listing_polled(&api), "");
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        assert_int_equal(listing_n_cards(&api), 6);
        api.pages_bad = 0;
        assert_true(tells_both(listing_polled(&api), "lost/20 event", "lost/21 event"));
        assert_false(listing_fires(&api, "low"));
        assert_int_equal(api.n_look_ups, 0); /* it is accounted for */
        assert_string_equal(listing_last_reason(&api), "card disappeared");
        assert_int_equal(listing_n_cards(&api), 4);
        assert_string_equal(listing_polled(&api), "");
        listing_end(&api);
}

static void test_who_comes_back_in_time_was_never_away(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED, APPEARED}, 2);
        api.customers[2].read = CW_LOOK_UP_GONE;
        for (int i = 0; i < 4; i++) {
                listing_unlist(&api, 2, 2, true);
                assert_string_equal(listing_polled(&api), "");
                listing_unlist(&api, 2, 2, false);
                assert_string_equal(listing_polled(&api), "");
        }
        assert_int_equal(listing_n_cards(&api), 6);
        listing_end(&api);
}

static void test_an_unreadable_look_up_concludes_nothing(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        listing_unlist(&api, 2, 3, true);
        api.customers[2].read = CW_LOOK_UP_UNREADABLE;
        api.customers[3].read = CW_LOOK_UP_GONE;
        for (int i = 0; i < 5; i++) {
                assert_string_equal(listing_polled(&api), "");
                assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
                assert_int_equal(api.n_look_ups, i == 0 ? 2 : 1); /* the other one stays accounted for */
        }
        assert_int_equal(listing_n_cards(&api), 6);
        listing_end(&api);
}

/* Every page is good then, so that only the engine knows what the polls lack. */
/* A card whose id says nothing may be any of its customer's that are missing. */
static void test_a_card_without_a_name_is_nobodys_disappearance(void **state)
{
        struct cw_event nameless = {.kind = CW_EVENT_CARD_BAD,
                                    .bad = {.customer = 2, .field = "id", .reason = "is no integer"}};
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        api.customers[2].available[1] = "50";
        assert_string_equal(listing_polled(&api), "chat firing: low/21 firing 50.00\n");
        api.customers[2].without_second = api.customers[3].without_second = true;
        for (int i = 0; i < 4; i++) {
                world_pass(&api.world, CW_MINUTE_MS);
                listing_read_pages(&api);
                nameless.at = api.world.now;
                world_step(&api.world, &nameless);
                listing_answer_look_ups(&api);
                listing_end_poll(&api);
                assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
                assert_true(listing_known(&api, 21) == 50);
                assert_int_equal(listing_n_cards(&api), i == 0 ? 6 : 5); /* 31 disappeared, for nothing stands for it */
        }
        assert_true(listing_fires(&api, "low"));
        listing_polled(&api);
        listing_polled(&api);
        assert_int_equal(listing_n_cards(&api), 4);
        listing_end(&api);
}

static void test_stale_says_who_could_not_be_looked_up(void **state)
{
        const struct cw_entry *stale = NULL;
        struct listing api;
        size_t cursor = 0;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        api.world.rules->builtins[CW_BUILTIN_STALE].enabled = true;
        listing_unlist(&api, 2, 2, true);
        api.customers[2].read = CW_LOOK_UP_UNREADABLE;
        assert_string_equal(listing_polled(&api), "");
        assert_string_equal(listing_polled(&api), "");
        assert_string_equal(listing_polled(&api), "chat firing: stale firing\n");
        assert_true(cw_engine_next_alert(api.world.engine, &cursor, &stale));
        assert_string_equal(stale->reason,
                            "1 customer is missing from the list, and whether it is gone could not be read one by one");
        listing_end(&api);
}

static void test_more_than_a_hundred_to_look_up_take_several_polls(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 250, (struct rule_spec[]){DISAPPEARED}, 1);
        api.world.rules->sources[0].suspect_above = 0;
        listing_unlist(&api, 1, 240, true);
        for (int64_t id = 1; id <= 240; id++)
                api.customers[id].read = CW_LOOK_UP_GONE;
        assert_string_equal(listing_polled(&api), "");
        assert_int_equal(api.n_look_ups, 100);
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        listing_polled(&api);
        assert_int_equal(api.n_look_ups, 100);
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        listing_polled(&api);
        assert_int_equal(api.n_look_ups, 40);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_n_cards(&api), 500);
        listing_polled(&api);
        assert_int_equal(listing_n_cards(&api), 20);
        listing_end(&api);
}

/* When those that are looked up are found, the rest have their turn in the next poll. */
static void test_a_hundred_others_are_looked_up_next_time(void **state)
{
        bool met[CUSTOMERS_MAX + 1] = {false};
        struct listing api;
        size_t n = 0;

        (void)state;
        listing_begin(&api, 250, (struct rule_spec[]){DISAPPEARED}, 1);
        api.world.rules->sources[0].suspect_above = 0;
        listing_unlist(&api, 1, 240, true);
        for (int i = 0; i < 4; i++) {
                listing_polled(&api);
                for (size_t j = 0; j < api.n_look_ups; j++) {
                        n += !met[api.look_ups[j]];
                        met[api.look_ups[j]] = true;
                }
        }
        assert_int_equal(n, 240);
        assert_int_equal(listing_n_cards(&api), 500);
        listing_end(&api);
}

static void test_no_look_ups_when_a_page_failed(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        listing_unlist(&api, 2, 2, true);
        api.pages_bad = 1;
        assert_string_equal(listing_polled(&api), "");
        assert_int_equal(api.n_look_ups, 0);
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        listing_end(&api);
}

static void test_a_card_missing_inside_its_customer_needs_no_look_up(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED, APPEARED}, 2);
        api.customers[1].without_second = true;
        assert_string_equal(listing_polled(&api), "");
        assert_int_equal(api.n_look_ups, 0);
        assert_string_equal(listing_polled(&api), "chat event: lost/11 event\n");
        api.customers[1].without_second = false;
        assert_string_equal(listing_polled(&api), "chat event: new/11 event\n");
        listing_end(&api);
}

/* After a restart nobody knows who was gone; asking again says so. */
static void test_a_restart_asks_again(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        listing_unlist(&api, 2, 2, true);
        api.customers[2].read = CW_LOOK_UP_GONE;
        assert_string_equal(listing_polled(&api), "");
        world_restart(&api.world, NULL);
        assert_true(tells_both(listing_polled(&api), "lost/20 event", "lost/21 event"));
        assert_int_equal(api.n_look_ups, 1);
        listing_end(&api);
}

static void test_what_appears_is_told_but_not_in_a_baseline(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){APPEARED}, 1); /* said nothing of six new cards */
        api.n = 4;
        assert_true(tells_both(listing_polled(&api), "new/40 event", "new/41 event"));
        assert_string_equal(listing_polled(&api), "");
        listing_end(&api);
}

/* A card under two customers */

static void bring_twice(struct listing *api, int64_t first, int64_t second, bool goes_on)
{
        int64_t order[] = {first, second};

        world_pass(&api->world, CW_MINUTE_MS);
        listing_say(api, CW_EVENT_POLL_BEGAN);
        for (size_t i = 0; i < 2; i++) {
                struct cw_card card = listing_card(api, 1, 0, false);

                card.customer = order[i];
                card.id = 7;
                listing_see(api, order[i]);
                listing_bring(api, CW_EVENT_CARD_SEEN, &card, api->world.now);
                if (goes_on)
                        listing_say(api, CW_EVENT_POLL_GOES_ON);
        }
        world_step(&api->world, &(struct cw_event){.kind = CW_EVENT_PAGES_READ, .poll = {.pages_good = 1}});
}

static void test_a_card_under_two_customers_is_the_first_ones(void **state)
{
        (void)state;
        for (int goes_on = 0; goes_on < 2; goes_on++) {
                struct listing api;

                print_message("  %s\n", goes_on ? "decided in mid-poll" : "decided at the end");
                listing_begin(&api, 0, (struct rule_spec[]){LOW, APPEARED, DISAPPEARED}, 3);
                api.customers[1].available[0] = "50";
                for (int i = 0; i < 4; i++) {
                        const char *told;
                        size_t cursor = 0;
                        struct cw_card card;

                        if (i % 2 == 0) /* answers arrive in any order */
                                bring_twice(&api, 1, 2, goes_on);
                        else
                                bring_twice(&api, 2, 1, goes_on);
                        told = listing_end_poll(&api);
                        if (i == 0)
                                assert_non_null(strstr(told, "bad-data firing"));
                        else
                                assert_string_equal(told, "");
                        assert_true(listing_fires(&api, "bad-data") && listing_fires(&api, "low"));
                        assert_true(cw_engine_next_card(api.world.engine, 0, &cursor, &card));
                        assert_int_equal(card.customer, 1);
                        assert_int_equal(listing_n_cards(&api), 1);
                }
                listing_end(&api);
        }
}

/* Customer 2 has card 7 of customer 1 as well, and the page that customer 1 is on fails. */
static void test_a_card_under_two_stays_where_it_is_when_a_page_fails(void **state)
{
        struct listing api;
        size_t cursor = 0;
        struct cw_card card;

        (void)state;
        listing_begin(&api, 0, (struct rule_spec[]){LOW}, 1);
        api.customers[1].available[0] = "600";
        bring_twice(&api, 1, 2, false);
        listing_end_poll(&api);
        world_pass(&api.world, CW_MINUTE_MS);
        listing_say(&api, CW_EVENT_POLL_BEGAN);
        card = listing_card(&api, 1, 0, false);
        card.customer = 2;
        card.id = 7;
        listing_see(&api, 2);
        listing_bring(&api, CW_EVENT_CARD_SEEN, &card, api.world.now);
        api.pages_bad = 1;
        listing_end_poll(&api);
        assert_true(listing_fires(&api, "bad-data"));
        assert_true(cw_engine_next_card(api.world.engine, 0, &cursor, &card));
        assert_int_equal(card.customer, 1);
        assert_int_equal(listing_n_cards(&api), 1);
        listing_end(&api);
}

static void test_the_faster_lane_takes_a_card_from_nobody(void **state)
{
        struct listing api;
        size_t cursor = 0;
        struct cw_card card;

        (void)state;
        listing_begin(&api, 1, (struct rule_spec[]){LOW}, 1);
        card = listing_card(&api, 1, 0, false);
        card.customer = 2;
        api.world.now += CW_SECOND_MS;
        listing_bring(&api, CW_EVENT_CARD_WATCHED, &card, api.world.now);
        while (cw_engine_next_card(api.world.engine, 0, &cursor, &card))
                assert_int_equal(card.customer, 1);
        assert_false(listing_fires(&api, "bad-data"));
        listing_end(&api);
}

static void test_a_card_may_change_its_customer(void **state)
{
        struct cw_card card;
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW}, 1);
        api.customers[1].without_second = true;
        for (int i = 0; i < 2; i++) {
                world_pass(&api.world, CW_MINUTE_MS);
                listing_say(&api, CW_EVENT_POLL_BEGAN);
                for (int64_t id = 1; id <= 3; id++) {
                        listing_see(&api, id);
                        listing_bring_customer(&api, id, CW_EVENT_CARD_SEEN, true);
                }
                card = listing_card(&api, 1, 1, false);
                card.customer = 2;
                listing_bring(&api, CW_EVENT_CARD_SEEN, &card, api.world.now);
                world_step(&api.world, &(struct cw_event){.kind = CW_EVENT_PAGES_READ, .poll = {.pages_good = 1}});
                assert_string_equal(listing_end_poll(&api),
                                    i == 0 ? "chat firing: bad-data firing\n" : "chat resolved: bad-data resolved\n");
                assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
                assert_int_equal(listing_n_cards(&api), 6);
        }
        listing_end(&api);
}

/* The faster lane */

static const char *watched(struct listing *api, int64_t customer, const char *available)
{
        api->customers[customer].available[0] = available;
        listing_bring_customer(api, customer, CW_EVENT_CARD_WATCHED, true);
        world_commit(&api->world);
        world_deliver(&api->world);
        return world_told(&api->world);
}

static void test_the_faster_lane_fires_and_resolves(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW, APPEARED}, 2);
        api.world.now += CW_SECOND_MS;
        assert_string_equal(watched(&api, 2, "50"), "chat firing: low/20 firing 50.00\n");
        assert_string_equal(watched(&api, 2, "40"), "");
        assert_string_equal(watched(&api, 2, "500"), "chat resolved: low/20 resolved 500.00\n");
        assert_string_equal(listing_polled(&api), "");
        assert_true(tells_both(watched(&api, 4, "600"), "new/40 event", "new/41 event"));
        listing_end(&api);
}

static void test_the_faster_lane_begins_after_the_baseline(void **state)
{
        struct ruleset_spec spec = {.rules = {LOW, APPEARED}};
        struct listing api = {.n = 1};

        (void)state;
        api.customers[1].available[0] = api.customers[1].available[1] = "600";
        world_init(&api.world, ruleset_build(&spec));
        assert_string_equal(watched(&api, 1, "50"), "");
        assert_int_equal(listing_n_cards(&api), 0);
        assert_string_equal(listing_polled(&api), "chat firing baseline: low/10 firing 50.00\n");
        listing_end(&api);
}

static void test_the_faster_lane_counts_for_nothing_else(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        listing_unlist(&api, 2, 2, true);
        api.customers[2].read = CW_LOOK_UP_GONE;
        listing_polled(&api);
        watched(&api, 2, "500");
        world_pass(&api.world, CW_MINUTE_MS);
        listing_read_pages(&api);
        watched(&api, 2, "400"); /* in the middle of a poll too */
        listing_answer_look_ups(&api);
        assert_non_null(strstr(listing_end_poll(&api), "lost/20 event"));
        listing_end(&api);
}

/* A page that was asked for before the faster lane looked, and is decided after it, is the older reading. */
static void test_an_older_page_does_not_undo_the_faster_lane(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){LOW}, 1);
        world_pass(&api.world, CW_MINUTE_MS);
        api.customers[2].available[0] = "50";
        listing_read_pages(&api);
        api.world.now += CW_SECOND_MS;
        assert_string_equal(watched(&api, 2, "700"), "");
        assert_string_equal(listing_end_poll(&api), "");
        assert_int_equal(listing_known(&api, 20), 700);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        listing_end(&api);
}

static void test_bad_data_of_the_faster_lane_counts_for_nothing_either(void **state)
{
        struct cw_event bad = {.kind = CW_EVENT_CARD_BAD,
                               .bad = {.customer = 2, .card = 21, .field = "id", .reason = "is odd", .watched = true}};
        struct listing api;

        (void)state;
        listing_begin(&api, 3, (struct rule_spec[]){DISAPPEARED}, 1);
        api.customers[2].without_second = true;
        listing_polled(&api);
        world_pass(&api.world, CW_MINUTE_MS);
        listing_read_pages(&api);
        world_step(&api.world, &bad);
        assert_non_null(strstr(listing_end_poll(&api), "lost/21 event"));
        listing_end(&api);
}

/* The clocks */

static void test_clock_skew(void **state)
{
        static const struct {
                bool known;
                int64_t skew_ms;
                const char *told;
        } polls[] = {
                {true, 15000, ""},
                {true, 15001, "chat firing: clock-skew firing\n"},
                {true, 3600000, ""},
                {false, 0, ""}, /* nobody said */
                {true, -15000, "chat resolved: clock-skew resolved\n"},
                {true, -15001, "chat firing: clock-skew firing\n"},
                {true, 0, "chat resolved: clock-skew resolved\n"},
        };
        struct listing api;

        (void)state;
        listing_begin(&api, 1, NULL, 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(polls); i++) {
                api.skew_known = polls[i].known;
                api.skew_ms = polls[i].skew_ms;
                assert_string_equal(listing_polled(&api), polls[i].told);
        }
        listing_end(&api);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_read_one_by_one_and_found_was_only_between_pages),
                cmocka_unit_test(test_who_is_gone_disappears_after_enough_complete_polls),
                cmocka_unit_test(test_who_comes_back_in_time_was_never_away),
                cmocka_unit_test(test_an_unreadable_look_up_concludes_nothing),
                cmocka_unit_test(test_a_card_without_a_name_is_nobodys_disappearance),
                cmocka_unit_test(test_stale_says_who_could_not_be_looked_up),
                cmocka_unit_test(test_more_than_a_hundred_to_look_up_take_several_polls),
                cmocka_unit_test(test_a_hundred_others_are_looked_up_next_time),
                cmocka_unit_test(test_no_look_ups_when_a_page_failed),
                cmocka_unit_test(test_a_card_missing_inside_its_customer_needs_no_look_up),
                cmocka_unit_test(test_a_restart_asks_again),
                cmocka_unit_test(test_what_appears_is_told_but_not_in_a_baseline),
                cmocka_unit_test(test_a_card_under_two_customers_is_the_first_ones),
                cmocka_unit_test(test_a_card_under_two_stays_where_it_is_when_a_page_fails),
                cmocka_unit_test(test_the_faster_lane_takes_a_card_from_nobody),
                cmocka_unit_test(test_a_card_may_change_its_customer),
                cmocka_unit_test(test_the_faster_lane_fires_and_resolves),
                cmocka_unit_test(test_the_faster_lane_begins_after_the_baseline),
                cmocka_unit_test(test_the_faster_lane_counts_for_nothing_else),
                cmocka_unit_test(test_an_older_page_does_not_undo_the_faster_lane),
                cmocka_unit_test(test_bad_data_of_the_faster_lane_counts_for_nothing_either),
                cmocka_unit_test(test_clock_skew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
