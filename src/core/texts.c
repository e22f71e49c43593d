/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: texts of one size share slabs, so that what is freed is used again or given back with its slab, and a place is
 * a number of 32 bits: the slab, and the byte where it stands there. A byte before each text counts its references; one
 * that has as many as that counts is not shared any more, for another of the same text can be made at any time.
 */
#include "texts.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#define SLAB_BITS  13
#define SLAB_BYTES (1u << SLAB_BITS)
#define SLABS_MOST (1u << (32 - SLAB_BITS))

/* Larger entries have a slab of their own, as large as they are. */
#define SHARED_BYTES 512

#define REFS_MOST UINT8_MAX

#define LATELY 4096 /* a power of two */

/* A dead one begins with where the next dead one of its slab stands, plus one: two bytes, which each has. */
struct entry {
        uint8_t n_refs;
        char text[];
};

/* What is given back to a slab is not the sanitizer's to watch, unless it is told. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define MARK_DEAD(place, size)   ASAN_POISON_MEMORY_REGION((place), (size))
#define MARK_LIVING(place, size) ASAN_UNPOISON_MEMORY_REGION((place), (size))
#else
#define MARK_DEAD(place, size)
#define MARK_LIVING(place, size)
#endif

/* Number 0 is none, and so is link 0. */
struct slab {
        uint32_t size; /* of an entry; 0: of one that has it alone */
        uint32_t n, used; /* entries that live, bytes that were ever given away */
        uint32_t free; /* where the last one that died stands, plus one */
        uint32_t next, previous; /* slabs of the size that have room; next: also of numbers that are free */
        bool listed;
};

struct cw_texts {
        uint32_t lately[LATELY]; /* links, each where its text's hash has it */
        uint32_t rooms[SHARED_BYTES + 1]; /* by the size: the first slab with room */
        char **bytes; /* of each slab, NULL: the number is free */
        struct slab *slabs;
        uint32_t n_slabs, capacity, free_slab;
        size_t n;
};

static struct entry *entry_at(const struct cw_texts *texts, uint32_t link)
{
        return (struct entry *)(void *)(texts->bytes[link >> SLAB_BITS] + (link & (SLAB_BYTES - 1)));
}

static size_t size_of(size_t len)
{
        return sizeof(struct entry) + len + 1;
}

/* Whoever aims for one place of the table gains that texts are not shared: no key is needed. */
static uint32_t *place_of(struct cw_texts *texts, const char *text, size_t len)
{
        return &texts->lately[cw_hash64(CW_HASH_KEY_DERIVED, text, len) & (LATELY - 1)];
}

int cw_texts_new(struct cw_texts **ret_texts)
{
        struct cw_texts *texts = calloc(1, sizeof(*texts));

        if (!texts)
                return -ENOMEM;
        texts->n_slabs = 1;
        *ret_texts = texts;
        return 0;
}

void cw_texts_free(struct cw_texts *texts)
{
        if (!texts)
                return;
        assert(texts->n == 0);
        free(texts->slabs);
        free(texts->bytes);
        free(texts);
}

static void list_slab(struct cw_texts *texts, uint32_t number)
{
        struct slab *slab = &texts->slabs[number];
        uint32_t *first = &texts->rooms[slab->size];

        slab->listed = true;
        slab->previous = 0;
        slab->next = *first;
        if (*first)
                texts->slabs[*first].previous = number;
        *first = number;
}

static void unlist_slab(struct cw_texts *texts, uint32_t number)
{
        struct slab *slab = &texts->slabs[number];

        if (slab->previous)
                texts->slabs[slab->previous].next = slab->next;
        else
                texts->rooms[slab->size] = slab->next;
        if (slab->next)
                texts->slabs[slab->next].previous = slab->previous;
        slab->listed = false;
}

static int grow_slabs(struct cw_texts *texts)
{
        uint32_t capacity = texts->capacity ? texts->capacity * 2 : 16;
        struct slab *slabs;
        char **bytes;

        if (texts->n_slabs < texts->capacity)
                return 0;
        if (texts->n_slabs == SLABS_MOST)
                return -ENOMEM;
        slabs = reallocarray(texts->slabs, capacity, sizeof(*slabs));
        if (!slabs)
                return -ENOMEM;
        texts->slabs = slabs;
        bytes = reallocarray(texts->bytes, capacity, sizeof(*bytes));
        if (!bytes)
                return -ENOMEM;
        texts->bytes = bytes;
        texts->capacity = capacity;
        return 0;
}

/* `size` 0: for one entry alone. Returns its number, 0: out of memory. */
static uint32_t add_slab(struct cw_texts *texts, uint32_t size, size_t bytes)
{
        uint32_t number = texts->free_slab;
        char *memory;

        if (!number && grow_slabs(texts) < 0)
                return 0;
        memory = malloc(bytes);
        if (!memory)
                return 0;
        if (number)
                texts->free_slab = texts->slabs[number].next;
        else
                number = texts->n_slabs++;
        texts->slabs[number] = (struct slab){.size = size};
        texts->bytes[number] = memory;
        return number;
}

