/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: of each text it is kept where its lines and its tags stand in the file, because mistakes of templates are at
 * tags; what is between is counted on from the one before.
 */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

enum { MARKS_MAX = 1000 };

struct mark {
        size_t offset; /* in the text */
        unsigned line, column;
};

struct place {
        char *file;
        struct mark *marks;
        size_t n;
        bool vague; /* the text is written so that only its beginning can be told */
};

struct cw_config_places {
        struct place *places[CW_TEXT_KINDS];
        size_t n[CW_TEXT_KINDS];
};

static const char *const keys[] = {
        [CW_TEXT_SUMMARY] = "summary",
        [CW_TEXT_DESCRIPTION] = "description",
        [CW_TEXT_TITLE] = "title",
        [CW_TEXT_BODY] = "body",
};

CW_DEFINE_CLEANUP(struct cw_config_places *, cw_places_free);

void cw_places_free(struct cw_config_places *places)
{
        for (unsigned kind = 0; places && kind < CW_TEXT_KINDS; kind++) {
                for (size_t i = 0; i < places->n[kind]; i++) {
                        free(places->places[kind][i].file);
                        free(places->places[kind][i].marks);
                }
                free(places->places[kind]);
        }
        free(places);
}

static bool is_marked(const char *text, size_t at)
{
        return at == 0 || text[at - 1] == '\n' || (text[at] == '{' && text[at + 1] == '{' && text[at - 1] != '{');
}

static int remember(const struct cw_node *node, struct place *place)
{
        size_t n = 1;

        for (size_t i = 1; i < node->len && n < MARKS_MAX; i++)
                n += is_marked(node->text, i);
        place->file = strdup(node->document->name);
        place->marks = calloc(n, sizeof(*place->marks));
        if (!place->file || !place->marks)
                return -ENOMEM;
        place->vague = node->style == CW_STYLE_FOLDED;
        for (size_t i = 0; place->n < n && (i == 0 || i < node->len); i++) {
                struct cw_span span;

                if (!is_marked(node->text, i))
                        continue;
                span = cw_node_locate(node, i, 0);
                place->marks[place->n++] = (struct mark){i, span.line, span.column};
        }
        return 0;
}

/* The i-th value of `templates` that was taken over: those that were wrong are not here any more. */
static const struct cw_node *node_of(const struct cw_draft *draft, const struct cw_node *root, unsigned kind, size_t i)
{
        switch (kind) {
        case CW_TEXT_PARTIAL:
                return cw_node_get(cw_node_get(root, "templates"), draft->config.templates[i].name);
        case CW_TEXT_SUMMARY:
        case CW_TEXT_DESCRIPTION:
                return cw_node_get(draft->rules[i].node, keys[kind]);
        default:
                return cw_node_get(draft->notifiers[i].node, keys[kind]);
        }
}

static int fill(const struct cw_draft *draft, const struct cw_node *root, unsigned kind, size_t n,
                struct cw_config_places *places)
{
        places->places[kind] = calloc(n + 1, sizeof(*places->places[kind]));
        if (!places->places[kind])
                return -ENOMEM;
        places->n[kind] = n;
        for (size_t i = 0; i < n; i++) {
                const struct cw_node *node = node_of(draft, root, kind, i);

                if (node && remember(node, &places->places[kind][i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int cw_places_new(const struct cw_draft *draft, const struct cw_node *root, struct cw_config_places **ret_places)
{
        cw_cleanup(cw_places_free_cleanup) struct cw_config_places *places = calloc(1, sizeof(*places));
        const size_t n[] = {draft->config.n_templates, draft->n_rules, draft->n_rules, draft->n_notifiers,
                            draft->n_notifiers};

        if (!places)
                return -ENOMEM;
        for (unsigned kind = 0; kind < CW_TEXT_KINDS; kind++)
                if (fill(draft, root, kind, n[kind], places) < 0)
                        return -ENOMEM;
        *ret_places = cw_take(places);
        return 0;
}

size_t cw_config_text_count(const struct cw_config *config, enum cw_config_text kind)
{
        return config->places->n[kind];
}

const char *cw_config_text(const struct cw_config *config, enum cw_config_text kind, size_t i)
{
        switch (kind) {
        case CW_TEXT_PARTIAL:
                return config->templates[i].value;
        case CW_TEXT_SUMMARY:
                return config->rules->rules[i].summary;
        case CW_TEXT_DESCRIPTION:
                return config->rules->rules[i].description;
        case CW_TEXT_TITLE:
                return config->notifiers[i].title;
        default:
                return config->notifiers[i].body;
        }
}

bool cw_config_text_place(const struct cw_config *config, enum cw_config_text kind, size_t i, size_t offset,
                          struct cw_config_place *ret_place)
{
        const struct place *place = &config->places->places[kind][i];
        const char *text = cw_config_text(config, kind, i);
        const struct mark *mark;
        unsigned characters = 0;

        if (!place->file)
                return false;
        mark = place->marks;
        for (size_t k = 1; k < place->n && place->marks[k].offset <= offset; k++)
                mark = &place->marks[k];
        for (size_t at = mark->offset; !place->vague && text && at < offset && text[at]; characters++)
                at += cw_text_prefix(text + at, strlen(text + at), 1);
        *ret_place = (struct cw_config_place){place->file, mark->line, mark->column + characters};
        return true;
}
