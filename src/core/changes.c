/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a dozen lists that differ only in what a row points to and what its key is. A table says both, so that growing,
 * merging (changes_merge.c) and freeing are written once.
 *
 * A source that is removed takes the card rows before it along, and its row stays beside a later one of the same
 * source: who commits removes first and then writes, and a source that left and came back does not find its old cards
 * again.
 *
 * What rows point to lies in one arena: a message alone has some thirty texts, which would be made on one thread and
 * freed on another. Only the rows of cards own theirs, in one allocation: they come by the thousand, and are packed and
 * let go of before the others.
 */
#include "changes_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

#define ROWS_FIRST 32
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

static int compare_digests(const void *one, const void *other)
{
        const struct cw_digest_row *a = one, *b = other;

        return compare_text(a->name, b->name);
}

static int compare_happenings(const void *one, const void *other)
{
        const struct cw_happening_row *a = one, *b = other;
        int order = compare_text(a->digest, b->digest);

        return order != 0 ? order : COMPARE(a->fingerprint, b->fingerprint);
}

static int compare_silences(const void *one, const void *other)
{
        const struct cw_silence_row *a = one, *b = other;

        return strcmp(a->id, b->id);
}

static int compare_receivers(const void *one, const void *other)
{
        const struct cw_receiver_row *a = one, *b = other;

        return compare_text(a->notifier, b->notifier);
}

/* Bytes that a row points to, NULL: none. Each copy is followed by a NUL that is not counted. */
struct piece {
        char **bytes;
        size_t len;
};

static struct piece text(char **bytes)
{
        return (struct piece){bytes, *bytes ? strlen(*bytes) : 0};
}

/* The pieces of a row become copies of its own, behind each other; all of them, or none: false. */
static bool own(struct cw_arena *texts, const struct piece *pieces, size_t n)
{
        size_t size = 0;
        char *to;

        for (size_t i = 0; i < n; i++)
                size += *pieces[i].bytes ? pieces[i].len + 1 : 0;
        to = cw_arena_take(texts, size);
        if (!to)
                return false;
        for (size_t i = 0; i < n; i++) {
                if (!*pieces[i].bytes)
                        continue;
                *pieces[i].bytes = memcpy(to, *pieces[i].bytes, pieces[i].len);
                to[pieces[i].len] = '\0';
                to += pieces[i].len + 1;
        }
        return true;
}

/* The same of a list of whatever. */
static bool own_list(struct cw_arena *texts, void **list, size_t size)
{
        void *copy;

        if (size == 0) {
                *list = NULL;
                return true;
        }
        copy = cw_arena_take(texts, size);
        if (copy)
                *list = memcpy(copy, *list, size);
        return copy != NULL;
}

/* Of a kind whose rows point to nothing but texts. */
#define DEFINE_OWN(kind, ...)                                                                                          \
        static bool own_##kind(struct cw_arena *texts, void *data)                                                     \
        {                                                                                                              \
                struct cw_##kind##_row *row = data;                                                                    \
                const struct piece pieces[] = {__VA_ARGS__};                                                           \
                                                                                                                       \
                return own(texts, pieces, CW_ARRAY_SIZE(pieces));                                                      \
        }

DEFINE_OWN(source, text(&row->source), text(&row->lack))
DEFINE_OWN(ledger, text(&row->notifier))
DEFINE_OWN(group, text(&row->notifier), text(&row->key))
DEFINE_OWN(rule, text(&row->name))
DEFINE_OWN(digest, text(&row->name))
DEFINE_OWN(happening, text(&row->digest), text(&row->rule), text(&row->source))
DEFINE_OWN(history, text(&row->rule), text(&row->source), text(&row->reason), text(&row->detail), text(&row->notifier))
DEFINE_OWN(silence, text(&row->match), text(&row->by), text(&row->why))
DEFINE_OWN(audit, text(&row->by), text(&row->what), text(&row->target), text(&row->why))
DEFINE_OWN(receiver, text(&row->notifier))

static bool own_alert(struct cw_arena *texts, void *data)
{
        struct cw_alert_row *row = data;
        const struct piece pieces[] = {text(&row->rule), text(&row->source), text(&row->acked_by)};

        return own(texts, pieces, CW_ARRAY_SIZE(pieces)) &&
               own_list(texts, (void **)&row->fired_at, row->n_fired_at * sizeof(*row->fired_at));
}

