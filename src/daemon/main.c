/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatchd: the command line, the configuration, and then the app until its end. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "app.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_report.h"
#include "cardwatch/log.h"
#include "cardwatch/settings.h"
#include "cardwatch/streams.h"

#define EXIT_USAGE  64
#define EXIT_CONFIG 78

#define LARGE_BYTES (128 << 10)
#define SPARE_BYTES (4 << 20)

#define DEFAULT_CONFIG "/etc/cardwatch/cardwatch.yaml"

static const char usage[] = "Usage: cardwatchd [-c FILE] [--once]\n"
                            "\n"
                            "Watches payment-card balances and tells people, in time and once, what they must know.\n"
                            "\n"
                            "  -c, --config FILE  the configuration (default " DEFAULT_CONFIG ")\n"
                            "      --once         poll each source once, deliver, end: 0 all well, 1 something failed\n"
                            "  -h, --help         this text\n"
                            "      --version      the version\n"
                            "\n"
                            "Signals: HUP reload, USR1 poll now, TERM and INT deliver what is left (10 s) and end.\n"
                            "Exit status: 0 well, 1 it failed, 64 usage, 78 configuration.\n";

/* Returns -1 to go on, else an exit status. */
static int read_options(int argc, char **argv, struct cw_app_options *options)
{
        static const struct option known[] = {
                {"config", required_argument, NULL, 'c'},
                {"once", no_argument, NULL, '1'},
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'V'},
                {NULL, 0, NULL, 0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
                switch (c) {
                case 'c':
                        options->config_path = optarg;
                        break;
                case '1':
                        options->once = true;
                        break;
                case 'h':
                        fputs(usage, stdout);
                        return 0;
                case 'V':
                        puts("cardwatchd " CARDWATCH_VERSION);
                        return 0;
                default:
                        fputs("Try `cardwatchd --help`.\n", stderr);
                        return EXIT_USAGE;
                }
        }
        if (optind == argc)
                return -1;
        fprintf(stderr, "cardwatchd: unexpected argument \"%s\"\n", argv[optind]);
        return EXIT_USAGE;
}

static void print_report(const struct cw_config_report *report)
{
        struct cw_buf text = CW_BUF_NULL;

        cw_config_report_text(report, &text);
        fputs(cw_buf_text(&text), stderr);
        cw_buf_deinit(&text);
}

/* The settings and the log that they ask for; an exit status. What is wrong is printed as people read it; a log that
 * programs read has warnings as lines of its own. */
static int begin(struct cw_app_options *options, struct cw_settings **ret_settings)
{
        struct cw_config_load_options load = {0};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_settings *settings = NULL;
        int status = EXIT_CONFIG;

        if (cw_settings_load(options->config_path, &load, &settings, &report) == 0)
                status = cw_log_new(stderr, settings->config->log_level, settings->config->log_format, &options->log);
        if (status == 0 && settings->config->log_format == CW_LOG_JSON)
                cw_settings_log_report(options->log, &report);
        else
                print_report(&report);
        cw_config_report_deinit(&report);
        if (status != 0)
                cw_settings_unref(settings);
        else
                *ret_settings = settings;
        return status < 0 ? EXIT_FAILURE : status;
}

/*
 * What is large gets pages of its own, always. Left to itself the C library raises the size from which it does so with
 * each large block that is freed, up to 32 MB; then what a first poll or a checkpoint needs once is cut out of the
 * threads' heaps and stays there: 14 MB with 100,000 cards. And what the pages of a poll are read into is not given
 * back to the system after each, nor what those of many sources are read into side by side after each beat: 1.5 MB of
 * 25 sources, and there may be more of them.
 */
static void settle_memory(void)
{
#if defined(__GLIBC__)
        (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
        (void)mallopt(M_TRIM_THRESHOLD, SPARE_BYTES);
#endif
}

/* A core would hold card balances and secrets: it is written only where somebody allowed it beforehand. */
static void settle_process(void)
{
        struct sigaction ignore = {.sa_handler = SIG_IGN};

        sigaction(SIGPIPE, &ignore, NULL);
}

int main(int argc, char **argv)
{
        struct cw_app_options options = {.config_path = DEFAULT_CONFIG};
        const char *tz = getenv("TZ");
        cw_autofree char *system_zone = strdup(tz ? tz : "");
        struct cw_settings *settings;
        struct cw_app *app;
        int status;

        cw_streams_fill();
        status = read_options(argc, argv, &options);
        if (status >= 0)
                return status;
        settle_memory();
        options.system_zone = system_zone ? system_zone : "";
        status = begin(&options, &settings);
        if (status != 0)
                return status;
        settle_process();
        if (cw_app_new(&options, settings, &app) < 0) {
                cw_log(options.log, CW_LOG_ERROR, "start-failed", NULL);
                cw_log_free(options.log);
                return EXIT_FAILURE;
        }
        status = cw_app_run(app);
        cw_app_free(app);
        cw_log_free(options.log);
        return status;
}
