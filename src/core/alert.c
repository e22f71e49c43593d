/* SPDX-License-Identifier: Apache-2.0 */
#include "alert.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes.h"

void cw_alerts_init(struct cw_alerts *alerts, struct cw_strpool *pool)
{
        *alerts = (struct cw_alerts){.pool = pool};
}

static void alert_free(struct cw_alerts *alerts, struct cw_alert *alert)
{
        cw_entry_unref(alert->entry);
        cw_strpool_unref(alerts->pool, alert->rule);
        cw_strpool_unref(alerts->pool, alert->source);
        free(alert->fired_at);
        free(alert->asked);
        free(alert->acked_by);
        free(alert);
}

void cw_alerts_deinit(struct cw_alerts *alerts)
{
        size_t cursor = 0;
        uint64_t key;
        void *alert;

        while (cw_map_next(&alerts->map, &cursor, &key, &alert))
                alert_free(alerts, alert);
        cw_map_deinit(&alerts->map);
}

uint64_t cw_alert_fingerprint(const struct cw_alert_key *key)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, key->rule);
        cw_hash_string(&hash, key->source);
        cw_hash_u64(&hash, (uint64_t)key->customer);
        cw_hash_u64(&hash, (uint64_t)key->card);
        return cw_hash_end(&hash);
}

struct cw_alert *cw_alerts_find(const struct cw_alerts *alerts, uint64_t fingerprint)
{
        return cw_map_get(&alerts->map, fingerprint);
}

int cw_alerts_get(struct cw_alerts *alerts, const struct cw_alert_key *key, uint64_t fingerprint,
                  struct cw_alert **ret_alert)
{
        struct cw_alert *alert = cw_alerts_find(alerts, fingerprint);

        assert(fingerprint == cw_alert_fingerprint(key));
        if (!alert) {
                alert = calloc(1, sizeof(*alert));
                if (!alert)
                        return -ENOMEM;
                alert->fingerprint = fingerprint;
                alert->customer = key->customer;
                alert->card = key->card;
                if (cw_strpool_ref(alerts->pool, key->rule, strlen(key->rule), &alert->rule) < 0 ||
                    cw_strpool_ref(alerts->pool, key->source, strlen(key->source), &alert->source) < 0 ||
                    cw_map_put(&alerts->map, fingerprint, alert) < 0) {
                        alert_free(alerts, alert);
                        return -ENOMEM;
                }
        }
        *ret_alert = alert;
        return 0;
}

void cw_alert_settle(struct cw_alert *alert)
{
        if (alert->state == CW_ALERT_FIRING || alert->tellings > 0)
                return;
        cw_entry_unref(alert->entry);
        alert->entry = NULL;
}

bool cw_alert_is_acknowledged(const struct cw_alert *alert, int64_t now)
{
        return alert->acked_by && now < alert->acked_until_at;
}

static void remember(const struct cw_alert *alert, bool gone, struct cw_changes *changes)
{
        struct cw_alert_row row = {
                .fingerprint = alert->fingerprint,
                .rule = (char *)alert->rule,
                .source = (char *)alert->source,
                .customer = alert->customer,
                .card = alert->card,
                .episode = alert->episode,
                .edge = alert->edge,
                .state = (uint8_t)alert->state,
                .baseline = alert->baseline || alert->shown_clear,
                .flapping = alert->flapping,
                .since_at = alert->since_at,
                .clear_at = alert->clear_at,
                .fired_at = alert->fired_at,
                .n_fired_at = alert->n_fired_at,
                .moved_at = alert->moved_at,
                .insist_edge = alert->insist_edge,
                .acked_by = alert->acked_by,
                .acked_until_at = alert->acked_until_at,
                .told_at = alert->told_at,
                .escalated_ms = alert->escalated_ms,
                .entry = alert->entry,
                .gone = gone,
        };

        cw_changes_alert(changes, &row);
}

struct cw_history_row cw_alert_history(const struct cw_alert *alert, int64_t at, const char *what, const char *reason)
{
        return (struct cw_history_row){
                .at = at,
                .fingerprint = alert->fingerprint,
                .rule = (char *)alert->rule,
                .source = (char *)alert->source,
                .customer = alert->customer,
                .card = alert->card,
                .edge = alert->edge,
                .what = what,
                .reason = (char *)reason,
                .severity = (uint8_t)alert->severity,
        };
}

void cw_alert_remember(const struct cw_alert *alert, struct cw_changes *changes)
{
        remember(alert, false, changes);
}

void cw_alerts_forget(struct cw_alerts *alerts, struct cw_alert *alert, struct cw_changes *changes)
{
        assert(alert->edge == 0 && alert->tellings == 0);
        if (changes)
                remember(alert, true, changes);
        cw_map_remove(&alerts->map, alert->fingerprint);
        alert_free(alerts, alert);
}
