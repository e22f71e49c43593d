/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a card has one key for each combination of columns (its "pattern"); all rows lie in one open-addressed index by
 * pattern and key, so that a card asks once per pattern that occurs and takes the earliest row of what it finds. Values
 * are kept as bare 64-bit counts: their types are those of the rule's parameters.
 */
#include "cardwatch/overrides.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#define PATTERNS    16u
#define INDEX_FIRST 64u

/* One value of one row. */
struct cell {
        union {
                int64_t count; /* truth, id, duration or amount */
                char *text;
        };
        char currency[4];
        uint8_t param;
};

struct key {
        const char *source; /* of the table's, or NULL */
        int64_t customer, card;
        char currency[4];
        uint8_t pattern;
};

struct row {
        struct key key;
        uint32_t line;
        uint32_t first, n; /* cells */
};

struct param {
        enum cw_value_type type;
        int64_t longest_ms;
};

struct cw_override_table {
        struct param *params;
        size_t n_params;
        char **sources; /* each name once */
        size_t n_sources;
        struct row *rows;
        size_t n_rows, rows_allocated;
        struct cell *cells;
        size_t n_cells, cells_allocated;
        uint32_t *index; /* row + 1, 0: free */
        size_t index_size; /* a power of two, at least twice the rows */
        uint16_t patterns; /* which occur, a bit each */
};

CW_DEFINE_CLEANUP(struct cw_override_table *, cw_override_table_free);

int cw_override_table_new(const struct cw_value *defaults, size_t n_params, struct cw_override_table **ret_table)
{
        cw_cleanup(cw_override_table_free_cleanup) struct cw_override_table *table = calloc(1, sizeof(*table));

        assert(n_params <= UINT8_MAX);
        if (!table)
                return -ENOMEM;
        table->params = calloc(n_params + 1, sizeof(*table->params));
        table->index = calloc(INDEX_FIRST, sizeof(*table->index));
        if (!table->params || !table->index)
                return -ENOMEM;
        table->index_size = INDEX_FIRST;
        table->n_params = n_params;
        for (size_t i = 0; i < n_params; i++)
                table->params[i].type = defaults[i].type;
        *ret_table = cw_take(table);
        return 0;
}

void cw_override_table_free(struct cw_override_table *table)
{
        if (!table)
                return;
        for (size_t i = 0; i < table->n_cells; i++)
                if (table->params[table->cells[i].param].type == CW_VALUE_STRING)
                        free(table->cells[i].text);
        for (size_t i = 0; i < table->n_sources; i++)
                free(table->sources[i]);
        free(table->sources);
        free(table->rows);
        free(table->cells);
        free(table->index);
        free(table->params);
        free(table);
}

static uint64_t hash_key(const struct key *key)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_u64(&hash, key->pattern);
        cw_hash_u64(&hash, (uint64_t)key->customer);
        cw_hash_u64(&hash, (uint64_t)key->card);
        cw_hash_bytes(&hash, key->currency, sizeof(key->currency));
        cw_hash_string(&hash, key->source);
        return cw_hash_end(&hash);
}

static bool is_same(const struct key *a, const struct key *b)
{
        return a->pattern == b->pattern && a->customer == b->customer && a->card == b->card &&
               memcmp(a->currency, b->currency, sizeof(a->currency)) == 0 &&
               (a->source == b->source || (a->source && b->source && strcmp(a->source, b->source) == 0));
}

/* The index's place of the key: its row's, or the free one where it belongs. */
static size_t find(const struct cw_override_table *table, const struct key *key)
{
        size_t at = (size_t)hash_key(key) & (table->index_size - 1);

        while (table->index[at] != 0 && !is_same(&table->rows[table->index[at] - 1].key, key))
                at = (at + 1) & (table->index_size - 1);
        return at;
}

