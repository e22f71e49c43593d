/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the first words answer the question a digest is read for, whether all is well; nothing that is not known is
 * called well.
 */
#include "letter_digest.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/digest.h"
#include "cardwatch/render.h"
#include "render_person.h"
#include "render_topic.h"

static const char *group_value(const struct cw_notice *notice, const char *name)
{
        for (size_t i = 0; i < notice->n_group; i++)
                if (strcmp(notice->group[i].name, name) == 0)
                        return notice->group[i].value;
        return NULL;
}

/* By the reference, where a card of the customer's is told of. */
static void put_customer(const struct cw_notice *notice, struct cw_buf *buf)
{
        const char *customer = group_value(notice, "customer");

        if (!customer)
                return;
        cw_buf_puts(buf, " of ");
        if (notice->n_items > 0 && notice->items[0].entry->has_card)
                cw_person_customer(buf, &notice->items[0].entry->card);
        else
                cw_buf_printf(buf, "customer %s", customer);
}

/* Whether it is known that nothing fires. */
static bool is_well(const struct cw_notice *notice)
{
        return notice->n_firing == 0 && !notice->digest->blind && notice->digest->looked_at;
}

static uint32_t count_severity(const struct cw_notice *notice, enum cw_severity severity)
{
        uint32_t n = 0;

        for (size_t i = 0; i < notice->n_items; i++)
                n += notice->items[i].entry->state == CW_ENTRY_FIRING && notice->items[i].entry->severity == severity;
        return n;
}

void cw_digest_topic(const struct cw_notice *notice, struct cw_buf *buf)
{
        uint32_t critical = count_severity(notice, CW_SEVERITY_CRITICAL);

        cw_render_visible(buf, notice->digest->name, CW_PERSON_REFERENCE_MAX);
        put_customer(notice, buf);
        if (is_well(notice)) {
                cw_buf_puts(buf, ": all is well");
        } else if (notice->n_firing == 0) {
                cw_buf_puts(buf, ": nothing is known to fire");
        } else {
                cw_buf_printf(buf, ": %" PRIu32 " firing", notice->n_firing);
                if (critical > 0 && critical == notice->n_firing)
                        cw_buf_puts(buf, ", critical");
                else if (critical > 0)
                        cw_buf_printf(buf, ", %" PRIu32 " critical", critical);
        }
}

static void put_count(struct cw_buf *buf, uint32_t n, const char *what, const char **separator)
{
        if (n == 0)
                return;
        cw_buf_printf(buf, "%s%" PRIu32 " %s", *separator, n, what);
        *separator = ", ";
}

static void put_state(const struct cw_notice *notice, struct cw_buf *buf)
{
        const struct cw_digest_facts *facts = notice->digest;
        const char *separator = " Of these, ";

        if (is_well(notice))
                cw_buf_puts(buf, "All is well: nothing fires.");
        else if (notice->n_firing == 0 && !facts->looked_at)
                cw_buf_puts(buf, "Nothing is known to fire, but not every card has been read yet.");
        else if (notice->n_firing == 0)
                cw_buf_puts(buf, "Nothing is known to fire, but what is known of the cards is old.");
        else
                cw_buf_printf(buf, "%" PRIu32 " alert%s now.", notice->n_firing,
                              notice->n_firing == 1 ? " fires" : "s fire");
        if (facts->n_acknowledged == 0 && facts->n_silenced == 0)
                return;
        put_count(buf, facts->n_acknowledged, "acknowledged", &separator);
        put_count(buf, facts->n_silenced, "silenced", &separator);
        cw_buf_putc(buf, '.');
}

static void put_since(const struct cw_notice *notice, struct cw_buf *buf)
{
        const struct cw_digest_facts *facts = notice->digest;
        const char *separator = ": ";

        cw_buf_puts(buf, " Since ");
        cw_person_time(buf, facts->since_at, notice->sent_at);
        put_count(buf, facts->n_fired, "began to fire", &separator);
        put_count(buf, facts->n_ended, "ended", &separator);
        put_count(buf, facts->n_events, facts->n_events == 1 ? "event" : "events", &separator);
        cw_buf_puts(buf, facts->n_fired + facts->n_ended + facts->n_events == 0 ? ": nothing happened." : ".");
}

static void put_watch(const struct cw_notice *notice, struct cw_buf *buf)
{
        const struct cw_digest_facts *facts = notice->digest;

        if (facts->n_cards > 0 && facts->looked_at) {
                cw_buf_printf(buf, " %" PRIu64 " card%s watched, read completely ", facts->n_cards,
                              facts->n_cards == 1 ? " is" : "s are");
                cw_person_time(buf, facts->looked_at, notice->sent_at);
                cw_buf_putc(buf, '.');
        }
        if (facts->blind && notice->n_firing > 0)
                cw_buf_puts(buf, " What is known of the cards is old.");
        if (facts->late) {
                cw_buf_puts(buf, " This is late: it was due ");
                cw_person_time(buf, facts->due_at, notice->sent_at);
                cw_buf_putc(buf, '.');
        }
}

void cw_digest_note(const struct cw_notice *notice, struct cw_buf *buf)
{
        put_state(notice, buf);
        put_since(notice, buf);
        put_watch(notice, buf);
}

const char *cw_digest_heading(enum cw_entry_state state)
{
        static const char *const headings[] = {"firing now", "ended since", "happened since"};

        return headings[state];
}
