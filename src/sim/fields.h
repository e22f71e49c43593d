/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_FIELDS_H
#define CARDWATCH_SIM_FIELDS_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_sim_json;

/*
 * Fields: a JSON object read by a table of its members.
 *
 * What the simulator is told is never half understood: a member that is not in the table, or of another type, is
 * refused with a reason that names it. A member that is not there leaves its place as it was.
 */

enum cw_sim_field_type {
        CW_SIM_TYPE_INT, /* int64_t, within least and most */
        CW_SIM_TYPE_STRING, /* char *, malloc'd; null leaves it */
        CW_SIM_TYPE_TEXT, /* char *, malloc'd: a string, or a number as it was written */
        CW_SIM_TYPE_BOOL, /* int64_t, 0 or 1 */
        CW_SIM_TYPE_WORD, /* int64_t: the place of the string among `words` */
        CW_SIM_TYPE_JSON, /* const struct cw_sim_json * into the tree; null gives NULL */
        CW_SIM_TYPE_SKIP, /* somebody else reads it */
};

struct cw_sim_row {
        const char *name;
        enum cw_sim_field_type type;
        void *place;
        int64_t least, most;
        const char *const *words; /* ends with NULL */
};

/* -EINVAL with the reason appended to `why`, -ENOMEM. What was read until then stays in its places. */
int cw_sim_fields_read(const struct cw_sim_json *json, const struct cw_sim_row *rows, size_t n_rows, struct cw_buf *why)
        __attribute__((warn_unused_result));

#endif
