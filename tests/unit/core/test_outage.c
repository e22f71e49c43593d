/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers that are not there: what waits for them, who stands in, and what is told when they are there again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/outbox.h"
#include "receivers.h"

#define MINUTE   CW_MINUTE_MS
#define SECOND   CW_SECOND_MS
#define QUIET    ((1u << CW_BUILTIN_STALE) | (1u << CW_BUILTIN_NOTIFIER_FAILING))
#define NO_STALE (1u << CW_BUILTIN_STALE)
#define CARDS    60
#define POLLS    1440 /* a day */

/* The notifiers in the order of the files: chat, then mail. */
enum { CHAT, MAIL };

static const struct cw_group_by by_rule_and_card[] = {{.key = CW_GROUP_RULE}, {.key = CW_GROUP_CARD}};

#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100"                                                               \
        }
#define DEBT                                                                                                           \
        {                                                                                                              \
                .name = "debt", .when = "available < 0", .severity = CW_SEVERITY_CRITICAL                              \
        }

static void begin(struct world *world, const struct ruleset_spec *spec, int64_t cards)
{
        struct ruleset_spec each_card = *spec;

        memcpy(each_card.group_by, by_rule_and_card, sizeof(by_rule_and_card));
        each_card.n_group_by = CW_ARRAY_SIZE(by_rule_and_card);
        world_init(world, ruleset_build(&each_card));
        for (int64_t card = 1; card <= cards; card++)
                world_card(world, 1, card, "600");
        assert_string_equal(world_polled(world), "");
}

static const char *polled_at(struct world *world, int64_t card, const char *available)
{
        world_card(world, 1, card, available);
        return world_polled(world);
}

static const char *passed(struct world *world, int64_t ms)
{
        world_pass(world, ms);
        return world_told(world);
}

static void fails(struct world *world, size_t notifier, enum cw_mishap mishap)
{
        world->receivers[notifier].mood = FAILS;
        world->receivers[notifier].mishap = mishap;
}

/* What its receivers were told, and when. */
struct told {
        struct {
                int64_t at;
                char *line;
        } lines[4096];
        size_t n, n_attempts;
        struct world *world;
};

static void note_attempt(void *data, const struct message *message)
{
        ((struct told *)data)->n_attempts += message->notifier == CHAT;
}

static void note(void *data, const struct message *message)
{
        struct told *told = data;

        assert_true(told->n < CW_ARRAY_SIZE(told->lines));
        told->lines[told->n].at = told->world->now;
        told->lines[told->n].line = strndup(message->payload, strcspn(message->payload, "\n"));
        assert_non_null(told->lines[told->n++].line);
}

static void forget(struct told *told)
{
        for (size_t i = 0; i < told->n; i++)
                free(told->lines[i].line);
        told->n = 0;
}

static const char *amount_at(unsigned poll)
{
        static const char *const amounts[] = {"50.00", "-20.00", "600.00", "-7.00", "80.00", "500.00", "-1.00"};

        return amounts[poll % CW_ARRAY_SIZE(amounts)];
}

static void day(struct world *world)
{
        for (unsigned poll = 0; poll < POLLS; poll++) {
                world_card(world, 1, 1 + poll * 7 % CARDS, amount_at(poll / CARDS + poll));
                world_pass(world, MINUTE);
                world_poll(world, &(struct world_poll){.source = 0});
                world_deliver(world);
                if (poll == POLLS / 2)
                        world_restart(world, NULL);
        }
}

static bool is_of(const char *line, const char *notifier)
{
        return strncmp(line, notifier, strlen(notifier)) == 0 && line[strlen(notifier)] == ' ';
}

/* "chat firing: debt/7 firing -20.00": the rule and the card. */
static int group_of(const char *line)
{
        const char *about = strchr(line, ':') + 2;
        int card;

        assert_int_equal(sscanf(strchr(about, '/') + 1, "%d", &card), 1);
        return (*about == 'd' ? 1000 : 0) + card;
}

