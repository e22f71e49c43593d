/* SPDX-License-Identifier: Apache-2.0 */
/* A file of tests: whatever stands in it, it is taken whole or every mistake has a place. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/config_report.h"
#include "cardwatch/scenario.h"
#include "cardwatch/text.h"
#include "fuzz.h"

#define FILE_NAME "rules_test.yaml"

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

        must((result == -EINVAL) == (report->n_errors > 0));
        cw_config_report_text(report, &text);
        must(cw_buf_error(&text) == 0);
        must(cw_text_valid_utf8(cw_buf_text(&text), text.len) == text.len);
        cw_buf_deinit(&text);
}

static void check_entry(const struct cw_scenario_entry *entry, int64_t since_ms)
{
        must(entry->at_ms >= since_ms);
        must(!entry->has_card || entry->card > 0);
        must(entry->has_card || entry->poll != CW_SCENARIO_POLL_COMPLETE || entry->says == 0);
        must(!(entry->says & CW_SAYS_CURRENCY) || strlen(entry->currency) == 3);
        must(!(entry->says & CW_SAYS_CUSTOMER) || entry->customer > 0);
}

static void check_list(const struct cw_expected *list)
{
        must(list->kind == CW_EXPECTED_LIST);
        for (size_t i = 0; i < list->n_items; i++) {
                must(list->items[i].kind == CW_EXPECTED_MAP);
                for (size_t j = 0; j < list->items[i].n_items; j++)
                        must(list->items[i].items[j].key);
        }
}

static void check_test(const struct cw_scenario *test)
{
        int64_t last_ms = 0;

        must(test->name && test->start_at > 0);
        for (size_t i = 0; i < test->n_cards; i++)
                check_entry(&test->cards[i], 0);
        for (size_t i = 0; i < test->n_timeline; i++) {
                check_entry(&test->timeline[i], last_ms);
                last_ms = test->timeline[i].at_ms;
        }
        last_ms = 0;
        for (size_t i = 0; i < test->n_expect; i++) {
                must(test->expect[i].at_ms >= last_ms);
                last_ms = test->expect[i].at_ms;
                must(test->expect[i].has_alerts || test->expect[i].has_messages);
                if (test->expect[i].has_alerts)
                        check_list(&test->expect[i].alerts);
                if (test->expect[i].has_messages)
                        check_list(&test->expect[i].messages);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_scenario_file *scenarios = NULL;
        FILE *file;
        int r;

        enter_folder();
        file = fopen(FILE_NAME, "wb");
        must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
        r = cw_scenario_load(FILE_NAME, &scenarios, &report);
        must(r == 0 || r == -EINVAL);
        must((r == 0) == (scenarios != NULL));
        check_report(&report, r);
        for (size_t i = 0; scenarios && i < scenarios->n_tests; i++)
                check_test(&scenarios->tests[i]);
        cw_scenario_free(scenarios);
        cw_config_report_deinit(&report);
        return 0;
}
