/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: which cards a rule or an override is about. Each list that says anything must hold the card's value; what is
 * cheap and rarely holds is asked first. Whether a rule looks at deactivated cards at all is the rule's
 * (sees_suppressed).
 */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/rules.h"
#include "cardwatch/text.h"

static bool has_id(const int64_t *ids, size_t n, int64_t id)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (ids[middle] == id)
                        return true;
                if (ids[middle] < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

static bool has_text(char *const *texts, size_t n, const char *text)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(texts[i], text) == 0)
                        return true;
        return false;
}

/* A customer without a reference matches no pattern, not even `*`: there is nothing that could. */
static bool has_glob(char *const *globs, size_t n, const char *text)
{
        for (size_t i = 0; text && i < n; i++)
                if (cw_text_glob(globs[i], text))
                        return true;
        return false;
}

static bool suppressed_holds(enum cw_suppressed_match wanted, bool suppressed)
{
        switch (wanted) {
        case CW_SUPPRESSED_FALSE:
                return !suppressed;
        case CW_SUPPRESSED_TRUE:
                return suppressed;
        case CW_SUPPRESSED_UNSAID:
        case CW_SUPPRESSED_ANY:
                break;
        }
        return true;
}

bool cw_match_card(const struct cw_match *match, const char *source, const struct cw_card *card)
{
        if (!suppressed_holds(match->suppressed, card->suppressed))
                return false;
        if (match->n_cards > 0 && !has_id(match->cards, match->n_cards, card->id))
                return false;
        if (match->n_customers > 0 && !has_id(match->customers, match->n_customers, card->customer))
                return false;
        if (match->n_currencies > 0 && !has_text(match->currencies, match->n_currencies, card->currency))
                return false;
        if (match->n_sources > 0 && !has_text(match->sources, match->n_sources, source))
                return false;
        return match->n_references == 0 || has_glob(match->references, match->n_references, card->reference);
}

static void free_texts(char **texts, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
        free(texts);
}

void cw_match_deinit(struct cw_match *match)
{
        free_texts(match->sources, match->n_sources);
        free(match->customers);
        free_texts(match->references, match->n_references);
        free_texts(match->currencies, match->n_currencies);
        free(match->cards);
        *match = (struct cw_match){0};
}
