/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: texts of one size share slabs, so that what is freed is used again or given back with its slab, and a place is
 * a number of 32 bits: the slab, and where in it, in units of four bytes. A chained hash table finds texts; its chains
 * run through the entries, and it is divided into parts that grow one by one, so that no text ever waits until a
 * million others found their places anew. The table is keyed at creation: texts come from outside.
 */
#include "cardwatch/strpool.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#define UNIT ((size_t)4)

#define SLAB_BITS  13
#define SLAB_UNITS (1u << SLAB_BITS)
#define SLABS_MOST (1u << (32 - SLAB_BITS))

/* Longer entries have a slab of their own, as large as they are. */
#define CLASSES 256 /* by their units */

#define PARTS         256
#define BUCKETS_FIRST 2
#define CHAIN         2 /* entries a bucket, before the first part grows; the last has twice as many */

#define AT_ONCE 32 /* whose places are fetched side by side */

struct entry {
        uint32_t next; /* in its chain, 0: none; of a free one: the next free one of the slab */
        uint32_t n_refs;
        char text[];
};

/* What is given back to a slab is not the sanitizer's to watch, unless it is told. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define MARK_DEAD(place, size)   ASAN_POISON_MEMORY_REGION((place)->text, (size) - sizeof(struct entry))
#define MARK_LIVING(place, size) ASAN_UNPOISON_MEMORY_REGION((place), (size))
#else
#define MARK_DEAD(place, size)
#define MARK_LIVING(place, size)
#endif

/* Number 0 is none, and so is link 0. */
struct slab {
        uint32_t units; /* of an entry; 0: of one that has it alone */
        uint32_t n, used; /* entries that live, units that were ever given away */
        uint32_t free; /* entries that died, by their unit + 1 */
        uint32_t next, previous; /* slabs of the class that have room; next: also of numbers that are free */
        bool listed;
};

struct part {
        uint32_t *buckets; /* links */
        uint32_t n_buckets, n; /* buckets: a power of two, or none yet */
};

struct cw_strpool {
        struct cw_hash_key key;
        struct part parts[PARTS];
        uint32_t rooms[CLASSES]; /* the first slab with room */
        char **bytes; /* of each slab, NULL: the number is free */
        struct slab *slabs;
        uint32_t n_slabs, capacity, free_slab;
        size_t n_entries;
};

static struct entry *entry_at(const struct cw_strpool *pool, uint32_t link)
{
        return (struct entry *)(void *)(pool->bytes[link >> SLAB_BITS] + (link & (SLAB_UNITS - 1)) * UNIT);
}

static struct entry *entry_of(const char *string)
{
        return (struct entry *)(uintptr_t)(string - offsetof(struct entry, text));
}

static uint64_t hash_of(const struct cw_strpool *pool, const char *text, size_t len)
{
        return cw_hash64(pool->key, text, len);
}

static struct part *part_of(struct cw_strpool *pool, uint64_t hash)
{
        return &pool->parts[hash >> 56];
}

static uint32_t *bucket_of(const struct part *part, uint64_t hash)
{
        return &part->buckets[hash & (part->n_buckets - 1)];
}

int cw_strpool_new(struct cw_strpool **ret_pool)
{
        struct cw_strpool *pool = calloc(1, sizeof(*pool));

        if (!pool)
                return -ENOMEM;
        pool->n_slabs = 1;
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
        assert(pool->n_entries == 0);
        for (size_t i = 0; i < PARTS; i++)
                free(pool->parts[i].buckets);
        free(pool->slabs);
        free(pool->bytes);
        free(pool);
}

static int resize(const struct cw_strpool *pool, struct part *part, uint32_t n_buckets)
{
        struct part grown = {.buckets = calloc(n_buckets, sizeof(uint32_t)), .n_buckets = n_buckets, .n = part->n};

        if (!grown.buckets)
                return -ENOMEM;
        for (uint32_t i = 0; i < part->n_buckets; i++) {
                while (part->buckets[i]) {
                        uint32_t link = part->buckets[i], *bucket;
                        struct entry *entry = entry_at(pool, link);

                        part->buckets[i] = entry->next;
                        bucket = bucket_of(&grown, hash_of(pool, entry->text, strlen(entry->text)));
                        entry->next = *bucket;
                        *bucket = link;
                }
        }
        free(part->buckets);
        *part = grown;
        return 0;
}

/* Parts fill alike. Each has a limit of its own, so that they grow one after the other between one doubling and the
 * next, and not all of them while a few pages are read. */
static bool is_full(const struct cw_strpool *pool, const struct part *part)
{
        size_t limit = PARTS + (size_t)(part - pool->parts);

        return (size_t)part->n * PARTS >= (size_t)part->n_buckets * CHAIN * limit;
}

/* A part that cannot grow only gets slower. */
static int make_room(const struct cw_strpool *pool, struct part *part)
{
        if (part->n_buckets == 0)
                return resize(pool, part, BUCKETS_FIRST);
        if (is_full(pool, part) && part->n_buckets <= UINT32_MAX / 2)
                (void)resize(pool, part, part->n_buckets * 2);
        return 0;
}

