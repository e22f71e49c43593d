/* SPDX-License-Identifier: Apache-2.0 */
/* When a digest is due, what it tells, and what neither a restart nor a clock can do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/digest.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/notice.h"
#include "cardwatch/zone.h"
#include "receivers.h"

enum { WEEKDAYS = 0x1f, SUNDAY = 0x40 };

static struct cw_zone *zone_named(const char *name)
{
        char path[100], bytes[8192];
        struct cw_zone *zone = NULL;
        FILE *file;
        size_t len;

        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
        file = fopen(path, "re");
        assert_non_null(file);
        len = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        assert_int_equal(cw_zone_parse(bytes, len, &zone), 0);
        return zone;
}

static int64_t at(const char *text)
{
        int64_t result;

        assert_int_equal(cw_clock_parse(text, &result), 0);
        return result;
}

static void test_when_it_is_due(void **state)
{
        static const struct {
                const char *name, *zone;
                unsigned days;
                int32_t at_min;
                const char *after, *due;
        } cases[] = {
                {"later today", NULL, CW_EVERY_DAY, 8 * 60, "2026-11-29T07:59:59Z", "2026-11-29T08:00:00Z"},
                {"not at the same time again", NULL, CW_EVERY_DAY, 8 * 60, "2026-11-29T08:00:00Z",
                 "2026-11-30T08:00:00Z"},
                {"by the wall's clock", "Europe/Berlin", CW_EVERY_DAY, 8 * 60, "2026-07-01T00:00:00Z",
                 "2026-07-01T06:00:00Z"},
                {"over a weekend", "Europe/Berlin", WEEKDAYS, 8 * 60, "2026-11-27T07:00:00Z", "2026-11-30T07:00:00Z"},
                {"once a week", "Europe/Berlin", SUNDAY, 0, "2026-11-29T12:00:00Z", "2026-12-05T23:00:00Z"},
                {"the hour that is skipped: when it is skipped", "Europe/Berlin", CW_EVERY_DAY, 2 * 60 + 30,
                 "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
                {"and the day after at its time", "Europe/Berlin", CW_EVERY_DAY, 2 * 60 + 30, "2026-03-29T01:00:00Z",
                 "2026-03-30T00:30:00Z"},
                {"the hour that comes twice: the first", "Europe/Berlin", CW_EVERY_DAY, 2 * 60 + 30,
                 "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
                {"and not the second", "Europe/Berlin", CW_EVERY_DAY, 2 * 60 + 30, "2026-10-25T00:30:00Z",
                 "2026-10-26T01:30:00Z"},
                {"the morning after spring", "Europe/Berlin", CW_EVERY_DAY, 8 * 60, "2026-03-28T07:00:00Z",
                 "2026-03-29T06:00:00Z"},
                {"the morning after autumn", "Europe/Berlin", CW_EVERY_DAY, 8 * 60, "2026-10-24T06:00:00Z",
                 "2026-10-25T07:00:00Z"},
                {"far to the west", "America/Los_Angeles", CW_EVERY_DAY, 23 * 60 + 59, "2026-01-01T00:00:00Z",
                 "2026-01-01T07:59:00Z"},
                {"far to the east", "Pacific/Kiritimati", CW_EVERY_DAY, 0, "2026-01-01T09:59:59Z",
                 "2026-01-01T10:00:00Z"},
                {"half an hour of summer", "Australia/Lord_Howe", CW_EVERY_DAY, 2 * 60 + 15, "2026-10-03T12:00:00Z",
                 "2026-10-03T15:30:00Z"},
                {"a day that a place left out", "Pacific/Apia", CW_EVERY_DAY, 12 * 60, "2011-12-29T22:00:00Z",
                 "2011-12-30T10:00:00Z"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_digest_plan plan = {.days = cases[i].days, .at_min = cases[i].at_min};
                struct cw_zone *zone = cases[i].zone ? zone_named(cases[i].zone) : NULL;
                struct cw_buf text = CW_BUF_NULL, expected = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                cw_clock_format_utc(&text, cw_digest_next(&plan, zone, at(cases[i].after)));
                cw_clock_format_utc(&expected, at(cases[i].due));
                assert_string_equal(cw_buf_text(&text), cw_buf_text(&expected));
                cw_buf_deinit(&text);
                cw_buf_deinit(&expected);
                cw_zone_free(zone);
        }
}

static void test_once_a_day_whatever_the_clock_does(void **state)
{
        static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(zones); i++) {
                struct cw_zone *zone = zone_named(zones[i]);

                print_message("  %s\n", zones[i]);
                for (int32_t minute = 0; minute < 24 * 60; minute += 15) {
                        struct cw_digest_plan plan = {.days = CW_EVERY_DAY, .at_min = minute};
                        int64_t time = at("2025-12-31T12:00:00Z"), next;

                        for (unsigned day = 0; day < 400; day++, time = next) {
                                next = cw_digest_next(&plan, zone, time);
                                if (day > 0)
                                        assert_in_range(next - time, 22 * CW_HOUR_MS, 26 * CW_HOUR_MS);
                        }
                }
                cw_zone_free(zone);
        }
}

/* The world begins at 22:13:20. */
#define AT(hour, minute) ((hour)*60 + (minute))

