/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: every block begins with its size, so that it can be wiped whole and be told from one that has its own pages. */
#include "curl_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The smallest buffer that any curl reads answers into (its HTTP/2 chunks) is as large as that. */
#define PAGED_MIN 16384

struct block {
        size_t size; /* as asked for */
        _Alignas(max_align_t) char bytes[];
};

static bool has_pages(size_t size)
{
        return size >= PAGED_MIN && size <= CW_CURL_PAGED_MAX;
}

static struct block *block_of(void *memory)
{
        return (struct block *)((char *)memory - offsetof(struct block, bytes));
}

static struct block *paged_new(size_t whole)
{
        void *pages = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (pages == MAP_FAILED)
                return NULL;
        (void)madvise(pages, whole, MADV_DONTDUMP);
        return pages;
}

void *cw_curl_malloc(size_t size)
{
        size_t whole = sizeof(struct block) + size;
        struct block *block;

        if (whole < size)
                return NULL;
        block = has_pages(size) ? paged_new(whole) : malloc(whole);
        if (!block)
                return NULL;
        block->size = size;
        return block->bytes;
}

void *cw_curl_calloc(size_t n, size_t size)
{
        size_t whole;
        void *memory;

        if (__builtin_mul_overflow(n, size, &whole))
                return NULL;
        memory = cw_curl_malloc(whole);
        return memory ? memset(memory, 0, whole) : NULL;
}

/* Never the C library's realloc: when it moves, it leaves the old bytes behind. */
void *cw_curl_realloc(void *memory, size_t size)
{
        size_t old = memory ? block_of(memory)->size : 0;
        void *moved = cw_curl_malloc(size);

        if (!moved)
                return NULL;
        if (memory)
                memcpy(moved, memory, old < size ? old : size);
        cw_curl_free(memory);
        return moved;
}

char *cw_curl_strdup(const char *text)
{
        size_t size = strlen(text) + 1;
        char *copy = cw_curl_malloc(size);

        return copy ? memcpy(copy, text, size) : NULL;
}

void cw_curl_free(void *memory)
{
        struct block *block;
        size_t size;

        if (!memory)
                return;
        block = block_of(memory);
        size = block->size;
        explicit_bzero(block, sizeof(*block) + size);
        if (has_pages(size))
                (void)munmap(block, sizeof(*block) + size);
        else
                free(block);
}
