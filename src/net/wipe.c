/* SPDX-License-Identifier: Apache-2.0 */
#include "wipe.h"

#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES 65536

static void wiping_free(void *memory)
{
        if (memory)
                explicit_bzero(memory, malloc_usable_size(memory));
        free(memory);
}

/* Never the C library's realloc: when it moves, it leaves the old bytes behind. */
static void *wiping_realloc(void *memory, size_t size)
{
        size_t old = memory ? malloc_usable_size(memory) : 0;
        void *moved;

        if (memory && size > 0 && size <= old && size >= old / 2)
                return memory;
        moved = malloc(size > 0 ? size : 1);
        if (!moved)
                return NULL;
        if (memory)
                memcpy(moved, memory, old < size ? old : size);
        wiping_free(memory);
        return moved;
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
        (void)file;
        (void)line;
        return malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
        (void)file;
        (void)line;
        if (size == 0) {
                wiping_free(memory);
                return NULL;
        }
        return wiping_realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
        (void)file;
        (void)line;
        wiping_free(memory);
}

/* OpenSSL takes allocators only before its first allocation, which may be anybody's: so before main. */
__attribute__((constructor)) static void wipe_openssl(void)
{
        (void)CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
}

int cw_wipe_curl_init(void)
{
        return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) ==
                               CURLE_OK
                       ? 0
                       : -ENOMEM;
}

__attribute__((noinline)) void cw_wipe_stack(void)
{
        char below[STACK_BYTES];

        explicit_bzero(below, sizeof(below));
}
