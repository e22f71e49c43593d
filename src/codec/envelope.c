/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one walk over the outermost members finds all that is known by name; each is then judged for itself. */
#include "envelope.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/provider.h"

#include "json_text.h"
#include "strict_json.h"

/* No honest count has more digits, and none of these overflows. */
#define COUNT_DIGITS_MAX 18

/* A code is a word. Longer runs of digits in one are somebody's number and no business of the log's. */
#define CODE_DIGITS_MAX 4

enum member { STATUS, ERRORS, DETAILS, PAGE_SIZE, PAGE_NUMBER, NUMBER_OF_PAGES, N_MEMBERS };

static const char *const member_names[N_MEMBERS] = {
        [STATUS] = "status",      [ERRORS] = "errors",          [DETAILS] = "details",
        [PAGE_SIZE] = "pageSize", [PAGE_NUMBER] = "pageNumber", [NUMBER_OF_PAGES] = "numberOfPages",
};

struct members {
        struct cw_json_span spans[N_MEMBERS];
        bool there[N_MEMBERS]; /* and not null */
};

int cw_envelope_malformed(struct cw_provider_error *ret_error, const char *format, ...)
{
        va_list args;

        ret_error->code[0] = '\0';
        ret_error->field[0] = '\0';
        va_start(args, format);
        vsnprintf(ret_error->reason, sizeof(ret_error->reason), format, args);
        va_end(args);
        return CW_PROVIDER_MALFORMED;
}

static int find_members(const struct cw_json_span *object, struct members *members, struct cw_provider_error *ret_error)
{
        struct cw_json_walk walk = cw_json_walk_begin(object);
        struct cw_json_span key, value;
        bool seen[N_MEMBERS] = {false};

        while (cw_json_walk_member(&walk, &key, &value)) {
                for (size_t i = 0; i < N_MEMBERS; i++) {
                        if (!cw_json_span_is(&key, member_names[i]))
                                continue;
                        if (seen[i])
                                return cw_envelope_malformed(ret_error, "%s stands twice", member_names[i]);
                        seen[i] = true;
                        members->there[i] = cw_json_span_kind(&value) != 'n';
                        members->spans[i] = value;
                }
        }
        return CW_PROVIDER_OK;
}

static void copy_code(const struct cw_json_span *span, char *code, size_t size)
{
        size_t digits = 0, n = 0, len = span->len - 2;
        const char *text = span->text + 1;
        uint32_t c;

        for (size_t i = 0; i < len && n < size - 1;) {
                i += cw_json_text_next(text + i, len - i, &c);
                digits = c >= '0' && c <= '9' ? digits + 1 : 0;
                if (digits > CODE_DIGITS_MAX)
                        code[n++] = '#';
                else
                        code[n++] = c > 0x20 && c < 0x7f && c != '"' && c != '\\' ? (char)c : '_';
        }
        code[n] = '\0';
}

static void copy_member(const struct cw_json_span *object, const char *name, char *text, size_t size)
{
        struct cw_json_span value;

        text[0] = '\0';
        if (cw_json_span_kind(object) == '{' && cw_json_span_member(object, name, &value) == 0 &&
            cw_json_span_kind(&value) == '"')
                copy_code(&value, text, size);
}

/* The first messageCode that there is, and the field that it is about; else "". */
static void read_code(const struct cw_json_span *errors, struct cw_provider_error *ret_error)
{
        struct cw_json_walk walk;
        struct cw_json_span error;

        if (cw_json_span_kind(errors) != '[')
                return;
        walk = cw_json_walk_begin(errors);
        while (ret_error->code[0] == '\0' && cw_json_walk_element(&walk, &error)) {
                copy_member(&error, "messageCode", ret_error->code, sizeof(ret_error->code));
                if (ret_error->code[0])
                        copy_member(&error, "fieldName", ret_error->field, sizeof(ret_error->field));
        }
}

static int refused(const struct members *members, struct cw_provider_error *ret_error)
{
        ret_error->code[0] = '\0';
        ret_error->field[0] = '\0';
        if (members->there[ERRORS])
                read_code(&members->spans[ERRORS], ret_error);
        snprintf(ret_error->reason, sizeof(ret_error->reason), "the API refused: %s",
                 ret_error->code[0] ? ret_error->code : "it gave no code");
        return CW_PROVIDER_REFUSED;
}

static int judge_status(const struct members *members, struct cw_provider_error *ret_error)
{
        const struct cw_json_span *status = &members->spans[STATUS];

        if (!members->there[STATUS])
                return cw_envelope_malformed(ret_error, "the envelope has no status");
        if (cw_json_span_is(status, "1"))
                return CW_PROVIDER_OK;
        if (cw_json_span_is(status, "0"))
                return refused(members, ret_error);
        return cw_envelope_malformed(ret_error, "status is %s, neither \"1\" nor \"0\"",
                                     cw_json_span_kind(status) == '"' ? "another string" : "no string");
}

static int read_count(const struct members *members, enum member member, int64_t *ret_count,
                      struct cw_provider_error *ret_error)
{
        const struct cw_json_span *span = &members->spans[member];
        int64_t count = 0;

        if (!members->there[member]) {
                *ret_count = -1;
                return CW_PROVIDER_OK;
        }
        if (span->len > COUNT_DIGITS_MAX)
                return cw_envelope_malformed(ret_error, "%s is no sensible count", member_names[member]);
        for (size_t i = 0; i < span->len; i++) {
                if (span->text[i] < '0' || span->text[i] > '9')
                        return cw_envelope_malformed(ret_error, "%s is no count", member_names[member]);
                count = count * 10 + (span->text[i] - '0');
        }
        *ret_count = count;
        return CW_PROVIDER_OK;
}

int cw_envelope_read(char *bytes, size_t len, struct cw_envelope *ret_envelope, struct cw_provider_error *ret_error)
{
        struct cw_strict_json_error strict = {0};
        struct cw_envelope envelope = {0};
        struct members members = {0};
        struct cw_json_span object;
        int r = cw_strict_json_check(bytes, len, CW_STRICT_JSON_THEIRS, &strict);

        if (r < 0)
                return r;
        if (r != 0)
                return cw_envelope_malformed(ret_error, "not strict JSON: at byte %zu it %s", strict.offset,
                                             strict.reason);
        object = cw_json_span_of(bytes, len);
        if (cw_json_span_kind(&object) != '{')
                return cw_envelope_malformed(ret_error, "the answer is JSON, but no object");
        r = find_members(&object, &members, ret_error);
        if (r == CW_PROVIDER_OK)
                r = judge_status(&members, ret_error);
        if (r == CW_PROVIDER_OK)
                r = read_count(&members, PAGE_SIZE, &envelope.page_size, ret_error);
        if (r == CW_PROVIDER_OK)
                r = read_count(&members, PAGE_NUMBER, &envelope.page_number, ret_error);
        if (r == CW_PROVIDER_OK)
                r = read_count(&members, NUMBER_OF_PAGES, &envelope.number_of_pages, ret_error);
        if (r != CW_PROVIDER_OK)
                return r;
        envelope.has_details = members.there[DETAILS];
        envelope.details = members.spans[DETAILS];
        *ret_envelope = envelope;
        return CW_PROVIDER_OK;
}