static const struct ruleset_spec daily = {
        .rules = {{.name = "low", .when = "available < 100"}, {.name = "switched", .on = "changed(suppressed)"}},
        .builtins_off = 1u << CW_BUILTIN_STALE,
        .digests = {{.name = "daily", .at_min = AT(22, 20)}},
};

static const char *polled_at(struct world *world, int64_t card, const char *available)
{
        world_card(world, card, card, available);
        return world_polled(world);
}

static void begin(struct world *world, const struct ruleset_spec *spec)
{
        world_init(world, ruleset_build(spec));
        world_card(world, 1, 1, "600");
        world_card(world, 2, 2, "600");
        assert_string_equal(world_polled(world), "");
}

/* Time passes with a poll each minute, until this time of the day comes again. */
static const char *until(struct world *world, int32_t minute)
{
        int64_t day = world->now - world->now % CW_DAY_MS, end = day + minute * CW_MINUTE_MS;

        end += end <= world->now ? CW_DAY_MS : 0;
        while (end - world->now > CW_HOUR_MS) {
                world_pass(world, CW_HOUR_MS / 2);
                world_poll(world, &(struct world_poll){.source = 0});
        }
        world_pass(world, end - world->now);
        return world_told(world);
}

static void test_what_it_tells(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &daily);
        print_message("  that all is well\n");
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +0 -0 !0\n");

        print_message("  what fires, what is over, what happened\n");
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 2, "40"), "chat firing: low/2 firing 40.00\n");
        assert_string_equal(polled_at(&world, 2, "300"), "chat resolved: low/2 resolved 300.00\n");
        world_card(&world, 2, 2, NULL)->card.suppressed = true;
        assert_string_equal(world_polled(&world), "chat event: switched/2 event\n");
        assert_string_equal(
                until(&world, AT(22, 21)),
                "chat digest daily +2 -1 !1: low/1 firing 50.00, low/2 resolved 300.00, switched/2 event\n");

        print_message("  the next day only what fires still, as it is now\n");
        assert_string_equal(polled_at(&world, 1, "30"), "");
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +0 -0 !0: low/1 firing 30.00\n");

        print_message("  what came back is told as firing alone\n");
        polled_at(&world, 1, "500");
        polled_at(&world, 1, "20");
        world_told(&world);
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +1 -1 !0: low/1 firing 20.00\n");
        world_deinit(&world);
}

static void test_what_is_held_is_said(void **state)
{
        struct cw_silence_row row = {.match = (char *)"customer=1"};
        struct cw_event silence = {.kind = CW_EVENT_SILENCE};
        struct world world;

        (void)state;
        begin(&world, &daily);
        row.until_at = world.now + 2 * CW_DAY_MS;
        silence.act.by = (struct cw_act){.by = "ana", .why = "planned", .uid = 1000};
        silence.act.silence = &row;
        world_step(&world, &silence);
        world_commit(&world);
        assert_string_equal(polled_at(&world, 1, "50"), "");
        assert_string_equal(until(&world, AT(22, 21)),
                            "chat digest daily +1 -0 !0 silenced 1: low/1 firing 50.00 silenced\n");
        world_deinit(&world);
}

