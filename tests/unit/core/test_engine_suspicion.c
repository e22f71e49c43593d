/* SPDX-License-Identifier: Apache-2.0 */
/* What is too odd to be believed, and what makes it so after all. */
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

static void test_what_share_is_suspicious(void **state)
{
        static const struct {
                const char *name;
                int64_t customers, zero, unlisted;
                bool off, suspicious;
        } cases[] = {
                {"nineteen zeros are never suspicious", 9, 9, 0, false, false},
                {"twenty of twenty are", 10, 10, 0, false, true},
                {"exactly a tenth is not", 100, 10, 0, false, false},
                {"more than a tenth is", 100, 11, 0, false, true},
                {"twenty missing of forty are", 20, 0, 10, false, true},
                {"exactly a tenth missing is not", 100, 0, 10, false, false},
                {"more than a tenth missing is", 100, 0, 11, false, true},
                {"at 0% nothing is", 20, 20, 0, true, false},
                {"at 0% nobody is missed too much", 20, 0, 10, true, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct listing api;

                print_message("  %s\n", cases[i].name);
                listing_begin(&api, cases[i].customers, (struct rule_spec[]){LOW}, 1);
                if (cases[i].off)
                        api.world.rules->sources[0].suspect_above = 0;
                listing_zero(&api, 1, cases[i].zero, true);
                listing_unlist(&api, 1, cases[i].unlisted, true);
                listing_polled(&api);
                assert_int_equal(listing_fires(&api, "suspect-snapshot"), cases[i].suspicious);
                assert_int_equal(listing_fires(&api, "low"), cases[i].zero && !cases[i].suspicious);
                assert_int_equal(listing_result(&api), cases[i].suspicious ? CW_POLL_PARTIAL : CW_POLL_COMPLETE);
                assert_int_equal(listing_known(&api, 10), cases[i].zero && !cases[i].suspicious ? 0 : 600);
                listing_end(&api);
        }
}

static void test_held_cards_stay_as_they_were_and_others_are_watched(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 50, (struct rule_spec[]){LOW}, 1);
        api.customers[1].available[0] = "50";
        listing_polled(&api);
        listing_zero(&api, 1, 40, true);
        api.customers[50].available[1] = "60";
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing, low/501 firing 60.00\n");
        assert_int_equal(listing_known(&api, 10), 50);
        assert_int_equal(listing_known(&api, 11), 600);
        assert_int_equal(listing_known(&api, 501), 60);
        listing_zero(&api, 1, 40, false);
        assert_string_equal(listing_polled(&api), "chat resolved: suspect-snapshot resolved\n");
        assert_string_equal(listing_last_reason(&api), "the list of source main is plausible again");
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        listing_end(&api);
}

/* Whom the engine wants to have read: different ones, at most ten, from all over the list. */
static void check_spread(const struct listing *api, int64_t from, int64_t to)
{
        int64_t least = INT64_MAX, most = 0;

        assert_int_equal(api->n_look_ups, 10);
        for (size_t i = 0; i < api->n_look_ups; i++) {
                assert_in_range(api->look_ups[i], from, to);
                least = api->look_ups[i] < least ? api->look_ups[i] : least;
                most = api->look_ups[i] > most ? api->look_ups[i] : most;
                for (size_t j = 0; j < i; j++)
                        assert_true(api->look_ups[i] != api->look_ups[j]);
        }
        assert_in_range(least, from, from + (to - from) / 5);
        assert_in_range(most, to - (to - from) / 5, to);
}

static void test_ten_customers_are_read_from_all_over_the_list(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 200, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 200, true);
        listing_polled(&api);
        check_spread(&api, 1, 200);
        listing_zero(&api, 1, 200, false);
        listing_polled(&api);
        listing_unlist(&api, 101, 200, true);
        listing_polled(&api);
        check_spread(&api, 101, 200);
        listing_end(&api);
}

