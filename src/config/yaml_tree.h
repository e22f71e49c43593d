/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_YAML_TREE_H
#define CARDWATCH_CONFIG_YAML_TREE_H

#include "document.h"

struct cw_config_report;

/*
 * YAML tree: a document's text as nodes with their places.
 *
 * The one place that knows libyaml. What YAML allows and a configuration must not hold is complained about here:
 * duplicate keys, merge keys, tags, aliases that contain themselves or expand beyond measure, keys that are no words, a
 * second document. It knows nothing of which keys there are.
 */

/* Sets document->root; NULL when there is no usable tree (that was reported). -ENOMEM. */
int cw_yaml_tree(struct cw_document *document, struct cw_config_report *report) __attribute__((warn_unused_result));

#endif
