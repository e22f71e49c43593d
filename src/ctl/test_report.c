/* SPDX-License-Identifier: Apache-2.0 */
#include "test_report.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_out.h"
#include "cardwatch/scenario.h"
#include "cardwatch/text.h"
#include "rehearsal.h"

static void text_report(struct cw_buf *buf, const struct cw_test_report *report)
{
        for (size_t i = 0; i < report->n_rehearsals; i++) {
                const struct cw_rehearsal *rehearsal = &report->rehearsals[i];

                cw_buf_printf(buf, "%s  %s\n", rehearsal->text ? "FAIL" : "ok  ", rehearsal->test->name);
                if (rehearsal->text)
                        cw_buf_puts(buf, rehearsal->text);
        }
        cw_buf_printf(buf, "%zu passed, %zu failed\n", report->n_passed, report->n_failed);
}

static void json_expected(struct cw_json_out *out, const char *name, const struct cw_expected *expected)
{
        bool is_map = expected->kind == CW_EXPECTED_MAP;

        if (expected->kind == CW_EXPECTED_NULL) {
                cw_json_out_null(out, name);
        } else if (expected->kind == CW_EXPECTED_BOOL) {
                cw_json_out_bool(out, name, strcmp(expected->text, "true") == 0);
        } else if (expected->kind == CW_EXPECTED_TEXT) {
                cw_json_out_string(out, name, expected->text);
        } else {
                cw_json_out_open(out, name, is_map ? '{' : '[');
                for (size_t i = 0; i < expected->n_items; i++)
                        json_expected(out, is_map ? expected->items[i].key : NULL, &expected->items[i]);
                cw_json_out_close(out, is_map ? '}' : ']');
        }
}

/* What is JSON already. */
static void json_verbatim(struct cw_json_out *out, const struct cw_json *value)
{
        cw_buf_puts(out->buf, out->comma ? "," : "");
        cw_buf_append(out->buf, value->text, value->len);
        out->comma = true;
}

static void json_failure(struct cw_json_out *out, const struct cw_failure *failure)
{
        const struct cw_scenario_expectation *expectation = failure->expectation;
        struct cw_json alerts, alert;
        size_t cursor;

        cw_json_out_open(out, NULL, '{');
        cw_json_out_int(out, "line", expectation->place.line);
        cw_json_out_int(out, "column", expectation->place.column);
        cw_json_out_int(out, "at_ms", expectation->at_ms);
        cw_json_out_string(out, "of", failure->is_messages ? "messages" : "alerts");
        json_expected(out, "expected", failure->is_messages ? &expectation->messages : &expectation->alerts);
        cw_json_out_open(out, "actual", '[');
        for (size_t i = 0; i < failure->n_actual; i++) {
                const struct cw_actual *actual = &failure->actual[i];

                cursor = 0;
                if (!actual->is_alert)
                        json_verbatim(out, &actual->json);
                else if (cw_json_member(&actual->json, "alerts", &alerts) &&
                         cw_json_next(&alerts, &cursor, NULL, &alert))
                        json_verbatim(out, &alert);
        }
        cw_json_out_close(out, ']');
        cw_json_out_string(out, "explanation", failure->explanations);
        cw_json_out_close(out, '}');
}

static void json_report(struct cw_buf *buf, const struct cw_test_report *report)
{
        struct cw_json_out out = {.buf = buf};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_int(&out, "passed", (int64_t)report->n_passed);
        cw_json_out_int(&out, "failed", (int64_t)report->n_failed);
        cw_json_out_open(&out, "tests", '[');
        for (size_t i = 0; i < report->n_rehearsals; i++) {
                const struct cw_rehearsal *rehearsal = &report->rehearsals[i];

                cw_json_out_open(&out, NULL, '{');
                cw_json_out_string(&out, "file", rehearsal->file->path);
                cw_json_out_int(&out, "line", rehearsal->test->place.line);
                cw_json_out_string(&out, "name", rehearsal->test->name);
                cw_json_out_bool(&out, "passed", !rehearsal->text);
                cw_json_out_int(&out, "took_ms", rehearsal->took_ms);
                cw_json_out_open(&out, "failures", '[');
                for (size_t j = 0; j < rehearsal->n_failures; j++)
                        json_failure(&out, &rehearsal->failures[j]);
                cw_json_out_close(&out, ']');
                cw_json_out_string(&out, "text", rehearsal->text);
                cw_json_out_close(&out, '}');
        }
        cw_json_out_close(&out, ']');
        cw_json_out_close(&out, '}');
        cw_buf_putc(buf, '\n');
}

