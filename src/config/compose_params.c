/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: parameters are kept in the order of their names, so that the order in which they were written means nothing; an
 * override has a place for each of them and says which it sets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/text.h"
#include "cardwatch/value.h"
#include "compose_rule.h"

/* A text that is no literal is itself the value. */
static bool read_value(struct cw_reader *reader, const struct cw_node *node, struct cw_value *ret_value)
{
        struct cw_expr_error error;
        int r;

        if (node->bad)
                return false;
        if (node->kind != CW_NODE_SCALAR || cw_node_is_null(node)) {
                cw_reader_complain(reader, node, "a parameter must be a number, an amount, a duration or a text");
                return false;
        }
        r = cw_value_parse(node->text, node->len, ret_value, &error);
        if (r == -EINVAL)
                r = cw_value_string(node->text, node->len, ret_value);
        if (r < 0)
                reader->error = r;
        return r == 0;
}

static bool check_name(struct cw_reader *reader, const struct cw_node *key)
{
        int r = cw_expr_check_name(key->text);

        if (r == -EEXIST)
                cw_reader_complain(reader, key, "\"%s\" has a meaning of its own in expressions", key->text);
        else if (r < 0)
                cw_reader_complain(reader, key, "\"%s\" cannot be the name of a parameter (a-z, 0-9 and _)", key->text);
        return r == 0;
}

struct pair {
        const struct cw_node *key, *value;
};

static int compare(const void *a, const void *b)
{
        return strcmp(((const struct pair *)a)->key->text, ((const struct pair *)b)->key->text);
}

static void build_params(struct cw_reader *reader, const struct cw_node *node, struct cw_rule *rule)
{
        cw_autofree struct pair *pairs = NULL;

        if (node->n_items > CW_RULE_PARAMS_MAX) {
                cw_reader_complain(reader, node, "\"params\" holds %zu values, at most %d are possible", node->n_items,
                                   CW_RULE_PARAMS_MAX);
                return;
        }
        pairs = cw_reader_alloc(reader, node->n_items, sizeof(*pairs));
        rule->param_names = cw_reader_alloc(reader, node->n_items, sizeof(*rule->param_names));
        rule->params = cw_reader_alloc(reader, node->n_items, sizeof(*rule->params));
        if (!pairs || !rule->param_names || !rule->params)
                return;
        for (size_t i = 0; i < node->n_items; i++)
                pairs[i] = (struct pair){node->keys[i], node->items[i]};
        if (node->n_items > 1)
                qsort(pairs, node->n_items, sizeof(*pairs), compare);
        for (size_t i = 0; i < node->n_items; i++) {
                size_t at = rule->n_params;

                if (!check_name(reader, pairs[i].key) || !read_value(reader, pairs[i].value, &rule->params[at]))
                        continue;
                rule->n_params++;
                rule->param_names[at] = cw_reader_dup(reader, pairs[i].key->text);
                if (!rule->param_names[at])
                        return;
        }
}

/* An amount and a number go together as in a comparison: a plain number is in the card's currency. */
bool cw_compose_fits(const struct cw_value *param, struct cw_value *value)
{
        if (param->type == CW_VALUE_AMOUNT && value->type == CW_VALUE_NUMBER)
                value->type = CW_VALUE_AMOUNT;
        return value->type == param->type || (param->type == CW_VALUE_NUMBER && value->type == CW_VALUE_AMOUNT);
}

static size_t find_param(const struct cw_rule *rule, const char *name)
{
        size_t i = 0;

        while (i < rule->n_params && strcmp(rule->param_names[i], name) != 0)
                i++;
        return i;
}

struct overriding {
        struct cw_reader *reader;
        const struct cw_rule *rule;
        const struct cw_node *given; /* the rule's own params, for names that were themselves wrong */
        const struct cw_where *where;
};

static void complain_unknown(const struct overriding *overriding, const struct cw_node *key)
{
        const struct cw_rule *rule = overriding->rule;
        const char *nearest;
        struct cw_buf place = CW_BUF_NULL;

        if (cw_node_get(overriding->given, key->text))
                return;
        nearest = cw_text_nearest(key->text, (const char *const *)rule->param_names, rule->n_params);
        cw_where_format(&place, overriding->where);
        cw_reader_complain(overriding->reader, key, "unknown parameter \"%s\" in %s.params%s%s%s", key->text,
                           cw_buf_text(&place), nearest ? " (did you mean \"" : "", nearest ? nearest : "",
                           nearest ? "\"?)" : "");
        cw_buf_deinit(&place);
}

static void override_param(const struct overriding *overriding, const struct cw_node *key, const struct cw_node *node,
                           struct cw_override *override)
{
        const struct cw_rule *rule = overriding->rule;
        size_t i = find_param(rule, key->text);
        struct cw_value value = {0};

