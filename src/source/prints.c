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

#define ROWS_FIRST 16

_Static_assert(sizeof(((struct cw_prints *)0)->key) >= XXH3_SECRET_SIZE_MIN, "a key that is too short");

void cw_prints_init(struct cw_prints *prints)
{
        *prints = (struct cw_prints){0};
        prints->keyed = getrandom(prints->key, sizeof(prints->key), 0) == (ssize_t)sizeof(prints->key);
}

void cw_prints_deinit(struct cw_prints *prints)
{
        free(prints->rows);
        explicit_bzero(prints, sizeof(*prints));
}

struct cw_print cw_prints_take(const struct cw_prints *prints, const char *bytes, size_t len)
{
        XXH128_hash_t hash = XXH3_128bits_withSecret(bytes, len, prints->key, sizeof(prints->key));

        return (struct cw_print){.low = hash.low64, .high = hash.high64};
}

static bool has_row(struct cw_prints *prints, uint32_t page)
{
        size_t n = prints->n ? prints->n : ROWS_FIRST;
        struct cw_print_row *rows;

        if (page < prints->n)
                return true;
        if (page > CW_CYCLE_PAGES_MAX || !prints->keyed)
                return false;
        while (n <= page)
                n *= 2;
        rows = reallocarray(prints->rows, n, sizeof(*rows));
        if (!rows)
                return false;
        memset(rows + prints->n, 0, (n - prints->n) * sizeof(*rows));
        prints->rows = rows;
        prints->n = n;
        return true;
}

void cw_prints_keep(struct cw_prints *prints, uint32_t page, const struct cw_print *print,
                    const struct cw_cycle_answer *facts)
{
        if (has_row(prints, page))
                prints->rows[page] = (struct cw_print_row){.print = *print, .facts = *facts, .known = true};
}

const struct cw_cycle_answer *cw_prints_find(const struct cw_prints *prints, uint32_t page,
                                             const struct cw_print *print)
{
        const struct cw_print_row *row = page < prints->n ? &prints->rows[page] : NULL;

        return row && row->known && row->print.low == print->low && row->print.high == print->high ? &row->facts : NULL;
}
