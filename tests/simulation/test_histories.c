/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of histories drawn from seeds, played with the real engine and policy and judged by naive models.
 *
 * A calm history has no accidents but failing receivers and polls: it is played twice, card by card without restarts,
 * and by pages (those that are as they were are skipped) with restarts, and both must tell the same. A wild one also
 * has messages that hang, crashes at any moment, and a disk that is full.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/core/engine_private.h"
#include "../../src/core/policy_tellings.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/outbox.h"
#include "history.h"
#include "routing.h"

#define MINUTE    CW_MINUTE_MS
#define ROUNDS    30
#define SETTLED   14 /* minutes: whatever waits, for its group and then for its interval, is told by then */
#define HISTORIES 400 /* of each kind, unless CARDWATCH_HISTORIES says how many */

/* What is on the disk now is what is true now. */
static void saved(struct history *history)
{
        if (history->world.disk_full)
                return;
        history->saved_truth = history->truth;
        history->saved_rules = history->rules;
        beliefs_saved(&history->beliefs);
}

static void attempted(void *data, const struct message *message)
{
        beliefs_attempted(&((struct history *)data)->beliefs, message);
}

/* A thread of mails may begin anew where a baseline tells of several groups: all else must be the same. */
static void forget_thread(char *line)
{
        char *thread = strstr(line, " thread "), *end = thread ? strstr(thread, " at ") : NULL;

        if (end)
                memmove(thread, end, strlen(end) + 1);
}

static void accepted(void *data, const struct message *message)
{
        struct history *history = data;
        char *line;

        beliefs_accepted(&history->beliefs, message);
        if (asprintf(&line, "%" PRId64 " %s", history->world.now - WORLD_START, message->payload) < 0)
                abort();
        if (history->routed)
                forget_thread(line);
        if (history->n_log == history->log_capacity) {
                history->log_capacity = history->log_capacity ? history->log_capacity * 2 : 64;
                history->log = reallocarray(history->log, history->log_capacity, sizeof(char *));
                if (!history->log)
                        abort();
        }
        history->log[history->n_log++] = line;
}

/* What fires is not told to those who are new to it. */
static void excuse(struct history *history, const char *notifier)
{
        const struct cw_entry *entry;
        size_t cursor = 0;

        while (cw_engine_next_alert(history->world.engine, &cursor, &entry))
                if (beliefs_of(&history->beliefs, notifier, entry->fingerprint) != BELIEVES_FIRING)
                        beliefs_unsure(&history->beliefs, notifier, entry->fingerprint);
}

/* Another tree tells nobody what fires already. */
static void excuse_all(struct history *history)
{
        for (size_t i = 0; i < history->world.rules->n_notifiers; i++)
                excuse(history, history->world.rules->notifiers[i].name);
}

static void die(struct history *history)
{
        bool reloaded = memcmp(&history->saved_rules, &history->rules, sizeof(history->rules)) != 0;

        for (size_t i = 0; i < HISTORY_HELD; i++)
                if (history->held[i].payload)
                        message_drop(&history->held[i]);
        history->truth = history->saved_truth;
        truth_reload(&history->truth, &history->saved_rules, &history->rules);
        beliefs_lost(&history->beliefs);
        history->world.disk_full = false;
        world_restart(&history->world, NULL);
        if (reloaded)
                excuse_all(history);
        saved(history);
        truth_compare(&history->truth, &history->world);
}

static void maybe_die(struct history *history, unsigned n)
{
        if (history->restarts && chance_one_in(&history->fate, n))
                die(history);
}

static void history_init(struct history *history, const struct history *like)
{
        *history = *like;
        history->chance.state = history->seed;
        history->fate.state = history->seed ^ UINT64_C(0x5555555555555555);
        history_first_rules(history);
        world_init(&history->world, sim_rules_build(&history->rules));
        history->world.by_pages = history->restarts;
        history->world.attempted = attempted;
        history->world.accepted = accepted;
        history->world.data = history;
        history_draw_cards(history);
        saved(history);
}

static void history_deinit(struct history *history)
{
        for (size_t i = 0; i < HISTORY_HELD; i++)
                message_drop(&history->held[i]);
        for (size_t i = 0; i < history->n_log; i++)
                free(history->log[i]);
        free(history->log);
        beliefs_deinit(&history->beliefs);
        world_deinit(&history->world);
}

