/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_EXPR_H
#define CARDWATCH_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/card.h"
#include "cardwatch/value.h"

struct cw_buf;
struct cw_hash;
struct cw_trail;
struct cw_trail_needs;

/*
 * Expr: the conditions of rules.
 *
 * Turns a text into something that was checked whole (grammar, names, types) and can be evaluated for a card any number
 * of times, without allocating and without failing: what cannot be said is unknown (Kleene logic). Pure; it decides
 * neither which cards a condition sees nor what follows from it. A compiled expression is immutable, owns a copy of its
 * text, and knows parameters by their place: whoever evaluates passes their values in the order of the scope's names.
 */

#define CW_EXPR_TEXT_MAX 4096 /* bytes of an expression */

struct cw_expr;

struct cw_expr_params {
        size_t n;
        const char *const *names;
        const enum cw_value_type *types;
};

struct cw_expr_scope {
        struct cw_expr_params params;
        bool is_event; /* of `on:`, where appeared and disappeared have a meaning */
};

struct cw_expr_context {
        const struct cw_card *now;
        const struct cw_card *previous; /* NULL: this is the first observation */
        const char *source;
        const struct cw_value *params;
        bool appeared, disappeared; /* for `on:` */
        int64_t at; /* when the card was observed, wall time */
        int64_t first_seen_at;
        const struct cw_trail *trail; /* its past up to `at`, this observation included; NULL: nothing changed */
        /* In and out: the first time at which an observation that changes nothing may be judged otherwise, if that is
         * sooner; never before `at` + 1. NULL: not wanted. */
        int64_t *look_at;
};

enum cw_truth { CW_FALSE, CW_TRUE, CW_UNKNOWN };

/* Compiles a condition. -EINVAL with *ret_error filled, -ENOMEM without. */
int cw_expr_compile(const char *text, const struct cw_expr_scope *scope, struct cw_expr **ret_expr,
                    struct cw_expr_error *ret_error) __attribute__((warn_unused_result));
void cw_expr_free(struct cw_expr *expr);

/*
 * Whether `name` can be a parameter's. -EINVAL: not of the form [a-z_][a-z0-9_]*; -EEXIST: the language has another use
 * for it.
 */
int cw_expr_check_name(const char *name) __attribute__((warn_unused_result));

/* The text it was compiled from. */
const char *cw_expr_text(const struct cw_expr *expr);

void cw_expr_eval(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_value *ret_value);
enum cw_truth cw_expr_truth(const struct cw_expr *expr, const struct cw_expr_context *context);

#define CW_EXPR_USES_SUPPRESSED 0x1u
#define CW_EXPR_USES_PREVIOUS   0x2u /* changed, delta or previous */

#define CW_EXPR_USES_DISAPPEARED 0x4u
#define CW_EXPR_USES_PAST        0x8u /* a window, unchanged or age */

/* What it looks at: CW_EXPR_USES_… */
unsigned cw_expr_uses(const struct cw_expr *expr);

/* Adds what it needs to know of a card's past. `longest_ms`: of each parameter, the longest duration that any card may
 * get for it. */
void cw_expr_needs(const struct cw_expr *expr, const int64_t *longest_ms, struct cw_trail_needs *needs);

/*
 * Appends the expression with the value of each of its parts, on one line: "available < floor: 95.10 USD < 100 is
 * true". Harmless text, at most CW_EXPR_TEXT_MAX bytes.
 */
void cw_expr_explain(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_buf *buf);

/* Feeds what it means: white space, comments, needless parentheses and the way a number is written make no difference.
 */
void cw_expr_meaning(const struct cw_expr *expr, struct cw_hash *hash);

#endif
