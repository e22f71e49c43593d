/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the ruleset knows the defaults already; what is written changes them. */
#include <string.h>

#include "compose.h"

static const struct cw_table *table_of(enum cw_builtin_kind kind)
{
        switch (kind) {
        case CW_BUILTIN_SOURCE_DOWN:
                return &cw_schema_after_polls;
        case CW_BUILTIN_NOTIFIER_FAILING:
                return &cw_schema_after_time;
        default:
                return &cw_schema_graded;
        }
}

static void compose(struct cw_composer *composer, enum cw_builtin_kind kind, const struct cw_node *node)
{
        struct cw_where top = {NULL, "builtin", 0}, where = {&top, cw_builtin_name(kind), 0};
        struct cw_builtin *builtin = &composer->rules->builtins[kind];
        struct cw_builtin_draft draft = {
                .enabled = builtin->enabled,
                .severity = builtin->severity,
                .after_polls = builtin->after_polls,
                .after_ms = builtin->after_ms,
        };

        if (node->kind == CW_NODE_SCALAR) {
                if (strcmp(node->text, "off") == 0)
                        builtin->enabled = false;
                else
                        cw_reader_complain(composer->reader, node,
                                           "\"%s\" must be off, or a mapping such as {severity: info}",
                                           cw_builtin_name(kind));
                return;
        }
        cw_schema_read(composer->reader, table_of(kind), node, &where, &draft);
        builtin->enabled = draft.enabled;
        builtin->severity = draft.severity;
        builtin->after_polls = draft.after_polls;
        builtin->after_ms = draft.after_ms;
}

void cw_compose_builtins(struct cw_composer *composer)
{
        for (unsigned i = 0; i < CW_BUILTIN_COUNT; i++)
                if (composer->draft->builtin[i])
                        compose(composer, (enum cw_builtin_kind)i, composer->draft->builtin[i]);
}