static void reload(struct history *history)
{
        struct sim_rules before = history->rules;
        struct chance *chance = &history->chance;
        struct sim_rules *rules = &history->rules;

        if (chance_one_in(chance, 2)) {
                history_draw_rules(history, rules);
                if (!history->calm)
                        history_draw_groups(history, rules);
                if (history->routed)
                        excuse_all(history);
        } else if (chance_one_in(chance, 2)) {
                struct notifier_spec *last = rules->spec.notifiers;

                while (last + 1 < rules->spec.notifiers + SPEC_NOTIFIERS && last[1].name)
                        last++;
                if (last > rules->spec.notifiers) {
                        last->unrouted ^= true;
                        if (!last->unrouted)
                                excuse(history, last->name);
                }
        } else if (rules->spec.notifiers[1].name && !rules->spec.notifiers[2].name) {
                beliefs_forget(&history->beliefs, rules->spec.notifiers[1].name);
                rules->spec.notifiers[1].name = NULL;
        } else {
                rules->has[LOW] = true;
                rules->variant[LOW] ^= 1;
        }
        truth_reload(&history->truth, &before, rules);
        world_reload(&history->world, sim_rules_build(rules));
        saved(history);
        truth_compare(&history->truth, &history->world);
}

/* At most one message of a kind for each group, from one poll. */
static void one_message_a_group(struct history *history, uint64_t first)
{
        const struct cw_policy *policy = &history->world.engine->policy;
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->groups, &cursor, NULL, &value)) {
                const struct cw_group *group = value;
                unsigned alerts = 0, events = 0, baselines = 0;

                for (size_t i = 0; i < group->n_lane; i++) {
                        const struct cw_intent *intent = group->lane[i];

                        if (intent->sequence < first || intent->repeat)
                                continue;
                        baselines += intent->baseline;
                        alerts += intent->kind == CW_NOTICE_ALERT && !intent->baseline;
                        events += intent->kind == CW_NOTICE_EVENT;
                }
                if (alerts > 1 || events > 1 || baselines > 1)
                        fail_msg("%u, %u and %u messages for %s", alerts, events, baselines, group->key);
        }
}

static void poll_source(struct history *history, size_t source)
{
        struct world_poll poll = {.source = source};
        uint64_t first = history->world.engine->policy.outbox.next_sequence;

        poll.failed = chance_one_in(&history->chance, 10);
        if (chance_one_in(&history->chance, 20))
                poll.auth = CW_AUTH_FAILED;
        poll.failed |= poll.auth == CW_AUTH_FAILED;
        if (!history->calm && history->restarts && chance_one_in(&history->fate, 30)) {
                poll.unfinished = true;
                world_poll(&history->world, &poll);
                die(history);
                return;
        }
        world_poll(&history->world, &poll);
        truth_poll(&history->truth, &history->rules, &history->world, &poll);
        saved(history);
        truth_compare(&history->truth, &history->world);
        one_message_a_group(history, first);
}

/* Dead when refused, or after failing for long: a clock set while the disk was full looks like that after a restart. */
static void fail_one(struct history *history, struct message *message, bool refused)
{
        cw_autofree char *payload = strdup(message->payload);
        uint64_t sequence = message->sequence;

        receiver_fails(&history->world, message, refused, 0);
        if (!cw_outbox_find(&history->world.engine->policy.outbox, sequence))
                beliefs_dead(&history->beliefs, payload);
}

static void deliver_one(struct history *history, struct message *message)
{
        const struct receiver *receiver = &history->world.receivers[message->notifier];
        struct world *world = &history->world;

        if (!history->calm && history->restarts && chance_one_in(&history->fate, 40)) {
                if (receiver->mood == ACCEPTS)
                        accepted(history, message); /* it has it, and nobody knows */
                message_drop(message);
                die(history);
                return;
        }
        if (receiver->mood == ACCEPTS)
                receiver_accepts(world, message);
        else
                fail_one(history, message, receiver->mood == REFUSES);
        saved(history);
}

