/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do about alerts: silences that hold them, acknowledgements that stop their repeats. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/engine_private.h"
#include "cardwatch/alert_match.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine_acts.h"
#include "receivers.h"

static const struct ruleset_spec low = {.rules = {{.name = "low", .when = "available < 100"}},
                                        .builtins_off = 1u << CW_BUILTIN_STALE};

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

static void silence(struct world *world, const char *match, int64_t for_ms)
{
        struct cw_silence_row row = {.match = (char *)match, .until_at = world->now + for_ms};
        struct cw_event event = {.kind = CW_EVENT_SILENCE};

        event.act.by = (struct cw_act){.by = "ana", .why = "card is being replaced", .uid = 1000};
        event.act.silence = &row;
        world_step(world, &event);
        world_commit(world);
}

static void end_silence(struct world *world)
{
        struct cw_silence_view view;
        struct cw_event event = {.kind = CW_EVENT_SILENCE_END};
        size_t cursor = 0;

        assert_true(cw_engine_next_silence(world->engine, &cursor, &view));
        event.act.by = (struct cw_act){.by = "ana", .why = "done", .uid = 1000};
        event.act.id = view.id;
        world_step(world, &event);
        world_commit(world);
        world_deliver(world);
}

/* What happens inside, and what is told when it ends. */
static void test_through_a_silence(void **state)
{
        static const struct {
                const char *name;
                const char *before, *inside[3];
                const char *told_before, *told_after;
        } cases[] = {
                {"it began before and ends inside: one resolution at its end",
                 "50",
                 {"600"},
                 "chat firing: low/1 firing 50.00\n",
                 "chat resolved: low/1 resolved 600.00\n"},
                {"it began before and goes on: nothing", "50", {"40"}, "chat firing: low/1 firing 50.00\n", ""},
                {"it began before, ended, and fires again: nothing new",
                 "50",
                 {"600", "40"},
                 "chat firing: low/1 firing 50.00\n",
                 ""},
                {"it began inside and goes on: one firing at its end",
                 NULL,
                 {"50"},
                 "",
                 "chat firing: low/1 firing 50.00\n"},
                {"it came and went inside: nothing", NULL, {"50", "600"}, "", ""},
                {"it came, went, and came: one firing",
                 NULL,
                 {"50", "600", "30"},
                 "",
                 "chat firing: low/1 firing 30.00\n"},
        };

        (void)state;
        for (int how = 0; how < 3; how++)
                for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                        struct world world;

                        print_message("  %s%s\n", cases[i].name,
                                      how == 0   ? ""
                                      : how == 1 ? ", ended by hand"
                                                 : ", with restarts inside");
                        begin(&world, &low);
                        assert_string_equal(cases[i].before ? polled_at(&world, 1, cases[i].before) : "",
                                            cases[i].told_before);
                        silence(&world, "customer=1\nrule=low", CW_HOUR_MS);
                        for (size_t k = 0; k < 3 && cases[i].inside[k]; k++) {
                                if (how == 2)
                                        world_restart(&world, NULL);
                                assert_string_equal(polled_at(&world, 1, cases[i].inside[k]), "");
                        }
                        if (how == 1)
                                end_silence(&world);
                        else
                                world_pass(&world, CW_HOUR_MS);
                        assert_string_equal(world_told(&world), cases[i].told_after);
                        world_restart(&world, NULL);
                        assert_string_equal(world_polled(&world), "");
                        world_deinit(&world);
                }
}

static void test_others_are_not_silenced(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &low);
        silence(&world, "customer=1", CW_HOUR_MS);
        world_card(&world, 1, 1, "50");
        assert_string_equal(polled_at(&world, 2, "50"), "chat firing: low/2 firing 50.00\n");
        world_deinit(&world);
}

