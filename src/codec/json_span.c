/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: in bytes known to be JSON a value ends where its brackets balance, and only strings can hide a bracket. */
#include "json_span.h"

#include <string.h>

#include "json_text.h"

/* What json-c takes for an object with its table of members, for an array, and for any other value with its key. */
#define WEIGHT_OBJECT 1024
#define WEIGHT_ARRAY  512
#define WEIGHT_OTHER  128

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_space(const char *at, const char *end)
{
        while (at < end && is_space(*at))
                at++;
        return at;
}

/* From the opening quote to behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
        for (at++; at < end && *at != '"'; at++)
                if (*at == '\\')
                        at++;
        return at < end ? at + 1 : end;
}

static const char *skip_scalar(const char *at, const char *end)
{
        if (*at == '"')
                return skip_string(at, end);
        while (at < end && !is_space(*at) && *at != ',' && *at != ']' && *at != '}')
                at++;
        return at;
}

static struct cw_json_span read_value(const char *at, const char *end)
{
        struct cw_json_span span = {.text = at};
        size_t depth = 0;

        do {
                at = skip_space(at, end);
                if (at == end)
                        break;
                if (*at == '{' || *at == '[') {
                        span.weight += *at++ == '{' ? WEIGHT_OBJECT : WEIGHT_ARRAY;
                        depth++;
                } else if (*at == '}' || *at == ']') {
                        at++;
                        depth--;
                } else if (*at == ',' || *at == ':') {
                        at++;
                } else {
                        at = skip_scalar(at, end);
                        span.weight += WEIGHT_OTHER;
                }
        } while (depth > 0);
        span.len = (size_t)(at - span.text);
        span.weight += span.len;
        return span;
}

char cw_json_span_kind(const struct cw_json_span *span)
{
        char c = span->len > 0 ? span->text[0] : 'n';

        return strchr("{[\"tfn", c) ? c : '0';
}

struct cw_json_span cw_json_span_of(const char *bytes, size_t len)
{
        const char *end = bytes + len;

        return read_value(skip_space(bytes, end), end);
}

struct cw_json_walk cw_json_walk_begin(const struct cw_json_span *container)
{
        return (struct cw_json_walk){.at = container->text + 1, .end = container->text + container->len - 1};
}

bool cw_json_walk_element(struct cw_json_walk *walk, struct cw_json_span *ret_value)
{
        walk->at = skip_space(walk->at, walk->end);
        if (walk->at < walk->end && *walk->at == ',')
                walk->at = skip_space(walk->at + 1, walk->end);
        if (walk->at >= walk->end)
                return false;
        *ret_value = read_value(walk->at, walk->end);
        walk->at += ret_value->len;
        return true;
}

bool cw_json_walk_member(struct cw_json_walk *walk, struct cw_json_span *ret_key, struct cw_json_span *ret_value)
{
        if (!cw_json_walk_element(walk, ret_key))
                return false;
        walk->at = skip_space(walk->at, walk->end);
        walk->at = skip_space(walk->at + 1, walk->end); /* the colon */
        *ret_value = read_value(walk->at, walk->end);
        walk->at += ret_value->len;
        return true;
}

int cw_json_span_member(const struct cw_json_span *object, const char *name, struct cw_json_span *ret_value)
{
        struct cw_json_walk walk = cw_json_walk_begin(object);
        struct cw_json_span key, value, found;
        int hits = 0;

        while (cw_json_walk_member(&walk, &key, &value)) {
                if (!cw_json_span_is(&key, name))
                        continue;
                found = value;
                hits++;
        }
        if (hits == 1)
                *ret_value = found;
        return hits == 1 ? 0 : hits == 0 ? 1 : 2;
}

void cw_json_span_count(const struct cw_json_span *object, const char *const *names, size_t n, unsigned *ret_counts,
                        struct cw_json_span *ret_values)
{
        struct cw_json_walk walk = cw_json_walk_begin(object);
        struct cw_json_span key, value;

        memset(ret_counts, 0, n * sizeof(*ret_counts));
        while (cw_json_walk_member(&walk, &key, &value)) {
                for (size_t i = 0; i < n; i++) {
                        if (!cw_json_span_is(&key, names[i]))
                                continue;
                        ret_counts[i]++;
                        ret_values[i] = value;
                }
        }
}

bool cw_json_span_is(const struct cw_json_span *span, const char *text)
{
        return cw_json_span_kind(span) == '"' && cw_json_text_is(span->text + 1, span->len - 2, text);
}
