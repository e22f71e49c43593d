/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: windows and inhibitions, from texts to what is judged by; the zone they are judged in is read here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "compose_route.h"
#include "shapes_time.h"
#include "zone_file.h"

static const struct cw_node *window_name(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->windows[i].node, "name");
}

static int compare_days(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void compose_dates(struct cw_composer *composer, char *const *texts, size_t n, int64_t **ret_days, size_t *ret_n)
{
        int64_t *days = cw_reader_alloc(composer->reader, n, sizeof(*days));

        *ret_days = days;
        for (size_t i = 0; days && i < n; i++)
                if (cw_date_parse(texts[i], &days[*ret_n]))
                        (*ret_n)++;
        if (days)
                qsort(days, *ret_n, sizeof(*days), compare_days);
}

static char *two_words(struct cw_composer *composer, const char *first, const char *second)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *text;

        cw_buf_printf(&buf, "%s %s", first, second ? second : "");
        text = cw_reader_dup(composer->reader, cw_buf_text(&buf));
        cw_buf_deinit(&buf);
        return text;
}

static void check_window(struct cw_composer *composer, const struct cw_window_draft *draft,
                         const struct cw_window *window)
{
        const struct cw_node *days = cw_node_key(draft->node, "days"), *dates = cw_node_key(draft->node, "dates");

        if (days && dates)
                cw_reader_complain(composer->reader, dates, "\"days\" and \"dates\" exclude each other");
        if (window->from_min == window->to_min || window->from_min == 24 * 60 || window->to_min == 0)
                cw_reader_complain(composer->reader, draft->node,
                                   "a window must not end when it begins; a day is from 00:00 to 24:00");
}

static void compose_window(struct cw_composer *composer, const struct cw_window_draft *draft, struct cw_window *window)
{
        window->name = cw_reader_dup(composer->reader, draft->name ? draft->name : "");
        window->muted = two_words(composer, "mute", draft->name);
        window->outside = two_words(composer, "outside", draft->name);
        window->days = draft->n_days ? 0 : CW_EVERY_DAY;
        for (size_t i = 0; i < draft->n_days; i++) {
                unsigned days = 0;

                if (cw_weekdays_parse(draft->days[i], &days))
                        window->days |= days;
        }
        if (!draft->from || !draft->to || !cw_hour_parse(draft->from, &window->from_min) ||
            !cw_hour_parse(draft->to, &window->to_min))
                return;
        compose_dates(composer, draft->dates, draft->n_dates, &window->dates, &window->n_dates);
        compose_dates(composer, draft->except, draft->n_except, &window->except, &window->n_except);
        check_window(composer, draft, window);
}

void cw_compose_windows(struct cw_composer *composer)
{
        const struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;
        int r = cw_zone_load(draft->config.timezone, composer->reader->system_zone, &rules->zone);

        if (r == -ENOMEM)
                composer->reader->error = r;
        else if (r < 0)
                cw_reader_complain(composer->reader, cw_node_get(composer->main->root, "timezone"),
                                   "cannot read the time zone \"%s\": %s", draft->config.timezone, strerror(-r));
        cw_compose_unique(composer, "window", draft->n_windows, window_name);
        rules->windows = cw_reader_alloc(composer->reader, draft->n_windows, sizeof(*rules->windows));
        for (size_t i = 0; rules->windows && i < draft->n_windows; i++)
                compose_window(composer, &draft->windows[i], &rules->windows[rules->n_windows++]);
}

static const struct {
        const char *name;
        enum cw_equal_key key;
} equal_keys[] = {
        {"rule", CW_EQUAL_RULE},         {"severity", CW_EQUAL_SEVERITY},   {"source", CW_EQUAL_SOURCE},
        {"customer", CW_EQUAL_CUSTOMER}, {"reference", CW_EQUAL_REFERENCE}, {"currency", CW_EQUAL_CURRENCY},
        {"card", CW_EQUAL_CARD},
};

static void compose_equal(struct cw_composer *composer, const struct cw_node *node, const char *text,
                          struct cw_inhibition *inhibition)
{
        struct cw_equal equal = {.key = CW_EQUAL_LABEL};

        for (size_t i = 0; i < CW_ARRAY_SIZE(equal_keys); i++)
                if (strcmp(text, equal_keys[i].name) == 0)
                        equal.key = equal_keys[i].key;
        if (equal.key == CW_EQUAL_LABEL && !cw_compose_has_label(composer->rules, text)) {
                cw_compose_no_key(composer, node, "rule, severity, source, customer, reference, currency, card");
                return;
        }
        equal.label = equal.key == CW_EQUAL_LABEL ? cw_reader_dup(composer->reader, text) : NULL;
        inhibition->equal[inhibition->n_equal++] = equal;
}

static char *reason_of(struct cw_composer *composer, const struct cw_inhibition *inhibition, size_t place)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *text;

        if (inhibition->source.n_rules)
                cw_buf_printf(&buf, "inhibit %s", inhibition->source.rules[0]);
        else
                cw_buf_printf(&buf, "inhibit %zu", place + 1);
        text = cw_reader_dup(composer->reader, cw_buf_text(&buf));
        cw_buf_deinit(&buf);
        return text;
}

void cw_compose_inhibitions(struct cw_composer *composer)
{
        const struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;

        rules->inhibitions = cw_reader_alloc(composer->reader, draft->n_inhibitions, sizeof(*rules->inhibitions));
        for (size_t i = 0; rules->inhibitions && i < draft->n_inhibitions; i++) {
                struct cw_inhibition_draft *one = &draft->inhibitions[i];
                struct cw_inhibition *inhibition = &rules->inhibitions[rules->n_inhibitions++];
                const struct cw_node *equal = cw_node_get(one->node, "equal");

                cw_compose_filter(composer, &one->source, cw_node_get(one->node, "source"), &inhibition->source);
                cw_compose_filter(composer, &one->target, cw_node_get(one->node, "target"), &inhibition->target);
                inhibition->reason = reason_of(composer, inhibition, i);
                inhibition->equal = cw_reader_alloc(composer->reader, one->n_equal, sizeof(*inhibition->equal));
                for (size_t k = 0; inhibition->equal && k < one->n_equal; k++)
                        compose_equal(composer, equal->kind == CW_NODE_SEQUENCE ? equal->items[k] : equal,
                                      one->equal[k], inhibition);
        }
}