static void test_events_inside_are_history(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "moved", .on = "changed(available)"}},
                                                 .builtins_off = 1u << CW_BUILTIN_STALE};
        struct world world;

        (void)state;
        begin(&world, &spec);
        silence(&world, "rule=moved", CW_HOUR_MS);
        assert_string_equal(polled_at(&world, 1, "500"), "");
        world_pass(&world, 2 * CW_HOUR_MS);
        assert_string_equal(world_told(&world), "");
        assert_string_equal(polled_at(&world, 1, "400"), "chat event: moved/1 event 400.00\n");
        world_deinit(&world);
}

static void test_who_did_it_is_written_down(void **state)
{
        struct world world;
        struct cw_silence_view view;
        struct cw_buf text = CW_BUF_NULL;
        size_t cursor = 0;

        (void)state;
        begin(&world, &low);
        silence(&world, "customer=1\ncustomer=2\nrule=low", CW_HOUR_MS);
        assert_non_null(cw_engine_made_silence(world.engine));
        assert_int_equal(world.stored.audit.n, 1);
        assert_string_equal(world.stored.audit.rows[0].what, "silence");
        assert_int_equal(world.stored.audit.rows[0].uid, 1000);
        world_restart(&world, NULL);
        assert_true(cw_engine_next_silence(world.engine, &cursor, &view));
        cw_alert_match_format(view.match, ' ', &text);
        assert_string_equal(cw_buf_text(&text), "customer=1 customer=2 rule=low");
        assert_string_equal(view.by, "ana");
        end_silence(&world);
        cursor = 0;
        assert_false(cw_engine_next_silence(world.engine, &cursor, &view));
        cw_buf_deinit(&text);
        world_deinit(&world);
}

static void acknowledge(struct world *world, int64_t for_ms)
{
        struct cw_event event = {.kind = CW_EVENT_ACK};
        const struct cw_entry *entry;
        size_t cursor = 0;

        assert_true(cw_engine_next_alert(world->engine, &cursor, &entry));
        event.act.by = (struct cw_act){.by = "ana", .why = "calling them", .uid = -1};
        event.act.fingerprint = entry->fingerprint;
        event.act.until_at = world->now + for_ms;
        world_step(world, &event);
        world_commit(world);
        assert_string_equal(cw_engine_firing(world->engine, event.act.fingerprint)->acknowledged_by, "ana");
}

static void test_an_acknowledgement_stops_repeats(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "low", .when = "available < 100"}},
                .repeat_every_ms = CW_HOUR_MS,
                .builtins_off = 1u << CW_BUILTIN_STALE,
        };
        struct world world;

        (void)state;
        begin(&world, &spec);
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
        acknowledge(&world, 3 * CW_HOUR_MS + CW_MINUTE_MS);
        world_pass(&world, CW_HOUR_MS);
        world_restart(&world, NULL);
        world_pass(&world, 2 * CW_HOUR_MS);
        assert_string_equal(world_told(&world), "");
        world_pass(&world, CW_HOUR_MS); /* it has run out */
        assert_string_equal(world_told(&world), "chat firing repeat 1: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "600"), "chat resolved: low/1 resolved 600.00\n");
        world_deinit(&world);
}

/* Each says until when, and the last one counts. */
static void test_acknowledging_again_and_again_takes_no_more_memory(void **state)
{
        const struct cw_entry *entry;
        struct world world;
        size_t cursor = 0;

        (void)state;
        begin(&world, &low);
        polled_at(&world, 1, "50");
        for (int i = 0; i < 1000; i++)
                acknowledge(&world, CW_DAY_MS + i);
        assert_in_range(world.engine->acks.n, 1, 99);
        world_pass(&world, CW_DAY_MS + 998);
        assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
        assert_string_equal(entry->acknowledged_by, "ana");
        world_pass(&world, 1);
        cursor = 0;
        assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
        assert_null(entry->acknowledged_by);
        world_deinit(&world);
}