static void expect_outcome(struct world *world, const char *line)
{
        int group = group_of(line);
        const struct world_card *card = world_card(world, 1, group % 1000, NULL);
        int64_t limit = group >= 1000 ? 0 : 100 * CW_AMOUNT_UNIT;
        bool fires = card->card.available < limit;

        if ((strstr(line, "firing:") != NULL) != fires)
                fail_msg("%s, but it %s", line, fires ? "fires" : "is over");
        if (!fires && !strstr(line, "folded"))
                fail_msg("%s: nobody was told that it fires", line);
}

static void expect_backlog(struct world *world, const struct told *told)
{
        bool seen[2000] = {false}, warned = false;
        size_t n = 0, n_critical = 0;

        for (size_t i = 0; i < told->n; i++) {
                const char *line = told->lines[i].line;
                int group;

                if (!is_of(line, "chat"))
                        continue;
                /* What was tried first keeps its bytes: it is told, and then its outcome. */
                if (n++ == 0)
                        continue;
                group = group_of(line);
                if (seen[group])
                        fail_msg("%s: a second message", line);
                seen[group] = true;
                if (group != group_of(told->lines[0].line) || strstr(line, "folded"))
                        expect_outcome(world, line);
                if (group >= 1000 && warned)
                        fail_msg("%s: after a warning", line);
                warned |= group < 1000;
                n_critical += group >= 1000;
        }
        assert_in_range(n, 100, 2 * CARDS + 1);
        assert_in_range(n_critical, 50, CARDS + 1);
}

static void test_a_day_without_the_chat(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW, DEBT},
                .builtins_off = QUIET,
                .notifiers = {{.name = "chat", .retry_for_ms = 3 * CW_DAY_MS}, {.name = "mail", .unrouted = true}},
        };
        struct world world;
        struct told told = {.world = &world};

        (void)state;
        begin(&world, &spec, CARDS);
        world.attempted = note_attempt;
        world.accepted = note;
        world.data = &told;
        fails(&world, CHAT, CW_MISHAP_UNREACHABLE);
        day(&world);
        assert_int_equal(told.n, 0);
        print_message("  one message tries, now and then\n");
        assert_in_range(told.n_attempts, 90, 115);
        world.receivers[CHAT].mood = ACCEPTS;
        world_pass(&world, 15 * MINUTE);
        print_message("  then each group is told its outcome at once, the critical ones first\n");
        expect_backlog(&world, &told);
        for (size_t i = 1; i < told.n; i++)
                assert_int_equal(told.lines[i].at, told.lines[0].at);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), CHAT), 0);
        forget(&told);
        world_deinit(&world);
}

/* The critical episodes, as `mail` heard of them. */
static void expect_stand_in(const struct told *told, int64_t failing_at)
{
        int open[CARDS + 1] = {0}, n = 0;

        for (size_t i = 0; i < told->n; i++) {
                const char *line = told->lines[i].line;
                int group;

                if (!is_of(line, "mail") || strstr(line, "notifier-failing"))
                        continue;
                group = group_of(line);
                if (group < 1000)
                        fail_msg("%s: no critical message", line);
                group -= 1000;
                if (strstr(line, "firing:")) {
                        assert_int_equal(open[group]++, 0);
                        n++;
                } else {
                        assert_int_equal(open[group]--, 1);
                }
                assert_true(told->lines[i].at >= failing_at);
        }
        assert_in_range(n, 200, 1000);
}

static void test_who_stands_in_for_a_day(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW, DEBT},
                .builtins_off = NO_STALE,
                .notifiers = {{.name = "chat", .retry_for_ms = 3 * CW_DAY_MS, .fallback = {"mail"}},
                              {.name = "mail", .unrouted = true}},
        };
        struct world world;
        struct told told = {.world = &world};
        int64_t began_at;

        (void)state;
        begin(&world, &spec, CARDS);
        world.attempted = note_attempt;
        world.accepted = note;
        world.data = &told;
        fails(&world, CHAT, CW_MISHAP_UNREACHABLE);
        began_at = world.now;
        day(&world);
        print_message("  five minutes after the first attempt\n");
        assert_string_equal(told.lines[0].line, "mail firing: debt/22 firing -7.00");
        assert_string_equal(told.lines[2].line, "mail firing: notifier-failing firing");
        assert_int_equal(told.lines[0].at, began_at + MINUTE + 5 * MINUTE);
        assert_int_equal(told.lines[2].at, told.lines[0].at);
        expect_stand_in(&told, told.lines[0].at);
        world.receivers[CHAT].mood = ACCEPTS;
        world_pass(&world, 15 * MINUTE);
        print_message("  who failed is told its own outcome all the same\n");
        for (size_t i = 0; i < told.n; i++)
                if (is_of(told.lines[i].line, "mail") && told.lines[i].at == world.now)
                        assert_string_equal(told.lines[i].line, "mail resolved: notifier-failing resolved");
        world_told(&world);
        print_message("  and the next one is nobody else's\n");
        polled_at(&world, 1, "600");
        world_told(&world);
        assert_string_equal(polled_at(&world, 1, "-5"), "chat firing: debt/1 firing -5.00\n"
                                                        "chat firing: low/1 firing -5.00\n");
        forget(&told);
        world_deinit(&world);
}

