/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_PROVIDER_FIELD_H
#define CARDWATCH_CODEC_PROVIDER_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/money.h"

struct json_object;

/*
 * Provider field: one value of json-c's tree as what it must be, or the reason why it cannot be trusted.
 *
 * The reasons are static texts that follow the field's name in a sentence ("is missing") and never show the value. NULL
 * means that the field is fine; results are untouched otherwise. Relies on the strict pass having seen the bytes before
 * json-c did.
 */

/* The member `name`, or else `alias` (NULL: none), in any case. */
const char *cw_provider_field(struct json_object *object, const char *name, const char *alias,
                              struct json_object **ret_value);

const char *cw_provider_field_id(struct json_object *value, int64_t *ret_id);

/* A number or a number in a string, from its own text. */
const char *cw_provider_field_amount(struct json_object *value, cw_amount *ret_amount);

const char *cw_provider_field_currency(struct json_object *value, char ret_currency[static 4]);
const char *cw_provider_field_bool(struct json_object *value, bool *ret_bool);

/* Always an answer: "" for what does not end in four digits. */
void cw_provider_field_last4(struct json_object *value, char ret_last4[static 5]);

#endif
