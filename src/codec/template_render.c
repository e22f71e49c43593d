/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a little machine. A section that is entered and a partial that is called are levels on a bounded stack; a
 * section has one value in view, and looks for names through the values below it. Whatever takes time is a step.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render_template.h"
#include "template_code.h"

enum {
        LEVELS_MAX = 128,
        CONTEXTS_MAX = LEVELS_MAX + 8,
        STEPS_MAX = 1000000,
        OUTPUT_MAX = 1 << 20,
        INDENT_MAX = 1024,
};

struct level {
        const struct cw_template *caller; /* of a partial; NULL: a section */
        size_t resume; /* of a partial, in the caller */
        size_t indent_len; /* the caller's */
        struct json_object *list; /* of a section over a list */
        size_t index;
};

struct run {
        const struct cw_template *template;
        size_t at;
        const struct cw_template_use *use;
        struct level levels[LEVELS_MAX];
        size_t n_levels;
        struct json_object *contexts[CONTEXTS_MAX];
        size_t n_contexts;
        char indent[INDENT_MAX]; /* of every line of the partial that is being written */
        size_t indent_len;
        size_t steps;
        struct cw_buf out;
};

static bool member(struct json_object *object, const char *name, struct json_object **ret_value)
{
        return json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, name, ret_value);
}

/* The first part is looked for through all contexts, the rest only in what that found. */
static struct json_object *look_up(struct run *run, const struct cw_template_node *node)
{
        const char *name = run->template->text + node->start, *end = name + node->len;
        struct json_object *value = NULL;
        bool found = false;

        if (strcmp(name, ".") == 0)
                return run->contexts[run->n_contexts - 1];
        for (size_t i = run->n_contexts; i-- > 0 && !found; run->steps++)
                found = member(run->contexts[i], name, &value);
        for (name += strlen(name) + 1; found && name < end; name += strlen(name) + 1)
                found = member(value, name, &value);
        return found ? value : NULL;
}

static bool is_false(struct json_object *value)
{
        switch (json_object_get_type(value)) {
        case json_type_null:
                return true;
        case json_type_boolean:
                return !json_object_get_boolean(value);
        case json_type_int:
                return json_object_get_int64(value) == 0;
        case json_type_double:
                return json_object_get_double(value) == 0; /* never money: amounts are strings */
        case json_type_string:
                return json_object_get_string_len(value) == 0;
        case json_type_array:
                return json_object_array_length(value) == 0;
        default:
                return false;
        }
}

void cw_render_escape_html(struct cw_buf *buf, const char *text)
{
        static const char special[] = "&<>\"'";
        static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
        size_t n;

        while (*text) {
                n = strcspn(text, special);
                cw_buf_append(buf, text, n);
                text += n;
                if (*text)
                        cw_buf_puts(buf, written[strchr(special, *text++) - special]);
        }
}

static void write_escaped(struct run *run, const char *text)
{
        if (run->use->escape)
                run->use->escape(&run->out, text);
        else
                cw_buf_puts(&run->out, text);
}

/* Where a line begins, more has a meaning in some formats: each line is escaped as one. */
static void write_lines(struct run *run, const char *text)
{
        const char *end;

        for (;; text = end + 1) {
                cw_cleanup(cw_buf_deinit) struct cw_buf visible = CW_BUF_NULL;
                cw_autofree char *line = NULL;

                end = strchrnul(text, '\n');
                line = strndup(text, (size_t)(end - text));
                if (line)
                        cw_render_visible(&visible, line, OUTPUT_MAX);
                if (!line || cw_buf_error(&visible) < 0)
                        run->out.error = -ENOMEM;
                write_escaped(run, cw_buf_text(&visible));
                if (!*end)
                        return;
                cw_buf_putc(&run->out, '\n');
        }
}

static void write_value(struct run *run, const struct cw_template_node *node)
{
        struct json_object *value = look_up(run, node);
        enum json_type type = json_object_get_type(value);
        const char *text;

        if (type == json_type_null || type == json_type_object || type == json_type_array)
                return;
        text = json_object_get_string(value);
        if (!text)
                return;
        if (node->kind == CW_TEMPLATE_RAW)
                cw_buf_puts(&run->out, text);
        else if (run->use->verbatim)
                write_escaped(run, text);
        else
                write_lines(run, text);
}

static int push_level(struct run *run, const struct level *level)
{
        if (run->n_levels == LEVELS_MAX)
                return -EMSGSIZE;
        run->levels[run->n_levels++] = *level;
        return 0;
}

