/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store costs: a poll's commit, a checkpoint, a start, and what a long past weighs.
 *
 *   bench_store DIRECTORY [CARDS [DAYS]]
 *   bench_store DIRECTORY start
 *
 * Fills a store in DIRECTORY (which should be empty), commits polls in which one card in a hundred changed, and starts
 * from it; or only starts from what is there. With DAYS it writes that many days of such polls, one a minute, and reads
 * one card's history from them. The store is left there to be looked at.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/fingerprint.h"
#include "cardwatch/load.h"
#include "cardwatch/rules.h"
#include "cardwatch/store.h"
#include "cardwatch/store_history.h"

#define BEGIN  INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define POLLS  25

#define AVAILABLE_AND_TOTAL 5 /* bits of the fields that rules can name */

CW_DEFINE_CLEANUP(struct cw_store *, cw_store_close);

struct bench {
        char path[4096];
        struct cw_store *store;
        int64_t n_cards;
        int64_t *available; /* in cents */
        uint32_t *observations;
        uint64_t random;
        int64_t now;
        struct cw_buf message;
};

static uint64_t next_random(struct bench *bench)
{
        bench->random = bench->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return bench->random >> 33;
}

struct times {
        int64_t wall_us, cpu_us;
};

static int64_t us_of(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct times begin_times(void)
{
        return (struct times){us_of(CLOCK_MONOTONIC), us_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static void say(const char *what, struct times begin, int64_t n)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        printf("%-44s %9.2f ms wall %9.2f ms CPU   (most resident so far %ld MB)\n", what,
               (double)(us_of(CLOCK_MONOTONIC) - begin.wall_us) / 1e3 / (double)n,
               (double)(us_of(CLOCK_PROCESS_CPUTIME_ID) - begin.cpu_us) / 1e3 / (double)n, usage.ru_maxrss / 1024);
        fflush(stdout);
}

static void must(struct bench *bench, int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "%s: %s %s\n", what, strerror(-r), cw_buf_text(&bench->message));
        exit(1);
}

static long size_kb(const struct bench *bench)
{
        struct stat st;

        return stat(bench->path, &st) == 0 ? (long)(st.st_size / 1024) : -1;
}

static void add_card(struct bench *bench, struct cw_changes *changes, int64_t i, bool first)
{
        struct cw_card_row row = {.source = (char *)"main"};
        int64_t spent = first ? 0 : (int64_t)(next_random(bench) % 20000);
        char reference[32];

        snprintf(reference, sizeof(reference), "customer-%" PRId64, i / 2 + 1);
        row.before.available = row.before.total = bench->available[i] * 10000;
        bench->available[i] = spent < bench->available[i] ? bench->available[i] - spent : 500000;
        row.card.available = row.card.total = bench->available[i] * 10000;
        row.card.id = i + 1;
        row.card.customer = i / 2 + 1;
        row.card.reference = reference;
        memcpy(row.card.currency, "USD", 4);
        snprintf(row.card.last4, sizeof(row.card.last4), "%04d", (int)(i * 7919 % 10000));
        row.changed = first ? UINT16_MAX : AVAILABLE_AND_TOTAL;
        row.has_before = !first;
        row.first_seen_at = BEGIN;
        row.observed_at = bench->now;
        row.observations = ++bench->observations[i];
        cw_changes_card(changes, &row);
}

static void add_source(const struct bench *bench, struct cw_changes *changes)
{
        cw_changes_source(changes, &(struct cw_source_row){.source = (char *)"main",
                                                           .baseline_done = true,
                                                           .first_poll_at = BEGIN,
                                                           .last_poll_at = bench->now,
                                                           .last_complete_at = bench->now});
}

static void commit_poll(struct bench *bench, struct cw_changes *changes, int64_t n_changes, bool first)
{
        int64_t stride = n_changes > 0 ? bench->n_cards / n_changes : 1;

        bench->now += MINUTE;
        for (int64_t i = 0; i < n_changes; i++)
                add_card(bench, changes, first ? i : i * stride + (int64_t)(next_random(bench) % (uint64_t)stride),
                         first);
        add_source(bench, changes);
}

static void add_alerts(const struct bench *bench, struct cw_changes *changes, int64_t n, uint32_t edge)
{
        for (int64_t i = 0; i < n; i++) {
                struct cw_alert_row alert = {.fingerprint = cw_fingerprint("low", "main", i / 2 + 1, i + 1),
                                             .rule = (char *)"low",
                                             .source = (char *)"main",
                                             .customer = i / 2 + 1,
                                             .card = i + 1,
                                             .state = 0,
                                             .edge = edge};
                struct cw_history_row history = {.at = bench->now,
                                                 .fingerprint = alert.fingerprint,
                                                 .rule = alert.rule,
                                                 .source = alert.source,
                                                 .customer = alert.customer,
                                                 .card = alert.card,
                                                 .edge = edge,
                                                 .what = "firing",
                                                 .detail = (char *)"available < 100 (available: 99.5, is true)",
                                                 .severity = 1};

                cw_changes_alert(changes, &alert);
                cw_changes_history(changes, &history);
        }
}

static void measure_commits(struct bench *bench, const char *what, int64_t n_changes, int64_t n_alerts)
{
        struct cw_changes changes[POLLS] = {0};
        struct times begin;

        for (int i = 0; i < POLLS; i++) {
                commit_poll(bench, &changes[i], n_changes, false);
                add_alerts(bench, &changes[i], n_alerts, (uint32_t)i + 1);
        }
        begin = begin_times();
        for (int i = 0; i < POLLS; i++)
                must(bench, cw_store_commit(bench->store, &changes[i], bench->now, &bench->message), "commit");
        say(what, begin, POLLS);
        for (int i = 0; i < POLLS; i++)
                cw_changes_deinit(&changes[i]);
}

/* The longest share is how long a commit may have to wait. */
static void maintain(struct bench *bench, bool say_so)
{
        struct cw_store_keep keep = {.history_ms = 90 * CW_DAY_MS, .audit_ms = 2555 * CW_DAY_MS};
        int64_t longest_us = 0, shares = 0;
        int r;

        do {
                int64_t begin_us = us_of(CLOCK_PROCESS_CPUTIME_ID), took_us;

                r = cw_store_maintain(bench->store, bench->now, &keep, false, &bench->message);
                must(bench, r, "maintain");
                took_us = us_of(CLOCK_PROCESS_CPUTIME_ID) - begin_us;
                if (getenv("SHARES"))
                        fprintf(stderr, "%ld ", (long)took_us);
                longest_us = took_us > longest_us ? took_us : longest_us;
                shares++;
        } while (r == CW_STORE_MORE);
        if (say_so)
                printf("%-44s %9.2f ms CPU in the longest of %" PRId64 " shares\n", "maintenance",
                       (double)longest_us / 1e3, shares);
}

static void fill(struct bench *bench)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct times begin;

        for (int64_t i = 0; i < bench->n_cards; i++)
                bench->available[i] = (int64_t)(next_random(bench) % 1000000);
        commit_poll(bench, &changes, bench->n_cards, true);
        begin = begin_times();
        must(bench, cw_store_commit(bench->store, &changes, bench->now, &bench->message), "commit");
        say("first commit, every card", begin, 1);
        begin = begin_times();
        maintain(bench, true);
        say("checkpoint of all that", begin, 1);
}