static int grow_index(struct cw_override_table *table)
{
        uint32_t *grown, *old = table->index;

        if ((table->n_rows + 1) * 2 <= table->index_size)
                return 0;
        grown = calloc(table->index_size * 2, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        table->index = grown;
        table->index_size *= 2;
        for (size_t i = 0; i < table->n_rows; i++)
                table->index[find(table, &table->rows[i].key)] = (uint32_t)i + 1;
        free(old);
        return 0;
}

/* Room for `n` more items; what was allocated before is kept on failure. */
static int grow(void **array, size_t *allocated, size_t wanted, size_t size)
{
        size_t n = *allocated ? *allocated : 16;
        void *grown;

        if (wanted <= *allocated)
                return 0;
        while (n < wanted)
                n *= 2;
        grown = reallocarray(*array, n, size);
        if (!grown)
                return -ENOMEM;
        *array = grown;
        *allocated = n;
        return 0;
}

/* Rows share the few names that there are. */
static int intern(struct cw_override_table *table, const char *source, const char **ret_source)
{
        char **grown;

        for (size_t i = 0; i < table->n_sources; i++)
                if (strcmp(table->sources[i], source) == 0) {
                        *ret_source = table->sources[i];
                        return 0;
                }
        grown = reallocarray(table->sources, table->n_sources + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        table->sources = grown;
        grown[table->n_sources] = strdup(source);
        if (!grown[table->n_sources])
                return -ENOMEM;
        *ret_source = grown[table->n_sources++];
        return 0;
}

static int64_t count_of(const struct cw_value *value)
{
        switch (value->type) {
        case CW_VALUE_BOOL:
                return value->boolean;
        case CW_VALUE_NUMBER:
        case CW_VALUE_AMOUNT:
                return value->number;
        case CW_VALUE_DURATION:
                return value->duration_ms;
        case CW_VALUE_INTEGER:
        case CW_VALUE_STRING:
                break;
        }
        return value->integer;
}

static int add_cell(struct cw_override_table *table, size_t param, const struct cw_value *value)
{
        struct cell *cell = &table->cells[table->n_cells];

        *cell = (struct cell){.param = (uint8_t)param};
        memcpy(cell->currency, value->currency, sizeof(cell->currency));
        if (table->params[param].type == CW_VALUE_STRING) {
                cell->text = strdup(value->string);
                if (!cell->text)
                        return -ENOMEM;
        } else {
                cell->count = count_of(value);
        }
        if (value->type == CW_VALUE_DURATION && value->duration_ms > table->params[param].longest_ms)
                table->params[param].longest_ms = value->duration_ms;
        table->n_cells++;
        return 0;
}

static struct key key_of(unsigned pattern, const char *source, int64_t customer, int64_t card, const char *currency)
{
        struct key key = {.pattern = (uint8_t)pattern};

        if (pattern & CW_OVERRIDE_SOURCE)
                key.source = source;
        if (pattern & CW_OVERRIDE_CUSTOMER)
                key.customer = customer;
        if (pattern & CW_OVERRIDE_CARD)
                key.card = card;
        if (pattern & CW_OVERRIDE_CURRENCY)
                strncpy(key.currency, currency, sizeof(key.currency) - 1);
        return key;
}

int cw_override_table_add(struct cw_override_table *table, const struct cw_override_row *row, uint32_t *ret_line)
{
        struct key key = key_of(row->filled & (PATTERNS - 1), row->source, row->customer, row->card, row->currency);
        struct row added = {.line = row->line, .first = (uint32_t)table->n_cells};
        size_t at;

        if (grow_index(table) < 0 ||
            grow((void **)&table->rows, &table->rows_allocated, table->n_rows + 1, sizeof(*table->rows)) < 0 ||
            grow((void **)&table->cells, &table->cells_allocated, table->n_cells + table->n_params,
                 sizeof(*table->cells)) < 0)
                return -ENOMEM;
        at = find(table, &key);
        if (table->index[at] != 0) {
                *ret_line = table->rows[table->index[at] - 1].line;
                return CW_OVERRIDE_DUPLICATE;
        }
        if (key.source && intern(table, key.source, &key.source) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < table->n_params; i++)
                if (row->given[i] && add_cell(table, i, &row->params[i]) < 0)
                        return -ENOMEM;
        added.key = key;
        added.n = (uint32_t)table->n_cells - added.first;
        table->rows[table->n_rows++] = added;
        table->index[at] = (uint32_t)table->n_rows;
        table->patterns |= (uint16_t)(1u << key.pattern);
        return 0;
}

/* An amount where the rule has a plain number stays one, and is in its own currency. */
static struct cw_value value_of(enum cw_value_type type, const struct cell *cell)
{
        struct cw_value value = {.type = type, .known = true};

        if (type == CW_VALUE_NUMBER && cell->currency[0])
                value.type = CW_VALUE_AMOUNT;
        switch (value.type) {
        case CW_VALUE_BOOL:
                value.boolean = cell->count != 0;
                break;
        case CW_VALUE_NUMBER:
        case CW_VALUE_AMOUNT:
                value.number = cell->count;
                memcpy(value.currency, cell->currency, sizeof(value.currency));
                break;
        case CW_VALUE_DURATION:
                value.duration_ms = cell->count;
                break;
        case CW_VALUE_INTEGER:
                value.integer = cell->count;
                break;
        case CW_VALUE_STRING:
                value.string = cell->text;
                break;
        }
        return value;
}

static const struct row *first_match(const struct cw_override_table *table, const char *source,
                                     const struct cw_card *card)
{
        uint32_t first = UINT32_MAX;

        for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
                struct key key;
                uint32_t found;

                if (!(table->patterns & (1u << pattern)))
                        continue;
                key = key_of(pattern, source, card->customer, card->id, card->currency);
                found = table->index[find(table, &key)];
                if (found != 0 && found < first)
                        first = found;
        }
        return first == UINT32_MAX ? NULL : &table->rows[first - 1];
}

bool cw_override_table_apply(const struct cw_override_table *table, const char *source, const struct cw_card *card,
                             struct cw_value *params)
{
        const struct row *row = first_match(table, source, card);

        for (uint32_t i = 0; row && i < row->n; i++) {
                const struct cell *cell = &table->cells[row->first + i];

                params[cell->param] = value_of(table->params[cell->param].type, cell);
        }
        return row != NULL;
}

size_t cw_override_table_rows(const struct cw_override_table *table)
{
        return table->n_rows;
}

int64_t cw_override_table_longest_ms(const struct cw_override_table *table, size_t param)
{
        return table->params[param].longest_ms;
}

void cw_override_table_meaning(const struct cw_override_table *table, struct cw_hash *hash)
{
        /* Rows of one pattern exclude each other, so that their order says nothing. */
        bool ordered = table->patterns & (table->patterns - 1u);
        uint64_t sum = 0;

        for (size_t i = 0; i < table->n_rows; i++) {
                const struct row *row = &table->rows[i];
                struct cw_hash one;

                cw_hash_init(&one, CW_HASH_KEY_DERIVED);
                cw_hash_u64(&one, ordered ? i + 1 : 0);
                cw_hash_u64(&one, hash_key(&row->key));
                for (uint32_t j = 0; j < row->n; j++) {
                        const struct cell *cell = &table->cells[row->first + j];
                        struct cw_value value = value_of(table->params[cell->param].type, cell);

                        cw_hash_u64(&one, cell->param);
                        cw_value_meaning(&value, &one);
                }
                sum += cw_hash_end(&one);
        }
        cw_hash_u64(hash, table->n_rows);
        cw_hash_u64(hash, sum);
}
