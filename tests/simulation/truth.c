/* SPDX-License-Identifier: Apache-2.0 */
#include "truth.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"

#define UNIT CW_AMOUNT_UNIT

static const char *const names[KINDS] = {"low", "deep", "fall", "rich"};

static const struct rule_spec specs[KINDS][2] = {
        [LOW] = {{.when = "available < 100", .clear = "available >= 120"}, {.when = "available < 300"}},
        [DEEP] = {{.when = "available < 0", .severity = CW_SEVERITY_CRITICAL},
                  {.when = "available < -50", .severity = CW_SEVERITY_INFO}},
        [FALL] = {{.when = "delta(available) < -50"}, {.when = "delta(available) < -200"}},
        [RICH] = {{.when = "available > 700 EUR", .clear = "available < 600 EUR"},
                  {.when = "available > 700", .suppressed = CW_SUPPRESSED_ANY}},
};

static const char *const source_names[SPEC_SOURCES] = {"main", "second", "third"};

/* The same truth in two levels. */
static void climb(struct rule_spec *rule)
{
        rule->levels[0].when = rule->when;
        rule->levels[0].severity = CW_SEVERITY_WARNING;
        rule->levels[1].when = "available < 0";
        rule->levels[1].severity = CW_SEVERITY_CRITICAL;
        rule->when = NULL;
}

struct cw_ruleset *sim_rules_build(const struct sim_rules *rules)
{
        struct ruleset_spec spec = rules->spec;
        size_t n = 0;

        for (int kind = 0; kind < KINDS; kind++) {
                if (!rules->has[kind])
                        continue;
                spec.rules[n] = specs[kind][rules->variant[kind]];
                spec.rules[n].name = names[kind];
                if (kind == LOW && rules->ladder)
                        climb(&spec.rules[n]);
                n++;
        }
        if (rules->has_event)
                spec.rules[n++] = (struct rule_spec){.name = "switched", .on = "changed(suppressed)"};
        return ruleset_build(&spec);
}

/* 1 true, 0 false, -1 unknown. */
static int holds(enum kind kind, int variant, const struct cw_card *now, const struct cw_card *before)
{
        bool euros = strcmp(now->currency, "EUR") == 0;

        switch (kind) {
        case LOW:
                return now->available < (variant ? 300 : 100) * UNIT;
        case DEEP:
                return now->available < (variant ? -50 : 0) * UNIT;
        case FALL:
                if (!before || strcmp(before->currency, now->currency) != 0)
                        return -1;
                return now->available - before->available < (variant ? -200 : -50) * UNIT;
        case RICH:
                return variant || euros ? now->available > 700 * UNIT : -1;
        default:
                abort();
        }
}

static bool is_over(enum kind kind, int variant, const struct cw_card *now, const struct cw_card *before)
{
        if (kind == LOW && variant == 0)
                return now->available >= 120 * UNIT;
        if (kind == RICH && variant == 0)
                return strcmp(now->currency, "EUR") == 0 && now->available < 600 * UNIT;
        return holds(kind, variant, now, before) == 0;
}

static void observe(struct truth *truth, const struct sim_rules *rules, const struct world_card *seen)
{
        struct truth_card *card = &truth->cards[seen->card.id];
        const struct cw_card *before = &card->card;
        struct truth_card next = *card;

        if (card->known && card->card.customer != seen->card.customer)
                card->known = false;
        if (!card->known) {
                next = (struct truth_card){.known = true, .source = seen->source};
                before = NULL;
        }
        next.card = seen->card;
        next.missing = 0;
        for (int kind = 0; kind < KINDS; kind++) {
                int variant = rules->variant[kind];
                bool visible = !seen->card.suppressed || (kind == RICH && variant == 1);

                if (!rules->has[kind] || !visible)
                        next.fires[kind] = false;
                else if (next.fires[kind])
                        next.fires[kind] = !is_over(kind, variant, &seen->card, before);
                else
                        next.fires[kind] = holds(kind, variant, &seen->card, before) == 1;
        }
        *card = next;
}

static void set_aside(struct truth *truth, const struct world_card *seen)
{
        truth->cards[seen->card.id].missing = 0;
        for (size_t i = 0; i < truth->n_bad; i++)
                if (truth->bad[i].customer == seen->card.customer && truth->bad[i].card == seen->card.id) {
                        truth->bad[i].fires = true;
                        return;
                }
        if (truth->n_bad == CW_ARRAY_SIZE(truth->bad))
                abort();
        truth->bad[truth->n_bad++] = (struct truth_bad){true, seen->source, seen->card.customer, seen->card.id};
}

static bool brings(const struct world *world, size_t source, int64_t customer)
{
        for (size_t i = 0; i < world->n_customers; i++) {
                const struct world_customer *known = &world->customers[i];

                if (known->source == source && known->id == customer)
                        return !known->absent && !known->unread;
        }
        return false;
}

static const struct world_card *brought(const struct world *world, size_t source, int64_t id)
{
        for (size_t i = 0; i < world->n_cards; i++) {
                const struct world_card *card = &world->cards[i];

                if (card->card.id == id && card->source == source && !card->absent &&
                    brings(world, source, card->card.customer))
                        return card;
        }
        return NULL;
}

static bool is_complete(struct truth *truth, const struct world *world, size_t source)
{
        bool complete = true;

        for (size_t i = 0; i < world->n_customers; i++) {
                const struct world_customer *customer = &world->customers[i];
                uint64_t bit = UINT64_C(1) << customer->id;

                if (customer->source != source)
                        continue;
                if (brings(world, source, customer->id))
                        truth->customers[source] |= bit;
                else if (!customer->absent || (truth->customers[source] & bit))
                        complete = false;
        }
        return complete;
}

