/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a dozen lists that differ only in what a row owns and what its key is. A table says both, so that growing,
 * merging and freeing are written once. Merging orders indices by key and keeps the last of each, which costs n log n
 * whatever the keys are; there is no hash that a provider's card ids could be aimed at.
 *
 * A source that is removed takes the card rows before it along, and its row stays beside a later one of the same
 * source: who commits removes first and then writes, and a source that left and came back does not find its old cards
 * again.
 *
 * A card row keeps its two texts in one allocation: there may be a hundred thousand of them.
 */
#include "cardwatch/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

#define ROWS_FIRST  8
#define ROWS_MANY   4096
#define HISTORY_MAX 10000

/* What every CW_ROWS looks like. The lists are read and written through memcpy, because their row types differ. */
struct list {
        void *rows;
        size_t n, capacity;
};

_Static_assert(sizeof(struct list) == sizeof(((struct cw_changes *)0)->cards), "a list is laid out like every CW_ROWS");

struct kind {
        size_t offset, size;
        int (*compare)(const void *a, const void *b); /* of keys; NULL: rows have none */
        void (*release)(void *row);
        void (*absorb)(void *row, const void *older); /* what it takes over from the row it replaces; NULL: nothing */
};

static int compare_text(const char *a, const char *b)
{
        if (!a || !b)
                return (a != NULL) - (b != NULL);
        return strcmp(a, b);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

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
        int order = COMPARE(a->fingerprint, b->fingerprint);

        return order != 0 ? order : compare_text(a->notifier, b->notifier);
}

