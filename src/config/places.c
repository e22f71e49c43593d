/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one row for each text; a text whose source is the same bytes on one line can be pointed into. */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

static const char *const keys[] = {"summary", "description"};

struct place {
        char *file;
        unsigned line, column;
        bool straight; /* every character of the text is one of the line */
};

struct cw_config_places {
        size_t n_rules;
        struct place places[]; /* for each rule, those of `keys` */
};

CW_DEFINE_CLEANUP(struct cw_config_places *, cw_places_free);

void cw_places_free(struct cw_config_places *places)
{
        for (size_t i = 0; places && i < places->n_rules * CW_ARRAY_SIZE(keys); i++)
                free(places->places[i].file);
        free(places);
}

static int remember(const struct cw_node *node, struct place *place)
{
        struct cw_span first = cw_node_locate(node, 0, 1), last = cw_node_locate(node, node->len, 0);
        size_t characters = 0;

        for (size_t i = 0; i < node->len; characters++)
                i += cw_text_prefix(node->text + i, node->len - i, 1);
        place->line = first.line;
        place->column = first.column;
        place->straight = first.line == last.line && last.column - first.column == characters;
        place->file = strdup(node->document->name);
        return place->file ? 0 : -ENOMEM;
}

int cw_places_new(const struct cw_draft *draft, struct cw_config_places **ret_places)
{
        cw_cleanup(cw_places_free_cleanup) struct cw_config_places *places = NULL;

        places = calloc(1, sizeof(*places) + draft->n_rules * CW_ARRAY_SIZE(keys) * sizeof(*places->places));
        if (!places)
                return -ENOMEM;
        places->n_rules = draft->n_rules;
        for (size_t i = 0; i < draft->n_rules; i++)
                for (size_t j = 0; j < CW_ARRAY_SIZE(keys); j++) {
                        const struct cw_node *node = cw_node_get(draft->rules[i].node, keys[j]);

                        if (node && remember(node, &places->places[i * CW_ARRAY_SIZE(keys) + j]) < 0)
                                return -ENOMEM;
                }
        *ret_places = cw_take(places);
        return 0;
}

bool cw_config_rule_place(const struct cw_config *config, size_t rule, const char *key, size_t offset,
                          struct cw_config_place *ret_place)
{
        const struct cw_rule *meant = &config->rules->rules[rule];
        const char *texts[] = {meant->summary, meant->description};

        for (size_t j = 0; j < CW_ARRAY_SIZE(keys); j++) {
                const struct place *place = &config->places->places[rule * CW_ARRAY_SIZE(keys) + j];
                unsigned characters = 0;

                if (strcmp(keys[j], key) != 0 || !place->file)
                        continue;
                for (size_t i = 0; place->straight && texts[j] && i < offset && texts[j][i]; characters++)
                        i += cw_text_prefix(texts[j] + i, strlen(texts[j] + i), 1);
                *ret_place = (struct cw_config_place){place->file, place->line, place->column + characters};
                return true;
        }
        return false;
}
