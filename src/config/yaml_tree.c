/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: libyaml's events, one at a time, become nodes; recursion follows nesting, whose depth is bounded. A mistake
 * that leaves the structure clear is reported and the node marked bad; one that does not ends the reading.
 */
#include "yaml_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/map.h"
#include "cardwatch/text.h"
#include "node.h"
#include "report.h"
#include "secrecy.h"

#define DEPTH_MAX 32
#define NODES_MAX 500000 /* aliases written out */

/* An outcome of reading: it was reported and there is nothing more to be had from this file. */
#define STOPPED 1

struct anchor {
        char *name;
        struct cw_node *node;
};

struct builder {
        yaml_parser_t parser;
        struct cw_document *document;
        struct cw_config_report *report;
        struct anchor *anchors;
        size_t n_anchors;
        size_t weight;
        const struct cw_node *bracket; /* the innermost one that is open; NULL: none */
};

static int complain(struct builder *builder, struct cw_span span, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static int complain(struct builder *builder, struct cw_span span, const char *format, ...)
{
        struct cw_buf message = CW_BUF_NULL;
        va_list args;
        int r;

        va_start(args, format);
        cw_buf_vprintf(&message, format, args);
        va_end(args);
        r = cw_report_put(builder->report, builder->document, span, false, cw_buf_text(&message));
        cw_buf_deinit(&message);
        return r;
}

static int stop(struct builder *builder, struct cw_span span, const char *message)
{
        int r = complain(builder, span, "%s", message);

        return r < 0 ? r : STOPPED;
}

static struct cw_span span_of(const yaml_mark_t *start, const yaml_mark_t *end)
{
        return (struct cw_span){
                .line = (unsigned)start->line + 1,
                .column = (unsigned)start->column + 1,
                .end_line = (unsigned)end->line + 1,
                .end_column = (unsigned)end->column + 1,
        };
}

/* A mark behind the last line is shown at the end of it. */
static struct cw_span clamped(const struct builder *builder, const yaml_mark_t *mark)
{
        struct cw_span span = span_of(mark, mark);
        size_t len;

        if (span.line > builder->document->n_lines)
                return cw_document_span(builder->document, builder->document->len);
        if (span.line > 1 && span.column == 1) {
                (void)cw_document_line(builder->document, span.line, &len);
                if (span.line == builder->document->n_lines && len == 0)
                        return cw_document_span(builder->document, builder->document->lines[span.line - 1] - 1);
        }
        span.end_column++;
        return span;
}

/* The mark that helps: where the thing began that is not right, if that is not where it was noticed. */
static int syntax_error(struct builder *builder)
{
        const yaml_parser_t *parser = &builder->parser;
        const yaml_mark_t *found = &parser->problem_mark, *began = &parser->context_mark;
        const char *problem = parser->problem ? parser->problem : "this is no YAML";
        int r;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (parser->error == YAML_READER_ERROR)
                return stop(builder, cw_document_span(builder->document, parser->problem_offset), problem);
        if (parser->context && (began->line != found->line || began->column != found->column))
                r = complain(builder, clamped(builder, found), "%s, %s that begins at line %zu, column %zu", problem,
                             parser->context, began->line + 1, began->column + 1);
        else if (builder->bracket)
                r = complain(builder, clamped(builder, found), "%s, inside the bracket at line %u, column %u", problem,
                             builder->bracket->span.line, builder->bracket->span.column);
        else
                r = complain(builder, clamped(builder, found), "%s", problem);
        return r < 0 ? r : STOPPED;
}

static int next_event(struct builder *builder, yaml_event_t *ret_event)
{
        return yaml_parser_parse(&builder->parser, ret_event) ? 0 : syntax_error(builder);
}

/* Properties stand before a scalar and within its marks; its text begins behind them. */
static void skip_properties(const struct cw_document *document, struct cw_span *span)
{
        size_t len, at;
        const char *line = cw_document_line(document, span->line, &len);

        at = cw_text_prefix(line, len, span->column - 1);
        while (at < len && (line[at] == '&' || line[at] == '!')) {
                for (; at < len && line[at] != ' ' && line[at] != '\t'; span->column++)
                        at += cw_text_prefix(line + at, len - at, 1);
                for (; at < len && (line[at] == ' ' || line[at] == '\t'); span->column++)
                        at++;
        }
}

static struct cw_node *new_node(struct builder *builder, enum cw_node_kind kind, const yaml_event_t *event)
{
        struct cw_node *node = calloc(1, sizeof(*node));

        if (!node)
                return NULL;
        node->document = builder->document;
        node->kind = kind;
        node->weight = 1;
        node->span = span_of(&event->start_mark, &event->end_mark);
        node->link = builder->document->nodes;
        builder->document->nodes = node;
        return node;
}

static struct anchor *find_anchor(struct builder *builder, const char *name)
{
        for (size_t i = builder->n_anchors; i > 0; i--)
                if (strcmp(builder->anchors[i - 1].name, name) == 0)
                        return &builder->anchors[i - 1];
        return NULL;
}

#define ANCHORS_MAX 1000

static int remember_anchor(struct builder *builder, const unsigned char *name, struct cw_node *node)
{
        struct anchor *grown, *known;

        if (!name)
                return 0;
        known = find_anchor(builder, (const char *)name);
        if (known) {
                known->node = node;
                return 0;
        }
        if (builder->n_anchors == ANCHORS_MAX)
                return stop(builder, node->span, "there are too many anchors");
        grown = reallocarray(builder->anchors, builder->n_anchors + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        builder->anchors = grown;
        grown[builder->n_anchors].name = strdup((const char *)name);
        if (!grown[builder->n_anchors].name)
                return -ENOMEM;
        grown[builder->n_anchors++].node = node;
        return 0;
}

static int refuse_tag(struct builder *builder, const unsigned char *tag, struct cw_node *node)
{
        if (!tag)
                return 0;
        node->bad = true;
        return complain(builder, node->span, "tags are not supported");
}

static enum cw_node_style style_of(yaml_scalar_style_t style)
{
        switch (style) {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE:
                return CW_STYLE_SINGLE;
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
                return CW_STYLE_DOUBLE;
        case YAML_LITERAL_SCALAR_STYLE:
                return CW_STYLE_LITERAL;
        case YAML_FOLDED_SCALAR_STYLE:
                return CW_STYLE_FOLDED;
        default:
                return CW_STYLE_PLAIN;
        }
}

static int read_scalar(struct builder *builder, const yaml_event_t *event, struct cw_node **ret_node)
{
        struct cw_node *node = new_node(builder, CW_NODE_SCALAR, event);
        size_t len = event->data.scalar.length;
        int r;

        if (!node)
                return -ENOMEM;
        node->text = malloc(len + 1);
        if (!node->text)
                return -ENOMEM;
        memcpy(node->text, event->data.scalar.value, len);
        node->text[len] = '\0';
        node->len = len;
        node->style = style_of(event->data.scalar.style);
        if (event->data.scalar.anchor || event->data.scalar.tag)
                skip_properties(builder->document, &node->span);
        r = refuse_tag(builder, event->data.scalar.tag, node);
        if (r == 0 && strlen(node->text) != len) {
                node->bad = true;
                node->len = strlen(node->text);
                explicit_bzero(node->text + node->len, len - node->len);
                r = complain(builder, node->span, "a text cannot hold a NUL character");
        }
        if (r == 0)
                r = remember_anchor(builder, event->data.scalar.anchor, node);
        *ret_node = node;
        return r;
}

static int read_alias(struct builder *builder, const yaml_event_t *event, struct cw_node **ret_node)
{
        const char *name = (const char *)event->data.alias.anchor;
        struct anchor *anchor = find_anchor(builder, name);
        struct cw_span span = span_of(&event->start_mark, &event->end_mark);
        struct cw_node *node;

        if (anchor && !anchor->node->open) {
                builder->weight += anchor->node->weight;
                *ret_node = anchor->node;
                return 0;
        }
        node = new_node(builder, CW_NODE_SCALAR, event);
        if (!node)
                return -ENOMEM;
        node->bad = true;
        node->text = strdup("");
        *ret_node = node;
        if (!node->text)
                return -ENOMEM;
        return complain(builder, span,
                        anchor ? "alias \"%s\" stands inside of what it names" : "there is no anchor \"%s\"", name);
}

static int append(struct cw_node *parent, struct cw_node *key, struct cw_node *item)
{
        if (parent->n_items == parent->capacity) {
                size_t capacity = parent->capacity ? parent->capacity * 2 : 4;
                struct cw_node **grown = reallocarray(parent->items, capacity, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                parent->items = grown;
                if (parent->kind == CW_NODE_MAPPING) {
                        grown = reallocarray(parent->keys, capacity, sizeof(*grown));
                        if (!grown)
                                return -ENOMEM;
                        parent->keys = grown;
                }
                parent->capacity = capacity;
        }
        if (key)
                parent->keys[parent->n_items] = key;
        parent->items[parent->n_items++] = item;
        return 0;
}

static int read_node(struct builder *builder, yaml_event_t *event, unsigned depth, struct cw_node **ret_node);

/* Whether the pair can stand; complains if not. */
static int check_key(struct builder *builder, struct cw_map *seen, struct cw_node *key, bool *ret_good)
{
        struct cw_node *first;
        uint64_t hash;
        int r;

        *ret_good = false;
        if (key->bad)
                return 0;
        if (key->kind != CW_NODE_SCALAR || cw_node_is_null(key))
                return complain(builder, key->span, "a key must be a word");
        if (key->style == CW_STYLE_PLAIN && strcmp(key->text, "<<") == 0)
                return complain(builder, key->span, "merge keys (\"<<\") are not supported");
        hash = cw_hash64(CW_HASH_KEY_DERIVED, key->text, key->len);
        first = cw_map_get(seen, hash);
        if (first && strcmp(first->text, key->text) == 0)
                return complain(builder, key->span, "duplicate key \"%s\" (the first is at line %u, column %u)",
                                key->text, first->span.line, first->span.column);
        r = cw_map_put(seen, hash, key);
        *ret_good = r == 0;
        return r;
}

static int read_pair(struct builder *builder, struct cw_node *mapping, struct cw_map *seen, yaml_event_t *event,
                     unsigned depth)
{
        struct cw_node *key = NULL, *item = NULL;
        yaml_event_t value;
        bool good = false;
        int r;

        r = read_node(builder, event, depth, &key);
        if (r == 0)
                r = check_key(builder, seen, key, &good);
        if (r == 0)
                r = next_event(builder, &value);
        if (r != 0)
                return r;
        r = read_node(builder, &value, depth, &item);
        yaml_event_delete(&value);
        if (r != 0)
                return r;
        mapping->weight += key->weight + item->weight;
        return good ? append(mapping, key, item) : cw_secrecy_hide_pair(builder->document, key, item);
}

/* What stands between the start and the end of a collection; `end_type` ends it. */
static int read_items(struct builder *builder, struct cw_node *node, yaml_event_type_t end_type, struct cw_map *seen,
                      unsigned depth)
{
        for (;;) {
                struct cw_node *item = NULL;
                yaml_event_t event;
                int r = next_event(builder, &event);

                if (r != 0)
                        return r;
                if (event.type == end_type) {
                        yaml_event_delete(&event);
                        return 0;
                }
                if (node->kind == CW_NODE_MAPPING) {
                        r = read_pair(builder, node, seen, &event, depth);
                } else {
                        r = read_node(builder, &event, depth, &item);
                        if (r == 0) {
                                node->weight += item->weight;
                                r = append(node, NULL, item);
                        }
                }
                yaml_event_delete(&event);
                if (r != 0)
                        return r;
        }
}

static int read_collection(struct builder *builder, const yaml_event_t *event, unsigned depth,
                           struct cw_node **ret_node)
{
        bool mapping = event->type == YAML_MAPPING_START_EVENT;
        const unsigned char *anchor = mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
        const unsigned char *tag = mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
        bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                            : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        struct cw_node *node = new_node(builder, mapping ? CW_NODE_MAPPING : CW_NODE_SEQUENCE, event);
        const struct cw_node *outer = builder->bracket;
        struct cw_map seen = CW_MAP_NULL;
        int r;

        if (!node)
                return -ENOMEM;
        /* A collection is pointed at, not underlined over its lines. */
        node->span.end_line = node->span.line;
        node->span.end_column = node->span.column + 1;
        *ret_node = node;
        r = refuse_tag(builder, tag, node);
        if (r == 0)
                r = remember_anchor(builder, anchor, node);
        if (r == 0 && depth == DEPTH_MAX)
                r = stop(builder, node->span, "this is nested too deeply");
        node->open = true;
        if (flow)
                builder->bracket = node;
        if (r == 0)
                r = read_items(builder, node, mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, &seen,
                               depth + 1);
        node->open = false;
        builder->bracket = outer;
        cw_map_deinit(&seen);
        return r;
}

static int read_node(struct builder *builder, yaml_event_t *event, unsigned depth, struct cw_node **ret_node)
{
        if (++builder->weight > NODES_MAX)
                return stop(builder, span_of(&event->start_mark, &event->start_mark),
                            "the file holds too much (aliases count as what they stand for)");
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                return read_scalar(builder, event, ret_node);
        case YAML_ALIAS_EVENT:
                return read_alias(builder, event, ret_node);
        default:
                return read_collection(builder, event, depth, ret_node);
        }
}

static int read_root(struct builder *builder)
{
        bool second = false;
        int r = 0;

        for (;;) {
                yaml_event_type_t type;
                yaml_event_t event;

                r = next_event(builder, &event);
                if (r != 0)
                        return r;
                type = event.type;
                if (type == YAML_DOCUMENT_START_EVENT && second)
                        r = stop(builder, span_of(&event.start_mark, &event.end_mark),
                                 "a configuration is one document; here a second begins");
                else if (type == YAML_DOCUMENT_START_EVENT)
                        second = true;
                else if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                         type == YAML_MAPPING_START_EVENT)
                        r = read_node(builder, &event, 0, &builder->document->root);
                yaml_event_delete(&event);
                if (r != 0 || type == YAML_STREAM_END_EVENT)
                        return r;
        }
}

int cw_yaml_tree(struct cw_document *document, struct cw_config_report *report)
{
        struct builder builder = {.document = document, .report = report};
        size_t valid = cw_text_valid_utf8(document->text, document->len);
        int r;

        if (valid < document->len) {
                r = stop(&builder, cw_document_span(document, valid), "this is not UTF-8");
                return r < 0 ? r : 0;
        }
        if (!yaml_parser_initialize(&builder.parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&builder.parser, (const unsigned char *)document->text, document->len);
        r = read_root(&builder);
        if (r != 0)
                document->root = NULL;
        document->parsed = r == 0;
        yaml_parser_delete(&builder.parser);
        for (size_t i = 0; i < builder.n_anchors; i++)
                free(builder.anchors[i].name);
        free(builder.anchors);
        return r < 0 ? r : 0;
}