static void drop_slab(struct cw_texts *texts, uint32_t number)
{
        free(cw_take(texts->bytes[number]));
        texts->slabs[number] = (struct slab){.next = texts->free_slab};
        texts->free_slab = number;
}

static bool has_room(const struct slab *slab)
{
        return slab->free || slab->used + slab->size <= SLAB_BYTES;
}

/* Where the next entry of the slab stands, which has room. */
static uint32_t take_place(struct slab *slab, char *bytes)
{
        uint32_t at = slab->free ? slab->free - 1 : slab->used;
        uint16_t next;

        MARK_LIVING(bytes + at, slab->size);
        if (slab->free) {
                memcpy(&next, bytes + at, sizeof(next));
                slab->free = next;
        } else {
                slab->used += slab->size;
        }
        slab->n++;
        return at;
}

/* The link of an entry that is not filled yet, 0: out of memory. */
static uint32_t allocate(struct cw_texts *texts, size_t size)
{
        uint32_t number, at;

        if (size > SHARED_BYTES) {
                number = add_slab(texts, 0, size);
                return number << SLAB_BITS;
        }
        number = texts->rooms[size];
        if (!number) {
                number = add_slab(texts, (uint32_t)size, SLAB_BYTES);
                if (!number)
                        return 0;
                list_slab(texts, number);
        }
        at = take_place(&texts->slabs[number], texts->bytes[number]);
        if (!has_room(&texts->slabs[number]))
                unlist_slab(texts, number);
        return number << SLAB_BITS | at;
}

static void give_back(struct cw_texts *texts, uint32_t link)
{
        uint32_t number = link >> SLAB_BITS;
        struct slab *slab = &texts->slabs[number];
        uint16_t next = (uint16_t)slab->free;

        if (slab->size == 0 || --slab->n == 0) {
                if (slab->listed)
                        unlist_slab(texts, number);
                drop_slab(texts, number);
                return;
        }
        memcpy(entry_at(texts, link), &next, sizeof(next));
        MARK_DEAD(entry_at(texts, link), slab->size);
        slab->free = (link & (SLAB_BYTES - 1)) + 1;
        if (!slab->listed)
                list_slab(texts, number);
}

int cw_texts_keep(struct cw_texts *texts, const char *text, uint32_t *ret_link)
{
        size_t len = text ? strlen(text) : 0;
        uint32_t *place, link;

        if (!text) {
                *ret_link = 0;
                return 0;
        }
        place = place_of(texts, text, len);
        if (*place && entry_at(texts, *place)->n_refs < REFS_MOST && strcmp(entry_at(texts, *place)->text, text) == 0) {
                entry_at(texts, *place)->n_refs++;
                *ret_link = *place;
                return 0;
        }
        link = allocate(texts, size_of(len));
        if (!link)
                return -ENOMEM;
        entry_at(texts, link)->n_refs = 1;
        memcpy(entry_at(texts, link)->text, text, len + 1);
        texts->n++;
        *ret_link = *place = link;
        return 0;
}

int cw_texts_again(struct cw_texts *texts, uint32_t link, uint32_t *ret_link)
{
        if (link && entry_at(texts, link)->n_refs == REFS_MOST)
                return cw_texts_keep(texts, cw_texts_get(texts, link), ret_link);
        if (link)
                entry_at(texts, link)->n_refs++;
        *ret_link = link;
        return 0;
}

void cw_texts_release(struct cw_texts *texts, uint32_t link)
{
        struct entry *entry;
        uint32_t *place;

        if (!link)
                return;
        entry = entry_at(texts, link);
        if (--entry->n_refs > 0)
                return;
        place = place_of(texts, entry->text, strlen(entry->text));
        if (*place == link)
                *place = 0;
        texts->n--;
        give_back(texts, link);
}

const char *cw_texts_get(const struct cw_texts *texts, uint32_t link)
{
        return link ? entry_at(texts, link)->text : NULL;
}

size_t cw_texts_count(const struct cw_texts *texts)
{
        return texts->n;
}

size_t cw_texts_bytes(const struct cw_texts *texts)
{
        size_t bytes = sizeof(*texts) + texts->capacity * (sizeof(struct slab) + sizeof(char *));

        for (uint32_t i = 1; i < texts->n_slabs; i++)
                if (texts->slabs[i].size)
                        bytes += SLAB_BYTES;
                else if (texts->bytes[i])
                        bytes += size_of(strlen(entry_at(texts, i << SLAB_BITS)->text));
        return bytes;
}
