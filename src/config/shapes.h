/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SHAPES_H
#define CARDWATCH_CONFIG_SHAPES_H

#include "schema.h"

struct cw_buf;

/*
 * Shapes: what a text of the right type must look like all the same. Each complains and answers false, or answers true;
 * what is secret is never quoted.
 */

bool cw_shape_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

/* http:// or https:// with a host, no user, query or fragment. */
bool cw_shape_base_url(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
/* http:// or https:// with a host. */
bool cw_shape_hook_url(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_proxy(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_smtp(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_mail(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_target(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_app_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_absolute(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_socket(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_timezone(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_currency(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
/* `node` is the key: a header's name, `text` its value. */
bool cw_shape_header(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
/* Can stand in a header's value, and on a line. */
bool cw_shape_line(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_base32(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

/* 512KiB, 32MiB (values.c). */
bool cw_size_parse(const char *text, uint64_t *ret_size);
void cw_size_format(struct cw_buf *buf, uint64_t size);

#endif
