/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a wall clock that a test can set while a program runs. Preloaded, it adds the milliseconds that stand in the
 * file $SHIFTED_CLOCK (eight bytes, this machine's order) to what the kernel says; with $STOPPED_CLOCK those of that
 * file are the time, which stands still. Other clocks are left alone.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shared_ms(void)
{
        static const volatile int64_t none;
        static const volatile int64_t *shared;
        const char *stopped = getenv("STOPPED_CLOCK"), *path = shared    ? NULL
                                                               : stopped ? stopped
                                                                         : getenv("SHIFTED_CLOCK");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *mapped = fd >= 0 ? mmap(NULL, sizeof(*shared), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

        if (fd >= 0)
                close(fd);
        if (!shared)
                shared = mapped == MAP_FAILED ? &none : mapped;
        return shared;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
        int r = (int)syscall(SYS_clock_gettime, clock, now);
        int64_t by_ms = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? *shared_ms() : 0;

        if (r < 0)
                return r;
        if (by_ms && getenv("STOPPED_CLOCK"))
                *now = (struct timespec){0};
        now->tv_sec += by_ms / 1000;
        now->tv_nsec += by_ms % 1000 * 1000000;
        if (now->tv_nsec < 0 || now->tv_nsec >= 1000000000) {
                int64_t carry = now->tv_nsec < 0 ? -1 : 1;

                now->tv_sec += carry;
                now->tv_nsec -= carry * 1000000000;
        }
        return 0;
}

time_t time(time_t *ret_now)
{
        struct timespec now = {0};

        clock_gettime(CLOCK_REALTIME, &now);
        if (ret_now)
                *ret_now = now.tv_sec;
        return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
        struct timespec now = {0};

        (void)zone;
        clock_gettime(CLOCK_REALTIME, &now);
        *ret_now = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
        return 0;
}
