/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RENDER_H
#define CARDWATCH_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/notice.h"

struct cw_buf;
struct cw_template;
struct cw_templates;

/*
 * Render: a notice as JSON, text and HTML.
 *
 * Pure: the same notice gives the same bytes. The JSON is the contract of delivery.md ("The webhook's body") and the
 * data of every template; text and HTML are for people (delivery.md, "What a person reads"). Texts from outside
 * (references, labels) are escaped for each format and shown cut to a sane length, with control characters made
 * visible. Times for people are in the process's time zone.
 */

struct cw_render_options {
        const char *external_url; /* NULL: no links */
        bool outward; /* the readers are customers: nothing of how it is run */
        bool names_source; /* there are several: people are told whose card it is */
        const struct cw_templates *templates; /* that templates may name; NULL: none */
        const struct cw_template *title; /* in place of the message's own first line; NULL: it stays */
        const struct cw_template *body; /* of text and HTML: in place of all that comes after it; one that begins with
                                           '<' is HTML and has no say in the text */
};

/* One object, no trailing newline. */
int cw_render_json(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* "low-balance: 3 cards of acme-1": what, how many, whose; or what the template of the title says, as one line. */
int cw_render_title(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* The same as a mail's subject in plain UTF-8: "[WARNING] low-balance: 3 cards of acme-1". */
int cw_render_subject(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/*
 * A text from outside as one harmless line of valid UTF-8: at most `characters` of it, then an ellipsis; control
 * characters made visible, what would turn the direction of the line around written as its code.
 */
void cw_render_visible(struct cw_buf *buf, const char *text, size_t characters);

/* The whole message for a phone at night; lines end in LF. */
int cw_render_text(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* The same as a complete HTML document with inline style only. */
int cw_render_html(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/*
 * The words for the items of one notice: what their rules' templates say over the data of the JSON (names resolve in
 * the item first, then in the message), else the default words. A template that fails gives the default words. Borrows
 * the notice.
 */
struct cw_render_words;

int cw_render_words_new(const struct cw_notice *notice, const struct cw_render_options *options,
                        struct cw_render_words **ret_words) __attribute__((warn_unused_result));
void cw_render_words_free(struct cw_render_words *words);
int cw_render_words_summary(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
        __attribute__((warn_unused_result));
/* "" without a template; for built-in alerts what they mean and what to check first. */
int cw_render_words_description(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* "lasted 2 h 5 min · lowest 80.05": of an alert that is over. */
void cw_render_end(struct cw_buf *buf, const struct cw_entry *entry);

/* "floor 100": the limit that was crossed, for people; nothing when there is none. */
void cw_render_limit(struct cw_buf *buf, const struct cw_entry *entry);

#endif
