/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TEXT_H
#define CARDWATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Text: small questions about strings that several layers ask. Everything is UTF-8 and independent of the locale.
 */

/* Length of the longest valid UTF-8 prefix (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
size_t cw_text_valid_utf8(const char *text, size_t len);

/* Bytes of the longest prefix with at most `characters` characters. */
size_t cw_text_prefix(const char *text, size_t len, size_t characters);

/* Whether both are missing (NULL), or both there with the same bytes. */
static inline bool cw_text_same(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* ASCII case-insensitive. */
bool cw_text_equal_nocase(const char *a, const char *b);

/* Glob with `*` and `?` (one character), the whole text, case-sensitive; `\` takes the next character literally. Linear
 * space, no recursion: hostile patterns cost at most pattern times text. */
bool cw_text_glob(const char *pattern, const char *text);

/* Edit distance (insert, delete, replace, swap of neighbours), at most `limit` + 1; for "did you mean". */
unsigned cw_text_distance(const char *a, const char *b, unsigned limit);

/* The candidate nearest to `word` if it is near enough to be meant, else NULL. */
const char *cw_text_nearest(const char *word, const char *const *candidates, size_t n_candidates);

#endif
