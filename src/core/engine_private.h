/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_PRIVATE_H
#define CARDWATCH_CORE_ENGINE_PRIVATE_H

#include "alert.h"
#include "cardwatch/changes.h"
#include "cardwatch/engine.h"
#include "cardwatch/expr.h"
#include "cardwatch/map.h"
#include "policy.h"
#include "roll.h"
#include "snapshot.h"

/*
 * What the files of the engine share: its state, and the few verbs by which they change it.
 *
 * A poll is staged (engine_poll.c): pages only say what was seen. At its end the staged cards are decided: rules are
 * evaluated (engine_rule.c), alerts change (engine_alert.c), the daemon's own alerts follow from how the poll went
 * (engine_builtin.c). engine_rules.c and engine_load.c bring in another ruleset and what was stored.
 *
 * A failed allocation is remembered in `error` and reported by the step.
 */

/* A card that the poll under way brought and that has to be decided. */
struct cw_staged {
        struct cw_card card; /* the reference is one of the pool's */
        int64_t at;
        bool watched; /* by the faster lane: says nothing about what a poll brought */
};

enum { CW_LOOK_UPS_MOST = 100 };

/* A list too odd to be true: stored, because the poll that may be believed can be the first after a restart. */
enum cw_suspicion {
        CW_SUSPICION_NONE,
        CW_SUSPICION_RAISED,
        CW_SUSPICION_CONFIRMED, /* by customers read one by one: the next poll that shows it is believed */
        CW_SUSPICION_ACCEPTED, /* by an operator: likewise */
};

struct cw_source_state {
        const char *name; /* of the pool */
        const struct cw_source_traits *traits;
        struct cw_snapshot snapshot;
        struct cw_roll roll;
        bool baseline_done;
        int64_t first_poll_at, last_poll_at, last_complete_at, poll_ms;
        uint32_t failed_polls;
        int64_t watching_since; /* 0: without a gap since the last poll that is known */
        enum cw_poll_result result;
        enum cw_suspicion suspicion;
        int64_t blocked_until_at, otp_step; /* of the log-in, only kept */

        bool polling;
        int64_t began_at;
        uint32_t poll; /* number of the poll under way or the last, from 1 */
        uint32_t fresh_until; /* the poll that, if complete, has shown every card to every new rule */
        size_t seen_cards; /* of those known */
        size_t read_cards; /* by pages, new ones too */
        size_t emptied; /* decided before the poll's end, and zero since */
        bool suspicious; /* the poll is not believed */
        int64_t look_ups[CW_LOOK_UPS_MOST];
        size_t n_look_ups;
        size_t re_reads_confirm;
        bool re_read_otherwise; /* the customer being re-read contradicts the list */
        struct cw_staged *staged;
        size_t n_staged, staged_capacity;
        struct cw_map bad; /* fingerprints of the bad-data alerts that this poll gave reason for */
        size_t bad_firing;
};

struct cw_engine {
        struct cw_strpool *pool;
        struct cw_ruleset *rules;
        struct cw_source_state *sources; /* as in the ruleset */
        size_t n_sources;
        bool *fresh; /* [rule * n_sources + source]: new or changed, until the source's next complete poll */
        bool any_fresh;
        struct cw_alerts alerts;
        struct cw_policy policy;
        struct cw_changes *changes; /* of the step under way */
        int64_t now;
        int error;
};

/* engine.c */
int cw_source_state_init(struct cw_engine *engine, struct cw_source_state *state,
                         const struct cw_source_traits *traits);
void cw_source_state_deinit(struct cw_engine *engine, struct cw_source_state *state);
void cw_source_state_remember(struct cw_engine *engine, const struct cw_source_state *state, bool removed);
bool *cw_engine_fresh(struct cw_engine *engine, size_t rule, size_t source);
void cw_engine_begin(struct cw_engine *engine, int64_t now, struct cw_changes *changes);
int cw_engine_finish(struct cw_engine *engine);

