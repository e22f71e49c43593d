/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <errno.h>
#include <stdlib.h>

static void attention_free(struct cw_attention *attention)
{
        cw_trail_free(attention->trail);
        free(attention);
}

void cw_attentions_deinit(struct cw_attentions *attentions)
{
        size_t cursor = 0;
        void *attention;

        while (cw_map_next(&attentions->map, &cursor, NULL, &attention))
                attention_free(attention);
        cw_map_deinit(&attentions->map);
        cw_due_deinit(&attentions->due);
}

struct cw_attention *cw_attention_find(const struct cw_attentions *attentions, int64_t card)
{
        return cw_map_get(&attentions->map, (uint64_t)card);
}

int cw_attention_get(struct cw_attentions *attentions, int64_t card, struct cw_attention **ret_attention)
{
        struct cw_attention *attention = cw_attention_find(attentions, card);

        if (!attention) {
                attention = calloc(1, sizeof(*attention));
                if (!attention)
                        return -ENOMEM;
                attention->look_at = INT64_MAX;
                if (cw_map_put(&attentions->map, (uint64_t)card, attention) < 0) {
                        free(attention);
                        return -ENOMEM;
                }
        }
        *ret_attention = attention;
        return 0;
}

void cw_attention_drop(struct cw_attentions *attentions, int64_t card)
{
        struct cw_attention *attention = cw_map_remove(&attentions->map, (uint64_t)card);

        if (attention)
                attention_free(attention);
}

static bool is_stale(const struct cw_attentions *attentions, const struct cw_due_entry *entry)
{
        const struct cw_attention *attention = cw_map_get(&attentions->map, entry->key);

        return !attention || attention->look_at != entry->at;
}

/* A card that moves often is called often: what that leaves in the heap must not pile up. */
static void sweep(struct cw_attentions *attentions)
{
        struct cw_due *due = &attentions->due;
        size_t n = due->n;

        if (n < 64 + 4 * attentions->map.used)
                return;
        due->n = 0;
        for (size_t i = 0; i < n; i++)
                if (!is_stale(attentions, &due->entries[i]))
                        /* There is room: it held more before. */
                        (void)!cw_due_push(due, due->entries[i].at, due->entries[i].key);
}

int cw_attention_call(struct cw_attentions *attentions, int64_t card, int64_t look_at)
{
        struct cw_attention *attention = cw_attention_find(attentions, card);
        int r;

        if (look_at == INT64_MAX) {
                if (attention)
                        attention->look_at = look_at;
                if (attention && !attention->trail && !attention->folded_at)
                        cw_attention_drop(attentions, card);
                return 0;
        }
        r = cw_attention_get(attentions, card, &attention);
        if (r < 0)
                return r;
        attention->look_at = look_at;
        sweep(attentions);
        return cw_due_push(&attentions->due, look_at, (uint64_t)card);
}

int64_t cw_attention_at(const struct cw_attentions *attentions, int64_t card)
{
        const struct cw_attention *attention = cw_attention_find(attentions, card);

        return attention ? attention->look_at : INT64_MAX;
}

int64_t cw_attention_next(struct cw_attentions *attentions)
{
        struct cw_due_entry entry;

        while (cw_due_peek(&attentions->due, &entry)) {
                if (!is_stale(attentions, &entry))
                        return entry.at;
                cw_due_pop(&attentions->due);
        }
        return INT64_MAX;
}

bool cw_attention_pop(struct cw_attentions *attentions, int64_t now, int64_t *ret_card, int64_t *ret_look_at)
{
        struct cw_due_entry entry;

        if (cw_attention_next(attentions) > now || !cw_due_peek(&attentions->due, &entry))
                return false;
        cw_due_pop(&attentions->due);
        *ret_card = (int64_t)entry.key;
        *ret_look_at = entry.at;
        return true;
}
