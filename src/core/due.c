/* SPDX-License-Identifier: Apache-2.0 */
#include "due.h"

#include <errno.h>
#include <stdlib.h>

void cw_due_deinit(struct cw_due *due)
{
        free(due->entries);
        *due = (struct cw_due){0};
}

static bool earlier(const struct cw_due_entry *a, const struct cw_due_entry *b)
{
        return a->at != b->at ? a->at < b->at : a->key < b->key;
}

static void swap(struct cw_due_entry *a, struct cw_due_entry *b)
{
        struct cw_due_entry c = *a;

        *a = *b;
        *b = c;
}

int cw_due_push(struct cw_due *due, int64_t at, uint64_t key)
{
        size_t i = due->n;

        if (due->n == due->capacity) {
                size_t capacity = due->capacity ? due->capacity * 2 : 16;
                struct cw_due_entry *entries = reallocarray(due->entries, capacity, sizeof(*entries));

                if (!entries)
                        return -ENOMEM;
                due->entries = entries;
                due->capacity = capacity;
        }
        due->entries[due->n++] = (struct cw_due_entry){at, key};
        while (i > 0 && earlier(&due->entries[i], &due->entries[(i - 1) / 2])) {
                swap(&due->entries[i], &due->entries[(i - 1) / 2]);
                i = (i - 1) / 2;
        }
        return 0;
}

bool cw_due_peek(const struct cw_due *due, struct cw_due_entry *ret_entry)
{
        if (due->n == 0)
                return false;
        *ret_entry = due->entries[0];
        return true;
}

void cw_due_pop(struct cw_due *due)
{
        size_t i = 0;

        due->entries[0] = due->entries[--due->n];
        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= due->n)
                        return;
                if (child + 1 < due->n && earlier(&due->entries[child + 1], &due->entries[child]))
                        child++;
                if (!earlier(&due->entries[child], &due->entries[i]))
                        return;
                swap(&due->entries[i], &due->entries[child]);
                i = child;
        }
}

bool cw_due_take(struct cw_due *due, int64_t now, struct cw_due_entry *ret_entry)
{
        if (due->n == 0 || due->entries[0].at > now)
                return false;
        *ret_entry = due->entries[0];
        cw_due_pop(due);
        return true;
}

/* Whatever is below one that is later is later, too. */
size_t cw_due_count(const struct cw_due *due, int64_t at, size_t most)
{
        size_t i = 0, count = 0;

        while (count < most) {
                if (i < due->n && due->entries[i].at <= at) {
                        count++;
                        i = 2 * i + 1;
                        continue;
                }
                while (i > 0 && i % 2 == 0)
                        i = (i - 1) / 2;
                if (i == 0)
                        break;
                i++;
        }
        return count;
}
