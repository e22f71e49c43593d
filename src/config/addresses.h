/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_ADDRESSES_H
#define CARDWATCH_CONFIG_ADDRESSES_H

#include "schema.h"

/*
 * Addresses: what a text that names a place or a person must look like. As shapes.h: each complains and answers false,
 * or answers true; what is secret is never quoted.
 */

/* http:// or https:// with a host, no user, query or fragment. */
bool cw_address_base(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
/* http:// or https:// with a host. */
bool cw_address_hook(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_address_proxy(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_address_smtp(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_address_mail(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_address_target(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_address_socket(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);

#endif
