/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a dozen lists that differ only in what a row owns and what its key is. A table says both, so that growing,
 * merging (changes_merge.c) and freeing are written once.
 *
 * A source that is removed takes the card rows before it along, and its row stays beside a later one of the same
 * source: who commits removes first and then writes, and a source that left and came back does not find its old cards
 * again.
 *
 * A card row keeps its two texts in one allocation: they come by the thousand.
 */
#include "changes_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

#define ROWS_FIRST 8
#define ROWS_MANY  4096

static int compare_text(const char *a, const char *b)
{
        if (!a || !b)
                return (a != NULL) - (b != NULL);
        return strcmp(a, b);
}

static int compare_cards(const void *one, const void *other)
{
        const struct cw_card_row *a = one, *b = other;
        int order = COMPARE(a->card.id, b->card.id);

        return order != 0 ? order : compare_text(a->source, b->source);
}

/* Removals are kept apart, see above. */
static int compare_sources(const void *one, const void *other)
{
        const struct cw_source_row *a = one, *b = other;
        int order = compare_text(a->source, b->source);

        return order != 0 ? order : COMPARE(a->removed, b->removed);
}

static int compare_alerts(const void *one, const void *other)
{
        const struct cw_alert_row *a = one, *b = other;

        return COMPARE(a->fingerprint, b->fingerprint);
}

static int compare_ledger(const void *one, const void *other)
{
        const struct cw_ledger_row *a = one, *b = other;
        int order = compare_text(a->notifier, b->notifier);

        return order != 0 ? order : COMPARE(a->fingerprint, b->fingerprint);
}

static int compare_groups(const void *one, const void *other)
{
        const struct cw_group_row *a = one, *b = other;
        int order = compare_text(a->notifier, b->notifier);

        return order != 0 ? order : compare_text(a->key, b->key);
}

static int compare_intents(const void *one, const void *other)
{
        const struct cw_intent_row *a = one, *b = other;

        return COMPARE(a->sequence, b->sequence);
}

static int compare_rules(const void *one, const void *other)
{
        const struct cw_rule_row *a = one, *b = other;

        return compare_text(a->name, b->name);
}

static void release_packed(void *row)
{
        struct cw_packed_row *packed = row;

        free(packed->source);
        free(packed->bytes);
}

static void release_card(void *row)
{
        /* The reference lies behind the source. */
        free(((struct cw_card_row *)row)->source);
}

/* Two changes become one, from what was before the first. */
static void absorb_card(void *row, const void *older)
{
        const struct cw_card_row *a = older;
        struct cw_card_row *b = row;

        if (!a->changed)
                return;
        b->changed |= a->changed;
        b->has_before = a->has_before;
        b->before = a->before;
}

static void release_source(void *row)
{
        free(((struct cw_source_row *)row)->source);
}

static void release_alert(void *row)
{
        struct cw_alert_row *alert = row;

        free(alert->rule); /* the source lies behind it */
        free(alert->fired_at);
        cw_entry_unref(alert->entry);
}

static void release_ledger(void *row)
{
        free(((struct cw_ledger_row *)row)->notifier);
}

static void release_group(void *row)
{
        struct cw_group_row *group = row;

        free(group->notifier);
        free(group->key);
}

static void release_intent(void *row)
{
        struct cw_intent_row *intent = row;

        for (size_t i = 0; i < intent->n_items; i++)
                cw_entry_unref(intent->items[i].entry);
        free(intent->items);
        free(intent->notifier);
        free(intent->groups);
        free(intent->error);
        free(intent->payload);
        free(intent->digest);
        free(intent->counted);
}

static int compare_digests(const void *one, const void *other)
{
        const struct cw_digest_row *a = one, *b = other;

        return compare_text(a->name, b->name);
}

static void release_digest(void *row)
{
        free(((struct cw_digest_row *)row)->name);
}

static int compare_happenings(const void *one, const void *other)
{
        const struct cw_happening_row *a = one, *b = other;
        int order = compare_text(a->digest, b->digest);

        return order != 0 ? order : COMPARE(a->fingerprint, b->fingerprint);
}

static void release_happening(void *row)
{
        struct cw_happening_row *happening = row;

        free(happening->digest); /* the other texts lie behind it */
        cw_entry_unref(happening->entry);
}

static void release_rule(void *row)
{
        free(((struct cw_rule_row *)row)->name);
}

static int compare_silences(const void *one, const void *other)
{
        const struct cw_silence_row *a = one, *b = other;

        return strcmp(a->id, b->id);
}

static void release_silence(void *row)
{
        free(((struct cw_silence_row *)row)->match); /* the other texts lie behind it */
}

static void release_audit(void *row)
{
        free(((struct cw_audit_row *)row)->by); /* likewise */
}