/* Whoever said so must not be waited for any longer, whether or not anything is told then. */
static void test_an_acknowledgement_runs_out(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "low", .when = "available < 100"}},
                .builtins_off = 1u << CW_BUILTIN_STALE,
        };

        (void)state;
        for (int restarts = 0; restarts < 2; restarts++) {
                const struct cw_entry *entry;
                struct world world;
                size_t cursor = 0;

                begin(&world, &spec);
                polled_at(&world, 1, "50");
                acknowledge(&world, CW_HOUR_MS);
                assert_int_equal(cw_engine_wake_at(world.engine), world.now + CW_HOUR_MS);
                world_pass(&world, CW_HOUR_MS - 1);
                assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
                assert_string_equal(entry->acknowledged_by, "ana");
                if (restarts)
                        world_restart(&world, NULL);
                world_pass(&world, 1);
                cursor = 0;
                assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
                assert_null(entry->acknowledged_by);
                world_restart(&world, NULL);
                cursor = 0;
                assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
                assert_null(entry->acknowledged_by);
                assert_string_equal(world_told(&world), "");
                world_deinit(&world);
        }
}

static void test_terms(void **state)
{
        static const struct {
                const char *text;
                int r;
        } cases[] = {
                {"", 0},
                {"customer=11057", 0},
                {"customer=-1", 0},
                {"team=treasury", 0},
                {"reference=acme-*", 0},
                {"customer=", -EINVAL},
                {"customer", -EINVAL},
                {"=5", -EINVAL},
                {"customer=x", -EINVAL},
                {"card=5 ", -EINVAL},
                {"card=99999999999999999999", -EINVAL},
                {"severity=loud", -EINVAL},
                {"severity=critical", 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_alert_match *match = NULL;
                struct cw_buf why = CW_BUF_NULL;

                print_message("  %s\n", cases[i].text);
                assert_int_equal(cw_alert_match_parse_text(cases[i].text, &match, &why), cases[i].r);
                assert_int_equal(why.len > 0, cases[i].r < 0);
                cw_buf_deinit(&why);
                cw_alert_match_free(match);
        }
}

static void test_labels_that_nothing_has(void **state)
{
        static const struct {
                const char *terms, *said;
        } cases[] = {
                {"rule=low", ""},
                {"team=payments", ""},
                {"notifier=chat", ""},
                {"custmer=1", "no rule has a label \"custmer\"; did you mean \"customer\"?"},
                {"rule=low\ntaem=payments", "no rule has a label \"taem\"; did you mean \"team\"?"},
                {"somewhere=else", "no rule has a label \"somewhere\""},
        };
        struct cw_label label = {(char *)"team", (char *)"payments"};
        struct cw_rule rules[] = {{.n_labels = 0}, {.labels = &label, .n_labels = 1}};
        struct cw_ruleset ruleset = {.rules = rules, .n_rules = CW_ARRAY_SIZE(rules)};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_alert_match *match = NULL;
                struct cw_buf doubt = CW_BUF_NULL;

                print_message("  %s\n", cases[i].terms);
                assert_int_equal(cw_alert_match_parse_text(cases[i].terms, &match, NULL), 0);
                cw_alert_match_doubt(match, &ruleset, &doubt);
                assert_string_equal(cw_buf_text(&doubt), cases[i].said);
                cw_buf_deinit(&doubt);
                cw_alert_match_free(match);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_through_a_silence),
                cmocka_unit_test(test_others_are_not_silenced),
                cmocka_unit_test(test_events_inside_are_history),
                cmocka_unit_test(test_who_did_it_is_written_down),
                cmocka_unit_test(test_an_acknowledgement_stops_repeats),
                cmocka_unit_test(test_acknowledging_again_and_again_takes_no_more_memory),
                cmocka_unit_test(test_an_acknowledgement_runs_out),
                cmocka_unit_test(test_terms),
                cmocka_unit_test(test_labels_that_nothing_has),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
