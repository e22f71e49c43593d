/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: two ends meet: the worker that draws and the timer that gives up. Whichever is first tells; the last lets go.
 */
#include "pictures.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cardwatch/buf.h"
#include "cardwatch/card_chart.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "cardwatch/picture.h"
#include "cardwatch/rows.h"
#include "cardwatch/store_history.h"
#include "cardwatch/work.h"

enum {
        PICTURES_MAX = 3,
        PATIENCE_MS = 2000,
        RUNNING_MAX = 2, /* commits need workers, too */
};

TAILQ_HEAD(waiting_list, cw_pictures);

struct cw_painter {
        struct cw_loop *loop;
        unsigned refs; /* its owner's, and one for each job */
        size_t n_running;
        size_t n_late; /* given up and still at it */
        struct waiting_list waiting;
};

struct painting {
        uint64_t fingerprint;
        struct cw_card_chart *chart;
        struct cw_buf png, words;
};

struct cw_pictures {
        struct cw_painter *painter;
        struct cw_timer *timer;
        char *path;
        struct painting paintings[PICTURES_MAX];
        size_t n;
        atomic_bool give_up;
        bool told, running;
        TAILQ_ENTRY(cw_pictures) link; /* while it waits */
        cw_pictures_fn done;
        void *data;
};

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

int cw_painter_new(struct cw_loop *loop, struct cw_painter **ret_painter)
{
        struct cw_painter *painter = calloc(1, sizeof(*painter));

        if (!painter)
                return -ENOMEM;
        *painter = (struct cw_painter){.loop = loop, .refs = 1};
        TAILQ_INIT(&painter->waiting);
        *ret_painter = painter;
        return 0;
}

void cw_painter_free(struct cw_painter *painter)
{
        if (painter && --painter->refs == 0)
                free(painter);
}

static void pictures_free(struct cw_pictures *pictures)
{
        if (!pictures)
                return;
        for (size_t i = 0; i < pictures->n; i++) {
                cw_card_chart_free(pictures->paintings[i].chart);
                cw_buf_deinit(&pictures->paintings[i].png);
                cw_buf_deinit(&pictures->paintings[i].words);
        }
        cw_timer_free(pictures->timer);
        cw_painter_free(pictures->painter);
        free(pictures->path);
        free(pictures);
}

CW_DEFINE_CLEANUP(struct cw_pictures *, pictures_free);

struct viewing {
        const struct cw_pictures *pictures;
        struct cw_card_chart *chart;
        bool begun;
        int error;
};

/* Non-zero ends the walk. */
static int see_first(void *data, int64_t at, const struct cw_card_row *row)
{
        struct viewing *viewing = data;

        (void)at;
        if (row->gone)
                return 0;
        viewing->error = cw_card_chart_begin(viewing->chart, row);
        viewing->begun = true;
        return 1;
}

static int see(void *data, int64_t at, const struct cw_card_row *row)
{
        struct viewing *viewing = data;

        (void)at;
        if (atomic_load(&viewing->pictures->give_up))
                return 1;
        cw_card_chart_see(viewing->chart, row);
        return 0;
}

static void paint(struct cw_pictures *pictures, struct painting *painting, struct cw_store *store)
{
        struct viewing viewing = {.pictures = pictures, .chart = painting->chart};
        struct cw_store_span span = {
                .from_at = cw_card_chart_from(painting->chart),
                .source = cw_card_chart_source(painting->chart),
                .card = cw_card_chart_card(painting->chart),
                .has_card = true,
        };
        int r = cw_store_walk_cards(store, &span, see_first, &viewing, NULL);

        if (r >= 0 && viewing.error == 0 && viewing.begun)
                r = cw_store_walk_cards(store, &span, see, &viewing, NULL);
        if (r < 0 || viewing.error < 0 || atomic_load(&pictures->give_up))
                return;
        if (cw_card_chart_draw(painting->chart, &painting->png, &painting->words) != 0)
                cw_buf_clear(&painting->png);
}

/* On a worker thread. */
static void work(void *data)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_pictures *pictures = data;

        if (cw_store_open_readonly(pictures->path, &store, NULL) < 0)
                return;
        for (size_t i = 0; i < pictures->n && !atomic_load(&pictures->give_up); i++)
                paint(pictures, &pictures->paintings[i], store);
}

