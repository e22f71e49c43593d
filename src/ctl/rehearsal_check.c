/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a walk through each test before it is played: which cards there are then, and whether what is said of them can
 * be meant. A test that was misspelt must not pass, nor fail for a reason that is none of the rules'.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/config_report.h"
#include "cardwatch/map.h"
#include "cardwatch/scenario.h"
#include "cardwatch/settings.h"
#include "cardwatch/text.h"
#include "rehearsal.h"

#define NEEDED (CW_SAYS_CUSTOMER | CW_SAYS_CURRENCY | CW_SAYS_AVAILABLE)

struct check {
        const struct cw_settings *settings;
        const struct cw_scenario_file *file;
        struct cw_config_report *report;
        struct cw_map *known; /* of each source: cards so far, or (at the end) ever */
        int error;
};

static void complain(struct check *check, struct cw_scenario_place place, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void complain(struct check *check, struct cw_scenario_place place, const char *format, ...)
{
        struct cw_config_place at = {.file = check->file->path, .line = place.line, .column = place.column};
        char message[400];
        va_list args;

        va_start(args, format);
        vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (cw_config_report_add(check->report, &at, message) < 0)
                check->error = -ENOMEM;
}

size_t cw_rehearsal_source(const struct cw_settings *settings, const char *name)
{
        if (!name)
                return 0;
        for (size_t i = 0; i < settings->config->n_sources; i++)
                if (strcmp(settings->config->sources[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

static void complain_source(struct check *check, const struct cw_scenario_entry *entry)
{
        const struct cw_config *config = check->settings->config;
        const char *names[64], *nearest;
        size_t n = 0;

        for (; n < config->n_sources && n < CW_ARRAY_SIZE(names); n++)
                names[n] = config->sources[n].name;
        nearest = cw_text_nearest(entry->source, names, n);
        complain(check, entry->place, "the configuration has no source \"%s\"%s%s%s", entry->source,
                 nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
}

static bool is_known(const struct check *check, size_t source, int64_t card)
{
        return cw_map_get(&check->known[source], (uint64_t)card);
}

static void check_poll(struct check *check, const struct cw_scenario_entry *entry, size_t source)
{
        int64_t every_ms = check->settings->config->sources[source].every_ms;
        struct cw_buf every = CW_BUF_NULL;

        if (entry->poll == CW_SCENARIO_POLL_COMPLETE || entry->at_ms % every_ms == 0)
                return;
        cw_duration_format(&every, every_ms);
        complain(check, entry->place, "there is no poll at this time: %s is polled every %s",
                 check->settings->config->sources[source].name, cw_buf_text(&every));
        cw_buf_deinit(&every);
}

static void check_entry(struct check *check, const struct cw_scenario_entry *entry, bool is_baseline)
{
        size_t source = cw_rehearsal_source(check->settings, entry->source);

        if (source == SIZE_MAX) {
                complain_source(check, entry);
                return;
        }
        check_poll(check, entry, source);
        if (!entry->has_card)
                return;
        if (is_known(check, source, entry->card)) {
                if (is_baseline)
                        complain(check, entry->place, "card %" PRId64 " stands in \"cards\" twice", entry->card);
                return;
        }
        if (entry->gone)
                complain(check, entry->place, "card %" PRId64 " is not known, so it cannot be gone", entry->card);
        else if ((entry->says & NEEDED) != NEEDED)
                complain(check, entry->place,
                         "card %" PRId64
                         " is not known yet: to let it appear, say its customer, currency and available",
                         entry->card);
        if (cw_map_put(&check->known[source], (uint64_t)entry->card, check) < 0)
                check->error = -ENOMEM;
}

/* A card that never appears can neither fire nor be told of. */
static void check_cards(struct check *check, const struct cw_expected *list)
{
        for (size_t i = 0; i < list->n_items; i++) {
                const char *text = cw_expected_text(&list->items[i], "card");
                bool found = !text;

                for (size_t source = 0; text && source < check->settings->config->n_sources; source++)
                        found |= is_known(check, source, strtoll(text, NULL, 10));
                if (!found)
                        complain(check, list->items[i].place, "there is no card %s in this test", text);
        }
}

static void check_test(struct check *check, const struct cw_scenario *test)
{
        for (size_t i = 0; i < test->n_cards; i++)
                check_entry(check, &test->cards[i], true);
        for (size_t i = 0; i < test->n_timeline; i++)
                check_entry(check, &test->timeline[i], false);
        for (size_t i = 0; i < test->n_expect; i++) {
                check_cards(check, &test->expect[i].alerts);
                check_cards(check, &test->expect[i].messages);
        }
}

int cw_rehearsal_check(const struct cw_settings *settings, const struct cw_scenario_file *file,
                       struct cw_config_report *report)
{
        struct check check = {.settings = settings, .file = file, .report = report};
        size_t n = settings->config->n_sources;

        check.known = calloc(n + 1, sizeof(*check.known));
        if (!check.known)
                return -ENOMEM;
        for (size_t i = 0; i < file->n_tests; i++) {
                check_test(&check, &file->tests[i]);
                for (size_t source = 0; source < n; source++)
                        cw_map_deinit(&check.known[source]);
        }
        free(check.known);
        return check.error;
}
