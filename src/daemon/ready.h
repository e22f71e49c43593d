/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_READY_H
#define CARDWATCH_DAEMON_READY_H

#include <stdint.h>

/*
 * Ready: what the service manager is told, in the words of sd_notify(3). Without one, or at a terminal, all of it does
 * nothing.
 */

void cw_ready(void);
void cw_ready_reloading(void);
void cw_ready_stopping(void);
void cw_ready_alive(void); /* feeds the watchdog */

/* How often cw_ready_alive is wanted, 0: not at all. */
uint64_t cw_ready_watchdog_ms(void);

#endif
