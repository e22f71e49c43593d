/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the store shows one state while it is held, and gives its cards one by one: nothing holds all of them twice. */
#include "loading.h"

#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/load.h"
#include "cardwatch/store_history.h"
#include "past.h"

static int load_card(void *data, const struct cw_card_row *row)
{
        return cw_load_card(data, row);
}

static int expect_cards(const struct cw_loading *loading, struct cw_engine *engine, const struct cw_changes *stored,
                        struct cw_buf *message)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < stored->sources.n; i++) {
                const char *source = stored->sources.rows[i].source;
                int64_t n_cards;

                r = cw_store_count_cards(loading->store, source, &n_cards, message);
                if (r == 0)
                        cw_load_expect(engine, source, n_cards);
        }
        return r;
}

static int load(const struct cw_loading *loading, struct cw_engine *engine, struct cw_buf *message)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes stored = CW_CHANGES_NULL;
        int r = cw_store_load_but_cards(loading->store, &stored, message);

        if (r == 0)
                r = cw_load_begin(engine, &stored, loading->now, loading->changes);
        if (r == 0)
                r = expect_cards(loading, engine, &stored, message);
        if (r == 0)
                r = cw_store_walk_present(loading->store, load_card, engine, message);
        if (r == 0)
                r = cw_load_end(engine, &stored);
        if (r == -EBADMSG && message->len == 0)
                cw_buf_puts(message, "the stored state contradicts itself");
        if (r == 0)
                r = cw_past_load(engine, loading->store, loading->rules, loading->now, message);
        return r;
}

int cw_loading_run(const struct cw_loading *loading, struct cw_engine **ret_engine, struct cw_buf *message)
{
        int r = cw_engine_new(loading->rules, ret_engine);

        if (r == 0)
                r = cw_store_hold(loading->store, message);
        if (r < 0)
                return r;
        r = load(loading, *ret_engine, message);
        cw_store_release(loading->store);
        return r;
}
