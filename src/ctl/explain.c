/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch explain: why one alert is in its state, and everything that is recorded of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/store_history.h"
#include "command.h"
#include "edges.h"
#include "options.h"
#include "recorded.h"

#define EDGES_SHOWN 40

CW_DEFINE_CLEANUP(struct cw_engine *, cw_engine_free);

static bool read_fingerprint(const char *text, uint64_t *ret_fingerprint)
{
        static const char digits[] = "0123456789abcdef";
        uint64_t value = 0;

        if (strlen(text) != 16 || strspn(text, digits) != 16)
                return false;
        for (const char *c = text; *c; c++)
                value = value << 4 | (uint64_t)(strchr(digits, *c) - digits);
        *ret_fingerprint = value;
        return true;
}

static void print_edges(struct cw_buf *buf, const struct cw_changes *past)
{
        size_t n = past->history.n, skipped = n > EDGES_SHOWN ? n - EDGES_SHOWN : 0;

        cw_buf_puts(buf, n ? "\nrecorded:\n" : "\nnothing of it is recorded\n");
        if (skipped)
                cw_buf_printf(buf, "  (%zu before these; --json has them all)\n", skipped);
        for (size_t i = skipped; i < n; i++) {
                cw_buf_puts(buf, "  ");
                cw_edge_print(buf, &past->history.rows[i], false);
        }
}

static void write_json(struct cw_buf *buf, const char *fingerprint, const struct cw_buf *words, bool known,
                       const struct cw_changes *past)
{
        struct cw_json_out out = {.buf = buf};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "fingerprint", fingerprint);
        cw_json_out_bool(&out, "known", known);
        cw_json_out_string(&out, "explanation", known ? cw_buf_text(words) : NULL);
        cw_json_out_open(&out, "edges", '[');
        for (size_t i = 0; i < past->history.n; i++)
                cw_edge_json(&out, &past->history.rows[i]);
        cw_json_out_close(&out, ']');
        cw_json_out_close(&out, '}');
        cw_buf_putc(buf, '\n');
}

/* By its card, as far as it is known: that is how edges are found. */
static struct cw_store_span span_of(const struct cw_recorded *recorded, uint64_t fingerprint)
{
        for (size_t i = 0; i < recorded->rows.alerts.n; i++) {
                const struct cw_alert_row *row = &recorded->rows.alerts.rows[i];

                if (row->fingerprint == fingerprint)
                        return (struct cw_store_span){.fingerprint = fingerprint, .has_card = true, .card = row->card};
        }
        return (struct cw_store_span){.fingerprint = fingerprint};
}

static int explain(const struct cw_recorded *recorded, const char *text, uint64_t fingerprint, bool json)
{
        cw_cleanup(cw_engine_free_cleanup) struct cw_engine *engine = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes past = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf words = CW_BUF_NULL, buf = CW_BUF_NULL;
        struct cw_store_span span = span_of(recorded, fingerprint);
        int r = cw_recorded_engine(recorded, &recorded->rows, recorded->now, NULL, &engine);

        /* A span without a fingerprint is of every alert. */
        if (r == 0 && fingerprint)
                r = cw_recorded_edges(recorded, &span, &past);
        if (r)
                return r;
        r = cw_engine_explain(engine, fingerprint, &cw_recorded_style, &words);
        if (r < 0 && (r != -ENOENT || past.history.n == 0)) {
                fprintf(stderr, "cardwatch explain: %s %s\n", text,
                        r == -ENOENT
                                ? "is no alert: no rule has it for a card that is known, and nothing of it is recorded"
                                : strerror(-r));
                return CW_EXIT_FAILED;
        }
        if (json) {
                write_json(&buf, text, &words, r == 0, &past);
        } else {
                cw_buf_append(&buf, words.data, words.len);
                if (r < 0)
                        cw_buf_printf(&buf, "%s of source %s: its rule or its card is not known any more\n",
                                      past.history.rows[0].rule, past.history.rows[0].source);
                print_edges(&buf, &past);
        }
        fputs(cw_buf_text(&buf), stdout);
        return cw_buf_error(&buf) < 0 || fflush(stdout) != 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(cw_recorded_deinit) struct cw_recorded recorded = {.command = NULL};
        const char *config = CW_DEFAULT_CONFIG;
        uint64_t fingerprint;
        bool json = false;
        const struct cw_option options[] = {{"json", .flag = &json}};
        const struct cw_option_set set = {
                .options = options, .n = CW_ARRAY_SIZE(options), .least = 1, .most = 1, .operands = "one fingerprint"};
        int status = cw_options_read_local(command, argc, argv, &set, &config);

        if (status >= 0)
                return status;
        if (!read_fingerprint(argv[optind], &fingerprint))
                return cw_command_misused(command,
                                          "\"%s\" is no fingerprint: 16 digits from 0 to f, as messages show them",
                                          argv[optind]);
        status = cw_recorded_open(&recorded, command->name, config);
        return status ? status : explain(&recorded, argv[optind], fingerprint, json);
}

const struct cw_command cw_command_explain = {
        .name = "explain",
        .usage = "Usage: cardwatch explain [--json] [-c FILE] FINGERPRINT\n"
                 "\n"
                 "Says why the alert is in its state: the expressions of its rule with the value of each part, as its "
                 "card was\n"
                 "observed last, when each edge happened, and every message about it, sent or held back and by what. "
                 "Reads the\n"
                 "store, whether a daemon runs on it or not.\n"
                 "\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "      --json         for programs\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Exit status: 0 well, 1 there is no such alert or the store cannot be read, 64 usage, 78 "
                 "configuration.\n",
        .run = run,
};
