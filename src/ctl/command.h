/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_COMMAND_H
#define CARDWATCH_CTL_COMMAND_H

#include <stdbool.h>

struct cw_log;
struct cw_settings;

/*
 * Commands: what `cardwatch` can do. Each reads its own arguments and returns an exit status; this file holds what they
 * share.
 */

enum {
        CW_EXIT_OK = 0,
        CW_EXIT_FAILED = 1,
        CW_EXIT_FIRING = 2, /* what was asked about exists */
        CW_EXIT_USAGE = 64,
        CW_EXIT_UNAVAILABLE = 69,
        CW_EXIT_CONFIG = 78,
};

#define CW_DEFAULT_CONFIG "/etc/cardwatch/cardwatch.yaml"

struct cw_command {
        const char *name;
        const char *usage; /* the whole text of `-h` */
        int (*run)(const struct cw_command *command, int argc, char **argv);
};

extern const struct cw_command cw_command_accept;
extern const struct cw_command cw_command_ack;
extern const struct cw_command cw_command_alerts;
extern const struct cw_command cw_command_audit;
extern const struct cw_command cw_command_backtest;
extern const struct cw_command cw_command_backup;
extern const struct cw_command cw_command_check;
extern const struct cw_command cw_command_config;
extern const struct cw_command cw_command_events;
extern const struct cw_command cw_command_explain;
extern const struct cw_command cw_command_notify;
extern const struct cw_command cw_command_outbox;
extern const struct cw_command cw_command_preview;
extern const struct cw_command cw_command_reload;
extern const struct cw_command cw_command_silence;
extern const struct cw_command cw_command_sources;
extern const struct cw_command cw_command_status;
extern const struct cw_command cw_command_test;
extern const struct cw_command cw_command_why;

/* One line to standard error, and where to read on; CW_EXIT_USAGE. */
int cw_command_misused(const struct cw_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The option character that getopt_long did not take is said by it already: only where to read on. */
int cw_command_usage_error(const struct cw_command *command);

/* Loads a configuration for a command that needs a right one; says what is wrong with it. 0 or CW_EXIT_CONFIG. */
int cw_command_load(const char *path, bool offline, struct cw_settings **ret_settings);

/* The same as the options say. */
struct cw_config_load_options;
int cw_command_load_as(const char *path, const struct cw_config_load_options *options,
                       struct cw_settings **ret_settings);

/* A log to standard error that says only what went wrong. NULL: out of memory. */
struct cw_log *cw_command_log(void);

#endif
