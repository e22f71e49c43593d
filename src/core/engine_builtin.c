/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's own alerts: what it cannot do, what that means for the cards, and what to check first.
 *
 * They live like any other alert; they have no card, and their words are made here, for a reader who has never seen the
 * configuration.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "engine_private.h"

#define CLOCK_SKEW_MAX_MS (15 * CW_SECOND_MS)
#define SOURCE_NAME       "{source}"

static struct cw_alert_key key_of(const struct cw_trouble *trouble)
{
        return (struct cw_alert_key){
                .rule = cw_builtin_name(trouble->kind),
                .source = trouble->source,
                .customer = trouble->customer,
                .card = trouble->card,
        };
}

void cw_engine_trouble(struct cw_engine *engine, const struct cw_trouble *trouble)
{
        const struct cw_builtin *builtin = &engine->rules->builtins[trouble->kind];
        struct cw_alert_key key = key_of(trouble);
        uint64_t fingerprint = cw_alert_fingerprint(&key);
        struct cw_alert *alert = cw_alerts_find(&engine->alerts, fingerprint);
        struct cw_entry draft = {
                .severity = builtin->severity,
                .rule = key.rule,
                .source = trouble->source,
                .labels = trouble->labels,
                .n_labels = trouble->n_labels,
                .reason = trouble->reason,
                .summary = trouble->summary,
                .advice = trouble->advice,
                .confirmed = -1,
        };

        if (!builtin->enabled)
                return;
        if (alert && alert->state == CW_ALERT_FIRING) {
                /* Another field of the card is wrong now: no news, but what is shown is true. */
                if (trouble->kind == CW_BUILTIN_BAD_DATA && strcmp(alert->entry->reason, trouble->reason) != 0)
                        cw_engine_update(engine, alert, &draft);
                return;
        }
        if (cw_alerts_get(&engine->alerts, &key, fingerprint, &alert) < 0)
                engine->error = -ENOMEM;
        else
                cw_engine_fire(engine, alert, &draft);
}

/* With a reason that was built in a buffer, which is let go of. */
static void resolve(struct cw_engine *engine, struct cw_alert *alert, struct cw_buf *reason)
{
        if (cw_buf_error(reason) < 0)
                engine->error = -ENOMEM;
        else
                cw_engine_resolve_as_is(engine, alert, cw_buf_text(reason));
        cw_buf_deinit(reason);
}

static struct cw_alert *firing(const struct cw_engine *engine, enum cw_builtin_kind kind, const char *source)
{
        struct cw_alert_key key = {.rule = cw_builtin_name(kind), .source = source};
        struct cw_alert *alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&key));

        return alert && alert->state == CW_ALERT_FIRING ? alert : NULL;
}

/* `reason` may have a place for the source's name: who hears of the end may watch several. */
void cw_engine_trouble_over(struct cw_engine *engine, enum cw_builtin_kind kind, const char *source, const char *reason)
{
        struct cw_alert *alert = firing(engine, kind, source);
        const char *place = strstr(reason, SOURCE_NAME);
        struct cw_buf buf = CW_BUF_NULL;

        if (!alert)
                return;
        cw_buf_append(&buf, reason, place ? (size_t)(place - reason) : strlen(reason));
        if (place)
                cw_buf_printf(&buf, "source %s%s", source, place + strlen(SOURCE_NAME));
        resolve(engine, alert, &buf);
}

/* Reports a trouble whose summary was built in `summary`, and lets go of that. */
void cw_engine_report(struct cw_engine *engine, struct cw_trouble *trouble, struct cw_buf *summary)
{
        trouble->summary = cw_buf_text(summary);
        if (cw_buf_error(summary) < 0)
                engine->error = -ENOMEM;
        else
                cw_engine_trouble(engine, trouble);
        cw_buf_deinit(summary);
}

/* "Balances are 14 minutes old." */
static void append_age(struct cw_buf *buf, const struct cw_engine *engine, const struct cw_source_state *state)
{
        if (!state->last_complete_at) {
                cw_buf_puts(buf, " No poll has been complete yet.");
                return;
        }
        cw_buf_puts(buf, " Balances are up to ");
        cw_duration_format_human(buf,
                                 engine->now > state->last_complete_at ? engine->now - state->last_complete_at : 0);
        cw_buf_puts(buf, " old.");
}

