/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the changes of the file in order, found by halves; beyond the last of them, the rule. */
#include "cardwatch/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "zone_rule.h"

#define HEADER_SIZE 44
#define CHANGES_MAX 20000
#define OFFSET_MAX  (26 * 3600)

struct cw_zone {
        int32_t first_s; /* before the first change */
        int64_t *changes; /* when, rising */
        int32_t *offsets; /* from then on */
        size_t n;
        bool has_rule; /* after the last */
        struct cw_zone_rule rule;
};

CW_DEFINE_CLEANUP(struct cw_zone *, cw_zone_free);

/* The counts of a header, and where its data begins. */
struct block {
        uint32_t n_utc, n_standard, n_leap, n_changes, n_types, n_chars;
        const unsigned char *data;
        size_t time_size, size;
};

static uint32_t read_u32(const unsigned char *data)
{
        return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static int64_t read_time(const unsigned char *data, size_t size)
{
        if (size == 4)
                return (int32_t)read_u32(data);
        return (int64_t)((uint64_t)read_u32(data) << 32 | read_u32(data + 4));
}

/* 0, or -EBADMSG where the bytes do not hold what the header announces. */
static int read_block(const unsigned char *data, size_t len, size_t time_size, struct block *ret_block)
{
        struct block block = {.time_size = time_size};

        if (len < HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
                return -EBADMSG;
        block.n_utc = read_u32(data + 20);
        block.n_standard = read_u32(data + 24);
        block.n_leap = read_u32(data + 28);
        block.n_changes = read_u32(data + 32);
        block.n_types = read_u32(data + 36);
        block.n_chars = read_u32(data + 40);
        if (block.n_changes > CHANGES_MAX || block.n_types == 0 || block.n_types > 256 || block.n_chars > 4096 ||
            block.n_leap > 4096 || block.n_utc > 256 || block.n_standard > 256)
                return -EBADMSG;
        block.data = data + HEADER_SIZE;
        block.size = block.n_changes * (time_size + 1) + block.n_types * 6 + block.n_chars +
                     block.n_leap * (time_size + 4) + block.n_standard + block.n_utc;
        if (len - HEADER_SIZE < block.size)
                return -EBADMSG;
        *ret_block = block;
        return 0;
}

/* The offset of one of the file's types; OFFSET_MAX: there is no such type. */
static int32_t type_offset(const struct block *block, unsigned type)
{
        const unsigned char *types = block->data + block->n_changes * (block->time_size + 1);
        int32_t offset;

        if (type >= block->n_types)
                return OFFSET_MAX;
        offset = (int32_t)read_u32(types + type * 6);
        return offset > -OFFSET_MAX && offset < OFFSET_MAX ? offset : OFFSET_MAX;
}

static int read_changes(const struct block *block, struct cw_zone *zone)
{
        const unsigned char *types = block->data + block->n_changes * block->time_size;

        zone->changes = calloc(block->n_changes + 1, sizeof(*zone->changes));
        zone->offsets = calloc(block->n_changes + 1, sizeof(*zone->offsets));
        if (!zone->changes || !zone->offsets)
                return -ENOMEM;
        zone->first_s = type_offset(block, 0);
        if (zone->first_s == OFFSET_MAX)
                return -EBADMSG;
        for (; zone->n < block->n_changes; zone->n++) {
                size_t i = zone->n;

                zone->changes[i] = read_time(block->data + i * block->time_size, block->time_size);
                zone->offsets[i] = type_offset(block, types[i]);
                if (zone->offsets[i] == OFFSET_MAX || (i > 0 && zone->changes[i] <= zone->changes[i - 1]))
                        return -EBADMSG;
        }
        return 0;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; an empty one says nothing. */
static int read_footer(const unsigned char *data, size_t len, struct cw_zone *zone)
{
        char text[128];
        size_t n = 0;

        if (len < 2 || data[0] != '\n')
                return -EBADMSG;
        while (1 + n < len && data[1 + n] != '\n' && n < sizeof(text) - 1) {
                text[n] = (char)data[1 + n];
                n++;
        }
        if (1 + n >= len || data[1 + n] != '\n' || memchr(text, '\0', n))
                return -EBADMSG;
        text[n] = '\0';
        zone->has_rule = n > 0;
        return n > 0 && cw_zone_rule_parse(text, &zone->rule) < 0 ? -EBADMSG : 0;
}

int cw_zone_parse(const void *data, size_t len, struct cw_zone **ret_zone)
{
        cw_cleanup(cw_zone_free_cleanup) struct cw_zone *zone = calloc(1, sizeof(*zone));
        const unsigned char *bytes = data;
        struct block block;
        int r;

        if (!zone)
                return -ENOMEM;
        r = read_block(bytes, len, 4, &block);
        if (r == 0 && bytes[4] >= '2') {
                const unsigned char *second = block.data + block.size;

                r = read_block(second, len - (size_t)(second - bytes), 8, &block);
        }
        if (r == 0)
                r = read_changes(&block, zone);
        if (r == 0 && bytes[4] >= '2') {
                const unsigned char *footer = block.data + block.size;

                r = read_footer(footer, len - (size_t)(footer - bytes), zone);
        }
        if (r < 0)
                return r;
        *ret_zone = cw_take(zone);
        return 0;
}

void cw_zone_free(struct cw_zone *zone)
{
        if (!zone)
                return;
        free(zone->changes);
        free(zone->offsets);
        free(zone);
}

/* How many changes were by then. */
static size_t changes_by(const struct cw_zone *zone, int64_t at_s)
{
        size_t low = 0, high = zone->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (zone->changes[middle] <= at_s)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int32_t cw_zone_offset(const struct cw_zone *zone, int64_t at_s)
{
        size_t n = zone ? changes_by(zone, at_s) : 0;

        if (!zone)
                return 0;
        if (n == zone->n && zone->has_rule)
                return cw_zone_rule_offset(&zone->rule, at_s);
        return n == 0 ? zone->first_s : zone->offsets[n - 1];
}

int64_t cw_zone_next_change(const struct cw_zone *zone, int64_t at_s)
{
        int32_t now_s = cw_zone_offset(zone, at_s);

        for (size_t i = zone ? changes_by(zone, at_s) : 0; zone && i < zone->n; i++)
                if (cw_zone_offset(zone, zone->changes[i]) != now_s)
                        return zone->changes[i];
        if (!zone || !zone->has_rule)
                return INT64_MAX;
        return cw_zone_rule_next_change(
                &zone->rule, zone->n && zone->changes[zone->n - 1] > at_s ? zone->changes[zone->n - 1] : at_s);
}