void cw_strpool_reserve(struct cw_strpool *pool, size_t n)
{
        size_t share = n / PARTS / CHAIN + 1;
        uint32_t n_buckets = BUCKETS_FIRST;

        while (n_buckets < share && n_buckets <= UINT32_MAX / 2)
                n_buckets *= 2;
        for (size_t i = 0; i < PARTS; i++)
                if (n_buckets > pool->parts[i].n_buckets)
                        (void)resize(pool, &pool->parts[i], n_buckets);
}

size_t cw_strpool_count(const struct cw_strpool *pool)
{
        return pool->n_entries;
}

static uint32_t units_of(size_t len)
{
        return (uint32_t)((offsetof(struct entry, text) + len + 1 + UNIT - 1) / UNIT);
}

static void list_slab(struct cw_strpool *pool, uint32_t number)
{
        struct slab *slab = &pool->slabs[number];
        uint32_t *first = &pool->rooms[slab->units];

        slab->listed = true;
        slab->previous = 0;
        slab->next = *first;
        if (*first)
                pool->slabs[*first].previous = number;
        *first = number;
}

static void unlist_slab(struct cw_strpool *pool, uint32_t number)
{
        struct slab *slab = &pool->slabs[number];

        if (slab->previous)
                pool->slabs[slab->previous].next = slab->next;
        else
                pool->rooms[slab->units] = slab->next;
        if (slab->next)
                pool->slabs[slab->next].previous = slab->previous;
        slab->listed = false;
}

static int grow_slabs(struct cw_strpool *pool)
{
        uint32_t capacity = pool->capacity ? pool->capacity * 2 : 16;
        struct slab *slabs;
        char **bytes;

        if (pool->n_slabs < pool->capacity)
                return 0;
        if (pool->n_slabs == SLABS_MOST)
                return -ENOMEM;
        slabs = reallocarray(pool->slabs, capacity, sizeof(*slabs));
        if (!slabs)
                return -ENOMEM;
        pool->slabs = slabs;
        bytes = reallocarray(pool->bytes, capacity, sizeof(*bytes));
        if (!bytes)
                return -ENOMEM;
        pool->bytes = bytes;
        pool->capacity = capacity;
        return 0;
}

/* `units` 0: for one entry of so many bytes alone. Returns its number, 0: out of memory. */
static uint32_t add_slab(struct cw_strpool *pool, uint32_t units, size_t bytes)
{
        uint32_t number = pool->free_slab;
        char *memory;

        if (!number && grow_slabs(pool) < 0)
                return 0;
        memory = malloc(bytes);
        if (!memory)
                return 0;
        if (number)
                pool->free_slab = pool->slabs[number].next;
        else
                number = pool->n_slabs++;
        pool->slabs[number] = (struct slab){.units = units};
        pool->bytes[number] = memory;
        return number;
}

static void drop_slab(struct cw_strpool *pool, uint32_t number)
{
        free(cw_take(pool->bytes[number]));
        pool->slabs[number] = (struct slab){.next = pool->free_slab};
        pool->free_slab = number;
}

static bool has_room(const struct slab *slab)
{
        return slab->free || slab->used + slab->units <= SLAB_UNITS;
}

/* The link of an entry that is not filled yet, 0: out of memory. */
static uint32_t allocate(struct cw_strpool *pool, size_t len)
{
        uint32_t units = units_of(len), number = 0, at;
        struct slab *slab;

        if (units >= CLASSES) {
                number = add_slab(pool, 0, units * UNIT);
                if (number)
                        pool->slabs[number].n = 1;
                return number << SLAB_BITS;
        }
        number = pool->rooms[units];
        if (!number) {
                number = add_slab(pool, units, SLAB_UNITS * UNIT);
                if (!number)
                        return 0;
                list_slab(pool, number);
        }
        slab = &pool->slabs[number];
        at = slab->free ? slab->free - 1 : slab->used;
        if (slab->free)
                slab->free = entry_at(pool, number << SLAB_BITS | at)->next;
        else
                slab->used += units;
        MARK_LIVING(entry_at(pool, number << SLAB_BITS | at), units * UNIT);
        slab->n++;
        if (!has_room(slab))
                unlist_slab(pool, number);
        return number << SLAB_BITS | at;
}

static void release(struct cw_strpool *pool, uint32_t link)
{
        uint32_t number = link >> SLAB_BITS;
        struct slab *slab = &pool->slabs[number];

        if (--slab->n == 0) {
                if (slab->listed)
                        unlist_slab(pool, number);
                drop_slab(pool, number);
                return;
        }
        entry_at(pool, link)->next = slab->free;
        MARK_DEAD(entry_at(pool, link), slab->units * UNIT);
        slab->free = (link & (SLAB_UNITS - 1)) + 1;
        if (!slab->listed)
                list_slab(pool, number);
}

static bool is(const struct entry *entry, const char *text, size_t len)
{
        return strncmp(entry->text, text, len) == 0 && entry->text[len] == '\0';
}