static bool hold(struct history *history, struct message *message)
{
        for (size_t i = 0; i < HISTORY_HELD; i++) {
                if (history->held[i].payload)
                        continue;
                history->held[i] = *message;
                return true;
        }
        return false;
}

static void deliver(struct history *history)
{
        struct world *world = &history->world;

        for (size_t i = 0; i < world->rules->n_notifiers; i++) {
                struct message message;

                while (receiver_take(world, i, &message)) {
                        saved(history);
                        if (history->calm || !chance_one_in(&history->chance, 5) || !hold(history, &message))
                                deliver_one(history, &message);
                        maybe_die(history, 15);
                }
        }
        for (size_t i = 0; i < HISTORY_HELD; i++) {
                if (!history->held[i].payload || !chance_one_in(&history->chance, 3))
                        continue;
                deliver_one(history, &history->held[i]);
        }
}

static int64_t earliest(int64_t a, int64_t b)
{
        return b && b < a ? b : a;
}

/* A minute passes; every clock of the engine is obeyed, and none may stand still. */
static void pass(struct history *history)
{
        struct world *world = &history->world;
        int64_t end = world->now + MINUTE;

        while (world->now < end) {
                int64_t stop = earliest(end, cw_engine_wake_at(world->engine));

                for (size_t i = 0; i < world->rules->n_notifiers; i++)
                        stop = earliest(stop, cw_outbox_wake_at(cw_engine_outbox(world->engine), i));
                world->now = stop > world->now ? stop : world->now + 1;
                world_step(world, &(struct cw_event){.kind = CW_EVENT_TICK});
                world_commit(world);
                saved(history);
                if (cw_engine_wake_at(world->engine) && cw_engine_wake_at(world->engine) <= world->now)
                        fail_msg("a tick left something due");
                deliver(history);
        }
}

static void change_disk(struct history *history)
{
        struct world *world = &history->world;
        struct cw_event event = {.kind = CW_EVENT_STORE_RESULT};

        if (history->calm || !chance_one_in(&history->chance, world->disk_full ? 3 : 20))
                return;
        world->disk_full ^= true;
        event.result.failing = world->disk_full;
        event.result.reason = "no space left on device";
        world_step(world, &event);
        world_commit(world);
        saved(history);
}

/* Somebody sets the wall clock, by up to a day. */
static void change_clock(struct history *history)
{
        struct world *world = &history->world;
        struct cw_event event = {.kind = CW_EVENT_CLOCK_SET};

        if (history->calm || !chance_one_in(&history->chance, 15))
                return;
        event.set_by_ms = (int64_t)chance_below(&history->chance, 2 * CW_DAY_MS / CW_SECOND_MS) * CW_SECOND_MS -
                          CW_DAY_MS;
        world->now += event.set_by_ms;
        world_step(world, &event);
        world_commit(world);
        saved(history);
}

static void act(struct history *history)
{
        if (!history->routed)
                return;
        routing_act(&history->chance, &history->world);
        world_commit(&history->world);
        saved(history);
}

static void play_round(struct history *history)
{
        unsigned changes = chance_below(&history->chance, 5);

        for (unsigned i = 0; i < changes; i++)
                history_change_card(history);
        history_change_customers(history);
        history_change_moods(history);
        change_disk(history);
        change_clock(history);
        act(history);
        if ((!history->calm || !history->rules.spec.sources[1]) && chance_one_in(&history->chance, 10))
                reload(history);
        maybe_die(history, 10);
        pass(history);
        for (size_t i = 0; i < history->world.rules->n_sources; i++)
                poll_source(history, i);
        maybe_die(history, 10);
        deliver(history);
        maybe_die(history, 10);
}

/* Nothing is held back from now on; the tree is the same, so that all who ought to know are told. */
static void end_holds(struct history *history)
{
        if (!history->routed)
                return;
        routing_end_silences(&history->world);
        routing_open(&history->rules.spec.routing);
        world_reload(&history->world, sim_rules_build(&history->rules));
        saved(history);
}

