/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a text from outside is walked character by character, and each is either harmless, or shown as what it is.
 */
#include "render_person.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "render_measure.h"

/* Of the time that was foretold: when nothing falls for so long, it is foretold no more. */
enum { QUIET_SHARE = 8 };

/* Of a valid character of `len` bytes. */
static uint32_t code_point(const char *text, size_t len)
{
        static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        uint32_t code = (unsigned char)text[0] & masks[len];

        for (size_t i = 1; i < len; i++)
                code = code << 6 | ((unsigned char)text[i] & 0x3f);
        return code;
}

/* C1 controls, line separators, and all that marks, embeds, overrides or isolates a direction (Unicode, UAX #9). */
static bool is_hidden_control(uint32_t code)
{
        return (code >= 0x80 && code <= 0x9f) || code == 0x061c || code == 0x200e || code == 0x200f ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void put_character(struct cw_buf *buf, const char *text, size_t len)
{
        uint32_t code = code_point(text, len);

        if (code < 0x20)
                cw_buf_printf(buf, "\xe2\x90%c", (char)(0x80 + code)); /* the control pictures, U+2400 onwards */
        else if (code == 0x7f)
                cw_buf_puts(buf, "\u2421");
        else if (is_hidden_control(code))
                cw_buf_printf(buf, "\\u%04x", (unsigned)code);
        else
                cw_buf_append(buf, text, len);
}

/* How many characters, `most` at most, are printable ASCII. */
static size_t plain_characters(const char *text, size_t most)
{
        size_t n = 0;

        while (n < most && text[n] >= ' ' && text[n] < 0x7f)
                n++;
        return n;
}

void cw_render_visible(struct cw_buf *buf, const char *text, size_t characters)
{
        size_t n = plain_characters(text, characters), len = strlen(text + n);

        cw_buf_append(buf, text, n);
        text += n;
        for (characters -= n; len > 0; characters--) {
                if (characters == 0) {
                        cw_buf_puts(buf, "\u2026");
                        return;
                }
                n = cw_text_prefix(text, len, 1);
                if (cw_text_valid_utf8(text, n) == n)
                        put_character(buf, text, n);
                else
                        cw_buf_puts(buf, "\ufffd");
                text += n;
                len -= n;
        }
}

void cw_person_customer(struct cw_buf *buf, const struct cw_card *card)
{
        if (card->reference && *card->reference)
                cw_render_visible(buf, card->reference, CW_PERSON_REFERENCE_MAX);
        else
                cw_buf_printf(buf, "customer %lld", (long long)card->customer);
}

void cw_person_amount(struct cw_buf *buf, cw_amount amount, const struct cw_entry *entry)
{
        if (entry->figures == CW_FIGURES_AMOUNTS)
                cw_amount_format_grouped(buf, amount, cw_currency_digits(entry->card.currency));
        else
                cw_amount_format_grouped(buf, amount, 0);
        if (entry->figures == CW_FIGURES_PERCENT)
                cw_buf_puts(buf, " %");
}

void cw_person_money(struct cw_buf *buf, cw_amount amount, const struct cw_entry *entry)
{
        cw_person_amount(buf, amount, entry);
        if (entry->figures != CW_FIGURES_AMOUNTS)
                return;
        cw_buf_putc(buf, ' ');
        cw_render_visible(buf, entry->card.currency, 3);
}

/* To a multiple of `step`, half away from zero. */
static cw_amount round_to(cw_amount amount, cw_amount step)
{
        cw_amount rest = amount % step, size = rest < 0 ? -rest : rest, far = amount < 0 ? -step : step, up;

        if (size < step - size)
                return amount - rest;
        return cw_amount_add(amount - rest, far, &up) < 0 ? amount : up;
}

static int compare(cw_amount a, cw_amount b)
{
        return (a > b) - (a < b);
}

cw_amount cw_person_rounded(cw_amount amount, cw_amount other, const struct cw_entry *entry)
{
        cw_amount step = CW_AMOUNT_UNIT, rounded, size;

        for (unsigned digits = cw_currency_digits(entry->card.currency); digits > 0; digits--)
                step /= 10;
        for (; step > 1; step /= 10) {
                rounded = round_to(amount, step);
                size = rounded < 0 ? -rounded : rounded;
                if (rounded == amount || (size >= 10 * step && compare(rounded, other) == compare(amount, other)))
                        return rounded;
        }
        return amount;
}

void cw_person_time(struct cw_buf *buf, int64_t at, int64_t now)
{
        static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        time_t at_s = (time_t)(at / CW_SECOND_MS), now_s = (time_t)(now / CW_SECOND_MS);
        struct tm then, today;

        if (!localtime_r(&at_s, &then) || !localtime_r(&now_s, &today)) {
                cw_clock_format_utc(buf, at);
                return;
        }
        if (then.tm_year != today.tm_year)
                cw_buf_printf(buf, "%04d-%02d-%02d ", then.tm_year + 1900, then.tm_mon + 1, then.tm_mday);
        else if (then.tm_yday != today.tm_yday)
                cw_buf_printf(buf, "%d %s ", then.tm_mday, months[then.tm_mon]);
        cw_buf_printf(buf, "%02d:%02d", then.tm_hour, then.tm_min);
}

void cw_person_shown(const struct cw_entry *entry, struct cw_person_shown *ret_shown)
{
        const struct cw_card *card = &entry->card;
        struct cw_person_shown shown = {.now = card->available,
                                        .was = {entry->previous.available, entry->has_previous}};

        if (entry->current.known && entry->current.amount != card->available) {
                if (entry->current.amount == card->pending) {
                        shown = (struct cw_person_shown){
                                "pending", card->pending, {entry->previous.pending, entry->has_previous}};
                } else if (entry->current.amount == card->total) {
                        shown = (struct cw_person_shown){
                                "total", card->total, {entry->previous.total, entry->has_previous}};
                }
        }
        *ret_shown = shown;
}

bool cw_person_went_up(const struct cw_entry *entry)
{
        if (!entry->worst.known)
                return false;
        if (entry->fired.known && entry->worst.amount != entry->fired.amount)
                return entry->worst.amount > entry->fired.amount;
        return entry->current.known && entry->worst.amount > entry->current.amount;
}

int64_t cw_person_since(const struct cw_entry *entry)
{
        return entry->started_at ? entry->started_at : entry->fired_at;
}

/* The less the further away. */
static int64_t coarse(int64_t ms)
{
        int64_t step_ms = ms < CW_HOUR_MS       ? 10 * CW_MINUTE_MS
                          : ms < 3 * CW_HOUR_MS ? 30 * CW_MINUTE_MS
                          : ms < 2 * CW_DAY_MS  ? CW_HOUR_MS
                                                : CW_DAY_MS;

        return (ms + step_ms / 2) / step_ms * step_ms;
}

bool cw_person_empty(struct cw_buf *buf, const struct cw_entry *entry, int64_t now)
{
        int64_t foretold_ms = entry->empty_at - entry->fall.until_at, quiet_ms = now - entry->fall.until_at;

        if (!entry->empty_at || entry->state != CW_ENTRY_FIRING || entry->figures == CW_FIGURES_NONE ||
            cw_person_went_up(entry) || quiet_ms > foretold_ms / QUIET_SHARE ||
            (entry->limit_label && strstr(entry->limit_label, "runway")))
                return false;
        if (entry->empty_at - now < 10 * CW_MINUTE_MS) {
                cw_buf_puts(buf, "empty within minutes");
                return true;
        }
        cw_buf_puts(buf, "empty in about ");
        cw_duration_format_human(buf, coarse(entry->empty_at - now));
        return true;
}

bool cw_person_times(struct cw_buf *buf, const struct cw_entry *entry, int64_t now)
{
        static const char *const ordinals[] = {"second",  "third",  "fourth", "fifth", "sixth",
                                               "seventh", "eighth", "ninth",  "tenth"};
        uint32_t n = entry->fired_this_week;

        if (n < 2 || entry->state != CW_ENTRY_FIRING || now - entry->fired_at >= CW_DAY_MS)
                return false;
        if (n > CW_ENTRY_FIRED_MOST)
                cw_buf_printf(buf, "more than %d times this week", CW_ENTRY_FIRED_MOST);
        else if (n < 2 + CW_ARRAY_SIZE(ordinals))
                cw_buf_printf(buf, "%s time this week", ordinals[n - 2]);
        else
                cw_buf_printf(buf, "%" PRIu32 "th time this week", n);
        return true;
}

static const char *const previous_names[][2] = {
        {"previous.available", "was"}, {"previous.pending", "pending was"}, {"previous.total", "total was"}};

static const char *previous_name(const struct cw_entry *entry)
{
        for (size_t i = 0; entry->limit_label && i < CW_ARRAY_SIZE(previous_names); i++)
                if (strcmp(entry->limit_label, previous_names[i][0]) == 0)
                        return previous_names[i][1];
        return NULL;
}

bool cw_person_limit_is_previous(const struct cw_entry *entry)
{
        return previous_name(entry) != NULL;
}

void cw_person_limit_name(struct cw_buf *buf, const struct cw_entry *entry)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf label = CW_BUF_NULL;
        const char *end = cw_measure_end(entry);

        if (end) {
                cw_measure_words(&label, entry);
                cw_buf_puts(&label, end);
        } else if (cw_person_limit_is_previous(entry)) {
                cw_buf_puts(&label, previous_name(entry));
        } else {
                cw_buf_puts(&label, cw_measure_is_name(entry->limit_label) ? entry->limit_label : "limit");
        }
        if (cw_buf_error(&label) < 0)
                buf->error = cw_buf_error(&label);
        cw_render_visible(buf, cw_buf_text(&label), CW_PERSON_REFERENCE_MAX);
}

