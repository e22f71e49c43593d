/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the store shows one state while it is held, and gives its cards one by one: nothing holds all of them twice. */
#include "loading.h"

#include <errno.h>

#include "cardwatch/engine.h"
#include "cardwatch/load.h"
#include "cardwatch/loop.h"
#include "cardwatch/store_history.h"
#include "cardwatch/work.h"
#include "past.h"

static int load_card(void *data, const struct cw_card_row *row)
{
        return cw_load_card(data, row);
}

static int expect_cards(struct cw_loading *loading)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < loading->stored.sources.n; i++) {
                const char *source = loading->stored.sources.rows[i].source;
                int64_t n_cards;

                r = cw_store_count_cards(loading->store, source, &n_cards, &loading->message);
                if (r == 0)
                        cw_load_expect(loading->engine, source, n_cards);
        }
        return r;
}

int cw_loading_begin(struct cw_loading *loading)
{
        int r = cw_engine_new(loading->rules, &loading->engine);

        if (r == 0)
                r = cw_store_hold(loading->store, &loading->message);
        if (r == 0)
                r = cw_store_load_but_cards(loading->store, &loading->stored, &loading->message);
        if (r == 0)
                r = cw_load_begin(loading->engine, &loading->stored, loading->now, loading->changes);
        return r;
}

/* On a worker thread. */
static void run(void *data)
{
        struct cw_loading *loading = data;
        int r = expect_cards(loading);

        if (r == 0)
                r = cw_store_walk_present(loading->store, load_card, loading->engine, &loading->message);
        if (r == 0)
                r = cw_load_end(loading->engine, &loading->stored);
        if (r == -EBADMSG && loading->message.len == 0)
                cw_buf_puts(&loading->message, "the stored state contradicts itself");
        if (r == 0)
                r = cw_past_load(loading->engine, loading->store, loading->rules, loading->now, &loading->message);
        loading->result = r;
}

static void done(void *data)
{
        const struct cw_loading *loading = data;

        cw_loop_stop(loading->loop);
}

int cw_loading_run(struct cw_loading *loading)
{
        int r = cw_work_submit(loading->loop, run, done, loading);

        if (r < 0)
                return r;
        cw_loop_run(loading->loop);
        return loading->result;
}

void cw_loading_deinit(struct cw_loading *loading)
{
        if (loading->store)
                cw_store_release(loading->store);
        cw_changes_deinit(&loading->stored);
        cw_buf_deinit(&loading->message);
}