static void test_it_is_neither_repeated_nor_lost(void **state)
{
        static const struct {
                const char *name;
                int64_t down_ms; /* from a minute before it is due */
                const char *told;
        } cases[] = {
                {"down for a moment before", 30 * CW_SECOND_MS, "chat digest daily +1 -0 !0: low/1 firing 50.00\n"},
                {"down while it is due", 2 * CW_MINUTE_MS, "chat digest daily +1 -0 !0: low/1 firing 50.00\n"},
                {"down for an hour", CW_HOUR_MS, "chat digest daily +1 -0 !0 late: low/1 firing 50.00\n"},
                {"down for too long: the next one has it all", 7 * CW_HOUR_MS, ""},
                {"down for a week: one, not seven", 7 * CW_DAY_MS + CW_HOUR_MS,
                 "chat digest daily +1 -0 !0 late: low/1 firing 50.00\n"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct world world;

                print_message("  %s\n", cases[i].name);
                begin(&world, &daily);
                polled_at(&world, 1, "50");
                until(&world, AT(22, 19));
                world.now += cases[i].down_ms;
                world_restart(&world, NULL);
                world_poll(&world, &(struct world_poll){.source = 0});
                world_pass(&world, 2 * CW_MINUTE_MS);
                assert_string_equal(world_told(&world), cases[i].told);
                world_restart(&world, NULL);
                world_pass(&world, CW_HOUR_MS);
                assert_string_equal(world_told(&world), "");
                if (!*cases[i].told)
                        assert_string_equal(until(&world, AT(22, 21)),
                                            "chat digest daily +1 -0 !0: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

static void test_a_clock_that_is_set(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &daily);
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +0 -0 !0\n");
        print_message("  an hour back: told is told\n");
        world_set_clock(&world, -CW_HOUR_MS);
        world_pass(&world, 2 * CW_HOUR_MS);
        assert_string_equal(world_told(&world), "");
        print_message("  three days forward: one at most\n");
        world_set_clock(&world, 3 * CW_DAY_MS);
        world_pass(&world, CW_MINUTE_MS);
        assert_string_equal(world_told(&world), "chat digest daily +0 -0 !0 late\n");
        print_message("  and back again: tomorrow's is not lost\n");
        world_set_clock(&world, -3 * CW_DAY_MS);
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +0 -0 !0\n");
        world_deinit(&world);
}

static void test_a_commit_that_was_lost(void **state)
{
        char first[33] = "", second[33] = "";
        struct world world;

        (void)state;
        begin(&world, &daily);
        polled_at(&world, 1, "50");
        until(&world, AT(22, 19));
        for (unsigned i = 0; i < 2; i++) {
                char *id = i == 0 ? first : second;
                struct message message;

                world.disk_full = true;
                world.now += i == 0 ? 2 * CW_MINUTE_MS : 0;
                if (i == 1) {
                        cw_changes_deinit(&world.pending);
                        world_restart(&world, NULL);
                        world_poll(&world, &(struct world_poll){.source = 0});
                        world_pass(&world, 0);
                }
                world_step(&world, &(struct cw_event){.kind = CW_EVENT_TICK});
                assert_true(receiver_take(&world, 0, &message));
                memcpy(id, message.id, sizeof(message.id));
                message_drop(&message);
        }
        assert_string_equal(first, second);
        world.disk_full = false;
        world_deinit(&world);
}

static void test_a_customer_each(void **state)
{
        struct ruleset_spec spec = daily;
        struct world world;

        (void)state;
        spec.digests[0].per_customer = true;
        begin(&world, &spec);
        print_message("  nobody: one that all is well\n");
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +0 -0 !0\n");
        polled_at(&world, 1, "50");
        polled_at(&world, 2, "40");
        print_message("  a message for each\n");
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +1 -0 !0: low/1 firing 50.00\n"
                                                       "chat digest daily +1 -0 !0: low/2 firing 40.00\n");
        world_deinit(&world);
}

/* That a source is down says nothing of customers of another. */
static void test_whose_cards_are_not_seen(void **state)
{
        struct ruleset_spec spec = daily;
        struct world world;

        (void)state;
        spec.digests[0].per_customer = true;
        spec.sources[0] = "main";
        spec.sources[1] = "second";
        world_init(&world, ruleset_build(&spec));
        for (int64_t id = 1; id <= 2; id++)
                world_card(&world, id, id, "50")->source = (size_t)id - 1;
        world_customer(&world, 0, 2)->source = 1;
        for (size_t i = 0; i < 2; i++)
                world_poll(&world, &(struct world_poll){.source = i});
        for (int i = 0; i < 5; i++) {
                world_pass(&world, 10 * CW_SECOND_MS);
                world_poll(&world, &(struct world_poll){.source = 1, .failed = true});
        }
        world_deliver(&world);
        world_told(&world);
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +1 -0 !0: low/1 firing 50.00\n"
                                                       "chat digest daily +1 -0 !0 blind: low/2 firing 50.00\n");
        world_deinit(&world);
}

static void test_a_reload(void **state)
{
        struct ruleset_spec spec = daily;
        struct world world;

        (void)state;
        begin(&world, &daily);
        polled_at(&world, 1, "50");
        print_message("  the same rules: nothing is lost\n");
        world_reload(&world, ruleset_build(&spec));
        assert_string_equal(until(&world, AT(22, 21)), "chat digest daily +1 -0 !0: low/1 firing 50.00\n");
        print_message("  another time, which is past today: tomorrow\n");
        assert_string_equal(until(&world, AT(20, 0)), "");
        spec.digests[0].at_min = AT(19, 0);
        world_reload(&world, ruleset_build(&spec));
        world_pass(&world, CW_HOUR_MS);
        assert_string_equal(world_told(&world), "");
        assert_string_equal(until(&world, AT(19, 1)), "chat digest daily +0 -0 !0: low/1 firing 50.00\n");
        print_message("  none any more\n");
        spec.digests[0].name = NULL;
        world_reload(&world, ruleset_build(&spec));
        assert_string_equal(until(&world, AT(22, 21)), "");
        world_deinit(&world);
}

static void test_facts_come_back(void **state)
{
        struct cw_tally tallies[] = {{"low", "USD", 1, 2, 3}, {"source-down", "", 4, 0, 0}};
        struct cw_digest_facts facts = {.name = "daily",
                                        .due_at = 7,
                                        .since_at = -8,
                                        .late = true,
                                        .n_fired = 1,
                                        .n_ended = 2,
                                        .n_events = 3,
                                        .n_acknowledged = 4,
                                        .n_silenced = 5,
                                        .n_cards = 1000000,
                                        .looked_at = 9,
                                        .blind = true,
                                        .tallies = tallies,
                                        .n_tallies = 2};
        struct cw_digest_facts back = {0}, none = {0};
        struct cw_buf packed = CW_BUF_NULL;

        (void)state;
        cw_digest_facts_pack(&facts, &packed);
        assert_int_equal(cw_digest_facts_unpack(packed.data, packed.len, &back), 0);
        assert_string_equal(back.name, "daily");
        assert_true(back.due_at == 7 && back.since_at == -8 && back.looked_at == 9 && back.late && back.blind);
        assert_true(back.n_fired == 1 && back.n_ended == 2 && back.n_events == 3 && back.n_cards == 1000000);
        assert_true(back.n_acknowledged == 4 && back.n_silenced == 5 && back.n_tallies == 2);
        assert_string_equal(back.tallies[0].currency, "USD");
        assert_true(back.tallies[0].resolved == 2 && back.tallies[0].events == 3 && back.tallies[1].firing == 4);
        free(back.tallies);
        for (size_t i = 0; i < packed.len; i++) {
                packed.data[i] ^= 0x20;
                assert_int_equal(cw_digest_facts_unpack(packed.data, packed.len, &none), -EBADMSG);
                packed.data[i] ^= 0x20;
                assert_int_equal(cw_digest_facts_unpack(packed.data, i, &none), -EBADMSG);
        }
        cw_buf_deinit(&packed);
}

static void test_what_is_beyond_a_message_is_counted(void **state)
{
        struct ruleset_spec spec = daily;
        struct world world;

        (void)state;
        spec.notifiers[0] = (struct notifier_spec){.name = "chat", .list = 2};
        begin(&world, &spec);
        for (int64_t card = 3; card <= 10; card++)
                world_card(&world, card, card, "600");
        world_polled(&world);
        for (int64_t card = 1; card <= 6; card++)
                world_card(&world, card, card, "50");
        world_polled(&world);
        world_card(&world, 6, 6, "600");
        world_polled(&world);
        world_told(&world);
        assert_string_equal(until(&world, AT(22, 21)),
                            "chat digest daily +6 -1 !0: low/4 firing 50.00, low/2 firing 50.00 and 4\n");
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_when_it_is_due),
                cmocka_unit_test(test_once_a_day_whatever_the_clock_does),
                cmocka_unit_test(test_what_it_tells),
                cmocka_unit_test(test_what_is_held_is_said),
                cmocka_unit_test(test_a_clock_that_is_set),
                cmocka_unit_test(test_it_is_neither_repeated_nor_lost),
                cmocka_unit_test(test_a_commit_that_was_lost),
                cmocka_unit_test(test_a_customer_each),
                cmocka_unit_test(test_whose_cards_are_not_seen),
                cmocka_unit_test(test_a_reload),
                cmocka_unit_test(test_facts_come_back),
                cmocka_unit_test(test_what_is_beyond_a_message_is_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
