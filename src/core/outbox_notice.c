/* SPDX-License-Identifier: Apache-2.0 */
/* An intent as it is told (a notice) and as it is remembered (a row). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "intent_count.h"
#include "outbox_private.h"
#include "tally.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* The worst first: severity, then what still fires, then the smallest balance; ties in a fixed order, so that the same
 * items make the same message. */
static int worst_first(const void *left, const void *right)
{
        const struct cw_item *one = left, *other = right;
        const struct cw_entry *a = one->entry, *b = other->entry;
        int order = COMPARE(b->severity, a->severity);

        if (!order)
                order = COMPARE(a->state, b->state);
        if (!order)
                order = COMPARE(b->current.known, a->current.known);
        if (!order && a->current.known)
                order = COMPARE(a->current.amount, b->current.amount);
        if (!order)
                order = COMPARE(a->fingerprint, b->fingerprint);
        return order ? order : COMPARE(one->edge, other->edge);
}

/* A digest is about what fires. */
static int firing_first(const void *left, const void *right)
{
        const struct cw_item *one = left, *other = right;
        int order = COMPARE(one->entry->state, other->entry->state);

        return order ? order : worst_first(left, right);
}

size_t cw_intent_part(const struct cw_intent *intent, uint32_t list)
{
        bool parted = list == CW_LIST_ALL && intent->kind == CW_NOTICE_ALERT && intent->n_items > CW_INTENT_PART;

        return parted ? CW_INTENT_PART : intent->n_items;
}

void cw_intent_order(struct cw_intent *intent)
{
        cw_map_deinit(&intent->places); /* made again when something is looked for */
        if (intent->n_items > 0)
                qsort(intent->items, intent->n_items, sizeof(*intent->items), worst_first);
}

static int collect(struct cw_outbox *outbox, const struct cw_intent *intent, uint32_t list, size_t part)
{
        struct cw_notice *notice = &outbox->notice;
        struct cw_tally all = {0};
        size_t n = intent->n_items;

        free(outbox->notice_items);
        free(outbox->notice_tallies);
        outbox->notice_items = calloc(n + 1, sizeof(*outbox->notice_items));
        outbox->notice_tallies = calloc(n + outbox->notice_digest.n_tallies + outbox->n_notice_counted + 1,
                                        sizeof(*outbox->notice_tallies));
        if (!outbox->notice_items || !outbox->notice_tallies)
                return -ENOMEM;
        if (n)
                memcpy(outbox->notice_items, intent->items, n * sizeof(*intent->items));
        qsort(outbox->notice_items, n, sizeof(*outbox->notice_items), notice->digest ? firing_first : worst_first);
        notice->items = outbox->notice_items;
        notice->tallies = outbox->notice_tallies;
        n = part;
        notice->n_items = n;
        notice->n_listed = list == CW_LIST_ALL || n < list ? n : list;
        for (size_t i = 0; i < n; i++) {
                const struct cw_entry *entry = outbox->notice_items[i].entry;

                cw_tally_count(&all, entry);
                if (notice->severity < entry->severity)
                        notice->severity = entry->severity;
                if (i >= notice->n_listed)
                        cw_tally_count(cw_tally_like(outbox->notice_tallies, &notice->n_tallies, entry->rule,
                                                     cw_tally_currency(entry)),
                                       entry);
        }
        notice->n_firing = all.firing;
        notice->n_resolved = all.resolved;
        notice->n_events = all.events;
        return 0;
}

/* What it tells beside its items, and what it has counted already. */
static int take_digest(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        struct cw_notice *notice = &outbox->notice;
        int r;

        free(outbox->notice_digest.tallies);
        outbox->notice_digest = (struct cw_digest_facts){0};
        if (!intent->digest)
                return 0;
        r = cw_digest_facts_unpack(intent->digest, intent->digest_len, &outbox->notice_digest);
        notice->digest = &outbox->notice_digest;
        return r == -EBADMSG ? -ENOENT : r;
}

static int take_counted(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        free(outbox->notice_counted);
        outbox->notice_counted = NULL;
        outbox->n_notice_counted = 0;
        return cw_intent_tallies(intent, &outbox->notice_counted, &outbox->n_notice_counted);
}

static void add_counted(struct cw_notice *notice, struct cw_tally *tallies, const struct cw_tally *counted,
                        size_t n_counted)
{
        for (size_t i = 0; i < n_counted; i++) {
                cw_tally_sum(cw_tally_like(tallies, &notice->n_tallies, counted[i].rule, counted[i].currency),
                             &counted[i]);
                notice->n_firing += counted[i].firing;
                notice->n_resolved += counted[i].resolved;
                notice->n_events += counted[i].events;
        }
}

static bool has_value(const struct cw_group *group, const struct cw_group_value *value)
{
        for (size_t i = 0; i < group->n_values; i++)
                if (strcmp(group->values[i].name, value->name) == 0)
                        return strcmp(group->values[i].value, value->value) == 0;
        return false;
}

/* What all groups of the message have in common: of a folded one, its rule. */
static int take_group(struct cw_outbox *outbox, const struct cw_intent *intent)
{
        const struct cw_group *first = intent->n_groups > 0 && !intent->baseline ? intent->groups[0] : NULL;
        size_t n = 0;

        free(outbox->notice_group);
        outbox->notice_group = calloc(first ? first->n_values + 1 : 1, sizeof(*outbox->notice_group));
        if (!outbox->notice_group)
                return -ENOMEM;
        for (size_t i = 0; first && i < first->n_values; i++) {
                bool common = true;

                for (size_t k = 1; common && k < intent->n_groups; k++)
                        common = has_value(intent->groups[k], &first->values[i]);
                if (common)
                        outbox->notice_group[n++] = first->values[i];
        }
        outbox->notice.group = outbox->notice_group;
        outbox->notice.n_group = n;
        return 0;
}

