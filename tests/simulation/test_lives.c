/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of alerts in histories drawn from seeds: rules with everything that takes time, cards that do anything.
 *
 * What happens is drawn by itself, whatever the engine makes of it, so that one history can be played in several ways
 * that must all tell the same, byte by byte: as it is; with restarts at every step, or at some; with some from a
 * real store, in which checkpoints are made between commits; with every look forced that the engine would have skipped;
 * and by leaps, in which polls that bring what is known are told as one, and others name only what differs.
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
#include "beliefs.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/outbox.h"
#include "disk.h"
#include "lives_rules.h"
#include "readings.h"

#define MINUTE    CW_MINUTE_MS
#define ROUNDS    90
#define SETTLED   45 /* minutes: longer than all that waits and flaps */
#define CARDS     6
#define CUSTOMERS 3 /* each has an anchor, a card that never leaves it */
#define LIVES     15 /* unless CARDWATCH_HISTORIES says how many */

enum way { AS_IT_IS, RESTARTED, SOMETIMES, FROM_DISK, FORCED, LEAPING, WAYS };

static const char *const ways[] = {"as it is",     "with restarts",     "with some restarts",
                                   "from a store", "with forced looks", "by leaps"};

struct life {
        enum way way;
        struct chance chance; /* what happens */
        struct chance fate; /* when the process dies */
        struct world world;
        struct disk *disk; /* from a store: it */
        struct ruleset_spec spec;
        struct beliefs beliefs;
        bool clock_is_set; /* in some histories, which then know no past: its dates stay what they were */
        int64_t set_ms; /* in all */
        unsigned quiet; /* rounds in which nothing happens */
        bool poll_fails;
        int64_t alike_at; /* leaping: polls up to then are not told yet, 0: none */
        struct cw_card shown[CARDS]; /* by the last poll that was told */
        bool plain; /* the last poll brought everything there is, without fault */
        char **log; /* what was accepted, with its time */
        size_t n_log, log_capacity;
};

static bool one_in(struct life *life, unsigned n)
{
        return chance_one_in(&life->chance, n);
}

static unsigned below(struct life *life, unsigned n)
{
        return chance_below(&life->chance, n);
}

static void attempted(void *data, const struct message *message)
{
        beliefs_attempted(&((struct life *)data)->beliefs, message);
}

static void accepted(void *data, const struct message *message)
{
        struct life *life = data;
        char *line;

        beliefs_accepted(&life->beliefs, message);
        if (asprintf(&line, "%010" PRId64 " %s %s", life->world.now - WORLD_START - life->set_ms, message->id,
                     message->payload) < 0)
                abort();
        if (life->n_log == life->log_capacity) {
                life->log_capacity = life->log_capacity ? life->log_capacity * 2 : 64;
                life->log = reallocarray(life->log, life->log_capacity, sizeof(char *));
                if (!life->log)
                        abort();
        }
        life->log[life->n_log++] = line;
}

static void life_init(struct life *life, uint64_t seed, enum way way)
{
        *life = (struct life){.way = way, .chance = {seed}, .fate = {seed ^ UINT64_C(0x5555555555555555)}};
        life->clock_is_set = one_in(life, 4);
        life->spec.missing_after = 2;
        lives_draw_rules(&life->chance, &life->spec, life->clock_is_set);
        lives_draw_route(&life->chance, &life->spec, life->beliefs.no_ends);
        world_init(&life->world, ruleset_build(&life->spec));
        if (way == FROM_DISK)
                life->disk = disk_new(&life->world, seed);
        life->world.attempted = attempted;
        life->world.accepted = accepted;
        life->world.data = life;
        for (int64_t id = 1; id <= CARDS; id++)
                world_card(&life->world, 1 + (id - 1) % CUSTOMERS, id, one_in(life, 3) ? "50" : "600");
}

