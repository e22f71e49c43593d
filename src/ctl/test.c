/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch test: lives through tests of rules in a world that is only thought of, and says what came out otherwise. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_report.h"
#include "cardwatch/scenario.h"
#include "cardwatch/settings.h"
#include "command.h"
#include "options.h"
#include "rehearsal.h"
#include "test_report.h"

/* One file and what it is tried with. */
struct suite {
        struct cw_scenario_file *file;
        struct cw_settings *settings;
};

struct run {
        const char *config; /* NULL: the one that each file names */
        enum cw_test_format format;
        struct suite *suites;
        size_t n_suites;
        struct cw_test_report report;
        struct cw_config_report mistakes;
};

/* 0, or the status to end with. Mistakes in a configuration are said at once, those of tests are collected. */
static int load_config(struct run *run, struct suite *suite)
{
        struct cw_config_place place = {.file = suite->file->path, .line = 1, .column = 1};
        const char *path = run->config ? run->config : suite->file->config;

        if (path)
                return cw_command_load(path, true, &suite->settings);
        if (cw_config_report_add(&run->mistakes, &place, "which configuration? \"config\" is missing (or -c FILE)") < 0)
                return CW_EXIT_FAILED;
        return CW_EXIT_CONFIG;
}

static int load_suite(struct run *run, const char *path, struct suite *suite)
{
        size_t n_errors = run->mistakes.n_errors;
        int r, status;

        r = cw_scenario_load(path, &suite->file, &run->mistakes);
        if (r < 0)
                return r == -EINVAL ? CW_EXIT_CONFIG : CW_EXIT_FAILED;
        status = load_config(run, suite);
        if (status == 0 && cw_rehearsal_check(suite->settings, suite->file, &run->mistakes) < 0)
                status = CW_EXIT_FAILED;
        if (status == 0 && run->mistakes.n_errors > n_errors)
                status = CW_EXIT_CONFIG;
        return status;
}

/* Every file, so that one run says all that is wrong. */
static int load_all(struct run *run, char **paths, size_t n)
{
        struct cw_buf text = CW_BUF_NULL;
        int status = 0;

        run->suites = calloc(n + 1, sizeof(*run->suites));
        if (!run->suites)
                return CW_EXIT_FAILED;
        run->n_suites = n;
        for (size_t i = 0; i < n; i++) {
                int r = load_suite(run, paths[i], &run->suites[i]);

                status = r ? r : status;
        }
        cw_config_report_text(&run->mistakes, &text);
        fputs(cw_buf_text(&text), stderr);
        cw_buf_deinit(&text);
        return status;
}

/* Texts for people show times in the configuration's zone. */
static void set_timezone(const struct cw_settings *settings, const char *own)
{
        const char *zone = settings->config->timezone ? settings->config->timezone : own;

        if (zone)
                setenv("TZ", zone, 1);
        else
                unsetenv("TZ");
        tzset();
}

static int play(struct run *run, const struct suite *suite)
{
        for (size_t i = 0; i < suite->file->n_tests; i++) {
                struct cw_rehearsal *rehearsal = &run->report.rehearsals[run->report.n_rehearsals++];
                int r = cw_rehearse(suite->settings, suite->file, &suite->file->tests[i], rehearsal);

                if (r < 0) {
                        fprintf(stderr, "cardwatch test: %s: %s\n", suite->file->tests[i].name, strerror(-r));
                        return r;
                }
                if (rehearsal->text)
                        run->report.n_failed++;
                else
                        run->report.n_passed++;
        }
        return 0;
}

static int play_all(struct run *run)
{
        cw_autofree char *own = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < run->n_suites; i++)
                n += run->suites[i].file->n_tests;
        run->report.rehearsals = calloc(n + 1, sizeof(*run->report.rehearsals));
        if (!run->report.rehearsals)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < run->n_suites; i++) {
                set_timezone(run->suites[i].settings, own);
                r = play(run, &run->suites[i]);
        }
        return r;
}

static int print(const struct run *run)
{
        struct cw_buf text = CW_BUF_NULL;
        int status = run->report.n_failed ? CW_EXIT_FAILED : CW_EXIT_OK;

        cw_test_report(&text, &run->report, run->format);
        fputs(cw_buf_text(&text), stdout);
        if (cw_buf_error(&text) < 0 || fflush(stdout) != 0)
                status = CW_EXIT_FAILED;
        if (run->format != CW_TEST_TEXT)
                fprintf(stderr, "%zu passed, %zu failed\n", run->report.n_passed, run->report.n_failed);
        cw_buf_deinit(&text);
        return status;
}

static void run_deinit(struct run *run)
{
        for (size_t i = 0; i < run->report.n_rehearsals; i++)
                cw_rehearsal_deinit(&run->report.rehearsals[i]);
        free(run->report.rehearsals);
        for (size_t i = 0; i < run->n_suites; i++) {
                cw_scenario_free(run->suites[i].file);
                cw_settings_unref(run->suites[i].settings);
        }
        free(run->suites);
        cw_config_report_deinit(&run->mistakes);
}

static bool read_format(const char *text, enum cw_test_format *ret_format)
{
        static const char *const names[] = {
                [CW_TEST_TEXT] = "text", [CW_TEST_JSON] = "json", [CW_TEST_JUNIT] = "junit"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++) {
                if (strcmp(text, names[i]) == 0) {
                        *ret_format = (enum cw_test_format)i;
                        return true;
                }
        }
        return false;
}

/* Returns -1 to go on, else an exit status. */
static int read_options(const struct cw_command *command, int argc, char **argv, struct run *run)
{
        const char *format = "text";
        const struct cw_option options[] = {{"format", .text = &format}};
        const struct cw_option_set set = {.options = options,
                                          .n = CW_ARRAY_SIZE(options),
                                          .least = 1,
                                          .most = SIZE_MAX,
                                          .operands = "at least one file of tests"};
        int status = cw_options_read_local(command, argc, argv, &set, &run->config);

        if (status >= 0)
                return status;
        if (!read_format(format, &run->format))
                return cw_command_misused(command, "--format is text, json or junit");
        return -1;
}

static int run_command(const struct cw_command *command, int argc, char **argv)
{
        struct run run = {0};
        int status = read_options(command, argc, argv, &run);

        if (status >= 0)
                return status;
        status = load_all(&run, argv + optind, (size_t)(argc - optind));
        if (status == 0)
                status = play_all(&run) < 0 ? CW_EXIT_FAILED : print(&run);
        run_deinit(&run);
        return status;
}

const struct cw_command cw_command_test = {
        .name = "test",
        .usage =
                "Usage: cardwatch test [-c FILE] [--format text|json|junit] FILE...\n"
                "\n"
                "Lives through the tests of rules in each FILE with a clock, sources and receivers that are only "
                "thought "
                "of,\n"
                "and shows for each failure what was expected, what was, and what led to it. cardwatch(1) has the form "
                "of\n"
                "the files. Nothing is asked, stored or sent, and no secret needs to exist.\n"
                "\n"
                "  -c, --config FILE  this configuration instead of the one that a file names\n"
                "      --format FORM  text (default), json or junit\n"
                "  -h, --help         this text\n"
                "\n"
                "Exit status: 0 every test passed, 1 not, 64 usage, 78 a mistake in a file or its configuration.\n",
        .run = run_command,
};
