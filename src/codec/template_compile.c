/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one pass from tag to tag. A tag that stands alone on its line takes the line with it; sections are matched with
 * a bounded stack; names are cut into their parts in the template's own copy of the text, where nothing is read twice.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "template_code.h"

struct parser {
        struct cw_template *template;
        char *text;
        size_t len, at;
        const char *open, *close; /* the delimiters, not terminated */
        size_t open_len, close_len;
        size_t sections[CW_TEMPLATE_NESTING_MAX];
        size_t depth;
        struct cw_template_error *error;
};

struct tag {
        size_t begin, end; /* with its delimiters */
        size_t start, len; /* what it says, without spaces around */
        char sigil; /* 0: interpolation */
        bool alone; /* on its line */
        size_t line; /* where that line begins */
};

CW_DEFINE_CLEANUP(struct cw_template *, cw_template_free);

void cw_template_free(struct cw_template *template)
{
        if (!template)
                return;
        free(template->text);
        free(template->nodes);
        free(template);
}

static int refuse(struct parser *p, size_t offset, const char *message)
{
        p->error->offset = offset;
        snprintf(p->error->message, sizeof(p->error->message), "%s", message);
        return -EINVAL;
}

static int refuse_name(struct parser *p, size_t offset, const char *format, const char *name)
{
        char message[sizeof(p->error->message)];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(message, sizeof(message), format, name);
#pragma GCC diagnostic pop
        return refuse(p, offset, message);
}

static int add_node(struct parser *p, const struct cw_template_node *node)
{
        struct cw_template *template = p->template;
        size_t capacity = template->capacity ? template->capacity * 2 : 16;
        struct cw_template_node *nodes;

        if (template->n_nodes == template->capacity) {
                nodes = reallocarray(template->nodes, capacity, sizeof(*nodes));
                if (!nodes)
                        return -ENOMEM;
                template->nodes = nodes;
                template->capacity = capacity;
        }
        template->nodes[template->n_nodes++] = *node;
        return 0;
}

static bool begins_line(const struct parser *p, size_t at)
{
        return at == 0 || p->text[at - 1] == '\n';
}

static int add_line(struct parser *p)
{
        return add_node(p, &(struct cw_template_node){.kind = CW_TEMPLATE_LINE});
}

/* Line by line. */
static int add_text(struct parser *p, size_t start, size_t end)
{
        struct cw_template_node node = {.kind = CW_TEMPLATE_TEXT};
        const char *line_end;
        int r = 0;

        for (; r == 0 && start < end; start += node.len) {
                line_end = memchr(p->text + start, '\n', end - start);
                node.start = (uint32_t)start;
                node.len = (uint32_t)((line_end ? (size_t)(line_end - p->text) + 1 : end) - start);
                if (begins_line(p, start))
                        r = add_line(p);
                if (r == 0)
                        r = add_node(p, &node);
        }
        return r;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
        return is_blank(c) || c == '\n' || c == '\r';
}

/* Where the closing delimiter begins, after `before` ('}' of a triple, '=' of new delimiters; 0: nothing). */
static bool find_close(const struct parser *p, size_t from, char before, size_t *ret_at)
{
        size_t extra = before ? 1 : 0;

        for (size_t i = from; i + extra + p->close_len <= p->len; i++) {
                if (before && p->text[i] != before)
                        continue;
                if (memcmp(p->text + i + extra, p->close, p->close_len) != 0)
                        continue;
                *ret_at = i;
                return true;
        }
        return false;
}

/* A tag alone on its line leaves no trace of the line, unless it writes something itself. */
static void look_around(const struct parser *p, struct tag *tag)
{
        size_t line = tag->begin, end = tag->end;

        if (!tag->sigil || !strchr("#^/!>=", tag->sigil))
                return;
        while (line > 0 && is_blank(p->text[line - 1]))
                line--;
        if (line > 0 && p->text[line - 1] != '\n')
                return;
        while (end < p->len && is_blank(p->text[end]))
                end++;
        if (end < p->len && p->text[end] == '\r' && end + 1 < p->len && p->text[end + 1] == '\n')
                end++;
        if (end < p->len && p->text[end] != '\n')
                return;
        tag->alone = true;
        tag->line = line;
        tag->end = end < p->len ? end + 1 : end;
}

static int read_tag(struct parser *p, size_t begin, struct tag *ret_tag)
{
        struct tag tag = {.begin = begin};
        size_t at = begin + p->open_len, close;
        char before = 0;

        if (at < p->len && p->text[at] && strchr("#^/!>&{=", p->text[at]))
                tag.sigil = p->text[at++];
        if (tag.sigil == '{')
                before = '}';
        else if (tag.sigil == '=')
                before = '=';
        if (!find_close(p, at, before, &close))
                return refuse(p, begin, "this tag is never closed");
        tag.end = close + (before ? 1 : 0) + p->close_len;
        while (at < close && is_space(p->text[at]))
                at++;
        while (close > at && is_space(p->text[close - 1]))
                close--;
        tag.start = at;
        tag.len = close - at;
        look_around(p, &tag);
        *ret_tag = tag;
        return 0;
}

/* {{=<% %>=}} */
static int set_delimiters(struct parser *p, const struct tag *tag)
{
        const char *text = p->text + tag->start;
        size_t first = 0, second;

        while (first < tag->len && !is_space(text[first]))
                first++;
        second = first;
        while (second < tag->len && is_space(text[second]))
                second++;
        if (first == 0 || second == tag->len)
                return refuse(p, tag->begin, "two delimiters are needed, with a space between");
        for (size_t i = 0; i < tag->len; i++)
                if (text[i] == '=' || (i >= second && is_space(text[i])))
                        return refuse(p, tag->begin, "delimiters have no spaces and no '='");
        p->open = text;
        p->open_len = first;
        p->close = text + second;
        p->close_len = tag->len - second;
        return 0;
}

