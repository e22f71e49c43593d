/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: whatever stands in the file, it is taken whole or every mistake has a place. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/config.h"
#include "cardwatch/text.h"
#include "fuzz.h"

#define FILE_NAME "cardwatch.yaml"

static char folder[] = "/tmp/cardwatch-fuzz-XXXXXX";

static void leave_folder(void)
{
        (void)unlink(FILE_NAME);
        (void)rmdir(folder);
}

static void enter_folder(void)
{
        static int inside;

        if (inside)
                return;
        inside = 1;
        umask(077);
        must(mkdtemp(folder) && chdir(folder) == 0);
        must(atexit(leave_folder) == 0);
}

static void check_report(const struct cw_config_report *report, int result)
{
        struct cw_buf text = CW_BUF_NULL;
        size_t errors = 0;

        for (size_t i = 0; i < report->n_items; i++) {
                must(report->items[i].message[0] != '\0');
                errors += !report->items[i].warning;
        }
        must((result == -EINVAL) == (report->n_errors > 0));
        must(errors <= report->n_errors);
        cw_config_report_text(report, &text);
        must(cw_buf_error(&text) == 0);
        must(cw_text_valid_utf8(cw_buf_text(&text), text.len) == text.len);
        cw_buf_clear(&text);
        cw_config_report_json(report, &text);
        must(cw_buf_error(&text) == 0 && text.len > 0);
        cw_buf_deinit(&text);
}

static void check_config(const struct cw_config *config)
{
        must(config->n_sources > 0 && config->rules->n_sources == config->n_sources);
        must(strlen(config->hash) == 32);
        for (size_t i = 0; i < config->n_sources; i++)
                must(config->sources[i].name && config->sources[i].url && config->sources[i].every_ms >= 50);
        for (size_t i = 0; i < config->rules->n_rules; i++)
                must(config->rules->rules[i].name);
}

/* Included files are the machine's, and another input tomorrow. */
static int has_include(const uint8_t *data, size_t size)
{
        return memmem(data, size, "include", 7) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_config_load_options options = {.offline = true};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_config *config = NULL;
        FILE *file;
        int r;

        if (has_include(data, size))
                return 0;
        enter_folder();
        file = fopen(FILE_NAME, "wb");
        must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
        r = cw_config_load(FILE_NAME, &options, &config, &report);
        must(r == 0 || r == -EINVAL);
        must((r == 0) == (config != NULL));
        check_report(&report, r);
        if (config)
                check_config(config);
        cw_config_free(config);
        cw_config_report_deinit(&report);
        return 0;
}
