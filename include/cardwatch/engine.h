/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ENGINE_H
#define CARDWATCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/event.h"
#include "cardwatch/notice.h"

struct cw_changes;
struct cw_ruleset;

/*
 * Engine: every decision, in one call.
 *
 * It is told what was seen and what time it is (an event) and answers with what has to be remembered (changes); what
 * has to be told stands in its outbox afterwards. It reads no clock, does no I/O, draws no random numbers and logs
 * nothing: the same events give the same changes, byte for byte.
 *
 * Inside: a snapshot of each source's cards, the alerts, and the policy (ledger, groups, outbox). All of it is also in
 * the changes, so that an engine loaded from what was committed goes on where this one stood.
 *
 * -ENOMEM from a step leaves an engine that is only good for being freed: whoever runs it ends, and begins again from
 * the store.
 */

struct cw_engine;

enum cw_alert_state {
        CW_ALERT_INACTIVE,
        CW_ALERT_FIRING,
        CW_ALERT_WAITING, /* the condition is true, not for long enough yet */
        CW_ALERT_UNARMED, /* the card was never seen clear (`arm: after_clear`) */
};

enum cw_poll_result { CW_POLL_COMPLETE, CW_POLL_PARTIAL, CW_POLL_FAILED };

/* Begins with nothing stored. The ruleset gets one more reference. */
int cw_engine_new(struct cw_ruleset *rules, struct cw_engine **ret_engine) __attribute__((warn_unused_result));

/* Takes over what was committed (as cw_store_load gives it) before the first event; what the present rules make of it
 * is a change like any other. -EBADMSG: rows that cannot be. */
int cw_engine_load(struct cw_engine *engine, const struct cw_changes *stored, int64_t now, struct cw_changes *changes)
        __attribute__((warn_unused_result));
void cw_engine_free(struct cw_engine *engine);

int cw_engine_step(struct cw_engine *engine, const struct cw_event *event, int64_t now, struct cw_changes *changes)
        __attribute__((warn_unused_result));

/* When a TICK is due, 0: not by itself. */
int64_t cw_engine_wake_at(const struct cw_engine *engine);

/* After PAGES_READ: the customers that the source should read one by one, at most `most`. Returns how many. */
size_t cw_engine_look_ups(struct cw_engine *engine, size_t source, int64_t *ret_customers, size_t most);

/* After any step: customers to be read once more before an alert fires (`confirm`), at most `most`; each is named once
 * and answered with CARD_AGAIN and CUSTOMER_AGAIN. Returns how many. */
size_t cw_engine_read_again(struct cw_engine *engine, size_t source, int64_t *ret_customers, size_t most);

/* What CW_EVENT_SOURCE_MEMORY said last, from before a restart too. False: there is no such source. */
bool cw_engine_source_memory(const struct cw_engine *engine, const char *name, int64_t *ret_blocked_until_at,
                             int64_t *ret_otp_step);

/* How the last poll of a source was judged. */
enum cw_poll_result cw_engine_poll_result(const struct cw_engine *engine, size_t source);

/* Walks the cards of a source: start with *cursor = 0; false at the end. */
bool cw_engine_next_card(const struct cw_engine *engine, size_t source, size_t *cursor, struct cw_card *ret_card);

/* Walks the alerts that fire. */
bool cw_engine_next_alert(const struct cw_engine *engine, size_t *cursor, const struct cw_entry **ret_entry);

/* The outbox, for whoever delivers (outbox.h). */
struct cw_outbox *cw_engine_outbox(struct cw_engine *engine);

#endif
