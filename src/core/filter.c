/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what an alert says of itself is asked first, its card last, by what matches cards for rules too. */
#include "cardwatch/filter.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/hash.h"
#include "cardwatch/notice.h"

static bool has_rule(const struct cw_filter *filter, const char *rule)
{
        for (size_t i = 0; i < filter->n_rules; i++)
                if (strcmp(filter->rules[i], rule) == 0)
                        return true;
        return filter->n_rules == 0;
}

static bool has_label(const struct cw_entry *entry, const struct cw_label *wanted)
{
        for (size_t i = 0; i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, wanted->name) == 0)
                        return strcmp(entry->labels[i].value, wanted->value) == 0;
        return false;
}

static bool has_source(const struct cw_match *cards, const char *source)
{
        for (size_t i = 0; i < cards->n_sources; i++)
                if (strcmp(cards->sources[i], source) == 0)
                        return true;
        return cards->n_sources == 0;
}

static bool is_about_cards(const struct cw_match *cards)
{
        return cards->n_customers || cards->n_references || cards->n_currencies || cards->n_cards;
}

bool cw_filter_holds(const struct cw_filter *filter, const struct cw_entry *entry)
{
        if (filter->severities && !(filter->severities & (1u << entry->severity)))
                return false;
        if (!has_rule(filter, entry->rule))
                return false;
        for (size_t i = 0; i < filter->n_labels; i++)
                if (!has_label(entry, &filter->labels[i]))
                        return false;
        if (entry->has_card)
                return cw_match_card(&filter->cards, entry->source, &entry->card);
        return !is_about_cards(&filter->cards) && has_source(&filter->cards, entry->source);
}

bool cw_filter_is_everything(const struct cw_filter *filter)
{
        return !filter->severities && !filter->n_rules && !filter->n_labels && !filter->cards.n_sources &&
               !is_about_cards(&filter->cards);
}

static void hash_texts(struct cw_hash *hash, char *const *texts, size_t n)
{
        cw_hash_u64(hash, n);
        for (size_t i = 0; i < n; i++)
                cw_hash_string(hash, texts[i]);
}

static void hash_ids(struct cw_hash *hash, const int64_t *ids, size_t n)
{
        cw_hash_u64(hash, n);
        for (size_t i = 0; i < n; i++)
                cw_hash_u64(hash, (uint64_t)ids[i]);
}

void cw_filter_hash(const struct cw_filter *filter, struct cw_hash *hash)
{
        const struct cw_match *cards = &filter->cards;

        cw_hash_u64(hash, filter->severities);
        hash_texts(hash, filter->rules, filter->n_rules);
        hash_texts(hash, cards->sources, cards->n_sources);
        hash_ids(hash, cards->customers, cards->n_customers);
        hash_texts(hash, cards->references, cards->n_references);
        hash_texts(hash, cards->currencies, cards->n_currencies);
        hash_ids(hash, cards->cards, cards->n_cards);
        cw_hash_u64(hash, filter->n_labels);
        for (size_t i = 0; i < filter->n_labels; i++) {
                cw_hash_string(hash, filter->labels[i].name);
                cw_hash_string(hash, filter->labels[i].value);
        }
}

void cw_filter_deinit(struct cw_filter *filter)
{
        for (size_t i = 0; i < filter->n_rules; i++)
                free(filter->rules[i]);
        free(filter->rules);
        for (size_t i = 0; i < filter->n_labels; i++) {
                free(filter->labels[i].name);
                free(filter->labels[i].value);
        }
        free(filter->labels);
        cw_match_deinit(&filter->cards);
        *filter = (struct cw_filter){0};
}
