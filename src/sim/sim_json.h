/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_JSON_H
#define CARDWATCH_SIM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cardwatch/cleanup.h>

struct cw_buf;

/*
 * Sim JSON: reads what is said to the simulator (control calls, scripts, posted messages).
 *
 * The one place of the simulator that knows json-c. It is not the decoder of the product and shares nothing with it, so
 * that the two cannot be wrong in the same way. A tree belongs to whoever parsed it; nodes and texts live as long as
 * the tree.
 */

struct cw_sim_json;

enum cw_sim_json_kind {
        CW_SIM_JSON_NULL,
        CW_SIM_JSON_BOOL,
        CW_SIM_JSON_NUMBER,
        CW_SIM_JSON_STRING,
        CW_SIM_JSON_ARRAY,
        CW_SIM_JSON_OBJECT,
};

/* Reads one value and nothing after it. -EINVAL: no JSON, with the reason appended to `why` (may be NULL). -ENOMEM. */
int cw_sim_json_parse(const char *text, size_t len, struct cw_buf *why, struct cw_sim_json **ret_json)
        __attribute__((warn_unused_result));
void cw_sim_json_free(struct cw_sim_json *json);
CW_DEFINE_CLEANUP(struct cw_sim_json *, cw_sim_json_free);

/* NULL, for a member that is not there, has the kind null. */
enum cw_sim_json_kind cw_sim_json_kind(const struct cw_sim_json *json);

/* The member of an object. False when there is none, or `json` is no object; a null member is there with *ret_value
 * NULL. */
bool cw_sim_json_member(const struct cw_sim_json *json, const char *name, const struct cw_sim_json **ret_value);

/* Walks an object: start with *cursor = NULL; false at the end. */
bool cw_sim_json_next(const struct cw_sim_json *json, const void **cursor, const char **ret_name,
                      const struct cw_sim_json **ret_value);

/* Elements of an array; 0 of anything else. */
size_t cw_sim_json_length(const struct cw_sim_json *json);
const struct cw_sim_json *cw_sim_json_at(const struct cw_sim_json *json, size_t i);

/* The content of a string, or a number or boolean as it was written; NULL of anything else. */
const char *cw_sim_json_text(const struct cw_sim_json *json);

/* -EINVAL: no number that is an integer of 64 bits. */
int cw_sim_json_int(const struct cw_sim_json *json, int64_t *ret_value) __attribute__((warn_unused_result));

/* Appends it indented, for people. */
void cw_sim_json_pretty(const struct cw_sim_json *json, struct cw_buf *buf);

/* Appends `text` as a JSON string; bytes that are no UTF-8 become U+FFFD. */
void cw_sim_json_quote(struct cw_buf *buf, const char *text, size_t len);

#endif
