/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_ZONE_FILE_H
#define CARDWATCH_CONFIG_ZONE_FILE_H

struct cw_zone;

/*
 * The zone of a name (IANA), or of the system: what `tz` names (NULL: the environment's TZ; ""
 * for none), else /etc/localtime. NULL for UTC, and where the system
 * says nothing that can be read. -EBADMSG: the name's file holds no zone; other negative errnos of reading it.
 */
int cw_zone_load(const char *name, const char *tz, struct cw_zone **ret_zone) __attribute__((warn_unused_result));

#endif
