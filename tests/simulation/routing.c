/* SPDX-License-Identifier: Apache-2.0 */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine_acts.h"

#define MINUTE CW_MINUTE_MS

static const char *const notifier_lists[] = {NULL, NULL, "n0", "n1", "n2", "n0,n1", "n1,n2", "n0,n1,n2", ""};
static const char *const window_lists[] = {"a", "b", "c", "a,b"};
static const char *const rules[] = {"low", "deep", "fall", "rich", "switched", "source-down"};

static void draw_windows(struct chance *chance, struct routing_spec *spec)
{
        static const char *const names[SPEC_WINDOWS] = {"a", "b", "c"};
        static const char *const spans[][2] = {{"22:16", "22:24"}, {"22:20", "22:41"}, {"22:30", "22:33"},
                                               {"22:00", "23:00"}, {"22:35", "03:00"}, {"23:00", "23:10"}};

        for (size_t i = 0; i < SPEC_WINDOWS; i++) {
                const char *const *span = spans[chance_below(chance, CW_ARRAY_SIZE(spans))];

                spec->windows[i] = (struct window_spec){.name = names[i], .from = span[0], .to = span[1]};
                if (chance_one_in(chance, 3))
                        spec->windows[i].days = 1u << chance_below(chance, 7) | 1u << 1; /* the world's Tuesday */
        }
}

static void draw_own(struct chance *chance, struct route_spec *route)
{
        if (chance_one_in(chance, 3))
                route->mute = window_lists[chance_below(chance, CW_ARRAY_SIZE(window_lists))];
        else if (chance_one_in(chance, 4))
                route->only = window_lists[chance_below(chance, CW_ARRAY_SIZE(window_lists))];
        if (!chance_one_in(chance, 2))
                return;
        route->escalate = notifier_lists[2 + chance_below(chance, 6)];
        route->escalate_ms = MINUTE + (int64_t)chance_below(chance, 10) * 75 * CW_SECOND_MS;
}

static void draw_route(struct chance *chance, struct route_spec *route)
{
        static const int64_t times[] = {0, 0, 90 * CW_SECOND_MS, 5 * MINUTE};

        route->severity = chance_one_in(chance, 3)   ? CW_SEVERITY_CRITICAL
                          : chance_one_in(chance, 4) ? CW_SEVERITY_WARNING
                                                     : CW_SEVERITY_NONE;
        if (chance_one_in(chance, 3))
                route->rule = rules[chance_below(chance, CW_ARRAY_SIZE(rules))];
        if (chance_one_in(chance, 4))
                route->customer = 1 + chance_below(chance, 4);
        route->goes_on = chance_one_in(chance, 3);
        route->notify = notifier_lists[chance_below(chance, CW_ARRAY_SIZE(notifier_lists))];
        route->group_wait_ms = times[chance_below(chance, 4)];
        route->group_interval_ms = times[chance_below(chance, 4)];
        route->repeat_every_ms = chance_one_in(chance, 4) ? 7 * MINUTE : 0;
        route->one_group = chance_one_in(chance, 4);
        draw_own(chance, route);
}

void routing_draw(struct chance *chance, struct routing_spec *spec)
{
        size_t n = chance_below(chance, SPEC_ROUTES + 1);

        *spec = (struct routing_spec){0};
        draw_windows(chance, spec);
        if (chance_one_in(chance, 2))
                draw_own(chance, &spec->root);
        for (size_t i = 0; i < n; i++) {
                spec->routes[i].depth = 1 + chance_below(chance, i ? spec->routes[i - 1].depth + 1 : 1);
                draw_route(chance, &spec->routes[i]);
        }
        for (size_t i = 0; i < SPEC_INHIBIT && !chance_one_in(chance, 3); i++)
                spec->inhibit[i] = (struct inhibit_spec){
                        .source = chance_one_in(chance, 4) ? "" : rules[chance_below(chance, 4)],
                        .target = rules[chance_below(chance, 5)],
                        .equal = {CW_EQUAL_SOURCE, chance_one_in(chance, 2) ? CW_EQUAL_CARD : CW_EQUAL_CUSTOMER},
                        .n_equal = chance_below(chance, 3),
                };
}

void routing_open(struct routing_spec *spec)
{
        spec->root.mute = spec->root.only = NULL;
        for (size_t i = 0; i < SPEC_ROUTES; i++)
                spec->routes[i].mute = spec->routes[i].only = NULL;
        for (size_t i = 0; i < SPEC_INHIBIT; i++)
                spec->inhibit[i] = (struct inhibit_spec){0};
}

static void silence(struct chance *chance, struct world *world)
{
        static const char *const matches[] = {
                "rule=low", "rule=deep", "customer=1", "customer=2\ncustomer=3", "severity=critical", "rule=switched"};
        struct cw_silence_row row = {
                .match = (char *)matches[chance_below(chance, CW_ARRAY_SIZE(matches))],
                .until_at = world->now + (1 + (int64_t)chance_below(chance, 9)) * MINUTE,
        };
        struct cw_event event = {.kind = CW_EVENT_SILENCE, .act.silence = &row};

        event.act.by = (struct cw_act){.by = "ana", .why = "tried", .uid = 1000};
        world_step(world, &event);
}

/* The first by its id: the order in which the engine walks says nothing. */
static void end_silence(struct world *world)
{
        struct cw_event event = {.kind = CW_EVENT_SILENCE_END};
        struct cw_silence_view view, best = {0};
        size_t cursor = 0;

        while (cw_engine_next_silence(world->engine, &cursor, &view))
                if (!best.id || strcmp(view.id, best.id) < 0)
                        best = view;
        if (!best.id)
                return;
        event.act.by = (struct cw_act){.by = "ana", .why = "done", .uid = 1000};
        event.act.id = best.id;
        world_step(world, &event);
}

/* The lowest fingerprint of those above a drawn one. */
static bool draw_alert(struct chance *chance, struct world *world, uint64_t *ret_fingerprint)
{
        uint64_t from = chance_draw(chance), best = UINT64_MAX;
        const struct cw_entry *entry;
        size_t cursor = 0;

        while (cw_engine_next_alert(world->engine, &cursor, &entry))
                if (entry->fingerprint >= from && entry->fingerprint < best)
                        best = entry->fingerprint;
        *ret_fingerprint = best;
        return best != UINT64_MAX;
}

static void acknowledge(struct chance *chance, struct world *world)
{
        struct cw_event event = {.kind = chance_one_in(chance, 3) ? CW_EVENT_UNACK : CW_EVENT_ACK};
        int64_t for_ms = (1 + (int64_t)chance_below(chance, 12)) * MINUTE;

        if (!draw_alert(chance, world, &event.act.fingerprint))
                return;
        event.act.by = (struct cw_act){.by = "ben", .why = "looking", .uid = 1001};
        event.act.until_at = world->now + for_ms;
        world_step(world, &event);
}

void routing_act(struct chance *chance, struct world *world)
{
        if (chance_one_in(chance, 6))
                silence(chance, world);
        if (chance_one_in(chance, 12))
                end_silence(world);
        if (chance_one_in(chance, 4))
                acknowledge(chance, world);
}

void routing_end_silences(struct world *world)
{
        struct cw_silence_view view;
        size_t cursor = 0;

        while (cw_engine_next_silence(world->engine, &cursor, &view)) {
                end_silence(world);
                cursor = 0;
        }
}
