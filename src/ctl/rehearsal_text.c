/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: each failure as a diff of two lists, expected (-) and real (+), and below them once what led there. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/scenario.h"
#include "cardwatch/settings.h"
#include "cardwatch/text.h"
#include "rehearsal.h"

enum {
        LINES_BEFORE = 20, /* of the timeline, up to the failure */
        LINES_AFTER = 5,
        TRIES_MOST = 10000,
};

static const struct cw_expected *list_of(const struct cw_failure *failure)
{
        return failure->is_messages ? &failure->expectation->messages : &failure->expectation->alerts;
}

static bool fits(const struct cw_expected *expected, const struct cw_actual *actual, int64_t start_at)
{
        return cw_expect(expected, actual, start_at, "", NULL);
}

/* Who has which of the alerts that fire, while everybody gets one: augmenting paths. */
struct matching {
        const struct cw_failure *failure;
        int64_t start_at;
        size_t *taken_by; /* of each that fires: 0 nobody, else the place of what is expected, from 1 */
        bool *tried;
};

static bool assign(struct matching *matching, size_t i)
{
        const struct cw_failure *failure = matching->failure;

        for (size_t j = 0; j < failure->n_actual; j++) {
                if (matching->tried[j] || !fits(&list_of(failure)->items[i], &failure->actual[j], matching->start_at))
                        continue;
                matching->tried[j] = true;
                if (matching->taken_by[j] && !assign(matching, matching->taken_by[j] - 1))
                        continue;
                matching->taken_by[j] = i + 1;
                return true;
        }
        return false;
}

/* Fills taken_by; what stays without a partner is the difference. */
static size_t match_alerts(const struct cw_failure *failure, int64_t start_at, size_t *taken_by)
{
        cw_autofree bool *tried = calloc(failure->n_actual + 1, sizeof(*tried));
        struct matching matching = {failure, start_at, taken_by, tried};
        size_t n = 0;

        for (size_t i = 0; tried && i < list_of(failure)->n_items; i++) {
                memset(tried, 0, failure->n_actual * sizeof(*tried));
                n += assign(&matching, i);
        }
        return n;
}

