/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>

#include "sim_json.h"

static int refuse(struct cw_buf *why, const struct cw_sim_row *row, const char *wanted)
{
        cw_buf_printf(why, "\"%s\" must be %s", row->name, wanted);
        return -EINVAL;
}

static int read_int(const struct cw_sim_json *value, const struct cw_sim_row *row, struct cw_buf *why)
{
        int64_t number;

        if (cw_sim_json_int(value, &number) < 0)
                return refuse(why, row, "a whole number");
        if (number < row->least || number > row->most) {
                cw_buf_printf(why, "\"%s\" must be from %" PRId64 " to %" PRId64, row->name, row->least, row->most);
                return -EINVAL;
        }
        *(int64_t *)row->place = number;
        return 0;
}

static int read_text(const struct cw_sim_json *value, const struct cw_sim_row *row, struct cw_buf *why)
{
        enum cw_sim_json_kind kind = cw_sim_json_kind(value);
        char **place = row->place;
        char *copy;

        if (kind == CW_SIM_JSON_NULL && row->type == CW_SIM_TYPE_STRING)
                return 0;
        if (kind != CW_SIM_JSON_STRING && (kind != CW_SIM_JSON_NUMBER || row->type == CW_SIM_TYPE_STRING))
                return refuse(why, row, row->type == CW_SIM_TYPE_STRING ? "a string" : "a number or a string");
        copy = strdup(cw_sim_json_text(value));
        if (!copy)
                return -ENOMEM;
        free(*place);
        *place = copy;
        return 0;
}

static int read_word(const struct cw_sim_json *value, const struct cw_sim_row *row, struct cw_buf *why)
{
        const char *text = cw_sim_json_kind(value) == CW_SIM_JSON_STRING ? cw_sim_json_text(value) : NULL;

        for (size_t i = 0; text && row->words[i]; i++) {
                if (strcmp(row->words[i], text) == 0) {
                        *(int64_t *)row->place = (int64_t)i;
                        return 0;
                }
        }
        cw_buf_printf(why, "\"%s\" must be one of", row->name);
        for (size_t i = 0; row->words[i]; i++)
                cw_buf_printf(why, "%s %s", i ? "," : "", row->words[i]);
        return -EINVAL;
}

static int read_value(const struct cw_sim_json *value, const struct cw_sim_row *row, struct cw_buf *why)
{
        switch (row->type) {
        case CW_SIM_TYPE_INT:
                return read_int(value, row, why);
        case CW_SIM_TYPE_STRING:
        case CW_SIM_TYPE_TEXT:
                return read_text(value, row, why);
        case CW_SIM_TYPE_BOOL:
                if (cw_sim_json_kind(value) != CW_SIM_JSON_BOOL)
                        return refuse(why, row, "true or false");
                *(int64_t *)row->place = strcmp(cw_sim_json_text(value), "true") == 0;
                return 0;
        case CW_SIM_TYPE_WORD:
                return read_word(value, row, why);
        case CW_SIM_TYPE_JSON:
                *(const struct cw_sim_json **)row->place = value;
                return 0;
        case CW_SIM_TYPE_SKIP:
                return 0;
        }
        return -EINVAL;
}

int cw_sim_fields_read(const struct cw_sim_json *json, const struct cw_sim_row *rows, size_t n_rows, struct cw_buf *why)
{
        const struct cw_sim_json *value;
        const void *cursor = NULL;
        const char *name;

        if (cw_sim_json_kind(json) != CW_SIM_JSON_OBJECT) {
                cw_buf_puts(why, "an object is wanted");
                return -EINVAL;
        }
        while (cw_sim_json_next(json, &cursor, &name, &value)) {
                size_t i = 0;
                int r;

                while (i < n_rows && strcmp(rows[i].name, name) != 0)
                        i++;
                if (i == n_rows) {
                        cw_buf_printf(why, "\"%.64s\" is not known here", name);
                        return -EINVAL;
                }
                r = read_value(value, &rows[i], why);
                if (r < 0)
                        return r;
        }
        return 0;
}
