/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SHAPES_H
#define CARDWATCH_CONFIG_SHAPES_H

#include "schema.h"

/*
 * Shapes: what a text of the right type must look like all the same. Each complains and answers false, or answers true;
 * what is secret is never quoted.
 */

bool cw_shape_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

bool cw_shape_app_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_absolute(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_timezone(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_severity(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_currency(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
/* `node` is the key: a header's name, `text` its value. */
bool cw_shape_header(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
/* Can stand in a header's value, and on a line. */
bool cw_shape_line(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
/* "none", or messages in a second, minute or hour: "30/m". */
bool cw_shape_rate(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
/* Any text; what says of itself that it is base64 must be that. */
bool cw_shape_signing(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_base32(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

#endif