/* Messages of one instant have an order only where the outbox keeps one: within a receiver's group. */
static bool is_before(const struct cw_actual *one, const struct cw_actual *other)
{
        struct cw_json a, b;

        if (one->at != other->at)
                return one->at < other->at;
        return one->notifier == other->notifier && cw_json_member(&one->json, "group", &a) &&
               cw_json_member(&other->json, "group", &b) && a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool may_be_next(const struct cw_failure *failure, const bool *used, size_t j)
{
        if (used[j])
                return false;
        for (size_t i = 0; i < j; i++)
                if (!used[i] && is_before(&failure->actual[i], &failure->actual[j]))
                        return false;
        return true;
}

struct ordering {
        const struct cw_failure *failure;
        int64_t start_at;
        bool *used;
        size_t first; /* all before it are used */
        unsigned tries; /* that are left: many messages of one instant that fit alike are taken as they come */
};

static bool order_from(struct ordering *ordering, size_t i)
{
        const struct cw_failure *failure = ordering->failure;
        size_t first = ordering->first;

        if (i == list_of(failure)->n_items)
                return true;
        while (ordering->used[first])
                first++;
        for (size_t j = first; j < failure->n_actual && failure->actual[j].at == failure->actual[first].at; j++) {
                if (!may_be_next(failure, ordering->used, j) ||
                    !fits(&list_of(failure)->items[i], &failure->actual[j], ordering->start_at))
                        continue;
                ordering->used[j] = true;
                ordering->first = first;
                if (order_from(ordering, i + 1))
                        return true;
                ordering->used[j] = false;
                if (ordering->tries == 0 || --ordering->tries == 0)
                        break;
        }
        ordering->first = first;
        return false;
}

static bool messages_agree(const struct cw_failure *failure, int64_t start_at)
{
        cw_autofree bool *used = calloc(failure->n_actual + 1, sizeof(*used));
        struct ordering ordering = {.failure = failure, .start_at = start_at, .used = used, .tries = TRIES_MOST};

        return used && list_of(failure)->n_items == failure->n_actual && order_from(&ordering, 0);
}

bool cw_rehearsal_agrees(const struct cw_failure *failure, int64_t start_at)
{
        cw_autofree size_t *taken_by = calloc(failure->n_actual + 1, sizeof(*taken_by));

        if (failure->is_messages)
                return messages_agree(failure, start_at);
        return taken_by && list_of(failure)->n_items == failure->n_actual &&
               match_alerts(failure, start_at, taken_by) == failure->n_actual;
}

static void put_expected(struct cw_buf *buf, const char *sign, const struct cw_expected *expected)
{
        cw_buf_printf(buf, "    %s ", sign);
        cw_expected_format(buf, expected);
        cw_buf_putc(buf, '\n');
}

static void put_actual(struct cw_buf *buf, const char *sign, const struct cw_actual *actual)
{
        cw_buf_printf(buf, "    %s ", sign);
        cw_actual_format(buf, actual);
        cw_buf_putc(buf, '\n');
}

/* A name that nothing has is the likeliest reason of all. */
static void put_unknown_name(struct cw_buf *buf, const struct cw_settings *settings, const struct cw_expected *expected)
{
        const char *rule = cw_expected_text(expected, "rule"), *notifier = cw_expected_text(expected, "notifier");
        const struct cw_ruleset *rules = settings->config->rules;
        bool found = !rule || strchr(rule, '*');

        for (size_t i = 0; !found && i < rules->n_rules; i++)
                found = strcmp(rules->rules[i].name, rule) == 0;
        for (size_t i = 0; !found && i < CW_BUILTIN_COUNT; i++)
                found = strcmp(cw_builtin_name((enum cw_builtin_kind)i), rule) == 0;
        if (!found)
                cw_buf_printf(buf, "        the configuration has no rule \"%s\"\n", rule);
        found = !notifier || strchr(notifier, '*');
        for (size_t i = 0; !found && i < rules->n_notifiers; i++)
                found = strcmp(rules->notifiers[i].name, notifier) == 0;
        if (!found)
                cw_buf_printf(buf, "        the configuration has no notifier \"%s\"\n", notifier);
}

/* The free one with the fewest differences. */
static size_t nearest(const struct cw_failure *failure, const struct cw_expected *expected, const size_t *taken_by,
                      int64_t start_at)
{
        size_t best = SIZE_MAX, least = SIZE_MAX;

        for (size_t j = 0; j < failure->n_actual; j++) {
                struct cw_buf why = CW_BUF_NULL;
                size_t n = 0;

                if (taken_by[j])
                        continue;
                (void)cw_expect(expected, &failure->actual[j], start_at, "", &why);
                for (size_t i = 0; i < why.len; i++)
                        n += why.data[i] == '\n';
                if (n < least && n < expected->n_items) {
                        best = j;
                        least = n;
                }
                cw_buf_deinit(&why);
        }
        return best;
}

static bool is_taken_by(const struct cw_failure *failure, const size_t *taken_by, size_t i, size_t *ret_j)
{
        for (size_t j = 0; j < failure->n_actual; j++) {
                if (taken_by[j] == i + 1) {
                        *ret_j = j;
                        return true;
                }
        }
        return false;
}

static void put_alerts(struct cw_buf *buf, const struct cw_rehearsal *rehearsal, const struct cw_failure *failure)
{
        cw_autofree size_t *taken_by = calloc(failure->n_actual + 1, sizeof(*taken_by));
        const struct cw_expected *list = list_of(failure);
        int64_t start_at = rehearsal->test->start_at;
        size_t j;

        if (!taken_by)
                return;
        match_alerts(failure, start_at, taken_by);
        for (size_t i = 0; i < list->n_items; i++)
                if (is_taken_by(failure, taken_by, i, &j))
                        put_expected(buf, " ", &list->items[i]);
        for (size_t i = 0; i < list->n_items; i++) {
                if (is_taken_by(failure, taken_by, i, &j))
                        continue;
                put_expected(buf, "-", &list->items[i]);
                put_unknown_name(buf, rehearsal->settings, &list->items[i]);
                j = nearest(failure, &list->items[i], taken_by, start_at);
                if (j == SIZE_MAX)
                        continue;
                taken_by[j] = SIZE_MAX;
                put_actual(buf, "+", &failure->actual[j]);
                (void)cw_expect(&list->items[i], &failure->actual[j], start_at, "        ", buf);
        }
        for (j = 0; j < failure->n_actual; j++)
                if (!taken_by[j])
                        put_actual(buf, "+", &failure->actual[j]);
        if (!failure->n_actual)
                cw_buf_puts(buf, "      (nothing fires)\n");
}

/* Both lists side by side in order; where one has something that the other has later, it is ahead by that much. */
static void put_messages(struct cw_buf *buf, const struct cw_rehearsal *rehearsal, const struct cw_failure *failure)
{
        const struct cw_expected *list = list_of(failure);
        int64_t start_at = rehearsal->test->start_at;
        size_t i = 0, j = 0;

        while (i < list->n_items && j < failure->n_actual) {
                size_t k = j, l = i;

                if (fits(&list->items[i], &failure->actual[j], start_at)) {
                        put_actual(buf, " ", &failure->actual[j++]);
                        i++;
                        continue;
                }
                while (k < failure->n_actual && !fits(&list->items[i], &failure->actual[k], start_at))
                        k++;
                while (l < list->n_items && !fits(&list->items[l], &failure->actual[j], start_at))
                        l++;
                if (k < failure->n_actual && (l == list->n_items || k - j <= l - i)) {
                        put_actual(buf, "+", &failure->actual[j++]);
                        continue;
                }
                put_expected(buf, "-", &list->items[i]);
                put_unknown_name(buf, rehearsal->settings, &list->items[i]);
                if (l == list->n_items) {
                        put_actual(buf, "+", &failure->actual[j]);
                        (void)cw_expect(&list->items[i], &failure->actual[j++], start_at, "        ", buf);
                }
                i++;
        }
        for (; i < list->n_items; i++) {
                put_expected(buf, "-", &list->items[i]);
                put_unknown_name(buf, rehearsal->settings, &list->items[i]);
        }
        while (j < failure->n_actual)
                put_actual(buf, "+", &failure->actual[j++]);
        if (!failure->n_actual)
                cw_buf_puts(buf, "      (nothing was sent)\n");
}

static void put_line(struct cw_buf *buf, const struct cw_trace_line *line)
{
        struct cw_buf at = CW_BUF_NULL;

        cw_duration_format(&at, line->at_ms);
        cw_buf_printf(buf, "    %8s  %s\n", cw_buf_text(&at), line->text);
        cw_buf_deinit(&at);
}

static void put_explanations(struct cw_buf *buf, const char *text)
{
        if (!*text)
                return;
        cw_buf_puts(buf, "  why:\n");
        while (*text) {
                size_t len = strcspn(text, "\n");

                cw_buf_printf(buf, "    %.*s\n", (int)len, text);
                text += len + (text[len] == '\n');
        }
}

/* Whether a line stands near enough to a failure to be of use. */
static bool is_near(const struct cw_rehearsal *rehearsal, size_t line)
{
        for (size_t i = 0; i < rehearsal->n_failures; i++) {
                size_t n = rehearsal->failures[i].n_lines;

                if (line + LINES_BEFORE >= n && line < n + LINES_AFTER)
                        return true;
        }
        return false;
}

static void put_marks(struct cw_buf *buf, const struct cw_rehearsal *rehearsal, size_t line)
{
        for (size_t i = 0; i < rehearsal->n_failures; i++) {
                const struct cw_failure *failure = &rehearsal->failures[i];
                struct cw_buf at = CW_BUF_NULL;

                if (failure->n_lines != line)
                        continue;
                cw_duration_format(&at, failure->expectation->at_ms);
                cw_buf_printf(buf, "  > %8s  expected  %s, line %u\n", cw_buf_text(&at),
                              failure->is_messages ? "messages" : "alerts", failure->expectation->place.line);
                cw_buf_deinit(&at);
        }
}

static void put_timeline(struct cw_buf *buf, const struct cw_rehearsal *rehearsal)
{
        size_t left_out = 0;

        cw_buf_puts(buf, "  what happened:\n");
        for (size_t i = 0; i <= rehearsal->n_lines; i++) {
                put_marks(buf, rehearsal, i);
                if (i == rehearsal->n_lines)
                        break;
                left_out = is_near(rehearsal, i) ? 0 : left_out + 1;
                if (!left_out)
                        put_line(buf, &rehearsal->lines[i]);
                else if (left_out == 1)
                        cw_buf_puts(buf, "              ...\n");
        }
}

static void put_failure(struct cw_buf *buf, const struct cw_rehearsal *rehearsal, const struct cw_failure *failure)
{
        struct cw_scenario_place place = failure->expectation->place;

        cw_buf_printf(buf, "  %s:%u:%u: at ", rehearsal->file->path, place.line, place.column);
        cw_duration_format(buf, failure->expectation->at_ms);
        cw_buf_printf(buf, " the %s are not as expected (- expected, + real)\n",
                      failure->is_messages ? "messages so far" : "alerts");
        if (failure->is_messages)
                put_messages(buf, rehearsal, failure);
        else
                put_alerts(buf, rehearsal, failure);
        put_explanations(buf, failure->explanations);
}

void cw_rehearsal_tell(struct cw_buf *buf, const struct cw_rehearsal *rehearsal)
{
        for (size_t i = 0; i < rehearsal->n_failures; i++)
                put_failure(buf, rehearsal, &rehearsal->failures[i]);
        put_timeline(buf, rehearsal);
}
