/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the tables read what rows can say, and tell unknown keys; then each test is gone through once for the rest:
 * fields of cards, times that do not rise, and what is expected, copied as a tree because the file's nodes end here.
 */
#include "cardwatch/scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "load_file.h"
#include "report.h"
#include "scenario_tables.h"
#include "shapes.h"
#include "yaml_tree.h"

#define START    "2026-01-01T00:00:00Z"
#define START_AT INT64_C(1767225600000)

CW_DEFINE_CLEANUP(struct cw_scenario_file *, cw_scenario_free);
CW_DEFINE_CLEANUP(struct cw_document *, cw_document_free);

static struct cw_scenario_place place_of(const struct cw_node *node)
{
        return (struct cw_scenario_place){node->span.line, node->span.column};
}

static void expected_deinit(struct cw_expected *expected)
{
        for (size_t i = 0; i < expected->n_items; i++)
                expected_deinit(&expected->items[i]);
        free(expected->items);
        free(expected->key);
        free(expected->text);
}

void cw_scenario_free(struct cw_scenario_file *file)
{
        if (!file)
                return;
        for (size_t i = 0; i < file->n_tests; i++) {
                for (size_t j = 0; j < file->tests[i].n_expect; j++) {
                        expected_deinit(&file->tests[i].expect[j].alerts);
                        expected_deinit(&file->tests[i].expect[j].messages);
                }
        }
        cw_schema_deinit(&cw_schema_scenario, file);
        free(file->path);
        free(file);
}

/* A field of the entry that the tables left alone, NULL: not said, or complained about. */
static const struct cw_node *field_of(struct cw_reader *reader, const struct cw_node *mapping, const char *key)
{
        const struct cw_node *node = cw_node_get(mapping, key);

        if (!node || node->bad || cw_node_is_null(node))
                return NULL;
        if (node->kind == CW_NODE_SCALAR)
                return node;
        cw_reader_complain(reader, node, "\"%s\" must be a single value", key);
        return NULL;
}

static bool read_id(struct cw_reader *reader, const struct cw_node *mapping, const char *key, int64_t *ret_id)
{
        const struct cw_node *node = field_of(reader, mapping, key);
        int64_t id = 0;

        if (!node)
                return false;
        for (size_t i = 0; i < node->len; i++)
                if (!isdigit((unsigned char)node->text[i]) || __builtin_mul_overflow(id, 10, &id) ||
                    __builtin_add_overflow(id, node->text[i] - '0', &id))
                        id = INT64_MIN;
        if (id <= 0 || node->style != CW_STYLE_PLAIN) {
                cw_reader_complain(reader, node, "\"%s\" must be a whole number (an id)", key);
                return false;
        }
        *ret_id = id;
        return true;
}

static bool read_amount(struct cw_reader *reader, const struct cw_node *mapping, const char *key, cw_amount *ret_amount)
{
        const struct cw_node *node = field_of(reader, mapping, key);

        if (!node)
                return false;
        if (cw_amount_parse(node->text, node->len, ret_amount) == 0)
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be an amount such as 100 or -5.25, in the card's currency", key);
        return false;
}

static bool read_currency(struct cw_reader *reader, struct cw_scenario_entry *entry)
{
        static const struct cw_row row = {.name = "currency"};
        const struct cw_node *node = field_of(reader, entry->node, "currency");

        if (!node || !cw_shape_currency(reader, &row, node, node->text) || node->len != 3)
                return false;
        for (size_t i = 0; i < 3; i++)
                entry->currency[i] = (char)toupper((unsigned char)node->text[i]);
        return true;
}

static bool read_last4(struct cw_reader *reader, struct cw_scenario_entry *entry)
{
        const struct cw_node *node = field_of(reader, entry->node, "last4");

        if (!node)
                return false;
        if (node->len > 4 || strspn(node->text, "0123456789") != node->len) {
                cw_reader_complain(reader, node, "\"last4\" must be the last four digits of a card's number");
                return false;
        }
        memcpy(entry->last4, node->text, node->len + 1);
        return true;
}

