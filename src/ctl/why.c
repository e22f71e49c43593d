/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cardwatch why: what was observed of a card, what its alerts did and who was told. The rules are judged again as of
 * that time, by the engine itself: it is loaded with the card as it was then and with what was recorded before.
 */
#include "why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/fingerprint.h"
#include "cardwatch/rules.h"
#include "cardwatch/settings.h"
#include "cardwatch/store_history.h"
#include "command.h"
#include "options.h"
#include "when.h"

CW_DEFINE_CLEANUP(struct cw_engine *, cw_engine_free);

struct asked {
        const char *config, *at, *source;
        bool json;
};

static void why_deinit(struct cw_why *why)
{
        for (size_t i = 0; i < why->n_rules; i++)
                free(why->rules[i].judged);
        free(why->rules);
        cw_changes_deinit(&why->past);
        cw_recorded_deinit(&why->recorded);
}

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
        va_list args;

        fputs("cardwatch why: ", stderr);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
        return CW_EXIT_FAILED;
}

static const struct cw_card_row *present_row(const struct cw_why *why, const char *source)
{
        const struct cw_changes *rows = &why->recorded.rows;

        for (size_t i = 0; i < rows->cards.n; i++)
                if (rows->cards.rows[i].card.id == why->card &&
                    (!source || strcmp(rows->cards.rows[i].source, source) == 0))
                        return &rows->cards.rows[i];
        return NULL;
}

/* Takes a source that has, or had, the card. False: it is another one than that of before. */
static bool take_source(struct cw_why *why, const char *source)
{
        if (!why->source)
                why->source = source;
        return strcmp(why->source, source) == 0;
}

/* All of it is of one source, or the operator has to say of which. */
static int find_source(struct cw_why *why)
{
        const struct cw_changes *rows = &why->recorded.rows;
        const char *other = NULL;

        for (size_t i = 0; i < rows->cards.n; i++)
                if (rows->cards.rows[i].card.id == why->card && !take_source(why, rows->cards.rows[i].source))
                        other = rows->cards.rows[i].source;
        for (size_t i = 0; i < why->past.cards.n; i++)
                if (!take_source(why, why->past.cards.rows[i].source))
                        other = why->past.cards.rows[i].source;
        for (size_t i = 0; i < why->past.history.n; i++)
                if (!take_source(why, why->past.history.rows[i].source))
                        other = why->past.history.rows[i].source;
        if (other)
                return fail("sources %s and %s both have a card %" PRId64 ": say which with --source", why->source,
                            other, why->card);
        return 0;
}

static int read_past(struct cw_why *why, const char *source)
{
        struct cw_store_span span = {.card = why->card, .has_card = true, .source = source};
        int r = cw_recorded_cards(&why->recorded, &span, &why->past);

        if (r == 0)
                r = cw_recorded_edges(&why->recorded, &span, &why->past);
        if (r)
                return r;
        why->source = source;
        if (!source)
                r = find_source(why);
        if (r)
                return r;
        if (!why->source || (!present_row(why, why->source) && !why->past.cards.n && !why->past.history.n))
                return fail("card %" PRId64 "%s%s is not known, and nothing is recorded of it", why->card,
                            source ? " of source " : "", source ? source : "");
        for (size_t i = 0; i < why->past.cards.n; i++)
                if (why->past.cards.rows[i].observed_at <= why->at)
                        why->n_cards = i + 1;
        while (why->n_edges < why->past.history.n && why->past.history.rows[why->n_edges].at <= why->at)
                why->n_edges++;
        return 0;
}

/* When the card was observed last, changed or not: what did not change is not recorded, polls are. */
static int64_t looked_at(const struct cw_why *why)
{
        const struct cw_changes *rows = &why->recorded.rows;
        int64_t at = why->shown.observed_at;

        for (size_t i = 0; i < rows->sources.n; i++) {
                int64_t polled_at = rows->sources.rows[i].last_poll_at;

                if (strcmp(rows->sources.rows[i].source, why->source) == 0 && polled_at > at)
                        at = polled_at;
        }
        return at < why->at ? at : why->at;
}

static int64_t every_ms(const struct cw_why *why)
{
        const struct cw_config *config = why->recorded.settings->config;

        for (size_t i = 0; i < config->n_sources; i++)
                if (strcmp(config->sources[i].name, why->source) == 0)
                        return config->sources[i].every_ms;
        return 0;
}

/* A poll later it was seen to be what it had become. */
static void look_once_more(struct cw_why *why)
{
        int64_t at = looked_at(why);

        if (at - why->shown.observed_at < every_ms(why))
                return;
        why->shown.observed_at = at;
        why->shown.look_again = false;
}

static void find_shown(struct cw_why *why)
{
        const struct cw_card_row *present = present_row(why, why->source);
        const struct cw_card_row *last = why->n_cards > 0 ? &why->past.cards.rows[why->n_cards - 1] : NULL;
        const struct cw_card_row *next = why->n_cards < why->past.cards.n ? &why->past.cards.rows[why->n_cards] : NULL;

        if (next && last) {
                why->shown = *last;
        } else if (next) {
                why->shown = *next;
                why->shown.observed_at = next->first_seen_at;
                why->known = next->has_before && next->first_seen_at <= why->at;
                why->shown.card.available = next->before.available;
                why->shown.card.pending = next->before.pending;
                why->shown.card.total = next->before.total;
                why->shown.card.suppressed = next->before.suppressed;
        } else if (present) {
                why->shown = *present;
                why->known = present->first_seen_at <= why->at;
        } else if (last) {
                why->shown = *last;
        }
        if (last)
                why->known = !last->gone;
        if (why->known)
                look_once_more(why);
}