static int compare_receivers(const void *one, const void *other)
{
        const struct cw_receiver_row *a = one, *b = other;

        return compare_text(a->notifier, b->notifier);
}

static void release_receiver(void *row)
{
        free(((struct cw_receiver_row *)row)->notifier);
}

static void release_history(void *row)
{
        /* The other texts lie behind it. */
        free(((struct cw_history_row *)row)->rule);
}

/* Of every row that can be deleted. */
#define DEFINE_GONE(kind, says)                                                                                        \
        static bool is_gone_##kind(const void *row)                                                                    \
        {                                                                                                              \
                return ((const struct cw_##kind##_row *)row)->says;                                                    \
        }

DEFINE_GONE(card, gone)
DEFINE_GONE(source, removed)
DEFINE_GONE(alert, gone)
DEFINE_GONE(ledger, gone)
DEFINE_GONE(group, gone)
DEFINE_GONE(rule, gone)
DEFINE_GONE(digest, gone)
DEFINE_GONE(happening, gone)
DEFINE_GONE(silence, gone)
DEFINE_GONE(receiver, gone)

static bool is_gone_intent(const void *row)
{
        const struct cw_intent_row *intent = row;

        return intent->gone || intent->state == CW_INTENT_DELIVERED;
}

#define KIND(list_, kind_, compare_, absorb_)                                                                          \
        {                                                                                                              \
                offsetof(struct cw_changes, list_), sizeof(struct cw_##kind_##_row), compare_, release_##kind_,        \
                        is_gone_##kind_, absorb_                                                                       \
        }

/* What only grows. */
#define KIND_OF_RECORDS(list_, kind_)                                                                                  \
        {                                                                                                              \
                offsetof(struct cw_changes, list_), sizeof(struct cw_##kind_##_row), NULL, release_##kind_, NULL, NULL \
        }

const struct cw_changes_kind cw_changes_kinds[CW_CHANGES_KINDS] = {
        [CW_CHANGES_PACKED] = KIND_OF_RECORDS(packed, packed),
        [CW_CHANGES_CARDS] = KIND(cards, card, compare_cards, absorb_card),
        [CW_CHANGES_SOURCES] = KIND(sources, source, compare_sources, NULL),
        [CW_CHANGES_ALERTS] = KIND(alerts, alert, compare_alerts, NULL),
        [CW_CHANGES_LEDGER] = KIND(ledger, ledger, compare_ledger, NULL),
        [CW_CHANGES_GROUPS] = KIND(groups, group, compare_groups, NULL),
        [CW_CHANGES_INTENTS] = KIND(intents, intent, compare_intents, NULL),
        [CW_CHANGES_RULES] = KIND(rules, rule, compare_rules, NULL),
        [CW_CHANGES_DIGESTS] = KIND(digests, digest, compare_digests, NULL),
        [CW_CHANGES_HAPPENINGS] = KIND(happenings, happening, compare_happenings, NULL),
        [CW_CHANGES_HISTORY] = KIND_OF_RECORDS(history, history),
        [CW_CHANGES_SILENCES] = KIND(silences, silence, compare_silences, NULL),
        [CW_CHANGES_AUDIT] = KIND_OF_RECORDS(audit, audit),
        [CW_CHANGES_RECEIVERS] = KIND(receivers, receiver, compare_receivers, NULL),
};

struct cw_changes_list cw_changes_get_list(const struct cw_changes *changes, const struct cw_changes_kind *kind)
{
        struct cw_changes_list list;

        memcpy(&list, (const char *)changes + kind->offset, sizeof(list));
        return list;
}

void cw_changes_set_list(struct cw_changes *changes, const struct cw_changes_kind *kind, struct cw_changes_list list)
{
        memcpy((char *)changes + kind->offset, &list, sizeof(list));
}

char *cw_changes_row_at(const struct cw_changes_list *list, const struct cw_changes_kind *kind, size_t i)
{
        return (char *)list->rows + i * kind->size;
}

void cw_changes_deinit(struct cw_changes *changes)
{
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++) {
                struct cw_changes_list list = cw_changes_get_list(changes, &cw_changes_kinds[k]);

                for (size_t i = 0; i < list.n; i++)
                        cw_changes_kinds[k].release(cw_changes_row_at(&list, &cw_changes_kinds[k], i));
                free(list.rows);
        }
        *changes = (struct cw_changes)CW_CHANGES_NULL;
}

bool cw_changes_empty(const struct cw_changes *changes)
{
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++)
                if (cw_changes_get_list(changes, &cw_changes_kinds[k]).n > 0)
                        return false;
        return true;
}

int cw_changes_reserve(struct cw_changes *changes, const struct cw_changes_kind *kind, size_t extra)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        size_t capacity = list.capacity > 0 ? list.capacity : ROWS_FIRST;
        void *rows;

        if (extra <= list.capacity - list.n)
                return 0;
        if (extra > SIZE_MAX / 4 / kind->size - list.n)
                return -ENOMEM;
        /* The largest lists are a storm's: half of them unused would be much of the daemon's memory. */
        while (capacity < list.n + extra)
                capacity += capacity < ROWS_MANY ? capacity : capacity / 8;
        rows = realloc(list.rows, capacity * kind->size);
        if (!rows)
                return -ENOMEM;
        list.rows = rows;
        list.capacity = capacity;
        cw_changes_set_list(changes, kind, list);
        return 0;
}

/* They begin with the source's name, all three. */
static void forget_rows(struct cw_changes *changes, const struct cw_changes_kind *kind, const char *source)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        size_t kept = 0;

        for (size_t i = 0; i < list.n; i++) {
                char *row = cw_changes_row_at(&list, kind, i);

                if (compare_text(*(char **)(void *)row, source) == 0)
                        kind->release(row);
                else if (kept++ != i)
                        memcpy(cw_changes_row_at(&list, kind, kept - 1), row, kind->size);
        }
        list.n = kept;
        cw_changes_set_list(changes, kind, list);
}