static uint32_t find(const struct cw_strpool *pool, const struct part *part, uint64_t hash, const char *text,
                     size_t len)
{
        uint32_t link = part->n_buckets ? *bucket_of(part, hash) : 0;

        while (link && !is(entry_at(pool, link), text, len))
                link = entry_at(pool, link)->next;
        return link;
}

static int add(struct cw_strpool *pool, struct part *part, uint64_t hash, const char *text, size_t len,
               uint32_t *ret_link)
{
        uint32_t *bucket, link;
        struct entry *entry;
        int r = make_room(pool, part);

        if (r < 0)
                return r;
        link = len < UINT32_MAX / 2 ? allocate(pool, len) : 0;
        if (!link)
                return -ENOMEM;
        entry = entry_at(pool, link);
        bucket = bucket_of(part, hash);
        *entry = (struct entry){.next = *bucket, .n_refs = 1};
        memcpy(entry->text, text, len);
        entry->text[len] = '\0';
        *bucket = link;
        part->n++;
        pool->n_entries++;
        *ret_link = link;
        return 0;
}

static int link_hashed(struct cw_strpool *pool, uint64_t hash, const char *text, size_t len, uint32_t *ret_link)
{
        struct part *part = part_of(pool, hash);
        uint32_t link = find(pool, part, hash, text, len);

        if (!link)
                return add(pool, part, hash, text, len, ret_link);
        entry_at(pool, link)->n_refs++;
        *ret_link = link;
        return 0;
}

int cw_strpool_link(struct cw_strpool *pool, const char *text, size_t len, uint32_t *ret_link)
{
        if (!text) {
                *ret_link = 0;
                return 0;
        }
        len = strnlen(text, len);
        return link_hashed(pool, hash_of(pool, text, len), text, len, ret_link);
}

static void fetch_bucket(struct cw_strpool *pool, uint64_t hash)
{
        const struct part *part = part_of(pool, hash);

        if (part->n_buckets)
                __builtin_prefetch(bucket_of(part, hash), 1);
}

static void fetch_entry(struct cw_strpool *pool, uint64_t hash)
{
        const struct part *part = part_of(pool, hash);
        uint32_t link = part->n_buckets ? *bucket_of(part, hash) : 0;

        if (link)
                __builtin_prefetch(entry_at(pool, link));
}

static int link_some(struct cw_strpool *pool, const char *const *texts, size_t n, uint32_t *ret_links)
{
        uint64_t hashes[AT_ONCE];
        size_t lens[AT_ONCE];

        for (size_t i = 0; i < n; i++) {
                lens[i] = texts[i] ? strlen(texts[i]) : 0;
                hashes[i] = texts[i] ? hash_of(pool, texts[i], lens[i]) : 0;
                fetch_bucket(pool, hashes[i]);
        }
        for (size_t i = 0; i < n; i++)
                fetch_entry(pool, hashes[i]);
        for (size_t i = 0; i < n; i++) {
                int r = texts[i] ? link_hashed(pool, hashes[i], texts[i], lens[i], &ret_links[i]) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

int cw_strpool_link_many(struct cw_strpool *pool, const char *const *texts, size_t n, uint32_t *ret_links)
{
        int r = 0;

        memset(ret_links, 0, n * sizeof(*ret_links));
        for (size_t i = 0; r == 0 && i < n; i += AT_ONCE)
                r = link_some(pool, texts + i, n - i < AT_ONCE ? n - i : AT_ONCE, ret_links + i);
        for (size_t i = 0; r < 0 && i < n; i++)
                cw_strpool_unref(pool, cw_strpool_text(pool, ret_links[i]));
        return r;
}

const char *cw_strpool_text(const struct cw_strpool *pool, uint32_t link)
{
        return link ? entry_at(pool, link)->text : NULL;
}

size_t cw_strpool_bytes(const struct cw_strpool *pool)
{
        size_t bytes = sizeof(*pool) + pool->capacity * (sizeof(struct slab) + sizeof(char *));

        for (size_t i = 0; i < PARTS; i++)
                bytes += pool->parts[i].n_buckets * sizeof(uint32_t);
        for (uint32_t i = 1; i < pool->n_slabs; i++)
                if (pool->slabs[i].units)
                        bytes += SLAB_UNITS * UNIT;
                else if (pool->bytes[i])
                        bytes += units_of(strlen(entry_at(pool, i << SLAB_BITS)->text)) * UNIT;
        return bytes;
}

int cw_strpool_ref(struct cw_strpool *pool, const char *text, size_t len, const char **ret_string)
{
        uint32_t link;
        int r = cw_strpool_link(pool, text, len, &link);

        if (r == 0)
                *ret_string = cw_strpool_text(pool, link);
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
        uint32_t *place, link;
        struct part *part;
        uint64_t hash;

        if (!string)
                return;
        entry = entry_of(string);
        if (--entry->n_refs > 0)
                return;
        hash = hash_of(pool, string, strlen(string));
        part = part_of(pool, hash);
        place = bucket_of(part, hash);
        while (entry_at(pool, *place) != entry)
                place = &entry_at(pool, *place)->next;
        link = *place;
        *place = entry->next;
        part->n--;
        pool->n_entries--;
        release(pool, link);
}
