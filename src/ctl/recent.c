/* SPDX-License-Identifier: Apache-2.0 */
#include "recent.h"

#include <stdio.h>
#include <stdlib.h>

#include "cardwatch/json_in.h"
#include "command.h"

struct items {
        struct cw_json *items;
        size_t n, capacity;
};

static void collect(void *data, const struct cw_json *item)
{
        struct items *items = data;

        if (items->n < items->capacity)
                items->items[items->n++] = *item;
}

struct showing {
        struct cw_recent *recent;
        struct items items;
};

/* Items point into what is walked: they are shown before the walk is over. */
static void collect_and_show(void *data, const struct cw_json *item)
{
        struct showing *showing = data;
        struct cw_recent *recent = showing->recent;

        collect(&showing->items, item);
        if (showing->items.n < recent->list.n)
                return;
        for (size_t i = 0; i < showing->items.n; i++)
                recent->add(&recent->table, &showing->items.items[recent->newest_first ? showing->items.n - 1 - i : i]);
}

static int show(struct cw_recent *recent)
{
        struct showing showing = {.recent = recent, .items = {.capacity = recent->list.n}};
        int status = CW_EXIT_FAILED;

        if (recent->list.n == 0) {
                puts(recent->none);
                return CW_EXIT_OK;
        }
        showing.items.items = calloc(recent->list.n, sizeof(*showing.items.items));
        if (showing.items.items)
                status = cw_daemon_walk_list(&recent->list, collect_and_show, &showing);
        free(showing.items.items);
        if (status == CW_EXIT_OK && recent->list.more)
                puts(recent->newest_first ? "(there are older ones: --limit N, --since TIME)"
                                          : "(there are more: --limit N)");
        if (cw_table_print(&recent->table) < 0)
                status = CW_EXIT_FAILED;
        return status;
}

int cw_recent_show(struct cw_recent *recent)
{
        int status = cw_daemon_read_list(&recent->list);

        if (status == CW_EXIT_OK && recent->json)
                cw_daemon_print_list(&recent->list);
        else if (status == CW_EXIT_OK)
                status = show(recent);
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}
