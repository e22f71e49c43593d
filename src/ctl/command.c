/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <stdarg.h>
#include <stdio.h>

#include "cardwatch/buf.h"
#include "cardwatch/config_report.h"
#include "cardwatch/log.h"
#include "cardwatch/settings.h"

int cw_command_usage_error(const struct cw_command *command)
{
        fprintf(stderr, "Try `cardwatch %s -h`.\n", command->name);
        return CW_EXIT_USAGE;
}

int cw_command_misused(const struct cw_command *command, const char *format, ...)
{
        va_list args;

        fprintf(stderr, "cardwatch %s: ", command->name);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
        return cw_command_usage_error(command);
}

int cw_command_load_as(const char *path, const struct cw_config_load_options *options,
                       struct cw_settings **ret_settings)
{
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_buf text = CW_BUF_NULL;
        int r;

        r = cw_settings_load(path, options, ret_settings, &report);
        cw_config_report_text(&report, &text);
        fputs(cw_buf_text(&text), stderr);
        cw_buf_deinit(&text);
        cw_config_report_deinit(&report);
        return r < 0 ? CW_EXIT_CONFIG : 0;
}

int cw_command_load(const char *path, bool offline, struct cw_settings **ret_settings)
{
        struct cw_config_load_options options = {.offline = offline};

        return cw_command_load_as(path, &options, ret_settings);
}

struct cw_log *cw_command_log(void)
{
        struct cw_log *log;

        return cw_log_new(stderr, CW_LOG_ERROR, CW_LOG_TEXT, &log) < 0 ? NULL : log;
}
