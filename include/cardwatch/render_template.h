/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RENDER_TEMPLATE_H
#define CARDWATCH_RENDER_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/notice.h"
#include "cardwatch/render.h"
#include "cardwatch/template.h"

struct cw_buf;

/*
 * Render, templates: words of one's own over the JSON of a message.
 *
 * What a template says is valid UTF-8. Values are written a line at a time, with control characters made visible,
 * except into JSON; {{{name}}} stands as it is.
 */

enum { CW_RENDER_DEFAULT = 1 };

/* Writes a text so that in the target's format it is nothing else. */
typedef void (*cw_render_escape_fn)(struct cw_buf *buf, const char *text);

/*
 * Over exactly the JSON of render.h. `escape` is for what a {{name}} stands for; NULL: as it is. CW_RENDER_DEFAULT: it
 * cannot be rendered within bounds (a million steps, a mebibyte), nothing was appended, and the default words are to be
 * told. -ENOMEM.
 */
int cw_render_template(const struct cw_template *template, const struct cw_notice *notice,
                       const struct cw_render_options *options, cw_render_escape_fn escape, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* What begins with '<'. */
bool cw_render_is_html(const struct cw_template *template);

/* For what stands between quotes in JSON, and for HTML, attributes included. */
void cw_render_escape_json(struct cw_buf *buf, const char *text);
void cw_render_escape_html(struct cw_buf *buf, const char *text);

/* Checks a template at load, its partials against `templates` too (NULL: there are none): 0, or -EINVAL with the byte
 * offset and what is wrong. */
int cw_template_check(const char *text, const struct cw_templates *templates, size_t *ret_offset,
                      struct cw_buf *ret_message) __attribute__((warn_unused_result));

#endif
