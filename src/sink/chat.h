/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_CHAT_H
#define CARDWATCH_SINK_CHAT_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/letter.h"
#include "channel.h"

/*
 * Chat: what the channels of people's chats and phones have in common.
 *
 * Fits a message into a channel's limits by writing less of it out, never by counting less; lays lines out in a
 * channel's own style. What a channel's JSON looks like is the channel's.
 */

/* One try to write a message: what of it there is room for. All borrowed. */
struct cw_chat {
        const struct cw_sink_options *options;
        const struct cw_notice *notice;
        const struct cw_letter *letter;
        size_t words; /* most characters of what is said of one alert in words */
        bool own; /* the notifier's own words stand in place of the body */
        size_t own_most; /* characters of them */
};

enum { CW_CHAT_TOO_LONG = 1 };

/* Writes the whole payload. CW_CHAT_TOO_LONG: beyond the channel's limits; what was written is thrown away. */
typedef int (*cw_chat_lay_out_fn)(const struct cw_chat *chat, struct cw_buf *payload);

/* As much detail as fits. -EMSGSIZE: not even the counts do. */
int cw_chat_render(const struct cw_sink_options *options, const struct cw_notice *notice, cw_chat_lay_out_fn lay_out,
                   struct cw_buf *payload) __attribute__((warn_unused_result));

/* How a channel writes. */
struct cw_chat_style {
        void (*text)(struct cw_buf *buf, const char *text); /* so that it is nothing but text */
        const char *strong[2], *code[2]; /* around a text */
        const char *line; /* after each line */
        bool tags; /* it is HTML */
        void (*link)(struct cw_buf *buf, const char *url, const char *text); /* NULL: links stand as they are */
};

/* "**WARNING** · low-balance · 3 cards of acme-1", without a line's end. */
void cw_chat_put_headline(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf);
/* The same as plain text of at most so many characters. */
void cw_chat_put_title(const struct cw_chat *chat, size_t characters, struct cw_buf *buf);
void cw_chat_put_row(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_letter_row *row,
                     struct cw_buf *buf);
/* Its second line: before, the limit, remarks. Its words. */
void cw_chat_put_details(const struct cw_chat_style *style, const struct cw_letter_row *row, struct cw_buf *buf);
void cw_chat_put_words(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_letter_row *row,
                       struct cw_buf *buf);
/* What is counted, and how to see it. */
void cw_chat_put_others(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf);
/* All below the headline. */
void cw_chat_put_body(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf);

/* Escaped for HTML, attributes included. */
void cw_chat_put_html(struct cw_buf *buf, const char *text);

extern const struct cw_chat_style cw_chat_plain, cw_chat_markdown;

/* A part that was cut short for want of memory makes the whole fail. */
static inline void cw_chat_carry(struct cw_buf *payload, const struct cw_buf *part)
{
        if (payload->error == 0)
                payload->error = part->error;
}

/* UTF-16 code units of valid UTF-8: no channel counts more than these. */
size_t cw_chat_units(const char *text);

#endif
