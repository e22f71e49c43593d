/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/preview.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/expr.h"
#include "rule_judge.h"
#include "rule_params.h"

/* The line of a rule and currency; lines of one rule stay together. */
static struct cw_preview_line *line_of(struct cw_preview *preview, const struct cw_rule *rule, const char *currency)
{
        struct cw_preview_line *lines;
        size_t place = preview->n_lines;

        for (size_t i = 0; i < preview->n_lines; i++) {
                if (preview->lines[i].rule == rule && strcmp(preview->lines[i].currency, currency) == 0)
                        return &preview->lines[i];
                if (preview->lines[i].rule > rule && place == preview->n_lines)
                        place = i;
        }
        lines = reallocarray(preview->lines, preview->n_lines + 1, sizeof(*lines));
        if (!lines)
                return NULL;
        preview->lines = lines;
        memmove(&lines[place + 1], &lines[place], (preview->n_lines - place) * sizeof(*lines));
        preview->n_lines++;
        lines[place] = (struct cw_preview_line){.rule = rule};
        memcpy(lines[place].currency, currency, sizeof(lines[place].currency));
        return &lines[place];
}

static void keep_example(struct cw_preview_line *line, const struct cw_card *card)
{
        size_t place = line->n_examples;

        while (place > 0 && line->examples[place - 1].available > card->available)
                place--;
        if (place == CW_PREVIEW_EXAMPLES)
                return;
        if (line->n_examples < CW_PREVIEW_EXAMPLES)
                line->n_examples++;
        memmove(&line->examples[place + 1], &line->examples[place],
                (line->n_examples - place - 1) * sizeof(line->examples[0]));
        line->examples[place] = *card;
        line->examples[place].reference = NULL; /* it dies with its page */
}

/* The rule's match but for what it says, or does not say, of deactivated cards. */
static bool matches_otherwise(const struct cw_rule *rule, const char *source, const struct cw_card *card)
{
        struct cw_card active = *card;

        active.suppressed = rule->match.suppressed == CW_SUPPRESSED_TRUE;
        return cw_match_card(&rule->match, source, &active);
}

static int add(struct cw_preview *preview, const struct cw_rule *rule, const char *source, const struct cw_card *card)
{
        struct cw_value params[CW_RULE_PARAMS_MAX];
        struct cw_expr_context context = {.now = card, .source = source, .params = params};
        bool visible = cw_match_card(&rule->match, source, card) && (rule->sees_suppressed || !card->suppressed);
        struct cw_preview_line *line;
        enum cw_truth truth;

        if (!visible && !(card->suppressed && matches_otherwise(rule, source, card)))
                return 0;
        cw_rule_params(rule, source, card, params);
        truth = cw_rule_judge(rule, &context, CW_SEVERITY_NONE).truth;
        line = line_of(preview, rule, card->currency);
        if (!line)
                return -ENOMEM;
        if (truth == CW_UNKNOWN) {
                line->unknown += visible;
        } else if (truth == CW_TRUE && !visible) {
                line->deactivated++;
        } else if (truth == CW_TRUE) {
                line->would_fire++;
                line->never_funded += card->available == 0 && card->pending == 0 && card->total == 0;
                keep_example(line, card);
        }
        return 0;
}

int cw_preview_add(struct cw_preview *preview, const struct cw_ruleset *rules, const char *source,
                   const struct cw_card *card)
{
        for (size_t i = 0; i < rules->n_rules; i++) {
                const struct cw_rule *rule = &rules->rules[i];

                if (rule->enabled && !rule->on && add(preview, rule, source, card) < 0)
                        return -ENOMEM;
        }
        return 0;
}

void cw_preview_deinit(struct cw_preview *preview)
{
        free(preview->lines);
        *preview = (struct cw_preview)CW_PREVIEW_NULL;
}