_Static_assert(offsetof(struct cw_packed_row, source) == 0 && offsetof(struct cw_card_row, source) == 0 &&
                       offsetof(struct cw_source_row, source) == 0,
               "rows that go with their source begin with its name");

void cw_changes_forget_source(struct cw_changes *changes, const char *source)
{
        forget_rows(changes, &cw_changes_kinds[CW_CHANGES_PACKED], source);
        forget_rows(changes, &cw_changes_kinds[CW_CHANGES_CARDS], source);
        forget_rows(changes, &cw_changes_kinds[CW_CHANGES_SOURCES], source);
}

/* The new row goes in whole or not at all: `copy` is released when there is no place, or when `complete` is false. */
static void append(struct cw_changes *changes, const struct cw_changes_kind *kind, void *copy, bool complete)
{
        struct cw_changes_list list;

        if (changes->error == 0 && (!complete || cw_changes_reserve(changes, kind, 1) < 0))
                changes->error = -ENOMEM;
        if (changes->error < 0) {
                kind->release(copy);
                return;
        }
        list = cw_changes_get_list(changes, kind);
        memcpy(cw_changes_row_at(&list, kind, list.n), copy, kind->size);
        list.n++;
        cw_changes_set_list(changes, kind, list);
}

/* True unless memory ran out; NULL is copied as NULL. */
static bool copy_text(char **to, const char *text)
{
        *to = text ? strdup(text) : NULL;
        return *to || !text;
}

void cw_changes_card(struct cw_changes *changes, const struct cw_card_row *row)
{
        struct cw_card_row copy = *row;
        size_t source_len = strlen(row->source) + 1;
        size_t reference_len = row->card.reference ? strlen(row->card.reference) + 1 : 0;

        copy.past = NULL;
        copy.source = malloc(source_len + reference_len);
        if (copy.source) {
                memcpy(copy.source, row->source, source_len);
                if (reference_len > 0)
                        copy.card.reference = memcpy(copy.source + source_len, row->card.reference, reference_len);
        }
        append(changes, &cw_changes_kinds[CW_CHANGES_CARDS], &copy, copy.source != NULL);
}

/* Several texts in one allocation, which is the first's: rows come by the ten thousand. */
static bool copy_texts(char **const texts[], size_t n)
{
        size_t size = 0;
        char *to;

        for (size_t i = 0; i < n; i++)
                size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
        to = malloc(size);
        for (size_t i = 0; i < n; i++) {
                size_t len = *texts[i] ? strlen(*texts[i]) + 1 : 0;

                if (len == 0)
                        continue;
                *texts[i] = to ? memcpy(to, *texts[i], len) : NULL;
                to = to ? to + len : NULL;
        }
        return to != NULL;
}

void cw_changes_source(struct cw_changes *changes, const struct cw_source_row *row)
{
        struct cw_source_row copy = *row;
        bool complete = copy_texts((char **const[]){&copy.source, &copy.lack}, 2);

        if (complete && row->removed)
                cw_changes_forget_source(changes, copy.source);
        append(changes, &cw_changes_kinds[CW_CHANGES_SOURCES], &copy, complete);
}

static bool copy_times(struct cw_alert_row *copy, const struct cw_alert_row *row)
{
        copy->fired_at = NULL;
        copy->n_fired_at = 0;
        if (row->n_fired_at == 0)
                return true;
        copy->fired_at = malloc(row->n_fired_at * sizeof(*copy->fired_at));
        if (!copy->fired_at)
                return false;
        memcpy(copy->fired_at, row->fired_at, row->n_fired_at * sizeof(*copy->fired_at));
        copy->n_fired_at = row->n_fired_at;
        return true;
}

