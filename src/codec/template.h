/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_TEMPLATE_H
#define CARDWATCH_CODEC_TEMPLATE_H

#include <stdbool.h>

#include "cardwatch/template.h"

struct cw_buf;
struct json_object;

/*
 * Template, rendering: over JSON data, which may be hostile like the template: steps, depth and output are bounded, and
 * nothing recurses. Null, false, 0, an empty text and an empty list are false; null and whole objects are written as
 * nothing.
 */

/* JSON that we wrote ourselves, read again: what templates see. -EMSGSIZE: too much of it. -ENOMEM. */
int cw_render_data(const struct cw_buf *json, struct json_object **ret_object) __attribute__((warn_unused_result));

struct cw_template_use {
        /* Writes a {{name}} so that in the target's format it is nothing but text; NULL: as it is. {{{name}}} and
         * {{&name}} stay as they are. */
        void (*escape)(struct cw_buf *buf, const char *text);
        bool verbatim; /* what is written stays as it is, but for `escape`; else a line at a time, with control
                          characters made visible */
        const struct cw_templates *templates; /* for partials; one that is missing is written as nothing */
};

/*
 * Names are looked up in the last context first. Appends; on failure nothing.
 *
 * -EMSGSIZE: the bounds were reached. -ENOMEM.
 */
int cw_template_render(const struct cw_template *template, struct json_object *const *contexts, size_t n_contexts,
                       const struct cw_template_use *use, struct cw_buf *buf) __attribute__((warn_unused_result));

#endif
