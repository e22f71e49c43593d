/* SPDX-License-Identifier: Apache-2.0 */
#include "ready.h"

#ifdef CARDWATCH_HAVE_SYSTEMD

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void cw_ready(void)
{
        sd_notify(0, "READY=1\nSTATUS=Watching");
}

void cw_ready_reloading(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void cw_ready_stopping(void)
{
        sd_notify(0, "STOPPING=1\nSTATUS=Delivering what is left");
}

void cw_ready_alive(void)
{
        sd_notify(0, "WATCHDOG=1");
}

uint64_t cw_ready_watchdog_ms(void)
{
        uint64_t usec;

        return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2000 : 0;
}

#else

void cw_ready(void)
{
}

void cw_ready_reloading(void)
{
}

void cw_ready_stopping(void)
{
}

void cw_ready_alive(void)
{
}

uint64_t cw_ready_watchdog_ms(void)
{
        return 0;
}

#endif