#define WRITTEN_DIGITS (CW_AMOUNT_UNIT / 1000)

/* The value of a formula; what the rule itself writes is shown as it is (beside a measure the entry does not say which
 * of both it is, but people write few digits), and so may be what is small: a share. */
static cw_amount limit_amount(cw_amount amount, const struct cw_entry *entry)
{
        const char *label = entry->limit_label ? entry->limit_label : "", *end = cw_measure_end(entry);
        cw_amount other = entry->current.amount, literal;

        if (end ? !cw_measure_amount(entry, &other) : !entry->current.known)
                return amount;
        if (end && amount % WRITTEN_DIGITS == 0)
                return amount;
        if (end)
                other = cw_person_rounded(other, amount, entry); /* as it is shown: both are not to be alike */
        if (amount / CW_AMOUNT_UNIT == 0 || cw_amount_parse(label, strlen(label), &literal) == 0 ||
            cw_measure_is_name(label) || (end && strcmp(end, ", limit") != 0))
                return amount;
        return cw_person_rounded(amount, other, entry);
}

/* What is measured by a time is unknown now (a runway, while nothing is spent): a time beside an amount says nothing.
 */
static bool is_lone_time(const struct cw_entry *entry)
{
        int64_t ms;

        return !cw_measure_end(entry) && !cw_measure_is_name(entry->limit_label) &&
               cw_duration_parse(entry->limit_text, strlen(entry->limit_text), &ms) == 0;
}

void cw_render_limit(struct cw_buf *buf, const struct cw_entry *entry)
{
        const char *previous = previous_name(entry);
        cw_amount amount;

        if (!entry->limit_text || !*entry->limit_text || (previous && entry->state == CW_ENTRY_EVENT) ||
            is_lone_time(entry))
                return;
        cw_person_limit_name(buf, entry);
        cw_buf_putc(buf, ' ');
        if (cw_measure_duration(buf, entry->limit_text, strlen(entry->limit_text)))
                return;
        if (cw_amount_parse(entry->limit_text, strlen(entry->limit_text), &amount) < 0)
                cw_render_visible(buf, entry->limit_text, CW_PERSON_REFERENCE_MAX);
        else if (!previous && amount % CW_AMOUNT_UNIT == 0)
                cw_amount_format_grouped(buf, amount, 0);
        else
                cw_person_amount(buf, limit_amount(amount, entry), entry);
}