/* Cuts a dotted name into its parts; the one name with an empty part is ".", the current value. */
static int cut_name(struct parser *p, const struct tag *tag)
{
        char *name = p->text + tag->start;
        bool dotted = tag->sigil != '>';

        if (tag->len == 0)
                return refuse(p, tag->begin, "a name is missing");
        for (size_t i = 0; i < tag->len; i++) {
                if (is_space(name[i]))
                        return refuse(p, tag->begin, "a name has no spaces");
                if (!name[i])
                        return refuse(p, tag->begin, "a name has no NUL");
        }
        name[tag->len] = '\0'; /* what stood there belonged to this tag */
        if (!dotted || strcmp(name, ".") == 0)
                return 0;
        if (name[0] == '.' || name[tag->len - 1] == '.' || strstr(name, ".."))
                return refuse_name(p, tag->begin, "\"%.80s\" is no name", name);
        for (size_t i = 0; i < tag->len; i++)
                if (name[i] == '.')
                        name[i] = '\0';
        return 0;
}

static int open_section(struct parser *p, const struct tag *tag, struct cw_template_node *node)
{
        if (p->depth == CW_TEMPLATE_NESTING_MAX)
                return refuse(p, tag->begin, "sections are nested too deep");
        node->kind = tag->sigil == '#' ? CW_TEMPLATE_SECTION : CW_TEMPLATE_INVERTED;
        p->sections[p->depth++] = p->template->n_nodes;
        return add_node(p, node);
}

static int close_section(struct parser *p, const struct tag *tag, struct cw_template_node *node)
{
        struct cw_template_node *opened;

        if (p->depth == 0)
                return refuse_name(p, tag->begin, "no section \"%.60s\" is open here", p->text + tag->start);
        node->partner = (uint32_t)p->sections[--p->depth];
        opened = &p->template->nodes[node->partner];
        if (opened->len != node->len || memcmp(p->text + opened->start, p->text + node->start, node->len) != 0)
                return refuse_name(p, tag->begin, "the section that is open here is \"%.60s\"",
                                   p->text + opened->start);
        opened->partner = (uint32_t)p->template->n_nodes;
        node->kind = opened->kind == CW_TEMPLATE_SECTION ? CW_TEMPLATE_SECTION_END : CW_TEMPLATE_INVERTED_END;
        return add_node(p, node);
}

static int add_tag(struct parser *p, const struct tag *tag)
{
        struct cw_template_node node = {
                .start = (uint32_t)tag->start, .len = (uint32_t)tag->len, .offset = (uint32_t)tag->begin};
        int r;

        if (tag->sigil == '!')
                return 0;
        if (tag->sigil == '=')
                return set_delimiters(p, tag);
        r = cut_name(p, tag);
        if (r < 0)
                return r;
        switch (tag->sigil) {
        case '#':
        case '^':
                return open_section(p, tag, &node);
        case '/':
                return close_section(p, tag, &node);
        case '>':
                node.kind = CW_TEMPLATE_PARTIAL;
                if (tag->alone) {
                        node.indent = (uint32_t)tag->line;
                        node.indent_len = (uint32_t)(tag->begin - tag->line);
                }
                return add_node(p, &node);
        default:
                node.kind = tag->sigil ? CW_TEMPLATE_RAW : CW_TEMPLATE_VARIABLE;
                return add_node(p, &node);
        }
}

static int parse(struct parser *p)
{
        const char *found;
        struct tag tag;
        int r;

        while (p->at < p->len) {
                found = memmem(p->text + p->at, p->len - p->at, p->open, p->open_len);
                if (!found)
                        break;
                r = read_tag(p, (size_t)(found - p->text), &tag);
                if (r == 0)
                        r = add_text(p, p->at, tag.alone ? tag.line : tag.begin);
                if (r == 0 && !tag.alone && begins_line(p, tag.begin))
                        r = add_line(p);
                if (r == 0)
                        r = add_tag(p, &tag);
                if (r < 0)
                        return r;
                p->at = tag.end;
        }
        if (p->depth > 0) {
                const struct cw_template_node *opened = &p->template->nodes[p->sections[p->depth - 1]];

                return refuse_name(p, opened->offset, "section \"%.80s\" is never closed", p->text + opened->start);
        }
        return add_text(p, p->at, p->len);
}

int cw_template_compile(const char *text, size_t len, struct cw_template **ret_template,
                        struct cw_template_error *ret_error)
{
        cw_cleanup(cw_template_free_cleanup) struct cw_template *template = calloc(1, sizeof(*template));
        struct parser parser = {.template = template,
                                .len = len,
                                .open = "{{",
                                .close = "}}",
                                .open_len = 2,
                                .close_len = 2,
                                .error = ret_error};
        int r;

        if (!template)
                return -ENOMEM;
        if (len > CW_TEMPLATE_TEXT_MAX)
                return refuse(&parser, 0, "the template is too long");
        template->text = malloc(len + 1);
        if (!template->text)
                return -ENOMEM;
        memcpy(template->text, text, len);
        template->text[len] = '\0';
        parser.text = template->text;
        r = parse(&parser);
        if (r < 0)
                return r;
        *ret_template = cw_take(template);
        return 0;
}
