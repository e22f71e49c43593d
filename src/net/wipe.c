/* SPDX-License-Identifier: Apache-2.0 */
#include "wipe.h"

#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "curl_memory.h"

#define STACK_BYTES    65536
#define REGISTER_BYTES 2048

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
        return curl_global_init_mem(CURL_GLOBAL_DEFAULT, cw_curl_malloc, cw_curl_free, cw_curl_realloc, cw_curl_strdup,
                                    cw_curl_calloc) == CURLE_OK
                       ? 0
                       : -ENOMEM;
}

/*
 * Copies and comparisons leave what they moved last in the vector registers. A core file shows those, and so does the
 * stack after the dynamic linker has saved them there to look a function up. Which registers it are is the C library's
 * choice by size: so zeros are moved in every size.
 */
static __attribute__((noinline)) void wipe_registers(void)
{
        char zeros[REGISTER_BYTES] = {0};
        volatile size_t found = 0;

        for (size_t len = 8; len <= sizeof(zeros) / 2; len += 8) {
                memcpy(zeros + sizeof(zeros) / 2, zeros, len);
                memmove(zeros + 1, zeros, len);
                found += memcmp(zeros, zeros + sizeof(zeros) / 2, len) != 0;
                found += memchr(zeros, 1, len) != NULL;
                found += strnlen(zeros, len);
        }
}

static __attribute__((noinline)) void wipe_below(void)
{
        char below[STACK_BYTES];

        explicit_bzero(below, sizeof(below));
}

/* The registers first, and from higher up: whoever saves them below the wiped part of the stack saves nothing then. */
void cw_wipe_stack(void)
{
        wipe_registers();
        wipe_below();
}
