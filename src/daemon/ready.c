/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what sd_notify does is a datagram to the socket that the manager named. The library that has it brings five
 * others along, which would be a part of the memory of a daemon that says five sentences.
 */
#include "ready.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A path, or with "@" a name that is none. Whoever is not heard goes on: it is the manager that misses it. */
static void tell(const char *state)
{
        const char *name = getenv("NOTIFY_SOCKET");
        size_t len = name ? strlen(name) : 0;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        if (len < 2 || len > sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@'))
                return;
        memcpy(address.sun_path, name, len);
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        close(fd);
}

void cw_ready(void)
{
        tell("READY=1\nSTATUS=Watching");
}

void cw_ready_reloading(void)
{
        char state[64];
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
        tell(state);
}

void cw_ready_stopping(void)
{
        tell("STOPPING=1\nSTATUS=Delivering what is left");
}

void cw_ready_alive(void)
{
        tell("WATCHDOG=1");
}

static uint64_t number_in(const char *variable)
{
        const char *text = getenv(variable);

        return text ? strtoull(text, NULL, 10) : 0;
}

/* Half of what the manager waits; when it names a process, that one alone is meant. */
uint64_t cw_ready_watchdog_ms(void)
{
        uint64_t pid = number_in("WATCHDOG_PID");

        return pid == 0 || pid == (uint64_t)getpid() ? number_in("WATCHDOG_USEC") / 2000 : 0;
}