static void tell(struct cw_pictures *pictures, bool with_them)
{
        struct cw_picture told[PICTURES_MAX];
        size_t n = 0;

        for (size_t i = 0; with_them && i < pictures->n; i++) {
                const struct painting *painting = &pictures->paintings[i];

                if (painting->png.len == 0 || cw_buf_error(&painting->png) < 0 || cw_buf_error(&painting->words) < 0)
                        continue;
                told[n++] = (struct cw_picture){
                        .fingerprint = painting->fingerprint,
                        .png = painting->png.data,
                        .len = painting->png.len,
                        .words = painting->words.data,
                };
        }
        pictures->told = true;
        cw_timer_stop(pictures->timer);
        pictures->done(pictures->data, told, n);
}

static void run_next(struct cw_painter *painter);

static void worked(void *data)
{
        struct cw_pictures *pictures = data;
        struct cw_painter *painter = pictures->painter;

        painter->refs++; /* it may be its last job */
        painter->n_running--;
        if (pictures->told)
                painter->n_late--;
        else
                tell(pictures, true);
        pictures_free(pictures);
        run_next(painter);
        cw_painter_free(painter);
}

static void too_late(void *data)
{
        struct cw_pictures *pictures = data;
        struct cw_painter *painter = pictures->painter;

        if (pictures->running) {
                atomic_store(&pictures->give_up, true);
                painter->n_late++;
                tell(pictures, false);
                return;
        }
        TAILQ_REMOVE(&painter->waiting, pictures, link);
        tell(pictures, false);
        pictures_free(pictures);
}

/* What cannot run is told of when its patience ends. */
static void run_next(struct cw_painter *painter)
{
        struct cw_pictures *pictures = TAILQ_FIRST(&painter->waiting);

        if (!pictures || painter->n_running == RUNNING_MAX || painter->n_late > 0 ||
            cw_work_submit(painter->loop, work, worked, pictures) < 0)
                return;
        TAILQ_REMOVE(&painter->waiting, pictures, link);
        pictures->running = true;
        painter->n_running++;
}

static bool is_drawn_already(const struct cw_pictures *pictures, const struct cw_entry *entry)
{
        for (size_t i = 0; i < pictures->n; i++)
                if (cw_card_chart_card(pictures->paintings[i].chart) == entry->card.id &&
                    strcmp(cw_card_chart_source(pictures->paintings[i].chart), entry->source) == 0)
                        return true;
        return false;
}

static int choose(struct cw_pictures *pictures, const struct cw_notice *notice, enum cw_detail detail)
{
        for (size_t i = 0; i < notice->n_listed && pictures->n < PICTURES_MAX; i++) {
                const struct cw_entry *entry = notice->items[i].entry;
                struct painting *painting = &pictures->paintings[pictures->n];
                int r;

                if (!entry->has_card || is_drawn_already(pictures, entry))
                        continue;
                r = cw_card_chart_new(entry, detail, notice->sent_at, &painting->chart);
                if (r < 0)
                        return r;
                painting->fingerprint = entry->fingerprint;
                pictures->n += r == 0;
        }
        return pictures->n > 0 ? 0 : CW_PICTURES_NONE;
}

int cw_pictures_start(struct cw_painter *painter, const char *path, const struct cw_notice *notice,
                      enum cw_detail detail, cw_pictures_fn done, void *data, struct cw_pictures **ret_pictures)
{
        cw_cleanup(pictures_free_cleanup) struct cw_pictures *pictures = NULL;
        int r;

        if (painter->n_late > 0)
                return CW_PICTURES_NONE;
        pictures = calloc(1, sizeof(*pictures));
        if (!pictures)
                return -ENOMEM;
        painter->refs++;
        pictures->painter = painter;
        pictures->done = done;
        pictures->data = data;
        pictures->path = strdup(path);
        r = pictures->path ? choose(pictures, notice, detail) : -ENOMEM;
        if (r == 0)
                r = cw_timer_new(painter->loop, too_late, pictures, &pictures->timer);
        if (r != 0)
                return r;
        cw_timer_start(pictures->timer, PATIENCE_MS);
        TAILQ_INSERT_TAIL(&painter->waiting, pictures, link);
        *ret_pictures = cw_take(pictures);
        run_next(painter);
        return 0;
}

void cw_pictures_give_up(struct cw_pictures *pictures)
{
        assert(!pictures->told);
        cw_timer_start(pictures->timer, 0);
}