static void life_deinit(struct life *life)
{
        for (size_t i = 0; i < life->n_log; i++)
                free(life->log[i]);
        free(life->log);
        beliefs_deinit(&life->beliefs);
        world_deinit(&life->world);
        disk_free(life->disk);
}

/* A boundary between steps: everything is committed. */
static void step_over(struct life *life)
{
        bool sometimes = life->way == SOMETIMES || life->way == FROM_DISK;
        bool dies = life->way == RESTARTED || (sometimes && chance_one_in(&life->fate, 12));

        beliefs_saved(&life->beliefs);
        if (dies)
                world_restart(&life->world, NULL);
}

static void tell_alike(struct life *life)
{
        int64_t now = life->world.now;

        if (!life->alike_at)
                return;
        life->world.now = life->alike_at;
        world_polls_alike(&life->world, 0);
        life->world.now = now;
        life->alike_at = 0;
}

/* What happens. */

static void change_card(struct life *life)
{
        static const int64_t amounts[] = {-60, 0, 9, 10, 50, 90, 99, 100, 110, 120, 200, 299, 300, 450, 600, 700};
        static const char *const agains[] = {"50", "99", "110", "500"};
        unsigned i = below(life, CARDS);
        struct world_card *card = &life->world.cards[i];
        bool anchor = i < CUSTOMERS;

        switch (below(life, 16)) {
        case 0:
                card->card.suppressed ^= true;
                break;
        case 1:
                strcpy(card->card.currency, one_in(life, 2) ? "EUR" : "USD");
                break;
        case 2:
                card->absent = !anchor && !card->absent;
                break;
        case 3:
                card->bad = !anchor && one_in(life, 2);
                break;
        case 4:
                card->again = one_in(life, 2) ? agains[below(life, CW_ARRAY_SIZE(agains))] : NULL;
                break;
        case 5:
                card->card.pending = below(life, 3) * CW_AMOUNT_UNIT;
                break;
        case 6:
                card->card.available += CW_AMOUNT_UNIT / 100;
                break;
        case 7:
                card->card.available -= CW_AMOUNT_UNIT / 100;
                break;
        default:
                card->card.available = amounts[below(life, CW_ARRAY_SIZE(amounts))] * CW_AMOUNT_UNIT;
        }
        card->card.total = card->card.available + card->card.pending;
}

static void change_customers(struct life *life)
{
        for (size_t i = 0; i < life->world.n_customers; i++) {
                struct world_customer *customer = &life->world.customers[i];

                customer->unread = one_in(life, customer->unread ? 2 : 25);
                if (one_in(life, 10))
                        customer->again = one_in(life, 2) ? AGAIN_FOUND : (enum again_answer)below(life, AGAIN_SILENT);
        }
}

static void change_moods(struct life *life)
{
        for (size_t i = 0; i < SPEC_NOTIFIERS; i++)
                if (one_in(life, 8))
                        life->world.receivers[i].mood = one_in(life, 3) ? FAILS : ACCEPTS;
}

static void maybe_reload(struct life *life)
{
        if (!one_in(life, 25))
                return;
        if (one_in(life, 3))
                lives_draw_rules(&life->chance, &life->spec, life->clock_is_set);
        else
                life->spec.rules[0].for_ms = life->spec.rules[0].on ? 0 : below(life, 4) * MINUTE;
        tell_alike(life);
        world_reload(&life->world, ruleset_build(&life->spec));
        step_over(life);
}

static void maybe_set_clock(struct life *life)
{
        static const int64_t sets[] = {-3 * CW_HOUR_MS, -7 * MINUTE, -1500, 1500, 7 * MINUTE, 3 * CW_HOUR_MS};

        int64_t by_ms;

        if (!life->clock_is_set || !one_in(life, 30))
                return;
        tell_alike(life);
        by_ms = sets[below(life, CW_ARRAY_SIZE(sets))];
        life->set_ms += by_ms;
        world_set_clock(&life->world, by_ms);
        step_over(life);
}