        if (i == rule->n_params) {
                complain_unknown(overriding, key);
                return;
        }
        if (!read_value(overriding->reader, node, &value))
                return;
        if (!cw_compose_fits(&rule->params[i], &value)) {
                cw_reader_complain(overriding->reader, node, "\"%s\" is %s in the rule's params, and here %s",
                                   key->text, cw_value_type_name(rule->params[i].type), cw_value_type_name(value.type));
                cw_value_deinit(&value);
                return;
        }
        override->params[i] = value;
        override->given[i] = true;
}

static void complain_needs(const struct overriding *overriding, const struct cw_node *node, const char *what)
{
        struct cw_buf place = CW_BUF_NULL;

        cw_where_format(&place, overriding->where);
        cw_reader_complain(overriding->reader, node, "%s needs %s", cw_buf_text(&place), what);
        cw_buf_deinit(&place);
}

/* Either cards and values, or a file of both. */
static void check_kind(const struct overriding *overriding, const struct cw_node *node)
{
        static const char *const keys[] = {"match", "params"};
        bool match = cw_node_key_meant(node, "match"), params = cw_node_key_meant(node, "params");

        if (node->kind != CW_NODE_MAPPING)
                return;
        for (size_t i = 0; cw_node_key(node, "csv") && i < CW_ARRAY_SIZE(keys); i++)
                if (cw_node_key(node, keys[i]))
                        cw_reader_complain(overriding->reader, cw_node_key(node, keys[i]),
                                           "\"%s\" cannot stand beside \"csv\": the file says it for each row; make it "
                                           "another override",
                                           keys[i]);
        if (cw_node_key_meant(node, "csv"))
                return;
        if (!match && !params)
                complain_needs(overriding, node, "\"match\" and \"params\", or \"csv\"");
        else if (!match || !params)
                complain_needs(overriding, node, match ? "\"params\"" : "\"match\"");
}

static void build_override(struct cw_composer *composer, const struct overriding *overriding,
                           struct cw_override_draft *draft, struct cw_override *override)
{
        const struct cw_node *params = draft->params;

        check_kind(overriding, draft->node);
        cw_compose_match(composer, cw_node_get(draft->node, "match"), &draft->match);
        override->match = draft->match;
        draft->match = (struct cw_match){0};
        override->params = cw_reader_alloc(overriding->reader, overriding->rule->n_params, sizeof(*override->params));
        override->given = cw_reader_alloc(overriding->reader, overriding->rule->n_params, sizeof(*override->given));
        /* With a parameter missing that was refused, its column would be called unknown. */
        if (override->params && override->given && draft->csv &&
            (!overriding->given || overriding->rule->n_params == overriding->given->n_items))
                cw_compose_csv(composer, cw_node_get(draft->node, "csv"), draft->csv, overriding->rule, override);
        if (!override->params || !override->given || !params)
                return;
        if (params->kind != CW_NODE_MAPPING) {
                cw_reader_complain(overriding->reader, params, "\"params\" must be a mapping of names to values");
                return;
        }
        for (size_t i = 0; i < params->n_items; i++)
                override_param(overriding, params->keys[i], params->items[i], override);
}

struct override_list {
        struct cw_override_draft *items;
        size_t n;
};

static const struct cw_row list_row = {
        .name = "overrides",
        .type = CW_ROW_LIST,
        .offset = offsetof(struct override_list, items),
        .count = offsetof(struct override_list, n),
        .table = &cw_schema_override,
};

static void build_overrides(struct cw_composer *composer, const struct cw_rule_draft *draft,
                            const struct cw_where *where, struct cw_rule *rule)
{
        struct cw_where list_where = {where, "overrides", 0};
        struct override_list list = {0};

        cw_schema_read_list(composer->reader, &list_row, draft->overrides, &list_where, &list);
        rule->overrides = cw_reader_alloc(composer->reader, list.n, sizeof(*rule->overrides));
        for (size_t i = 0; rule->overrides && i < list.n; i++) {
                struct cw_where item_where = {&list_where, NULL, i};
                struct overriding overriding = {composer->reader, rule, draft->params, &item_where};

                rule->n_overrides++;
                build_override(composer, &overriding, &list.items[i], &rule->overrides[i]);
        }
        for (size_t i = 0; i < list.n; i++)
                cw_schema_deinit(&cw_schema_override, &list.items[i]);
        free(list.items);
}

void cw_compose_params(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_where *where,
                       struct cw_rule *rule)
{
        if (draft->params && draft->params->kind == CW_NODE_MAPPING)
                build_params(composer->reader, draft->params, rule);
        else if (draft->params)
                cw_reader_complain(composer->reader, draft->params, "\"params\" must be a mapping of names to values");
        if (draft->overrides && composer->reader->error == 0)
                build_overrides(composer, draft, where, rule);
}