static void test_who_stood_in_is_owed_the_end(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW, DEBT},
                .builtins_off = NO_STALE,
                .notifiers = {{.name = "chat", .fallback = {"mail"}}, {.name = "mail", .unrouted = true}},
        };

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with a restart" : "without one");
                begin(&world, &spec, 3);
                print_message("  what the chat knows already is not passed on\n");
                assert_string_equal(polled_at(&world, 1, "-9"),
                                    "chat firing: debt/1 firing -9.00\nchat firing: low/1 firing -9.00\n");
                fails(&world, CHAT, CW_MISHAP_UNREACHABLE);
                assert_string_equal(polled_at(&world, 2, "-8"), "");
                assert_string_equal(passed(&world, 5 * MINUTE - 1), "");
                assert_string_equal(passed(&world, 1),
                                    "mail firing: debt/2 firing -8.00\nmail firing: notifier-failing firing\n");
                print_message("  once\n");
                assert_string_equal(polled_at(&world, 1, "-9.5"), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(polled_at(&world, 3, "-1"), "mail firing: debt/3 firing -1.00\n");
                world.receivers[CHAT].mood = ACCEPTS;
                assert_string_equal(passed(&world, 15 * MINUTE), "chat firing: debt/2 firing -8.00\n"
                                                                 "mail resolved: notifier-failing resolved\n"
                                                                 "chat firing: debt/3 firing -1.00\n"
                                                                 "chat firing: low/2 firing -8.00\n"
                                                                 "chat firing: low/3 firing -1.00\n");
                assert_string_equal(polled_at(&world, 3, "600"), "chat resolved: debt/3 resolved 600.00\n"
                                                                 "mail resolved: debt/3 resolved 600.00\n"
                                                                 "chat resolved: low/3 resolved 600.00\n");
                world_deinit(&world);
        }
}

static void test_a_dead_letter_is_passed_on_at_once(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {DEBT, {.name = "seen", .on = "changed(suppressed)", .severity = CW_SEVERITY_CRITICAL}},
                .builtins_off = QUIET,
                .notifiers = {{.name = "chat", .fallback = {"mail"}},
                              {.name = "mail", .unrouted = true, .fallback = {"chat", "pager"}},
                              {.name = "pager", .unrouted = true}},
        };
        struct world world;

        (void)state;
        begin(&world, &spec, 3);
        world.receivers[CHAT].mood = REFUSES;
        assert_string_equal(polled_at(&world, 1, "-9"), "mail firing: debt/1 firing -9.00\n");
        print_message("  events too, and those that died not\n");
        world_card(&world, 1, 2, "600")->card.suppressed = true;
        assert_string_equal(world_polled(&world), "mail event: seen/2 event\n");
        print_message("  whoever stands in and fails has a stand-in too, and two for each other are no circle\n");
        world.receivers[MAIL].mood = REFUSES;
        assert_string_equal(polled_at(&world, 3, "-5"), "pager firing: debt/3 firing -5.00\n");
        assert_string_equal(polled_at(&world, 3, "600"), "pager resolved: debt/3 resolved 600.00\n");
        world_deinit(&world);
}

