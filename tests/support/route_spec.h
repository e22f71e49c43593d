/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_ROUTE_SPEC_H
#define CARDWATCH_TESTS_ROUTE_SPEC_H

#include "cardwatch/rules.h"

/*
 * Routes, windows and inhibitions of a ruleset for tests, as literals. Lists of names are texts separated by commas;
 * NULL: as the parent has it.
 */

#define SPEC_ROUTES  6
#define SPEC_WINDOWS 3
#define SPEC_INHIBIT 3

struct route_spec {
        unsigned depth; /* 1: a child of the root, 2: of the last one before it of depth 1, …; 0: none any more */
        enum cw_severity severity; /* what it matches; 0 or NULL: any */
        const char *rule, *team; /* the label of that name */
        int64_t customer;
        bool goes_on;
        const char *notify, *mute, *only, *escalate; /* escalate: "notifiers" */
        int64_t escalate_ms;
        int64_t group_wait_ms, group_interval_ms, repeat_every_ms; /* 0: the parent's */
        bool one_group;
};

struct window_spec {
        const char *name;
        const char *from, *to; /* "22:00" */
        unsigned days; /* 0: every day */
};

struct inhibit_spec {
        const char *source, *target; /* rules; "": any */
        enum cw_equal_key equal[2];
        size_t n_equal;
};

struct routing_spec {
        const char *zone; /* of /usr/share/zoneinfo; NULL: UTC */
        struct window_spec windows[SPEC_WINDOWS];
        struct inhibit_spec inhibit[SPEC_INHIBIT];
        struct route_spec root; /* mute, only and escalate of it */
        struct route_spec routes[SPEC_ROUTES];
};

/* After notifiers and the root's groups and clocks are there. */
void ruleset_build_routing(struct cw_ruleset *rules, const struct routing_spec *spec);

/* A zone's bytes, parsed; ends the test if there are none. */
struct cw_zone *zone_of(const char *name);

#endif
