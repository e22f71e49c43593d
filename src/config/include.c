/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: patterns give paths, paths are sorted as a whole, and each file's lists are appended as if they stood in the
 * main one. */
#include "include.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "load_file.h"
#include "report.h"
#include "secrecy.h"
#include "secret_ref.h"
#include "yaml_tree.h"

void cw_files_deinit(struct cw_files *files)
{
        for (size_t i = 0; i < files->n; i++)
                cw_document_free(files->documents[i]);
        free(files->documents);
        free(files->devices);
        free(files->inodes);
        *files = (struct cw_files){0};
}

static bool is_known(const struct cw_files *files, const struct stat *status)
{
        for (size_t i = 0; i < files->n; i++)
                if (files->devices[i] == status->st_dev && files->inodes[i] == status->st_ino)
                        return true;
        return false;
}

static int make_room(struct cw_files *files)
{
        size_t n = files->n + 1;
        void *grown;

        if (!(grown = reallocarray(files->documents, n, sizeof(*files->documents))))
                return -ENOMEM;
        files->documents = grown;
        if (!(grown = reallocarray(files->devices, n, sizeof(*files->devices))))
                return -ENOMEM;
        files->devices = grown;
        if (!(grown = reallocarray(files->inodes, n, sizeof(*files->inodes))))
                return -ENOMEM;
        files->inodes = grown;
        return 0;
}

int cw_files_add(struct cw_files *files, struct cw_reader *reader, const char *path, const struct cw_node *node)
{
        struct cw_document *document = NULL;
        struct cw_buf message = CW_BUF_NULL;
        struct stat status = {0};
        int r;

        if (stat(path, &status) == 0 && is_known(files, &status))
                return 0;
        r = make_room(files);
        if (r < 0)
                return r;
        r = cw_load_file(path, &document, &message);
        if (r < 0 && r != -ENOMEM && node)
                cw_reader_complain(reader, node, "%s: %s", path, cw_buf_text(&message));
        else if (r < 0 && r != -ENOMEM)
                r = cw_report_put_file(reader->report, path, 0, cw_buf_text(&message));
        cw_buf_deinit(&message);
        if (!document)
                return r == -ENOMEM ? r : 0;
        document->order = (unsigned)files->n;
        files->devices[files->n] = status.st_dev;
        files->inodes[files->n] = status.st_ino;
        files->documents[files->n++] = document;
        r = cw_yaml_tree(document, reader->report);
        return r < 0 ? r : cw_secrecy_hide(document);
}

struct paths {
        char **items;
        size_t n;
};

static void add_path(struct cw_reader *reader, struct paths *paths, const char *path)
{
        char **grown = reallocarray(paths->items, paths->n + 1, sizeof(*grown));

        if (!grown) {
                reader->error = -ENOMEM;
                return;
        }
        paths->items = grown;
        paths->items[paths->n] = cw_reader_dup(reader, path);
        if (paths->items[paths->n])
                paths->n++;
}

/* What one pattern names. A name without wildcards must be there: its rules would be missed. */
static void expand(struct cw_reader *reader, const struct cw_node *node, struct paths *paths)
{
        cw_autofree char *pattern = NULL;
        glob_t found = {0};
        int r;

        if (node->bad)
                return;
        if (node->kind != CW_NODE_SCALAR || node->len == 0) {
                cw_reader_complain(reader, node, "\"include\" must be a list of files");
                return;
        }
        pattern = cw_reader_path(reader, node->text);
        if (!pattern)
                return;
        r = glob(pattern, GLOB_NOSORT, NULL, &found);
        if (r == GLOB_NOSPACE)
                reader->error = -ENOMEM;
        else if (r != 0 && !strpbrk(node->text, "*?["))
                cw_reader_complain(reader, node, "there is no file %s", pattern);
        else if (r != 0)
                cw_reader_warn(reader, node, "\"include\" matches no file");
        for (size_t i = 0; r == 0 && i < found.gl_pathc && paths->n < CW_FILES_MAX; i++)
                add_path(reader, paths, found.gl_pathv[i]);
        if (paths->n == CW_FILES_MAX)
                cw_reader_complain(reader, node, "\"include\" names too many files");
        globfree(&found);
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_included(struct cw_reader *reader, const struct cw_node *root, struct cw_draft *draft)
{
        if (root->kind != CW_NODE_MAPPING) {
                cw_reader_complain(reader, root, "an included file must be a mapping of lists");
                return;
        }
        for (size_t i = 0; i < root->n_items; i++) {
                const struct cw_node *key = root->keys[i];
                const struct cw_row *row = cw_schema_row(&cw_schema_top, key->text);

                if (row && row->type != CW_ROW_LIST && !(row->flags & CW_ROW_LATER))
                        cw_reader_complain(reader, key,
                                           "\"%s\" may only stand in the main file: an included one brings lists",
                                           key->text);
                else
                        cw_schema_read_key(reader, &cw_schema_top, root, i, NULL, draft);
        }
}

void cw_include_all(struct cw_files *files, struct cw_reader *reader, struct cw_draft *draft)
{
        const struct cw_node *include = draft->include;
        struct paths paths = {0};

        if (include->kind == CW_NODE_SEQUENCE)
                for (size_t i = 0; i < include->n_items && reader->error == 0; i++)
                        expand(reader, include->items[i], &paths);
        else
                expand(reader, include, &paths);
        if (paths.n > 1)
                qsort(paths.items, paths.n, sizeof(*paths.items), compare);
        for (size_t i = 0; i < paths.n && reader->error == 0; i++) {
                size_t before = files->n;
                int r = cw_files_add(files, reader, paths.items[i], include);

                if (r < 0)
                        reader->error = r;
                else if (files->n > before && files->documents[before]->root)
                        read_included(reader, files->documents[before]->root, draft);
        }
        for (size_t i = 0; i < paths.n; i++)
                free(paths.items[i]);
        free(paths.items);
}