static void change_things(struct life *life)
{
        unsigned changes;

        life->poll_fails = false;
        if (life->quiet > 0) {
                life->quiet--;
                return;
        }
        if (one_in(life, 15))
                life->quiet = 5 + below(life, 20);
        changes = below(life, 4);
        for (unsigned i = 0; i < changes; i++)
                change_card(life);
        change_customers(life);
        change_moods(life);
        life->poll_fails = one_in(life, 12);
        maybe_reload(life);
        maybe_set_clock(life);
}

/* How it is played. */

static void deliver(struct life *life)
{
        struct world *world = &life->world;

        for (size_t i = 0; i < world->rules->n_notifiers; i++) {
                struct message message;

                while (receiver_take(world, i, &message)) {
                        beliefs_saved(&life->beliefs);
                        if (world->receivers[i].mood == ACCEPTS)
                                receiver_accepts(world, &message);
                        else
                                receiver_fails(world, &message, false, 0);
                        step_over(life);
                }
        }
}

static int64_t earliest(int64_t a, int64_t b)
{
        return b && b < a ? b : a;
}

static void pass(struct life *life, int64_t ms)
{
        struct world *world = &life->world;
        int64_t end = world->now + ms;

        while (world->now < end) {
                int64_t wake_at = cw_engine_wake_at(world->engine), stop = earliest(end, wake_at);

                /* What was not told does not age. */
                if (life->alike_at && wake_at && wake_at <= stop) {
                        tell_alike(life);
                        wake_at = cw_engine_wake_at(world->engine);
                        stop = earliest(end, wake_at);
                }
                for (size_t i = 0; i < world->rules->n_notifiers; i++)
                        stop = earliest(stop, cw_outbox_wake_at(cw_engine_outbox(world->engine), i));
                world->now = stop > world->now ? stop : world->now + 1;
                if (life->way != LEAPING || (wake_at && wake_at <= world->now)) {
                        world_step(world, &(struct cw_event){.kind = CW_EVENT_TICK});
                        world_commit(world);
                        step_over(life);
                }
                if (cw_engine_wake_at(world->engine) && cw_engine_wake_at(world->engine) <= world->now)
                        fail_msg("a tick left something due");
                deliver(life);
        }
}

static void force_looks(struct life *life)
{
        struct cw_source_state *state = &life->world.engine->sources[0];

        for (size_t i = 0; i < state->snapshot.n && life->way == FORCED; i++)
                if (cw_attention_call(&state->attentions, cw_snapshot_at(&state->snapshot, i)->id, 0) < 0)
                        abort();
}

/* Everything there is comes in the poll, and can be trusted. */
static bool is_plain(const struct life *life)
{
        bool plain = !life->poll_fails;

        for (size_t i = 0; i < life->world.n_cards; i++)
                plain &= !life->world.cards[i].absent && !life->world.cards[i].bad;
        for (size_t i = 0; i < life->world.n_customers; i++)
                plain &= !life->world.customers[i].unread;
        return plain;
}

static bool differs(const struct life *life, size_t i)
{
        const struct world_card *card = &life->world.cards[i];

        /* What is read again may be another thing each time. */
        return card->again || memcmp(&life->shown[i], &card->card, sizeof(life->shown[i])) != 0;
}

static void show(struct life *life, size_t i)
{
        life->shown[i] = life->world.cards[i].card;
        if (life->world.cards[i].again)
                life->shown[i].id = 0;
}

static bool any_differs(const struct life *life)
{
        for (size_t i = 0; i < life->world.n_cards; i++)
                if (differs(life, i))
                        return true;
        return false;
}

