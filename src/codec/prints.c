/* SPDX-License-Identifier: Apache-2.0 */
#include "prints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h> /* as fast as the processor allows, found out when it runs */
#else
#include <xxhash.h>
#endif

#define PAGES_FIRST 16
#define PAGES_MOST  100001 /* a longer list is read, and nothing of it known again */

_Static_assert(sizeof(((struct cw_prints *)0)->key) >= XXH3_SECRET_SIZE_MIN, "a key that is too short");

void cw_prints_init(struct cw_prints *prints)
{
        *prints = (struct cw_prints){0};
        prints->keyed = getrandom(prints->key, sizeof(prints->key), 0) == (ssize_t)sizeof(prints->key);
}

void cw_prints_deinit(struct cw_prints *prints)
{
        for (size_t i = 0; i < prints->n; i++)
                free(prints->pages[i].parts);
        free(prints->pages);
        explicit_bzero(prints, sizeof(*prints));
}

struct cw_print cw_prints_take(const struct cw_prints *prints, const char *bytes, size_t len)
{
        XXH128_hash_t hash = XXH3_128bits_withSecret(bytes, len, prints->key, sizeof(prints->key));

        return (struct cw_print){.low = hash.low64, .high = hash.high64};
}

bool cw_prints_is(const struct cw_prints *prints, const struct cw_prints_part *part, const char *bytes)
{
        struct cw_print print = cw_prints_take(prints, bytes, part->len);

        return print.low == part->print.low && print.high == part->print.high;
}

const struct cw_prints_page *cw_prints_find(const struct cw_prints *prints, uint32_t number)
{
        static const struct cw_prints_page unknown = {0};

        return number < prints->n ? &prints->pages[number] : &unknown;
}

static struct cw_prints_page *room_for(struct cw_prints *prints, uint32_t number)
{
        size_t n = prints->n ? prints->n : PAGES_FIRST;
        struct cw_prints_page *pages;

        if (number < prints->n)
                return &prints->pages[number];
        if (number >= PAGES_MOST || !prints->keyed)
                return NULL;
        while (n <= number)
                n *= 2;
        pages = reallocarray(prints->pages, n, sizeof(*pages));
        if (!pages)
                return NULL;
        memset(pages + prints->n, 0, (n - prints->n) * sizeof(*pages));
        prints->pages = pages;
        prints->n = n;
        return &prints->pages[number];
}

void cw_prints_keep(struct cw_prints *prints, uint32_t number, const struct cw_prints_page *page)
{
        struct cw_prints_page *kept = room_for(prints, number);
        struct cw_prints_part *parts;
        uint32_t tellings;

        if (!kept)
                return;
        parts = kept->parts;
        tellings = ++kept->tellings;
        if (kept->n_parts != page->n_parts)
                parts = reallocarray(parts, page->n_parts ? page->n_parts : 1, sizeof(*parts));
        if (!parts) {
                kept->n_parts = 0;
                return;
        }
        memcpy(parts, page->parts, page->n_parts * sizeof(*parts));
        *kept = *page;
        kept->parts = parts;
        kept->tellings = tellings;
}
