/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the notice has counted what it does not list; what a channel has no room for either is added to that, so that
 * every alert is written out or counted, whatever was cut.
 */
#include "letter_others.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render.h"
#include "letter_row.h"
#include "render_person.h"

struct tallies {
        struct cw_tally *items;
        size_t n;
};

struct lines {
        char *head, *lines[CW_LETTER_OTHERS_MAX + 1];
        size_t n;
};

static void tallies_deinit(struct tallies *tallies)
{
        free(tallies->items);
}

static void lines_deinit(struct lines *lines)
{
        for (size_t i = 0; i < lines->n; i++)
                free(lines->lines[i]);
        free(lines->head);
}

static void add_entry(struct tallies *tallies, const struct cw_entry *entry)
{
        const char *currency = entry->has_card ? entry->card.currency : "";
        struct cw_tally *tally;
        size_t i = 0;

        while (i < tallies->n &&
               (strcmp(tallies->items[i].rule, entry->rule) != 0 || strcmp(tallies->items[i].currency, currency) != 0))
                i++;
        tally = &tallies->items[i];
        if (i == tallies->n) {
                *tally = (struct cw_tally){.rule = entry->rule, .currency = currency};
                tallies->n++;
        }
        tally->firing += entry->state == CW_ENTRY_FIRING;
        tally->resolved += entry->state == CW_ENTRY_RESOLVED;
        tally->events += entry->state == CW_ENTRY_EVENT;
}

static int collect(const struct cw_notice *notice, size_t n_listed, struct tallies *tallies)
{
        tallies->items = calloc(notice->n_tallies + notice->n_listed - n_listed + 1, sizeof(*tallies->items));
        if (!tallies->items)
                return -ENOMEM;
        if (notice->n_tallies > 0)
                memcpy(tallies->items, notice->tallies, notice->n_tallies * sizeof(*tallies->items));
        tallies->n = notice->n_tallies;
        for (size_t i = n_listed; i < notice->n_listed; i++)
                add_entry(tallies, notice->items[i].entry);
        return 0;
}

static void write_count(struct cw_buf *buf, uint64_t n, const char *what, const char **separator)
{
        if (n == 0)
                return;
        cw_buf_printf(buf, "%s%" PRIu64 " %s", *separator, n, what);
        *separator = ", ";
}

static int write_tally(struct lines *lines, const char *rule, const char *currency, const uint64_t counts[3])
{
        cw_cleanup(cw_buf_deinit) struct cw_buf line = CW_BUF_NULL;
        const char *separator = ": ";
        int r;

        cw_render_visible(&line, rule, CW_PERSON_REFERENCE_MAX);
        if (currency && *currency) {
                cw_buf_puts(&line, ", ");
                cw_render_visible(&line, currency, 3);
        }
        write_count(&line, counts[CW_ENTRY_FIRING], "firing", &separator);
        write_count(&line, counts[CW_ENTRY_RESOLVED], "resolved", &separator);
        write_count(&line, counts[CW_ENTRY_EVENT], counts[CW_ENTRY_EVENT] == 1 ? "event" : "events", &separator);
        r = cw_letter_take(&line, &lines->lines[lines->n]);
        lines->n += r == 0;
        return r;
}

/* Beyond `n_lines` one line for all: "other rules", or "all rules" when it is the only one. */
static int write_lines(const struct tallies *tallies, size_t n_lines, struct lines *lines, uint64_t all[3])
{
        size_t n_named = tallies->n <= n_lines ? tallies->n : n_lines - 1;
        uint64_t beyond[3] = {0};
        int r = 0;

        for (size_t i = 0; r == 0 && i < tallies->n; i++) {
                const struct cw_tally *tally = &tallies->items[i];
                const uint64_t counts[3] = {tally->firing, tally->resolved, tally->events};

                for (size_t j = 0; j < CW_ARRAY_SIZE(beyond); j++) {
                        all[j] += counts[j];
                        beyond[j] += i < n_named ? 0 : counts[j];
                }
                if (i < n_named)
                        r = write_tally(lines, tally->rule, tally->currency, counts);
        }
        if (r == 0 && n_named < tallies->n)
                r = write_tally(lines, n_named > 0 ? "other rules" : "all rules", NULL, beyond);
        return r;
}

static int write_head(uint64_t n, bool lists_some, struct lines *lines)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf head = CW_BUF_NULL;

        cw_buf_printf(&head,
                      lists_some ? "and %" PRIu64 " more, not listed here:" : "%" PRIu64 ", not listed here:", n);
        return cw_letter_take(&head, &lines->head);
}

void cw_letter_forget_others(struct cw_letter *letter)
{
        for (size_t i = 0; i < letter->n_others; i++)
                free(letter->others[i]);
        letter->n_others = 0;
        free(cw_take(letter->others_head));
        letter->command = NULL;
}

int cw_letter_count_others(struct cw_letter *letter, size_t n_listed, size_t n_lines)
{
        cw_cleanup(tallies_deinit) struct tallies tallies = {0};
        cw_cleanup(lines_deinit) struct lines lines = {0};
        uint64_t all[3] = {0};
        int r;

        r = collect(letter->notice, n_listed, &tallies);
        if (r == 0 && tallies.n > 0) {
                r = write_lines(&tallies, n_lines, &lines, all);
                if (r == 0)
                        r = write_head(all[0] + all[1] + all[2], n_listed > 0, &lines);
        }
        if (r < 0)
                return r;
        cw_letter_forget_others(letter);
        memcpy(letter->others, lines.lines, sizeof(letter->others));
        letter->n_others = lines.n;
        lines.n = 0;
        letter->others_head = cw_take(lines.head);
        letter->command = !letter->outward && all[CW_ENTRY_FIRING] + all[CW_ENTRY_RESOLVED] > 0 ? "cardwatch alerts"
                                                                                                : NULL;
        return 0;
}

static size_t count_state(const struct cw_notice *notice, size_t n_listed, enum cw_entry_state state)
{
        size_t n = 0;

        for (size_t i = 0; i < n_listed; i++)
                n += notice->items[i].entry->state == state;
        return n;
}

int cw_letter_shorten(struct cw_letter *letter, size_t n_rows, size_t n_others)
{
        size_t n_listed = n_rows < letter->notice->n_listed ? n_rows : letter->notice->n_listed;
        size_t n_lines = n_others < 1 ? 1 : n_others > CW_LETTER_OTHERS_MAX + 1 ? CW_LETTER_OTHERS_MAX + 1 : n_others;
        int r;

        r = cw_letter_count_others(letter, n_listed, n_lines);
        for (unsigned state = 0; r == 0 && state < CW_LETTER_BLOCKS; state++)
                letter->blocks[state].n_rows = count_state(letter->notice, n_listed, (enum cw_entry_state)state);
        return r;
}