static void poll_by_rest(struct life *life)
{
        struct world *world = &life->world;
        struct cw_event event = {.kind = CW_EVENT_POLL_ENDED, .at = world->now};

        world_step(world, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = world->now});
        for (size_t i = 0; i < world->n_cards; i++)
                if (differs(life, i))
                        world_step(world, &(struct cw_event){.kind = CW_EVENT_CARD_SEEN,
                                                             .at = world->now,
                                                             .card = &world->cards[i].card});
        world_step(world, &(struct cw_event){.kind = CW_EVENT_REST_SEEN, .at = world->now});
        event.poll.pages_good = CUSTOMERS;
        event.poll.auth = CW_AUTH_OK;
        event.poll.took_ms = 100;
        world_step(world, &event);
        world_commit(world);
        world_read_again(world, 0);
}

static void poll_leaping(struct life *life)
{
        struct world *world = &life->world;
        bool plain = is_plain(life), was_plain = life->plain;

        life->plain = plain;
        if (plain && was_plain && !any_differs(life) && cw_engine_idle_until(world->engine) > world->now) {
                life->alike_at = world->now;
                return;
        }
        tell_alike(life);
        if (plain && was_plain)
                poll_by_rest(life);
        else
                world_poll(world, &(struct world_poll){.failed = life->poll_fails});
        for (size_t i = 0; i < world->n_cards; i++)
                show(life, i);
}

static void poll(struct life *life)
{
        if (life->way == LEAPING) {
                poll_leaping(life);
        } else {
                force_looks(life);
                world_poll(&life->world, &(struct world_poll){.failed = life->poll_fails});
        }
        step_over(life);
        deliver(life);
}

static void maybe_watch(struct life *life)
{
        unsigned i = below(life, CARDS);

        if (!one_in(life, 10) || life->world.cards[i].absent || life->world.cards[i].bad)
                return;
        tell_alike(life);
        force_looks(life);
        /* A reading between polls that changed nothing is not stored: to who waits, a gap after it is longer then. */
        life->world.cards[i].card.pending++;
        world_watch(&life->world, life->world.cards[i].card.id);
        show(life, i);
        step_over(life);
        deliver(life);
}

static void play_round(struct life *life)
{
        bool leap = one_in(life, 40), half = one_in(life, 2);

        change_things(life);
        pass(life, half ? 20 * CW_SECOND_MS : 40 * CW_SECOND_MS);
        if (life->quiet == 0)
                maybe_watch(life);
        pass(life, half ? 40 * CW_SECOND_MS : 20 * CW_SECOND_MS);
        if (leap) {
                tell_alike(life); /* no polls: nothing is alike */
                life->plain = false;
                pass(life, (1 + below(life, 6)) * MINUTE);
        }
        poll(life);
}

static void set_all(struct life *life, int64_t amount)
{
        for (size_t i = 0; i < life->world.n_cards; i++) {
                struct world_card *card = &life->world.cards[i];

                card->card.available = card->card.total = amount * CW_AMOUNT_UNIT;
                card->card.pending = 0;
                card->card.suppressed = card->bad = false;
                card->again = NULL;
        }
        for (size_t i = 0; i < life->world.n_customers; i++) {
                life->world.customers[i].unread = false;
                life->world.customers[i].again = AGAIN_FOUND;
        }
        for (size_t i = 0; i < SPEC_NOTIFIERS; i++)
                life->world.receivers[i].mood = ACCEPTS;
        life->poll_fails = false;
}

static void quiet_rounds(struct life *life, int rounds)
{
        for (int round = 0; round < rounds; round++) {
                pass(life, MINUTE);
                poll(life);
        }
        tell_alike(life);
}

static void compare_belief(struct life *life, size_t notifier, const struct cw_alert *alert)
{
        const struct cw_notifier_traits *traits = &life->world.rules->notifiers[notifier];
        enum belief belief = beliefs_of(&life->beliefs, traits->name, alert->fingerprint);

        if (alert->state == CW_ALERT_FIRING && belief != BELIEVES_FIRING)
                fail_msg("%s does not know that %s/%" PRId64 " fires", traits->name, alert->rule, alert->card);
        if (alert->state != CW_ALERT_FIRING && belief == BELIEVES_FIRING && traits->send_resolved)
                fail_msg("%s believes that %s/%" PRId64 " fires", traits->name, alert->rule, alert->card);
}

