/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_RENDER_JSON_H
#define CARDWATCH_CODEC_RENDER_JSON_H

#include "cardwatch/json_out.h"
#include "cardwatch/notice.h"

struct cw_render_options;

/*
 * The members of the contract, shared by the body itself and by the data that templates see.
 */

/* All of the message before its alerts. */
void cw_render_json_head(struct cw_json_out *out, const struct cw_notice *notice, const char *title);

/* All of one alert; `summary` NULL leaves the words out: a template cannot see itself. */
void cw_render_json_entry(struct cw_json_out *out, const struct cw_item *item, const struct cw_render_options *options,
                          const char *summary, const char *description);

#endif
