/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: copies of the entries that no longer hold what is not told. Percentages stand where the amounts stood, so that
 * whoever lays a message out writes them in the same places, with another unit.
 */
#include "cardwatch/disguise.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/builtin.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/template.h"
#include "render_measure.h"

#define PERCENT_MOST INT64_C(999999)

struct cw_disguise {
        const struct cw_notice *original;
        struct cw_notice notice;
        struct cw_item *items;
        size_t n_items;
};

/* The texts that a disguised copy says otherwise, until it is made. */
struct texts {
        struct cw_buf reason, summary, limit_label, limit_text;
};

CW_DEFINE_CLEANUP(struct cw_disguise *, cw_disguise_free);
CW_DEFINE_CLEANUP(struct cw_template *, cw_template_free);

static void texts_deinit(struct texts *texts)
{
        cw_buf_deinit(&texts->reason);
        cw_buf_deinit(&texts->summary);
        cw_buf_deinit(&texts->limit_label);
        cw_buf_deinit(&texts->limit_text);
}

bool cw_disguise_percent(cw_amount amount, cw_amount limit, int64_t *ret_percent)
{
        __int128 hundredfold = (__int128)amount * 100, percent;
        bool exact;

        if (limit == 0)
                return false;
        percent = hundredfold / limit;
        exact = hundredfold % limit == 0;
        if (!exact && percent < 100 && (hundredfold < 0) != (limit < 0))
                percent--; /* division rounded towards zero, which is up */
        else if (!exact && percent >= 100)
                percent++;
        if (percent > PERCENT_MOST)
                percent = PERCENT_MOST;
        if (percent < -PERCENT_MOST)
                percent = -PERCENT_MOST;
        *ret_percent = (int64_t)percent;
        return true;
}

static void to_percent(cw_amount *amount, cw_amount limit)
{
        int64_t percent = 0;

        (void)cw_disguise_percent(*amount, limit, &percent);
        *amount = percent * CW_AMOUNT_UNIT;
}

/* "7d", "90m" */
static size_t duration_len(const char *text)
{
        size_t n = strspn(text, "0123456789");

        return n > 0 && text[n] && strchr("smhdw", text[n]) ? n + 1 : 0;
}

static bool is_duration(const char *text)
{
        size_t n;

        do {
                n = duration_len(text);
                text += n;
        } while (n > 0 && *text);
        return n > 0;
}

/* Without the numbers, but for times and what is part of a name. */
static void put_masked_part(struct cw_buf *buf, const char *text, const char *end)
{
        bool in_word = false;

        while (text < end) {
                size_t n = in_word || !isdigit((unsigned char)*text) ? 0 : strspn(text, "0123456789.");

                if (n > 0 && !isalpha((unsigned char)text[n])) {
                        cw_buf_puts(buf, "\u2026");
                        text += n;
                        continue;
                }
                in_word = isalnum((unsigned char)*text) || *text == '_';
                cw_buf_putc(buf, *text++);
        }
}

static void put_masked(struct cw_buf *buf, const char *text)
{
        put_masked_part(buf, text, text + strlen(text));
}

/* What a condition compares a reference with is one, too, or a part of one. */
static void put_without_texts(struct cw_buf *buf, const char *text)
{
        const char *end;

        for (; *text; text = end) {
                end = text + 1;
                if (*text != '"') {
                        cw_buf_putc(buf, *text);
                        continue;
                }
                while (*end && *end != '"')
                        end += *end == '\\' && end[1] ? 2 : 1;
                end += *end == '"';
                cw_buf_puts(buf, "\"\u2026\"");
        }
}

static void put_reason(struct cw_buf *buf, const char *reason, enum cw_detail detail)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf without = CW_BUF_NULL;

        if (detail == CW_DETAIL_NONE && strstr(reason, "reference")) {
                put_without_texts(&without, reason);
                if (cw_buf_error(&without) < 0)
                        buf->error = cw_buf_error(&without);
                reason = cw_buf_text(&without);
        }
        put_masked(buf, reason);
}

/* Words that come from elsewhere may name anything. */
static bool has_partials(const char *words)
{
        cw_cleanup(cw_template_free_cleanup) struct cw_template *template = NULL;
        struct cw_template_error error;

        return cw_template_compile(words, strlen(words), &template, &error) < 0 ||
               cw_template_check_partials(template, NULL, &error) < 0;
}

