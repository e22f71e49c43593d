/* SPDX-License-Identifier: Apache-2.0 */
#include "model_store.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"

static struct cw_entry *through_bytes(const struct cw_entry *entry)
{
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_entry *copy = NULL;

        if (!entry)
                return NULL;
        cw_entry_pack(entry, &buf);
        if (cw_buf_error(&buf) < 0 || cw_entry_unpack(buf.data, buf.len, &copy) < 0)
                abort();
        cw_buf_deinit(&buf);
        return copy;
}

static int by_card(const void *left, const void *right)
{
        const struct cw_card_row *a = left, *b = right;
        int order = strcmp(a->source, b->source);

        return order ? order : (a->card.id > b->card.id) - (a->card.id < b->card.id);
}

static int by_fingerprint(const void *left, const void *right)
{
        const struct cw_alert_row *a = left, *b = right;

        return (a->fingerprint > b->fingerprint) - (a->fingerprint < b->fingerprint);
}

static int by_sequence(const void *left, const void *right)
{
        const struct cw_intent_row *a = left, *b = right;

        return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static void load_alerts(const struct cw_changes *stored, struct cw_changes *loaded)
{
        for (size_t i = 0; i < stored->alerts.n; i++) {
                struct cw_alert_row row = stored->alerts.rows[i];

                row.entry = through_bytes(row.entry);
                cw_changes_alert(loaded, &row);
                cw_entry_unref(row.entry);
        }
}

static void load_intents(const struct cw_changes *stored, struct cw_changes *loaded)
{
        for (size_t i = 0; i < stored->intents.n; i++) {
                struct cw_intent_row row = stored->intents.rows[i];

                if (row.gone || row.state == CW_INTENT_DELIVERED)
                        continue;
                row.items = calloc(row.n_items + 1, sizeof(*row.items));
                if (!row.items)
                        abort();
                for (size_t j = 0; j < row.n_items; j++) {
                        row.items[j] = stored->intents.rows[i].items[j];
                        row.items[j].entry = through_bytes(row.items[j].entry);
                }
                cw_changes_intent(loaded, &row);
                for (size_t j = 0; j < row.n_items; j++)
                        cw_entry_unref(row.items[j].entry);
                free(row.items);
        }
}

static int load_card(void *data, const struct cw_card_row *row)
{
        struct cw_changes *loaded = data;

        if (!row->gone)
                cw_changes_card(loaded, row);
        return loaded->error;
}

static void load_others(const struct cw_changes *stored, struct cw_changes *loaded)
{
        if (cw_changes_walk_cards(stored, load_card, loaded) < 0)
                abort();
        for (size_t i = 0; i < stored->sources.n; i++)
                if (!stored->sources.rows[i].removed)
                        cw_changes_source(loaded, &stored->sources.rows[i]);
        for (size_t i = 0; i < stored->ledger.n; i++)
                if (!stored->ledger.rows[i].gone)
                        cw_changes_ledger(loaded, &stored->ledger.rows[i]);
        for (size_t i = 0; i < stored->groups.n; i++)
                if (!stored->groups.rows[i].gone)
                        cw_changes_group(loaded, &stored->groups.rows[i]);
        for (size_t i = 0; i < stored->rules.n; i++)
                if (!stored->rules.rows[i].gone)
                        cw_changes_rule(loaded, &stored->rules.rows[i]);
        for (size_t i = 0; i < stored->receivers.n; i++)
                if (!stored->receivers.rows[i].gone)
                        cw_changes_receiver(loaded, &stored->receivers.rows[i]);
        for (size_t i = 0; i < stored->digests.n; i++)
                if (!stored->digests.rows[i].gone)
                        cw_changes_digest(loaded, &stored->digests.rows[i]);
        for (size_t i = 0; i < stored->happenings.n; i++)
                if (!stored->happenings.rows[i].gone)
                        cw_changes_happening(loaded, &stored->happenings.rows[i]);
        for (size_t i = 0; i < stored->silences.n; i++)
                if (!stored->silences.rows[i].gone)
                        cw_changes_silence(loaded, &stored->silences.rows[i]);
}

static void sort(struct cw_changes *rows)
{
        if (rows->cards.n)
                qsort(rows->cards.rows, rows->cards.n, sizeof(*rows->cards.rows), by_card);
        if (rows->alerts.n)
                qsort(rows->alerts.rows, rows->alerts.n, sizeof(*rows->alerts.rows), by_fingerprint);
        if (rows->intents.n)
                qsort(rows->intents.rows, rows->intents.n, sizeof(*rows->intents.rows), by_sequence);
}

static void copy_all(const struct cw_changes *stored, struct cw_changes *loaded)
{
        load_others(stored, loaded);
        load_alerts(stored, loaded);
        load_intents(stored, loaded);
        sort(loaded);
        if (loaded->error < 0)
                abort();
}

void model_store_load(struct cw_changes *stored, struct cw_changes *ret_loaded)
{
        struct cw_changes compact = CW_CHANGES_NULL;

        if (cw_changes_sort(stored) < 0)
                abort();
        copy_all(stored, &compact);
        copy_all(&compact, ret_loaded);
        cw_changes_deinit(stored);
        *stored = compact;
}
