/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: templates are looked at while the files are still there, so that a mistake in one is told with all others, from
 * the node it stands in: its place and its line need not be remembered.
 */
#include "texts.h"

#include <errno.h>

static const char *const keys[] = {
        [CW_TEXT_SUMMARY] = "summary",
        [CW_TEXT_DESCRIPTION] = "description",
        [CW_TEXT_TITLE] = "title",
        [CW_TEXT_BODY] = "body",
};

size_t cw_config_text_count(const struct cw_config_texts *texts, enum cw_config_text kind)
{
        switch (kind) {
        case CW_TEXT_PARTIAL:
                return texts->draft->config.n_templates;
        case CW_TEXT_SUMMARY:
        case CW_TEXT_DESCRIPTION:
                return texts->draft->n_rules;
        default:
                return texts->draft->n_notifiers;
        }
}

const char *cw_config_text(const struct cw_config_texts *texts, enum cw_config_text kind, size_t i)
{
        switch (kind) {
        case CW_TEXT_PARTIAL:
                return texts->draft->config.templates[i].value;
        case CW_TEXT_SUMMARY:
                return texts->draft->rules[i].rule.summary;
        case CW_TEXT_DESCRIPTION:
                return texts->draft->rules[i].rule.description;
        case CW_TEXT_TITLE:
                return texts->draft->notifiers[i].notifier.title;
        default:
                return texts->draft->notifiers[i].notifier.body;
        }
}

const char *cw_config_text_name(const struct cw_config_texts *texts, size_t i)
{
        return texts->draft->config.templates[i].name;
}

/* The i-th value of `templates` that was taken over: those that were wrong are not here any more. */
static const struct cw_node *node_of(const struct cw_config_texts *texts, enum cw_config_text kind, size_t i)
{
        switch (kind) {
        case CW_TEXT_PARTIAL:
                return cw_node_get(cw_node_get(texts->root, "templates"), cw_config_text_name(texts, i));
        case CW_TEXT_SUMMARY:
        case CW_TEXT_DESCRIPTION:
                return cw_node_get(texts->draft->rules[i].node, keys[kind]);
        default:
                return cw_node_get(texts->draft->notifiers[i].node, keys[kind]);
        }
}

void cw_config_text_complain(struct cw_config_texts *texts, enum cw_config_text kind, size_t i, size_t offset,
                             const char *message)
{
        const struct cw_node *node = node_of(texts, kind, i);

        if (!node)
                node = texts->root;
        cw_reader_complain_at(texts->reader, node->document, cw_node_locate(node, offset, 0), "%s", message);
}

void cw_texts_check(struct cw_reader *reader, const struct cw_draft *draft, const struct cw_node *root,
                    cw_config_text_check *check)
{
        struct cw_config_texts texts = {.reader = reader, .draft = draft, .root = root};

        if (check(&texts) < 0)
                reader->error = -ENOMEM;
}