static void judge_auth(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_AUTH_FAILED,
                .source = state->name,
                .reason = event->poll.reason,
                .advice =
                        "No card of this source is watched until this is mended; alerts stay as they are. Check the "
                        "user name and password or the API key, the TOTP secret, and that this host's clock is right; "
                        "if the API takes a one-time password only once, set `otp_single_use: true`; ask the API's "
                        "operator whether the account is locked. Then `cardwatch reload` tries again at once. By "
                        "itself the daemon tries every 10 minutes at most, so that it does not lock the account.",
        };

        if (event->poll.auth == CW_AUTH_OK) {
                cw_engine_trouble_over(engine, CW_BUILTIN_AUTH_FAILED, state->name,
                                       "the card API accepts the credentials of {source}");
                return;
        }
        if (event->poll.auth != CW_AUTH_FAILED)
                return;
        cw_buf_printf(&summary, "The card API refuses the credentials of source %s: %s.", state->name,
                      event->poll.reason);
        append_age(&summary, engine, state);
        cw_engine_report(engine, &trouble, &summary);
}

static void judge_down(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_SOURCE_DOWN,
                .source = state->name,
                .reason = event->poll.reason,
                .advice =
                        "No card of this source is watched meanwhile; alerts stay as they are. Run `cardwatch check` "
                        "on "
                        "this host: it says whether the name resolves, the API answers and the log-in works. If it is "
                        "not the network, the proxy or TLS here, ask the API's operator. The daemon goes on trying.",
        };

        if (state->result != CW_POLL_FAILED) {
                cw_engine_trouble_over(engine, CW_BUILTIN_SOURCE_DOWN, state->name,
                                       "the card API of {source} can be read again");
                return;
        }
        if (state->failed_polls < engine->rules->builtins[CW_BUILTIN_SOURCE_DOWN].after_polls)
                return;
        cw_buf_printf(&summary,
                      "The card API of source %s cannot be read: %" PRIu32 " polls in a row failed, the last with: %s.",
                      state->name, state->failed_polls, event->poll.reason);
        append_age(&summary, engine, state);
        cw_engine_report(engine, &trouble, &summary);
}

/*
 * How far polls are apart: as many beats as the longest since the last complete one took. Else a source whose failing
 * polls take longer than its beat would be stale before it is down.
 */
static int64_t interval_of(const struct cw_source_state *state)
{
        int64_t every_ms = state->traits->every_ms;

        return state->poll_ms > every_ms ? (state->poll_ms + every_ms - 1) / every_ms * every_ms : every_ms;
}

static int64_t stale_since(const struct cw_source_state *state)
{
        int64_t since = state->last_complete_at ? state->last_complete_at : state->first_poll_at;

        return since && since < state->watching_since ? state->watching_since : since;
}

/* From when on balances count as stale, 0: not at all. */
static int64_t stale_from(const struct cw_engine *engine, const struct cw_source_state *state)
{
        int64_t since = stale_since(state);
        int64_t interval = interval_of(state);

        if (!since || !engine->rules->builtins[CW_BUILTIN_STALE].enabled)
                return 0;
        return since + interval * state->traits->stale_after;
}

/* The clock judges only what no poll's end will. The poll that is due at the very moment may begin a little late, and
 * says more: that the source is down, for one. */
#define POLL_LATE_MS 1000

int64_t cw_engine_stale_at(const struct cw_engine *engine, const struct cw_source_state *state)
{
        int64_t from;

        if (state->polling || firing(engine, CW_BUILTIN_STALE, state->name))
                return 0;
        from = stale_from(engine, state);
        return from ? from + POLL_LATE_MS : 0;
}

void cw_engine_note_lack(struct cw_source_state *state, const char *reason)
{
        bool whole = state->n_look_ups > 0 && !state->suspicious; /* else nobody was looked up */
        size_t absent = whole ? cw_roll_absent(&state->roll, state->poll, 0, NULL, 0) : 0;
        const char *what = state->result == CW_POLL_FAILED ? "the last failed" : "the last was partial";
        char *lack = state->lack;

        if (state->result == CW_POLL_COMPLETE)
                lack[0] = '\0';
        else if (reason && *reason)
                snprintf(lack, sizeof(state->lack), "%s%s",
                         state->result == CW_POLL_FAILED ? "the last failed: " : "the last lacked ", reason);
        else if (absent > 0)
                snprintf(lack, sizeof(state->lack),
                         "%zu customer%s missing from the list, and whether %s gone could not be read one by one",
                         absent, absent == 1 ? " is" : "s are", absent == 1 ? "it is" : "they are");
        else
                snprintf(lack, sizeof(state->lack), "%s", what);
}

