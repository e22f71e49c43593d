/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a table of the functions that look back, each with its sentence. Nothing is evaluated here: the label is taken
 * apart again, and whatever does not look as expected stays as it is.
 */
#include "render_measure.h"

#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "render_person.h"

struct part {
        const char *text;
        size_t len;
};

/* "delta(available, 1h) -300.00", taken apart. */
struct measure {
        struct part function, field, window, value; /* `field` of the card's, `window` a duration; len 0: none */
};

/* In a sentence: V the value, D that of a change, N how often, W the window, F the field and a space where it is not
 * the available balance.
 */
static const struct {
        const char *function;
        bool has_field, has_window;
        const char *sentence;
} sentences[] = {
        {"spent", false, true, "spent V in W"},
        {"added", false, true, "added V in W"},
        {"runway", false, true, "empty in V at the rate of the last W"},
        {"delta", true, false, "Fchanged by D"},
        {"delta", true, true, "Fchanged by D in W"},
        {"min", true, true, "lowest FV in W"},
        {"max", true, true, "highest FV in W"},
        {"avg", true, true, "average FV in W"},
        {"changes", true, true, "Fchanged N in W"},
        {"unchanged", true, false, "Funchanged for V"},
        {"age", false, false, "first seen V ago"},
        {"available", false, false, "available V"},
        {"pending", false, false, "pending V"},
        {"total", false, false, "total V"},
};

static bool is(struct part part, const char *text)
{
        return part.len == strlen(text) && memcmp(part.text, text, part.len) == 0;
}

static bool is_word(char c)
{
        return (c >= 'a' && c <= 'z') || c == '_';
}

/* What stands in `text` before any of `ends`; the blanks around it are left out. */
static struct part cut(const char *text, const char *ends)
{
        struct part part = {.text = text + strspn(text, " ")};

        part.len = strcspn(part.text, ends);
        while (part.len > 0 && part.text[part.len - 1] == ' ')
                part.len--;
        return part;
}

/* Between the parentheses: at most a field and a window. Behind them; NULL: it is something else. */
static const char *take_arguments(const char *text, struct measure *measure)
{
        const char *end = strchr(text, ')');
        struct part part;
        int64_t ms;

        while (end && text < end) {
                part = cut(text, ",)");
                if (part.len > 0 && cw_duration_parse(part.text, part.len, &ms) == 0 && measure->window.len == 0)
                        measure->window = part;
                else if (part.len > 0 && is_word(*part.text) && measure->field.len == 0 && measure->window.len == 0)
                        measure->field = part;
                else
                        return NULL;
                text += strcspn(text, ",)") + 1;
        }
        for (size_t i = 0; i < measure->field.len; i++)
                if (!is_word(measure->field.text[i]))
                        return NULL;
        return end ? end + 1 : NULL;
}

/* One word, or "68 %". */
static bool is_value(struct part part)
{
        const char *blank = memchr(part.text, ' ', part.len);

        return part.len > 0 && (!blank || is((struct part){blank, (size_t)(part.text + part.len - blank)}, " %"));
}

/* Behind it; NULL: it is something else. */
static const char *take_function(const char *text, struct measure *measure)
{
        const char *at = text;

        while (is_word(*at))
                at++;
        measure->function = (struct part){text, (size_t)(at - text)};
        return *at == '(' ? take_arguments(at + 1, measure) : at;
}

/* Of a change without its sign: "abs(delta(available)) 300.00". */
static const char *take_size(const char *text, struct measure *measure)
{
        const char *at = take_function(text, measure);

        return at && *at == ')' && is(measure->function, "delta") ? at + 1 : NULL;
}

static bool take_apart(const char *text, const char *end, struct measure *measure)
{
        bool is_size = strncmp(text, "abs(", 4) == 0;
        const char *at = is_size ? take_size(text + 4, measure) : take_function(text, measure);

        if (!at || *at != ' ' || at >= end)
                return false;
        measure->value = (struct part){at + 1, (size_t)(end - at - 1)};
        return is_value(measure->value);
}

/* How often something was is a number; a share of a limit is none. */
static bool can_say(const char *sentence, const struct measure *measure)
{
        cw_amount number;

        return !strchr(sentence, 'N') || cw_amount_parse(measure->value.text, measure->value.len, &number) == 0;
}

static const char *find_sentence(const struct measure *measure)
{
        if (is(measure->function, "runway") && is(measure->value, "0s"))
                return "empty already";
        for (size_t i = 0; i < CW_ARRAY_SIZE(sentences); i++)
                if (is(measure->function, sentences[i].function) &&
                    sentences[i].has_field == (measure->field.len > 0) &&
                    sentences[i].has_window == (measure->window.len > 0) && can_say(sentences[i].sentence, measure))
                        return sentences[i].sentence;
        return NULL;
}

bool cw_measure_duration(struct cw_buf *buf, const char *text, size_t len)
{
        int64_t ms;

        if (cw_duration_parse(text, len, &ms) < 0)
                return false;
        cw_duration_format_human(buf, ms);
        return true;
}