static bool own_intent(struct cw_arena *texts, void *data)
{
        struct cw_intent_row *row = data;
        const struct piece pieces[] = {
                text(&row->notifier),
                text(&row->groups),
                text(&row->error),
                {&row->payload, row->payload_len},
                {&row->digest, row->digest_len},
                {&row->counted, row->counted_len},
        };

        return own(texts, pieces, CW_ARRAY_SIZE(pieces)) &&
               own_list(texts, (void **)&row->items, row->n_items * sizeof(*row->items));
}

static void hold_alert(void *row)
{
        (void)cw_entry_ref(((struct cw_alert_row *)row)->entry);
}

static void release_alert(void *row)
{
        cw_entry_unref(((struct cw_alert_row *)row)->entry);
}

static void hold_intent(void *row)
{
        struct cw_intent_row *intent = row;

        for (size_t i = 0; i < intent->n_items; i++)
                (void)cw_entry_ref(intent->items[i].entry);
}

static void release_intent(void *row)
{
        struct cw_intent_row *intent = row;

        for (size_t i = 0; i < intent->n_items; i++)
                cw_entry_unref(intent->items[i].entry);
}

static void hold_happening(void *row)
{
        struct cw_happening_row *happening = row;

        if (happening->entry)
                (void)cw_entry_ref(happening->entry);
}

