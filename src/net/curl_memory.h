/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_CURL_MEMORY_H
#define CARDWATCH_NET_CURL_MEMORY_H

#include <stddef.h>

/*
 * Curl's memory: allocators for curl that wipe what is given back, and keep what is large out of core dumps.
 *
 * An HTTP/2 connection that waits for its next use keeps the buffer it read the last answer into, card numbers and all,
 * and nobody here can reach it. Blocks of that size live in pages of their own that no dump contains; they go back to
 * the system when curl lets go of them. What a handle reads an answer into is larger (http.c sees to that) and goes
 * with the answer, as what the answer became does: it comes from the heap, or every page of a list would cost the
 * kernel a block of pages. What one of these functions gave, only they may take back.
 */

#define CW_CURL_PAGED_MAX 49152 /* the largest block with pages of its own */

void *cw_curl_malloc(size_t size);
void *cw_curl_calloc(size_t n, size_t size);
void *cw_curl_realloc(void *memory, size_t size);
char *cw_curl_strdup(const char *text);
void cw_curl_free(void *memory);

#endif
