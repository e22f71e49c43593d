/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a resolver that does not answer. Preloaded, it lets questions for the name "silent.test" wait for twenty
 * seconds and then fail; other names are left alone.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int (*resolve_fn)(const char *node, const char *service, const struct addrinfo *hints,
                          struct addrinfo **ret_addresses);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret_addresses)
{
        resolve_fn resolve;

        if (node && strcmp(node, "silent.test") == 0) {
                sleep(20);
                return EAI_AGAIN;
        }
        *(void **)&resolve = dlsym(RTLD_NEXT, "getaddrinfo");
        return resolve(node, service, hints, ret_addresses);
}
