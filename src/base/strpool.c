/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a chained hash table whose chains run through the entries, and a string is the tail of its entry. The table is
 * keyed at creation: texts come from outside.
 */
#include "cardwatch/strpool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cardwatch/hash.h"

#define BUCKETS_FIRST 64

struct entry {
        struct entry *next;
        size_t n_refs;
        char text[];
};

struct cw_strpool {
        struct cw_hash_key key;
        struct entry **buckets;
        size_t n_buckets, n; /* buckets: a power of two */
};

static struct entry *entry_of(const char *string)
{
        return (struct entry *)(uintptr_t)(string - offsetof(struct entry, text));
}

static struct entry **bucket_of(const struct cw_strpool *pool, const char *text, size_t len)
{
        return &pool->buckets[cw_hash64(pool->key, text, len) & (pool->n_buckets - 1)];
}

int cw_strpool_new(struct cw_strpool **ret_pool)
{
        struct cw_strpool *pool = calloc(1, sizeof(*pool));

        if (!pool)
                return -ENOMEM;
        pool->n_buckets = BUCKETS_FIRST;
        pool->buckets = calloc(pool->n_buckets, sizeof(struct entry *));
        if (!pool->buckets) {
                free(pool);
                return -ENOMEM;
        }
        /* Order never shows outside, so a random key costs no reproducibility; without one the pool still works. */
        if (getrandom(&pool->key, sizeof(pool->key), GRND_NONBLOCK) != (ssize_t)sizeof(pool->key))
                pool->key = (struct cw_hash_key){(uintptr_t)pool, (uintptr_t)&pool->key};
        *ret_pool = pool;
        return 0;
}

void cw_strpool_free(struct cw_strpool *pool)
{
        if (!pool)
                return;
        assert(pool->n == 0);
        free(pool->buckets);
        free(pool);
}

/* A table that cannot grow only gets slower. */
static void make_room(struct cw_strpool *pool)
{
        struct cw_strpool grown = {.key = pool->key, .n_buckets = pool->n_buckets * 2, .n = pool->n};

        if (pool->n < pool->n_buckets)
                return;
        grown.buckets = calloc(grown.n_buckets, sizeof(struct entry *));
        if (!grown.buckets)
                return;
        for (size_t i = 0; i < pool->n_buckets; i++) {
                while (pool->buckets[i]) {
                        struct entry *entry = pool->buckets[i];
                        struct entry **bucket = bucket_of(&grown, entry->text, strlen(entry->text));

                        pool->buckets[i] = entry->next;
                        entry->next = *bucket;
                        *bucket = entry;
                }
        }
        free(pool->buckets);
        *pool = grown;
}

static struct entry *find(const struct cw_strpool *pool, const char *text, size_t len)
{
        struct entry *entry = *bucket_of(pool, text, len);

        while (entry && !(strncmp(entry->text, text, len) == 0 && entry->text[len] == '\0'))
                entry = entry->next;
        return entry;
}

/* NULL: out of memory. */
static struct entry *add(struct cw_strpool *pool, const char *text, size_t len)
{
        struct entry *entry = malloc(sizeof(*entry) + len + 1), **bucket;

        if (!entry)
                return NULL;
        make_room(pool);
        bucket = bucket_of(pool, text, len);
        *entry = (struct entry){.next = *bucket};
        memcpy(entry->text, text, len);
        entry->text[len] = '\0';
        *bucket = entry;
        pool->n++;
        return entry;
}

int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
{
        struct entry *entry;

        if (!text) {
                *ret_string = NULL;
                return 0;
        }
        len = strnlen(text, len);
        entry = find(pool, text, len);
        if (!entry)
                entry = add(pool, text, len);
        if (!entry)
                return -ENOMEM;
        entry->n_refs++;
        *ret_string = entry->text;
        return 0;
}

void cw_strpool_unref(struct cw_strpool *pool, const char *string)
{
        struct entry *entry, **place;

        if (!string)
                return;
        entry = entry_of(string);
        if (--entry->n_refs > 0)
                return;
        place = bucket_of(pool, string, strlen(string));
        while (*place != entry)
                place = &(*place)->next;
        *place = entry->next;
        pool->n--;
        free(entry);
}