void cw_engine_judge_age(struct cw_engine *engine, struct cw_source_state *state)
{
        int64_t from = stale_from(engine, state), since = stale_since(state);
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_STALE,
                .source = state->name,
                .advice = "Cards that the polls do not bring keep their alerts, and are not watched. If requests fail, "
                          "the log says which and why: ask the API's operator about it. If polls take too long or have "
                          "to wait, `cardwatch preview` says how long one takes and what `every` to set; `cardwatch "
                          "sources` says how they go.",
        };

        if (!from || engine->now < from)
                return;
        trouble.reason = state->lack[0] ? state->lack : "none has ended since";
        cw_buf_printf(&summary, "Source %s has had no complete poll for ", state->name);
        cw_duration_format_human(&summary, engine->now - since);
        cw_buf_printf(&summary, ": %s.", trouble.reason);
        if (!state->last_complete_at)
                append_age(&summary, engine, state);
        cw_engine_report(engine, &trouble, &summary);
}

static void judge_clock(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        int64_t skew_ms = event->poll.skew_ms, off_ms = skew_ms < 0 ? -skew_ms : skew_ms;
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_CLOCK_SKEW,
                .source = state->name,
                .reason = "the clocks differ by more than 15 s",
                .advice = "When they differ by half a minute one-time passwords are refused, and no card is watched. "
                          "Check "
                          "that this host's clock is synchronised (timedatectl); if it is right, tell the API's "
                          "operator.",
        };

        if (!event->poll.skew_known)
                return;
        if (off_ms <= CLOCK_SKEW_MAX_MS) {
                cw_engine_trouble_over(engine, CW_BUILTIN_CLOCK_SKEW, state->name,
                                       "this host's clock and that of {source} agree again");
                return;
        }
        cw_buf_puts(&summary, "This host's clock is ");
        cw_duration_format_human(&summary, off_ms);
        cw_buf_printf(&summary, " %s that of source %s's card API: the clocks differ by more than 15 s.",
                      skew_ms > 0 ? "behind" : "ahead of", state->name);
        cw_engine_report(engine, &trouble, &summary);
}

void cw_engine_judge_poll(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        judge_auth(engine, state, event);
        judge_down(engine, state, event);
        judge_clock(engine, state, event);
        if (state->result == CW_POLL_COMPLETE)
                cw_engine_trouble_over(engine, CW_BUILTIN_STALE, state->name, "a poll of {source} was complete again");
        else
                cw_engine_judge_age(engine, state);
}

/* This poll gave reason for it, so that its end does not take it back. */
void cw_engine_mark_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_trouble *trouble)
{
        struct cw_alert_key key = key_of(trouble);

        if (cw_map_put(&state->bad, cw_alert_fingerprint(&key), state) < 0)
                engine->error = -ENOMEM;
        state->bad_firing++;
}

/* This poll brought a card of the customer that has no id to be known by: it may be any of those that are missing. */
bool cw_engine_brought_unnamed(const struct cw_source_state *state, int64_t customer)
{
        struct cw_trouble trouble = {.kind = CW_BUILTIN_BAD_DATA, .source = state->name, .customer = customer};
        struct cw_alert_key key = key_of(&trouble);

        return cw_map_get(&state->bad, cw_alert_fingerprint(&key));
}

void cw_engine_bad_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_BAD_DATA,
                .source = state->name,
                .customer = event->bad.customer,
                .card = event->bad.card,
                .reason = event->bad.reason,
                .advice = "The card is set aside: it keeps its last balances and its alerts, and is not watched until "
                          "the "
                          "API sends it right again. Ask the API's operator to mend that field.",
        };

        if (event->bad.card)
                cw_buf_printf(&summary, "Card %" PRId64, event->bad.card);
        else
                cw_buf_puts(&summary, "A card");
        cw_buf_printf(&summary, " of customer %" PRId64 " of source %s cannot be trusted: %s %s.", event->bad.customer,
                      state->name, event->bad.field, event->bad.reason);
        cw_engine_mark_bad(engine, state, &trouble);
        cw_engine_report(engine, &trouble, &summary);
}

