/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_WIPE_H
#define CARDWATCH_NET_WIPE_H

/*
 * Wipe: memory of other people's libraries that is overwritten before it is given back.
 *
 * Answers of the card API hold card numbers, requests hold keys; both pass through buffers of curl, zlib (through curl)
 * and OpenSSL that nobody here can reach. So those libraries get allocators that wipe; curl's are in curl_memory.h.
 */

/* curl_global_init with wiping allocators; counted, ended by curl_global_cleanup. -ENOMEM. */
int cw_wipe_curl_init(void) __attribute__((warn_unused_result));

/* Overwrites the stack below the caller, where the calls that are over have left copies and saved registers, and the
 * vector registers. */
void cw_wipe_stack(void);

#endif