/* The rows of an engine that knows this card alone. */
static void rows_of(const struct cw_why *why, struct cw_changes *ret_rows)
{
        const struct cw_changes *rows = &why->recorded.rows;

        for (size_t i = 0; i < rows->sources.n; i++)
                cw_changes_source(ret_rows, &rows->sources.rows[i]);
        for (size_t i = 0; i < rows->rules.n; i++)
                cw_changes_rule(ret_rows, &rows->rules.rows[i]);
        cw_changes_card(ret_rows, &why->shown);
}

/* The engine's own words about the rule and the card: its account of the alert's state is of the present, and left out.
 */
static int judge(const struct cw_engine *engine, struct cw_why_rule *rule)
{
        static const char begins[] = "as the card was observed last";
        cw_cleanup(cw_buf_deinit) struct cw_buf words = CW_BUF_NULL;
        const char *at;
        int r = cw_engine_explain(engine, rule->fingerprint, &cw_recorded_style, &words);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        at = strstr(cw_buf_text(&words), begins);
        at = at ? strchr(at, '\n') : NULL;
        if (!at)
                return 0;
        rule->judged = strdup(at + 1);
        return rule->judged ? 0 : -ENOMEM;
}

static bool is_transition(const struct cw_history_row *row)
{
        return !row->notifier && strcmp(row->what, "settled") != 0;
}

static const struct cw_history_row *state_of(const struct cw_why *why, uint64_t fingerprint)
{
        for (size_t i = why->n_edges; i-- > 0;)
                if (why->past.history.rows[i].fingerprint == fingerprint && is_transition(&why->past.history.rows[i]))
                        return &why->past.history.rows[i];
        return NULL;
}

static int judge_rules(struct cw_why *why)
{
        cw_cleanup(cw_engine_free_cleanup) struct cw_engine *engine = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        const struct cw_ruleset *rules = why->recorded.settings->config->rules;
        struct cw_changes until = why->past; /* borrowed */
        int r;

        why->rules = calloc(rules->n_rules + 1, sizeof(*why->rules));
        if (!why->rules)
                return fail("%s", strerror(ENOMEM));
        until.cards.n = why->n_cards;
        if (why->known) {
                rows_of(why, &rows);
                r = cw_recorded_engine(&why->recorded, &rows, why->at, &until, &engine);
                if (r)
                        return r;
        }
        for (size_t i = 0; i < rules->n_rules; i++) {
                struct cw_why_rule *rule = &why->rules[why->n_rules++];

                rule->rule = &rules->rules[i];
                rule->fingerprint = cw_fingerprint(rule->rule->name, why->source, why->shown.card.customer, why->card);
                rule->state = state_of(why, rule->fingerprint);
                if (engine && judge(engine, rule) < 0)
                        return fail("%s", strerror(ENOMEM));
        }
        return 0;
}

static int tell(struct cw_why *why, const struct asked *asked)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        int r = read_past(why, asked->source);

        if (r)
                return r;
        find_shown(why);
        r = judge_rules(why);
        if (r)
                return r;
        if (asked->json)
                cw_why_json(why, &buf);
        else
                cw_why_print(why, &buf);
        fputs(cw_buf_text(&buf), stdout);
        return cw_buf_error(&buf) < 0 || fflush(stdout) != 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
}

static bool read_card(const char *text, int64_t *ret_card)
{
        char *end;

        errno = 0;
        *ret_card = strtoll(text, &end, 10);
        return !errno && end != text && !*end && (*text == '-' || (*text >= '0' && *text <= '9'));
}

/* -1: go on. */
static int read_options(const struct cw_command *command, int argc, char **argv, struct asked *asked)
{
        const struct cw_option options[] = {
                {"at", .text = &asked->at},
                {"source", .text = &asked->source},
                {"json", .flag = &asked->json},
        };
        const struct cw_option_set set = {.options = options,
                                          .n = CW_ARRAY_SIZE(options),
                                          .least = 1,
                                          .most = 1,
                                          .operands = "the id of one card"};

        return cw_options_read_local(command, argc, argv, &set, &asked->config);
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(why_deinit) struct cw_why why = {.card = 0};
        struct asked asked = {.config = CW_DEFAULT_CONFIG};
        int status = read_options(command, argc, argv, &asked);

        if (status >= 0)
                return status;
        if (!read_card(argv[optind], &why.card))
                return cw_command_misused(command, "\"%s\" is no id of a card", argv[optind]);
        status = cw_recorded_open(&why.recorded, command->name, asked.config);
        if (status)
                return status;
        /* After the configuration: it says in which zone a time without one is. */
        why.at = why.recorded.now;
        if (asked.at && cw_when_parse_past(asked.at, why.recorded.now, &why.at) < 0)
                return cw_command_misused(command, "--at %s is no time: " CW_WHEN_PAST_USAGE, asked.at);
        return tell(&why, &asked);
}

const struct cw_command cw_command_why = {
        .name = "why",
        .usage = "Usage: cardwatch why [--at TIME] [--source NAME] [--json] [-c FILE] CARD\n"
                 "\n"
                 "Why was somebody told, or not: what was observed of the card around that time, what its alerts did, "
                 "each with\n"
                 "the values that decided it, every message about them, sent or held back and by what, and what the "
                 "rules of the\n"
                 "configuration made of the card then. Reads the store, whether a daemon runs on it or not.\n"
                 "\n"
                 "      --at TIME      " CW_WHEN_PAST_USAGE " (default: now)\n"
                 "      --source NAME  where several have a card with this id\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "      --json         for programs\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Exit status: 0 well, 1 nothing is known of the card or the store cannot be read, 64 usage, 78 "
                 "configuration.\n",
        .run = run,
};
