/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_DISK_H
#define CARDWATCH_TESTS_DISK_H

#include <stdint.h>

#include "world.h"

/*
 * Disk: a real store behind a world, with checkpoints between its commits, opened anew and loaded as the daemon does at
 * each restart of the world.
 */

struct disk;

/* `seed` draws when checkpoints are made. The world's from now on. */
struct disk *disk_new(struct world *world, uint64_t seed);

/* Takes NULL. */
void disk_free(struct disk *disk);

#endif
