/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a mistake that somebody will make is a row. */
#include "expr_advice.h"

#include <stdbool.h>

#include "cardwatch/cleanup.h"

struct advice {
        const char *words; /* separated by spaces */
        const char *text;
};

#define UNITS "ms s m h d w min mins minute minutes sec secs second seconds hour hours hr hrs day days week weeks"

static const struct advice operators[] = {
        {UNITS, "a unit stands right behind its number, and is `ms`, `s`, `m`, `h` or `d`: `5m`"},
        {"is", "write `==` to compare; there is no null: what is not known makes the condition unknown"},
        {"between", "write `available >= 1 and available <= 5`"},
        {"of", "write `*`: `20% * total`"},
        {"xor", "write `!=` between two conditions in parentheses"},
        {"matches match contains contain startswith endswith starts ends regex regexp similar glob ilike",
         "write `like` and a pattern: `reference like \"*acme*\"`"},
        {"less lower below under lt smaller fewer", "write `<` or `<=`"},
        {"greater more above over gt larger higher exceeds", "write `>` or `>=`"},
        {"le lte ge gte", "write `<=` or `>=`"},
        {"equals equal eq", "write `==`"},
        {"ne neq differs", "write `!=`"},
        {"plus", "write `+`"},
        {"minus", "write `-`"},
        {"times x", "write `*`"},
        {"mod div", "write `/`; there are no remainders"},
        {"percent", "write `%` right behind the number: `20%`"},
        {"for", "how long a condition must last is said by the rule's key `for:`"},
        {"then else if unless when where", "write the condition alone"},
        {"within during since", "a window is an argument: `delta(available, 1h)`"},
};

static const struct advice names[] = {
        {"null nil none nan undefined unknown",
         "what is not known makes the condition unknown, and no reference is `\"\"`"},
        {"for", "how long a condition must last is said by the rule's key `for:`"},
        {"if when where unless", "write the condition alone"},
        {"now today time date hour weekday", "how long ago something was is said by `age` or `unchanged(available)`"},
        {"balance amount credit funds money value", "write `available`, `pending` or `total`"},
        {"deactivated blocked active inactive enabled disabled status locked suspended", "write `suppressed`"},
        {"id number pan", "write `card`"},
        {"ref name description", "write `reference`"},
        {"count", "write `changes(available, 24h)`"},
        {"sum", "write `spent(24h)` or `added(24h)`"},
        {"average mean median", "write `avg(available, 24h)`"},
        {"minimum lowest least", "write `min(available, 24h)`"},
        {"maximum highest greatest peak", "write `max(available, 24h)`"},
        {"diff difference change increase decrease", "write `delta(available)` or `delta(available, 1h)`"},
        {"prev last old before", "write `previous.available`"},
        {"yes", "write `true`"},
        {"no", "write `false`"},
};

static const struct advice suffixes[] = {
        {"k m g b t mio mrd", "write the number out: `10000`"},
        {UNITS, "the units of durations are `ms`, `s`, `m`, `h` and `d`: `30s`, `5m`, `2h`, `14d`"},
        {"x", "write `*`: `3 * available`"},
};

static char lower(char c)
{
        return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool holds(const char *words, const char *word, size_t len)
{
        for (const char *at = words; *at;) {
                size_t n = 0, same = 0;

                while (at[n] && at[n] != ' ')
                        n++;
                while (same < n && same < len && at[same] == lower(word[same]))
                        same++;
                if (n == len && same == len)
                        return true;
                at += n + (at[n] == ' ');
        }
        return false;
}

static const char *find(const struct advice *table, size_t n, const char *word, size_t len)
{
        for (size_t i = 0; i < n; i++)
                if (holds(table[i].words, word, len))
                        return table[i].text;
        return NULL;
}

const char *cw_advice_operator(const char *word, size_t len)
{
        return find(operators, CW_ARRAY_SIZE(operators), word, len);
}

const char *cw_advice_name(const char *word, size_t len)
{
        return find(names, CW_ARRAY_SIZE(names), word, len);
}

const char *cw_advice_suffix(const char *word, size_t len)
{
        return find(suffixes, CW_ARRAY_SIZE(suffixes), word, len);
}
