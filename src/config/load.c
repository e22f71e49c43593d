/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: all files are read to nodes, the nodes to a draft, the draft to a configuration; the files are let go of at the
 * end, with every secret that stood in them. A step goes on after mistakes of the one before as long as there is
 * something to read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "compose.h"
#include "customers.h"
#include "finish.h"
#include "include.h"
#include "load_file.h"
#include "report.h"
#include "secrecy.h"
#include "show.h"
#include "texts.h"
#include "yaml_tree.h"

_Static_assert(offsetof(struct cw_draft, config) == 0, "tables of embedded mappings count from the draft");

struct loading {
        struct cw_reader reader;
        struct cw_draft draft;
        struct cw_files files;
        char *directory;
        struct cw_ruleset *rules;
};

static void loading_deinit(struct loading *loading)
{
        cw_schema_deinit(&cw_schema_top, &loading->draft);
        cw_ruleset_unref(loading->rules);
        cw_files_deinit(&loading->files);
        free(loading->directory);
}

static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static void warn_exposed(struct loading *loading)
{
        for (size_t i = 0; i < loading->files.n; i++) {
                const struct cw_document *document = loading->files.documents[i];
                struct cw_span nowhere = {0};

                if (document->readable && document->holds_secrets &&
                    cw_report_put(loading->reader.report, document, nowhere, true,
                                  "others can read this file, and there are secrets in it (chmod o-r)") < 0)
                        loading->reader.error = -ENOMEM;
        }
}

static void compose(struct loading *loading)
{
        struct cw_composer composer = {
                .reader = &loading->reader,
                .draft = &loading->draft,
                .rules = loading->rules,
                .main = loading->files.documents[0],
        };

        cw_compose_sources(&composer);
        if (loading->reader.error == 0)
                cw_compose_rules(&composer);
        if (loading->reader.error == 0)
                cw_compose_builtins(&composer);
        if (loading->reader.error == 0)
                cw_compose_notifiers(&composer);
        if (loading->reader.error == 0)
                cw_compose_windows(&composer);
        if (loading->reader.error == 0)
                cw_compose_inhibitions(&composer);
        if (loading->reader.error == 0)
                cw_compose_digests(&composer);
        if (loading->reader.error == 0)
                cw_compose_route(&composer);
        if (loading->reader.error == 0)
                cw_compose_customers(&composer);
        warn_exposed(loading);
}

/* Returns 0 or a failure that is no mistake of the file's. */
static int read_all(struct loading *loading, const char *path, cw_config_text_check *check_texts)
{
        struct cw_document *main = NULL;
        int r;

        r = cw_files_add(&loading->files, &loading->reader, path, NULL);
        if (r < 0)
                return r;
        main = loading->files.n > 0 ? loading->files.documents[0] : NULL;
        if (!main || !main->parsed)
                return 0;
        if (!main->root) {
                struct cw_span nowhere = {0};

                return cw_report_put(loading->reader.report, main, nowhere, false,
                                     "the file says nothing: \"sources\" must list at least one");
        }
        cw_schema_defaults(&loading->reader, &cw_schema_top, &loading->draft);
        cw_schema_read(&loading->reader, &cw_schema_top, main->root, NULL, &loading->draft);
        if (loading->draft.include)
                cw_include_all(&loading->files, &loading->reader, &loading->draft);
        if (loading->reader.error == 0 && check_texts)
                cw_texts_check(&loading->reader, &loading->draft, main->root, check_texts);
        if (loading->reader.error == 0 && main->root->kind == CW_NODE_MAPPING)
                compose(loading);
        return loading->reader.error;
}

int cw_config_load(const char *path, const struct cw_config_load_options *options, struct cw_config **ret_config,
                   struct cw_config_report *report)
{
        struct loading loading = {.reader = {.report = report,
                                             .offline = options && options->offline,
                                             .system_zone = options ? options->system_zone : NULL}};
        size_t errors_before = report->n_errors;
        int r;

        loading.directory = directory_of(path);
        loading.reader.directory = loading.directory;
        r = loading.directory ? cw_ruleset_new(&loading.rules) : -ENOMEM;
        if (r == 0)
                r = read_all(&loading, path, options ? options->check_texts : NULL);
        if (r == 0 && report->n_errors > errors_before)
                r = -EINVAL;
        if (r == 0 && options && options->shown)
                cw_show(&loading.files, options->shown);
        if (r == 0)
                r = cw_finish(&loading.draft, &loading.rules, path, ret_config);
        loading_deinit(&loading);
        cw_report_finish(report);
        return r;
}
