/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_EYE_H
#define CARDWATCH_CORE_ENGINE_EYE_H

#include "cardwatch/buf.h"
#include "engine_rule.h"

/*
 * Eye: everything needed while one rule looks at one card. On the stack, so that a look allocates nothing unless
 * something changes. engine_rule.c opens it and handles events, engine_life.c is the life of an alert.
 */

struct cw_eye {
        struct cw_engine *engine;
        const struct cw_look *look;
        const struct cw_rule *rule;
        struct cw_alert_key key;
        uint64_t fingerprint; /* of that; of a rule about events it is made when one happens */
        struct cw_alert *alert; /* NULL: there is none */
        bool visible; /* the rule is about this card */
        bool could_arm; /* it would be if the card were active, it sees it for the first time, and wants to see it clear
                         */
        struct cw_card previous; /* of a reading that was asked for: outlives what asked */
        struct cw_value params[CW_RULE_PARAMS_MAX];
        struct cw_expr_context context;
        struct cw_buf limit_label;
        struct cw_buf limit_text;
};

/* The entry as this observation shows it; everything in it is borrowed. */
struct cw_entry cw_eye_draft(struct cw_eye *eye, enum cw_severity severity);

/* An observation that changes nothing is worth a look from `at` on. */
void cw_eye_call(struct cw_eye *eye, int64_t at);

/* engine_life.c */
void cw_engine_live(struct cw_eye *eye);

#endif