/* engine_poll.c */
void cw_engine_poll_began(struct cw_engine *engine, struct cw_source_state *state, int64_t at);
void cw_engine_customer_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t customer);
void cw_engine_card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_customer_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_poll_goes_on(struct cw_engine *engine, struct cw_source_state *state);
void cw_engine_pages_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_watched(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_poll_ended(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
bool cw_engine_mark_seen(struct cw_source_state *state, struct cw_record *record);

/* engine_card.c */
void cw_engine_remember_card(struct cw_engine *engine, const struct cw_source_state *state,
                             const struct cw_record *record, bool gone);
void cw_engine_let_go_of_card(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record,
                              const char *reason);
void cw_engine_decide_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged);
void cw_engine_count_missing(struct cw_engine *engine, struct cw_source_state *state);

/* engine_suspicion.c */
bool cw_engine_empties(const struct cw_source_state *state, const struct cw_staged *staged);
bool cw_engine_too_many_empty(const struct cw_source_state *state);
void cw_engine_judge_pages(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
bool cw_engine_re_read_says_otherwise(struct cw_source_state *state, const struct cw_card *card);
void cw_engine_re_read(struct cw_source_state *state, enum cw_look_up_result result);
void cw_engine_weigh_re_reads(struct cw_source_state *state);

/* engine_rule.c: evaluates one rule on one observation. `previous` NULL: there is nothing to compare with. */
struct cw_look {
        struct cw_source_state *state;
        size_t rule;
        const struct cw_record *record; /* already shows `card` */
        const struct cw_card *card, *previous;
        bool baseline; /* what fires belongs to a baseline; events are silent */
        bool unchanged; /* nothing is new, neither of the card nor of the rule: what goes on stays as it is */
        bool appeared, disappeared;
};
void cw_engine_look(struct cw_engine *engine, const struct cw_look *look);
/* The alerts of a card that is no more, or not the same any more. */
void cw_engine_card_gone(struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                         const char *reason);

/* engine_alert.c: transitions. `draft` borrows everything; the engine keeps a copy. */
void cw_engine_fire(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_update(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_resolve(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft, const char *reason);
/* With what it showed last. */
void cw_engine_resolve_as_is(struct cw_engine *engine, struct cw_alert *alert, const char *reason);

/* engine_builtin.c */
struct cw_trouble {
        enum cw_builtin_kind kind;
        const char *source; /* "" for none */
        int64_t customer, card; /* tell alerts of one kind and source apart */
        const struct cw_label *labels;
        size_t n_labels;
        const char *summary, *advice, *reason;
};
void cw_engine_trouble(struct cw_engine *engine, const struct cw_trouble *trouble);
/* The same with a summary that was built in a buffer, which is let go of. */
void cw_engine_report(struct cw_engine *engine, struct cw_trouble *trouble, struct cw_buf *summary);
void cw_engine_trouble_over(struct cw_engine *engine, enum cw_builtin_kind kind, const char *source,
                            const char *reason);
void cw_engine_judge_poll(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_judge_age(struct cw_engine *engine, struct cw_source_state *state);
int64_t cw_engine_stale_at(const struct cw_engine *engine, const struct cw_source_state *state);
void cw_engine_mark_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_trouble *trouble);
void cw_engine_bad_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_bad_cards_over(struct cw_engine *engine, struct cw_source_state *state);
void cw_engine_store_result(struct cw_engine *engine, bool failing, const char *reason);
void cw_engine_reload_result(struct cw_engine *engine, bool failing, const char *reason);
void cw_engine_notifier_result(struct cw_engine *engine, const char *notifier, bool dead, const char *reason);

/* engine_rules.c */
void cw_engine_set_rules(struct cw_engine *engine, struct cw_ruleset *rules);
/* What follows from the difference between the rules in force and those before: only names and meanings of these are
 * looked at. */
void cw_engine_compare_rules(struct cw_engine *engine, const struct cw_ruleset *before);
/* The rows of rules that are not fresh. */
void cw_engine_remember_settled_rules(struct cw_engine *engine);
/* A rule that is in force under this name, or SIZE_MAX. */
size_t cw_engine_rule_index(const struct cw_engine *engine, const char *name);

#endif
