/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a little machine. A section that is entered and a partial that is called are levels on a bounded stack; a
 * section has one value in view, and looks for names through the values below it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "template_code.h"

enum {
        LEVELS_MAX = 128,
        CONTEXTS_MAX = LEVELS_MAX + 8,
        STEPS_MAX = 1000000,
        OUTPUT_MAX = 1 << 20,
};

struct level {
        struct cw_template *partial; /* owned; NULL: a section */
        const struct cw_template *caller; /* of a partial */
        size_t resume; /* of a partial, in the caller */
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
        struct cw_buf out;
};

static bool member(struct json_object *object, const char *name, struct json_object **ret_value)
{
        return json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, name, ret_value);
}

/* The first part is looked for through all contexts, the rest only in what that found. */
static struct json_object *look_up(const struct run *run, const struct cw_template_node *node)
{
        const char *name = run->template->text + node->start, *end = name + node->len;
        struct json_object *value = NULL;
        bool found = false;

        if (strcmp(name, ".") == 0)
                return run->contexts[run->n_contexts - 1];
        for (size_t i = run->n_contexts; i-- > 0 && !found;)
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

static void write_html(struct cw_buf *out, const char *text, size_t len)
{
        static const char special[] = "&<>\"'";
        static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
        const char *found;

        for (size_t i = 0; i < len; i++) {
                found = memchr(special, text[i], sizeof(special) - 1);
                if (found)
                        cw_buf_puts(out, written[found - special]);
                else
                        cw_buf_putc(out, text[i]);
        }
}

static void write_value(struct run *run, const struct cw_template_node *node)
{
        struct json_object *value = look_up(run, node);
        enum json_type type = json_object_get_type(value);
        const char *text;
        size_t len;

        if (type == json_type_null || type == json_type_object || type == json_type_array)
                return;
        text = json_object_get_string(value);
        if (!text)
                return;
        len = type == json_type_string ? (size_t)json_object_get_string_len(value) : strlen(text);
        if (node->kind == CW_TEMPLATE_VARIABLE && run->use->escape == CW_TEMPLATE_HTML)
                write_html(&run->out, text, len);
        else
                cw_buf_append(&run->out, text, len);
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

/* The partial's text with every line indented as its tag was. */
static int indented(const struct run *run, const struct cw_template_node *node, const char *text,
                    struct cw_buf *ret_text)
{
        const char *end;

        ret_text->limit = CW_TEMPLATE_TEXT_MAX;
        for (; *text && cw_buf_error(ret_text) == 0; text = end) {
                end = strchrnul(text, '\n');
                if (*end)
                        end++;
                cw_buf_append(ret_text, run->template->text + node->indent, node->indent_len);
                cw_buf_append(ret_text, text, (size_t)(end - text));
        }
        return cw_buf_error(ret_text);
}

static int call_partial(struct run *run, const struct cw_template_node *node)
{
        struct level level = {.caller = run->template, .resume = run->at + 1};
        const char *name = run->template->text + node->start;
        const char *text = run->use->partial ? run->use->partial(run->use->data, name) : NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf copy = CW_BUF_NULL;
        struct cw_template_error error;
        int r;

        if (!text) {
                run->at++;
                return 0;
        }
        r = indented(run, node, text, &copy);
        if (r == 0)
                r = cw_template_compile(cw_buf_text(&copy), copy.len, &level.partial, &error);
        if (r < 0)
                return r;
        r = push_level(run, &level);
        if (r < 0) {
                cw_template_free(level.partial);
                return r;
        }
        run->template = level.partial;
        run->at = 0;
        return 0;
}

/* Leaves the partial that has come to its end. False: it was the template itself. */
static bool leave(struct run *run)
{
        struct level *level;

        if (run->n_levels == 0)
                return false;
        level = &run->levels[--run->n_levels];
        run->template = level->caller;
        run->at = level->resume;
        cw_template_free(level->partial);
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

        for (size_t steps = 0; r == 0 && steps < STEPS_MAX; steps++) {
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
        for (size_t i = 0; i < run.n_levels; i++)
                cw_template_free(run.levels[i].partial);
        if (r == 0) {
                cw_buf_append(buf, cw_buf_text(&run.out), run.out.len);
                r = cw_buf_error(buf);
        }
        cw_buf_deinit(&run.out);
        return r;
}
