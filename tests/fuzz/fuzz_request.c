/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the control API's requests: the JSON reader walks whatever it accepted. */
#include <errno.h>

#include "cardwatch/buf.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *bytes = fuzz_copy(data, size, 0);
        struct cw_buf why = CW_BUF_NULL;
        struct cw_json top;
        int r = cw_json_read(bytes, size, &top, &why);

        must(r == 0 || r == -EBADMSG);
        if (r == 0)
                walk(&top, 0);
        else
                must(why.len > 0);
        cw_buf_deinit(&why);
        free(bytes);
        return 0;
}