static int enter_section(struct run *run, const struct cw_template_node *node)
{
        struct json_object *value = look_up(run, node);
        struct level level = {0};

        if (is_false(value)) {
                run->at = node->partner + 1;
                return 0;
        }
        if (json_object_is_type(value, json_type_array)) {
                level.list = value;
                value = json_object_array_get_idx(value, 0);
        }
        if (run->n_contexts == CONTEXTS_MAX)
                return -EMSGSIZE;
        run->contexts[run->n_contexts++] = value;
        run->at++;
        return push_level(run, &level);
}

static void end_section(struct run *run, const struct cw_template_node *node)
{
        struct level *level = &run->levels[run->n_levels - 1];

        if (level->list && ++level->index < json_object_array_length(level->list)) {
                run->contexts[run->n_contexts - 1] = json_object_array_get_idx(level->list, level->index);
                run->at = node->partner + 1;
                return;
        }
        run->n_contexts--;
        run->n_levels--;
        run->at++;
}

static int call_partial(struct run *run, const struct cw_template_node *node)
{
        struct level level = {.caller = run->template, .resume = run->at + 1, .indent_len = run->indent_len};
        const struct cw_template *partial = cw_templates_find(run->use->templates, run->template->text + node->start);
        int r;

        if (!partial) {
                run->at++;
                return 0;
        }
        if (node->indent_len > INDENT_MAX - run->indent_len)
                return -EMSGSIZE;
        r = push_level(run, &level);
        if (r < 0)
                return r;
        memcpy(run->indent + run->indent_len, run->template->text + node->indent, node->indent_len);
        run->indent_len += node->indent_len;
        run->template = partial;
        run->at = 0;
        return 0;
}

/* Leaves the partial that has come to its end. False: it was the template itself. */
static bool leave(struct run *run)
{
        const struct level *level;

        if (run->n_levels == 0)
                return false;
        level = &run->levels[--run->n_levels];
        run->template = level->caller;
        run->at = level->resume;
        run->indent_len = level->indent_len;
        return true;
}

static int step(struct run *run)
{
        const struct cw_template_node *node = &run->template->nodes[run->at];

        switch (node->kind) {
        case CW_TEMPLATE_TEXT:
                cw_buf_append(&run->out, run->template->text + node->start, node->len);
                run->at++;
                return 0;
        case CW_TEMPLATE_LINE:
                cw_buf_append(&run->out, run->indent, run->indent_len);
                run->at++;
                return 0;
        case CW_TEMPLATE_VARIABLE:
        case CW_TEMPLATE_RAW:
                write_value(run, node);
                run->at++;
                return 0;
        case CW_TEMPLATE_SECTION:
                return enter_section(run, node);
        case CW_TEMPLATE_SECTION_END:
                end_section(run, node);
                return 0;
        case CW_TEMPLATE_INVERTED:
                run->at = is_false(look_up(run, node)) ? run->at + 1 : node->partner + 1;
                return 0;
        case CW_TEMPLATE_INVERTED_END:
                run->at++;
                return 0;
        case CW_TEMPLATE_PARTIAL:
                return call_partial(run, node);
        }
        return -EINVAL;
}

static int execute(struct run *run)
{
        int r = 0;

        for (; r == 0 && run->steps < STEPS_MAX; run->steps++) {
                if (run->at < run->template->n_nodes)
                        r = step(run);
                else if (!leave(run))
                        return cw_buf_error(&run->out);
                if (r == 0)
                        r = cw_buf_error(&run->out);
        }
        return r < 0 ? r : -EMSGSIZE;
}

int cw_template_render(const struct cw_template *template, struct json_object *const *contexts, size_t n_contexts,
                       const struct cw_template_use *use, struct cw_buf *buf)
{
        struct run run = {.template = template, .use = use, .out = {.limit = OUTPUT_MAX}};
        int r;

        if (n_contexts == 0 || n_contexts > CONTEXTS_MAX - LEVELS_MAX)
                return -EINVAL;
        memcpy(run.contexts, contexts, n_contexts * sizeof(struct json_object *));
        run.n_contexts = n_contexts;
        r = execute(&run);
        if (r == 0) {
                cw_buf_append(buf, cw_buf_text(&run.out), run.out.len);
                r = cw_buf_error(buf);
        }
        cw_buf_deinit(&run.out);
        return r;
}