/* Receivers, pages and the disk are well from now on. */
static void calm_down(struct history *history)
{
        struct world *world = &history->world;
        struct cw_event event = {.kind = CW_EVENT_STORE_RESULT};

        world->disk_full = false;
        world_step(world, &event);
        world_commit(world);
        saved(history);
        end_holds(history);
        for (size_t i = 0; i < SPEC_NOTIFIERS; i++)
                world->receivers[i].mood = ACCEPTS;
        for (size_t i = 0; i < world->n_customers; i++)
                world->customers[i].unread = world->customers[i].absent = false;
        for (size_t i = 0; i < world->n_cards; i++)
                world->cards[i].bad = false;
        for (size_t i = 0; i < HISTORY_HELD; i++)
                if (history->held[i].payload)
                        deliver_one(history, &history->held[i]);
}

static void quiet_rounds(struct history *history, int rounds)
{
        for (int round = 0; round < rounds; round++) {
                pass(history);
                for (size_t i = 0; i < history->world.rules->n_sources; i++) {
                        struct world_poll poll = {.source = i};

                        world_poll(&history->world, &poll);
                        truth_poll(&history->truth, &history->rules, &history->world, &poll);
                        saved(history);
                        truth_compare(&history->truth, &history->world);
                }
                deliver(history);
                maybe_die(history, 10);
                for (size_t i = 0; i < HISTORY_HELD; i++)
                        if (history->held[i].payload)
                                deliver_one(history, &history->held[i]);
        }
}

/* Its receiver accepted just this before. */
static bool is_back(struct history *history, const char *notifier, const struct cw_alert *alert)
{
        const struct cw_telling *telling = cw_policy_telling(&history->world.engine->policy, notifier,
                                                             (struct cw_alert *)alert, false);

        return telling && telling->accepted.state == CW_KNOWN_FIRING && telling->accepted.severity == alert->severity;
}

static void compare_belief(struct history *history, size_t notifier, const struct cw_alert *alert)
{
        const struct cw_ruleset *rules = history->world.rules;
        const char *name = rules->notifiers[notifier].name;
        enum belief belief = beliefs_of(&history->beliefs, name, alert->fingerprint);
        unsigned dead_edge = beliefs_dead_edge(&history->beliefs, name, alert->fingerprint);

        if (alert->state != CW_ALERT_FIRING) {
                if (belief == BELIEVES_FIRING && rules->notifiers[notifier].send_resolved)
                        fail_msg("%s believes that %s/%" PRId64 " fires", name, alert->rule, alert->card);
                return;
        }
        if (!cw_policy_routed(&history->world.engine->policy, alert, notifier))
                return;
        /* A dead letter says nothing of what is true now when a full disk and a crash took back what it told, or when
         * the truth went back to what was told before it. */
        if (belief == UNSURE && (dead_edge >= alert->edge || is_back(history, name, alert)))
                return;
        if (belief == NOTHING || belief == BELIEVES_OVER || (belief == UNSURE && dead_edge))
                fail_msg("%s does not know that %s/%" PRId64 " fires", name, alert->rule, alert->card);
}

static void compare_beliefs(struct history *history)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&history->world.engine->alerts.map, &cursor, NULL, &value))
                for (size_t i = 0; i < history->world.rules->n_notifiers; i++)
                        compare_belief(history, i, value);
}

static void nothing_is_left(struct history *history)
{
        struct world *world = &history->world;
        const struct cw_policy *policy = &world->engine->policy;
        const struct cw_entry *entry;
        size_t cursor = 0;

        assert_int_equal(policy->outbox.intents.used, 0);
        /* Whoever is told of nothing has no success that would end the alert about it. */
        if (cw_engine_next_alert(world->engine, &cursor, &entry)) {
                assert_string_equal(entry->rule, "notifier-failing");
                return;
        }
        assert_int_equal(policy->tellings.used, 0);
        assert_int_equal(policy->groups.used, 0);
        die(history);
        assert_int_equal(world->stored.ledger.n, 0);
        assert_int_equal(world->stored.groups.n, 0);
        for (size_t i = 0; i < world->stored.intents.n; i++)
                assert_int_equal(world->stored.intents.rows[i].state, CW_INTENT_DEAD);
        for (size_t i = 0; i < world->stored.alerts.n; i++)
                assert_null(world->stored.alerts.rows[i].entry);
}

