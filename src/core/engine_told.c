/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what a receiver took as firing is what the ledger says was accepted; that it still fires says the alert. A hold
 * or an acknowledgement changes neither: who was told that something fires may be told so again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/engine_view.h"
#include "engine_private.h"

static bool is_believed(const struct cw_telling *telling, const char *notifier)
{
        return telling->accepted.state == CW_KNOWN_FIRING && telling->alert->state == CW_ALERT_FIRING &&
               telling->alert->entry && strcmp(telling->notifier, notifier) == 0;
}

static size_t count(const struct cw_policy *policy, const char *notifier)
{
        size_t cursor = 0, n = 0;
        void *value;

        while (cw_map_next(&policy->tellings, &cursor, NULL, &value))
                n += is_believed(value, notifier);
        return n;
}

int cw_engine_told(const struct cw_engine *engine, size_t notifier, struct cw_told *ret_told)
{
        const struct cw_policy *policy = &engine->policy;
        const char *name = policy->rules->notifiers[notifier].name;
        size_t n = count(policy, name), cursor = 0;
        struct cw_told told = {
                .entries = calloc(n + 1, sizeof(*told.entries)),
                .items = calloc(n + 1, sizeof(*told.items)),
        };
        void *value;

        if (!told.entries || !told.items) {
                cw_told_deinit(&told);
                return -ENOMEM;
        }
        while (cw_map_next(&policy->tellings, &cursor, NULL, &value)) {
                const struct cw_telling *telling = value;

                if (!is_believed(telling, name))
                        continue;
                told.entries[told.n] = *telling->alert->entry;
                told.entries[told.n].severity = telling->accepted.severity;
                told.items[told.n].entry = &told.entries[told.n];
                told.items[told.n++].edge = telling->accepted_edge;
        }
        *ret_told = told;
        return 0;
}

void cw_told_deinit(struct cw_told *told)
{
        free(told->entries);
        free(told->items);
        *told = (struct cw_told){0};
}