/* Whether a rule's words name what is not told: a path to it has one of these in it. */
static bool names_hidden(const char *words, enum cw_detail detail)
{
        static const char *const amounts[] = {"balances", "previous", "value"};

        for (size_t i = 0; words && i < CW_ARRAY_SIZE(amounts); i++)
                if (strstr(words, amounts[i]))
                        return true;
        if (words && detail == CW_DETAIL_NONE && strstr(words, "reference"))
                return true;
        return words && has_partials(words);
}

static bool parse(const char *text, size_t len, cw_amount *ret_amount)
{
        return text && cw_amount_parse(text, len, ret_amount) == 0;
}

/* "spent(1h) 550.00, limit" of 500.00 is "spent(1h) 110 %, limit" of 100 %. */
static bool measure_percent(struct cw_entry *entry, const char *comma, cw_amount limit, struct texts *texts)
{
        const char *number = comma;
        cw_amount measured;
        int64_t percent;

        while (number > entry->limit_label && number[-1] != ' ')
                number--;
        if (!parse(number, (size_t)(comma - number), &measured) || !cw_disguise_percent(measured, limit, &percent))
                return false;
        put_masked_part(&texts->limit_label, entry->limit_label, number);
        cw_buf_printf(&texts->limit_label, "%lld %%", (long long)percent);
        put_masked(&texts->limit_label, comma);
        return true;
}

static void amounts_to_percent(struct cw_entry *entry, cw_amount limit)
{
        cw_amount *const amounts[] = {
                &entry->card.available,     &entry->card.pending,     &entry->card.total,
                &entry->previous.available, &entry->previous.pending, &entry->previous.total,
                &entry->fired.amount,       &entry->worst.amount,     &entry->current.amount,
        };

        entry->figures = CW_FIGURES_PERCENT;
        for (size_t i = 0; i < CW_ARRAY_SIZE(amounts); i++)
                to_percent(amounts[i], limit);
}

static void forget_amounts(struct cw_entry *entry)
{
        entry->figures = CW_FIGURES_NONE;
        entry->card.available = entry->card.pending = entry->card.total = 0;
        entry->previous.available = entry->previous.pending = entry->previous.total = 0;
        entry->fired = entry->worst = entry->current = (struct cw_maybe_amount){0};
        entry->empty_at = 0;
}

/* The limit and all that is measured by it. Times are no amounts: a runway keeps its limit. */
static void disguise_figures(struct cw_entry *entry, enum cw_detail detail, struct texts *texts)
{
        const char *comma = cw_measure_end(entry);
        bool known, told = false;
        cw_amount limit;

        entry->fall = (struct cw_fall){.until_at = entry->fall.until_at};
        known = entry->limit_text && parse(entry->limit_text, strlen(entry->limit_text), &limit);
        if (known && detail == CW_DETAIL_BAND && limit != 0 && !comma) {
                amounts_to_percent(entry, limit);
                put_masked(&texts->limit_label, entry->limit_label ? entry->limit_label : "limit");
                cw_buf_puts(&texts->limit_text, "100 %");
                told = true;
        } else {
                forget_amounts(entry);
        }
        if (known && detail == CW_DETAIL_BAND && comma && measure_percent(entry, comma, limit, texts)) {
                cw_buf_puts(&texts->limit_text, "100 %");
                told = true;
        }
        if (!known && entry->limit_text && is_duration(entry->limit_text)) {
                put_masked(&texts->limit_label, entry->limit_label ? entry->limit_label : "limit");
                cw_buf_puts(&texts->limit_text, entry->limit_text);
                told = true;
        }
        entry->limit_label = told ? cw_buf_text(&texts->limit_label) : NULL;
        entry->limit_text = told ? cw_buf_text(&texts->limit_text) : NULL;
}

static const char *after(const char *text, const char *beginning)
{
        size_t len = strlen(beginning);

        return strncmp(text, beginning, len) == 0 ? text + len : NULL;
}

/* "2 of 5 refused: " */
static const char *after_count(const char *text)
{
        const char *at = text + strspn(text, "0123456789");
        const char *of = at > text ? after(at, " of ") : NULL;
        const char *total = of ? of + strspn(of, "0123456789") : NULL;
        const char *behind = total ? after(total, " refused: ") : NULL;

        return behind ? behind : text;
}

/*
 * How much of it are our own words about a failure: what follows was answered, and may repeat the message, which told
 * everything. A failure to ask is ours altogether, but for the last line of a command or of a mail server. Whatever is
 * not known to be ours is not.
 */