/* Of what was reckoned; so that it stands on the same side of the limit. */
static cw_amount without_needless_digits(cw_amount amount, const struct cw_entry *entry)
{
        const char *text = entry->limit_text ? entry->limit_text : "";
        cw_amount limit;

        if (cw_amount_parse(text, strlen(text), &limit) < 0)
                return amount;
        return cw_person_rounded(amount, limit, entry);
}

/* "6,390 %" */
static bool put_share(struct cw_buf *buf, struct part value)
{
        static const char sign[] = " %";
        size_t len = value.len > strlen(sign) ? value.len - strlen(sign) : 0;
        cw_amount share;

        if (strncmp(value.text + len, sign, strlen(sign)) != 0 || cw_amount_parse(value.text, len, &share) < 0)
                return false;
        cw_amount_format_grouped(buf, share, 0);
        cw_buf_puts(buf, sign);
        return true;
}

/* As the limit behind it is written. */
static void put_value(struct cw_buf *buf, struct part value, const struct cw_entry *entry, bool is_reckoned)
{
        cw_amount amount;

        if (put_share(buf, value))
                return;
        if (cw_amount_parse(value.text, value.len, &amount) == 0)
                cw_person_amount(buf, is_reckoned ? without_needless_digits(amount, entry) : amount, entry);
        else if (!cw_measure_duration(buf, value.text, value.len))
                cw_buf_append(buf, value.text, value.len);
}

/* A share is of the limit, and a reader would take it for one of the balance. */
static void put_change(struct cw_buf *buf, struct part value, const struct cw_entry *entry)
{
        put_value(buf, value, entry, false);
        if (memchr(value.text, '%', value.len))
                cw_buf_puts(buf, " of the limit");
}

/* No currency has a say in it. */
static void put_times(struct cw_buf *buf, struct part value)
{
        cw_amount times;

        if (cw_amount_parse(value.text, value.len, &times) < 0)
                return; /* can_say has seen to it */
        cw_amount_format_grouped(buf, times, 0);
        cw_buf_puts(buf, times == CW_AMOUNT_UNIT ? " time" : " times");
}

static void say(struct cw_buf *buf, const char *sentence, const struct measure *measure, const struct cw_entry *entry)
{
        for (; *sentence; sentence++) {
                if (*sentence == 'V') {
                        put_value(buf, measure->value, entry, is(measure->function, "avg"));
                } else if (*sentence == 'D') {
                        put_change(buf, measure->value, entry);
                } else if (*sentence == 'N') {
                        put_times(buf, measure->value);
                } else if (*sentence == 'W') {
                        cw_measure_duration(buf, measure->window.text, measure->window.len);
                } else if (*sentence != 'F') {
                        cw_buf_putc(buf, *sentence);
                } else if (!is(measure->field, "available")) {
                        cw_buf_append(buf, measure->field.text, measure->field.len);
                        cw_buf_putc(buf, ' ');
                }
        }
}

bool cw_measure_is_name(const char *label)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

        return label && *label && strchr(letters, *label) &&
               strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-.") == strlen(label);
}

const char *cw_measure_end(const struct cw_entry *entry)
{
        const char *label = entry->limit_label, *found = NULL;

        /* The last one: the limit's name has none. */
        while (label && (label = strstr(label, ", ")))
                found = label++;
        /* A formula has one between a function's arguments: "max(available, 1h) * 50%". */
        return found && cw_measure_is_name(found + strlen(", ")) ? found : NULL;
}

/* The last word of the measure, and a "%" behind it. */
static struct part last_value(const char *label, const char *end)
{
        const char *value = end;

        if (end - label > 2 && memcmp(end - 2, " %", 2) == 0)
                value -= 2;
        while (value > label && value[-1] != ' ')
                value--;
        return (struct part){value, (size_t)(end - value)};
}

bool cw_measure_is(const struct cw_entry *entry, const char *balance)
{
        size_t len = strlen(balance);

        return entry->state != CW_ENTRY_RESOLVED && cw_measure_end(entry) &&
               strncmp(entry->limit_label, balance, len) == 0 && entry->limit_label[len] == ' ';
}

bool cw_measure_amount(const struct cw_entry *entry, cw_amount *ret_amount)
{
        const char *end = cw_measure_end(entry);
        struct part value = end ? last_value(entry->limit_label, end) : (struct part){NULL, 0};

        return end && cw_amount_parse(value.text, value.len, ret_amount) == 0;
}

void cw_measure_words(struct cw_buf *buf, const struct cw_entry *entry)
{
        const char *label = entry->limit_label, *end = cw_measure_end(entry);
        struct measure measure = {.value = {.len = 0}};
        const char *sentence = take_apart(label, end, &measure) ? find_sentence(&measure) : NULL;
        struct part value = last_value(label, end);

        if (sentence) {
                say(buf, sentence, &measure, entry);
                return;
        }
        cw_buf_append(buf, label, (size_t)(value.text - label));
        if (value.text > label)
                cw_buf_puts(buf, "= ");
        put_value(buf, value, entry, true);
}
