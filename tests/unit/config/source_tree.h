/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_SOURCE_TREE_H
#define CARDWATCH_TESTS_SOURCE_TREE_H

#include "loading.h"

/*
 * Source tree, for tests: the documents as they are checked in.
 */

/* A file of the source tree, by its name from there. */
static inline void read_source(const char *name, struct cw_buf *buf)
{
        struct cw_buf path = CW_BUF_NULL;
        FILE *file;
        int c;

        cw_buf_printf(&path, "%s/%s", SOURCE_TREE, name);
        file = fopen(cw_buf_text(&path), "r");
        assert_non_null(file);
        while ((c = fgetc(file)) != EOF)
                cw_buf_putc(buf, (char)c);
        fclose(file);
        cw_buf_deinit(&path);
}

#endif
