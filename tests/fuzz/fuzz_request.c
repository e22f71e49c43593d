/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the control API's requests: the JSON reader walks whatever it accepted, and the fields of its routes are
 * read from it, from a query of the same bytes, and as a cursor and a fingerprint. */
#include <errno.h>
#include <string.h>

#include "../../src/daemon/control_input.h"
#include "cardwatch/alert_match.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/httpd.h"
#include "cardwatch/json_in.h"
#include "fuzz.h"

static void walk(const struct cw_json *value, unsigned depth)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json name = {0}, inner, found;
        int64_t number;
        size_t before;
        bool flag;

        must(value->len > 0);
        must(cw_json_string(value, &text) == (cw_json_kind(value) == CW_JSON_STRING));
        must(!cw_json_bool(value, &flag) || cw_json_kind(value) == CW_JSON_BOOLEAN);
        must(!cw_json_int(value, &number) || cw_json_kind(value) == CW_JSON_NUMBER);
        (void)cw_json_member(value, "by", &found);
        for (size_t cursor = 0; before = cursor, depth < 100 && cw_json_next(value, &cursor, &name, &inner);) {
                must(cursor > before && inner.text > value->text);
                must(inner.text + inner.len < value->text + value->len);
                walk(&inner, depth + 1);
        }
        cw_buf_deinit(&text);
}

struct said {
        struct cw_buf by, why;
        bool all;
        int64_t until_at, for_ms, limit;
        struct cw_control_terms terms;
};

static void check_said(const struct said *said, bool good, const struct cw_buf *complaint)
{
        struct cw_buf words = CW_BUF_NULL;
        struct cw_alert_match *match = NULL;

        must(good == (complaint->len == 0));
        must(said->by.len <= 100 && said->why.len <= 1000 && said->limit >= 0 && said->limit <= 1000);
        must(said->terms.n <= CW_ALERT_MATCH_TERMS_MAX);
        must(said->by.len == 0 || strlen(cw_buf_text(&said->by)) == said->by.len);
        if (cw_control_parse_terms(&said->terms, &match, &words))
                must(cw_alert_match_is_everything(match) == (said->terms.n == 0));
        else
                must(words.len > 0);
        cw_alert_match_free(match);
        cw_buf_deinit(&words);
}

static void read_fields(const char *bytes, size_t size, bool query)
{
        struct said said = {.all = false};
        struct cw_buf complaint = CW_BUF_NULL;
        const struct cw_control_field fields[] = {
                {"by", CW_CONTROL_LINE, &said.by, 100},        {"why", CW_CONTROL_LINE, &said.why, 1000},
                {"all", CW_CONTROL_BOOL, &said.all, 0},        {"until", CW_CONTROL_TIME, &said.until_at, 0},
                {"for", CW_CONTROL_DURATION, &said.for_ms, 0}, {"limit", CW_CONTROL_COUNT, &said.limit, 1000},
                {"match", CW_CONTROL_TERMS, &said.terms, 0},
        };
        struct cw_httpd_argument arguments[CW_ARRAY_SIZE(fields)];
        char *value = fuzz_copy((const uint8_t *)bytes, size, 1);
        int64_t numbers[3];
        uint64_t hex;

        (void)cw_control_read_cursor(value, numbers, 3);
        (void)cw_control_read_hex64(bytes, size, &hex);
        if (!query) {
                check_said(&said, cw_control_read_body(bytes, size, fields, CW_ARRAY_SIZE(fields), &complaint),
                           &complaint);
        } else {
                /* The first byte says which argument it is. */
                arguments[0] = (struct cw_httpd_argument){
                        fields[size ? (unsigned char)*bytes % CW_ARRAY_SIZE(fields) : 0].name,
                        size ? value + 1 : value};
                check_said(&said, cw_control_read_query(arguments, 1, fields, CW_ARRAY_SIZE(fields), &complaint),
                           &complaint);
        }
        cw_buf_deinit(&said.by);
        cw_buf_deinit(&said.why);
        cw_buf_deinit(&said.terms.text);
        cw_buf_deinit(&complaint);
        free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *bytes = fuzz_copy(data, size, 0), *again = fuzz_copy(data, size, 0);
        struct cw_buf why = CW_BUF_NULL;
        struct cw_json top;
        int r = cw_json_read(bytes, size, &top, &why);

        must(r == 0 || r == -EBADMSG);
        if (r == 0)
                walk(&top, 0);
        else
                must(why.len > 0);
        read_fields(again, size, false);
        read_fields(again, size, true);
        cw_buf_deinit(&why);
        free(again);
        free(bytes);
        return 0;
}
