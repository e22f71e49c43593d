/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/rows.h"
#include "cardwatch/settings.h"

/* An alert that fires, or did: since when, and whether that counts. */
struct open_alert {
        struct cw_score_rule *rule;
        int64_t fired_at; /* 0: it does not fire */
        bool counts, flapping;
};

int cw_score_init(struct cw_score *score, const struct cw_settings *settings, int64_t from_at)
{
        const struct cw_ruleset *rules = settings->config->rules;

        *score = (struct cw_score){.settings = settings, .from_at = from_at};
        score->rules = calloc(rules->n_rules + 1, sizeof(*score->rules));
        score->messages = calloc(rules->n_notifiers + 1, sizeof(*score->messages));
        if (!score->rules || !score->messages)
                return -ENOMEM;
        for (; score->n_rules < rules->n_rules; score->n_rules++)
                score->rules[score->n_rules].name = rules->rules[score->n_rules].name;
        return 0;
}

void cw_score_deinit(struct cw_score *score)
{
        size_t cursor = 0;
        void *value;

        for (size_t i = 0; i < score->n_rules; i++)
                free(score->rules[i].lasted_ms);
        while (cw_map_next(&score->open, &cursor, NULL, &value))
                free(value);
        free(score->rules);
        free(score->messages);
        free(score->cards);
        cw_map_deinit(&score->open);
        cw_map_deinit(&score->cards_index);
        *score = (struct cw_score){0};
}

/* NULL: one of the daemon's own alerts. */
static struct cw_score_rule *rule_of(struct cw_score *score, const char *name)
{
        for (size_t i = 0; i < score->n_rules; i++)
                if (strcmp(score->rules[i].name, name) == 0)
                        return &score->rules[i];
        return NULL;
}

static struct open_alert *alert_of(struct cw_score *score, uint64_t fingerprint)
{
        struct open_alert *alert = cw_map_get(&score->open, fingerprint);

        if (alert)
                return alert;
        alert = calloc(1, sizeof(*alert));
        if (!alert || cw_map_put(&score->open, fingerprint, alert) < 0) {
                free(alert);
                score->error = -ENOMEM;
                return NULL;
        }
        return alert;
}

static size_t source_of(const struct cw_score *score, const char *name)
{
        const struct cw_config *config = score->settings->config;
        size_t source = 0;

        while (source < config->n_sources && strcmp(config->sources[source].name, name) != 0)
                source++;
        return source;
}

/* Ids are unique within a source: both make the key, mixed so that neither hides the other. */
static struct cw_score_card *card_of(struct cw_score *score, const struct cw_history_row *row)
{
        size_t source = source_of(score, row->source);
        uint64_t key = (uint64_t)row->card + (uint64_t)source * UINT64_C(0x9e3779b97f4a7c15);
        uintptr_t place = (uintptr_t)cw_map_get(&score->cards_index, key);

        if (place)
                return &score->cards[place - 1];
        if (score->n_cards == score->cards_capacity) {
                size_t capacity = score->cards_capacity ? score->cards_capacity * 2 : 64;
                struct cw_score_card *cards = reallocarray(score->cards, capacity, sizeof(*cards));

                if (!cards) {
                        score->error = -ENOMEM;
                        return NULL;
                }
                score->cards = cards;
                score->cards_capacity = capacity;
        }
        score->cards[score->n_cards] = (struct cw_score_card){
                .source = source, .card = row->card, .customer = row->customer};
        if (cw_map_put(&score->cards_index, key, (void *)(uintptr_t)(score->n_cards + 1)) < 0) {
                score->error = -ENOMEM;
                return NULL;
        }
        return &score->cards[score->n_cards++];
}

static void add_lasted(struct cw_score *score, struct cw_score_rule *rule, int64_t ms)
{
        if (rule->n_lasted == rule->capacity) {
                size_t capacity = rule->capacity ? rule->capacity * 2 : 16;
                int64_t *lasted_ms = reallocarray(rule->lasted_ms, capacity, sizeof(*lasted_ms));

                if (!lasted_ms) {
                        score->error = -ENOMEM;
                        return;
                }
                rule->lasted_ms = lasted_ms;
                rule->capacity = capacity;
        }
        rule->lasted_ms[rule->n_lasted++] = ms;
}

