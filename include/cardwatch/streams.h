/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STREAMS_H
#define CARDWATCH_STREAMS_H

/*
 * Streams: standard input, output and error, of which a program may be started without any.
 *
 * A descriptor that is free is given to whatever is opened next: what is logged would go into a socket, and libuv ends
 * a process that closes such a one.
 */

/* Takes up those that are closed, before anything else is opened. There is nothing to read, and who writes fails as
 * before. */
void cw_streams_fill(void);

#endif
