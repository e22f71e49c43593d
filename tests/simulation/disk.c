/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/daemon/past.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/load.h"
#include "cardwatch/store.h"
#include "cardwatch/store_history.h"
#include "chance.h"

struct disk {
        struct world_disk world_disk;
        struct world *world;
        struct chance chance;
        struct cw_store *store;
        char directory[64], path[96];
};

static void must(int r, const char *what, const struct cw_buf *message)
{
        if (r >= 0)
                return;
        fprintf(stderr, "%s: %s, %s\n", what, strerror(-r), cw_buf_text(message));
        abort();
}

static void open_store(struct disk *disk)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;

        must(cw_store_open(disk->path, &disk->store, &message), "opening", &message);
}

static void commit(void *data, const struct cw_changes *changes, int64_t now)
{
        static const struct cw_store_keep keep = {.history_ms = CW_DAY_MS * 90, .audit_ms = CW_DAY_MS};
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct disk *disk = data;

        must(cw_store_commit(disk->store, changes, now, &message), "a commit", &message);
        if (chance_one_in(&disk->chance, 8))
                must(cw_store_maintain(disk->store, now, &keep, true, &message), "a checkpoint", &message);
}

static int load_card(void *data, const struct cw_card_row *row)
{
        return cw_load_card(data, row);
}

/* As src/daemon/loading.c. */
static void load(void *data, struct world *world)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes stored = CW_CHANGES_NULL;
        struct cw_engine *engine = world->engine;
        struct disk *disk = data;

        cw_store_close(disk->store);
        open_store(disk);
        must(cw_store_load_but_cards(disk->store, &stored, &message), "the tables", &message);
        must(cw_load_begin(engine, &stored, world->now, &world->pending), "the sources", &message);
        must(cw_store_walk_present(disk->store, load_card, engine, &message), "the cards", &message);
        must(cw_load_end(engine, &stored), "the rest", &message);
        must(cw_past_load(engine, disk->store, world->rules, world->now, &message), "the past", &message);
}

struct disk *disk_new(struct world *world, uint64_t seed)
{
        struct disk *disk = calloc(1, sizeof(*disk));

        if (!disk)
                abort();
        disk->world_disk = (struct world_disk){.commit = commit, .load = load, .data = disk};
        disk->chance = (struct chance){seed};
        snprintf(disk->directory, sizeof(disk->directory), "%s/cw-disk-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(disk->directory))
                abort();
        snprintf(disk->path, sizeof(disk->path), "%s/store.db", disk->directory);
        open_store(disk);
        /* What the world stored before it had one. */
        commit(disk, &world->stored, world->now);
        world->disk = &disk->world_disk;
        return disk;
}

void disk_free(struct disk *disk)
{
        static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
        char path[128];

        if (!disk)
                return;
        cw_store_close(disk->store);
        for (size_t i = 0; i < CW_ARRAY_SIZE(ends); i++) {
                snprintf(path, sizeof(path), "%s%s", disk->path, ends[i]);
                unlink(path);
        }
        rmdir(disk->directory);
        free(disk);
}
