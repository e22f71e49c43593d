/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a handful of templates with names; looked through one by one, because there are few. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render_template.h"
#include "cardwatch/text.h"
#include "template_code.h"

struct named {
        char *name;
        struct cw_template *template;
};

struct cw_templates {
        struct named *items;
        size_t n;
};

CW_DEFINE_CLEANUP(struct cw_template *, cw_template_free);

int cw_templates_new(struct cw_templates **ret_templates)
{
        struct cw_templates *templates = calloc(1, sizeof(*templates));

        if (!templates)
                return -ENOMEM;
        *ret_templates = templates;
        return 0;
}

void cw_templates_free(struct cw_templates *templates)
{
        if (!templates)
                return;
        for (size_t i = 0; i < templates->n; i++) {
                free(templates->items[i].name);
                cw_template_free(templates->items[i].template);
        }
        free(templates->items);
        free(templates);
}

int cw_templates_add(struct cw_templates *templates, const char *name, const char *text,
                     struct cw_template_error *ret_error)
{
        cw_cleanup(cw_template_free_cleanup) struct cw_template *template = NULL;
        struct named *items;
        char *copy;
        int r;

        r = cw_template_compile(text, strlen(text), &template, ret_error);
        if (r < 0)
                return r;
        items = reallocarray(templates->items, templates->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        templates->items = items;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        items[templates->n++] = (struct named){copy, cw_take(template)};
        return 0;
}

const struct cw_template *cw_templates_find(const struct cw_templates *templates, const char *name)
{
        for (size_t i = 0; templates && i < templates->n; i++)
                if (strcmp(templates->items[i].name, name) == 0)
                        return templates->items[i].template;
        return NULL;
}

static int complain(const struct cw_templates *templates, const char *name, struct cw_template_error *ret_error)
{
        size_t n = templates ? templates->n : 0;
        cw_autofree const char **names = reallocarray(NULL, n + 1, sizeof(*names));
        const char *nearest;

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                names[i] = templates->items[i].name;
        nearest = cw_text_nearest(name, names, n);
        snprintf(ret_error->message, sizeof(ret_error->message), "\"templates\" has no \"%.60s\"%s%.60s%s", name,
                 nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
        return -EINVAL;
}

int cw_template_check_partials(const struct cw_template *template, const struct cw_templates *templates,
                               struct cw_template_error *ret_error)
{
        for (size_t i = 0; i < template->n_nodes; i++) {
                const struct cw_template_node *node = &template->nodes[i];

                if (node->kind != CW_TEMPLATE_PARTIAL || cw_templates_find(templates, template->text + node->start))
                        continue;
                ret_error->offset = node->offset;
                return complain(templates, template->text + node->start, ret_error);
        }
        return 0;
}

int cw_template_check(const char *text, const struct cw_templates *templates, size_t *ret_offset,
                      struct cw_buf *ret_message)
{
        cw_cleanup(cw_template_free_cleanup) struct cw_template *template = NULL;
        struct cw_template_error error;
        int r;

        r = cw_template_compile(text, strlen(text), &template, &error);
        if (r == 0)
                r = cw_template_check_partials(template, templates, &error);
        if (r != -EINVAL)
                return r;
        *ret_offset = error.offset;
        cw_buf_puts(ret_message, error.message);
        return r;
}
