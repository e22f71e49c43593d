/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded of a card, as lines for people and as JSON. */
#include "why.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/json_out.h"
#include "cardwatch/money.h"
#include "cardwatch/rule.h"
#include "edges.h"
#include "when.h"

/* How much of it people want to read; programs get all. */
#define CHANGES_BEFORE 6
#define CHANGES_AFTER  4
#define EDGES_BEFORE   16
#define EDGES_AFTER    8

static void add_amount(struct cw_buf *buf, cw_amount amount, const char *currency)
{
        cw_amount_format(buf, amount, cw_currency_digits(currency));
}

static void add_balances(struct cw_buf *buf, const struct cw_card *card)
{
        cw_buf_puts(buf, "available ");
        add_amount(buf, card->available, card->currency);
        cw_buf_puts(buf, ", pending ");
        add_amount(buf, card->pending, card->currency);
        cw_buf_puts(buf, ", total ");
        add_amount(buf, card->total, card->currency);
        cw_buf_printf(buf, " %s%s", card->currency, card->suppressed ? ", deactivated" : "");
}

struct field {
        const char *name;
        cw_amount before, now;
};

static void print_fields(struct cw_buf *buf, const struct cw_card_row *row)
{
        const struct field fields[] = {
                {"available", row->before.available, row->card.available},
                {"pending", row->before.pending, row->card.pending},
                {"total", row->before.total, row->card.total},
        };
        const char *separator = "";

        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
                if (fields[i].before == fields[i].now)
                        continue;
                cw_buf_printf(buf, "%s%s ", separator, fields[i].name);
                add_amount(buf, fields[i].before, row->card.currency);
                cw_buf_puts(buf, " -> ");
                add_amount(buf, fields[i].now, row->card.currency);
                separator = ", ";
        }
        if (row->before.suppressed != row->card.suppressed) {
                cw_buf_printf(buf, "%s%s", separator, row->card.suppressed ? "deactivated" : "active again");
                separator = ", ";
        }
        if (!*separator)
                cw_buf_printf(buf, "reference %s, customer %" PRId64,
                              row->card.reference ? row->card.reference : "none", row->card.customer);
}

static void print_change(struct cw_buf *buf, const struct cw_card_row *row)
{
        cw_when_format(buf, row->observed_at);
        cw_buf_puts(buf, "  ");
        if (row->gone) {
                cw_buf_puts(buf, "not known any more");
        } else if (row->has_before) {
                print_fields(buf, row);
        } else {
                cw_buf_puts(buf, row->observed_at == row->first_seen_at ? "first seen: " : "is now: ");
                add_balances(buf, &row->card);
        }
        cw_buf_putc(buf, '\n');
}

/* What happened, in the order of time; a line marks the time that was asked for. */
static void print_timeline(const struct cw_why *why, struct cw_buf *buf)
{
        size_t card = why->n_cards > CHANGES_BEFORE ? why->n_cards - CHANGES_BEFORE : 0;
        size_t edge = why->n_edges > EDGES_BEFORE ? why->n_edges - EDGES_BEFORE : 0;
        bool marked = false;

        for (;;) {
                const struct cw_card_row *change = card < why->past.cards.n && card < why->n_cards + CHANGES_AFTER
                                                           ? &why->past.cards.rows[card]
                                                           : NULL;
                const struct cw_history_row *row = edge < why->past.history.n && edge < why->n_edges + EDGES_AFTER
                                                           ? &why->past.history.rows[edge]
                                                           : NULL;
                bool is_change = change && (!row || change->observed_at <= row->at);

                if (!marked && (is_change ? card >= why->n_cards : !row || edge >= why->n_edges)) {
                        marked = true;
                        cw_when_format(buf, why->at);
                        cw_buf_puts(buf, "  ----\n");
                }
                if (is_change)
                        print_change(buf, &why->past.cards.rows[card++]);
                else if (row)
                        cw_edge_print(buf, &why->past.history.rows[edge++], true);
                else
                        return;
        }
}

static void print_told(const struct cw_why *why, const struct cw_why_rule *rule, struct cw_buf *buf)
{
        bool any = false;

        for (size_t i = 0; i < why->past.history.n; i++) {
                const struct cw_history_row *row = &why->past.history.rows[i];

                if (row->fingerprint != rule->fingerprint || !row->notifier || row->edge != rule->state->edge)
                        continue;
                cw_buf_printf(buf, "%s%s %s%s%s", any ? ", " : "  of that: ", row->what, row->notifier,
                              row->reason && *row->reason ? ", " : "", row->reason ? row->reason : "");
                any = true;
        }
        cw_buf_puts(buf, any ? "\n" : "  of that no message is recorded\n");
}

/* Each line a little further in. */
static void print_judged(struct cw_buf *buf, const char *text)
{
        while (*text) {
                size_t len = strcspn(text, "\n");

                cw_buf_puts(buf, "  ");
                cw_buf_append(buf, text, len);
                cw_buf_putc(buf, '\n');
                text += len + (text[len] == '\n');
        }
}