static int compare_groups(const void *one, const void *other)
{
        const struct cw_group_row *a = one, *b = other;
        int order = compare_text(a->key, b->key);

        return order != 0 ? order : compare_text(a->notifier, b->notifier);
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
        int order = COMPARE(a->fingerprint, b->fingerprint);

        return order != 0 ? order : compare_text(a->digest, b->digest);
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

enum { CARDS, SOURCES, ALERTS, LEDGER, GROUPS, INTENTS };
enum { RULES = INTENTS + 1, DIGESTS, HAPPENINGS, HISTORY, SILENCES, AUDIT, RECEIVERS, KINDS };

#define KIND(list_, type, compare_, release_, absorb_)                                                                 \
        {                                                                                                              \
                offsetof(struct cw_changes, list_), sizeof(struct type), compare_, release_, absorb_                   \
        }

static const struct kind kinds[KINDS] = {
        [CARDS] = KIND(cards, cw_card_row, compare_cards, release_card, absorb_card),
        [SOURCES] = KIND(sources, cw_source_row, compare_sources, release_source, NULL),
        [ALERTS] = KIND(alerts, cw_alert_row, compare_alerts, release_alert, NULL),
        [LEDGER] = KIND(ledger, cw_ledger_row, compare_ledger, release_ledger, NULL),
        [GROUPS] = KIND(groups, cw_group_row, compare_groups, release_group, NULL),
        [INTENTS] = KIND(intents, cw_intent_row, compare_intents, release_intent, NULL),
        [RULES] = KIND(rules, cw_rule_row, compare_rules, release_rule, NULL),
        [DIGESTS] = KIND(digests, cw_digest_row, compare_digests, release_digest, NULL),
        [HAPPENINGS] = KIND(happenings, cw_happening_row, compare_happenings, release_happening, NULL),
        [HISTORY] = KIND(history, cw_history_row, NULL, release_history, NULL),
        [SILENCES] = KIND(silences, cw_silence_row, compare_silences, release_silence, NULL),
        [AUDIT] = KIND(audit, cw_audit_row, NULL, release_audit, NULL),
        [RECEIVERS] = KIND(receivers, cw_receiver_row, compare_receivers, release_receiver, NULL),
};

static struct list get_list(const struct cw_changes *changes, const struct kind *kind)
{
        struct list list;

        memcpy(&list, (const char *)changes + kind->offset, sizeof(list));
        return list;
}

static void set_list(struct cw_changes *changes, const struct kind *kind, struct list list)
{
        memcpy((char *)changes + kind->offset, &list, sizeof(list));
}

static char *row_at(const struct list *list, const struct kind *kind, size_t i)
{
        return (char *)list->rows + i * kind->size;
}

void cw_changes_deinit(struct cw_changes *changes)
{
        for (size_t k = 0; k < KINDS; k++) {
                struct list list = get_list(changes, &kinds[k]);

                for (size_t i = 0; i < list.n; i++)
                        kinds[k].release(row_at(&list, &kinds[k], i));
                free(list.rows);
        }
        *changes = (struct cw_changes)CW_CHANGES_NULL;
}

bool cw_changes_empty(const struct cw_changes *changes)
{
        for (size_t k = 0; k < KINDS; k++)
                if (get_list(changes, &kinds[k]).n > 0)
                        return false;
        return true;
}

static int reserve(struct cw_changes *changes, const struct kind *kind, size_t extra)
{
        struct list list = get_list(changes, kind);
        size_t capacity = list.capacity > 0 ? list.capacity : ROWS_FIRST;
        void *rows;

        if (extra <= list.capacity - list.n)
                return 0;
        if (extra > SIZE_MAX / 4 / kind->size - list.n)
                return -ENOMEM;
        /* The largest lists are the first poll's: half of them unused would be most of the daemon's memory. */
        while (capacity < list.n + extra)
                capacity += capacity < ROWS_MANY ? capacity : capacity / 8;
        rows = realloc(list.rows, capacity * kind->size);
        if (!rows)
                return -ENOMEM;
        list.rows = rows;
        list.capacity = capacity;
        set_list(changes, kind, list);
        return 0;
}

/* Drops the rows that `marks` says, closing the gaps. */
static void sweep(struct cw_changes *changes, const struct kind *kind, const unsigned char *marks)
{
        struct list list = get_list(changes, kind);
        size_t kept = 0;

        for (size_t i = 0; i < list.n; i++) {
                if (marks[i]) {
                        kind->release(row_at(&list, kind, i));
                        continue;
                }
                if (kept != i)
                        memcpy(row_at(&list, kind, kept), row_at(&list, kind, i), kind->size);
                kept++;
        }
        list.n = kept;
        set_list(changes, kind, list);
}

/* A removal: all that was said of this source's cards and of the source before is void. Costs no memory. */
static void forget_source(struct cw_changes *changes, const char *source)
{
        size_t kept = 0;

        for (size_t i = 0; i < changes->cards.n; i++) {
                if (compare_text(changes->cards.rows[i].source, source) == 0)
                        release_card(&changes->cards.rows[i]);
                else
                        changes->cards.rows[kept++] = changes->cards.rows[i];
        }
        changes->cards.n = kept;

        kept = 0;
        for (size_t i = 0; i < changes->sources.n; i++) {
                if (compare_text(changes->sources.rows[i].source, source) == 0)
                        release_source(&changes->sources.rows[i]);
                else
                        changes->sources.rows[kept++] = changes->sources.rows[i];
        }
        changes->sources.n = kept;
}

/* What marking needs, for the longest of the lists, so that nothing can fail once rows have begun to move. */
struct scratch {
        size_t *order;
        unsigned char *marks;
};

struct ordering {
        const struct list *list;
        const struct kind *kind;
};

/* By key, and the later row behind the earlier one. */
static int compare_order(const void *one, const void *other, void *data)
{
        const struct ordering *ordering = data;
        size_t a = *(const size_t *)one, b = *(const size_t *)other;
        int order = ordering->kind->compare(row_at(ordering->list, ordering->kind, a),
                                            row_at(ordering->list, ordering->kind, b));

        return order != 0 ? order : COMPARE(a, b);
}

/* Rows that come in rising order of their keys, as cards mostly do, hold nothing twice. */
static bool is_rising(const struct list *list, const struct kind *kind)
{
        for (size_t i = 1; i < list->n; i++)
                if (kind->compare(row_at(list, kind, i - 1), row_at(list, kind, i)) >= 0)
                        return false;
        return true;
}

static void keep_last_of_each(struct cw_changes *changes, const struct kind *kind, struct scratch *scratch)
{
        struct list list = get_list(changes, kind);
        struct ordering ordering = {.list = &list, .kind = kind};

        if (is_rising(&list, kind))
                return;
        for (size_t i = 0; i < list.n; i++)
                scratch->order[i] = i;
        qsort_r(scratch->order, list.n, sizeof(*scratch->order), compare_order, &ordering);
        memset(scratch->marks, 0, list.n);
        for (size_t i = 1; i < list.n; i++) {
                size_t a = scratch->order[i - 1], b = scratch->order[i];

                if (kind->compare(row_at(&list, kind, a), row_at(&list, kind, b)) != 0)
                        continue;
                scratch->marks[a] = 1;
                if (kind->absorb)
                        kind->absorb(row_at(&list, kind, b), row_at(&list, kind, a));
        }
        sweep(changes, kind, scratch->marks);
}

/* What only grows: the last of it. */
static void keep_newest(struct cw_changes *changes, const struct kind *kind)
{
        struct list list = get_list(changes, kind);
        size_t excess = list.n > HISTORY_MAX ? list.n - HISTORY_MAX : 0;

        if (excess == 0)
                return;
        for (size_t i = 0; i < excess; i++)
                kind->release(row_at(&list, kind, i));
        memmove(list.rows, row_at(&list, kind, excess), HISTORY_MAX * kind->size);
        list.n = HISTORY_MAX;
        set_list(changes, kind, list);
}

static void move_rows(struct cw_changes *older, struct cw_changes *newer, const struct kind *kind)
{
        struct list to = get_list(older, kind), from = get_list(newer, kind);

        if (from.n == 0)
                return;
        memcpy(row_at(&to, kind, to.n), from.rows, from.n * kind->size);
        to.n += from.n;
        from.n = 0;
        set_list(older, kind, to);
        set_list(newer, kind, from);
}

static int prepare(struct cw_changes *older, const struct cw_changes *newer, size_t *ret_longest)
{
        size_t longest = 0;

        for (size_t k = 0; k < KINDS; k++) {
                size_t n = get_list(older, &kinds[k]).n, extra = get_list(newer, &kinds[k]).n;

                if (extra > 0 && reserve(older, &kinds[k], extra) < 0)
                        return -ENOMEM;
                longest = n + extra > longest ? n + extra : longest;
        }
        *ret_longest = longest;
        return 0;
}

int cw_changes_merge(struct cw_changes *older, struct cw_changes *newer)
{
        cw_autofree size_t *order = NULL;
        cw_autofree unsigned char *marks = NULL;
        struct scratch scratch;
        size_t longest;

        if (prepare(older, newer, &longest) < 0)
                return -ENOMEM;
        order = calloc(longest + 1, sizeof(*order));
        marks = calloc(longest + 1, 1);
        if (!order || !marks)
                return -ENOMEM;
        scratch = (struct scratch){.order = order, .marks = marks};

        for (size_t i = 0; i < newer->sources.n; i++)
                if (newer->sources.rows[i].removed)
                        forget_source(older, newer->sources.rows[i].source);
        for (size_t k = 0; k < KINDS; k++) {
                move_rows(older, newer, &kinds[k]);
                if (kinds[k].compare)
                        keep_last_of_each(older, &kinds[k], &scratch);
        }
        keep_newest(older, &kinds[HISTORY]);
        keep_newest(older, &kinds[AUDIT]);
        if (older->error == 0)
                older->error = newer->error;
        cw_changes_deinit(newer);
        return older->error;
}

/* The new row goes in whole or not at all: `copy` is released when there is no place, or when `complete` is false. */
static void append(struct cw_changes *changes, const struct kind *kind, void *copy, bool complete)
{
        struct list list;

        if (changes->error == 0 && (!complete || reserve(changes, kind, 1) < 0))
                changes->error = -ENOMEM;
        if (changes->error < 0) {
                kind->release(copy);
                return;
        }
        list = get_list(changes, kind);
        memcpy(row_at(&list, kind, list.n), copy, kind->size);
        list.n++;
        set_list(changes, kind, list);
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
        append(changes, &kinds[CARDS], &copy, copy.source != NULL);
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
                forget_source(changes, copy.source);
        append(changes, &kinds[SOURCES], &copy, complete);
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
        append(changes, &kinds[ALERTS], &copy, complete);
}

void cw_changes_ledger(struct cw_changes *changes, const struct cw_ledger_row *row)
{
        struct cw_ledger_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier);

        append(changes, &kinds[LEDGER], &copy, complete);
}