bool cw_engine_is_bad(const struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                      const char *reason)
{
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_BAD_DATA, .source = state->name, .customer = card->customer, .card = card->id};
        struct cw_alert_key key = key_of(&trouble);
        struct cw_alert *alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&key));

        return alert && alert->state == CW_ALERT_FIRING && strcmp(alert->entry->reason, reason) == 0;
}

static void right_again(struct cw_engine *engine, struct cw_alert *alert)
{
        struct cw_buf reason = CW_BUF_NULL;

        if (!alert->customer)
                cw_buf_printf(&reason, "card %" PRId64 " of source %s has been the same card since", alert->card,
                              alert->source);
        else if (!alert->card)
                cw_buf_printf(&reason, "the cards of customer %" PRId64 " of source %s are right again",
                              alert->customer, alert->source);
        else
                cw_buf_printf(&reason, "card %" PRId64 " of customer %" PRId64 " of source %s is right again",
                              alert->card, alert->customer, alert->source);
        resolve(engine, alert, &reason);
}

/* A card set aside before is right again when this poll brought its customer and found nothing wrong with it. */
void cw_engine_bad_cards_over(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t cursor = 0, still = 0;
        uint64_t fingerprint;
        void *value;

        if (!state->bad_firing)
                return;
        while (cw_map_next(&engine->alerts.map, &cursor, &fingerprint, &value)) {
                struct cw_alert *alert = value;

                if (alert->state != CW_ALERT_FIRING || alert->source != state->name ||
                    strcmp(alert->rule, cw_builtin_name(CW_BUILTIN_BAD_DATA)) != 0)
                        continue;
                if (cw_map_get(&state->bad, fingerprint) ||
                    (alert->customer && !cw_roll_is_seen(&state->roll, alert->customer, state->poll)))
                        still++;
                else
                        right_again(engine, alert);
        }
        state->bad_firing = still;
}

/* What is wrong with the daemon itself. */
static void judge_own(struct cw_engine *engine, struct cw_trouble *trouble, const char *what, const char *over)
{
        struct cw_buf summary = CW_BUF_NULL;

        trouble->source = "";
        if (over) {
                cw_engine_trouble_over(engine, trouble->kind, "", over);
                return;
        }
        cw_buf_printf(&summary, "%s: %s.", what, trouble->reason);
        cw_engine_report(engine, trouble, &summary);
}

void cw_engine_store_result(struct cw_engine *engine, bool failing, const char *reason)
{
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_STORE_FAILING,
                .reason = reason,
                .advice =
                        "Cards are watched and alerts go out, but nothing is remembered: after a restart messages "
                        "may come a second time. Check the disk that holds the database (full? read-only?); the daemon "
                        "tries again by itself.",
        };

        judge_own(engine, &trouble, "The daemon cannot write its database", failing ? NULL : "the store writes again");
}

void cw_engine_reload_result(struct cw_engine *engine, bool failing, const char *reason)
{
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_RELOAD_FAILED,
                .reason = reason,
                .advice =
                        "The configuration from before stays in force. `cardwatch check` shows every mistake with its "
                        "place; mend the file and reload.",
        };

        judge_own(engine, &trouble, "The new configuration was refused",
                  failing ? NULL : "the configuration was reloaded");
}

void cw_engine_notifier_result(struct cw_engine *engine, const char *notifier, bool dead, const char *reason)
{
        struct cw_buf summary = CW_BUF_NULL;
        struct cw_label label = {.name = "notifier", .value = (char *)notifier};
        struct cw_trouble trouble = {
                .kind = CW_BUILTIN_NOTIFIER_FAILING,
                .source = "",
                .card = (int64_t)cw_hash64(CW_HASH_KEY_DERIVED, notifier, strlen(notifier)),
                .labels = &label,
                .n_labels = 1,
                .reason = reason,
                .advice = "Whoever reads only that notifier has not been told. Check its address and credentials; "
                          "what could not be delivered is kept: `cardwatch outbox list` shows it.",
        };
        struct cw_alert_key key = key_of(&trouble);
        struct cw_alert *alert;

        if (!dead) {
                alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&key));
                if (alert && alert->state == CW_ALERT_FIRING)
                        cw_engine_resolve_as_is(engine, alert, reason);
                return;
        }
        cw_buf_printf(&summary, "Notifier %s cannot deliver: %s.", notifier, reason);
        cw_engine_report(engine, &trouble, &summary);
}
