/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_GROUP_KEY_H
#define CARDWATCH_CORE_GROUP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/entry.h"
#include "cardwatch/route.h"

struct cw_group;

/*
 * Group key: the text by which a group is known, made from an entry. Read back it is in group.c.
 */

/* The key of an entry under these group keys. */
void cw_group_key(const struct cw_entry *entry, const struct cw_group_by *by, size_t n_by, struct cw_buf *buf);

/* The same, and whatever they are, of one customer. */
void cw_group_key_of_customer(const struct cw_entry *entry, const struct cw_group_by *by, size_t n_by,
                              struct cw_buf *buf);

/* What a key ends with; 0: the root, which is not named. */
void cw_group_key_of_route(uint64_t route_id, struct cw_buf *buf);

/* The key of an entry that is made as this group's is: of the same values, for the same route. */
void cw_group_key_like(const struct cw_entry *entry, const struct cw_group *group, struct cw_buf *buf);

/* The keys of both are. */
bool cw_group_is_like(const struct cw_group *one, const struct cw_group *other);

#endif
