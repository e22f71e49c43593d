/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/alert_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/notice.h"
#include "cardwatch/rules.h"
#include "cardwatch/text.h"

enum key { KEY_RULE, KEY_SOURCE, KEY_CUSTOMER, KEY_REFERENCE, KEY_CURRENCY, KEY_CARD, KEY_SEVERITY, KEY_LABEL };

static const char *const key_names[] = {
        [KEY_RULE] = "rule",           [KEY_SOURCE] = "source",     [KEY_CUSTOMER] = "customer",
        [KEY_REFERENCE] = "reference", [KEY_CURRENCY] = "currency", [KEY_CARD] = "card",
        [KEY_SEVERITY] = "severity",
};

struct term {
        enum key key;
        char *name; /* of a label as it is; owns the value behind it too */
        const char *value;
        int64_t id; /* of customer and card */
        enum cw_severity severity;
};

struct cw_alert_match {
        struct term *terms;
        size_t n;
};

CW_DEFINE_CLEANUP(struct cw_alert_match *, cw_alert_match_free);

static void complain(struct cw_buf *why, const char *term, const char *what)
{
        if (why)
                cw_buf_printf(why, "\"%.100s\": %s", term, what);
}

static int parse_id(const char *text, int64_t *ret_id)
{
        char *end;
        long long id;

        errno = 0;
        id = strtoll(text, &end, 10);
        if (errno || end == text || *end || !((*text >= '0' && *text <= '9') || *text == '-'))
                return -EINVAL;
        *ret_id = id;
        return 0;
}

/* Cuts the term at its sign; the copy is the term's. */
static int split(const char *text, struct term *term)
{
        const char *sign = strchr(text, '=');

        if (!sign || sign == text || !sign[1] || strpbrk(text, "\n\r"))
                return -EINVAL;
        term->name = strdup(text);
        if (!term->name)
                return -ENOMEM;
        term->name[sign - text] = '\0';
        term->value = term->name + (sign - text) + 1;
        term->key = KEY_LABEL;
        for (size_t i = 0; i < CW_ARRAY_SIZE(key_names); i++)
                if (strcmp(term->name, key_names[i]) == 0)
                        term->key = (enum key)i;
        return 0;
}

static int parse_term(const char *text, struct term *term, struct cw_buf *why)
{
        int r = split(text, term);

        if (r == -EINVAL)
                complain(why, text, "write KEY=VALUE, such as customer=11057 or rule=low-balance");
        if (r < 0)
                return r;
        if ((term->key == KEY_CUSTOMER || term->key == KEY_CARD) && parse_id(term->value, &term->id) < 0) {
                complain(why, text, "an id is a whole number");
                return -EINVAL;
        }
        term->severity = term->key == KEY_SEVERITY ? cw_severity_parse(term->value) : CW_SEVERITY_NONE;
        if (term->key == KEY_SEVERITY && term->severity == CW_SEVERITY_NONE) {
                complain(why, text, "a severity is info, warning or critical");
                return -EINVAL;
        }
        return 0;
}

int cw_alert_match_parse(const char *const *terms, size_t n, struct cw_alert_match **ret_match, struct cw_buf *why)
{
        cw_cleanup(cw_alert_match_free_cleanup) struct cw_alert_match *match = calloc(1, sizeof(*match));
        int r;

        if (n > CW_ALERT_MATCH_TERMS_MAX) {
                if (why)
                        cw_buf_printf(why, "at most %d terms", CW_ALERT_MATCH_TERMS_MAX);
                return -EINVAL;
        }
        if (!match)
                return -ENOMEM;
        match->terms = calloc(n + 1, sizeof(*match->terms));
        if (!match->terms)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                match->n = i + 1;
                r = parse_term(terms[i], &match->terms[i], why);
                if (r < 0)
                        return r;
        }
        *ret_match = cw_take(match);
        return 0;
}

int cw_alert_match_parse_text(const char *text, struct cw_alert_match **ret_match, struct cw_buf *why)
{
        cw_autofree char *copy = strdup(text);
        const char *terms[CW_ALERT_MATCH_TERMS_MAX + 1];
        char *rest = copy, *term;
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        while (n < CW_ARRAY_SIZE(terms) && (term = strsep(&rest, "\n")))
                if (*term)
                        terms[n++] = term;
        return cw_alert_match_parse(terms, n, ret_match, why);
}