static void read_entry(struct cw_reader *reader, struct cw_scenario_entry *entry)
{
        const struct cw_node *node = entry->node;

        entry->place = place_of(node);
        entry->has_card = read_id(reader, node, "card", &entry->card);
        entry->says |= read_id(reader, node, "customer", &entry->customer) ? CW_SAYS_CUSTOMER : 0;
        entry->says |= read_currency(reader, entry) ? CW_SAYS_CURRENCY : 0;
        entry->says |= read_amount(reader, node, "available", &entry->available) ? CW_SAYS_AVAILABLE : 0;
        entry->says |= read_amount(reader, node, "pending", &entry->pending) ? CW_SAYS_PENDING : 0;
        entry->says |= read_amount(reader, node, "total", &entry->total) ? CW_SAYS_TOTAL : 0;
        entry->says |= read_last4(reader, entry) ? CW_SAYS_LAST4 : 0;
        entry->says |= cw_node_get(node, "suppressed") ? CW_SAYS_SUPPRESSED : 0;
        entry->says |= cw_node_get(node, "reference") ? CW_SAYS_REFERENCE : 0;
        if (cw_node_get(node, "card") || (cw_node_get(node, "poll") && !entry->says && !entry->gone))
                return;
        if (node->kind == CW_NODE_MAPPING && !cw_node_key_meant(node, "card"))
                cw_reader_complain(reader, node, "which card? \"card\" is missing%s",
                                   entry->says || entry->gone ? "" : " (or \"poll\", for how a whole poll goes)");
}

/* Times of a list may stand still, never fall. */
static void check_time(struct cw_reader *reader, const struct cw_node *mapping, int64_t at_ms, int64_t *last_ms)
{
        const struct cw_node *node = cw_node_get(mapping, "at");
        struct cw_buf before = CW_BUF_NULL;

        if (!node)
                return;
        cw_duration_format(&before, *last_ms);
        if (at_ms < *last_ms)
                cw_reader_complain(reader, node, "times must not fall: what stands before this is at %s",
                                   cw_buf_text(&before));
        else
                *last_ms = at_ms;
        cw_buf_deinit(&before);
}

static void check_start(struct cw_reader *reader, const struct cw_node *mapping, const char *text, int64_t *ret_at)
{
        const struct cw_node *node = cw_node_get(mapping, "start");

        if (text && (cw_clock_parse(text, ret_at) < 0 || *ret_at <= 0))
                cw_reader_complain(reader, node, "\"start\" must be a time such as " START);
}

static void copy_expected(struct cw_reader *reader, const struct cw_node *node, struct cw_expected *ret);

static void copy_items(struct cw_reader *reader, const struct cw_node *node, struct cw_expected *ret)
{
        ret->items = cw_reader_alloc(reader, node->n_items, sizeof(*ret->items));
        for (size_t i = 0; ret->items && i < node->n_items; i++) {
                copy_expected(reader, node->items[i], &ret->items[i]);
                if (node->kind == CW_NODE_MAPPING)
                        ret->items[i].key = cw_reader_dup(reader, node->keys[i]->text);
                ret->n_items++;
        }
}

static void copy_expected(struct cw_reader *reader, const struct cw_node *node, struct cw_expected *ret)
{
        ret->place = place_of(node);
        if (node->kind != CW_NODE_SCALAR) {
                ret->kind = node->kind == CW_NODE_MAPPING ? CW_EXPECTED_MAP : CW_EXPECTED_LIST;
                copy_items(reader, node, ret);
                return;
        }
        ret->quoted = node->style != CW_STYLE_PLAIN;
        ret->text = cw_reader_dup(reader, node->text);
        ret->kind = CW_EXPECTED_TEXT;
        if (cw_node_is_null(node))
                ret->kind = CW_EXPECTED_NULL;
        else if (!ret->quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))
                ret->kind = CW_EXPECTED_BOOL;
}

/* Ids may be written like in the webhook, as mappings. */
static void check_id(struct cw_reader *reader, const struct cw_node *mapping, const char *key)
{
        const struct cw_node *node = cw_node_get(mapping, key);
        int64_t id;

        if (node && node->kind == CW_NODE_SCALAR)
                (void)read_id(reader, mapping, key, &id);
}

static void check_expected(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *node,
                           const struct cw_where *where)
{
        /* Nothing is wanted of the values but that they are of the right type. */
        void *nowhere[2] = {NULL, NULL};

        if (node->bad)
                return;
        if (node->kind != CW_NODE_MAPPING) {
                cw_reader_complain(reader, node, "each must be a mapping (key: value)");
                return;
        }
        for (size_t i = 0; i < node->n_items; i++)
                if (!cw_node_is_null(node->items[i]) || !cw_schema_row(table, node->keys[i]->text))
                        cw_schema_read_key(reader, table, node, i, where, nowhere);
        check_id(reader, node, "card");
        check_id(reader, node, "customer");
}

static void read_expected(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *node,
                          const struct cw_where *where, struct cw_expected *ret)
{
        if (node->kind != CW_NODE_SEQUENCE) {
                cw_reader_complain(reader, node, "\"%s\" must be a list", where->name);
                return;
        }
        for (size_t i = 0; i < node->n_items; i++) {
                struct cw_where item = {where, NULL, i};

                check_expected(reader, table, node->items[i], &item);
        }
        copy_expected(reader, node, ret);
}

