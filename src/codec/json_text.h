/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_JSON_TEXT_H
#define CARDWATCH_CODEC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * JSON text: the inside of a string that the strict pass (strict_json.h) has accepted, read where it stands.
 *
 * All functions take what lies between the quotes and rely on its escapes being whole. Nothing is allocated, except by
 * the buffer of cw_json_text_append.
 */

/* Four hexadecimal digits at `text`, or -1. */
int32_t cw_json_text_hex4(const char *text);

/*
 * The first character of `text` (at least one byte): a code point for an escape (a surrogate pair is one), else the
 * byte as it is, so that a raw character beyond ASCII comes in several steps. Returns how many bytes of `text` it took.
 */
size_t cw_json_text_next(const char *text, size_t len, uint32_t *ret_character);

/* Whether the text is `name` (ASCII), upper and lower case alike. */
bool cw_json_text_is(const char *text, size_t len, const char *name);

/* Appends the text with its escapes resolved, as UTF-8. */
void cw_json_text_append(const char *text, size_t len, struct cw_buf *buf);

#endif
