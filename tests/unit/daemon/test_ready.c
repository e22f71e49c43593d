/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager hears, at the socket that it named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/daemon/ready.h"

struct manager {
        int fd;
        char heard[256];
};

/* At an address without a file ("@name") or at a path; the environment says where. */
static void listen_at(struct manager *manager, const char *name)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t len = strlen(name);

        memcpy(address.sun_path, name, len);
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(manager->fd >= 0);
        assert_int_equal(bind(manager->fd, (const struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                         0);
        setenv("NOTIFY_SOCKET", name, 1);
}

static const char *heard(struct manager *manager)
{
        ssize_t n = recv(manager->fd, manager->heard, sizeof(manager->heard) - 1, 0);

        manager->heard[n < 0 ? 0 : n] = '\0';
        return manager->heard;
}

static void end(struct manager *manager)
{
        unsetenv("NOTIFY_SOCKET");
        close(manager->fd);
}

static void test_each_state_is_a_datagram(void **state)
{
        struct manager manager;
        unsigned long long at;
        char name[64];

        (void)state;
        snprintf(name, sizeof(name), "@cardwatch-test-ready-%d", (int)getpid());
        listen_at(&manager, name);
        cw_ready();
        assert_string_equal(heard(&manager), "READY=1\nSTATUS=Watching");
        cw_ready_alive();
        assert_string_equal(heard(&manager), "WATCHDOG=1");
        cw_ready_stopping();
        assert_string_equal(heard(&manager), "STOPPING=1\nSTATUS=Delivering what is left");
        cw_ready_reloading();
        assert_int_equal(sscanf(heard(&manager), "RELOADING=1\nMONOTONIC_USEC=%llu", &at), 1);
        assert_true(at > 0);
        end(&manager);
}

static void test_a_path_is_a_socket_in_the_file_system(void **state)
{
        char folder[] = "/tmp/cardwatch-ready-XXXXXX", path[64];
        struct manager manager;

        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/notify", folder);
        listen_at(&manager, path);
        cw_ready();
        assert_string_equal(heard(&manager), "READY=1\nSTATUS=Watching");
        end(&manager);
        unlink(path);
        rmdir(folder);
}

static void test_nobody_who_listens_is_no_trouble(void **state)
{
        static const char *const names[] = {"", "@", "relative", "/nowhere/at/all"};
        char endless[200];

        (void)state;
        unsetenv("NOTIFY_SOCKET");
        cw_ready();
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                setenv("NOTIFY_SOCKET", names[i], 1);
                cw_ready();
        }
        memset(endless, 'x', sizeof(endless) - 1);
        endless[0] = '/';
        endless[sizeof(endless) - 1] = '\0';
        setenv("NOTIFY_SOCKET", endless, 1);
        cw_ready();
        unsetenv("NOTIFY_SOCKET");
}

static void test_the_watchdog_is_fed_twice_as_often_as_it_waits(void **state)
{
        char pid[24];

        (void)state;
        unsetenv("WATCHDOG_PID");
        unsetenv("WATCHDOG_USEC");
        assert_int_equal(cw_ready_watchdog_ms(), 0);
        setenv("WATCHDOG_USEC", "30000000", 1);
        assert_int_equal(cw_ready_watchdog_ms(), 15000);
        setenv("WATCHDOG_PID", "1", 1); /* which is somebody else */
        assert_int_equal(cw_ready_watchdog_ms(), 0);
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("WATCHDOG_PID", pid, 1);
        assert_int_equal(cw_ready_watchdog_ms(), 15000);
        unsetenv("WATCHDOG_PID");
        unsetenv("WATCHDOG_USEC");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_state_is_a_datagram),
                cmocka_unit_test(test_a_path_is_a_socket_in_the_file_system),
                cmocka_unit_test(test_nobody_who_listens_is_no_trouble),
                cmocka_unit_test(test_the_watchdog_is_fed_twice_as_often_as_it_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