static void test_zeros_that_are_confirmed_are_believed_at_the_next_poll(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 12, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 12, true);
        api.reads_say_the_list = true;
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        assert_string_equal(listing_firing_reason(&api, "suspect-snapshot"), "24 of 24 cards dropped to zero at once");
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        assert_int_equal(listing_known(&api, 10), 600);
        assert_non_null(strstr(listing_polled(&api), "low/10 firing 0.00"));
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_known(&api, 121), 0);
        assert_false(listing_fires(&api, "suspect-snapshot"));
        assert_string_equal(listing_last_reason(&api),
                            "the list of source main is true, customers read one by one say the same");
        assert_string_equal(listing_polled(&api), "");
        listing_end(&api);
}

static void test_missing_customers_that_are_confirmed_disappear(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 40, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        listing_unlist(&api, 1, 20, true);
        api.reads_say_the_list = true;
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        assert_string_equal(listing_firing_reason(&api, "suspect-snapshot"), "40 of 80 cards are missing from it");
        assert_int_equal(api.n_look_ups, 10);
        assert_string_equal(listing_polled(&api), "chat resolved: suspect-snapshot resolved\n");
        assert_int_equal(api.n_look_ups, 0);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_n_cards(&api), 80);
        assert_non_null(strstr(listing_polled(&api), "lost/10 event"));
        assert_int_equal(listing_n_cards(&api), 40);
        listing_end(&api);
}

static void test_missing_customers_that_are_found_stay(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 40, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        listing_unlist(&api, 1, 20, true);
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        for (int i = 0; i < 5; i++) {
                assert_string_equal(listing_polled(&api), "");
                assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
                assert_int_equal(api.n_look_ups, 10);
        }
        listing_unlist(&api, 1, 20, false);
        assert_string_equal(listing_polled(&api), "chat resolved: suspect-snapshot resolved\n");
        assert_int_equal(listing_n_cards(&api), 80);
        listing_end(&api);
}

static void test_what_does_not_confirm(void **state)
{
        static const struct {
                const char *name;
                size_t contradicted, unreadable;
                bool confirmed;
        } cases[] = {
                {"all ten contradict", 10, 0, false},
                {"half of them contradict", 5, 0, false},
                {"four contradict, six confirm", 4, 0, true},
                {"five cannot be read, five confirm", 0, 5, false},
                {"four cannot be read, six confirm", 0, 4, true},
                {"none can be read", 0, 10, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct listing api;

                print_message("  %s\n", cases[i].name);
                listing_begin(&api, 12, (struct rule_spec[]){LOW}, 1);
                listing_zero(&api, 1, 12, true);
                world_pass(&api.world, CW_MINUTE_MS);
                listing_read_pages(&api);
                api.n_look_ups = cw_engine_look_ups(api.world.engine, 0, api.look_ups, 100);
                assert_int_equal(api.n_look_ups, 10);
                for (size_t j = 0; j < 10; j++) {
                        struct cw_event event = {.kind = CW_EVENT_CUSTOMER_READ, .at = api.world.now};

                        event.read.customer = api.look_ups[j];
                        if (j < cases[i].unreadable)
                                event.read.result = CW_LOOK_UP_UNREADABLE;
                        else
                                listing_bring_customer(&api, api.look_ups[j], CW_EVENT_CARD_READ,
                                                       j >= cases[i].contradicted);
                        world_step(&api.world, &event);
                }
                listing_end_poll(&api);
                assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
                assert_int_equal(listing_known(&api, 10), 600);
                listing_polled(&api);
                assert_int_equal(listing_result(&api), cases[i].confirmed ? CW_POLL_COMPLETE : CW_POLL_PARTIAL);
                assert_int_equal(listing_fires(&api, "suspect-snapshot"), !cases[i].confirmed);
                listing_end(&api);
        }
}

/* A customer whose cards came with nothing that can be trusted says nothing about the list. */
static void test_bad_data_confirms_nothing(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 12, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 12, true);
        world_pass(&api.world, CW_MINUTE_MS);
        listing_read_pages(&api);
        api.n_look_ups = cw_engine_look_ups(api.world.engine, 0, api.look_ups, 100);
        for (size_t i = 0; i < api.n_look_ups; i++) {
                struct cw_event event = {.kind = CW_EVENT_CARD_BAD, .at = api.world.now};

                event.bad.customer = api.look_ups[i];
                event.bad.card = api.look_ups[i] * 10;
                event.bad.field = "available";
                event.bad.reason = "is no number";
                world_step(&api.world, &event);
                event = (struct cw_event){.kind = CW_EVENT_CUSTOMER_READ, .at = api.world.now};
                event.read.customer = api.look_ups[i];
                world_step(&api.world, &event);
        }
        listing_end_poll(&api);
        listing_polled(&api);
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        assert_int_equal(listing_known(&api, 10), 600);
        listing_end(&api);
}

