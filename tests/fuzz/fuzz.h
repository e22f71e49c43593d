/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_FUZZ_H
#define CARDWATCH_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Fuzz: what every target offers: one function that takes any bytes and returns, or ends the process because something
 * that must hold does not.
 *
 * libFuzzer calls it in the preset `fuzz`; in the others replay.c calls it with every file of
 * tests/fuzz/corpus/<target>.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In every build, unlike assert. */
#define must(condition)                                                                                                \
        do {                                                                                                           \
                if (!(condition)) {                                                                                    \
                        fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition);                     \
                        abort();                                                                                       \
                }                                                                                                      \
        } while (0)

/* A copy of exactly these bytes, so that reading beyond them is seen; with a NUL behind them, or without. */
static inline char *fuzz_copy(const uint8_t *data, size_t size, int with_nul)
{
        char *copy = malloc(size + (with_nul ? 1 : size == 0));

        must(copy);
        if (size > 0)
                memcpy(copy, data, size);
        if (with_nul)
                copy[size] = '\0';
        return copy;
}

#endif
