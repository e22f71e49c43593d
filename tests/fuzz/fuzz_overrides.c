/* SPDX-License-Identifier: Apache-2.0 */
/* Overrides from a file of rows: whatever stands in it, it is taken whole or every mistake has a line. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/core/rule_params.h"
#include "cardwatch/buf.h"
#include "cardwatch/config.h"
#include "cardwatch/text.h"
#include "fuzz.h"

static const char yaml[] = "sources: [{name: main, url: 'https://a.example', auth: {api_key: plain:k}}]\n"
                           "notifiers: [{name: log, type: syslog}]\n"
                           "rules:\n"
                           "  - name: a\n"
                           "    when: available < floor and reference != note\n"
                           "    params: {floor: 100, wait: 2h, note: none, least: 5 USD, loud: false}\n"
                           "    overrides: [{csv: rows.csv}]\n";

static char folder[] = "/tmp/cardwatch-fuzz-XXXXXX";

static void leave_folder(void)
{
        (void)unlink("cardwatch.yaml");
        (void)unlink("rows.csv");
        (void)rmdir(folder);
}

static void put_file(const char *name, const void *data, size_t size)
{
        FILE *file = fopen(name, "wb");

        must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
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
        put_file("cardwatch.yaml", yaml, sizeof(yaml) - 1);
}

static void check_report(const struct cw_config_report *report, size_t size)
{
        struct cw_buf text = CW_BUF_NULL;

        must(report->n_items <= 42);
        for (size_t i = 0; i < report->n_items; i++) {
                must(strcmp(report->items[i].file, "rows.csv") == 0);
                must(report->items[i].line >= 1 && report->items[i].line <= size + 1);
        }
        cw_config_report_text(report, &text);
        must(cw_text_valid_utf8(cw_buf_text(&text), text.len) == text.len);
        cw_buf_deinit(&text);
}

static void check_rule(const struct cw_rule *rule)
{
        struct cw_value params[CW_RULE_PARAMS_MAX];

        for (int64_t id = 0; id < 4; id++) {
                struct cw_card card = {.id = id, .customer = id, .currency = "EUR"};

                cw_rule_params(rule, "main", &card, params);
                for (size_t i = 0; i < rule->n_params; i++)
                        must(params[i].known && (params[i].type != CW_VALUE_AMOUNT || strlen(params[i].currency) == 3));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_config_load_options options = {.offline = true};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_config *config = NULL;
        int r;

        enter_folder();
        put_file("rows.csv", data, size);
        r = cw_config_load("cardwatch.yaml", &options, &config, &report);
        must(r == 0 || r == -EINVAL);
        must((r == 0) == (report.n_errors == 0));
        check_report(&report, size);
        if (config)
                check_rule(&config->rules->rules[0]);
        cw_config_free(config);
        cw_config_report_deinit(&report);
        return 0;
}