static void read_expectation(struct cw_reader *reader, struct cw_scenario_expectation *expect,
                             const struct cw_where *where)
{
        struct cw_where alerts = {where, "alerts", 0}, messages = {where, "messages", 0};

        expect->place = place_of(expect->node);
        expect->has_alerts = expect->alerts_node;
        expect->has_messages = expect->messages_node;
        if (expect->has_alerts)
                read_expected(reader, &cw_schema_expected_alert, expect->alerts_node, &alerts, &expect->alerts);
        if (expect->has_messages)
                read_expected(reader, &cw_schema_expected_message, expect->messages_node, &messages, &expect->messages);
        if (!expect->has_alerts && !expect->has_messages && expect->node->kind == CW_NODE_MAPPING &&
            !cw_node_key_meant(expect->node, "alerts") && !cw_node_key_meant(expect->node, "messages"))
                cw_reader_complain(reader, expect->node, "nothing is expected: \"alerts\" or \"messages\" is missing");
}

static void read_test(struct cw_reader *reader, struct cw_scenario *test, const struct cw_where *where)
{
        struct cw_where list = {where, "expect", 0};
        int64_t last_ms = 0;

        test->place = place_of(test->node);
        check_start(reader, test->node, test->start, &test->start_at);
        for (size_t i = 0; i < test->n_cards; i++)
                read_entry(reader, &test->cards[i]);
        for (size_t i = 0; i < test->n_timeline; i++) {
                read_entry(reader, &test->timeline[i]);
                check_time(reader, test->timeline[i].node, test->timeline[i].at_ms, &last_ms);
        }
        last_ms = 0;
        for (size_t i = 0; i < test->n_expect; i++) {
                struct cw_where item = {&list, NULL, i};

                read_expectation(reader, &test->expect[i], &item);
                check_time(reader, test->expect[i].node, test->expect[i].at_ms, &last_ms);
        }
}

static void read_file(struct cw_reader *reader, const struct cw_node *root, struct cw_scenario_file *file)
{
        struct cw_where list = {NULL, "tests", 0};
        int64_t start_at = START_AT;

        cw_schema_read(reader, &cw_schema_scenario, root, NULL, file);
        check_start(reader, root, file->start, &start_at);
        for (size_t i = 0; i < file->n_tests; i++) {
                struct cw_where item = {&list, NULL, i};

                file->tests[i].start_at = start_at;
                read_test(reader, &file->tests[i], &item);
        }
        if (cw_node_get(root, "tests") && file->n_tests == 0)
                cw_reader_complain(reader, cw_node_get(root, "tests"), "there is no test in it");
}

/* The nodes end with their document. */
static void forget_nodes(struct cw_scenario_file *file)
{
        for (size_t i = 0; i < file->n_tests; i++) {
                struct cw_scenario *test = &file->tests[i];

                test->node = NULL;
                for (size_t j = 0; j < test->n_cards; j++)
                        test->cards[j].node = test->cards[j].field = NULL;
                for (size_t j = 0; j < test->n_timeline; j++)
                        test->timeline[j].node = test->timeline[j].field = NULL;
                for (size_t j = 0; j < test->n_expect; j++)
                        test->expect[j].node = test->expect[j].alerts_node = test->expect[j].messages_node = NULL;
        }
}

static int read_document(struct cw_reader *reader, const char *path, struct cw_scenario_file *file)
{
        cw_cleanup(cw_document_free_cleanup) struct cw_document *document = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct cw_span nowhere = {0};
        int r;

        r = cw_load_file(path, &document, &message);
        if (r < 0)
                return r == -ENOMEM ? r : cw_report_put_file(reader->report, path, 0, cw_buf_text(&message));
        r = cw_yaml_tree(document, reader->report);
        if (r < 0)
                return r;
        if (document->root)
                read_file(reader, document->root, file);
        else if (document->parsed)
                r = cw_report_put(reader->report, document, nowhere, false,
                                  "the file says nothing: \"tests\" is missing");
        forget_nodes(file);
        return r < 0 ? r : reader->error;
}

int cw_scenario_load(const char *path, struct cw_scenario_file **ret_file, struct cw_config_report *report)
{
        cw_cleanup(cw_scenario_free_cleanup) struct cw_scenario_file *file = calloc(1, sizeof(*file));
        const char *slash = strrchr(path, '/');
        cw_autofree char *directory = NULL;
        struct cw_reader reader = {.report = report};
        size_t errors_before = report->n_errors;
        int r;

        directory = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
        if (!file || !directory)
                return -ENOMEM;
        file->path = strdup(path);
        if (!file->path)
                return -ENOMEM;
        reader.directory = directory;
        r = read_document(&reader, path, file);
        cw_report_finish(report);
        if (r == 0 && report->n_errors > errors_before)
                r = -EINVAL;
        if (r == 0)
                *ret_file = cw_take(file);
        return r;
}
