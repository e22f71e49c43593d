/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the default words are a sentence a person would say; a template sees exactly what the JSON says, so its data is
 * made by the JSON's own writer. The message's share of it is made once, when the first template asks.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/digits.h"
#include "cardwatch/render.h"
#include "render_json.h"
#include "render_person.h"
#include "template.h"

struct cw_render_words {
        const struct cw_notice *notice;
        const struct cw_render_options *options;
        struct json_object *message; /* NULL until a template asks */
};

CW_DEFINE_CLEANUP(struct cw_template *, cw_template_free);
CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

static void put_json_cleanup(struct json_object **object)
{
        json_object_put(*object);
}

static int see_message(struct cw_render_words *words)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_json_out out = {.buf = &text};
        int r;

        if (words->message)
                return 0;
        r = cw_render_title(words->notice, NULL, &title); /* not even its own template sees itself */
        if (r < 0)
                return r;
        cw_json_out_open(&out, NULL, '{');
        cw_render_json_head(&out, words->notice, cw_buf_text(&title));
        cw_json_out_close(&out, '}');
        r = cw_buf_error(&text);
        return r < 0 ? r : cw_render_data(&text, &words->message);
}

static int render_template(struct cw_render_words *words, const struct cw_item *item, const char *source,
                           struct cw_buf *buf)
{
        struct cw_template_use use = {.verbatim = true, .templates = words->options ? words->options->templates : NULL};
        cw_cleanup(cw_template_free_cleanup) struct cw_template *template = NULL;
        cw_cleanup(put_json_cleanup) struct json_object *entry = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_json_out out = {.buf = &text};
        struct cw_template_error error;
        int r;

        r = cw_template_compile(source, strlen(source), &template, &error);
        if (r == 0)
                r = see_message(words);
        if (r < 0)
                return r;
        cw_render_json_entry(&out, item, words->options, NULL, NULL);
        r = cw_buf_error(&text);
        if (r == 0)
                r = cw_render_data(&text, &entry);
        if (r < 0)
                return r;
        return cw_template_render(template, (struct json_object *[]){words->message, entry}, 2, &use, buf);
}

/* Ends that have nothing to do with the balance: "is back at" would be untrue. */
static bool ended_otherwise(const char *reason)
{
        static const char *const ends[] = {" suppressed", " disappeared", " removed", " changed", " disabled"};
        size_t len = reason ? strlen(reason) : 0, n;

        if (len == 0 || strspn(reason, "abcdefghijklmnopqrstuvwxyz ") != len)
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(ends); i++) {
                n = strlen(ends[i]);
                if (len > n && strcmp(reason + len - n, ends[i]) == 0)
                        return true;
        }
        return false;
}

/* "95.10 USD"; of a disguised entry "95 % of its limit". */
static void put_money(struct cw_buf *buf, cw_amount amount, const struct cw_entry *entry)
{
        cw_person_money(buf, amount, entry);
        if (entry->figures == CW_FIGURES_PERCENT)
                cw_buf_puts(buf, " of its limit");
}

static bool moved(const struct cw_person_shown *shown)
{
        return shown->was.known && shown->was.amount != shown->now;
}

static bool turned(const struct cw_entry *entry)
{
        return entry->has_previous && entry->previous.suppressed != entry->card.suppressed;
}

/* Whether the condition is about it. */
static bool names(const struct cw_entry *entry, const char *field)
{
        return entry->reason && strstr(entry->reason, field);
}

static void say_firing(const struct cw_entry *entry, const struct cw_person_shown *shown, struct cw_buf *buf)
{
        if (entry->card.suppressed && names(entry, "suppressed")) {
                cw_buf_puts(buf, turned(entry) ? " was deactivated, at " : " is deactivated, at ");
        } else {
                cw_buf_printf(buf, "%s%s is ", shown->name ? ": " : "", shown->name ? shown->name : "");
                cw_buf_puts(buf, !moved(shown) ? "at " : shown->now > shown->was.amount ? "up to " : "down to ");
        }
        put_money(buf, shown->now, entry);
}

/* From the worst, to which it went. */
static bool came_back(const struct cw_entry *entry, const struct cw_person_shown *shown)
{
        return entry->worst.known && entry->worst.amount != shown->now;
}

static void say_resolved(const struct cw_item *item, const struct cw_person_shown *shown, struct cw_buf *buf)
{
        const struct cw_entry *entry = item->entry;

        if (turned(entry) && !entry->card.suppressed && !moved(shown))
                cw_buf_puts(buf, " was activated again, at ");
        else if (ended_otherwise(entry->reason)) {
                cw_buf_printf(buf, ": no longer watched for this (%s), ", entry->reason);
                cw_buf_printf(buf, "%s%sat ", shown->name ? shown->name : "", shown->name ? " " : "");
        } else if (item->folded && came_back(entry, shown)) {
                cw_buf_printf(buf, "%s%s was %s ", shown->name ? ": " : "", shown->name ? shown->name : "",
                              cw_person_went_up(entry) ? "up to" : "down to");
                put_money(buf, entry->worst.amount, entry);
                cw_buf_puts(buf, " and is back at ");
        } else {
                cw_buf_printf(buf, "%s%s is %sat ", shown->name ? ": " : "", shown->name ? shown->name : "",
                              came_back(entry, shown) ? "back " : "");
        }
        put_money(buf, shown->now, entry);
}

