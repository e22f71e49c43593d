/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_RECENT_H
#define CARDWATCH_CTL_RECENT_H

#include <stdbool.h>

#include "daemon_list.h"
#include "table.h"

struct cw_json;

/*
 * Recent: lists of what is recorded, newest last on the screen, so that the end of it stands above the prompt.
 */

#define CW_RECENT_SHOWN 50

struct cw_recent {
        struct cw_daemon_list list;
        struct cw_table table;
        void (*add)(struct cw_table *table, const struct cw_json *item);
        bool json, newest_first; /* as the daemon gives it; else the other way round on the screen */
        const char *none; /* a sentence */
};

/* Reads and shows; an exit status. */
int cw_recent_show(struct cw_recent *recent);

#endif