static void test_a_poisoned_message_holds_nobody_up(void **state)
{
        static const struct ruleset_spec spec = {.rules = {LOW}, .builtins_off = QUIET};
        static const enum cw_mishap kinds[] = {CW_MISHAP_ANSWER, CW_MISHAP_SILENCE, CW_MISHAP_UNREACHABLE};
        struct world world;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(kinds); i++) {
                begin(&world, &spec, 9);
                world.receivers[CHAT].poison = "low/1 ";
                world.receivers[CHAT].mishap = kinds[i];
                assert_string_equal(polled_at(&world, 1, "50"), "");
                if (kinds[i] == CW_MISHAP_UNREACHABLE) {
                        world_deinit(&world);
                        continue; /* that cannot be the message */
                }
                for (int64_t card = 2; card <= 5; card++) {
                        char line[64];

                        snprintf(line, sizeof(line), "chat firing: low/%d firing 40.00\n", (int)card);
                        assert_string_equal(polled_at(&world, card, "40"), line);
                }
                world.receivers[CHAT].poison = NULL;
                assert_string_equal(passed(&world, 15 * MINUTE), "chat firing: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

static void test_many_poisoned_messages(void **state)
{
        static const struct ruleset_spec spec = {.rules = {LOW, DEBT}, .builtins_off = QUIET};
        struct world world;

        (void)state;
        begin(&world, &spec, 9);
        world.receivers[CHAT].poison = "low/";
        for (int64_t card = 1; card <= 4; card++)
                assert_string_equal(polled_at(&world, card, "40"), "");
        world_pass(&world, 60 * MINUTE);
        assert_string_equal(world_told(&world), "");
        print_message("  one that is not waits ten seconds at most\n");
        world_card(&world, 1, 5, "-1");
        world_pass(&world, MINUTE);
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_string_equal(passed(&world, 10 * SECOND), "chat firing: debt/5 firing -1.00\n");
        world.receivers[CHAT].poison = NULL;
        world_pass(&world, 15 * MINUTE);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), CHAT), 0);
        world_deinit(&world);
}

/* A repeat that was never tried says nothing of what is over and was never known; whether there was a restart or not.
 */
static void test_a_repeat_of_what_is_over_is_withdrawn(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW}, .builtins_off = QUIET, .group_interval_ms = 5 * MINUTE, .repeat_every_ms = 20 * MINUTE};

        (void)state;
        for (int restarted = 0; restarted < 2; restarted++) {
                struct cw_buf told = CW_BUF_NULL;
                struct world world;

                print_message("  %s a restart\n", restarted ? "with" : "without");
                begin(&world, &spec, 2);
                world.receivers[CHAT].mood = REFUSES;
                assert_string_equal(polled_at(&world, 1, "50"), "");
                fails(&world, CHAT, CW_MISHAP_UNREACHABLE);
                assert_string_equal(polled_at(&world, 2, "50"), "");
                for (int poll = 0; poll < 20; poll++)
                        assert_string_equal(world_polled(&world), "");
                assert_string_equal(polled_at(&world, 1, "600"), "");
                if (restarted)
                        world_restart(&world, NULL);
                for (int poll = 0; poll < 5; poll++)
                        assert_string_equal(world_polled(&world), "");
                world.receivers[CHAT].mood = ACCEPTS;
                for (int poll = 0; poll < 10; poll++)
                        cw_buf_puts(&told, world_polled(&world));
                assert_string_equal(cw_buf_text(&told), "chat firing: low/2 firing 50.00\n");
                cw_buf_deinit(&told);
                world_deinit(&world);
        }
}

static void test_another_notifier_is_not_concerned(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW}, .builtins_off = QUIET, .notifiers = {{.name = "chat"}, {.name = "mail"}}};
        struct world world;

        (void)state;
        begin(&world, &spec, 3);
        fails(&world, CHAT, CW_MISHAP_SILENCE);
        world.receivers[CHAT].asked_ms = 3600 * SECOND;
        assert_string_equal(polled_at(&world, 1, "50"), "mail firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 2, "50"), "mail firing: low/2 firing 50.00\n");
        world.receivers[CHAT].mood = ACCEPTS;
        print_message("  what a receiver asks for is obeyed\n");
        assert_string_equal(passed(&world, 58 * MINUTE), "");
        assert_string_equal(passed(&world, 2 * MINUTE),
                            "chat firing: low/1 firing 50.00\nchat firing: low/2 firing 50.00\n");
        world_deinit(&world);
}