static bool has_firing_member(const struct cw_group *group)
{
        for (size_t i = 0; i < group->n_members; i++)
                if (group->members[i]->state == CW_ALERT_FIRING)
                        return true;
        return false;
}

/* How it stands with the groups that the message tells of. */
static void look_at_groups(struct cw_notice *notice, const struct cw_intent *intent)
{
        notice->over = true;
        for (size_t i = 0; i < intent->n_groups; i++) {
                notice->over &= !has_firing_member(intent->groups[i]);
                if (notice->most_members < intent->groups[i]->most_members)
                        notice->most_members = intent->groups[i]->most_members;
        }
}

/* As bad as what fires now: what is over was told. */
static void grade_digest(struct cw_notice *notice)
{
        notice->severity = CW_SEVERITY_INFO;
        for (size_t i = 0; i < notice->n_items; i++)
                if (notice->items[i].entry->state == CW_ENTRY_FIRING &&
                    notice->severity < notice->items[i].entry->severity)
                        notice->severity = notice->items[i].entry->severity;
}

int cw_outbox_notice(struct cw_outbox *outbox, uint64_t sequence, int64_t sent_at, bool list_all,
                     const struct cw_notice **ret_notice)
{
        const struct cw_intent *intent = cw_outbox_find(outbox, sequence);
        const struct cw_group *group;
        uint32_t list;
        int r;

        if (!intent || intent->notifier_index == SIZE_MAX)
                return -ENOENT;
        list = outbox->rules->notifiers[intent->notifier_index].list;
        group = intent->n_groups == 1 ? intent->groups[0] : NULL;
        outbox->notice = (struct cw_notice){
                .id = intent->id,
                .notifier = intent->notifier,
                .kind = intent->kind,
                .baseline = intent->baseline,
                .repeat = intent->repeat,
                .sent_at = sent_at,
        };
        /* Whoever is first in a thread opens it under an id of its own. */
        outbox->notice.opens_thread = !group || !group->thread[0] || intent->opens_thread;
        memcpy(outbox->notice_thread, outbox->notice.opens_thread ? intent->id : group->thread,
               sizeof(outbox->notice_thread));
        outbox->notice.thread = outbox->notice_thread;
        look_at_groups(&outbox->notice, intent);
        r = take_group(outbox, intent);
        if (r == 0)
                r = take_digest(outbox, intent);
        if (r == 0)
                r = take_counted(outbox, intent);
        if (r < 0)
                return r;
        r = collect(outbox, intent, list_all ? CW_LIST_ALL : list, cw_intent_part(intent, list));
        if (r < 0)
                return r;
        add_counted(&outbox->notice, outbox->notice_tallies, outbox->notice_digest.tallies,
                    outbox->notice_digest.n_tallies);
        add_counted(&outbox->notice, outbox->notice_tallies, outbox->notice_counted, outbox->n_notice_counted);
        if (outbox->notice.digest)
                grade_digest(&outbox->notice);
        outbox->notice.firing = outbox->notice.n_firing > 0;
        *ret_notice = &outbox->notice;
        return 0;
}

/* What only whoever tells it once more needs. */
static void add_content(struct cw_intent_row *row, const struct cw_intent *intent, struct cw_buf *groups)
{
        for (size_t i = 0; i < intent->n_groups && intent->n_groups > 1; i++) {
                if (i)
                        cw_buf_putc(groups, '\n');
                cw_buf_puts(groups, intent->groups[i]->key);
        }
        row->groups = intent->n_groups == 1 ? intent->groups[0]->key : (char *)cw_buf_text(groups);
        row->error = intent->error;
        row->items = intent->items;
        row->n_items = intent->n_items;
        row->payload = intent->payload;
        row->payload_len = intent->payload_len;
        row->digest = intent->digest;
        row->digest_len = intent->digest_len;
        row->counted = intent->counted;
        row->counted_len = intent->counted_len;
}

void cw_intent_remember(const struct cw_intent *intent, bool gone, struct cw_changes *changes)
{
        struct cw_buf groups = CW_BUF_NULL;
        struct cw_intent_row row = {
                .sequence = intent->sequence,
                .notifier = (char *)intent->notifier,
                .kind = (uint8_t)intent->kind,
                .state = (uint8_t)intent->state,
                .baseline = intent->baseline,
                .opens_thread = intent->opens_thread,
                .repeat = intent->repeat,
                .queued_at = intent->queued_at,
                .next_at = intent->next_at,
                .failing_since_at = intent->backoff.failures ? intent->backoff.since_at : 0,
                .attempts = intent->attempts,
                .trouble = intent->trouble,
                .groups = (char *)"",
                .gone = gone,
        };

        memcpy(row.id, intent->id, sizeof(row.id));
        /* Of what leaves the outbox only the fact is written down. */
        if (!gone && intent->state != CW_INTENT_DELIVERED)
                add_content(&row, intent, &groups);
        if (cw_buf_error(&groups) < 0)
                changes->error = -ENOMEM;
        else
                cw_changes_intent(changes, &row);
        cw_buf_deinit(&groups);
}
