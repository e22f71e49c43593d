/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_ORACLE_H
#define CARDWATCH_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/value.h"

/*
 * Oracle: what an expression is worth, said slowly and obviously, to hold the real evaluator against.
 *
 * Shares nothing with it but the amounts of a card: it reads the text by itself each time, evaluates while reading,
 * keeps every observation in a list and walks all of it for every window, and reckons in 128 bits. It takes texts that
 * compile for granted. Nothing is folded or dropped.
 */

struct oracle_moment {
        int64_t at;
        struct cw_card card;
        bool anew; /* the first, or the first in another currency */
};

struct oracle_past {
        struct oracle_moment *moments;
        size_t n, room;
};

void oracle_observe(struct oracle_past *past, int64_t at, const struct cw_card *card);
void oracle_deinit(struct oracle_past *past);

struct oracle_context {
        const struct oracle_past *past;
        const struct cw_card *now, *previous; /* as of cw_expr_context */
        const char *source;
        const char *const *names;
        const struct cw_value *params;
        size_t n_params;
        bool appeared, disappeared;
        int64_t at, first_seen_at;
};

enum oracle_kind {
        ORACLE_BOOL,
        ORACLE_NUMBER,
        ORACLE_AMOUNT,
        ORACLE_ID,
        ORACLE_DURATION,
        ORACLE_TEXT,
        ORACLE_FIELD_TEXT_CURRENCY,
};

struct oracle_value {
        enum oracle_kind kind;
        bool known;
        __int128 count; /* 10^-6, ms, an id, or 0 and 1 */
        char currency[4];
        char text[64];
};

struct oracle_value oracle_eval(const char *text, const struct oracle_context *context);

#endif
