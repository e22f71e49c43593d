/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_TABLE_H
#define CARDWATCH_CTL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct cw_json;

/*
 * Table: rows for people, columns as wide as what stands in them.
 *
 * Cells are one harmless line of UTF-8, whatever came. A column in which nothing stands is left out.
 */

enum { CW_TABLE_COLUMNS_MAX = 10 };

struct cw_table {
        const char *const *titles;
        size_t n_columns; /* at most CW_TABLE_COLUMNS_MAX */
        unsigned right; /* a bit (1 << column): numbers */
        unsigned cut; /* likewise: sentences, which are cut where a row is wider than the terminal */
        char **cells;
        size_t n_cells, capacity;
        int error; /* sticky -ENOMEM */
};

/* The next cell; NULL or "": nothing. */
void cw_table_put(struct cw_table *table, const char *text);

/* The member of an object: a text, a number, or nothing. */
void cw_table_put_member(struct cw_table *table, const struct cw_json *object, const char *member);

/* A time that is such a member, in the process's time zone, to the second. */
void cw_table_put_time(struct cw_table *table, const struct cw_json *object, const char *member);

/* To standard output. -ENOMEM; frees the cells. */
int cw_table_print(struct cw_table *table) __attribute__((warn_unused_result));

#endif
