/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: each question is one pass over the bytes with a few numbers of state; nothing here allocates or knows a locale.
 */
#include "cardwatch/text.h"

#include <stdint.h>
#include <string.h>

/* Words longer than this are nobody's misspelling of a key. */
#define DISTANCE_MAX_LEN 64

/* Length of the character at `text` (1 to 4), 0 if it is not valid. RFC 3629, section 4. */
static size_t character_len(const unsigned char *text, size_t len)
{
        unsigned char low = 0x80, high = 0xbf;
        size_t n;

        if (text[0] < 0x80)
                return 1;
        if (text[0] >= 0xc2 && text[0] <= 0xdf)
                n = 2;
        else if (text[0] >= 0xe0 && text[0] <= 0xef)
                n = 3;
        else if (text[0] >= 0xf0 && text[0] <= 0xf4)
                n = 4;
        else
                return 0;
        if (len < n)
                return 0;

        /* The second byte is where overlong forms, surrogates and what lies beyond U+10FFFF are told. */
        if (text[0] == 0xe0)
                low = 0xa0;
        else if (text[0] == 0xed)
                high = 0x9f;
        else if (text[0] == 0xf0)
                low = 0x90;
        else if (text[0] == 0xf4)
                high = 0x8f;
        if (text[1] < low || text[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

size_t cw_text_valid_utf8(const char *text, size_t len)
{
        size_t i = 0, n;

        while (i < len) {
                n = character_len((const unsigned char *)text + i, len - i);
                if (n == 0)
                        break;
                i += n;
        }
        return i;
}

size_t cw_text_prefix(const char *text, size_t len, size_t characters)
{
        size_t i = 0, n;

        for (; i < len && characters > 0; characters--) {
                n = character_len((const unsigned char *)text + i, len - i);
                i += n ? n : 1;
        }
        return i;
}

static unsigned char lower(char c)
{
        return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool cw_text_equal_nocase(const char *a, const char *b)
{
        while (*a && lower(*a) == lower(*b)) {
                a++;
                b++;
        }
        return lower(*a) == lower(*b);
}

/* Bytes of the character at the start of a string that is not empty; an invalid byte counts as one. */
static size_t step(const char *text)
{
        size_t n = character_len((const unsigned char *)text, strnlen(text, 4));

        return n ? n : 1;
}

/* Matches one item of the pattern that is no star. Returns whether it did, and moves both on. */
static bool match_one(const char **pattern, const char **text)
{
        const char *p = *pattern;

        if (!**text || !*p)
                return false;
        if (*p == '?') {
                *pattern = p + 1;
                *text += step(*text);
                return true;
        }
        if (*p == '\\' && p[1])
                p++;
        if (*p != **text)
                return false;
        *pattern = p + 1;
        (*text)++;
        return true;
}

/* Only the last star is ever tried again: an earlier one that took more could match nothing that this one cannot. */
bool cw_text_glob(const char *pattern, const char *text)
{
        const char *after_star = NULL, *retry = NULL;

        for (;;) {
                if (*pattern == '*') {
                        while (*pattern == '*')
                                pattern++;
                        after_star = pattern;
                        retry = text;
                        if (!*pattern)
                                return true;
                } else if (!*text && !*pattern) {
                        return true;
                } else if (!match_one(&pattern, &text)) {
                        if (!after_star || !*retry)
                                return false;
                        retry += step(retry);
                        text = retry;
                        pattern = after_star;
                }
        }
}

static unsigned least(unsigned a, unsigned b)
{
        return a < b ? a : b;
}

/* Optimal string alignment in three rows. */
unsigned cw_text_distance(const char *a, const char *b, unsigned limit)
{
        unsigned rows[3][DISTANCE_MAX_LEN + 1];
        unsigned *before = rows[0], *last = rows[1], *row = rows[2];
        size_t n_a = strlen(a), n_b = strlen(b);

        if (n_a > DISTANCE_MAX_LEN || n_b > DISTANCE_MAX_LEN)
                return strcmp(a, b) == 0 ? 0 : limit + 1;
        for (size_t j = 0; j <= n_b; j++)
                last[j] = before[j] = (unsigned)j;
        for (size_t i = 1; i <= n_a; i++) {
                unsigned *free_row = before;

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= n_b; j++) {
                        row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
                        row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                row[j] = least(row[j], before[j - 2] + 1);
                }
                before = last;
                last = row;
                row = free_row;
        }
        return least(last[n_b], limit + 1);
}

const char *cw_text_nearest(const char *word, const char *const *candidates, size_t n_candidates)
{
        size_t len = strlen(word);
        unsigned distance, nearest = len <= 3 ? 1 : len <= 6 ? 2 : 3;
        const char *found = NULL;

        for (size_t i = 0; i < n_candidates; i++) {
                distance = cw_text_distance(word, candidates[i], nearest);
                /* A word of which nothing is left is no misspelling. */
                if (distance > nearest || distance >= len || distance >= strlen(candidates[i]))
                        continue;
                if (found && distance == nearest)
                        continue;
                found = candidates[i];
                nearest = distance;
        }
        return found;
}
