/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TEMPLATE_H
#define CARDWATCH_TEMPLATE_H

#include <stddef.h>

struct cw_buf;

/*
 * Template: Mustache, compiled once, when the configuration is loaded.
 *
 * Interpolation, sections, inverted sections, comments, set delimiters and partials, as the published specification has
 * them; no lambdas, no inheritance. Templates may be hostile: their nesting and size are bounded here, what a render
 * costs is bounded there (render.h). It knows nothing of notices.
 */

struct cw_template;

/* Templates with a name, for use as partials in others and in each other. */
struct cw_templates;

struct cw_template_error {
        size_t offset; /* in bytes, of the tag that is wrong */
        char message[200];
};

/* -EINVAL with *ret_error, -ENOMEM. */
int cw_template_compile(const char *text, size_t len, struct cw_template **ret_template,
                        struct cw_template_error *ret_error) __attribute__((warn_unused_result));
void cw_template_free(struct cw_template *template);

/* -EINVAL with *ret_error: a partial of it is none of `templates` (NULL: there are none). */
int cw_template_check_partials(const struct cw_template *template, const struct cw_templates *templates,
                               struct cw_template_error *ret_error) __attribute__((warn_unused_result));

int cw_templates_new(struct cw_templates **ret_templates) __attribute__((warn_unused_result));
void cw_templates_free(struct cw_templates *templates);

/* Their own partials are checked when all are in. -EINVAL with *ret_error, -ENOMEM. */
int cw_templates_add(struct cw_templates *templates, const char *name, const char *text,
                     struct cw_template_error *ret_error) __attribute__((warn_unused_result));

/* NULL: there is none of that name. */
const struct cw_template *cw_templates_find(const struct cw_templates *templates, const char *name);

#endif