static bool is_failed(const struct world *world, const struct world_poll *poll)
{
        size_t good = 0, bad = 0;

        for (size_t i = 0; i < world->n_customers; i++) {
                const struct world_customer *customer = &world->customers[i];

                if (customer->source != poll->source || customer->absent)
                        continue;
                good += !customer->unread;
                bad += customer->unread;
        }
        return poll->failed || (good == 0 && bad > 0);
}

static void judge_bad(struct truth *truth, const struct world *world, size_t source)
{
        for (size_t i = 0; i < truth->n_bad; i++) {
                struct truth_bad *bad = &truth->bad[i];
                const struct world_card *card = brought(world, source, bad->card);

                if (bad->source == source && brings(world, source, bad->customer) &&
                    !(card && card->bad && card->card.customer == bad->customer))
                        bad->fires = false;
        }
}

static void decide(struct truth *truth, const struct sim_rules *rules, const struct world *world, size_t source)
{
        bool complete;

        for (size_t id = 0; id < WORLD_CARDS; id++) {
                const struct world_card *seen = brought(world, source, (int64_t)id);

                if (seen && seen->bad)
                        set_aside(truth, seen);
                else if (seen)
                        observe(truth, rules, seen);
        }
        complete = is_complete(truth, world, source);
        for (size_t id = 0; complete && id < WORLD_CARDS; id++) {
                struct truth_card *card = &truth->cards[id];

                if (card->known && card->source == source && !brought(world, source, (int64_t)id) &&
                    ++card->missing >= 2)
                        *card = (struct truth_card){0};
        }
        judge_bad(truth, world, source);
}

void truth_poll(struct truth *truth, const struct sim_rules *rules, const struct world *world,
                const struct world_poll *poll)
{
        size_t source = poll->source;

        truth->auth_failed[source] = poll->auth == CW_AUTH_FAILED;
        if (is_failed(world, poll)) {
                truth->failed_polls[source]++;
                truth->down[source] |= truth->failed_polls[source] >= 3;
                return;
        }
        truth->failed_polls[source] = 0;
        truth->down[source] = false;
        decide(truth, rules, world, source);
}

void truth_reload(struct truth *truth, const struct sim_rules *before, const struct sim_rules *after)
{
        for (size_t source = 0; source < SPEC_SOURCES; source++) {
                if (!before->spec.sources[source] || after->spec.sources[source])
                        continue;
                for (size_t id = 0; id < WORLD_CARDS; id++)
                        if (truth->cards[id].source == source)
                                truth->cards[id] = (struct truth_card){0};
                for (size_t i = 0; i < truth->n_bad; i++)
                        truth->bad[i].fires &= truth->bad[i].source != source;
                truth->customers[source] = 0;
                truth->failed_polls[source] = 0;
                truth->down[source] = truth->auth_failed[source] = false;
        }
        for (size_t id = 0; id < WORLD_CARDS; id++)
                for (int kind = 0; kind < KINDS; kind++)
                        truth->cards[id].fires[kind] &= after->has[kind];
}

static bool ought_to_fire(const struct truth *truth, const struct cw_entry *entry)
{
        for (int kind = 0; kind < KINDS; kind++) {
                const struct truth_card *card = &truth->cards[entry->card.id];

                if (entry->has_card && strcmp(entry->rule, names[kind]) == 0)
                        return card->known && card->fires[kind] && card->card.customer == entry->card.customer &&
                               strcmp(source_names[card->source], entry->source) == 0;
        }
        for (size_t source = 0; source < SPEC_SOURCES; source++) {
                if (strcmp(source_names[source], entry->source) != 0)
                        continue;
                if (strcmp(entry->rule, "source-down") == 0)
                        return truth->down[source];
                if (strcmp(entry->rule, "auth-failed") == 0)
                        return truth->auth_failed[source];
        }
        return true;
}

static size_t count(const struct truth *truth)
{
        size_t n = 0;

        for (size_t id = 0; id < WORLD_CARDS; id++)
                for (int kind = 0; kind < KINDS; kind++)
                        n += truth->cards[id].fires[kind];
        for (size_t i = 0; i < truth->n_bad; i++)
                n += truth->bad[i].fires;
        for (size_t source = 0; source < SPEC_SOURCES; source++)
                n += (size_t)truth->down[source] + truth->auth_failed[source];
        return n;
}

/* Those that the clock or deliveries decide are not part of this truth. */
static bool is_left_out(const struct cw_entry *entry)
{
        const char *rule = entry->rule;

        /* That a card changed its customer or currency is told for as long as one poll. */
        if (strcmp(rule, "bad-data") == 0 && strstr(entry->reason, "is another card than before"))
                return true;
        return strcmp(rule, "stale") == 0 || strcmp(rule, "notifier-failing") == 0 ||
               strcmp(rule, "store-failing") == 0;
}

void truth_compare(const struct truth *truth, struct world *world)
{
        const struct cw_entry *entry;
        size_t cursor = 0, n = 0;

        while (cw_engine_next_alert(world->engine, &cursor, &entry)) {
                if (is_left_out(entry))
                        continue;
                if (!ought_to_fire(truth, entry))
                        fail_msg("%s/%" PRId64 " of %s fires and ought not to", entry->rule, entry->card.id,
                                 entry->source);
                n++;
        }
        if (n != count(truth))
                fail_msg("%zu alerts fire, %zu ought to", n, count(truth));
}
