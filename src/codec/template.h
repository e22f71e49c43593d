/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_TEMPLATE_H
#define CARDWATCH_CODEC_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct json_object;

/*
 * Template: Mustache, compiled once and rendered over JSON data.
 *
 * Interpolation, sections, inverted sections, comments, set delimiters and partials, as the published specification has
 * them; no lambdas, no inheritance. Null, false, 0, an empty text and an empty list are false; null and whole objects
 * are written as nothing. Templates and data may be hostile: nesting, steps and output are bounded, and nothing
 * recurses. It knows nothing of notices, and it does not say where partials come from.
 */

struct cw_template;

struct cw_template_error {
        size_t offset; /* in bytes, of the tag that is wrong */
        char message[120];
};

enum cw_template_escape { CW_TEMPLATE_PLAIN, CW_TEMPLATE_HTML };

struct cw_template_use {
        enum cw_template_escape escape; /* of {{name}}; {{{name}}} and {{&name}} never are */
        /* The text of a partial, valid until the render is over; NULL: there is none, and nothing is written. */
        const char *(*partial)(void *data, const char *name);
        void *data;
};

/* -EINVAL with *ret_error, -ENOMEM. */
int cw_template_compile(const char *text, size_t len, struct cw_template **ret_template,
                        struct cw_template_error *ret_error) __attribute__((warn_unused_result));
void cw_template_free(struct cw_template *template);

/* Where its first partial stands. */
bool cw_template_has_partial(const struct cw_template *template, size_t *ret_offset);

/*
 * Names are looked up in the last context first. Appends; on failure nothing.
 *
 * -EMSGSIZE: the bounds were reached. -EINVAL: a partial does not compile. -ENOMEM.
 */
int cw_template_render(const struct cw_template *template, struct json_object *const *contexts, size_t n_contexts,
                       const struct cw_template_use *use, struct cw_buf *buf) __attribute__((warn_unused_result));

#endif