static void set_all(struct history *history, int64_t amount)
{
        for (size_t i = 0; i < history->world.n_cards; i++) {
                history->world.cards[i].card.available = amount * CW_AMOUNT_UNIT;
                history->world.cards[i].card.suppressed = false;
                strcpy(history->world.cards[i].card.currency, "EUR"); /* nothing is unknown any more */
        }
}

static void play(struct history *history)
{
        for (int round = 0; round < ROUNDS; round++)
                play_round(history);
        calm_down(history);
        quiet_rounds(history, 20);
        compare_beliefs(history);
        set_all(history, 10);
        quiet_rounds(history, SETTLED);
        compare_beliefs(history);
        set_all(history, 500);
        quiet_rounds(history, SETTLED);
        compare_beliefs(history);
        assert_int_equal(history->world.n_alike > 0, history->restarts);
        nothing_is_left(history);
}

static int by_text(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A history in which nothing was told has no log at all. */
static void sort_log(struct history *history)
{
        if (history->n_log > 0)
                qsort(history->log, history->n_log, sizeof(char *), by_text);
}

static void tell_the_same(struct history *one, struct history *other)
{
        sort_log(one);
        sort_log(other);
        for (size_t i = 0; i < one->n_log && i < other->n_log; i++)
                if (strcmp(one->log[i], other->log[i]) != 0)
                        fail_msg("without restarts:\n%swith:\n%s", one->log[i], other->log[i]);
        assert_int_equal(one->n_log, other->n_log);
}

static void play_twice(struct history like)
{
        static struct history plain, restarted;

        like.calm = true;
        history_init(&plain, &like);
        play(&plain);
        like.restarts = true;
        history_init(&restarted, &like);
        play(&restarted);
        tell_the_same(&plain, &restarted);
        history_deinit(&plain);
        history_deinit(&restarted);
}

static void play_once(struct history like)
{
        static struct history history;

        like.restarts = true;
        history_init(&history, &like);
        play(&history);
        history_deinit(&history);
}

static void play_calm(uint64_t seed)
{
        play_twice((struct history){.seed = seed});
}

static void play_wild(uint64_t seed)
{
        play_once((struct history){.seed = seed});
}

static void play_calm_routes(uint64_t seed)
{
        play_twice((struct history){.seed = seed, .routed = true});
}

static void play_wild_routes(uint64_t seed)
{
        play_once((struct history){.seed = seed, .routed = true});
}

static uint64_t playing; /* a history that fails never comes back to say its seed */

/* The seed of the environment is played alone. */
static void each_seed(void (*play_seed)(uint64_t seed))
{
        static const uint64_t once_wrong[] = {841, 1491, 1572, 31455};
        const char *wanted = getenv("CARDWATCH_SEED"), *many = getenv("CARDWATCH_HISTORIES");
        uint64_t last = many ? strtoull(many, NULL, 10) : HISTORIES;

        /* What once went wrong is played, too. */
        for (size_t i = 0; !wanted && i < CW_ARRAY_SIZE(once_wrong); i++) {
                playing = once_wrong[i];
                play_seed(playing);
        }
        for (uint64_t seed = 1; seed <= last; seed++) {
                if (wanted)
                        seed = strtoull(wanted, NULL, 10);
                playing = seed;
                play_seed(seed);
                if (wanted)
                        break;
        }
        playing = 0;
}

static int name_the_seed(void **state)
{
        (void)state;
        if (playing)
                print_message("CARDWATCH_SEED=%" PRIu64 " plays it again\n", playing);
        playing = 0;
        return 0;
}

static void test_restarts_change_nothing_that_is_told(void **state)
{
        (void)state;
        each_seed(play_calm);
}

static void test_accidents_leave_everybody_with_the_truth(void **state)
{
        (void)state;
        each_seed(play_wild);
}

static void test_restarts_change_nothing_with_routes(void **state)
{
        (void)state;
        each_seed(play_calm_routes);
}

static void test_accidents_with_routes(void **state)
{
        (void)state;
        each_seed(play_wild_routes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_restarts_change_nothing_that_is_told, name_the_seed),
                cmocka_unit_test_teardown(test_accidents_leave_everybody_with_the_truth, name_the_seed),
                cmocka_unit_test_teardown(test_restarts_change_nothing_with_routes, name_the_seed),
                cmocka_unit_test_teardown(test_accidents_with_routes, name_the_seed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