static void test_the_true_reading_of_a_re_read_counts(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 10, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 10, true);
        api.customers[3].available[1] = "70";
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing, low/31 firing 70.00\n");
        assert_int_equal(listing_known(&api, 31), 70);
        listing_end(&api);
}

static void accept(struct listing *api)
{
        world_step(&api->world, &(struct cw_event){.kind = CW_EVENT_ACCEPT});
        world_commit(&api->world);
}

static void test_an_operator_can_accept(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 40, (struct rule_spec[]){DISAPPEARED}, 1);
        listing_unlist(&api, 1, 20, true);
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        accept(&api);
        api.pages_bad = 1; /* no list to believe */
        listing_polled(&api);
        assert_int_equal(listing_n_cards(&api), 80);
        api.pages_bad = 0;
        assert_string_equal(listing_polled(&api), "chat resolved: suspect-snapshot resolved\n");
        assert_string_equal(listing_last_reason(&api), "an operator accepted the list of source main");
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        listing_polled(&api);
        assert_int_equal(listing_n_cards(&api), 40);
        listing_unlist(&api, 21, 31, true); /* what was accepted was that list only */
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        listing_end(&api);
}

static void test_suspicion_survives_a_restart(void **state)
{
        static const char *const names[] = {"what was confirmed is believed", "what was accepted is believed",
                                            "what was only raised resolves when the list is plausible"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++) {
                struct listing api;

                print_message("  %s\n", names[i]);
                listing_begin(&api, 12, (struct rule_spec[]){LOW}, 1);
                listing_zero(&api, 1, 12, true);
                api.reads_say_the_list = i == 0;
                listing_polled(&api);
                if (i == 1)
                        accept(&api);
                world_restart(&api.world, NULL);
                assert_true(listing_fires(&api, "suspect-snapshot"));
                if (i == 2)
                        listing_zero(&api, 1, 12, false);
                listing_polled(&api);
                assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
                assert_false(listing_fires(&api, "suspect-snapshot"));
                assert_int_equal(listing_known(&api, 10), i == 2 ? 600 : 0);
                listing_end(&api);
        }
}

