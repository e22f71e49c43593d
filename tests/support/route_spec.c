/* SPDX-License-Identifier: Apache-2.0 */
/* Literals become a tree the way the configuration would have written it out. */
#include "route_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/zone.h"

static void *must(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

static char *copy(const char *text)
{
        return must(strdup(text));
}

struct cw_zone *zone_of(const char *name)
{
        char path[200], bytes[16384];
        struct cw_zone *zone;
        size_t len;
        FILE *file;

        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
        file = must(fopen(path, "rb"));
        len = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        if (cw_zone_parse(bytes, len, &zone) < 0)
                abort();
        return zone;
}

static int32_t minutes(const char *text)
{
        int hour, minute;

        if (sscanf(text, "%d:%d", &hour, &minute) != 2)
                abort();
        return hour * 60 + minute;
}

static char *words(const char *first, const char *second)
{
        char *text;

        if (asprintf(&text, "%s %s", first, second) < 0)
                abort();
        return text;
}

static void build_windows(struct cw_ruleset *rules, const struct routing_spec *spec)
{
        rules->zone = spec->zone ? zone_of(spec->zone) : NULL;
        rules->windows = must(calloc(SPEC_WINDOWS, sizeof(*rules->windows)));
        for (; rules->n_windows < SPEC_WINDOWS && spec->windows[rules->n_windows].name; rules->n_windows++) {
                const struct window_spec *one = &spec->windows[rules->n_windows];

                rules->windows[rules->n_windows] = (struct cw_window){
                        .name = copy(one->name),
                        .days = one->days ? one->days : CW_EVERY_DAY,
                        .from_min = minutes(one->from),
                        .to_min = minutes(one->to),
                        .muted = words("mute", one->name),
                        .outside = words("outside", one->name),
                };
        }
}

static void match_rule(struct cw_filter *filter, const char *rule)
{
        if (!rule || !*rule)
                return;
        filter->rules = must(calloc(1, sizeof(char *)));
        filter->rules[filter->n_rules++] = copy(rule);
}

static void match_team(struct cw_filter *filter, const char *team)
{
        if (!team)
                return;
        filter->labels = must(calloc(1, sizeof(*filter->labels)));
        filter->labels[filter->n_labels++] = (struct cw_label){copy("team"), copy(team)};
}

static void build_inhibitions(struct cw_ruleset *rules, const struct routing_spec *spec)
{
        rules->inhibitions = must(calloc(SPEC_INHIBIT, sizeof(*rules->inhibitions)));
        for (; rules->n_inhibitions < SPEC_INHIBIT && spec->inhibit[rules->n_inhibitions].source;
             rules->n_inhibitions++) {
                const struct inhibit_spec *one = &spec->inhibit[rules->n_inhibitions];
                struct cw_inhibition *inhibition = &rules->inhibitions[rules->n_inhibitions];

                match_rule(&inhibition->source, one->source);
                match_rule(&inhibition->target, one->target);
                inhibition->equal = must(calloc(2, sizeof(*inhibition->equal)));
                for (; inhibition->n_equal < one->n_equal; inhibition->n_equal++)
                        inhibition->equal[inhibition->n_equal].key = one->equal[inhibition->n_equal];
                inhibition->reason = words("inhibit", one->source);
        }
}

typedef const char *(*name_fn)(const struct cw_ruleset *rules, size_t i);

static const char *notifier_name(const struct cw_ruleset *rules, size_t i)
{
        return i < rules->n_notifiers ? rules->notifiers[i].name : NULL;
}

static const char *window_name(const struct cw_ruleset *rules, size_t i)
{
        return i < rules->n_windows ? rules->windows[i].name : NULL;
}

/* Names that are not there are left out, so that random rulesets may name what they took away. */
static void places(const struct cw_ruleset *rules, const char *list, name_fn name_of, size_t **ret_places,
                   size_t *ret_n)
{
        char *text = copy(list), *rest = text, *name;

        *ret_places = must(calloc(8, sizeof(**ret_places)));
        *ret_n = 0;
        while ((name = strsep(&rest, ",")))
                for (size_t i = 0; name_of(rules, i); i++)
                        if (strcmp(name_of(rules, i), name) == 0)
                                (*ret_places)[(*ret_n)++] = i;
        free(text);
}

static void own(struct cw_ruleset *rules, const struct route_spec *spec, struct cw_route *route)
{
        if (spec->mute) {
                free(route->mute);
                places(rules, spec->mute, window_name, &route->mute, &route->n_mute);
        }
        if (spec->only) {
                free(route->only);
                places(rules, spec->only, window_name, &route->only, &route->n_only);
        }
        if (!spec->escalate)
                return;
        for (size_t i = 0; i < route->n_escalate; i++)
                free(route->escalate[i].notify);
        free(route->escalate);
        route->escalate = must(calloc(1, sizeof(*route->escalate)));
        route->n_escalate = 1;
        route->escalate[0].after_ms = spec->escalate_ms;
        places(rules, spec->escalate, notifier_name, &route->escalate[0].notify, &route->escalate[0].n_notify);
}

static size_t *copy_places(const size_t *from, size_t n)
{
        size_t *to = must(calloc(n + 1, sizeof(*to)));

        for (size_t i = 0; i < n; i++)
                to[i] = from[i];
        return to;
}

static void inherit(const struct cw_route *parent, struct cw_route *route)
{
        *route = *parent;
        route->match = (struct cw_filter){0};
        route->goes_on = false;
        route->routes = NULL;
        route->n_routes = 0;
        route->notify = copy_places(parent->notify, parent->n_notify);
        route->mute = copy_places(parent->mute, parent->n_mute);
        route->only = copy_places(parent->only, parent->n_only);
        route->group_by = must(calloc(parent->n_group_by + 1, sizeof(*route->group_by)));
        for (size_t i = 0; i < parent->n_group_by; i++)
                route->group_by[i] = (struct cw_group_by){
                        parent->group_by[i].key, parent->group_by[i].label ? copy(parent->group_by[i].label) : NULL};
        route->escalate = must(calloc(parent->n_escalate + 1, sizeof(*route->escalate)));
        for (size_t i = 0; i < parent->n_escalate; i++) {
                route->escalate[i] = parent->escalate[i];
                route->escalate[i].notify = copy_places(parent->escalate[i].notify, parent->escalate[i].n_notify);
        }
}

static void build_child(struct cw_ruleset *rules, const struct route_spec *spec, const struct cw_route *parent,
                        struct cw_route *route)
{
        inherit(parent, route);
        route->goes_on = spec->goes_on;
        route->match.severities = spec->severity ? 1u << spec->severity : 0;
        match_rule(&route->match, spec->rule);
        match_team(&route->match, spec->team);
        if (spec->customer) {
                route->match.cards.customers = must(malloc(sizeof(int64_t)));
                route->match.cards.customers[0] = spec->customer;
                route->match.cards.n_customers = 1;
        }
        if (spec->notify) {
                free(route->notify);
                places(rules, spec->notify, notifier_name, &route->notify, &route->n_notify);
        }
        for (size_t i = 0; spec->one_group && i < route->n_group_by; i++)
                free(route->group_by[i].label);
        route->n_group_by = spec->one_group ? 0 : route->n_group_by;
        route->group_wait_ms = spec->group_wait_ms ? spec->group_wait_ms : route->group_wait_ms;
        route->group_interval_ms = spec->group_interval_ms ? spec->group_interval_ms : route->group_interval_ms;
        route->repeat_every_ms = spec->repeat_every_ms ? spec->repeat_every_ms : route->repeat_every_ms;
        own(rules, spec, route);
}

void ruleset_build_routing(struct cw_ruleset *rules, const struct routing_spec *spec)
{
        struct cw_route *parents[SPEC_ROUTES + 1] = {&rules->route};

        build_windows(rules, spec);
        build_inhibitions(rules, spec);
        own(rules, &spec->root, &rules->route);
        for (size_t i = 0; i < SPEC_ROUTES && spec->routes[i].depth; i++) {
                struct cw_route *parent = parents[spec->routes[i].depth - 1];

                if (!parent->routes)
                        parent->routes = must(calloc(SPEC_ROUTES, sizeof(*parent->routes)));
                parents[spec->routes[i].depth] = &parent->routes[parent->n_routes++];
                build_child(rules, &spec->routes[i], parent, parents[spec->routes[i].depth]);
        }
        cw_route_seal(&rules->route);
}
