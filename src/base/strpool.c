/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a chained hash table whose entries carry their text behind a count, so that a string finds its entry by
 * stepping back over the header and needs no table of its own. The table is keyed at creation: texts come from outside.
 */
#include "cardwatch/strpool.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#define BUCKETS_FIRST 64

/* Small: there may be one for each customer. */
struct entry {
        struct entry *next;
        uint32_t hash, n_refs, len;
        char text[];
};

struct cw_strpool {
        struct cw_hash_key key;
        struct entry **buckets;
        size_t n_buckets; /* a power of two */
        size_t n_entries;
};

static struct entry *entry_of(const char *string)
{
        return (struct entry *)(uintptr_t)(string - offsetof(struct entry, text));
}

int cw_strpool_new(struct cw_strpool **ret_pool)
{
        cw_autofree struct cw_strpool *pool = calloc(1, sizeof(*pool));

        if (!pool)
                return -ENOMEM;
        pool->buckets = calloc(BUCKETS_FIRST, sizeof(struct entry *));
        if (!pool->buckets)
                return -ENOMEM;
        pool->n_buckets = BUCKETS_FIRST;
        /* Order never shows outside, so a random key costs no reproducibility; without one the pool still works. */
        if (getrandom(&pool->key, sizeof(pool->key), GRND_NONBLOCK) != (ssize_t)sizeof(pool->key))
                pool->key = (struct cw_hash_key){(uintptr_t)pool, (uintptr_t)pool->buckets};
        *ret_pool = cw_take(pool);
        return 0;
}

void cw_strpool_free(struct cw_strpool *pool)
{
        if (!pool)
                return;
        assert(pool->n_entries == 0);
        free(pool->buckets);
        free(pool);
}

/* A table that cannot grow only gets slower. */
static void grow(struct cw_strpool *pool)
{
        size_t n_buckets = pool->n_buckets * 2;
        struct entry **buckets;

        if (pool->n_entries < pool->n_buckets)
                return;
        buckets = calloc(n_buckets, sizeof(struct entry *));
        if (!buckets)
                return;
        for (size_t i = 0; i < pool->n_buckets; i++) {
                while (pool->buckets[i]) {
                        struct entry *entry = pool->buckets[i];
                        struct entry **bucket = &buckets[(size_t)entry->hash & (n_buckets - 1)];

                        pool->buckets[i] = entry->next;
                        entry->next = *bucket;
                        *bucket = entry;
                }
        }
        free(pool->buckets);
        pool->buckets = buckets;
        pool->n_buckets = n_buckets;
}

static struct entry **find(struct cw_strpool *pool, uint32_t hash, const char *text, size_t len)
{
        struct entry **link = &pool->buckets[(size_t)hash & (pool->n_buckets - 1)];

        while (*link && ((*link)->hash != hash || (*link)->len != len || memcmp((*link)->text, text, len) != 0))
                link = &(*link)->next;
        return link;
}

int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
{
        uint32_t hash;
        struct entry **link, *entry;

        if (!text) {
                *ret_string = NULL;
                return 0;
        }
        hash = (uint32_t)cw_hash64(pool->key, text, len);
        entry = *find(pool, hash, text, len);
        if (entry) {
                *ret_string = cw_strpool_again(entry->text);
                return 0;
        }
        if (len >= UINT32_MAX)
                return -ENOMEM;
        entry = malloc(offsetof(struct entry, text) + len + 1);
        if (!entry)
                return -ENOMEM;
        entry->hash = hash;
        entry->n_refs = 1;
        entry->len = (uint32_t)len;
        memcpy(entry->text, text, len);
        entry->text[len] = '\0';

        grow(pool);
        link = &pool->buckets[(size_t)hash & (pool->n_buckets - 1)];
        entry->next = *link;
        *link = entry;
        pool->n_entries++;
        *ret_string = entry->text;
        return 0;
}

const char *cw_strpool_again(const char *string)
{
        if (string)
                entry_of(string)->n_refs++;
        return string;
}

void cw_strpool_unref(struct cw_strpool *pool, const char *string)
{
        struct entry *entry;
        struct entry **link;

        if (!string)
                return;
        entry = entry_of(string);
        if (--entry->n_refs > 0)
                return;
        link = &pool->buckets[(size_t)entry->hash & (pool->n_buckets - 1)];
        while (*link != entry)
                link = &(*link)->next;
        *link = entry->next;
        pool->n_entries--;
        free(entry);
}
