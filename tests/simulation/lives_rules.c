/* SPDX-License-Identifier: Apache-2.0 */
#include "lives_rules.h"

#include <inttypes.h>
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define MINUTE CW_MINUTE_MS

/* The first of each kind know no past. */
static const char *const conditions[] = {
        "available < 100",
        "available < 100",
        "available < 100 USD",
        "delta(available) < -50",
        "available < previous.available - 30",
        "delta(available, 5m) < -80",
        "delta(available, 11m) < -150 or available < 20",
        "spent(10m) > 150",
        "added(6m) > 200 and changed(available)",
        "unchanged(available) >= 7m",
        "available < 300 and unchanged(available) > 3m",
        "max(available, 6m) - available > 200",
        "changes(available, 8m) > 2",
        "avg(available, 5m) < 200",
        "avg(total, 20m) > 400 and available < 400 EUR",
        "runway(10m) < 20m",
        "age < 20m and available < 300",
        "min(available, 7m) < 50",
        "not (min(available, 7m) >= 50 USD and unchanged(pending) > 5m)",
};

static const char *const clears[] = {
        "available >= 120",
        "unchanged(available) > 4m",
        "min(available, 3m) > 150 USD",
        "delta(available, 4m) >= 0",
        "available >= 120 and changes(available, 5m) == 0",
};

static const char *const events[] = {
        "changed(suppressed)",
        "delta(available) < -150",
        "appeared",
        "disappeared",
        "spent(10m) > 100 and delta(available) < 0",
};

enum { TIMELESS_CONDITIONS = 5, TIMELESS_CLEARS = 1, TIMELESS_EVENTS = 4, TIMELESS_STEPS = 1 };

static const char *const steps[][SPEC_LEVELS] = {
        {"available < 300", "available < 100", "available < 10"},
        {"available < 300", "delta(available, 5m) < -80", "available < 10 USD"},
        {"spent(20m) > 50", "spent(10m) > 150", "runway(10m) < 10m"},
};

static const char *one_text(struct chance *chance, const char *const texts[], size_t n)
{
        return texts[chance_below(chance, (unsigned)n)];
}

static void draw_levels(struct chance *chance, struct rule_spec *rule, bool timeless)
{
        const char *const *step = steps[chance_below(chance, timeless ? TIMELESS_STEPS : CW_ARRAY_SIZE(steps))];

        for (size_t i = 0; i < SPEC_LEVELS; i++) {
                rule->levels[i].severity = (enum cw_severity)(CW_SEVERITY_INFO + i);
                rule->levels[i].when = step[i];
        }
}

static int64_t one_of(struct chance *chance, const int64_t *times, size_t n)
{
        return times[chance_below(chance, (unsigned)n)];
}

static void draw_life(struct chance *chance, struct rule_spec *rule, bool timeless)
{
        static const int64_t waits[] = {0, 0, 0, 2 * MINUTE, 5 * MINUTE};
        static const struct cw_flap flaps[] = {{0}, {1, 5 * MINUTE}, {2, 15 * MINUTE}, {2, 25 * MINUTE}};

        if (chance_one_in(chance, 3))
                draw_levels(chance, rule, timeless);
        else
                rule->when = one_text(chance, conditions, timeless ? TIMELESS_CONDITIONS : CW_ARRAY_SIZE(conditions));
        if (chance_one_in(chance, 3))
                rule->clear = one_text(chance, clears, timeless ? TIMELESS_CLEARS : CW_ARRAY_SIZE(clears));
        if (chance_one_in(chance, 5))
                rule->severity = CW_SEVERITY_CRITICAL;
        rule->for_ms = one_of(chance, waits, CW_ARRAY_SIZE(waits));
        rule->keep_firing_for_ms = one_of(chance, waits, CW_ARRAY_SIZE(waits));
        rule->flap = flaps[chance_below(chance, CW_ARRAY_SIZE(flaps))];
        if (chance_one_in(chance, 3))
                rule->flap_critical = rule->flap;
        rule->arm_after_clear = chance_one_in(chance, 4);
        rule->confirm = chance_one_in(chance, 4);
}

void lives_draw_rules(struct chance *chance, struct ruleset_spec *spec, bool timeless)
{
        static const char *const names[SPEC_RULES] = {"r0", "r1", "r2", "r3"};
        unsigned n = 2 + chance_below(chance, 3);

        for (unsigned i = 0; i < SPEC_RULES; i++) {
                spec->rules[i] = (struct rule_spec){0};
                if (i >= n)
                        continue;
                spec->rules[i].name = names[i];
                if (chance_one_in(chance, 5))
                        spec->rules[i].suppressed = CW_SUPPRESSED_ANY;
                if (chance_one_in(chance, 5))
                        spec->rules[i].on = one_text(chance, events,
                                                     timeless ? TIMELESS_EVENTS : CW_ARRAY_SIZE(events));
                else
                        draw_life(chance, &spec->rules[i], timeless);
        }
}

void lives_draw_route(struct chance *chance, struct ruleset_spec *spec, bool *ret_no_ends)
{
        static const char *const names[] = {"n0", "n1"};
        static const int64_t times[] = {0, 0, 90 * CW_SECOND_MS, 5 * MINUTE};
        unsigned n = 1 + chance_below(chance, 2);

        spec->group_wait_ms = one_of(chance, times, CW_ARRAY_SIZE(times));
        spec->group_interval_ms = one_of(chance, times, CW_ARRAY_SIZE(times));
        spec->repeat_every_ms = chance_one_in(chance, 3) ? 7 * MINUTE : 0;
        spec->n_group_by = 1 + chance_below(chance, 2);
        spec->group_by[0] = (struct cw_group_by){.key = CW_GROUP_CUSTOMER};
        spec->group_by[1] = (struct cw_group_by){.key = CW_GROUP_CARD};
        for (unsigned i = 0; i < n; i++) {
                ret_no_ends[i] = chance_one_in(chance, 5);
                spec->notifiers[i] = (struct notifier_spec){.name = names[i], .no_ends = ret_no_ends[i]};
        }
}

static void print_rule(const struct rule_spec *rule)
{
        printf("  %s: %s%s", rule->name, rule->on ? "on " : "when ",
               rule->on     ? rule->on
               : rule->when ? rule->when
                            : "");
        for (size_t i = 0; i < SPEC_LEVELS && rule->levels[i].when; i++)
                printf("%s %s", i ? "," : "levels", rule->levels[i].when);
        if (rule->clear)
                printf(", clear %s", rule->clear);
        printf(", for %" PRId64 ", keep %" PRId64 ", flap %" PRIu32 " in %" PRId64 "%s%s%s%s%s\n",
               rule->for_ms / MINUTE, rule->keep_firing_for_ms / MINUTE, rule->flap.limit,
               rule->flap.window_ms / MINUTE, rule->flap_critical.limit ? " (critical too)" : "",
               rule->arm_after_clear ? ", arm" : "", rule->confirm ? ", confirm" : "",
               rule->suppressed == CW_SUPPRESSED_ANY ? ", suppressed too" : "",
               rule->severity == CW_SEVERITY_CRITICAL ? ", critical" : "");
}

void lives_print(const struct ruleset_spec *spec)
{
        for (size_t i = 0; i < SPEC_RULES && spec->rules[i].name; i++)
                print_rule(&spec->rules[i]);
        printf("  wait %" PRId64 " s, interval %" PRId64 " s, repeat %" PRId64 " min\n",
               spec->group_wait_ms / CW_SECOND_MS, spec->group_interval_ms / CW_SECOND_MS,
               spec->repeat_every_ms / MINUTE);
}