static void release_happening(void *row)
{
        cw_entry_unref(((struct cw_happening_row *)row)->entry);
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

#define KIND(list_, kind_) .offset = offsetof(struct cw_changes, list_), .size = sizeof(struct cw_##kind_##_row)
/* What its rows point to lies in the arena. */
#define TEXTS(kind_) .own = own_##kind_

/* What only grows has no keys. */
#define KEYS(kind_, compare_) .compare = compare_, .is_gone = is_gone_##kind_

#define ENTRIES(kind_) .hold = hold_##kind_, .release = release_##kind_

const struct cw_changes_kind cw_changes_kinds[CW_CHANGES_KINDS] = {
        [CW_CHANGES_PACKED] = {KIND(packed, packed), .release = release_packed},
        [CW_CHANGES_CARDS] = {KIND(cards, card), KEYS(card, compare_cards), .release = release_card,
                              .absorb = absorb_card},
        [CW_CHANGES_SOURCES] = {KIND(sources, source), TEXTS(source), KEYS(source, compare_sources)},
        [CW_CHANGES_ALERTS] = {KIND(alerts, alert), TEXTS(alert), KEYS(alert, compare_alerts), ENTRIES(alert)},
        [CW_CHANGES_LEDGER] = {KIND(ledger, ledger), TEXTS(ledger), KEYS(ledger, compare_ledger)},
        [CW_CHANGES_GROUPS] = {KIND(groups, group), TEXTS(group), KEYS(group, compare_groups)},
        [CW_CHANGES_INTENTS] = {KIND(intents, intent), TEXTS(intent), KEYS(intent, compare_intents), ENTRIES(intent)},
        [CW_CHANGES_RULES] = {KIND(rules, rule), TEXTS(rule), KEYS(rule, compare_rules)},
        [CW_CHANGES_DIGESTS] = {KIND(digests, digest), TEXTS(digest), KEYS(digest, compare_digests)},
        [CW_CHANGES_HAPPENINGS] = {KIND(happenings, happening), TEXTS(happening), KEYS(happening, compare_happenings),
                                   ENTRIES(happening)},
        [CW_CHANGES_HISTORY] = {KIND(history, history), TEXTS(history)},
        [CW_CHANGES_SILENCES] = {KIND(silences, silence), TEXTS(silence), KEYS(silence, compare_silences)},
        [CW_CHANGES_AUDIT] = {KIND(audit, audit), TEXTS(audit)},
        [CW_CHANGES_RECEIVERS] = {KIND(receivers, receiver), TEXTS(receiver), KEYS(receiver, compare_receivers)},
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

void cw_changes_release(struct cw_changes *changes, const struct cw_changes_kind *kind, void *row)
{
        changes->loose |= kind->own != NULL;
        if (kind->release)
                kind->release(row);
}

void cw_changes_deinit(struct cw_changes *changes)
{
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++) {
                struct cw_changes_list list = cw_changes_get_list(changes, &cw_changes_kinds[k]);

                for (size_t i = 0; i < list.n && cw_changes_kinds[k].release; i++)
                        cw_changes_kinds[k].release(cw_changes_row_at(&list, &cw_changes_kinds[k], i));
                free(list.rows);
        }
        cw_arena_deinit(&changes->texts);
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
                        cw_changes_release(changes, kind, row);
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

/* The new row goes in whole or not at all: false. */
static bool append(struct cw_changes *changes, const struct cw_changes_kind *kind, void *copy)
{
        struct cw_changes_list list;

        if (changes->error == 0 &&
            ((kind->own && !kind->own(&changes->texts, copy)) || cw_changes_reserve(changes, kind, 1) < 0))
                changes->error = -ENOMEM;
        if (changes->error < 0)
                return false;
        if (kind->hold)
                kind->hold(copy);
        list = cw_changes_get_list(changes, kind);
        memcpy(cw_changes_row_at(&list, kind, list.n), copy, kind->size);
        list.n++;
        cw_changes_set_list(changes, kind, list);
        return true;
}

#define DEFINE_APPEND(list_, kind_)                                                                                    \
        void cw_changes_##kind_(struct cw_changes *changes, const struct cw_##kind_##_row *row)                        \
        {                                                                                                              \
                struct cw_##kind_##_row copy = *row;                                                                   \
                                                                                                                       \
                (void)append(changes, &cw_changes_kinds[list_], &copy);                                                \
        }

DEFINE_APPEND(CW_CHANGES_ALERTS, alert)
DEFINE_APPEND(CW_CHANGES_LEDGER, ledger)
DEFINE_APPEND(CW_CHANGES_GROUPS, group)
DEFINE_APPEND(CW_CHANGES_INTENTS, intent)
DEFINE_APPEND(CW_CHANGES_RULES, rule)
DEFINE_APPEND(CW_CHANGES_DIGESTS, digest)
DEFINE_APPEND(CW_CHANGES_HAPPENINGS, happening)
DEFINE_APPEND(CW_CHANGES_HISTORY, history)
DEFINE_APPEND(CW_CHANGES_SILENCES, silence)
DEFINE_APPEND(CW_CHANGES_AUDIT, audit)
DEFINE_APPEND(CW_CHANGES_RECEIVERS, receiver)

void cw_changes_card(struct cw_changes *changes, const struct cw_card_row *row)
{
        struct cw_card_row copy = *row;
        size_t source_len = strlen(row->source) + 1;
        size_t reference_len = row->card.reference ? strlen(row->card.reference) + 1 : 0;

        copy.past = NULL;
        copy.source = malloc(source_len + reference_len);
        if (!copy.source) {
                changes->error = -ENOMEM;
                return;
        }
        memcpy(copy.source, row->source, source_len);
        if (reference_len > 0)
                copy.card.reference = memcpy(copy.source + source_len, row->card.reference, reference_len);
        if (!append(changes, &cw_changes_kinds[CW_CHANGES_CARDS], &copy))
                release_card(&copy);
}

void cw_changes_source(struct cw_changes *changes, const struct cw_source_row *row)
{
        struct cw_source_row copy = *row;

        if (row->removed)
                cw_changes_forget_source(changes, row->source);
        (void)append(changes, &cw_changes_kinds[CW_CHANGES_SOURCES], &copy);
}

void cw_changes_tidy_texts(struct cw_changes *changes)
{
        struct cw_arena old = changes->texts;
        bool complete = true;

        changes->texts = (struct cw_arena)CW_ARENA_NULL;
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++) {
                struct cw_changes_list list = cw_changes_get_list(changes, &cw_changes_kinds[k]);

                for (size_t i = 0; i < list.n && complete && cw_changes_kinds[k].own; i++)
                        complete = cw_changes_kinds[k].own(&changes->texts,
                                                           cw_changes_row_at(&list, &cw_changes_kinds[k], i));
        }
        changes->loose = !complete;
        if (complete)
                cw_arena_deinit(&old);
        else
                cw_arena_join(&changes->texts, &old);
}