static void say_event(const struct cw_entry *entry, const struct cw_person_shown *shown, struct cw_buf *buf)
{
        if (turned(entry) && (names(entry, "suppressed") || !moved(shown))) {
                cw_buf_puts(buf, entry->card.suppressed ? " was deactivated, at " : " was activated again, at ");
        } else if (moved(shown)) {
                cw_buf_printf(buf, "%s%s went from ", shown->name ? ": " : "", shown->name ? shown->name : "");
                cw_person_amount(buf, shown->was.amount, entry);
                cw_buf_puts(buf, " to ");
        } else if (entry->reason && strcmp(entry->reason, "appeared") == 0) {
                cw_buf_puts(buf, " appeared, at ");
        } else if (entry->reason && strcmp(entry->reason, "disappeared") == 0) {
                cw_buf_puts(buf, " disappeared, last seen at ");
        } else {
                cw_buf_puts(buf, ": ");
                cw_render_visible(buf, entry->reason ? entry->reason : entry->rule, CW_PERSON_TEXT_MAX);
                cw_buf_puts(buf, ", at ");
        }
        put_money(buf, shown->now, entry);
}

/* Without a balance to name: what happened to which rule. */
static void say_without_figures(const struct cw_entry *entry, struct cw_buf *buf)
{
        if (entry->state == CW_ENTRY_EVENT && turned(entry)) {
                cw_buf_puts(buf, entry->card.suppressed ? " was deactivated" : " was activated again");
                return;
        }
        cw_buf_puts(buf, ": ");
        cw_render_visible(buf, entry->rule, CW_PERSON_REFERENCE_MAX);
        if (entry->state == CW_ENTRY_RESOLVED)
                cw_buf_printf(buf, " is over%s%s", ended_otherwise(entry->reason) ? ": " : "",
                              ended_otherwise(entry->reason) ? entry->reason : "");
        else
                cw_buf_puts(buf, entry->state == CW_ENTRY_EVENT ? " happened" : " is firing");
}

/* Its words are about the trouble: when that is over, the reason says more. */
static void say_builtin(const struct cw_entry *entry, struct cw_buf *buf)
{
        if (entry->state == CW_ENTRY_RESOLVED && entry->reason && *entry->reason)
                cw_buf_printf(buf, "%s is over: %s", entry->rule, entry->reason);
        else
                cw_buf_puts(buf, entry->summary && *entry->summary ? entry->summary : entry->rule);
}

static int default_summary(const struct cw_item *item, struct cw_buf *buf)
{
        const struct cw_entry *entry = item->entry;
        struct cw_person_shown shown;

        if (!entry->has_card) {
                say_builtin(entry, buf);
                return cw_buf_error(buf);
        }
        cw_person_shown(entry, &shown);
        cw_buf_puts(buf, "Card ");
        cw_digits_put(buf, entry->card.id);
        cw_buf_puts(buf, " of ");
        cw_person_customer(buf, &entry->card);
        if (entry->figures == CW_FIGURES_NONE) {
                say_without_figures(entry, buf);
                return cw_buf_error(buf);
        }
        switch (entry->state) {
        case CW_ENTRY_FIRING:
                say_firing(entry, &shown, buf);
                break;
        case CW_ENTRY_RESOLVED:
                say_resolved(item, &shown, buf);
                break;
        case CW_ENTRY_EVENT:
                say_event(entry, &shown, buf);
                break;
        }
        return cw_buf_error(buf);
}

int cw_render_words_new(const struct cw_notice *notice, const struct cw_render_options *options,
                        struct cw_render_words **ret_words)
{
        struct cw_render_words *words = calloc(1, sizeof(*words));

        if (!words)
                return -ENOMEM;
        words->notice = notice;
        words->options = options;
        *ret_words = words;
        return 0;
}

void cw_render_words_free(struct cw_render_words *words)
{
        if (!words)
                return;
        json_object_put(words->message);
        free(words);
}

int cw_render_words_summary(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
{
        const struct cw_entry *entry = item->entry;
        int r;

        if (entry->has_card && entry->summary) {
                r = render_template(words, item, entry->summary, buf);
                if (r != -EMSGSIZE && r != -EINVAL)
                        return r;
        }
        return default_summary(item, buf);
}

int cw_render_words_description(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
{
        const struct cw_entry *entry = item->entry;
        int r;

        if (entry->has_card && entry->description) {
                r = render_template(words, item, entry->description, buf);
                return r == -EMSGSIZE || r == -EINVAL ? 0 : r;
        }
        if (!entry->has_card && entry->description)
                cw_buf_puts(buf, entry->description);
        else if (!entry->has_card && entry->advice && entry->state != CW_ENTRY_RESOLVED)
                cw_buf_puts(buf, entry->advice);
        return cw_buf_error(buf);
}