/* What is said at a poll after the one that was believed: the kinds it shows, and who is asked for. */
static void test_only_the_same_is_believed(void **state)
{
        static const struct {
                const char *name;
                int64_t zero, unlisted; /* customers 1 to, and from 21 to, first */
                int64_t then_zero, then_unlisted;
                bool believed;
        } cases[] = {
                {"zeros, then zeros", 20, 0, 20, 0, true},
                {"zeros, then missing customers", 20, 0, 0, 40, false},
                {"zeros, then both", 20, 0, 20, 40, false},
                {"missing customers, then the same", 0, 40, 0, 40, true},
                {"missing customers, then zeros", 0, 40, 20, 0, false},
                {"missing customers, then both", 0, 40, 20, 40, false},
                {"both, then both", 20, 40, 20, 40, true},
                {"both, then one of them", 20, 40, 20, 0, true},
        };

        (void)state;
        for (size_t i = 0; i < 4 * CW_ARRAY_SIZE(cases); i++) {
                size_t at = i / 4;
                bool accepted = i % 4 >= 2, restarted = i % 2 == 1;
                struct listing api;

                print_message("  %s%s%s\n", cases[at].name, accepted ? ", accepted" : "",
                              restarted ? ", after a restart" : "");
                listing_begin(&api, 60, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
                listing_zero(&api, 1, cases[at].zero, true);
                listing_unlist(&api, 21, cases[at].unlisted, true);
                api.reads_say_the_list = !accepted;
                assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
                api.reads_say_the_list = false;
                if (accepted)
                        accept(&api);
                if (restarted)
                        world_restart(&api.world, NULL);
                listing_zero(&api, 1, 20, false);
                listing_unlist(&api, 21, 40, false);
                listing_zero(&api, 1, cases[at].then_zero, true);
                listing_unlist(&api, 21, cases[at].then_unlisted, true);
                for (int poll = 0; poll < 3; poll++) {
                        listing_polled(&api);
                        if (!cases[at].believed) {
                                assert_true(listing_fires(&api, "suspect-snapshot"));
                                assert_false(listing_fires(&api, "low"));
                                assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
                                assert_int_equal(listing_n_cards(&api), 120);
                                assert_in_range(api.n_look_ups, 1, 10);
                                continue;
                        }
                        assert_false(listing_fires(&api, "suspect-snapshot"));
                        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
                        assert_int_equal(listing_known(&api, 10), cases[at].then_zero ? 0 : 600);
                }
                assert_int_equal(listing_n_cards(&api), cases[at].believed && cases[at].then_unlisted ? 80 : 120);
                listing_end(&api);
        }
}

/* Another kind is asked for anew, by customers of its own; both are believed when both were confirmed. */
static void test_another_kind_has_re_reads_of_its_own(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 60, (struct rule_spec[]){LOW, DISAPPEARED}, 2);
        listing_zero(&api, 1, 20, true);
        api.reads_say_the_list = true;
        listing_polled(&api);
        check_spread(&api, 1, 20);
        listing_unlist(&api, 21, 40, true);
        listing_polled(&api);
        check_spread(&api, 21, 40);
        assert_int_equal(listing_result(&api), CW_POLL_PARTIAL);
        assert_int_equal(listing_known(&api, 10), 600);
        listing_polled(&api);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_known(&api, 10), 0);
        assert_false(listing_fires(&api, "suspect-snapshot"));
        listing_end(&api);
}

/* When a list shows two kinds at once, what confirms one does not confirm the other. */
static void test_each_kind_is_weighed_alone(void **state)
{
        struct listing api;
        size_t zeros = 0;

        (void)state;
        listing_begin(&api, 60, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 20, true);
        listing_unlist(&api, 21, 40, true);
        for (int poll = 0; poll < 2; poll++) {
                world_pass(&api.world, CW_MINUTE_MS);
                listing_read_pages(&api);
                api.n_look_ups = cw_engine_look_ups(api.world.engine, 0, api.look_ups, 100);
                zeros = 0;
                for (size_t i = 0; i < api.n_look_ups; i++) {
                        struct cw_event event = {.kind = CW_EVENT_CUSTOMER_READ, .at = api.world.now};

                        event.read.customer = api.look_ups[i];
                        zeros += api.look_ups[i] <= 20;
                        listing_bring_customer(&api, api.look_ups[i], CW_EVENT_CARD_READ, api.look_ups[i] <= 20);
                        world_step(&api.world, &event);
                }
                listing_end_poll(&api);
                assert_int_equal(zeros, poll == 0 ? 5 : 0);
                assert_int_equal(api.n_look_ups, 10);
                assert_true(listing_fires(&api, "suspect-snapshot"));
                assert_int_equal(listing_known(&api, 10), 600);
        }
        listing_unlist(&api, 21, 40, false);
        listing_polled(&api);
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        assert_int_equal(listing_known(&api, 10), 0);
        listing_end(&api);
}

static void test_what_was_stored_before_kinds_were_is_of_both(void **state)
{
        static const struct {
                const char *name;
                uint8_t stored;
                bool believed;
        } cases[] = {
                {"nothing", 0, false}, {"raised", 1, false},   {"confirmed", 2, true},    {"accepted", 3, true},
                {"odd", 0x40, false},  {"odder", 0xff, false}, {"zeros alone", 10, true}, {"missing alone", 34, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct listing api;

                print_message("  %s\n", cases[i].name);
                listing_begin(&api, 12, (struct rule_spec[]){LOW}, 1);
                api.world.stored.sources.rows[0].suspicion = cases[i].stored;
                world_restart(&api.world, NULL);
                listing_zero(&api, 1, 12, true);
                listing_polled(&api);
                assert_int_equal(listing_result(&api), cases[i].believed ? CW_POLL_COMPLETE : CW_POLL_PARTIAL);
                listing_end(&api);
        }
}

static void test_a_page_that_failed_makes_nobody_suspiciously_missing(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 40, (struct rule_spec[]){LOW}, 1);
        listing_unlist(&api, 1, 30, true);
        api.pages_bad = 3;
        assert_string_equal(listing_polled(&api), "");
        listing_zero(&api, 31, 40, true); /* of what came, everything */
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        assert_int_equal(listing_known(&api, 310), 600);
        listing_end(&api);
}