static void fired(struct cw_score *score, int64_t at, struct cw_score_rule *rule, const struct cw_history_row *row)
{
        struct open_alert *alert = alert_of(score, row->fingerprint);
        struct cw_score_card *card;

        if (!alert)
                return;
        alert->rule = rule;
        alert->fired_at = at;
        alert->counts = at >= score->from_at;
        if (!alert->counts)
                return;
        rule->alerts++;
        card = card_of(score, row);
        if (!card)
                return;
        card->alerts++;
        card->rule = rule->name;
}

static void resolved(struct cw_score *score, int64_t at, const struct cw_history_row *row)
{
        struct open_alert *alert = alert_of(score, row->fingerprint);

        if (!alert || !alert->fired_at)
                return;
        if (alert->counts)
                add_lasted(score, alert->rule, at - alert->fired_at);
        alert->fired_at = 0;
}

void cw_score_move(struct cw_score *score, int64_t at, const struct cw_history_row *row)
{
        struct cw_score_rule *rule = rule_of(score, row->rule);
        struct cw_score_card *card;

        if (!rule)
                return;
        if (strcmp(row->what, "firing") == 0) {
                fired(score, at, rule, row);
        } else if (strcmp(row->what, "resolved") == 0) {
                resolved(score, at, row);
        } else if (strcmp(row->what, "event") == 0 && at >= score->from_at) {
                rule->events++;
                card = card_of(score, row);
                if (card) {
                        card->events++;
                        card->rule = rule->name;
                }
        }
}

void cw_score_alert(struct cw_score *score, int64_t at, const struct cw_alert_row *row)
{
        struct cw_score_rule *rule = rule_of(score, row->rule);
        struct open_alert *alert = rule && row->flapping ? alert_of(score, row->fingerprint)
                                                         : cw_map_get(&score->open, row->fingerprint);

        if (!rule || !alert)
                return;
        rule->flaps += row->flapping && !alert->flapping && at >= score->from_at;
        alert->flapping = row->flapping;
}

void cw_score_message(struct cw_score *score, int64_t at, size_t notifier)
{
        score->messages[notifier] += at >= score->from_at;
}

static int by_length(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static int by_noise(const void *a, const void *b)
{
        const struct cw_score_card *x = a, *y = b;
        uint64_t one = (uint64_t)x->alerts + x->events, other = (uint64_t)y->alerts + y->events;

        if (one != other)
                return one < other ? 1 : -1;
        if (x->source != y->source)
                return x->source < y->source ? -1 : 1;
        return (x->card > y->card) - (x->card < y->card);
}

void cw_score_finish(struct cw_score *score, int64_t to_at)
{
        size_t cursor = 0;
        void *value;

        score->to_at = to_at;
        while (cw_map_next(&score->open, &cursor, NULL, &value)) {
                const struct open_alert *alert = value;

                if (!alert->fired_at || !alert->counts)
                        continue;
                alert->rule->firing++;
                add_lasted(score, alert->rule, to_at - alert->fired_at);
        }
        for (size_t i = 0; i < score->n_rules; i++)
                if (score->rules[i].n_lasted)
                        qsort(score->rules[i].lasted_ms, score->rules[i].n_lasted, sizeof(int64_t), by_length);
        if (score->n_cards)
                qsort(score->cards, score->n_cards, sizeof(*score->cards), by_noise);
}

int64_t cw_score_median_ms(const struct cw_score_rule *rule)
{
        return rule->n_lasted ? rule->lasted_ms[(rule->n_lasted - 1) / 2] : -1;
}

int64_t cw_score_longest_ms(const struct cw_score_rule *rule)
{
        return rule->n_lasted ? rule->lasted_ms[rule->n_lasted - 1] : -1;
}
