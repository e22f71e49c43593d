/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/recall.h"
#include "cardwatch/settings.h"
#include "cardwatch/store_history.h"
#include "command.h"
#include "when.h"

CW_DEFINE_CLEANUP(struct cw_engine *, cw_engine_free);

const struct cw_explain_style cw_recorded_style = {.write_time = cw_when_format,
                                                   .write_duration = cw_duration_format_human};

static int fail(const struct cw_recorded *recorded, int error, const struct cw_buf *message)
{
        fprintf(stderr, "cardwatch %s: %s\n", recorded->command,
                message->len ? cw_buf_text(message) : strerror(-error));
        return CW_EXIT_FAILED;
}

int cw_recorded_open(struct cw_recorded *recorded, const char *command, const char *config)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        const char *path;
        int r;

        *recorded = (struct cw_recorded){.command = command, .now = cw_clock_wall_ms()};
        r = cw_command_load(config, true, &recorded->settings);
        if (r)
                return r;
        if (recorded->settings->config->timezone)
                setenv("TZ", recorded->settings->config->timezone, 1);
        tzset();
        path = recorded->settings->config->store_path;
        r = cw_store_open_readonly(path, &recorded->store, &message);
        if (r == 0)
                r = cw_store_hold(recorded->store, &message);
        if (r == 0)
                r = cw_store_load(recorded->store, &recorded->rows, &message);
        return r < 0 ? fail(recorded, r, &message) : 0;
}

void cw_recorded_deinit(struct cw_recorded *recorded)
{
        cw_changes_deinit(&recorded->rows);
        if (recorded->store)
                cw_store_release(recorded->store);
        cw_store_close(recorded->store);
        cw_settings_unref(recorded->settings);
}

static int keep_card(void *data, int64_t at, const struct cw_card_row *row)
{
        struct cw_changes *changes = data;

        (void)at;
        cw_changes_card(changes, row);
        return changes->error;
}

int cw_recorded_cards(const struct cw_recorded *recorded, const struct cw_store_span *span, struct cw_changes *changes)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_store_walk_cards(recorded->store, span, keep_card, changes, &message);

        return r < 0 ? fail(recorded, r, &message) : 0;
}

static int keep_edge(void *data, const struct cw_history_row *row)
{
        struct cw_changes *changes = data;

        cw_changes_history(changes, row);
        return changes->error;
}

int cw_recorded_edges(const struct cw_recorded *recorded, const struct cw_store_span *span, struct cw_changes *changes)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_store_walk_edges(recorded->store, span, keep_edge, changes, &message);

        return r < 0 ? fail(recorded, r, &message) : 0;
}

static int recall(void *data, int64_t at, const struct cw_card_row *row)
{
        (void)at;
        return cw_recall_card(data, row);
}

static int recall_all(const struct cw_recorded *recorded, struct cw_engine *engine, int64_t now,
                      const struct cw_changes *past, struct cw_buf *message)
{
        int64_t back_ms = cw_recall_ms(recorded->settings->config->rules);
        struct cw_store_span span = {.from_at = back_ms < now ? now - back_ms : 0};
        int r = 0;

        if (back_ms == 0)
                return 0;
        cw_recall_begin(engine);
        for (size_t i = 0; past && r == 0 && i < past->cards.n; i++)
                r = cw_recall_card(engine, &past->cards.rows[i]);
        if (!past)
                r = cw_store_walk_cards(recorded->store, &span, recall, engine, message);
        return r < 0 ? r : cw_recall_end(engine);
}

int cw_recorded_engine(const struct cw_recorded *recorded, const struct cw_changes *rows, int64_t now,
                       const struct cw_changes *past, struct cw_engine **ret_engine)
{
        cw_cleanup(cw_engine_free_cleanup) struct cw_engine *engine = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes made = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        int r = cw_engine_new(recorded->settings->config->rules, &engine);

        if (r == 0)
                r = cw_engine_load(engine, rows, now, &made);
        if (r == 0)
                r = recall_all(recorded, engine, now, past, &message);
        if (r < 0)
                return fail(recorded, r, &message);
        *ret_engine = cw_take(engine);
        return 0;
}