void cw_changes_group(struct cw_changes *changes, const struct cw_group_row *row)
{
        struct cw_group_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier) & copy_text(&copy.key, row->key);

        append(changes, &kinds[GROUPS], &copy, complete);
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

        append(changes, &kinds[INTENTS], &copy, complete);
}

void cw_changes_digest(struct cw_changes *changes, const struct cw_digest_row *row)
{
        struct cw_digest_row copy = *row;
        bool complete = copy_text(&copy.name, row->name);

        append(changes, &kinds[DIGESTS], &copy, complete);
}

void cw_changes_happening(struct cw_changes *changes, const struct cw_happening_row *row)
{
        struct cw_happening_row copy = *row;
        bool complete = copy_texts((char **const[]){&copy.digest, &copy.rule, &copy.source}, 3);

        copy.entry = row->entry ? cw_entry_ref(row->entry) : NULL;
        append(changes, &kinds[HAPPENINGS], &copy, complete);
}

void cw_changes_rule(struct cw_changes *changes, const struct cw_rule_row *row)
{
        struct cw_rule_row copy = *row;
        bool complete = copy_text(&copy.name, row->name);

        append(changes, &kinds[RULES], &copy, complete);
}

void cw_changes_history(struct cw_changes *changes, const struct cw_history_row *row)
{
        struct cw_history_row copy = *row;
        char **const texts[] = {&copy.rule, &copy.source, &copy.reason, &copy.detail, &copy.notifier};

        append(changes, &kinds[HISTORY], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_silence(struct cw_changes *changes, const struct cw_silence_row *row)
{
        struct cw_silence_row copy = *row;
        char **const texts[] = {&copy.match, &copy.by, &copy.why};

        append(changes, &kinds[SILENCES], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_audit(struct cw_changes *changes, const struct cw_audit_row *row)
{
        struct cw_audit_row copy = *row;
        char **const texts[] = {&copy.by, &copy.what, &copy.target, &copy.why};

        append(changes, &kinds[AUDIT], &copy, copy_texts(texts, CW_ARRAY_SIZE(texts)));
}

void cw_changes_receiver(struct cw_changes *changes, const struct cw_receiver_row *row)
{
        struct cw_receiver_row copy = *row;
        bool complete = copy_text(&copy.notifier, row->notifier);

        append(changes, &kinds[RECEIVERS], &copy, complete);
}
