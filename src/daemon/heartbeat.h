/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_HEARTBEAT_H
#define CARDWATCH_DAEMON_HEARTBEAT_H

#include <stdbool.h>

struct cw_config_source;
struct cw_http;
struct cw_log;

/*
 * Heartbeat: an address that is asked for after each complete poll, so that somebody else notices when there are none.
 *
 * One request at a time, none is repeated, and nothing waits for it: the next poll brings the next one. A failure is
 * logged when it begins and when it is over. The address is a secret, and what an answer says is of no interest.
 */

struct cw_heartbeat;

/* Borrows all; nothing is allocated for a source without a heartbeat (*ret_heartbeat is NULL then). -ENOMEM. */
int cw_heartbeat_new(struct cw_http *http, struct cw_log *log, const struct cw_config_source *source,
                     struct cw_heartbeat **ret_heartbeat) __attribute__((warn_unused_result));
void cw_heartbeat_free(struct cw_heartbeat *heartbeat);

/* Asks for it now, unless it still waits for the last answer. NULL: does nothing. `over` is called when there is an
 * answer or none will come. */
void cw_heartbeat_ping(struct cw_heartbeat *heartbeat, void (*over)(void *data), void *data);

bool cw_heartbeat_is_busy(const struct cw_heartbeat *heartbeat);

#endif