static size_t own_len(const char *reason)
{
        static const char *const failures[] = {"resolve: ", "timeout: ", "broken: ", "too-large: "};
        const char *text = after_count(reason), *rest = after(text, "other: "), *end;

        if (after(text, "connect: "))
                return strlen(reason);
        for (size_t i = 0; i < CW_ARRAY_SIZE(failures); i++)
                rest = rest ? rest : after(text, failures[i]);
        end = rest ? strstr(rest, " answered ") : NULL;
        if (!rest)
                end = strstr(text, ": ");
        else if (!end && after(rest, "the command was ended by "))
                end = strstr(rest, ": ");
        return end ? (size_t)(end - reason) : strlen(reason);
}

static void forget_answer(struct cw_entry *entry, struct texts *texts)
{
        const char *repeated = entry->summary && entry->reason ? strstr(entry->summary, entry->reason) : NULL;
        size_t len = entry->reason ? own_len(entry->reason) : 0;

        if (!entry->reason || !entry->reason[len])
                return;
        cw_buf_append(&texts->reason, entry->reason, len);
        if (repeated) {
                cw_buf_append(&texts->summary, entry->summary, (size_t)(repeated - entry->summary));
                cw_buf_printf(&texts->summary, "%s.", cw_buf_text(&texts->reason));
        }
        entry->reason = cw_buf_text(&texts->reason);
        entry->summary = repeated ? cw_buf_text(&texts->summary) : NULL;
}

static int error_of(const struct texts *texts)
{
        int r = cw_buf_error(&texts->reason);

        r = r ?: cw_buf_error(&texts->summary);
        r = r ?: cw_buf_error(&texts->limit_label);
        return r ?: cw_buf_error(&texts->limit_text);
}

static int disguise_entry(const struct cw_entry *entry, enum cw_detail detail, struct cw_entry **ret_entry)
{
        cw_cleanup(texts_deinit) struct texts texts = {.reason = CW_BUF_NULL};
        struct cw_entry copy = *entry;

        if (entry->has_card) {
                disguise_figures(&copy, detail, &texts);
                if (entry->reason)
                        put_reason(&texts.reason, entry->reason, detail);
                copy.reason = entry->reason ? cw_buf_text(&texts.reason) : NULL;
                copy.summary = names_hidden(entry->summary, detail) ? NULL : entry->summary;
                copy.description = names_hidden(entry->description, detail) ? NULL : entry->description;
                copy.card.reference = detail == CW_DETAIL_NONE ? NULL : entry->card.reference;
        } else if (strcmp(entry->rule, cw_builtin_name(CW_BUILTIN_NOTIFIER_FAILING)) == 0) {
                forget_answer(&copy, &texts);
        }
        if (error_of(&texts) < 0)
                return -ENOMEM;
        return cw_entry_new(&copy, ret_entry);
}

int cw_disguise_new(const struct cw_notice *notice, enum cw_detail detail, struct cw_disguise **ret_disguise)
{
        cw_cleanup(cw_disguise_free_cleanup) struct cw_disguise *disguise = calloc(1, sizeof(*disguise));
        int r;

        if (!disguise)
                return -ENOMEM;
        disguise->original = notice;
        disguise->notice = *notice;
        if (detail != CW_DETAIL_FULL) {
                disguise->items = calloc(notice->n_items + 1, sizeof(*disguise->items));
                if (!disguise->items)
                        return -ENOMEM;
                for (; disguise->n_items < notice->n_items; disguise->n_items++) {
                        struct cw_item *item = &disguise->items[disguise->n_items];

                        *item = notice->items[disguise->n_items];
                        r = disguise_entry(item->entry, detail, &item->entry);
                        if (r < 0)
                                return r;
                }
                disguise->notice.items = disguise->items;
                if (detail == CW_DETAIL_NONE)
                        disguise->notice.n_pictures = 0;
        }
        *ret_disguise = cw_take(disguise);
        return 0;
}

void cw_disguise_free(struct cw_disguise *disguise)
{
        if (!disguise)
                return;
        for (size_t i = 0; i < disguise->n_items; i++)
                cw_entry_unref(disguise->items[i].entry);
        free(disguise->items);
        free(disguise);
}

const struct cw_notice *cw_disguise_notice(const struct cw_disguise *disguise)
{
        return disguise->items ? &disguise->notice : disguise->original;
}
