/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_LETTER_H
#define CARDWATCH_LETTER_H

#include <stddef.h>

#include "cardwatch/notice.h"

struct cw_buf;
struct cw_render_options;
struct cw_render_words;

/*
 * Letter: what a message says to people, before it has a format.
 *
 * All wording is decided here, once; text, HTML and the channels only lay it out. Every string is one harmless line of
 * UTF-8 (`words`: several, ended by LF) that still has to be escaped for its format. Strings are owned by the letter;
 * NULL: nothing to say. The notice is borrowed.
 */

enum cw_letter_tone { CW_TONE_INFO, CW_TONE_WARNING, CW_TONE_CRITICAL, CW_TONE_RESOLVED };

/* One card, or one of the daemon's own alerts: those have no amount. */
struct cw_letter_row {
        uint64_t fingerprint; /* of its alert */
        enum cw_letter_tone tone;
        char *mark; /* "····1234 (card 1)" */
        char *amount; /* "95.10 USD" */
        char *was; /* "130.00" */
        char *limit; /* "floor 100" */
        char *remarks; /* "pending 40.00 · deactivated" */
        char *words;
        char *url;
};

/* All that fires, all that resolved, all that happened. */
struct cw_letter_block {
        const char *heading; /* NULL: the first line says it */
        struct cw_letter_row *rows;
        size_t n_rows; /* to be written out */
        size_t n_owned; /* private: so many there are */
        char *foot; /* "since 08:02 · rule: available < floor" */
};

enum { CW_LETTER_BLOCKS = 3, CW_LETTER_OTHERS_MAX = 40 };

struct cw_letter {
        char *title; /* the notifier's own words in place of word and topic; NULL: it has none */
        const char *word; /* "WARNING" */
        enum cw_letter_tone tone;
        char *topic; /* "low-balance · 3 cards of acme-1" */
        char *note; /* that it is a test, a baseline, a repeat */
        struct cw_letter_block blocks[CW_LETTER_BLOCKS];
        char *others_head; /* "and 284 more, not listed here:" */
        char *others[CW_LETTER_OTHERS_MAX + 1];
        size_t n_others;
        const char *command; /* that lists them */
        char *act; /* the command that says that somebody looks after what fires; NULL where a link says more */
        char *url;
        const struct cw_notice *notice; /* private */
        bool outward; /* likewise */
};

int cw_letter_init(struct cw_letter *letter, const struct cw_notice *notice, const struct cw_render_options *options)
        __attribute__((warn_unused_result));
void cw_letter_deinit(struct cw_letter *letter);

/*
 * For channels with a limit: only the first `n_rows` of what the notice lists are written out, the others counted, by
 * rule and currency, in at most `n_others` lines. May be asked again, for more too. -ENOMEM: the letter is as it was.
 */
int cw_letter_shorten(struct cw_letter *letter, size_t n_rows, size_t n_others) __attribute__((warn_unused_result));

/* Its first line: the title, or "WARNING · low-balance · 3 cards of acme-1". */
void cw_letter_headline(const struct cw_letter *letter, struct cw_buf *buf);

/* One line of words about an item, for who also reads that it is over: as cw_render_words_summary, but a rule's words
 * that know of no end are not told at the end. */
int cw_letter_line(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* 0xrrggbb: of lines and badges with white writing on them, on light and on dark. */
uint32_t cw_letter_colour(enum cw_letter_tone tone);

/* "https://…/#/cards/main/1", or for what has no card, and NULL, "https://…/#/alerts"; false without external_url. */
bool cw_render_url(struct cw_buf *buf, const struct cw_render_options *options, const struct cw_entry *entry);

#endif
