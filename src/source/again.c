/* SPDX-License-Identifier: Apache-2.0 */
#include "again.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pump.h"
#include "source_private.h"

int cw_again_new(struct cw_source *source)
{
        struct cw_source_lane *lane = calloc(1, sizeof(*lane));

        if (!lane)
                return -ENOMEM;
        source->lanes[source->n_lanes++] = lane;
        lane->again = true;
        lane->customers = calloc(CW_READ_AGAIN_MAX, sizeof(*lane->customers));
        lane->waiting = calloc(CW_READ_AGAIN_MAX, sizeof(*lane->waiting));
        return lane->customers && lane->waiting ? 0 : -ENOMEM;
}

void cw_again_unreadable(struct cw_source *source, int64_t customer)
{
        if (source->listener.read_again)
                source->listener.read_again(source->data, source, customer, CW_READ_UNREADABLE, NULL, 0);
}

void cw_again_begin(struct cw_source *source, struct cw_source_lane *lane, bool may)
{
        int64_t refused[CW_READ_AGAIN_MAX];
        size_t n = lane->n_waiting;

        if (n == 0 || lane->running || lane->flying > 0)
                return;
        lane->n_waiting = 0; /* before anybody is told: they may ask for more */
        if (!may) {
                memcpy(refused, lane->waiting, n * sizeof(*refused));
                for (size_t i = 0; i < n && !source->freed; i++)
                        cw_again_unreadable(source, refused[i]);
                return;
        }
        memcpy(lane->customers, lane->waiting, n * sizeof(*lane->customers));
        lane->n_customers = n;
        cw_round_init(&lane->round, lane->customers, n,
                      source->options.otp_single_use ? 1 : source->options.concurrency, source->options.retries);
        lane->running = true;
        lane->n_failed = 0;
}

void cw_source_read_again(struct cw_source *source, const int64_t *customers, size_t n)
{
        struct cw_source_lane *lane = source->lanes[source->n_lanes - 1];

        for (size_t i = 0; i < n && lane->n_waiting < CW_READ_AGAIN_MAX; i++)
                lane->waiting[lane->n_waiting++] = customers[i];
        if (n > 0)
                cw_source_wake(source);
}