static void test_a_rate(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {LOW, DEBT},
                .builtins_off = QUIET,
                .notifiers = {{.name = "chat", .token_ms = 20 * SECOND}, {.name = "mail"}}};
        struct world world;

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                print_message("  %s\n", restart ? "with a restart" : "without one");
                begin(&world, &spec, 4);
                for (int64_t card = 1; card <= 4; card++)
                        world_card(&world, 1, card, card == 4 ? "-1" : "50");
                assert_string_equal(world_polled(&world), "chat firing: debt/4 firing -1.00\n"
                                                          "mail firing: debt/4 firing -1.00\n"
                                                          "mail firing: low/1 firing 50.00\n"
                                                          "mail firing: low/2 firing 50.00\n"
                                                          "mail firing: low/3 firing 50.00\n"
                                                          "mail firing: low/4 firing -1.00\n");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(passed(&world, 20 * SECOND - 1), "");
                assert_string_equal(passed(&world, 1), "chat firing: low/1 firing 50.00\n");
                assert_string_equal(passed(&world, 20 * SECOND), "chat firing: low/2 firing 50.00\n");
                print_message("  what waits for a token goes on being changed\n");
                world.now += 10 * SECOND;
                world_card(&world, 1, 3, "600");
                world_card(&world, 1, 4, "600");
                world_poll(&world, &(struct world_poll){.source = 0});
                world_deliver(&world);
                world_told(&world);
                assert_string_equal(passed(&world, 10 * SECOND), "chat resolved: debt/4 resolved 600.00\n");
                assert_string_equal(passed(&world, MINUTE), "chat resolved: low/3 resolved 600.00 folded\n"
                                                            "chat resolved: low/4 resolved 600.00 folded\n");
                world_deinit(&world);
        }
}

/* A run that waits for nothing (`--once`): whoever asks for time gets no more, whoever fails does. */
static void test_nothing_is_waited_for(void **state)
{
        static const struct ruleset_spec spec = {.rules = {LOW}, .builtins_off = QUIET};

        (void)state;
        for (int64_t asked_ms = 0; asked_ms <= MINUTE; asked_ms += MINUTE) {
                struct cw_event rendered = {.kind = CW_EVENT_RENDERED, .message = {.payload = "x", .payload_len = 1}};
                struct message first = {.notifier = CHAT};
                struct cw_outgoing outgoing;
                struct cw_outbox *outbox;
                struct world world;

                begin(&world, &spec, 3);
                outbox = cw_engine_outbox(world.engine);
                world_card(&world, 1, 1, "50");
                world_card(&world, 1, 2, "50");
                world.now += MINUTE;
                world_poll(&world, &(struct world_poll){.source = 0});
                assert_true(cw_outbox_next(outbox, CHAT, CW_OUTBOX_ALL_NOW, &outgoing));
                first.sequence = rendered.message.sequence = outgoing.sequence;
                world_step(&world, &rendered);
                receiver_fails(&world, &first, false, asked_ms);
                assert_int_equal(cw_outbox_next(outbox, CHAT, CW_OUTBOX_ALL_NOW, &outgoing), asked_ms == 0);
                print_message("  the next run begins anew\n");
                world_restart(&world, NULL);
                assert_true(cw_outbox_next(cw_engine_outbox(world.engine), CHAT, CW_OUTBOX_ALL_NOW, &outgoing));
                world_deinit(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_day_without_the_chat),
                cmocka_unit_test(test_who_stands_in_for_a_day),
                cmocka_unit_test(test_who_stood_in_is_owed_the_end),
                cmocka_unit_test(test_a_dead_letter_is_passed_on_at_once),
                cmocka_unit_test(test_a_poisoned_message_holds_nobody_up),
                cmocka_unit_test(test_many_poisoned_messages),
                cmocka_unit_test(test_a_repeat_of_what_is_over_is_withdrawn),
                cmocka_unit_test(test_another_notifier_is_not_concerned),
                cmocka_unit_test(test_a_rate),
                cmocka_unit_test(test_nothing_is_waited_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