static void print_rule(const struct cw_why *why, const struct cw_why_rule *rule, struct cw_buf *buf)
{
        char fingerprint[17];

        cw_hash_hex64(rule->fingerprint, fingerprint);
        cw_buf_printf(buf, "\n%s (%s): ", rule->rule->name, fingerprint);
        if (!rule->rule->enabled) {
                cw_buf_puts(buf, "not enabled\n");
                return;
        }
        if (rule->state) {
                cw_buf_printf(buf, "%s since ", rule->state->what);
                cw_when_format(buf, rule->state->at);
                cw_buf_putc(buf, '\n');
                print_told(why, rule, buf);
        } else {
                cw_buf_puts(buf, rule->rule->on ? "no event of it is recorded, so nobody was told\n"
                                                : "nothing of it is recorded: it did not fire, so nobody was told\n");
        }
        if (rule->judged)
                print_judged(buf, rule->judged);
}

void cw_why_print(const struct cw_why *why, struct cw_buf *buf)
{
        const struct cw_card *card = &why->shown.card;

        cw_buf_printf(buf, "card %" PRId64 " of customer %" PRId64 "%s%s%s · source %s\n", why->card, card->customer,
                      card->reference ? " (" : "", card->reference ? card->reference : "", card->reference ? ")" : "",
                      why->source);
        print_timeline(why, buf);
        cw_buf_puts(buf, "\nat ");
        cw_when_format(buf, why->at);
        cw_buf_puts(buf, why->known ? ": " : " the card was not known, and no rule looked at it\n");
        if (why->known) {
                add_balances(buf, card);
                cw_buf_putc(buf, '\n');
        }
        for (size_t i = 0; i < why->n_rules; i++)
                print_rule(why, &why->rules[i], buf);
}

static void json_balances(struct cw_json_out *out, const char *name, const struct cw_balances *balances,
                          unsigned digits)
{
        cw_json_out_open(out, name, '{');
        cw_json_out_amount(out, "available", balances->available, digits);
        cw_json_out_amount(out, "pending", balances->pending, digits);
        cw_json_out_amount(out, "total", balances->total, digits);
        cw_json_out_bool(out, "suppressed", balances->suppressed);
        cw_json_out_close(out, '}');
}

static void json_card(struct cw_json_out *out, const char *name, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;
        unsigned digits = cw_currency_digits(card->currency);

        cw_json_out_open(out, name, '{');
        cw_json_out_time(out, "at", row->observed_at);
        cw_json_out_int(out, "customer", card->customer);
        cw_json_out_string(out, "reference", card->reference);
        cw_json_out_string(out, "currency", card->currency);
        cw_json_out_amount(out, "available", card->available, digits);
        cw_json_out_amount(out, "pending", card->pending, digits);
        cw_json_out_amount(out, "total", card->total, digits);
        cw_json_out_bool(out, "suppressed", card->suppressed);
        if (row->changed && row->has_before)
                json_balances(out, "before", &row->before, digits);
        if (row->changed || row->gone)
                cw_json_out_bool(out, "gone", row->gone);
        cw_json_out_close(out, '}');
}

static void json_rule(struct cw_json_out *out, const struct cw_why_rule *rule)
{
        char fingerprint[17];

        cw_hash_hex64(rule->fingerprint, fingerprint);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "rule", rule->rule->name);
        cw_json_out_string(out, "fingerprint", fingerprint);
        cw_json_out_bool(out, "enabled", rule->rule->enabled);
        cw_json_out_string(out, "state", rule->state ? rule->state->what : NULL);
        cw_json_out_time(out, "since", rule->state ? rule->state->at : 0);
        cw_json_out_string(out, "judged", rule->judged);
        cw_json_out_close(out, '}');
}

void cw_why_json(const struct cw_why *why, struct cw_buf *buf)
{
        struct cw_json_out out = {.buf = buf};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_int(&out, "card", why->card);
        cw_json_out_string(&out, "source", why->source);
        cw_json_out_time(&out, "at", why->at);
        if (why->known)
                json_card(&out, "shown", &why->shown);
        else
                cw_json_out_null(&out, "shown");
        cw_json_out_open(&out, "changes", '[');
        for (size_t i = 0; i < why->past.cards.n; i++)
                json_card(&out, NULL, &why->past.cards.rows[i]);
        cw_json_out_close(&out, ']');
        cw_json_out_open(&out, "edges", '[');
        for (size_t i = 0; i < why->past.history.n; i++)
                cw_edge_json(&out, &why->past.history.rows[i]);
        cw_json_out_close(&out, ']');
        cw_json_out_open(&out, "rules", '[');
        for (size_t i = 0; i < why->n_rules; i++)
                json_rule(&out, &why->rules[i]);
        cw_json_out_close(&out, ']');
        cw_json_out_close(&out, '}');
        cw_buf_putc(buf, '\n');
}