void cw_alert_match_free(struct cw_alert_match *match)
{
        if (!match)
                return;
        for (size_t i = 0; i < match->n; i++)
                free(match->terms[i].name);
        free(match->terms);
        free(match);
}

static bool label_holds(const struct term *term, const struct cw_entry *entry)
{
        for (size_t i = 0; i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, term->name) == 0)
                        return strcmp(entry->labels[i].value, term->value) == 0;
        return false;
}

/* What is said of cards holds for no alert of the daemon's own. */
static bool term_holds(const struct term *term, const struct cw_entry *entry)
{
        switch (term->key) {
        case KEY_RULE:
                return strcmp(entry->rule, term->value) == 0;
        case KEY_SOURCE:
                return strcmp(entry->source, term->value) == 0;
        case KEY_CUSTOMER:
                return entry->has_card && entry->card.customer == term->id;
        case KEY_REFERENCE:
                return entry->has_card && entry->card.reference && cw_text_glob(term->value, entry->card.reference);
        case KEY_CURRENCY:
                return entry->has_card && strcasecmp(entry->card.currency, term->value) == 0;
        case KEY_CARD:
                return entry->has_card && entry->card.id == term->id;
        case KEY_SEVERITY:
                return entry->severity == term->severity;
        case KEY_LABEL:
                break;
        }
        return label_holds(term, entry);
}

static bool same_key(const struct term *a, const struct term *b)
{
        return a->key == b->key && strcmp(a->name, b->name) == 0;
}

/* One of the terms with this key. */
static bool key_holds(const struct cw_alert_match *match, const struct term *key, const struct cw_entry *entry)
{
        for (size_t i = 0; i < match->n; i++)
                if (same_key(&match->terms[i], key) && term_holds(&match->terms[i], entry))
                        return true;
        return false;
}

bool cw_alert_match_holds(const struct cw_alert_match *match, const struct cw_entry *entry)
{
        for (size_t i = 0; i < match->n; i++)
                if (!key_holds(match, &match->terms[i], entry))
                        return false;
        return true;
}

bool cw_alert_match_is_everything(const struct cw_alert_match *match)
{
        return match->n == 0;
}

/* The alert about a notifier that fails names it by a label. */
static bool has_label(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                for (size_t j = 0; j < rules->rules[i].n_labels; j++)
                        if (strcmp(rules->rules[i].labels[j].name, name) == 0)
                                return true;
        return strcmp(name, "notifier") == 0;
}

/* A misspelt key is taken for a label: keys come first. */
static const char *nearest_key(const struct cw_ruleset *rules, const char *name)
{
        const char *nearest = cw_text_nearest(name, key_names, CW_ARRAY_SIZE(key_names));

        for (size_t i = 0; i < rules->n_rules && !nearest; i++)
                for (size_t j = 0; j < rules->rules[i].n_labels && !nearest; j++)
                        nearest = cw_text_nearest(name, (const char *const[]){rules->rules[i].labels[j].name}, 1);
        return nearest;
}

void cw_alert_match_doubt(const struct cw_alert_match *match, const struct cw_ruleset *rules, struct cw_buf *doubt)
{
        for (size_t i = 0; i < match->n; i++) {
                const char *name = match->terms[i].name, *nearest;

                if (match->terms[i].key != KEY_LABEL || has_label(rules, name))
                        continue;
                nearest = nearest_key(rules, name);
                cw_buf_printf(doubt, "no rule has a label \"%.100s\"", name);
                if (nearest)
                        cw_buf_printf(doubt, "; did you mean \"%s\"?", nearest);
                return;
        }
}

void cw_alert_match_format(const struct cw_alert_match *match, char separator, struct cw_buf *buf)
{
        for (size_t i = 0; i < match->n; i++) {
                if (i > 0)
                        cw_buf_putc(buf, separator);
                cw_buf_printf(buf, "%s=%s", match->terms[i].name, match->terms[i].value);
        }
}