/* XML 1.0 has no way to write most control characters, nor what is no UTF-8. */
static void xml_text(struct cw_buf *buf, const char *text)
{
        size_t len = strlen(text);

        for (size_t i = 0; i < len;) {
                size_t n = cw_text_prefix(text + i, len - i, 1);
                unsigned char c = (unsigned char)text[i];

                if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\n' || c == '\t')
                        cw_buf_printf(buf, "&#%u;", c);
                else if (c < 0x20 || c == 0x7f || cw_text_valid_utf8(text + i, n) != n ||
                         (n == 3 && c == 0xef && (unsigned char)text[i + 1] == 0xbf &&
                          (unsigned char)text[i + 2] >= 0xbe))
                        cw_buf_puts(buf, "\xef\xbf\xbd");
                else
                        cw_buf_append(buf, text + i, n);
                i += n;
        }
}

static void xml_attribute(struct cw_buf *buf, const char *name, const char *value)
{
        cw_buf_printf(buf, " %s=\"", name);
        xml_text(buf, value);
        cw_buf_putc(buf, '"');
}

static void xml_case(struct cw_buf *buf, const struct cw_rehearsal *rehearsal)
{
        cw_buf_puts(buf, "    <testcase");
        xml_attribute(buf, "name", rehearsal->test->name);
        xml_attribute(buf, "classname", rehearsal->file->path);
        xml_attribute(buf, "file", rehearsal->file->path);
        cw_buf_printf(buf, " line=\"%u\" time=\"%" PRId64 ".%03d\"", rehearsal->test->place.line,
                      rehearsal->took_ms / 1000, (int)(rehearsal->took_ms % 1000));
        if (!rehearsal->text) {
                cw_buf_puts(buf, "/>\n");
                return;
        }
        cw_buf_puts(buf, ">\n      <failure message=\"");
        cw_buf_printf(buf, "%zu of what was expected is otherwise\">", rehearsal->n_failures);
        xml_text(buf, rehearsal->text);
        cw_buf_puts(buf, "</failure>\n    </testcase>\n");
}

/* The tests of one file, which stand together. Returns the first that is not among them. */
static size_t xml_suite(struct cw_buf *buf, const struct cw_test_report *report, size_t first)
{
        const struct cw_scenario_file *file = report->rehearsals[first].file;
        size_t end = first, failed = 0;

        for (; end < report->n_rehearsals && report->rehearsals[end].file == file; end++)
                failed += report->rehearsals[end].text != NULL;
        cw_buf_puts(buf, "  <testsuite");
        xml_attribute(buf, "name", file->path);
        cw_buf_printf(buf, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", end - first, failed);
        for (size_t i = first; i < end; i++)
                xml_case(buf, &report->rehearsals[i]);
        cw_buf_puts(buf, "  </testsuite>\n");
        return end;
}

static void junit_report(struct cw_buf *buf, const struct cw_test_report *report)
{
        size_t i = 0;

        cw_buf_printf(buf,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cardwatch test\" tests=\"%zu\" "
                      "failures=\"%zu\" errors=\"0\">\n",
                      report->n_rehearsals, report->n_failed);
        while (i < report->n_rehearsals)
                i = xml_suite(buf, report, i);
        cw_buf_puts(buf, "</testsuites>\n");
}

void cw_test_report(struct cw_buf *buf, const struct cw_test_report *report, enum cw_test_format format)
{
        switch (format) {
        case CW_TEST_TEXT:
                text_report(buf, report);
                break;
        case CW_TEST_JSON:
                json_report(buf, report);
                break;
        case CW_TEST_JUNIT:
                junit_report(buf, report);
                break;
        }
}