void cw_changes_alert(struct cw_changes *changes, const struct cw_alert_row *row)
{
        struct cw_alert_row copy = *row;
        bool complete = copy_texts((char **const[]){&copy.rule, &copy.source, &copy.acked_by}, 3) &
                        copy_times(&copy, row);

        copy.entry = cw_entry_ref(row->entry);
        append(changes, &cw_changes_kinds[CW_CHANGES_ALERTS], &copy, complete);
}

void cw_changes_ledger(struct cw_changes *changes, const struct cw_ledger_row *row)
{
        struct cw_ledger_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier);

        append(changes, &cw_changes_kinds[CW_CHANGES_LEDGER], &copy, complete);
}

void cw_changes_group(struct cw_changes *changes, const struct cw_group_row *row)
{
        struct cw_group_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier) & copy_text(&copy.key, row->key);

        append(changes, &cw_changes_kinds[CW_CHANGES_GROUPS], &copy, complete);
}

static bool copy_items(struct cw_intent_row *copy, const struct cw_intent_row *row)
{
        copy->items = NULL;
        copy->n_items = 0;
        if (row->n_items == 0)
                return true;
        copy->items = calloc(row->n_items, sizeof(*copy->items));
        if (!copy->items)
                return false;
        for (size_t i = 0; i < row->n_items; i++) {
                copy->items[i] = row->items[i];
                cw_entry_ref(copy->items[i].entry);
        }
        copy->n_items = row->n_items;
        return true;
}

/* Followed by a NUL that is not counted. */
static bool copy_bytes(char **bytes, size_t *len)
{
        char *copy;

        if (!*bytes) {
                *len = 0;
                return true;
        }
        copy = malloc(*len + 1);
        if (copy) {
                memcpy(copy, *bytes, *len);
                copy[*len] = '\0';
        } else {
                *len = 0;
        }
        *bytes = copy;
        return copy != NULL;
}

void cw_changes_intent(struct cw_changes *changes, const struct cw_intent_row *row)
{
        struct cw_intent_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier) & copy_text(&copy.groups, row->groups) &
                        copy_text(&copy.error, row->error) & copy_items(&copy, row) &
                        copy_bytes(&copy.payload, &copy.payload_len) & copy_bytes(&copy.digest, &copy.digest_len) &
                        copy_bytes(&copy.counted, &copy.counted_len);

        append(changes, &cw_changes_kinds[CW_CHANGES_INTENTS], &copy, complete);
}

void cw_changes_digest(struct cw_changes *changes, const struct cw_digest_row *row)
{
        struct cw_digest_row copy = *row;
        bool complete = copy_text(&copy.name, row->name);

        append(changes, &cw_changes_kinds[CW_CHANGES_DIGESTS], &copy, complete);
}

void cw_changes_happening(struct cw_changes *changes, const struct cw_happening_row *row)
{
        struct cw_happening_row copy = *row;
        bool complete = copy_texts((char **const[]){&copy.digest, &copy.rule, &copy.source}, 3);

        copy.entry = row->entry ? cw_entry_ref(row->entry) : NULL;
        append(changes, &cw_changes_kinds[CW_CHANGES_HAPPENINGS], &copy, complete);
}

void cw_changes_rule(struct cw_changes *changes, const struct cw_rule_row *row)
{
        struct cw_rule_row copy = *row;
        bool complete = copy_text(&copy.name, row->name);

        append(changes, &cw_changes_kinds[CW_CHANGES_RULES], &copy, complete);
}

void cw_changes_history(struct cw_changes *changes, const struct cw_history_row *row)
{
        struct cw_history_row copy = *row;
        char **const texts[] = {&copy.rule, &copy.source, &copy.reason, &copy.detail, &copy.notifier};

        append(changes, &cw_changes_kinds[CW_CHANGES_HISTORY], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_silence(struct cw_changes *changes, const struct cw_silence_row *row)
{
        struct cw_silence_row copy = *row;
        char **const texts[] = {&copy.match, &copy.by, &copy.why};

        append(changes, &cw_changes_kinds[CW_CHANGES_SILENCES], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_audit(struct cw_changes *changes, const struct cw_audit_row *row)
{
        struct cw_audit_row copy = *row;
        char **const texts[] = {&copy.by, &copy.what, &copy.target, &copy.why};

        append(changes, &cw_changes_kinds[CW_CHANGES_AUDIT], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_receiver(struct cw_changes *changes, const struct cw_receiver_row *row)
{
        struct cw_receiver_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier);

        append(changes, &cw_changes_kinds[CW_CHANGES_RECEIVERS], &copy, complete);
}