static int load_card(void *data, const struct cw_card_row *row)
{
        return cw_load_card(data, row);
}

static void measure_start(struct bench *bench)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL, changes = CW_CHANGES_NULL;
        struct cw_engine *engine = NULL;
        struct cw_ruleset *rules = NULL;
        struct times begin;
        int64_t n_cards;

        cw_store_close(bench->store);
        must(bench, cw_ruleset_new(&rules), "rules");
        rules->sources = calloc(1, sizeof(*rules->sources));
        rules->n_sources = 1;
        rules->sources[0] = (struct cw_source_traits){.name = strdup("main"), .every_ms = MINUTE};
        begin = begin_times();
        must(bench, cw_store_open(bench->path, &bench->store, &bench->message), "open");
        must(bench, cw_engine_new(rules, &engine), "engine");
        must(bench, cw_store_load_but_cards(bench->store, &rows, &bench->message), "load");
        must(bench, cw_load_begin(engine, &rows, bench->now, &changes), "engine");
        must(bench, cw_store_count_cards(bench->store, "main", &n_cards, &bench->message), "count");
        cw_load_expect(engine, "main", n_cards);
        must(bench, cw_store_walk_present(bench->store, load_card, engine, &bench->message), "cards");
        must(bench, cw_load_end(engine, &rows), "engine");
        say("start", begin, 1);
        cw_engine_free(engine);
        cw_ruleset_unref(rules);
}

