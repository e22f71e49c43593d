/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a rule opens alerts by one condition or by levels, or tells an event; an event has no life, so that whatever
 * speaks of one is refused with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/value.h"
#include "compose_rule.h"

struct compiling {
        struct cw_composer *composer;
        const struct cw_rule *rule;
        bool is_event;
};

static struct cw_expr *compile(const struct compiling *compiling, const struct cw_node *node)
{
        struct cw_reader *reader = compiling->composer->reader;
        const struct cw_rule *rule = compiling->rule;
        cw_autofree enum cw_value_type *types = cw_reader_alloc(reader, rule->n_params, sizeof(*types));
        struct cw_expr_scope scope = {
                .params = {rule->n_params, (const char *const *)rule->param_names, types},
                .is_event = compiling->is_event,
        };
        struct cw_expr_error error = {0};
        struct cw_expr *expr = NULL;
        int r;

        if (!types || node->bad)
                return NULL;
        if (node->kind != CW_NODE_SCALAR) {
                cw_reader_complain(reader, node, "an expression must be a text");
                return NULL;
        }
        for (size_t i = 0; i < rule->n_params; i++)
                types[i] = rule->params[i].type;
        r = cw_expr_compile(node->text, &scope, &expr, &error);
        if (r == -EINVAL)
                cw_reader_complain_at(reader, node->document, cw_node_locate(node, error.offset, error.len), "%s",
                                      error.message);
        else if (r < 0)
                reader->error = r;
        return r < 0 ? NULL : expr;
}

static bool is_meant(const struct cw_rule_draft *draft)
{
        static const char *const keys[] = {"when", "levels", "on"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(keys); i++)
                if (cw_node_key_meant(draft->node, keys[i]))
                        return true;
        return false;
}

static void check_kind(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_where *where)
{
        const struct cw_node *when = cw_node_key(draft->node, "when"), *on = cw_node_key(draft->node, "on");
        const struct cw_node *levels = cw_node_key(draft->node, "levels");
        const struct cw_node *severity = cw_node_key(draft->node, "severity");

        if (when && on)
                cw_reader_complain(composer->reader, on, "\"when\" and \"on\" exclude each other");
        if (when && levels)
                cw_reader_complain(composer->reader, levels,
                                   "\"when\" and \"levels\" exclude each other: write the condition as one of the "
                                   "levels");
        if (levels && on)
                cw_reader_complain(composer->reader, levels,
                                   "\"levels\" and \"on\" exclude each other: an event has one severity");
        if (levels && severity)
                cw_reader_complain(composer->reader, severity,
                                   "\"severity\" says nothing beside \"levels\": each of them has its own");
        if (!is_meant(draft) && draft->node->kind == CW_NODE_MAPPING)
                cw_reader_complain(composer->reader, draft->node, "rules[%zu] needs \"when\", \"levels\" or \"on\"",
                                   where->index);
}

/* What an event cannot have, each with the reason. */
static void check_event(struct cw_composer *composer, const struct cw_node *rule)
{
        static const struct {
                const char *key, *reason;
        } refused[] = {
                {"clear", "an event ends nothing"},
                {"for", "an event is told when it is seen, and lasts no time"},
                {"keep_firing_for", "an event does not go on firing"},
                {"arm", "an event has no state that could be clear"},
                {"confirm", "what has happened cannot be seen happening a second time"},
                {"flap", "an event does not come and go; to hear of fewer, say more in \"on\""},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(refused); i++) {
                const struct cw_node *key = cw_node_key(rule, refused[i].key);

                if (key)
                        cw_reader_complain(composer->reader, key, "\"%s\" goes with \"when\" or \"levels\": %s",
                                           refused[i].key, refused[i].reason);
        }
}

struct level_list {
        struct cw_level_draft *items;
        size_t n;
};

static const struct cw_row list_row = {
        .name = "levels",
        .type = CW_ROW_LIST,
        .offset = offsetof(struct level_list, items),
        .count = offsetof(struct level_list, n),
        .table = &cw_schema_level,
};

static void check_severities(struct cw_composer *composer, const struct level_list *list)
{
        const struct cw_node *first[CW_SEVERITY_CRITICAL + 1] = {NULL};

        for (size_t i = 0; i < list->n; i++) {
                const struct cw_node *severity = cw_node_get(list->items[i].node, "severity");

                if (!severity || list->items[i].severity == CW_SEVERITY_NONE)
                        continue;
                if (first[list->items[i].severity])
                        cw_reader_complain(composer->reader, severity,
                                           "there is another level \"%s\" (line %u): join their conditions with `or`",
                                           severity->text, first[list->items[i].severity]->span.line);
                else
                        first[list->items[i].severity] = severity;
        }
}

static int compare_levels(const void *a, const void *b)
{
        return (int)((const struct cw_level *)a)->severity - (int)((const struct cw_level *)b)->severity;
}

static void compose_levels(const struct compiling *compiling, const struct cw_node *node, const struct cw_where *where,
                           struct cw_rule *rule)
{
        struct cw_reader *reader = compiling->composer->reader;
        struct cw_where here = {where, "levels", 0};
        struct level_list list = {0};

        if (node->kind == CW_NODE_SEQUENCE && node->n_items == 0)
                cw_reader_complain(reader, node, "\"levels\" must not be empty");
        cw_schema_read_list(reader, &list_row, node, &here, &list);
        check_severities(compiling->composer, &list);
        rule->levels = cw_reader_alloc(reader, list.n, sizeof(*rule->levels));
        for (size_t i = 0; rule->levels && i < list.n; i++) {
                struct cw_level *level = &rule->levels[rule->n_levels++];

                level->severity = list.items[i].severity;
                if (list.items[i].when)
                        level->when = compile(compiling, list.items[i].when);
        }
        if (rule->n_levels > 1)
                qsort(rule->levels, rule->n_levels, sizeof(*rule->levels), compare_levels);
        free(list.items);
}

static void compose_flap(struct cw_composer *composer, const struct cw_node *node, const struct cw_where *where,
                         struct cw_rule *rule)
{
        struct cw_where here = {where, "flap", 0};

        cw_schema_defaults(composer->reader, &cw_schema_flap, &rule->flap);
        if (!node)
                return;
        if (node->kind == CW_NODE_SCALAR && strcmp(node->text, "off") == 0)
                rule->flap = (struct cw_flap){0};
        else if (node->kind != CW_NODE_MAPPING)
                cw_reader_complain(composer->reader, node,
                                   "\"flap\" must be off, or a mapping such as {limit: 5, window: 1h}");
        else
                cw_schema_read(composer->reader, &cw_schema_flap, node, &here, &rule->flap);
        rule->flap_critical = rule->flap;
}

void cw_compose_life(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_where *where,
                     struct cw_rule *rule)
{
        struct compiling condition = {composer, rule, false}, event = {composer, rule, true};

        check_kind(composer, draft, where);
        if (draft->on && !draft->when && !draft->levels)
                check_event(composer, draft->node);
        if (draft->when)
                rule->when = compile(&condition, draft->when);
        if (draft->levels)
                compose_levels(&condition, draft->levels, where, rule);
        if (draft->clear)
                rule->clear = compile(&condition, draft->clear);
        if (draft->on)
                rule->on = compile(&event, draft->on);
        compose_flap(composer, draft->flap, where, rule);
        rule->arm_after_clear = draft->arm != 0;
}
