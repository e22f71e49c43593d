/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: an entry, its labels and all its texts are one allocation, so that ten thousand of them cost ten thousand
 * mallocs and letting go of one is one free. The count is atomic because changes that hold references are let go of
 * wherever their commit ran.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/entry.h"

/* Every text of an entry besides its labels. */
static const size_t texts[] = {
        offsetof(struct cw_entry, rule),           offsetof(struct cw_entry, source),
        offsetof(struct cw_entry, card.reference), offsetof(struct cw_entry, limit_label),
        offsetof(struct cw_entry, limit_text),     offsetof(struct cw_entry, reason),
        offsetof(struct cw_entry, summary),        offsetof(struct cw_entry, description),
        offsetof(struct cw_entry, advice),         offsetof(struct cw_entry, acknowledged_by),
};

static const char **text_of(struct cw_entry *entry, size_t i)
{
        return (const char **)(void *)((char *)entry + texts[i]);
}

static const char *text_in(const struct cw_entry *entry, size_t i)
{
        return *(const char *const *)(const void *)((const char *)entry + texts[i]);
}

static size_t room(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

static size_t size_of(const struct cw_entry *entry)
{
        size_t size = sizeof(*entry) + entry->n_labels * sizeof(*entry->labels);

        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++)
                size += room(text_in(entry, i));
        for (size_t i = 0; i < entry->n_labels; i++)
                size += room(entry->labels[i].name) + room(entry->labels[i].value);
        return size;
}

/* Copies the text to where *at points, and moves it on. */
static char *put(char **at, const char *text)
{
        char *copy = *at;
        size_t len = room(text);

        if (!text)
                return NULL;
        memcpy(copy, text, len);
        *at += len;
        return copy;
}

int cw_entry_new(const struct cw_entry *entry, struct cw_entry **ret_entry)
{
        struct cw_entry *copy = malloc(size_of(entry));
        struct cw_label *labels;
        char *at;

        if (!copy)
                return -ENOMEM;
        *copy = *entry;
        copy->refs = 1;
        labels = (struct cw_label *)(void *)(copy + 1);
        at = (char *)(labels + entry->n_labels);
        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++)
                *text_of(copy, i) = put(&at, text_in(entry, i));
        for (size_t i = 0; i < entry->n_labels; i++) {
                labels[i].name = put(&at, entry->labels[i].name);
                labels[i].value = put(&at, entry->labels[i].value);
        }
        copy->labels = entry->n_labels > 0 ? labels : NULL;
        *ret_entry = copy;
        return 0;
}

struct cw_entry *cw_entry_ref(struct cw_entry *entry)
{
        if (entry)
                __atomic_add_fetch(&entry->refs, 1, __ATOMIC_RELAXED);
        return entry;
}

void cw_entry_unref(struct cw_entry *entry)
{
        if (entry && __atomic_sub_fetch(&entry->refs, 1, __ATOMIC_ACQ_REL) == 0)
                free(entry);
}