static void test_suspicion_inhibits_stale(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 12, NULL, 0);
        api.world.rules->builtins[CW_BUILTIN_STALE].enabled = true;
        listing_zero(&api, 1, 12, true);
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing\n");
        for (int i = 0; i < 6; i++)
                assert_string_equal(listing_polled(&api), "");
        listing_zero(&api, 1, 12, false);
        assert_string_equal(listing_polled(&api), "chat resolved: suspect-snapshot resolved\n");
        listing_end(&api);
}

/* Long polls */

static void test_a_long_poll_is_decided_while_it_goes_on(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 20, (struct rule_spec[]){LOW}, 1);
        api.customers[2].available[0] = "50";
        api.customers[15].available[0] = "40";
        api.goes_on_after = 10;
        world_pass(&api.world, CW_MINUTE_MS);
        listing_read_pages(&api);
        world_commit(&api.world);
        world_deliver(&api.world);
        assert_string_equal(world_told(&api.world), "chat firing: low/20 firing 50.00\n");
        assert_string_equal(listing_end_poll(&api), "chat firing: low/150 firing 40.00\n");
        assert_int_equal(listing_result(&api), CW_POLL_COMPLETE);
        listing_end(&api);
}

static void test_zeros_are_kept_back_in_mid_poll(void **state)
{
        struct listing api;

        (void)state;
        listing_begin(&api, 100, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 12, true); /* much of what has come, and more than a tenth of everything */
        api.customers[20].available[0] = "50";
        api.goes_on_after = 30;
        assert_string_equal(listing_polled(&api), "chat firing: suspect-snapshot firing, low/200 firing 50.00\n");
        assert_int_equal(listing_known(&api, 10), 600);
        listing_polled(&api);
        listing_end(&api);
        listing_begin(&api, 200, (struct rule_spec[]){LOW}, 1);
        listing_zero(&api, 1, 12, true); /* not too much in the end */
        api.goes_on_after = 30;
        listing_polled(&api);
        assert_false(listing_fires(&api, "suspect-snapshot"));
        assert_int_equal(listing_known(&api, 10), 0);
        listing_end(&api);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_share_is_suspicious),
                cmocka_unit_test(test_held_cards_stay_as_they_were_and_others_are_watched),
                cmocka_unit_test(test_ten_customers_are_read_from_all_over_the_list),
                cmocka_unit_test(test_zeros_that_are_confirmed_are_believed_at_the_next_poll),
                cmocka_unit_test(test_missing_customers_that_are_confirmed_disappear),
                cmocka_unit_test(test_missing_customers_that_are_found_stay),
                cmocka_unit_test(test_what_does_not_confirm),
                cmocka_unit_test(test_bad_data_confirms_nothing),
                cmocka_unit_test(test_only_the_same_is_believed),
                cmocka_unit_test(test_another_kind_has_re_reads_of_its_own),
                cmocka_unit_test(test_each_kind_is_weighed_alone),
                cmocka_unit_test(test_what_was_stored_before_kinds_were_is_of_both),
                cmocka_unit_test(test_the_true_reading_of_a_re_read_counts),
                cmocka_unit_test(test_an_operator_can_accept),
                cmocka_unit_test(test_suspicion_survives_a_restart),
                cmocka_unit_test(test_a_page_that_failed_makes_nobody_suspiciously_missing),
                cmocka_unit_test(test_suspicion_inhibits_stale),
                cmocka_unit_test(test_a_long_poll_is_decided_while_it_goes_on),
                cmocka_unit_test(test_zeros_are_kept_back_in_mid_poll),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
