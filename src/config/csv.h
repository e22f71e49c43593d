/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_CSV_H
#define CARDWATCH_CONFIG_CSV_H

#include <stddef.h>

/*
 * CSV: the bytes of a file as rows of cells (RFC 4180: commas, quotes, lines that end with CR LF or LF).
 *
 * Spaces around a cell that is not quoted are no part of it; rows of which every cell is empty are left out, as
 * spreadsheets leave them behind. It knows nothing of what cells mean. The text must outlive the cells, which point
 * into it where they can and into the row's own scratch where a doubled quote stood.
 */

struct cw_csv_cell {
        const char *text; /* not NUL-terminated */
        size_t len;
        size_t offset, source_len; /* where it stands in the text, quotes included */
};

struct cw_csv {
        const char *text;
        size_t len, at;
        char *scratch; /* of the present row */
        size_t scratch_len;
};

struct cw_csv_row {
        struct cw_csv_cell *cells; /* the first `most` of them */
        size_t most, n; /* n: how many there are, also above most */
        size_t offset; /* of the row */
};

enum cw_csv_fault {
        CW_CSV_NO_FAULT,
        CW_CSV_OPEN_QUOTE, /* never closed: nothing can be read behind it */
        CW_CSV_AFTER_QUOTE, /* something follows a closing quote */
        CW_CSV_STRAY_QUOTE, /* within a cell that does not begin with one */
};

struct cw_csv_error {
        enum cw_csv_fault fault;
        size_t offset;
};

/* An outcome: there are no more rows. */
#define CW_CSV_END 1

/*
 * Reads the next row into `row`, whose `cells` and `most` the caller has set. A fault is in *ret_error and the row is
 * good for nothing, but the next one can be read. -ENOMEM.
 */
int cw_csv_next(struct cw_csv *csv, struct cw_csv_row *row, struct cw_csv_error *ret_error)
        __attribute__((warn_unused_result));

void cw_csv_deinit(struct cw_csv *csv);

#endif