static int count_card(void *data, int64_t at, const struct cw_card_row *row)
{
        int64_t *n = data;

        (void)at;
        (void)row;
        ++*n;
        return 0;
}

static void measure_history(struct bench *bench)
{
        for (int i = 0; i < 3; i++) {
                struct cw_store_span span = {.card = i * bench->n_cards / 3 + 1, .has_card = true};
                struct times begin = begin_times();
                int64_t n = 0;
                char what[64];

                must(bench, cw_store_walk_cards(bench->store, &span, count_card, &n, &bench->message), "history");
                snprintf(what, sizeof(what), "one card's history, %" PRId64 " changes", n);
                say(what, begin, 1);
        }
}

static void write_days(struct bench *bench, int64_t days)
{
        struct times begin = begin_times();
        int64_t polls = days * CW_DAY_MS / MINUTE;

        for (int64_t i = 0; i < polls; i++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                commit_poll(bench, &changes, bench->n_cards / 100, false);
                must(bench, cw_store_commit(bench->store, &changes, bench->now, &bench->message), "commit");
                if (i % 16 == 0)
                        maintain(bench, false);
        }
        say("a poll of those days, maintenance with it", begin, polls);
        printf("%-44s %9.1f MB\n", "the file", (double)size_kb(bench) / 1024);
        measure_history(bench);
}

int main(int argc, char **argv)
{
        struct bench bench = {.n_cards = 100000, .random = 1, .now = BEGIN, .message = CW_BUF_NULL};
        struct times begin;

        if (argc < 2) {
                fprintf(stderr, "bench_store DIRECTORY [CARDS [DAYS]]\n");
                return 64;
        }
        snprintf(bench.path, sizeof(bench.path), "%s/bench.db", argv[1]);
        if (argc > 2 && strcmp(argv[2], "start") == 0) {
                measure_start(&bench);
                cw_store_close(bench.store);
                return 0;
        }
        if (argc > 2)
                bench.n_cards = strtoll(argv[2], NULL, 10);
        bench.available = calloc((size_t)bench.n_cards, sizeof(*bench.available));
        bench.observations = calloc((size_t)bench.n_cards, sizeof(*bench.observations));
        if (!bench.available || !bench.observations || bench.n_cards < 100)
                return 1;
        must(&bench, cw_store_open(bench.path, &bench.store, &bench.message), "open");
        fill(&bench);
        measure_start(&bench);
        measure_commits(&bench, "commit, nothing changed", 0, 0);
        measure_commits(&bench, "commit, one in a hundred changed", bench.n_cards / 100, 0);
        measure_commits(&bench, "commit, likewise, 100 alerts", bench.n_cards / 100, 100);
        measure_start(&bench);
        begin = begin_times();
        maintain(&bench, true);
        say("checkpoint of what that changed", begin, 1);
        if (argc > 3)
                write_days(&bench, strtoll(argv[3], NULL, 10));
        cw_store_close(bench.store);
        free(bench.available);
        free(bench.observations);
        cw_buf_deinit(&bench.message);
        return 0;
}
