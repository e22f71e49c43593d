/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SCHEMA_H
#define CARDWATCH_CONFIG_SCHEMA_H

#include <stdint.h>

#include "reader.h"

struct cw_hash;

/*
 * Schema: the configuration as tables of rows.
 *
 * One table for each mapping, one row for each key of it. The rows drive parsing, defaults, bounds, the suggestions for
 * misspelt keys, releasing, the hash of the meaning, `config --defaults` and the man page; nothing about a key is said
 * twice. What rows cannot say (names that must exist, keys that exclude each other) is checked by code that goes by
 * nodes.
 */

enum cw_row_type {
        CW_ROW_BOOLEAN, /* bool */
        CW_ROW_COUNT, /* uint32_t */
        CW_ROW_SIZE, /* uint64_t, bytes */
        CW_ROW_DURATION, /* int64_t, ms */
        CW_ROW_PERCENT, /* uint32_t, thousandths of a percent */
        CW_ROW_WORD, /* an enum: the place of the word in `words` */
        CW_ROW_TEXT, /* char * */
        CW_ROW_NAME, /* char * */
        CW_ROW_SECRET, /* struct cw_secret * */
        CW_ROW_TEXTS, /* char **, size_t; a scalar or a list */
        CW_ROW_IDS, /* int64_t *, size_t, sorted; a scalar or a list */
        CW_ROW_LABELS, /* struct cw_label *, size_t */
        CW_ROW_CUSTOMERS, /* struct cw_config_customer *, size_t; sorted */
        CW_ROW_TABLE, /* a struct in the struct */
        CW_ROW_LIST, /* an array of structs, size_t */
        CW_ROW_NODE, /* const struct cw_node *: code of its own reads it */
};

#define CW_ROW_REQUIRED 0x1u
#define CW_ROW_LATER    0x2u /* in the contract, not built: refused */
#define CW_ROW_OFFERED  0x4u /* no default, but `config --defaults` writes the example as if it were one */
#define CW_ROW_ALL      0x8u /* a count that may be `all`, which is 0 */
#define CW_ROW_PATH                                                                                                    \
        0x10u /* a text that is a path relative to the main file's directory, unless it is one of `words`              \
               */
#define CW_ROW_BASE  0x40u /* a text whose slashes at the end say nothing */
#define CW_ROW_IDLE  0x80u /* a list without which most files do: `config --defaults` shows it commented out */
#define CW_ROW_AGAIN 0x100u /* a list of the table that it stands in: not written out once more */
#define CW_ROW_ANY   0x20u /* labels whose names are not ours to choose (HTTP headers) */

struct cw_row;
struct cw_table;

/* Complains about a text that has the right type and is wrong all the same; false if it did. */
typedef bool (*cw_row_check_fn)(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                                const char *text);

struct cw_row {
        const char *name;
        enum cw_row_type type;
        unsigned flags;
        unsigned kinds; /* for which kinds of the mapping it exists, as bits; 0: all */
        size_t offset, count; /* of the value, and of a list's length, in the table's struct */
        const char *fallback; /* the default as it would be written; NULL: none */
        const char *example; /* shown where there is no default */
        int64_t least, most; /* of numbers, durations, sizes; of the length of texts if `most` is not 0 */
        const char *const *words;
        size_t n_words; /* entries that are NULL have no word */
        const struct cw_table *table;
        cw_row_check_fn check;
        const char *help;
};

struct cw_table {
        const struct cw_row *rows;
        size_t n_rows;
        size_t size; /* of its struct */
        size_t node; /* where in it to keep its mapping, for CW_ROW_LIST; SIZE_MAX: nowhere */
        unsigned (*kinds)(const struct cw_node *mapping); /* what kind a mapping is; NULL: there is one */
};

#define CW_TABLE_NOWHERE SIZE_MAX

/* The file's top. */
extern const struct cw_table cw_schema_top;

/* Defaults into `target`, a zeroed struct of the table's. */
void cw_schema_defaults(struct cw_reader *reader, const struct cw_table *table, void *target);

/* Then what the mapping says. `node` that is none is complained about. */
void cw_schema_read(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *node,
                    const struct cw_where *where, void *target);

/* Only the i-th of its pairs. */
void cw_schema_read_key(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *mapping, size_t i,
                        const struct cw_where *where, void *target);

/* Appends the items of a list to the array of the row in `target`. */
void cw_schema_read_list(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                         const struct cw_where *where, void *target);

void cw_schema_deinit(const struct cw_table *table, void *target);

/* Feeds the effective values; secrets, nodes and what stands nowhere are left out. */
void cw_schema_hash(const struct cw_table *table, const void *target, struct cw_hash *hash);

/* NULL: there is none. */
const struct cw_row *cw_schema_row(const struct cw_table *table, const char *name);

/* One value (values.c). */
void cw_value_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, void *field,
                   size_t *count);

/* Digits and nothing else: neither signs nor other bases nor fractions. */
bool cw_value_digits(const char *text, size_t len, int64_t *ret_value);

#endif