/* Everybody knows the truth, and nothing is owed. */
static void all_is_told(struct life *life)
{
        const struct cw_engine *engine = life->world.engine;
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;

                for (size_t i = 0; i < life->world.rules->n_notifiers; i++)
                        compare_belief(life, i, alert);
                if (alert->flapping)
                        fail_msg("%s/%" PRId64 " still flaps", alert->rule, alert->card);
                if (alert->asked)
                        fail_msg("%s/%" PRId64 " still asks", alert->rule, alert->card);
                if (alert->state != CW_ALERT_FIRING && alert->entry)
                        fail_msg("%s/%" PRId64 " still shows something", alert->rule, alert->card);
        }
        assert_int_equal(engine->policy.outbox.intents.used, 0);
}

static void play(struct life *life)
{
        for (int round = 0; round < ROUNDS; round++)
                play_round(life);
        set_all(life, 500);
        quiet_rounds(life, SETTLED);
        all_is_told(life);
}

static int by_text(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

static void tell_the_same(struct life *one, struct life *other)
{
        for (size_t i = 0; i < one->n_log && i < other->n_log; i++)
                if (strcmp(one->log[i], other->log[i]) != 0)
                        fail_msg("as it is:\n%s%s:\n%s", one->log[i], ways[other->way], other->log[i]);
        if (one->n_log < other->n_log)
                fail_msg("%s, and not as it is:\n%s", ways[other->way], other->log[one->n_log]);
        if (one->n_log > other->n_log)
                fail_msg("as it is, and not %s:\n%s", ways[other->way], one->log[other->n_log]);
}

/* All that can be known of it, to find out why. */
static void print_life(const struct life *life)
{
        for (size_t i = 0; i < life->n_log; i++)
                printf("%s: %s", ways[life->way], life->log[i]);
        for (size_t i = 0; i < life->world.stored.history.n; i++) {
                const struct cw_history_row *row = &life->world.stored.history.rows[i];

                printf("%s: %" PRId64 " %s/%" PRId64 " %" PRIu32 " %s %s: %s, %s\n", ways[life->way],
                       row->at - WORLD_START, row->rule, row->card, row->edge, row->what,
                       cw_severity_name(row->severity), row->reason ? row->reason : "", row->detail ? row->detail : "");
        }
}

static void play_seed(uint64_t seed)
{
        static struct life lives[WAYS];

        for (int way = 0; way < WAYS; way++) {
                life_init(&lives[way], seed, (enum way)way);
                if (way == AS_IT_IS && getenv("CARDWATCH_SEED"))
                        lives_print(&lives[way].spec);
                play(&lives[way]);
                /* What goes to several groups at one time has no order. */
                qsort(lives[way].log, lives[way].n_log, sizeof(char *), by_text);
                if (getenv("CARDWATCH_LOG"))
                        print_life(&lives[way]);
                if (way > 0)
                        tell_the_same(&lives[0], &lives[way]);
        }
        for (int way = 0; way < WAYS; way++)
                life_deinit(&lives[way]);
}

/* A failing history says its seed first; that of the environment is played alone. */
static void test_every_way_tells_the_same(void **state)
{
        const char *wanted = getenv("CARDWATCH_SEED"), *many = getenv("CARDWATCH_HISTORIES");
        const char *from = getenv("CARDWATCH_FROM");
        uint64_t first = from ? strtoull(from, NULL, 10) : 1,
                 last = first - 1 + (many ? strtoull(many, NULL, 10) : LIVES);

        (void)state;
        if (wanted)
                first = last = strtoull(wanted, NULL, 10);
        for (uint64_t seed = first; seed <= last; seed++) {
                printf("CARDWATCH_SEED=%" PRIu64 " \r", seed);
                fflush(stdout);
                play_seed(seed);
        }
        printf("\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_way_tells_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
