/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: arrays double, texts stand one behind the other in blocks that never move. */
#include "page_store.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"

#define FIRST_CAPACITY 16

/* Arrays with more elements, and blocks beyond so many bytes, are not kept for the next page. */
#define KEPT_ELEMENTS 16384
#define KEPT_BYTES    ((size_t)256 << 10)

#define BLOCK_SIZE ((size_t)16 << 10)

struct block {
        struct block *next;
        size_t size, used;
        char bytes[];
};

struct cw_page_texts {
        struct block *first, *last; /* in the order in which they are filled */
        struct block *now; /* those behind it are empty */
};

static void texts_deinit(struct cw_page_texts *texts)
{
        struct block *block = texts->first, *next;

        for (; block; block = next) {
                next = block->next;
                free(block);
        }
        *texts = (struct cw_page_texts){0};
}

static void texts_clear(struct cw_page_texts *texts)
{
        size_t bytes = 0;

        for (struct block *block = texts->first; block; block = block->next) {
                bytes += block->size;
                block->used = 0;
        }
        texts->now = texts->first;
        if (bytes > KEPT_BYTES)
                texts_deinit(texts);
}

void cw_page_deinit(struct cw_page *page)
{
        if (page->texts)
                texts_deinit(page->texts);
        free(page->texts);
        free(page->customers);
        free(page->cards);
        free(page->bad);
        *page = (struct cw_page)CW_PAGE_NULL;
}

static void trim(void *array, size_t *capacity)
{
        if (*capacity <= KEPT_ELEMENTS)
                return;
        free(*(void **)array);
        *(void **)array = NULL;
        *capacity = 0;
}

int cw_page_store_clear(struct cw_page_store *store)
{
        struct cw_page *page = &store->page;

        trim(&page->customers, &store->customers_capacity);
        trim(&page->cards, &store->cards_capacity);
        trim(&page->bad, &store->bad_capacity);
        page->n_customers = page->n_cards = page->n_bad = page->n_listed = page->n_parts = 0;
        page->parts = NULL;
        page->page_size = page->page_number = page->number_of_pages = -1;
        if (page->texts)
                texts_clear(page->texts);
        else
                page->texts = calloc(1, sizeof(*page->texts));
        return page->texts ? 0 : -ENOMEM;
}

static int grow(void *array, size_t n, size_t *capacity, size_t size)
{
        size_t larger = *capacity ? *capacity * 2 : FIRST_CAPACITY;
        void *moved;

        if (n < *capacity)
                return 0;
        moved = reallocarray(*(void **)array, larger, size);
        if (!moved)
                return -ENOMEM;
        *(void **)array = moved;
        *capacity = larger;
        return 0;
}

int cw_page_store_more_customers(struct cw_page_store *store)
{
        struct cw_page *page = &store->page;

        return grow(&page->customers, page->n_customers, &store->customers_capacity, sizeof(*page->customers));
}

int cw_page_store_more_cards(struct cw_page_store *store)
{
        struct cw_page *page = &store->page;

        return grow(&page->cards, page->n_cards, &store->cards_capacity, sizeof(*page->cards));
}

int cw_page_store_more_bad(struct cw_page_store *store)
{
        struct cw_page *page = &store->page;

        return grow(&page->bad, page->n_bad, &store->bad_capacity, sizeof(*page->bad));
}

static struct block *add_block(struct cw_page_texts *texts, size_t least)
{
        size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
        struct block *block = malloc(sizeof(*block) + size);

        if (!block)
                return NULL;
        *block = (struct block){.size = size};
        if (texts->last)
                texts->last->next = block;
        else
                texts->first = block;
        texts->last = block;
        return block;
}

char *cw_page_store_text(struct cw_page_store *store, size_t len)
{
        struct cw_page_texts *texts = store->page.texts;
        char *text;

        while (texts->now && texts->now->size - texts->now->used < len + 1)
                texts->now = texts->now->next;
        if (!texts->now)
                texts->now = add_block(texts, len + 1);
        if (!texts->now)
                return NULL;
        text = texts->now->bytes + texts->now->used;
        texts->now->used += len + 1;
        return text;
}
