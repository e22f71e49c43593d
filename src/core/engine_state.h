/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_STATE_H
#define CARDWATCH_CORE_ENGINE_STATE_H

#include "alert.h"
#include "attention.h"
#include "cardwatch/changes.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/expr.h"
#include "cardwatch/map.h"
#include "policy.h"
#include "roll.h"
#include "snapshot.h"
#include "staged.h"

/*
 * What the files of the engine share: its state, and the few verbs by which they change it.
 *
 * Pages only say what was seen (engine_seen.c). At the poll's end (engine_poll.c) the staged cards are decided: rules
 * are evaluated (engine_rule.c), alerts change (engine_alert.c), the daemon's own alerts follow (engine_builtin.c).
 *
 * A failed allocation is remembered in `error` and reported by the step.
 */

enum { CW_LOOK_UPS_MOST = 100, CW_AGAIN_MOST = 50 };

/* A list too odd to be true, in one way: stored, because the poll that may be believed can be the first after a
 * restart. */
enum cw_suspicion {
        CW_SUSPICION_NONE,
        CW_SUSPICION_RAISED,
        CW_SUSPICION_CONFIRMED, /* by customers read one by one: the next poll that shows it is believed */
        CW_SUSPICION_ACCEPTED, /* by an operator: likewise */
};

/* In which way: what was said of one says nothing of the other. */
enum cw_oddity { CW_ODD_ZEROS, CW_ODD_MISSING, CW_N_ODDITIES };

struct cw_source_state {
        const char *name; /* of the pool */
        const struct cw_source_traits *traits;
        struct cw_leaves *leaves; /* its own: the two below point there */
        struct cw_snapshot snapshot;
        struct cw_roll roll;
        struct cw_attentions attentions;
        bool baseline_done;
        int64_t first_poll_at, last_poll_at, last_complete_at, poll_ms;
        uint32_t failed_polls;
        int64_t watching_since; /* 0: without a gap since the last poll that is known */
        enum cw_poll_result result;
        char lack[240]; /* what the last poll lacked, in words; "": nothing */
        enum cw_suspicion suspicions[CW_N_ODDITIES];
        int64_t blocked_until_at, otp_step; /* of the log-in, only kept */
        bool polling, tried; /* tried: since the start a poll of it ended */
        int64_t began_at;
        uint32_t poll; /* number of the poll under way or the last, from 1 */
        uint32_t fresh_until; /* the poll that, if complete, has shown every card to every new rule */
        size_t seen_cards; /* of those known */
        size_t read_cards; /* by pages, new ones too */
        size_t emptied; /* decided before the poll's end, and zero since */
        bool suspicious; /* the poll is not believed */
        const char *trust_reason; /* why a suspicion ends with this poll, NULL: it does not */
        int64_t look_ups[CW_LOOK_UPS_MOST];
        size_t n_look_ups;
        bool look_up_for[CW_LOOK_UPS_MOST][CW_N_ODDITIES]; /* what each is to confirm, if this is a re-read */
        size_t re_reads_confirm[CW_N_ODDITIES];
        bool re_read_otherwise[CW_N_ODDITIES]; /* the customer being re-read contradicts the list */
        struct cw_stage stage;
        int64_t again[CW_AGAIN_MOST]; /* customers to be read once more, asked for since the poll began */
        size_t n_again, n_again_taken;
        struct cw_map bad; /* fingerprints of the bad-data alerts that this poll gave reason for */
        size_t bad_firing;
};

struct cw_engine {
        struct cw_strpool *pool;
        struct cw_texts *texts; /* references of cards */
        struct cw_ruleset *rules;
        struct cw_source_state *sources; /* as in the ruleset */
        size_t n_sources;
        bool *fresh; /* [rule * n_sources + source]: new or changed, until the source's next complete poll */
        bool any_fresh;
        struct cw_trail_needs needs; /* of all rules */
        bool needs_past;
        size_t n_waiting; /* alerts that wait for their `for` */
        struct cw_alerts alerts;
        enum cw_letter_verdict letter_verdict;
        bool made_silence; /* the last step did: it is the last of the policy's */
        struct cw_due flaps; /* alerts by fingerprint: flapping may have ended, or a firing has lasted */
        struct cw_due acks; /* likewise: an acknowledgement may have run out */
        struct cw_policy policy;
        const struct cw_because *because; /* of the transition under way, NULL: no expression decides it */
        struct cw_changes *changes; /* of the step under way */
        int64_t now;
        int error;
        struct cw_load_batch *loading; /* cards that are being loaded, NULL: none */
};

/* The expression that decides a transition, and on what. */
struct cw_because {
        const struct cw_expr *expr;
        const struct cw_expr_context *context;
};

/* The wall clock was set: what was counted from stays as long ago as it is, and is written down. */
void cw_engine_clock_set(struct cw_engine *engine, int64_t by_ms);

int cw_source_state_init(struct cw_engine *engine, struct cw_source_state *state,
                         const struct cw_source_traits *traits);
void cw_source_state_deinit(struct cw_engine *engine, struct cw_source_state *state);
void cw_source_state_remember(struct cw_engine *engine, const struct cw_source_state *state, bool removed);
struct cw_source_state *cw_engine_source(struct cw_engine *engine, const char *name); /* NULL: there is none */
bool *cw_engine_fresh(struct cw_engine *engine, size_t rule, size_t source);
void cw_engine_begin(struct cw_engine *engine, int64_t now, struct cw_changes *changes);
int cw_engine_finish(struct cw_engine *engine);

#endif
