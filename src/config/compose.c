/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what several parts of the composing need: one name for one thing, paths that exist, the file as a whole. */
#include "compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/map.h"
#include "report.h"
#include "secret_ref.h"

void cw_compose_complain(struct cw_composer *composer, bool warning, const char *message)
{
        struct cw_span nowhere = {0};

        if (cw_report_put(composer->reader->report, composer->main, nowhere, warning, message) < 0)
                composer->reader->error = -ENOMEM;
}

bool cw_compose_is_absent(const struct cw_composer *composer, const char *key)
{
        const struct cw_node *node = cw_node_get(composer->main->root, key);

        return !node || (node->kind == CW_NODE_SEQUENCE && node->n_items == 0);
}

void cw_compose_unique(struct cw_composer *composer, const char *what, size_t n, cw_compose_name_fn name_of)
{
        struct cw_map seen = CW_MAP_NULL;

        for (size_t i = 0; i < n; i++) {
                const struct cw_node *name = name_of(composer->draft, i), *first;
                uint64_t hash;

                if (!name || name->kind != CW_NODE_SCALAR)
                        continue;
                hash = cw_hash64(CW_HASH_KEY_DERIVED, name->text, name->len);
                first = cw_map_get(&seen, hash);
                if (first && strcmp(first->text, name->text) == 0)
                        cw_reader_complain(composer->reader, name, "there is another %s \"%s\" (in %s, line %u)", what,
                                           name->text, first->document->name, first->span.line);
                else if (cw_map_put(&seen, hash, (void *)name) < 0)
                        composer->reader->error = -ENOMEM;
        }
        cw_map_deinit(&seen);
}

static void check_readable(struct cw_composer *composer, const struct cw_node *node, const char *path)
{
        if (!node || node->kind != CW_NODE_SCALAR || !path || composer->reader->offline)
                return;
        if (access(path, R_OK) < 0)
                cw_reader_complain(composer->reader, node, "cannot read %s: %s", path, strerror(errno));
}

/* What stands there may be the key itself, by mistake. */
static void check_key(struct cw_composer *composer, const struct cw_node *node, const char *path)
{
        if (!node || node->kind != CW_NODE_SCALAR || !path || composer->reader->offline || access(path, R_OK) == 0)
                return;
        cw_reader_complain(composer->reader, node, "cannot read the file that \"key\" names: %s", strerror(errno));
}

/* A key's file can be named like a secret; what is meant is always a path. */
static char *key_path(struct cw_reader *reader, const struct cw_node *node, const char *text)
{
        const char *value;

        if (strncmp(text, "file:", 5) == 0)
                return cw_reader_path(reader, text + 5);
        if (strncmp(text, "plain:", 6) == 0)
                return cw_reader_path(reader, text + 6);
        if (reader->offline && (strncmp(text, "env:", 4) == 0 || strncmp(text, "credential:", 11) == 0))
                return cw_reader_dup(reader, text);
        if (strncmp(text, "credential:", 11) == 0)
                return cw_reader_credential(reader, node, text + 11);
        if (strncmp(text, "env:", 4) != 0)
                return cw_reader_path(reader, text);
        value = getenv(text + 4);
        if (value && *value)
                return cw_reader_path(reader, value);
        cw_reader_complain(reader, node, "the environment variable that \"key\" names is not set");
        return NULL;
}

void cw_compose_tls(struct cw_composer *composer, const struct cw_node *mapping, struct cw_config_tls *tls)
{
        const struct cw_node *key = cw_node_get(mapping, "key");

        if (tls->key && key) {
                char *path = key_path(composer->reader, key, tls->key);

                free(tls->key);
                tls->key = path;
                if (!tls->cert)
                        cw_reader_complain(composer->reader, cw_node_key(mapping, "key"), "\"key\" needs \"cert\"");
        }
        check_readable(composer, cw_node_get(mapping, "ca"), tls->ca);
        check_readable(composer, cw_node_get(mapping, "cert"), tls->cert);
        check_key(composer, key, tls->key);
}
