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
#define AT_ONCE       32 /* whose places are fetched side by side */

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
static void grow_to(struct cw_strpool *pool, size_t n_buckets)
{
        struct entry **buckets;

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

static void grow(struct cw_strpool *pool)
{
        if (pool->n_entries >= pool->n_buckets)
                grow_to(pool, pool->n_buckets * 2);
}

void cw_strpool_reserve(struct cw_strpool *pool, size_t n)
{
        size_t n_buckets = pool->n_buckets;

        while (n_buckets < n && n_buckets <= SIZE_MAX / 2)
                n_buckets *= 2;
        if (n_buckets > pool->n_buckets)
                grow_to(pool, n_buckets);
}

size_t cw_strpool_count(const struct cw_strpool *pool)
{
        return pool->n_entries;
}

static struct entry **find(struct cw_strpool *pool, uint32_t hash, const char *text, size_t len)
{
        struct entry **link = &pool->buckets[(size_t)hash & (pool->n_buckets - 1)];

        while (*link && ((*link)->hash != hash || (*link)->len != len || memcmp((*link)->text, text, len) != 0))
                link = &(*link)->next;
        return link;
}

static int ref_hashed(struct cw_strpool *pool, uint32_t hash, const char *text, size_t len, const char **ret_string)
{
        struct entry **link, *entry = *find(pool, hash, text, len);

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

int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
{
        if (!text) {
                *ret_string = NULL;
                return 0;
        }
        return ref_hashed(pool, (uint32_t)cw_hash64(pool->key, text, len), text, len, ret_string);
}

static int ref_some(struct cw_strpool *pool, const char *const *texts, size_t n, const char **ret_strings)
{
        uint32_t hashes[AT_ONCE];
        size_t lens[AT_ONCE];

        for (size_t i = 0; i < n; i++) {
                lens[i] = texts[i] ? strlen(texts[i]) : 0;
                hashes[i] = texts[i] ? (uint32_t)cw_hash64(pool->key, texts[i], lens[i]) : 0;
                __builtin_prefetch(&pool->buckets[(size_t)hashes[i] & (pool->n_buckets - 1)]);
        }
        for (size_t i = 0; i < n; i++)
                __builtin_prefetch(pool->buckets[(size_t)hashes[i] & (pool->n_buckets - 1)]);
        for (size_t i = 0; i < n; i++) {
                int r = texts[i] ? ref_hashed(pool, hashes[i], texts[i], lens[i], &ret_strings[i]) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

int cw_strpool_ref_many(struct cw_strpool *pool, const char *const *texts, size_t n, const char **ret_strings)
{
        int r = 0;

        memset(ret_strings, 0, n * sizeof(*ret_strings));
        for (size_t i = 0; r == 0 && i < n; i += AT_ONCE)
                r = ref_some(pool, texts + i, n - i < AT_ONCE ? n - i : AT_ONCE, ret_strings + i);
        for (size_t i = 0; r < 0 && i < n; i++)
                cw_strpool_unref(pool, ret_strings[i]);
        return r;
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
